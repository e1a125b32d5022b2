//! The password was thought about for long.

use super::prelude::*;

/// An answer to PASS that takes longer is slow.
const SLOW: Duration = Duration::from_secs(3);

pub(super) static RULE: Rule = Rule {
    code: "login-slow",
    title: "the server took its time to answer the login",
    stage: Stage::Login,
    severities: &[Severity::Warning],
    means: Means::Nothing,
    explains: &[],
    proof: "More than 3 s from PASS to its 230 or 530.",
    look_alikes: "a server that delays repeated refusals on purpose; PASS that got lost and was sent again.",
    change: "DNS, LDAP or PAM on the server; the delay after a failed login.",
    shown_by: ("login-slow", "login-refused"),
    check: Check::when(&[Sign::Long], check),
};

fn check(ctx: &Context<'_>, findings: &mut Findings) {
    let s = ctx.session;
    let q = ctx.quality;
    // A segment that was lost on the way takes its time as well.
    let lossy = s.from_client().retransmissions + s.from_server().retransmissions > 0;
    if q.one_direction || q.control_loss || s.control_gaps > 0 || lossy {
        return;
    }
    let mut refused_before = false;
    for e in s.script.exchanges.iter().filter(|e| e.verb == Verb::PASS) {
        let Some((code, at)) = e.final_reply else { continue };
        let tarpit = refused_before && e.refused();
        refused_before |= e.refused();
        let delay = at.time.since(e.at.time);
        if delay > SLOW && matches!(code, 230 | 232 | 530) && !tarpit {
            findings.add(diagnosis(ctx, e, (code, at), delay));
            return;
        }
    }
}

fn diagnosis(
    ctx: &Context<'_>,
    e: &Exchange,
    (code, at): (u16, Moment),
    delay: Duration,
) -> Diagnosis {
    let s = ctx.session;
    let network = match s.control.syn_to_syn_ack.into_iter().chain(s.control.syn_ack_to_ack).max() {
        Some(round_trip) => format!(
            "The handshake took {} here and nothing was sent twice: it is the server that took the time",
            wording::duration(round_trip)
        ),
        None => "Nothing was sent twice: it is the server that took the time".to_owned(),
    };
    let (why, advice) = if e.refused() {
        (
            "a refusal is often delayed on purpose, against guessing",
            "A delay after a failed login is sound, unless it was meant to be shorter.",
        )
    } else {
        (
            "it waits for a directory service, PAM, reverse DNS, a home directory on a network file \
             system, or a table of logins",
            "Find what the login waits for: LDAP or PAM, reverse DNS, a home directory on a network file \
             system.",
        )
    };
    Diagnosis::new(RULE.code, Severity::Warning, RULE.stage)
        .confidence(Confidence::Likely)
        .summary(format!(
            "The server answered PASS with {code} after {}.",
            wording::duration(delay)
        ))
        .reasoning(format!("{}. {network}. Most often {why}.", wording::vantage(ctx)))
        .evidence(e.at, "PASS")
        .evidence(at, format!("answered with {code}"))
        .advice_with(
            Audience::Server,
            advice,
            format!(
                "time getent hosts {}\ntime id {}\n{}",
                s.client.ip,
                account(s.user()),
                advice::settings(ctx, advice::server::NO_LOOKUPS).unwrap_or_default()
            )
            .trim_end(),
        )
}

/// A name that can be pasted into a shell.
fn account(user: Option<&str>) -> &str {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._@".contains(c);
    user.filter(|u| !u.is_empty() && u.chars().all(harmless)).unwrap_or("USER")
}

#[cfg(test)]
mod tests {
    use crate::diagnose::scene::Scene;

    fn greeted() -> Scene {
        let mut s = Scene::connected("10.0.0.1:40000", "10.0.0.5:21", 64, 60);
        s.server("220 Ready.").asks("USER a", "331 Password.");
        s
    }

    fn slow(s: &mut Scene) -> bool {
        s.says().contains(&"warning login-slow".to_owned())
    }

    #[test]
    fn a_slow_yes_and_a_slow_no() {
        for reply in ["230 In.", "530 No."] {
            let mut s = greeted();
            s.client("PASS b").wait(3500).server(reply);
            assert!(slow(s.quits()), "{reply}");
            let mut s = greeted();
            s.client("PASS b").wait(2500).server(reply);
            assert!(!slow(s.quits()), "{reply}");
        }
    }

    #[test]
    fn refusals_that_are_delayed_more_and_more_are_on_purpose() {
        let mut s = greeted();
        s.asks("PASS b", "530 No.").client("PASS c").wait(4000).server("530 No.");
        assert!(!slow(s.quits()));
    }

    #[test]
    fn a_pass_that_got_lost_is_the_networks() {
        let mut s = greeted();
        s.client("PASS b");
        let control = s.control;
        s.again(&control, true, 0x18, 8, 4);
        assert!(!slow(s.server("230 In.").quits()));
    }

    #[test]
    fn names_for_a_shell() {
        assert_eq!(super::account(Some("lab.user")), "lab.user");
        assert_eq!(super::account(Some("a; rm -rf /")), "USER");
    }
}
