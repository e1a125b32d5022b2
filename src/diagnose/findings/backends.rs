//! Which of several hosts behind one address answered.

use std::collections::BTreeMap;

use super::ids::Ids;
use super::records::Hosts;
use crate::capture::Moment;
use crate::diagnose::{Judged, Severity, Status};
use crate::session::Session;

/// What tells one host from another behind the same address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    /// Software, as it says.
    pub software: Option<String>,
    /// The greeting without digits: counters and clocks change.
    pub greeting: Option<String>,
    /// TTL or hop limit of its packets.
    pub ttl: Option<u8>,
    /// Maximum segment size and window scale of its SYN-ACK.
    pub options: (Option<u16>, Option<u8>),
}

/// Sessions that one host answered.
#[derive(Clone, Debug)]
pub struct Backend {
    /// How it is recognised.
    pub looks: Looks,
    /// Its sessions.
    pub sessions: u64,
    /// Those that stalled or failed.
    pub failed: Ids,
    /// Why.
    pub causes: BTreeMap<&'static str, u64>,
    /// Its first greeting, and whose.
    pub first: Moment,
    /// The first packet that shows a failure, of the first that failed.
    pub failure: Option<Moment>,
    /// Clients that it served.
    pub clients: Hosts,
    /// Its first greeting as it stands: mostly the others are the same to the letter.
    whole: String,
}

/// The hosts behind one address.
#[derive(Debug, Default)]
pub struct Backends {
    /// In the order in which they appeared.
    pub all: Vec<Backend>,
    /// When the first sessions began, and which of them answered.
    starts: Vec<(Moment, usize)>,
}

impl Backends {
    const MOST: usize = 16;
    const CLIENTS: usize = 100;
    const STARTS: usize = 200;

    /// How often another one answered than in the session that began before. Sessions end in
    /// another order: those that fail take longer.
    pub fn turns(&self) -> usize {
        let mut starts = self.starts.clone();
        starts.sort_unstable();
        starts.windows(2).filter(|w| w.first().map(|s| s.1) != w.last().map(|s| s.1)).count()
    }

    /// Takes note of a session.
    pub(super) fn session(&mut self, judged: &Judged) {
        let s = &judged.session;
        let Some(greeting) = s.banner() else { return };
        let known = self.all.iter().position(|b| b.is_of(s, greeting));
        if known.is_none() && self.all.len() == Self::MOST {
            return;
        }
        let index = known.unwrap_or(self.all.len());
        if known.is_none() {
            self.all.push(Backend {
                looks: Looks::of(s, greeting),
                sessions: 0,
                failed: Ids::default(),
                causes: BTreeMap::new(),
                first: s.banner_at().unwrap_or(s.first),
                failure: None,
                clients: Hosts::default(),
                whole: greeting.to_owned(),
            });
        }
        if self.starts.len() < Self::STARTS {
            self.starts.push((s.first, index));
        }
        let Some(backend) = self.all.get_mut(index) else { return };
        backend.sessions += 1;
        if backend.clients.len() < Self::CLIENTS {
            backend.clients.insert(s.client.ip);
        }
        if matches!(judged.status, Status::Stalled | Status::Failed) {
            backend.failed.add(s.id);
            let critical = judged.diagnoses.iter().find(|d| d.severity == Severity::Critical);
            if let Some(d) = critical {
                *backend.causes.entry(d.code).or_default() += 1;
                let shown = d.evidence.last().map(|e| e.at);
                backend.failure = backend.failure.or(shown);
            }
        }
    }
}

/// A greeting without what may be another each time.
fn without_digits(greeting: &str) -> impl Iterator<Item = char> {
    greeting.chars().filter(|c| !c.is_ascii_digit())
}

/// Time to live, and the options of the SYN-ACK.
fn headers(s: &Session) -> (Option<u8>, (Option<u16>, Option<u8>)) {
    let half = s.from_server();
    let options = (half.syn_options.mss, half.syn_options.window_scale);
    let ttl = half.ttl.filter(|_| !half.ttl_varies);
    (ttl, if half.syn.is_some() { options } else { (None, None) })
}

impl Looks {
    /// How the host that answered with this greeting looks.
    fn of(s: &Session, greeting: &str) -> Self {
        let (ttl, options) = headers(s);
        let greeting = Some(without_digits(greeting).collect());
        Self { software: s.software.clone(), greeting, ttl, options }
    }
}

impl Backend {
    /// The host that answered with this greeting looks like this one.
    fn is_of(&self, s: &Session, greeting: &str) -> bool {
        let looks = &self.looks;
        let same = |known: &String| known.chars().eq(without_digits(greeting));
        (looks.ttl, looks.options) == headers(s)
            && looks.software == s.software
            && (self.whole == greeting || looks.greeting.as_ref().is_some_and(same))
    }
}

impl Looks {
    /// What it has that `other` hasn't, for a sentence.
    pub fn unlike(&self, other: &Self) -> String {
        let mut parts = Vec::new();
        let unnamed = "software without a name";
        if self.software != other.software {
            parts.push(self.software.clone().unwrap_or(unnamed.to_owned()));
        } else if self.greeting != other.greeting {
            parts.push("another greeting".to_owned());
        }
        if let (Some(ttl), true) = (self.ttl, self.ttl != other.ttl) {
            parts.push(format!("TTL {ttl}"));
        }
        if let ((Some(mss), _), true) = (self.options, self.options.0 != other.options.0) {
            parts.push(format!("MSS {mss}"));
        }
        if let ((_, Some(scale)), true) = (self.options, self.options.1 != other.options.1) {
            parts.push(format!("window scale {scale}"));
        }
        if parts.is_empty() { "no sign of its own".to_owned() } else { parts.join(", ") }
    }
}
