//! An open session: its tabs and where one is in each of them.

use std::sync::Arc;

use super::cursor::Cursor;
use super::snapshot::Entry;
use crate::capture::{FrameRef, Moment};
use crate::diagnose::{Diagnosis, Severity};
use crate::report::ladder::{Ladder, Step};
use crate::report::text::wireshark;

/// The tabs of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Who said what, and the data channels beside it.
    Ladder,
    /// The channels over time.
    Timeline,
    /// What went wrong, why, and what to change.
    Diagnosis,
    /// The control connection as it was said.
    Dialogue,
}

impl Tab {
    /// From the left.
    pub const ALL: [Self; 4] = [Self::Ladder, Self::Timeline, Self::Diagnosis, Self::Dialogue];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ladder => "ladder",
            Self::Timeline => "timeline",
            Self::Diagnosis => "diagnosis",
            Self::Dialogue => "dialogue",
        }
    }

    /// Its place from the left.
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|t| *t == self).unwrap_or(0)
    }
}

/// Something in the diagnosis tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// What happened: index of the diagnosis.
    Headline(usize),
    /// Why this and not something else.
    Reasoning(usize),
    /// A packet that shows it: diagnosis, evidence.
    Evidence(usize, usize),
    /// What to change: diagnosis, advice.
    Advice(usize, usize),
    /// The display filter of a diagnosis.
    Filter(usize),
}

/// An open session.
#[derive(Debug)]
pub struct Detail {
    /// The session as it was when the ladder was made.
    pub entry: Arc<Entry>,
    /// Which tab is shown.
    pub tab: Tab,
    /// The whole session.
    pub ladder: Ladder,
    /// In the ladder: a rung.
    pub rung: Cursor,
    /// In the timeline: a channel.
    pub bar: Cursor,
    /// How close the timeline is: powers of two.
    pub zoom: u32,
    /// In the diagnosis: an item.
    pub item: Cursor,
    /// In the dialogue: a message.
    pub message: Cursor,
}

/// Where a rung of a ladder is in a later one: by its packet, or by the one before it. The end of what
/// goes on stays the end.
fn same_rung(old: &Ladder, rung: usize, new: &Ladder) -> usize {
    let last = new.rungs.len().saturating_sub(1);
    let place = |i: usize| {
        let seen = old.rungs.get(i).filter(|r| r.at.is_some())?;
        new.rungs.iter().position(|n| n.at == seen.at && n.step == seen.step)
    };
    if rung + 1 == old.rungs.len() {
        return place(rung).unwrap_or(last);
    }
    let same = (0..=rung).rev().find_map(|i| Some(place(i)? + rung - i));
    same.unwrap_or(rung).min(last)
}

impl Detail {
    /// Opens a session at its first stall.
    pub fn new(entry: Arc<Entry>, several_files: bool) -> Self {
        let ladder = Ladder::session(&entry.judged, several_files);
        let mut detail = Self {
            entry,
            tab: Tab::Ladder,
            ladder,
            rung: Cursor::default(),
            bar: Cursor::default(),
            zoom: 0,
            item: Cursor::default(),
            message: Cursor::default(),
        };
        let stall = detail.next_stall(0, false).unwrap_or(0);
        detail.rung.show(stall);
        detail
    }

    /// Takes over what is new of the session; the cursors stay on what they were on.
    pub fn renew(&mut self, entry: &Arc<Entry>, several_files: bool) {
        if Arc::ptr_eq(&self.entry, entry) {
            return;
        }
        let item = self.named(self.item.at);
        let ladder = Ladder::session(&entry.judged, several_files);
        let at = same_rung(&self.ladder, self.rung.at, &ladder);
        self.rung.shift(at);
        self.ladder = ladder;
        self.entry = Arc::clone(entry);
        let count = self.items().len();
        let same = item.and_then(|item| (0..count).find(|i| self.named(*i) == Some(item)));
        self.item.shift(same.unwrap_or(self.item.at).min(count.saturating_sub(1)));
    }

    /// An item of the diagnosis tab by the code of its diagnosis: which of it, and which of these.
    fn named(&self, item: usize) -> Option<(&'static str, u8, usize)> {
        let (d, kind, n) = match *self.items().get(item)? {
            Item::Headline(d) => (d, 0, 0),
            Item::Reasoning(d) => (d, 1, 0),
            Item::Evidence(d, n) => (d, 2, n),
            Item::Advice(d, n) => (d, 3, n),
            Item::Filter(d) => (d, 4, 0),
        };
        Some((self.entry.judged.diagnoses.get(d)?.code, kind, n))
    }

    /// The stall after (or before) this rung.
    pub fn next_stall(&self, from: usize, back: bool) -> Option<usize> {
        let stalled = |i: &usize| {
            self.ladder.rungs.get(*i).is_some_and(|r| matches!(r.step, Step::Stall { .. }))
        };
        if back {
            (0..from).rev().find(stalled)
        } else {
            (from + 1..self.ladder.rungs.len()).find(stalled)
        }
    }

    /// What the diagnosis tab holds, from the top.
    pub fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for (d, diagnosis) in self.entry.judged.diagnoses.iter().enumerate() {
            items.push(Item::Headline(d));
            if !diagnosis.reasoning.is_empty() {
                items.push(Item::Reasoning(d));
            }
            items.extend((0..diagnosis.evidence.len()).map(|e| Item::Evidence(d, e)));
            items.extend((0..diagnosis.advice.len()).map(|a| Item::Advice(d, a)));
            items.push(Item::Filter(d));
        }
        items
    }

    /// How many lines the shown tab has.
    pub fn count(&self) -> usize {
        match self.tab {
            Tab::Ladder => self.ladder.rungs.len(),
            Tab::Timeline => self.entry.judged.session.channels.len() + 1,
            Tab::Diagnosis => self.items().len(),
            Tab::Dialogue => self.entry.judged.session.script.messages.len(),
        }
    }

    /// The cursor of the shown tab.
    pub fn cursor(&mut self) -> &mut Cursor {
        match self.tab {
            Tab::Ladder => &mut self.rung,
            Tab::Timeline => &mut self.bar,
            Tab::Diagnosis => &mut self.item,
            Tab::Dialogue => &mut self.message,
        }
    }

    /// The packet under the cursor.
    pub fn moment(&self) -> Option<Moment> {
        let s = &self.entry.judged.session;
        match self.tab {
            Tab::Ladder => self.ladder.rungs.get(self.rung.at)?.at,
            Tab::Timeline => match self.bar.at.checked_sub(1) {
                None => Some(s.first),
                Some(i) => s.channels.get(i)?.began(),
            },
            Tab::Diagnosis => match self.items().get(self.item.at)? {
                Item::Evidence(d, e) => {
                    Some(self.entry.judged.diagnoses.get(*d)?.evidence.get(*e)?.at)
                }
                _ => None,
            },
            Tab::Dialogue => s.script.messages.get(self.message.at).map(|m| m.at),
        }
    }

    /// Its frame.
    pub fn frame(&self) -> Option<FrameRef> {
        self.moment().map(|m| m.frame)
    }

    /// Shows a packet in the ladder: the rung of it, or the last one before it.
    pub fn jump(&mut self, to: Moment) {
        let rungs = &self.ladder.rungs;
        let at = rungs.iter().rposition(|r| r.at.is_some_and(|at| at <= to)).unwrap_or(0);
        // Of several rungs of one packet the first.
        let exact = rungs.iter().position(|r| r.at == Some(to));
        self.rung.show(exact.unwrap_or(at));
        self.tab = Tab::Ladder;
    }

    /// The diagnosis that the cursor is in; else the first.
    pub fn diagnosis(&self) -> Option<usize> {
        let under = match self.tab {
            Tab::Diagnosis => self.items().get(self.item.at).map(|i| match i {
                Item::Headline(d) | Item::Reasoning(d) | Item::Filter(d) => *d,
                Item::Evidence(d, _) | Item::Advice(d, _) => *d,
            }),
            _ => None,
        };
        under.or((!self.entry.judged.diagnoses.is_empty()).then_some(0))
    }

    /// The Wireshark display filter for the diagnosis under the cursor, or for the session.
    pub fn display_filter(&self) -> String {
        let judged = &self.entry.judged;
        let channels: Vec<_> = match self.diagnosis().and_then(|d| judged.diagnoses.get(d)) {
            Some(d) => d.channels.iter().filter_map(|id| judged.session.channel(*id)).collect(),
            None => judged.session.channels.iter().collect(),
        };
        wireshark::filter(&judged.session, &channels)
    }

    /// What `y` copies: what is under the cursor where that can be pasted (a path, a sentence, a
    /// setting), else the first advice, else the display filter.
    pub fn copied(&self) -> Option<String> {
        let judged = &self.entry.judged;
        let advice = |d: usize, a: usize| {
            let advice = judged.diagnoses.get(d)?.advice.get(a)?;
            Some(advice.example.clone().unwrap_or_else(|| advice.text.clone()))
        };
        let first = || {
            let with_example = |d: &Diagnosis| {
                d.advice
                    .iter()
                    .position(|a| a.example.is_some())
                    .or((!d.advice.is_empty()).then_some(0))
            };
            let serious = |(_, d): &(usize, &Diagnosis)| d.severity != Severity::Info;
            let mut all = judged.diagnoses.iter().enumerate().filter(serious);
            all.find_map(|(d, diagnosis)| advice(d, with_example(diagnosis)?))
        };
        match self.tab {
            Tab::Diagnosis => match self.items().get(self.item.at)? {
                Item::Advice(d, a) => advice(*d, *a),
                Item::Filter(_) => Some(self.display_filter()),
                Item::Headline(d) => Some(judged.diagnoses.get(*d)?.summary.clone()),
                Item::Reasoning(d) => Some(judged.diagnoses.get(*d)?.reasoning.clone()),
                Item::Evidence(d, e) => {
                    Some(judged.diagnoses.get(*d)?.evidence.get(*e)?.text.clone())
                }
            },
            Tab::Dialogue => self.path().or_else(|| {
                let script = &judged.session.script;
                Some(script.text(script.messages.get(self.message.at)?)?.to_owned())
            }),
            Tab::Ladder | Tab::Timeline => {
                self.path().or_else(first).or_else(|| Some(self.display_filter()))
            }
        }
    }

    /// The path of the transfer under the cursor: its command, or its channel.
    fn path(&self) -> Option<String> {
        let s = &self.entry.judged.session;
        let transfer = match self.tab {
            Tab::Timeline => {
                let channel = s.channels.get(self.bar.at.checked_sub(1)?)?.id;
                s.transfers.iter().find(|t| t.channel == Some(channel))?
            }
            _ => {
                let at = self.moment()?;
                let commands = s.script.exchanges.iter().enumerate();
                let (i, _) = commands.into_iter().find(|(_, e)| e.at == at)?;
                s.transfers.iter().find(|t| t.exchange == i)?
            }
        };
        s.path(transfer).map(ToOwned::to_owned)
    }
}
