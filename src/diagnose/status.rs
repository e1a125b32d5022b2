//! What became of a session and of its channels.

use super::{Diagnosis, Outcome, Severity, Stage, Status, judge};
use crate::session::{
    Association, Channel, Closing, Connection, ConnectionState, Exchange, Login, Opening, Session,
};

/// What a critical diagnosis makes of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Silence, or given up on a timer.
    Stalled,
    /// A side said no at once.
    Failed,
    /// Neither: notes and warnings only.
    Nothing,
}

/// The client didn't want the rest, or made that the server believe so.
const CALLED_OFF: &[&str] = &["transfer-aborted", "control-closed-early"];

/// The session's status: the first that applies.
///
/// `waited_for` are the channels that nobody was seen to dial although a side waited for it.
pub fn of(session: &Session, diagnoses: &[Diagnosis], waited_for: &[u32]) -> Status {
    let critical = || diagnoses.iter().filter(|d| d.severity == Severity::Critical);
    if critical().any(|d| d.stage == Stage::Security) {
        return Status::Suspicious;
    }
    if critical().any(|d| d.means == Means::Stalled) {
        return Status::Stalled;
    }
    if critical().next().is_some() {
        return Status::Failed;
    }
    let unsaid = |id: &u32| {
        !diagnoses.iter().any(|d| d.channels.contains(id) && d.code != "announcement-unused")
    };
    if waited_for.iter().any(unsaid) || undetermined(session, diagnoses) {
        return Status::Undetermined;
    }
    Status::Healthy
}

/// The capture doesn't hold enough to say: nothing of what was asked for can be seen to have come
/// to its end, and nothing says that it didn't.
fn undetermined(s: &Session, diagnoses: &[Diagnosis]) -> bool {
    let said = |code| diagnoses.iter().any(|d| d.code == code);
    if said("not-ftp") || said("control-probe") {
        return false;
    }
    if open_question(s, diagnoses) {
        return true;
    }
    let exchanges = &s.script.exchanges;
    let answered = exchanges.iter().any(|e| e.final_reply.is_some());
    let data = s.channels.iter().filter_map(|c| c.connection.as_deref());
    let data_ended = data.clone().any(|d| d.state() == ConnectionState::Closed);
    if answered || data_ended {
        return false;
    }
    if s.hidden() {
        // Nothing can be read, but the session came to its end in order.
        return !matches!(s.closing, Closing::Fin | Closing::Reset);
    }
    // Greeted and left, or never spoken to while the capture ran.
    let greeted = s.banner().is_some() || s.replies > 0;
    let ended = matches!(s.closing, Closing::Fin | Closing::Reset);
    !(s.opening == Opening::Complete && greeted && ended)
}

/// Something that was asked for didn't come to its end, and no diagnosis says why: better no word
/// than "healthy".
fn open_question(s: &Session, diagnoses: &[Diagnosis]) -> bool {
    let aborted = |id: Option<u32>| {
        diagnoses
            .iter()
            .any(|d| CALLED_OFF.contains(&d.code) && id.is_some_and(|id| d.channels.contains(&id)))
    };
    let last = s.transfers.last();
    let unanswered = last.is_some_and(|t| {
        let open = s.script.exchanges.get(t.exchange).is_some_and(|e| e.final_reply.is_none());
        open && !aborted(t.channel) && s.control_gaps == 0
    });
    let half_open = s.channels.iter().any(|c| {
        let dialled = c.connection.as_deref().filter(|d| !d.worked());
        let later = |d: &Connection| {
            s.channels
                .iter()
                .any(|x| x.connection.as_deref().is_some_and(|x| x.worked() && x.first > d.first))
        };
        dialled.is_some_and(|d| !later(d)) && !diagnoses.iter().any(|d| d.channels.contains(&c.id))
    });
    unanswered || half_open
}

/// What became of each channel, and at which stage it stalled or failed.
pub fn outcomes(s: &Session, diagnoses: &[Diagnosis]) -> Vec<(Outcome, Option<Stage>)> {
    s.channels.iter().map(|c| outcome(s, c, diagnoses)).collect()
}

fn outcome(s: &Session, c: &Channel, diagnoses: &[Diagnosis]) -> (Outcome, Option<Stage>) {
    let about = |d: &&Diagnosis| d.channels.contains(&c.id);
    let succeeded =
        c.command.and_then(|i| s.script.exchanges.get(i)).is_some_and(Exchange::succeeded);
    let called_off = diagnoses.iter().filter(about).any(|d| CALLED_OFF.contains(&d.code));
    let aborted = called_off && !succeeded;
    let worst = diagnoses
        .iter()
        .filter(about)
        .filter(|d| d.severity != Severity::Info && d.means != Means::Nothing)
        .min_by_key(|d| (d.severity, d.stage));
    if let Some(d) = worst {
        let outcome = if d.means == Means::Stalled { Outcome::Stalled } else { Outcome::Failed };
        return (outcome, Some(d.stage));
    }
    if aborted {
        return (Outcome::Aborted, None);
    }
    let command = c.command.and_then(|i| s.script.exchanges.get(i));
    let connection = c.connection.as_deref();
    match (command, connection) {
        (Some(e), _) if e.succeeded() => (Outcome::Completed, None),
        (Some(e), _) if e.refused() => (Outcome::Failed, Some(Stage::Completion)),
        (Some(_), _) if s.closing == Closing::Open => (Outcome::InProgress, None),
        (Some(_), _) => (Outcome::Unknown, None),
        (None, Some(d)) => (without_command(s, c, d), None),
        (None, None) if matches!(c.association, Association::Announced) => {
            let open = s.closing == Closing::Open
                && c.announcement
                    .as_ref()
                    .is_some_and(|a| s.judged_at.time.since(a.at.time).as_secs() < 3);
            (if open { Outcome::InProgress } else { Outcome::Unused }, None)
        }
        (None, None) => (Outcome::Unknown, None),
    }
}

/// Replies can't be read, or weren't captured: the connection tells.
fn without_command(s: &Session, c: &Channel, d: &Connection) -> Outcome {
    match d.state() {
        ConnectionState::Closed if d.bytes() > 0 || s.hidden() => Outcome::Completed,
        ConnectionState::Closed if c.association == Association::Announced => Outcome::Unused,
        ConnectionState::Established | ConnectionState::HalfClosed
            if s.closing == Closing::Open =>
        {
            Outcome::InProgress
        }
        _ => Outcome::Unknown,
    }
}

/// What a diagnosis with this code means unless it says otherwise.
pub(super) fn usual_meaning(code: &str) -> Means {
    judge::find(code).map_or(Means::Nothing, |r| r.means)
}

/// Anything that was asked for succeeded: a transfer, or without transfers the login.
pub fn anything_succeeded(s: &Session) -> bool {
    let transfers = &s.transfers;
    let ok = |e: &Exchange| e.succeeded();
    if transfers.is_empty() {
        return s.login == Login::Accepted;
    }
    transfers.iter().filter_map(|t| s.script.exchanges.get(t.exchange)).any(ok)
}
