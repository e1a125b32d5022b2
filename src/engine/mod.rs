//! Packets in, judged sessions out.

mod analyse;
mod analyser;
mod analysis;
mod attach;
mod candidates;
mod close;
mod control;
mod flows;
mod idents;
mod interest;
#[cfg(all(feature = "live", unix))]
mod live;
mod losses;
mod open;
mod sequential;
mod silence;
mod stalls;

pub use analyse::{Watcher, analyse, analyse_watched, analyse_with};
pub use analyser::Analyser;
pub use analysis::{Analysis, Options, Overview};
pub use interest::{FTP, FTPS};
#[cfg(all(feature = "live", unix))]
pub use live::LiveAnalyser;
pub use sequential::{Engine, Matters};
pub use stalls::Stalls;
