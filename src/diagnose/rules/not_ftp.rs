//! Another service has the port.

use super::prelude::*;

pub(super) static RULE: Rule = Rule {
    code: "not-ftp",
    title: "the port speaks another protocol than FTP",
    stage: Stage::Banner,
    severities: &[Severity::Info],
    means: Means::Nothing,
    explains: &[
        "dialogue-malformed",
        "banner-missing",
        "banner-late",
        "control-probe",
        "control-closed",
        "control-reset",
        "command-unanswered",
        "idle-closed",
    ],
    proof: "On a control port, the server's first bytes are no reply of three digits (SSH-, HTTP/), or the dialogue is SMTP's.",
    look_alikes: "banner-missing (nothing was said at all); dialogue-malformed (a reply follows); TLS; capture-midstream.",
    change: "Nothing on the network: that port runs something else.",
    shown_by: ("not-ftp", "banner-missing"),
    check: Check::when(&[Sign::OtherService, Sign::NoReply, Sign::NoUser], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    if q.midstream || q.one_direction || q.control_loss || s.control_gaps > 0 || s.hidden() {
        return;
    }
    let Some((what, at, shown)) = named(ctx).or_else(|| smtp(ctx)).or_else(|| unnamed(ctx)) else {
        return;
    };
    let sftp = what == "SSH";
    let (reasoning, advice, example) = if sftp {
        (
            "SFTP runs over SSH and has nothing but the name in common with FTP: an FTP client can't use \
             it.",
            "If files are to be had here, use SFTP.",
            format!("sftp -P {} USER@{}", s.server.port, s.server.ip),
        )
    } else {
        (
            "An FTP server greets with 220 or 120 (RFC 959, section 5.4): this one spoke first, and not \
             FTP.",
            "Find the port of the FTP server, or what took its port.",
            format!("ss -ltnp 'sport = :{}'   # on the server", s.server.port),
        )
    };
    findings.add(
        Diagnosis::new(RULE.code, Severity::Info, RULE.stage)
            .confidence(if what == UNKNOWN { Confidence::Likely } else { Confidence::Certain })
            .summary(format!("{} speaks {what}, not FTP.", s.server))
            .reasoning(reasoning)
            .evidence(at, shown)
            .advice_with(Audience::Client, advice, example),
    );
}

const UNKNOWN: &str = "something else";

/// Known by its first bytes.
fn named(ctx: &Context<'_>) -> Option<(&'static str, Moment, String)> {
    let at = ctx.session.from_server().first_byte?;
    let what = ctx.session.not_ftp?;
    Some((what, at, format!("the server's first bytes are {what}'s")))
}

/// The greeting is a 220 as well; HELO, EHLO and LHLO are the client's first words (RFC 5321).
fn smtp(ctx: &Context<'_>) -> Option<(&'static str, Moment, String)> {
    let s = ctx.session;
    // An FTP server may name its host as it likes; its dialogue tells.
    let told = [Verb::USER, Verb::PASS, Verb::FEAT, Verb::SYST];
    if s.script.exchanges.iter().any(|e| told.contains(&e.verb)) {
        return None;
    }
    let hello = s.script.exchanges.iter().find(|e| {
        matches!(e.verb.as_str(), "EHLO" | "HELO" | "LHLO") && e.final_code() == Some(250)
    });
    let greets = s.banner().filter(|b| {
        let names = b.to_ascii_uppercase();
        b.starts_with("220") && (names.contains(" ESMTP") || names.contains(" SMTP"))
    });
    let hello = hello.map(|e| (e.at, format!("{} is answered with 250", e.verb)));
    let greets = greets.and(s.banner_at()).map(|at| (at, "the greeting names SMTP".to_owned()));
    let (at, shown) = hello.or(greets)?;
    Some(("SMTP", at, shown))
}

/// The server spoke first, and not one reply came.
fn unnamed(ctx: &Context<'_>) -> Option<(&'static str, Moment, String)> {
    let s = ctx.session;
    let first = s.script.messages.first().filter(|_| s.script.dropped == 0)?;
    let noise = first.kind == MessageKind::ServerNoise && s.replies == 0 && !ctx.quality.cut;
    // What is open may still say more than half a line.
    let complete = ctx.control_ended() || s.from_client().bytes() > 0;
    (noise && complete).then(|| {
        (UNKNOWN, first.at, "the server's first bytes are no reply of three digits".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnose::scene::Scene;

    const NOT_FTP: &str = "info not-ftp";

    #[test]
    fn ssh_smtp_and_what_nobody_knows() {
        for greeting in ["SSH-2.0-OpenSSH_9.6", "220 mx ESMTP ready", "+OK POP3", "hello"] {
            let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
            s.server(greeting).client("");
            assert_eq!(s.leaves().says(), [NOT_FTP], "{greeting}");
        }
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        s.server("220 mx").asks("EHLO me", "250 mx");
        assert_eq!(s.leaves().says(), [NOT_FTP]);
    }

    #[test]
    fn ftp_on_a_mail_server_and_noise_before_the_greeting() {
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        s.server("220 smtp.example.org FTP").asks("USER a", "331 Password.");
        s.asks("PASS b", "230 In.");
        assert!(!s.quits().says().contains(&NOT_FTP.to_owned()));
        let mut s = Scene::connected("192.0.2.1:40000", "203.0.113.5:21", 64, 60);
        s.server("Warning: clock").server("220 Ready.").asks("USER a", "331 Password.");
        assert!(!s.quits().says().contains(&NOT_FTP.to_owned()));
    }
}
