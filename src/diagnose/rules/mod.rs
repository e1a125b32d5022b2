//! The table of rules, in the order in which a session is examined.

use super::Rule;
use crate::session::{Exchange, Script};

/// What rules use.
mod prelude {
    pub(super) use std::time::Duration;

    pub(super) use crate::capture::Moment;
    pub(super) use crate::diagnose::{
        Advice, Audience, Check, Class, Confidence, Context, Diagnosis, Findings, Means, Rule,
        Severity, Sign, Stage, advice, wording,
    };
    pub(super) use crate::ftp::command::Verb;
    pub(super) use crate::session::{
        Association, Channel, Connection, ConnectionState, Exchange, MessageKind, Mode, Opening,
        VantagePoint,
    };
}

mod abort_unanswered;
mod active_source_port;
mod announcement_unreadable;
mod announcement_unused;
mod auth_refused;
mod banner_late;
mod banner_missing;
mod bounce_attempt;
mod capture_control_only;
mod capture_duplicates;
mod capture_loss;
mod capture_midstream;
mod capture_one_direction;
mod capture_snaplen;
mod cleartext_login;
mod command_unacknowledged;
mod command_unanswered;
mod control_closed;
mod control_closed_early;
mod control_dead;
mod control_hidden;
mod control_interrupted;
mod control_probe;
mod control_refused;
mod control_reset;
mod control_sequence_broken;
mod control_unanswered;
mod control_unreachable;
mod data_handshake_incomplete;
mod data_lossy;
mod data_mtu_blackhole;
mod data_never_attempted;
mod data_path_dead;
mod data_paused;
mod data_peer_vanished;
mod data_port_reused;
mod data_port_stolen;
mod data_refused;
mod data_rejected;
mod data_reordered;
mod data_reset;
mod data_silent;
mod data_syn_delayed;
mod data_syn_unanswered;
mod data_window_limited;
mod data_wrong_peer;
mod data_zero_window;
mod dialogue_malformed;
mod epsv_blocked_pasv_works;
mod epsv_refused;
mod fxp;
mod host_unreachable;
mod ident_delay;
mod idle_closed;
mod login_needs_tls;
mod login_refused;
mod login_slow;
mod no_data_announcement;
mod not_ftp;
mod passive_unavailable;
mod pasv_address_overridden;
mod pasv_private_address;
mod pasv_wrong_address;
mod plain_on_tls_port;
mod port_private_address;
mod port_refused;
mod reply_missing;
mod tls_data_blocked;
mod tls_handshake_failed;
mod tls_on_plain_port;
mod tls_protection_mismatch;
mod tls_session_not_reused;
mod tls_truncated_close;
mod too_many_connections;
mod transfer_aborted;
mod transfer_refused;
mod transfer_short;

/// What follows when a data connection can't be opened: the late reply, the client that leaves,
/// the server that closes.
const AFTER_A_FAILED_DIAL: &[&str] = &[
    "transfer-refused",
    "transfer-aborted",
    "reply-missing",
    "control-reset",
    "control-closed",
    "command-unanswered",
    "announcement-unused",
    "idle-closed",
    "no-data-announcement",
    "port-refused",
];

/// What follows when the announced address is wrong: also whatever became of the dial to it.
const AFTER_A_WRONG_ADDRESS: &[&str] = &[
    "data-syn-unanswered",
    "data-refused",
    "data-rejected",
    "data-never-attempted",
    "port-refused",
    "transfer-refused",
    "transfer-aborted",
    "reply-missing",
    "control-reset",
    "announcement-unused",
    "idle-closed",
];

/// What follows when a transfer stalls: the error or the reset at its end, the missing reply.
const AFTER_A_STALLED_TRANSFER: &[&str] = &[
    "data-silent",
    "data-reset",
    "transfer-refused",
    "transfer-aborted",
    "reply-missing",
    "abort-unanswered",
    "control-reset",
    "idle-closed",
];

/// The refusal of a login speaks of TLS.
pub(in crate::diagnose) fn demands_tls(script: &Script, e: &Exchange) -> bool {
    if !matches!(e.final_code(), Some(421 | 500..=599)) {
        return false;
    }
    let text = script.reply_text(e).to_ascii_lowercase();
    let named = ["tls", "ssl", "encrypt", "secure connection", "auth "];
    named.iter().any(|n| text.contains(n))
}

/// The refusal of a login, or a 421 to it, speaks of a limit.
pub(in crate::diagnose) fn too_many(script: &Script, e: &Exchange) -> bool {
    if !matches!(e.final_code(), Some(421 | 530)) {
        return false;
    }
    let text = script.reply_text(e).to_ascii_lowercase();
    let named = ["too many", "maximum", "max ", "limit", "connections"];
    named.iter().any(|n| text.contains(n))
}

/// A diagnosis that a passive reply names the wrong address.
fn wrong_address(
    rule: &Rule,
    ctx: &prelude::Context<'_>,
    channel: &prelude::Channel,
    summary: String,
    reasoning: String,
) -> prelude::Diagnosis {
    use prelude::*;
    let mut d = Diagnosis::new(rule.code, Severity::Critical, rule.stage)
        .channel(channel.id)
        .summary(summary)
        .reasoning(reasoning)
        .announced(channel);
    let state = channel.connection.as_deref().map(Connection::state);
    if matches!(state, Some(ConnectionState::Refused | ConnectionState::Unreachable)) {
        d = d.means(Means::Failed);
    }
    for dial in ctx.dials(channel) {
        d = d.dialled(dial);
    }
    if channel.connection.is_none() {
        d = d.evidence_if(ctx.control_closed(), "no SYN to it was seen when the session ends");
    }
    d.answered(ctx, channel).advise([advice::external_address(ctx)]).advice(
        Audience::Client,
        "Until then, let the client ignore the address in the reply (curl does since 7.74; lftp: set \
         ftp:fix-pasv-address yes), or use EPSV, which names none.",
    )
}

/// Every diagnosis of the catalogue.
pub static RULES: &[&Rule] = &[
    &capture_midstream::RULE,
    &capture_one_direction::RULE,
    &capture_loss::RULE,
    &capture_snaplen::RULE,
    &capture_duplicates::RULE,
    &capture_control_only::RULE,
    &control_unanswered::RULE,
    &control_refused::RULE,
    &control_unreachable::RULE,
    &control_probe::RULE,
    &not_ftp::RULE,
    &tls_on_plain_port::RULE,
    &plain_on_tls_port::RULE,
    &banner_missing::RULE,
    &ident_delay::RULE,
    &banner_late::RULE,
    &too_many_connections::RULE,
    &auth_refused::RULE,
    &login_needs_tls::RULE,
    &login_refused::RULE,
    &login_slow::RULE,
    &idle_closed::RULE,
    &control_dead::RULE,
    &host_unreachable::RULE,
    &control_closed::RULE,
    &control_closed_early::RULE,
    &control_interrupted::RULE,
    &command_unanswered::RULE,
    &command_unacknowledged::RULE,
    &control_reset::RULE,
    &control_sequence_broken::RULE,
    &dialogue_malformed::RULE,
    &port_private_address::RULE,
    &port_refused::RULE,
    &pasv_private_address::RULE,
    &pasv_wrong_address::RULE,
    &pasv_address_overridden::RULE,
    &epsv_refused::RULE,
    &epsv_blocked_pasv_works::RULE,
    &passive_unavailable::RULE,
    &announcement_unreadable::RULE,
    &no_data_announcement::RULE,
    &announcement_unused::RULE,
    &data_syn_unanswered::RULE,
    &data_rejected::RULE,
    &data_refused::RULE,
    &data_never_attempted::RULE,
    &data_syn_delayed::RULE,
    &data_handshake_incomplete::RULE,
    &data_wrong_peer::RULE,
    &data_port_stolen::RULE,
    &data_port_reused::RULE,
    &active_source_port::RULE,
    &tls_data_blocked::RULE,
    &data_silent::RULE,
    &data_paused::RULE,
    &data_zero_window::RULE,
    &data_path_dead::RULE,
    &data_mtu_blackhole::RULE,
    &data_lossy::RULE,
    &data_reordered::RULE,
    &data_window_limited::RULE,
    &data_reset::RULE,
    &data_peer_vanished::RULE,
    &transfer_aborted::RULE,
    &reply_missing::RULE,
    &transfer_refused::RULE,
    &abort_unanswered::RULE,
    &transfer_short::RULE,
    &control_hidden::RULE,
    &tls_session_not_reused::RULE,
    &tls_handshake_failed::RULE,
    &tls_truncated_close::RULE,
    &tls_protection_mismatch::RULE,
    &bounce_attempt::RULE,
    &fxp::RULE,
    &cleartext_login::RULE,
];
