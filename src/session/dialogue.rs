//! The dialogue of a control connection as it is kept for rules and views.

use super::growth::grow;
use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::pack::{Pack, Packer, Unpacker, packed, packed_enum};

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
    Command(usize),
    /// From the server: code, and the exchange that it answers, if any.
    Reply(u16, Option<usize>),
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
    /// Where its text is; see [`Script::text`].
    pub(crate) start: u64,
    pub(crate) len: u32,
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
    /// The argument; kept for transfers, announcements and a few others, masked when secret.
    pub argument: String,
    /// When it was sent.
    pub at: Moment,
    /// Stream offset after it, in the client's direction.
    pub end_offset: u64,
    /// Codes of its replies in order, preliminary ones first.
    pub replies: Vec<u16>,
    /// First reply of any kind.
    pub first_reply: Option<Moment>,
    /// The final reply (2xx to 5xx).
    pub final_reply: Option<(u16, Moment)>,
    /// Text of the final reply, for error replies and those with numbers in them; else empty.
    pub reply_text: String,
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

/// Everything said on a control connection, bounded.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// In capture order.
    pub messages: Vec<Message>,
    /// In order of the commands.
    pub exchanges: Vec<Exchange>,
    /// Messages dropped from the front, to stay within the bound.
    pub dropped: u64,
    text: String,
    /// Bytes of text dropped from the front.
    dropped_text: u64,
}

impl Script {
    /// Bytes of text kept for a session; the oldest is dropped first.
    pub const MAX_TEXT: usize = 64 * 1024;
    /// Room for a session that logs in and fetches a file.
    const FIRST_TEXT: usize = 480;

    /// The text of a message, passwords masked; `None` once dropped.
    pub fn text(&self, message: &Message) -> Option<&str> {
        let from = usize::try_from(message.start.checked_sub(self.dropped_text)?).ok()?;
        self.text.get(from..from + message.len as usize)
    }

    /// Adds a message: a word, and what follows it after a space, if anything does.
    pub(crate) fn push(&mut self, at: Moment, kind: MessageKind, word: &str, rest: &str) {
        self.append(at, kind, word, rest);
        if self.text.len() > Self::MAX_TEXT {
            self.drop_oldest();
        }
    }

    fn append(&mut self, at: Moment, kind: MessageKind, word: &str, rest: &str) {
        let from = self.text.len();
        let most = word.len() + 1 + rest.len();
        if self.text.capacity() - from < most {
            self.text.reserve_exact(most.max(from / 2).max(Self::FIRST_TEXT));
        }
        self.text.push_str(word);
        if !rest.is_empty() {
            self.text.push(' ');
            self.text.push_str(rest);
        }
        let (start, len) = (self.dropped_text + from as u64, (self.text.len() - from) as u32);
        grow(&mut self.messages).push(Message { at, kind, start, len });
    }

    /// Halves the text, so that dropping costs little for each message.
    fn drop_oldest(&mut self) {
        let aim = self.dropped_text + (Self::MAX_TEXT / 2) as u64;
        let keep = self.messages.partition_point(|m| m.start < aim);
        let from =
            self.messages.get(keep).map_or(self.text.len() as u64, |m| m.start - self.dropped_text);
        self.messages.drain(..keep);
        self.dropped += keep as u64;
        let from = usize::try_from(from).unwrap_or(self.text.len());
        self.text.drain(..from);
        self.dropped_text += from as u64;
    }
}

impl Script {
    /// Writes every text anew, as `f` says of the message and its text.
    pub fn map_texts(&mut self, mut f: impl FnMut(MessageKind, &str) -> String) {
        let old = std::mem::take(&mut self.text);
        let dropped = std::mem::take(&mut self.dropped_text);
        for m in &mut self.messages {
            let from = usize::try_from(m.start.saturating_sub(dropped)).unwrap_or(usize::MAX);
            let text = old.get(from..from.saturating_add(m.len as usize)).unwrap_or_default();
            let new = f(m.kind, text);
            m.start = self.text.len() as u64;
            m.len = new.len() as u32;
            self.text.push_str(&new);
        }
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
packed!(Exchange { verb, argument, at, first_reply, final_reply, end_offset, replies, reply_text });

impl Pack for Script {
    // Each text with its message: the same one may stand in an exchange.
    fn pack(&self, to: &mut Packer) {
        let Self { messages, exchanges, dropped, text: _, dropped_text } = self;
        (*dropped, *dropped_text).pack(to);
        messages.len().pack(to);
        for m in messages {
            let Message { at, kind, start: _, len: _ } = m;
            at.pack(to);
            kind.pack(to);
            to.slice(self.text(m).unwrap_or_default().as_bytes());
        }
        exchanges.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (dropped, dropped_text) = Pack::unpack(from)?;
        let mut script = Self { dropped, dropped_text, ..Self::default() };
        for _ in 0..usize::unpack(from)? {
            let (at, kind) = Pack::unpack(from)?;
            let text = str::from_utf8(from.slice()?).ok()?;
            script.append(at, kind, text, "");
        }
        script.exchanges = Pack::unpack(from)?;
        Some(script)
    }
}
