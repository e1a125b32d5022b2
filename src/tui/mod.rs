//! The dashboard: list → ladder → packet, the same for a file and for an interface.
//!
//! State, input and drawing are apart. A feed publishes immutable [`Snapshot`]s; [`App`] is the
//! state; [`keys`] turns keys into [`Action`]s; [`update`](update::update) is the only place that
//! changes state and returns [`Effect`]s; `view` draws and changes nothing; [`terminal`] is the
//! only place that touches the terminal. Reading or capturing never waits for any of it.

mod action;
mod app;
mod columns;
mod cursor;
mod detail;
mod feed;
pub mod keys;
mod list;
#[cfg(all(feature = "live", unix))]
mod live;
mod mask;
mod packet;
mod row;
mod snapshot;
pub mod terminal;
mod theme;
mod update;
mod view;
mod whole;

pub use action::{Action, Effect};
pub use app::{App, Settings};
pub use feed::{Publisher, read_files};
#[cfg(all(feature = "live", unix))]
pub use live::{LiveFeed, LiveView, capture};
pub use row::Row;
pub use snapshot::{Entry, Progress, Snapshot};
pub use theme::Theme;
pub use update::update;
pub use view::draw;
