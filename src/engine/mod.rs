//! Packets in, judged sessions out.

mod analyse;
mod analyser;
mod analysis;
mod attach;
mod backlog;
mod batches;
mod brief;
mod candidates;
mod close;
mod closed;
mod closing;
mod control;
mod data;
mod decoding;
mod dialogue;
mod fetch;
mod first_look;
mod flows;
mod idents;
mod interest;
mod judging;
#[cfg(all(feature = "live", unix))]
mod live;
mod losses;
mod numbering;
mod open;
mod ports;
mod scout;
mod sequential;
mod silence;
mod stalls;
mod table;
mod told;
mod unknown;
mod watched;

pub use analyse::{analyse, analyse_with};
pub use analyser::Analyser;
pub use analysis::{Analysis, Options, Overview};
pub use closed::{Closed, ClosedSessions};
pub use interest::{FTP, FTPS};
#[cfg(all(feature = "live", unix))]
pub use live::LiveAnalyser;
pub use ports::Ports;
pub use sequential::{Engine, Matters};
pub use stalls::Stalls;
pub use watched::{Watcher, analyse_watched};
