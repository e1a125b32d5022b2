//! Packets in, judged sessions out.

mod analyse;
mod analysis;
mod attach;
mod candidates;
mod close;
mod control;
mod flows;
mod interest;
mod sequential;

pub use analyse::{analyse, analyse_with};
pub use analysis::{Analysis, Options, Overview};
pub use interest::{FTP, FTPS};
pub use sequential::Engine;
