//! What a stall waited for, in a few words to stand in its gap.

use crate::diagnose::{Diagnosis, Stage};
use crate::report::text::units;
use crate::session::{Channel, ConnectionState, Session};

use super::rung::Lane;

/// The lane on which something was waited for.
pub fn lane(diagnosis: &Diagnosis, channel: Option<&Channel>) -> Lane {
    let on_data = match diagnosis.stage {
        Stage::DataConnect | Stage::DataTransfer => true,
        // What was announced wrongly is waited for where it was to come.
        Stage::Announcement | Stage::Tls => !diagnosis.channels.is_empty(),
        _ => false,
    };
    if channel.is_some() && on_data { Lane::Data(0) } else { Lane::Control }
}

/// What was waited for.
pub fn verdict(diagnosis: &Diagnosis, session: &Session, channel: Option<&Channel>) -> String {
    let dials = channel.and_then(|c| c.connection.as_deref().or(c.attempts.last()));
    let control_stage = matches!(diagnosis.stage, Stage::ControlConnect);
    let connection = if control_stage { Some(&*session.control) } else { dials };
    let connecting =
        matches!(diagnosis.stage, Stage::DataConnect | Stage::Announcement) || control_stage;
    if connecting && let Some(c) = connection {
        match c.state() {
            ConnectionState::Unanswered => {
                let syns = units::count(u64::from(c.from_initiator.syns), "SYN");
                return format!("{syns} unanswered");
            }
            ConnectionState::HandshakeIncomplete => return "SYN-ACKs unanswered".to_owned(),
            _ => {}
        }
    }
    let text = match diagnosis.code {
        "data-never-attempted" | "port-private-address" => "no SYN seen",
        "data-zero-window" => "window 0",
        "data-path-dead" | "data-mtu-blackhole" => "never acknowledged",
        "data-silent" if dials.is_some_and(|c| c.bytes() > 0) => "no more bytes",
        "data-silent" => "not one byte",
        "data-paused" => "no bytes",
        "control-dead" | "command-unacknowledged" => "unacknowledged",
        "idle-closed" => "idle",
        "login-slow" => "the login takes its time",
        "ident-delay" | "banner-late" => "the banner takes its time",
        _ => match diagnosis.stage {
            Stage::Capture => "not captured",
            Stage::ControlConnect => "no connection",
            Stage::Banner => "no banner",
            Stage::Tls => "the TLS handshake stands still",
            Stage::Login => "no answer to the login",
            Stage::Command => "no answer",
            Stage::Announcement if channel.is_some() && dials.is_none() => "no SYN seen",
            Stage::Announcement => "no usable announcement",
            Stage::DataConnect => "no data connection",
            Stage::DataTransfer => "no bytes",
            Stage::Completion => "no final reply",
            Stage::Security => "silence",
        },
    };
    text.to_owned()
}
