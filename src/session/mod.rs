//! FTP sessions: one control connection, its dialogue, and the data connections it announced.

mod channel;
mod dialogue;
mod model;
mod vantage;

pub use channel::{Announcement, AnnouncementKind, Association, Channel, Mode};
pub use dialogue::{Exchange, Login, Message, MessageKind, Script};
pub use model::{Closing, ClosingPoint, Opening, Security, Session, Transfer};
pub use vantage::{Vantage, VantagePoint};

pub use crate::tcp::{Connection, ConnectionState, Half};
