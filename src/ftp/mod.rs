//! The FTP control channel: lines, commands, replies, endpoints, TLS records, and the dialogue
//! that pairs replies with commands.

pub mod command;
