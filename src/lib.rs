//! ftpscope: shows where an FTP session stalled and why.
//!
//! Data flows one way: [`capture`] yields packets, [`decode`] turns each into a TCP segment or an
//! ICMP error, [`engine`] keeps the flows that matter ([`tcp`]), reads the control streams
//! ([`ftp`]) and joins both into sessions ([`session`]); [`diagnose`] judges each session with a
//! table of rules, and [`report`] shows what was found.

mod ahead;
pub mod capture;
pub mod decode;
pub mod diagnose;
pub mod engine;
pub mod export;
pub mod ftp;
mod pack;
pub mod report;
pub mod session;
pub mod tcp;
pub mod tui;
