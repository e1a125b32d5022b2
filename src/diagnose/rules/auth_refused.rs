//! The client asked for TLS and got none.

use super::prelude::*;
use crate::session::Login;

pub(super) static RULE: Rule = Rule {
    code: "auth-refused",
    title: "the server refused AUTH: the client asked for TLS and got none",
    stage: Stage::Tls,
    severities: &[Severity::Warning, Severity::Critical, Severity::Info],
    means: Means::Failed,
    explains: &["login-needs-tls", "control-closed", "control-probe"],
    proof: "4xx or 5xx to AUTH, and no later AUTH was accepted. Critical when the client left without a login, or the server refused the login for want of TLS; a note when the login in clear worked, which clients that try TLS by default are content with.",
    look_alikes: "530 to AUTH from a server that wants a login first (lftp and vsftpd), which the client follows by logging in; 421 (the server leaves).",
    change: "Enable TLS on the server.",
    shown_by: ("auth-refused", "mixed-many"),
    check: Check::when(&[Sign::Refusal], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    let asked = || s.script.exchanges.iter().filter(|e| e.verb == Verb::AUTH);
    let accepted = asked().any(|e| matches!(e.final_code(), Some(234 | 334 | 232)));
    if accepted || s.hidden() || s.control_gaps > 0 || q.control_loss || q.one_direction {
        return;
    }
    let refusals: Vec<(&Exchange, (u16, Moment))> = asked()
        .filter(|e| e.refused())
        .filter_map(|e| Some((e, e.final_reply.filter(|r| r.0 != 421)?)))
        .collect();
    let Some((last, (code, _))) = refusals.last().copied() else { return };
    let logins = || s.script.exchanges.iter().filter(|e| matches!(e.verb, Verb::USER | Verb::PASS));
    let demanded = s.login == Login::Refused && logins().any(|e| super::demands_tls(&s.script, e));
    // No login was tried: TLS is what the client insists on.
    let left = s.login == Login::None && !q.midstream && ctx.control_ended();
    let severity = if demanded || left {
        Severity::Critical
    } else if s.login == Login::Accepted || !ctx.control_ended() && s.login != Login::Refused {
        // It went on in clear, or may still do so.
        Severity::Info
    } else {
        Severity::Warning
    };
    // It wants a login first, gets it, or may still get it.
    if code == 530 && severity != Severity::Critical {
        return;
    }
    let (after, reasoning) = if demanded {
        (
            ", and lets nobody log in without TLS",
            "The server demands TLS and can't do it, or not for this client: most often its certificate \
             or key is missing or unreadable.",
        )
    } else if left {
        (
            ", and the client left without a login",
            "The client insists on TLS: it didn't try to log in in clear.",
        )
    } else if s.login == Login::Accepted {
        (
            ", and the login went on in clear",
            "The client asked for TLS and did without it, as clients do that try TLS by default.",
        )
    } else {
        ("", "The client asked for TLS and the server has none to offer.")
    };
    let mut d = Diagnosis::new(RULE.code, severity, RULE.stage)
        .summary(format!("The server refused AUTH{after}: {}", ctx.reply_text(last)))
        .reasoning(
            format!(
                "{reasoning} Nothing of the network is at fault: the server answered in clear. {}",
                match code {
                    500..=502 =>
                        "It doesn't know the command: TLS isn't compiled in or not enabled.",
                    504 | 534 =>
                        "It knows the command, but not this mechanism, or its policy forbids it.",
                    431 => "It lacks what it needs for it now (RFC 2228): a certificate, say.",
                    530 => "It answers AUTH like any command before the login: TLS isn't enabled.",
                    _ => "",
                }
            )
            .trim_end(),
        );
    for (e, (code, at)) in refusals {
        d = d
            .evidence(e.at, format!("AUTH {}", ctx.argument(e)).trim_end().to_owned())
            .evidence(at, format!("answered with {code}"));
    }
    if let Some(login) = logins().next().filter(|e| e.at > last.at) {
        d = d.evidence(login.at, format!("{} in clear", login.verb));
    } else if left {
        d = d.evidence_if(ctx.control_closed(), "the connection is closed without a login");
    }
    d = d.advise_server(
        ctx,
        "Enable TLS, with a certificate that the server can read.",
        advice::server::ENABLE_TLS,
    );
    if severity != Severity::Critical {
        d = d.advice_with(
            Audience::Client,
            "Where clear text isn't acceptable, let the client insist on TLS.",
            advice::insist_on_tls(ctx),
        );
    }
    findings.add(d);
}

#[cfg(test)]
mod tests {
    use crate::diagnose::scene::Scene;

    fn greeted() -> Scene {
        let mut s = Scene::connected("10.0.0.1:40000", "10.0.0.5:21", 64, 60);
        s.server("220 Ready.");
        s
    }

    fn about_auth(s: &mut Scene) -> Vec<String> {
        s.says().into_iter().filter(|d| d.contains("auth-refused") || d.contains("tls")).collect()
    }

    #[test]
    fn a_client_that_insists_and_one_that_does_without() {
        let mut s = greeted();
        s.asks("AUTH SSL", "500 What?").asks("AUTH TLS", "500 What?");
        assert_eq!(about_auth(s.quits()), ["critical auth-refused"]);
        let mut s = greeted();
        s.asks("AUTH TLS", "502 No.").asks("USER a", "331 Password.").asks("PASS b", "230 In.");
        assert_eq!(about_auth(s.quits()), ["info auth-refused"]);
    }

    #[test]
    fn a_server_that_wants_a_login_first() {
        let mut s = greeted();
        s.asks("AUTH TLS", "530 Log in.").asks("USER a", "331 Password.").asks("PASS b", "230 In.");
        assert!(about_auth(s.quits()).is_empty());
        assert!(about_auth(greeted().asks("AUTH TLS", "530 Log in.")).is_empty());
        let mut s = greeted();
        assert_eq!(
            about_auth(s.asks("AUTH TLS", "530 Log in.").quits()),
            ["critical auth-refused"]
        );
    }

    #[test]
    fn a_server_that_demands_what_it_refuses() {
        let mut s = greeted();
        s.asks("AUTH TLS", "431 No certificate.").asks("USER a", "530 Use AUTH TLS first.");
        assert_eq!(about_auth(s.quits()), ["critical auth-refused"]);
    }

    #[test]
    fn a_wrong_password_has_nothing_to_do_with_it() {
        let mut s = greeted();
        s.asks("AUTH TLS", "500 What?").asks("USER a", "331 Password.").asks("PASS b", "530 No.");
        assert_eq!(about_auth(s.quits()), ["warning auth-refused"]);
    }
}
