//! The dashboard's state.

use std::path::PathBuf;
use std::sync::Arc;

use super::detail::{Detail, Tab};
use super::keys::Place;
use super::list::List;
use super::packet::PacketView;
use super::snapshot::Snapshot;
use super::theme::Theme;
use super::whole::Whole;
use crate::report::filter::Filter;
use crate::report::text::clock::{Clock, Zone};

/// How the dashboard is to be.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Zone of the times.
    pub zone: Zone,
    /// Colours.
    pub theme: Theme,
    /// The filter to begin with, as on the command line.
    pub filter: Option<String>,
    /// Where packets are saved.
    pub save_dir: PathBuf,
    /// Addresses and names are masked: packets can't be shown or saved.
    pub privacy: bool,
}

/// Which times stand in the ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimesShown {
    /// Since the session began.
    #[default]
    SinceStart,
    /// Since the line before.
    Delta,
    /// Of day.
    OfDay,
}

/// A filter being typed.
#[derive(Clone, Debug, Default)]
pub struct Prompt {
    /// What was typed.
    pub text: String,
    /// Why it can't be used as it stands.
    pub error: Option<String>,
}

impl Prompt {
    /// Checks what was typed.
    pub fn check(&mut self) {
        self.error = Filter::parse(&self.text).err().map(|e| e.to_string());
    }
}

/// The dashboard's state.
#[derive(Debug)]
pub struct App {
    /// What is shown.
    pub snapshot: Arc<Snapshot>,
    /// What is newer than what is shown, while paused.
    pub newer: Option<Arc<Snapshot>>,
    /// The screen stands still.
    pub paused: bool,
    /// The list of sessions.
    pub list: List,
    /// The open session.
    pub detail: Option<Detail>,
    /// The findings are open.
    pub findings: Option<Whole>,
    /// The help is open, scrolled by so many lines.
    pub help: Option<usize>,
    /// A packet is open.
    pub packet: Option<PacketView>,
    /// A filter is being typed.
    pub prompt: Option<Prompt>,
    /// Said in the status bar until the next key.
    pub notice: Option<String>,
    /// Which times stand in the ladder.
    pub times: TimesShown,
    /// Colours.
    pub theme: Theme,
    /// The mouse is ours; else the terminal's, to mark text.
    pub mouse: bool,
    /// Bytes of input read, newer than the snapshot.
    pub read: u64,
    /// How the dashboard is to be.
    pub settings: Settings,
    /// Shows times.
    pub clock: Clock,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
}

impl App {
    /// An empty dashboard.
    ///
    /// # Errors
    /// The filter of the settings can't be read.
    pub fn new(
        settings: Settings,
        size: (u16, u16),
    ) -> Result<Self, crate::report::filter::FilterError> {
        let mut list = List::default();
        if let Some(text) = &settings.filter {
            list.filter = Some(Filter::parse(text)?);
            list.filter_text.clone_from(text);
        }
        Ok(Self {
            snapshot: Arc::default(),
            newer: None,
            paused: false,
            list,
            detail: None,
            findings: None,
            help: None,
            packet: None,
            prompt: None,
            notice: None,
            times: TimesShown::default(),
            theme: settings.theme,
            mouse: false,
            read: 0,
            clock: Clock::new(settings.zone),
            settings,
            size,
        })
    }

    /// Shows a new snapshot, or keeps it for later while paused.
    pub fn show(&mut self, snapshot: Arc<Snapshot>) {
        if snapshot.generation == self.snapshot.generation {
            return;
        }
        if self.paused {
            self.newer = Some(snapshot);
            return;
        }
        self.snapshot = snapshot;
        if let Some(detail) = &mut self.detail
            && let Some((_, entry)) = self.snapshot.find(detail.entry.row.key)
        {
            detail.renew(entry, self.snapshot.several_files());
        }
        super::update::settle(self);
    }

    /// Where keys mean something now, the first first.
    pub fn places(&self) -> &'static [Place] {
        use Place::{Everywhere, Prompt, Session, Sessions, Timeline};
        if self.prompt.is_some() {
            return &[Prompt, Everywhere];
        }
        if self.help.is_some() || self.packet.is_some() || self.findings.is_some() {
            return &[Everywhere];
        }
        match &self.detail {
            Some(d) if d.tab == Tab::Timeline => &[Timeline, Session, Everywhere],
            Some(_) => &[Session, Everywhere],
            None => &[Sessions, Everywhere],
        }
    }

    /// A packet that was asked for, or why there is none.
    pub fn packet(&mut self, result: Result<super::packet::Stored, String>) {
        if let Some(view) = &mut self.packet {
            let session = self.detail.as_ref().map(|d| &*d.entry.judged.session);
            view.loaded(result, session);
        }
    }
}
