//! FTP sessions: one control connection, its dialogue, and the data connections it announced.

mod answer;
mod builder;
mod channel;
mod codes;
mod dialogue;
mod expectation;
mod finish;
mod growth;
mod hearing;
mod ident;
mod model;
mod oddity;
mod port_counts;
mod preview;
mod script;
mod span;
mod speech;
mod text;
mod tls;
mod tls_watch;
mod vantage;

pub use builder::{Builder, Effect, Side};
pub use channel::{Announcement, AnnouncementKind, Association, Channel, Mode, Partner};
pub use codes::Codes;
pub use dialogue::{Exchange, Login, Message, MessageKind};
pub use expectation::{BACKWARDS, Expectation, Expectations};
pub use finish::{Connections, Dial};
pub use ident::Ident;
pub use model::{Closing, ClosingPoint, Opening, Security, Session, Transfer, TransferPath};
pub use oddity::{Oddity, OddityKind};
pub use port_counts::PortCounts;
pub use preview::{Foretold, Preview};
pub use script::Script;
pub use tls::{Tls, TlsAlert, TlsRecord, TlsSide, alert_name, version_name};
pub use tls_watch::{Piece, TlsWatch};
pub use vantage::{Because, Vantage, VantagePoint};

pub use crate::tcp::{Connection, ConnectionState, Half};
