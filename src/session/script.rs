//! Everything said on a control connection, bounded.

use super::codes::Codes;
use super::dialogue::{Exchange, Message, MessageKind};
use super::growth::grow;
use super::text::head;
use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::pack::{Pack, Packer, Unpacker, packed};

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 4096;
/// Characters of a final reply that are kept for as long as its exchange is.
const MAX_REPLY: usize = 512;

/// Where a text stands in a [`Script`]: an offset of 40 bits, a length of 23, and whether it is among
/// those that are never dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span(u64);

impl Span {
    const LEN: u32 = 23;
    const OFFSET: u32 = 40;
    const KEPT: u64 = 1 << 63;

    fn new(offset: u64, len: usize, kept: bool) -> Self {
        let len = (len as u64).min((1 << Self::LEN) - 1);
        let offset = offset & ((1 << Self::OFFSET) - 1);
        Self(offset << Self::LEN | len | if kept { Self::KEPT } else { 0 })
    }

    fn offset(self) -> u64 {
        self.0 >> Self::LEN & ((1 << Self::OFFSET) - 1)
    }

    fn len(self) -> usize {
        (self.0 & ((1 << Self::LEN) - 1)) as usize
    }

    fn is_kept(self) -> bool {
        self.0 & Self::KEPT != 0
    }

    /// The text goes when what stands before `offset` does.
    fn is_before(self, offset: u64) -> bool {
        !self.is_kept() && self.len() > 0 && self.offset() < offset
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
    /// The texts of the messages, one behind the other. What exchanges and the greeting hold of them
    /// isn't there a second time.
    text: String,
    /// Bytes of text dropped from the front.
    dropped_text: u64,
    /// What exchanges and the greeting hold of messages that were dropped.
    kept: String,
    /// The server's first reply, when nothing was asked before it.
    greeting: Option<(Span, Moment)>,
}

impl Script {
    /// Bytes of text kept for a session; the oldest is dropped first.
    pub const MAX_TEXT: usize = 64 * 1024;
    /// Room for a session that logs in and fetches a file.
    const FIRST_TEXT: usize = 480;
    /// The same, for its messages.
    const FIRST_MESSAGES: usize = 16;
    /// The same, for its commands.
    const FIRST_EXCHANGES: usize = 6;

    /// The text of a message, passwords masked; `None` once dropped.
    pub fn text(&self, message: &Message) -> Option<&str> {
        self.read(message.text)
    }

    /// The argument of a command, masked when it is secret.
    pub fn argument(&self, exchange: &Exchange) -> &str {
        self.read(exchange.argument).unwrap_or_default()
    }

    /// The text of a command's final reply: its first 512 characters. Empty before there is one.
    pub fn reply_text(&self, exchange: &Exchange) -> &str {
        self.read(exchange.reply_text).unwrap_or_default()
    }

    /// The server's greeting, and when it was complete.
    pub fn greeting(&self) -> Option<(&str, Moment)> {
        self.greeting.map(|(span, at)| (self.read(span).unwrap_or_default(), at))
    }

    /// The server has greeted.
    pub(super) fn is_greeted(&self) -> bool {
        self.greeting.is_some()
    }

    /// How often each verb was said, in their order.
    pub fn verbs(&self) -> Vec<(Verb, u64)> {
        let mut verbs: Vec<Verb> = self.exchanges.iter().map(|e| e.verb).collect();
        verbs.sort_unstable();
        verbs.chunk_by(|a, b| a == b).filter_map(|v| Some((*v.first()?, v.len() as u64))).collect()
    }

    fn read(&self, span: Span) -> Option<&str> {
        let (from, text) = if span.is_kept() {
            (span.offset(), &self.kept)
        } else {
            (span.offset().checked_sub(self.dropped_text)?, &self.text)
        };
        let from = usize::try_from(from).ok()?;
        text.get(from..from + span.len())
    }

    fn keep(&mut self, text: &str) -> Span {
        let span = Span::new(self.kept.len() as u64, text.len(), true);
        self.kept.push_str(text);
        span
    }

    /// Adds something that is neither a command nor a reply.
    pub(super) fn push(&mut self, at: Moment, kind: MessageKind, text: &str) {
        self.append(at, kind, head(text, MAX_MESSAGE));
        self.limit();
    }

    /// Adds a command, of which so many bytes at the end are its argument; its index. It is bounded as
    /// lines are.
    pub(super) fn command(
        &mut self,
        verb: Verb,
        pieces: &[&str],
        argument: usize,
        at: Moment,
        end: u64,
    ) -> usize {
        let exchange = self.exchanges.len();
        let from = self.room(pieces.iter().map(|p| p.len()).sum());
        for piece in pieces {
            self.text.push_str(piece);
        }
        let start = self.text.len() - argument;
        let span = Span::new(self.dropped_text + start as u64, argument, false);
        self.add(at, MessageKind::Command(exchange as u32), from);
        grow(&mut self.exchanges, Self::FIRST_EXCHANGES).push(Exchange {
            verb,
            argument: span,
            at,
            end_offset: end,
            replies: Codes::default(),
            first_reply: None,
            final_reply: None,
            reply_text: Span::default(),
        });
        self.limit();
        exchange
    }

    /// Adds a reply; `to` a command, if it answers one, and whether it is the final one. The command's
    /// verb.
    pub(super) fn reply(
        &mut self,
        code: u16,
        text: &str,
        at: Moment,
        to: Option<(usize, bool)>,
    ) -> Option<Verb> {
        let text = head(text, MAX_MESSAGE);
        let from = self.append(at, MessageKind::Reply(code, to.map(|t| t.0 as u32)), text);
        let mut verb = None;
        if let Some((exchange, last)) = to
            && let Some(e) = self.exchanges.get_mut(exchange)
        {
            verb = Some(e.verb);
            e.first_reply.get_or_insert(at);
            e.replies.push(code);
            if last {
                e.final_reply = Some((code, at));
                e.reply_text = Span::new(from, head(text, MAX_REPLY).len(), false);
            }
        }
        self.limit();
        verb
    }

    /// The reply that was added last is the greeting.
    pub(super) fn greeted(&mut self) {
        if let (None, Some(m)) = (self.greeting, self.messages.last()) {
            self.greeting = Some((m.text, m.at));
        }
    }

    fn append(&mut self, at: Moment, kind: MessageKind, text: &str) -> u64 {
        let from = self.room(text.len());
        self.text.push_str(text);
        self.add(at, kind, from)
    }

    /// Makes room for so many bytes of text; where they will stand.
    fn room(&mut self, most: usize) -> usize {
        let from = self.text.len();
        if self.text.capacity() - from < most {
            self.text.reserve_exact(most.max(from / 2).max(Self::FIRST_TEXT));
        }
        from
    }

    /// Adds the message whose text begins at `from`; its offset.
    fn add(&mut self, at: Moment, kind: MessageKind, from: usize) -> u64 {
        let start = self.dropped_text + from as u64;
        let text = Span::new(start, self.text.len() - from, false);
        grow(&mut self.messages, Self::FIRST_MESSAGES).push(Message { at, kind, text });
        start
    }

    fn limit(&mut self) {
        if self.text.len() > Self::MAX_TEXT {
            self.drop_oldest();
        }
    }

    /// Halves the text, so that dropping costs little for each message.
    #[cold]
    fn drop_oldest(&mut self) {
        let aim = self.dropped_text + (Self::MAX_TEXT / 2) as u64;
        let keep = self.messages.partition_point(|m| m.text.offset() < aim);
        let end = self.dropped_text + self.text.len() as u64;
        let from = self.messages.get(keep).map_or(end, |m| m.text.offset());
        self.save(keep, from);
        self.messages.drain(..keep);
        self.dropped += keep as u64;
        let bytes = usize::try_from(from - self.dropped_text).unwrap_or(self.text.len());
        self.text.drain(..bytes);
        self.dropped_text = from;
    }

    /// Puts aside what exchanges and the greeting hold of the first `messages`, whose text ends at
    /// `end`.
    fn save(&mut self, messages: usize, end: u64) {
        for i in 0..messages {
            let kind = self.messages.get(i).map(|m| m.kind);
            let (Some(MessageKind::Command(of)) | Some(MessageKind::Reply(_, Some(of)))) = kind
            else {
                continue;
            };
            let Some(e) = self.exchanges.get(of as usize) else { continue };
            let (argument, reply) = (e.argument, e.reply_text);
            let (argument, reply) = (self.saved(argument, end), self.saved(reply, end));
            if let Some(e) = self.exchanges.get_mut(of as usize) {
                (e.argument, e.reply_text) = (argument, reply);
            }
        }
        self.greeting = self.greeting.map(|(span, at)| (self.saved(span, end), at));
    }

    fn saved(&mut self, span: Span, end: u64) -> Span {
        if !span.is_before(end) {
            return span;
        }
        let text = self.read(span).unwrap_or_default().to_owned();
        self.keep(&text)
    }
}

impl Script {
    /// Writes every text anew, as `f` says of the message and its text. Those of exchanges and of the
    /// greeting are to be written before.
    pub fn map_texts(&mut self, mut f: impl FnMut(MessageKind, &str) -> String) {
        let mut messages = std::mem::take(&mut self.messages);
        let mut text = String::new();
        for m in &mut messages {
            let new = f(m.kind, self.text(m).unwrap_or_default());
            m.text = Span::new(text.len() as u64, new.len(), false);
            text.push_str(&new);
        }
        (self.messages, self.text, self.dropped_text) = (messages, text, 0);
    }

    /// Writes anew what exchanges and the greeting hold: `f` is asked for each exchange's argument and
    /// reply, `greeting` for the greeting.
    pub fn map_kept(
        &mut self,
        mut f: impl FnMut(Verb, &str, &str) -> (String, String),
        greeting: impl FnOnce(&str) -> String,
    ) {
        let mut exchanges = std::mem::take(&mut self.exchanges);
        let said = self.greeting().map(|(text, at)| (greeting(text), at));
        let new: Vec<(String, String)> =
            exchanges.iter().map(|e| f(e.verb, self.argument(e), self.reply_text(e))).collect();
        self.kept.clear();
        self.greeting = said.map(|(text, at)| (self.keep(&text), at));
        for (e, (argument, reply)) in exchanges.iter_mut().zip(new) {
            (e.argument, e.reply_text) = (self.keep(&argument), self.keep(&reply));
        }
        self.exchanges = exchanges;
    }
}

packed!(Exchange { verb, argument, at, first_reply, final_reply, end_offset, replies, reply_text });

impl Pack for Span {
    fn pack(&self, to: &mut Packer) {
        (self.is_kept(), self.len(), self.offset()).pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (kept, len, offset) = Pack::unpack(from)?;
        Some(Self::new(offset, len, kept))
    }
}

impl Pack for Script {
    // Each text with its message: the same one may have been said before.
    fn pack(&self, to: &mut Packer) {
        let Self { messages, exchanges, dropped, text: _, dropped_text, kept, greeting } = self;
        (*dropped, *dropped_text).pack(to);
        messages.len().pack(to);
        for m in messages {
            let Message { at, kind, text: _ } = m;
            at.pack(to);
            kind.pack(to);
            to.slice(self.text(m).unwrap_or_default().as_bytes());
        }
        exchanges.pack(to);
        kept.pack(to);
        greeting.pack(to);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let (dropped, dropped_text) = Pack::unpack(from)?;
        let mut script = Self { dropped, dropped_text, ..Self::default() };
        for _ in 0..usize::unpack(from)? {
            let (at, kind) = Pack::unpack(from)?;
            let text = str::from_utf8(from.slice()?).ok()?;
            script.append(at, kind, text);
        }
        script.exchanges = Pack::unpack(from)?;
        script.kept = Pack::unpack(from)?;
        script.greeting = Pack::unpack(from)?;
        Some(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an exchange and the greeting say, whatever has been dropped.
    fn told(script: &Script) -> Vec<String> {
        let greeting = script.greeting().map(|(text, _)| text.to_owned());
        let of = |e| format!("{}|{}", script.argument(e), script.reply_text(e));
        greeting.into_iter().chain(script.exchanges.iter().map(of)).collect()
    }

    fn long_talk(commands: usize) -> (Script, Vec<String>) {
        let (mut script, at) = (Script::default(), Moment::default());
        script.reply(220, "220 hello", at, None);
        script.greeted();
        let mut want = vec!["220 hello".to_owned()];
        for i in 0..commands {
            let path = format!("ä{i}{}", "x".repeat(i % 999));
            let to = script.command(Verb::RETR, &["RETR ", &path], path.len(), at, 0);
            script.reply(150, "150 here it comes", at, Some((to, false)));
            let done = format!("226 done {i} {}", "y".repeat(i % 1999));
            script.reply(226, &done, at, Some((to, true)));
            want.push(format!("{path}|{}", head(&done, MAX_REPLY)));
        }
        script.command(Verb::PASS, &["PASS", " ", "***"], 3, at, 0);
        script.push(at, MessageKind::ServerGap, "");
        want.push("***|".to_owned());
        (script, want)
    }

    #[test]
    fn exchanges_keep_what_is_dropped_of_the_messages() {
        let (script, want) = long_talk(400);
        assert!(script.dropped > 0 && script.text.len() <= Script::MAX_TEXT);
        assert_eq!(told(&script), want);
        assert_eq!(script.messages.len() as u64 + script.dropped, 1 + 3 * 400 + 2);
        for m in &script.messages {
            let text = script.text(m).unwrap();
            match m.kind {
                MessageKind::Command(i) => {
                    let e = &script.exchanges[i as usize];
                    assert_eq!(text, format!("{} {}", e.verb, script.argument(e)));
                }
                MessageKind::Reply(226, Some(i)) => {
                    let e = &script.exchanges[i as usize];
                    assert!(text.starts_with(script.reply_text(e)) && text.starts_with("226 d"));
                }
                MessageKind::Reply(..) => assert_eq!(text, "150 here it comes"),
                _ => assert_eq!(text, ""),
            }
        }
    }

    #[test]
    fn at_rest_it_is_as_it_was() {
        for commands in [0, 3, 400] {
            let (script, want) = long_talk(commands);
            let packed = Packer::default().packed(&script).unwrap();
            let back: Script = crate::pack::Unpacker::unpacked(&packed).unwrap();
            assert_eq!(told(&back), want);
            assert_eq!(format!("{:?}", back.messages), format!("{:?}", script.messages));
            assert_eq!((back.text, back.dropped_text), (script.text, script.dropped_text));
        }
    }

    #[test]
    fn texts_written_anew() {
        let (mut script, want) = long_talk(400);
        let star = |text: &str| format!("*{text}");
        script.map_kept(|_, argument, reply| (star(argument), star(reply)), star);
        script.map_texts(|_, text| format!("({text})"));
        let want: Vec<String> = want.iter().map(|w| star(&w.replace('|', "|*"))).collect();
        assert_eq!(told(&script), want);
        assert!(script.messages.iter().all(|m| script.text(m).unwrap().starts_with('(')));
    }

    #[test]
    fn verbs_are_counted() {
        let (script, _) = long_talk(7);
        assert_eq!(script.verbs(), [(Verb::PASS, 1), (Verb::RETR, 7)]);
    }
}
