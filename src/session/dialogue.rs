//! The dialogue of a control connection as it is kept for rules and views.

use super::codes::Codes;
use super::span::Span;
use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::pack::packed_enum;

/// How far the client came with logging in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// 230 or 232.
    Accepted,
    /// 530 or another refusal, and no success after it.
    Refused,
    /// USER or PASS without a final answer.
    Pending,
    /// Never tried, or not captured.
    None,
    /// Under TLS.
    Hidden,
}

/// What a message of the dialogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// From the client; index of its exchange.
    Command(u32),
    /// From the server: code, and the exchange that it answers, if any.
    Reply(u16, Option<u32>),
    /// From the client: a line that is no command.
    ClientNoise,
    /// From the server: a line without a code.
    ServerNoise,
    /// Bytes the client sent that the capture doesn't hold.
    ClientGap,
    /// Bytes the server sent that the capture doesn't hold.
    ServerGap,
    /// The client's first TLS record after clear text, or a milestone of its TLS.
    ClientTls,
    /// The server's.
    ServerTls,
}

/// One command, reply or mark of the dialogue, in capture order.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// The packet with the last byte of its last line.
    pub at: Moment,
    /// What it is.
    pub kind: MessageKind,
    /// Where its text is; see [`Script::text`](super::Script::text).
    pub(super) text: Span,
}

impl Message {
    /// The client said it.
    pub fn from_client(&self) -> bool {
        use MessageKind::*;
        matches!(self.kind, Command(_) | ClientNoise | ClientGap | ClientTls)
    }
}

/// A command and its replies.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The verb.
    pub verb: Verb,
    /// Where its argument is; see [`Script::argument`](super::Script::argument).
    pub(super) argument: Span,
    /// When it was sent.
    pub at: Moment,
    /// Stream offset after it, in the client's direction.
    pub end_offset: u64,
    /// Codes of its replies in order, preliminary ones first.
    pub replies: Codes,
    /// First reply of any kind.
    pub first_reply: Option<Moment>,
    /// The final reply (2xx to 5xx).
    pub final_reply: Option<(u16, Moment)>,
    /// Where the text of its final reply is; see [`Script::reply_text`](super::Script::reply_text).
    pub(super) reply_text: Span,
}

impl Exchange {
    /// The code of the final reply.
    pub fn final_code(&self) -> Option<u16> {
        self.final_reply.map(|r| r.0)
    }

    /// A final 2xx.
    pub fn succeeded(&self) -> bool {
        matches!(self.final_code(), Some(200..=299))
    }

    /// A final 4xx or 5xx.
    pub fn refused(&self) -> bool {
        matches!(self.final_code(), Some(400..=599))
    }
}

packed_enum!(Login { 0 => Accepted, 1 => Refused, 2 => Pending, 3 => None, 4 => Hidden });
packed_enum!(MessageKind {
    0 => Command(exchange),
    1 => Reply(code, exchange),
    2 => ClientNoise,
    3 => ServerNoise,
    4 => ClientGap,
    5 => ServerGap,
    6 => ClientTls,
    7 => ServerTls,
});
