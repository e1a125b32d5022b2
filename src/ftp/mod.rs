//! The FTP control channel: lines, commands, replies, endpoints, TLS records, and the dialogue
//! that pairs replies with commands.

pub mod command;
pub mod dialogue;
pub mod endpoint;
pub mod line;
mod outstanding;
pub mod recognise;
pub mod reply;
pub mod software;
pub mod text;
pub mod tls;
