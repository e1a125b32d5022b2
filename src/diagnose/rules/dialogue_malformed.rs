//! Lines and replies that aren't what RFC 959 says.

use super::prelude::*;
use crate::session::{Oddity, OddityKind};

pub(super) static RULE: Rule = Rule {
    code: "dialogue-malformed",
    title: "lines or replies on the control connection are malformed",
    stage: Stage::Command,
    severities: &[Severity::Critical, Severity::Warning],
    means: Means::Stalled,
    explains: &[],
    proof: "A line that ends in LF alone or, when its side said no more, not at all; a line of the server without a code; a multi-line reply without its last line; a line over 4096 bytes; Telnet sequences elsewhere than before ABOR, STAT and QUIT. Critical when the other side then waited 10 s, or 3 s until it left.",
    look_alikes: "Another protocol on the port (not-ftp); text inside of a multi-line reply; lines that the capture cut or lost; Telnet's Interrupt Process and Synch before ABOR.",
    change: "The program that says it: the evidence shows which line.",
    shown_by: ("dialogue-malformed-unended", "user-abort"),
    check: Check::when(&[Sign::Oddity], check),
};

/// Longer than anybody takes between two parts of a line or reply.
const LONG: Duration = Duration::from_secs(10);
/// Somebody who leaves after this time has given up.
const GAVE_UP: Duration = Duration::from_secs(3);
/// Characters of a line that are shown.
const SHOWN: usize = 60;

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if s.not_ftp.is_some() || q.one_direction {
        return;
    }
    let read = |o: &&Oddity| s.tls_since.is_none_or(|t| o.first < t);
    for o in s.oddities.iter().filter(read) {
        if let Some(severity) = severity(ctx, o) {
            findings.add(diagnosis(ctx, o, severity));
        }
    }
}

/// How bad it is; `None` when the capture can't carry it.
fn severity(ctx: &Context<'_>, o: &Oddity) -> Option<Severity> {
    let s = ctx.session;
    let whole = !ctx.quality.control_loss && s.control_gaps == 0 && !ctx.quality.cut;
    let waited = ctx.waited_in_session(o.last);
    let half = if o.by_client { s.from_client() } else { s.from_server() };
    match o.kind {
        OddityKind::LfOnly | OddityKind::Telnet | OddityKind::TooLong => Some(Severity::Warning),
        // Before the first reply it may be the rest of one that the capture doesn't hold.
        OddityKind::NoCode => (whole && !ctx.quality.midstream).then_some(Severity::Warning),
        OddityKind::Unended => whole.then_some(Severity::Warning),
        OddityKind::NoEnd | OddityKind::NeverEnded => {
            let gave_up = ctx.control_closed().is_some() && waited >= GAVE_UP;
            if !whole {
                None
            } else if waited >= LONG || gave_up {
                Some(Severity::Critical)
            } else {
                half.fin.map(|_| Severity::Warning)
            }
        }
    }
}

/// What it is, why that matters, and what to do.
fn words(o: &Oddity) -> (&'static str, &'static str, &'static str) {
    match o.kind {
        OddityKind::LfOnly => (
            "ends a line in LF alone instead of CR LF",
            "RFC 959 ends lines in CR LF. Many programs read it all the same; firewalls that inspect FTP and \
             stricter servers wait for the CR or drop the connection",
            "Let it end its lines in CR LF (0d 0a).",
        ),
        OddityKind::NoEnd => (
            "says a line that never ends",
            "no CR LF follows it. Whoever reads waits for the rest of the line, which never comes",
            "Let it end every line in CR LF (0d 0a), also the last one before it closes.",
        ),
        OddityKind::NoCode => (
            "says a line that belongs to no reply",
            "it has no code of three digits and stands outside of any multi-line reply, so some clients take it \
             for the answer and give up",
            "Find what prints it: a login script, a library, a wrapper that writes to the connection.",
        ),
        OddityKind::Unended => (
            "leaves a multi-line reply without its last line",
            "a reply that begins with \"NNN-\" ends with the same code and a blank, and another one began before \
             that came. Clients that read strictly take the next reply for a part of this one",
            "End the reply with its code and a blank on a line of its own: look at banner and message files.",
        ),
        OddityKind::NeverEnded => (
            "never ends a multi-line reply",
            "a reply that begins with \"NNN-\" ends with the same code and a blank. That line never came, so a \
             client waits for more",
            "End the reply with its code and a blank on a line of its own: look at banner and message files.",
        ),
        OddityKind::TooLong => (
            "says a line of more than 4096 bytes",
            "servers and inspecting firewalls cut or refuse lines of that length; some read the rest as the next \
             line",
            "Shorten it: a path, a list of addresses, a file that is written into a reply.",
        ),
        OddityKind::Telnet => (
            "sends Telnet sequences",
            "the bytes after 255 (IAC) are Telnet's, and RFC 959 has them before ABOR, STAT and QUIT only. Who \
             doesn't know them reads them as a part of the line",
            "Use an FTP client instead of a Telnet client or script; double a byte 255 that stands in a name.",
        ),
    }
}

fn diagnosis(ctx: &Context<'_>, o: &Oddity, severity: Severity) -> Diagnosis {
    let s = ctx.session;
    let (who, peer, audience) = if o.by_client {
        ("client", "server", Audience::Client)
    } else {
        ("server", "client", Audience::Server)
    };
    let (what, why, remedy) = words(o);
    let line = line(ctx, o);
    let times = if o.count > 1 { format!(" ({} times)", o.count) } else { String::new() };
    let waited = if severity == Severity::Critical {
        format!(
            ", and the {peer} waited {} for the rest",
            wording::duration(ctx.waited_in_session(o.last))
        )
    } else {
        String::new()
    };
    let shown = if line.is_empty() { String::new() } else { format!(": \"{line}\"") };
    let whole = if ctx.session.control_gaps > 0 || ctx.quality.control_loss {
        String::new()
    } else {
        format!(
            " All of the {who}'s bytes are in the capture, so this is how they were sent, or how a device on \
             the way rewrote them."
        )
    };
    let d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .means(if severity == Severity::Critical { Means::Stalled } else { Means::Nothing })
        .summary(format!("The {who} {what}{times}{shown}{waited}."))
        .reasoning(format!("{}: {why}.{}", wording::vantage(ctx), whole))
        .evidence(o.first, format!("the {who} {what}"))
        .evidence_if((o.count > 1).then_some(o.last), "the last time");
    d.evidence_if(ctx.control_closed().filter(|_| severity == Severity::Critical), "given up")
        .advice_with(
            audience,
            remedy,
            format!(
                "tshark -r FILE -Y 'tcp.port == {} && tcp.port == {}' -T fields -e frame.number -e tcp.payload",
                s.client.port, s.server.port
            ),
        )
}

/// The line as the dialogue has it, shortened; passwords are masked there.
fn line(ctx: &Context<'_>, o: &Oddity) -> String {
    let script = &ctx.session.script;
    let message =
        script.messages.iter().find(|m| m.at == o.first && m.from_client() == o.by_client);
    let text = message.and_then(|m| script.text(m)).unwrap_or_default();
    let last = text.lines().last().unwrap_or_default();
    let short: String = last.chars().take(SHOWN).collect();
    if short.len() < last.len() { format!("{short}…") } else { short }
}
