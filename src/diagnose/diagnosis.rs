//! What a rule says, and what becomes of a session.

use super::{Means, Rule, Signs};
use crate::capture::Moment;
use crate::session::Session;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// What was asked for did not happen.
    Critical,
    /// It happened, but something is wrong.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// The part of a session that a diagnosis is about, in the order in which a session passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The capture itself.
    Capture,
    /// Connecting to the control port.
    ControlConnect,
    /// The greeting.
    Banner,
    /// TLS.
    Tls,
    /// USER, PASS.
    Login,
    /// Commands and replies.
    Command,
    /// PORT, PASV and their kind.
    Announcement,
    /// Connecting the data channel.
    DataConnect,
    /// Bytes on the data channel.
    DataTransfer,
    /// The final reply.
    Completion,
    /// Attacks and exposure.
    Security,
}

impl Stage {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::ControlConnect => "control-connect",
            Self::Banner => "banner",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Command => "command",
            Self::Announcement => "announcement",
            Self::DataConnect => "data-connect",
            Self::DataTransfer => "data-transfer",
            Self::Completion => "completion",
            Self::Security => "security",
        }
    }
}

/// How sure the capture makes us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The packets prove it.
    Certain,
    /// The packets and something else (a text, a timer) say so.
    Likely,
    /// It fits.
    Possible,
}

impl Confidence {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

/// A packet that supports a diagnosis.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Which.
    pub at: Moment,
    /// What it shows, one clause.
    pub text: String,
    /// From the last of several channels that one diagnosis is about.
    pub(super) last_of_several: bool,
}

/// Whom a piece of advice is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Who runs a firewall or NAT.
    Firewall,
    /// Who runs the server.
    Server,
    /// Who uses the client.
    Client,
    /// Who captures.
    Capture,
}

impl Audience {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firewall => "firewall",
            Self::Server => "server",
            Self::Client => "client",
            Self::Capture => "capture",
        }
    }
}

/// What to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// For whom.
    pub audience: Audience,
    /// One or two sentences.
    pub text: String,
    /// Something to paste: a directive, a rule, a command.
    pub example: Option<String>,
}

/// One verdict about a session.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// From the catalogue.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Where in the session.
    pub stage: Stage,
    /// Ids of the channels it is about; empty for the control channel and the session.
    pub channels: Vec<u32>,
    /// How sure.
    pub confidence: Confidence,
    /// One sentence: what happened.
    pub summary: String,
    /// Why this and not a look-alike, from where it was captured.
    pub reasoning: String,
    /// Packets, in order.
    pub evidence: Vec<Evidence>,
    /// What to change.
    pub advice: Vec<Advice>,
    /// What it makes of the session when it is critical, and of the channel.
    pub means: Means,
}

/// A diagnosis over many sessions.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What.
    pub diagnosis: Diagnosis,
    /// The sessions it was learned from.
    pub sessions: Vec<u64>,
}

/// What became of a session, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A critical diagnosis of stage security.
    Suspicious,
    /// Something asked for never came to its end and nobody said so in time.
    Stalled,
    /// A side said so at once and it didn't succeed later.
    Failed,
    /// The capture doesn't hold enough to say.
    Undetermined,
    /// None of the above.
    Healthy,
}

impl Status {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suspicious => "suspicious",
            Self::Stalled => "stalled",
            Self::Failed => "failed",
            Self::Undetermined => "undetermined",
            Self::Healthy => "healthy",
        }
    }
}

/// What became of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The transfer ended with a 2xx, or the data ended in order where replies can't be read.
    Completed,
    /// It never came to its end.
    Stalled,
    /// A side said no.
    Failed,
    /// The client called it off.
    Aborted,
    /// Nothing used it.
    Unused,
    /// The capture ended while it ran.
    InProgress,
    /// The capture can't tell.
    Unknown,
}

impl Outcome {
    /// As in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Stalled => "stalled",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Unused => "unused",
            Self::InProgress => "in-progress",
            Self::Unknown => "unknown",
        }
    }
}

/// A session with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The facts.
    pub session: Box<Session>,
    /// The verdict in a word.
    pub status: Status,
    /// What became of each channel, and at which stage it stalled or failed; as `session.channels`.
    pub outcomes: Vec<(Outcome, Option<Stage>)>,
    /// Causes first, then severity, then frame.
    pub diagnoses: Vec<Diagnosis>,
    /// What the session shows at a glance.
    pub signs: Signs,
}

impl Diagnosis {
    /// A diagnosis that is certain, about the session as a whole, with nothing said yet.
    pub fn new(code: &'static str, severity: Severity, stage: Stage) -> Self {
        Self::meaning(super::status::usual_meaning(code), code, severity, stage)
    }

    /// The same, of a rule: without a search for what it means.
    pub(super) fn of<C>(rule: &Rule<C>, severity: Severity) -> Self {
        Self::meaning(rule.means, rule.code, severity, rule.stage)
    }

    fn meaning(means: Means, code: &'static str, severity: Severity, stage: Stage) -> Self {
        Self {
            code,
            severity,
            stage,
            channels: Vec::new(),
            confidence: Confidence::Certain,
            summary: String::new(),
            reasoning: String::new(),
            evidence: Vec::new(),
            advice: Vec::new(),
            means,
        }
    }

    /// It means something else here than its rule usually does.
    pub fn means(mut self, means: Means) -> Self {
        self.means = means;
        self
    }

    /// About this channel.
    pub fn channel(mut self, id: u32) -> Self {
        self.channels.push(id);
        self
    }

    /// How sure.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// What happened, one sentence.
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = text.into();
        self
    }

    /// Why this and not a look-alike.
    pub fn reasoning(mut self, text: impl Into<String>) -> Self {
        self.reasoning = text.into();
        self
    }

    /// A packet that supports it.
    pub fn evidence(mut self, at: Moment, text: impl Into<String>) -> Self {
        if self.evidence.is_empty() {
            self.evidence.reserve_exact(1);
        }
        self.evidence.push(Evidence { at, text: text.into(), last_of_several: false });
        self
    }

    /// What to change.
    pub fn advice(mut self, audience: Audience, text: impl Into<String>) -> Self {
        self.advice.push(Advice { audience, text: text.into(), example: None });
        self
    }

    /// What to change, with something to paste.
    pub fn advice_with(
        mut self,
        audience: Audience,
        text: impl Into<String>,
        example: impl Into<String>,
    ) -> Self {
        self.advice.push(Advice { audience, text: text.into(), example: Some(example.into()) });
        self
    }
}
