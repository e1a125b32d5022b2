//! Packets from interfaces, as they come.
//!
//! [`Live::open`] opens them, which needs rights; [`rights`] gives those away before the
//! first packet is parsed; [`Live::start`] captures on a thread of its own and hands on
//! [`Batch`]es, to the engine and to whoever writes them, without waiting for either.
//!
//! A blocking read never returns on an idle link (libpcap issue 1001), so handles don't block and
//! are waited for with poll(2). Idle time becomes capture time in [`clock`] and nowhere else.

mod batch;
mod clock;
mod error;
mod filter;
mod interface;
mod links;
mod plan;
mod queue;
#[cfg(target_os = "linux")]
pub mod rights;
mod run;
mod stop;
mod watch;

use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

pub use batch::{Batch, Captured, Counters, News};
pub use error::LiveError;
pub use interface::InterfaceFacts;
pub use plan::{Rotation, Save};
pub use queue::Receiver;
pub use stop::Stop;

use self::clock::Clock;
use self::interface::Interface;
use self::links::Links;
use self::plan::Plan;
use self::run::Run;
use super::Timestamp;

/// What to capture, and how.
#[derive(Clone, Debug, Default)]
pub struct LiveOptions {
    /// Names of interfaces, or `any`.
    pub interfaces: Vec<String>,
    /// A BPF expression instead of the usual one.
    pub filter: Option<String>,
    /// Bytes of the kernel's buffer, for each interface.
    pub buffer_size: u32,
    /// Also packets that are not for this host.
    pub promiscuous: bool,
    /// A DLT_ name instead of the usual link type.
    pub link_type: Option<String>,
    /// End after so many packets.
    pub count: Option<u64>,
    /// End after so long.
    pub duration: Option<Duration>,
    /// An interface that is made anew may be opened again.
    pub keep_net_raw: bool,
    /// Write what is captured.
    pub save: Option<Save>,
}

/// Why a capture ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// It was asked to.
    #[default]
    Asked,
    /// So many packets were captured.
    Count,
    /// So much time has passed.
    Duration,
    /// No interface is left.
    NoInterface,
    /// Waiting for packets failed.
    Failed(String),
}

/// What a capture came to.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Why.
    pub reason: Reason,
    /// Packets.
    pub captured: u64,
    /// Packets for which the engine was too slow.
    pub not_analysed: u64,
    /// Packets for which the file was too slow.
    pub not_written: u64,
    /// Counters of each interface.
    pub counters: Vec<Counters>,
}

/// Open interfaces.
pub struct Live {
    interfaces: Vec<Interface>,
    links: Links,
    options: LiveOptions,
}

/// A capture that runs.
#[derive(Debug)]
pub struct Feed {
    /// For the engine.
    pub batches: Receiver,
    /// For whoever writes them, when they are to be written.
    pub to_save: Option<Receiver>,
    /// Ends it.
    pub stop: Stop,
    /// What it came to.
    pub thread: JoinHandle<Ended>,
}

impl Live {
    /// Opens the interfaces. Not a packet is read.
    ///
    /// # Errors
    /// One of them can't be opened.
    pub fn open(options: LiveOptions) -> Result<Self, LiveError> {
        let open = |(index, name): (usize, &String)| Interface::open(name, index, &options);
        let interfaces: Result<Vec<Interface>, LiveError> =
            options.interfaces.iter().enumerate().map(open).collect();
        // From now on it is noticed when one is removed.
        let links = Links::new(options.interfaces.iter().map(String::as_str));
        Ok(Self { interfaces: interfaces?, links, options })
    }

    /// What each interface is, in the order of [`Captured::interface`].
    pub fn facts(&self) -> Vec<InterfaceFacts> {
        self.interfaces.iter().map(Interface::facts).collect()
    }

    /// Begins to capture, on a thread of its own.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(self) -> io::Result<Feed> {
        let (stop, stopped) = stop::stop()?;
        let (to_engine, batches) = queue::queue();
        let (to_save, saved) = self.options.save.is_some().then(queue::queue).unzip();
        let run = Run {
            links: self.links,
            interfaces: self.interfaces,
            plan: Plan::new(self.options.save.clone()),
            options: self.options,
            stopped,
            to_engine,
            to_save,
            clock: Clock::default(),
            captured: 0,
            counted: Timestamp::default(),
            dropped: 0,
            late: Vec::new(),
            ended: Ended::default(),
        };
        let thread = std::thread::Builder::new().name("capture".to_owned()).spawn(|| run.run())?;
        Ok(Feed { batches, to_save: saved, stop, thread })
    }
}
