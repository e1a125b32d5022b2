//! Packets in, judged sessions out.

mod analyse;
mod analyser;
mod analysis;
mod attach;
mod candidates;
mod close;
mod control;
mod flows;
mod interest;
mod losses;
mod open;
mod sequential;
mod silence;
mod stalls;

pub use analyse::{analyse, analyse_with};
pub use analyser::Analyser;
pub use analysis::{Analysis, Options, Overview};
pub use interest::{FTP, FTPS};
pub use sequential::Engine;
pub use stalls::Stalls;
