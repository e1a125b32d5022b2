//! Everything said on a control connection, bounded.

use super::codes::Codes;
use super::dialogue::{Exchange, Message, MessageKind};
use super::growth::grow;
use super::span::Span;
use super::text::head;
use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::pack::{Pack, Packer, Unpacker, packed};

/// Characters of a message that are kept.
const MAX_MESSAGE: usize = 4096;
/// Characters of a final reply that are kept for as long as its exchange is.
const MAX_REPLY: usize = 512;

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
    /// What exchanges and the greeting hold of messages that were dropped.
    kept: String,
    /// The server's first reply, when nothing was asked before it.
    greeting: Option<(Span, Moment)>,
}

impl Script {
    /// Bytes of text kept for a session; the oldest is dropped first.
    pub const MAX_TEXT: usize = 64 * 1024;
    /// Room for a session that logs in and fetches a file.
    const FIRST_TEXT: usize = 512;
    /// The same, for its messages.
    const FIRST_MESSAGES: usize = 16;
    /// The same, for its commands.
    const FIRST_EXCHANGES: usize = 6;

    /// The text of one of the messages, passwords masked.
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
        let text = if span.is_kept() { &self.kept } else { &self.text };
        text.get(span.offset()..span.offset() + span.len())
    }

    fn keep(&mut self, text: &str) -> Span {
        let span = Span::new(self.kept.len(), text.len(), true);
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
        let span = Span::new(self.text.len() - argument, argument, false);
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

    fn append(&mut self, at: Moment, kind: MessageKind, text: &str) -> usize {
        let from = self.room(text.len());
        self.text.push_str(text);
        self.add(at, kind, from);
        from
    }

    /// Makes room for so many bytes of text; where they will stand.
    fn room(&mut self, most: usize) -> usize {
        let from = self.text.len();
        if self.text.capacity() - from < most {
            self.text.reserve_exact(most.max(from / 2).max(Self::FIRST_TEXT));
        }
        from
    }

    /// Adds the message whose text begins at `from`.
    fn add(&mut self, at: Moment, kind: MessageKind, from: usize) {
        let text = Span::new(from, self.text.len() - from, false);
        grow(&mut self.messages, Self::FIRST_MESSAGES).push(Message { at, kind, text });
    }

    fn limit(&mut self) {
        if self.text.len() > Self::MAX_TEXT {
            self.drop_oldest();
        }
    }

    /// Halves the text, so that dropping costs little for each message.
    #[cold]
    fn drop_oldest(&mut self) {
        let keep = self.messages.partition_point(|m| m.text.offset() < Self::MAX_TEXT / 2);
        let cut = self.messages.get(keep).map_or(self.text.len(), |m| m.text.offset());
        self.move_texts(cut);
        self.messages.drain(..keep);
        self.dropped += keep as u64;
        for m in &mut self.messages {
            m.text = m.text.moved(cut);
        }
        self.text.drain(..cut);
    }

    /// The text is about to lose what stands before `cut`: puts aside what exchanges and the greeting
    /// hold of that, and moves the rest of what they hold.
    fn move_texts(&mut self, cut: usize) {
        for i in 0..self.messages.len() {
            let Some(Message { kind, text, .. }) = self.messages.get(i) else { break };
            let (kind, text) = (*kind, *text);
            match kind {
                MessageKind::Command(of) => {
                    let Some(e) = self.exchanges.get(of as usize) else { continue };
                    let argument = self.moved(e.argument, cut);
                    if let Some(e) = self.exchanges.get_mut(of as usize) {
                        e.argument = argument;
                    }
                }
                MessageKind::Reply(_, Some(of)) => {
                    let Some(e) = self.exchanges.get(of as usize) else { continue };
                    // Not of another of its replies, which has its turn.
                    if !e.reply_text.is_kept() && e.reply_text.offset() == text.offset() {
                        let reply = self.moved(e.reply_text, cut);
                        if let Some(e) = self.exchanges.get_mut(of as usize) {
                            e.reply_text = reply;
                        }
                    }
                }
                _ => {}
            }
        }
        self.greeting = self.greeting.map(|(span, at)| (self.moved(span, cut), at));
    }

    /// Where a text is once what stands before `cut` is gone.
    fn moved(&mut self, span: Span, cut: usize) -> Span {
        if span.is_kept() || span.len() == 0 {
            return span;
        }
        if span.offset() >= cut {
            return span.moved(cut);
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
            m.text = Span::new(text.len(), new.len(), false);
            text.push_str(&new);
        }
        (self.messages, self.text) = (messages, text);
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

impl Pack for Script {
    fn pack(&self, to: &mut Packer) {
        // Exchanges and the greeting are in the messages, as long as none was dropped.
        let whole = self.dropped == 0;
        whole.pack(to);
        self.messages.len().pack(to);
        let mut ends = 0;
        for m in &self.messages {
            let Message { at, kind, text: _ } = m;
            at.pack(to);
            kind.pack(to);
            // Each text with its message: the same one may have been said before.
            to.slice(self.text(m).unwrap_or_default().as_bytes());
            if !whole {
                continue;
            }
            match kind {
                MessageKind::Command(of) => {
                    let end = self.exchanges.get(*of as usize).map_or(0, |e| e.end_offset);
                    end.wrapping_sub(ends).pack(to);
                    ends = end;
                }
                MessageKind::Reply(code, Some(of)) => {
                    let last = self.exchanges.get(*of as usize).and_then(|e| e.final_reply);
                    last.is_some_and(|l| l == (*code, *at)).pack(to);
                }
                MessageKind::Reply(_, None) => {
                    self.greeting.is_some_and(|g| g.0 == m.text).pack(to);
                }
                _ => {}
            }
        }
        if !whole {
            let Self { messages: _, exchanges, dropped, text: _, kept, greeting } = self;
            exchanges.pack(to);
            dropped.pack(to);
            kept.pack(to);
            greeting.pack(to);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let whole = bool::unpack(from)?;
        let count = usize::unpack(from)?;
        let mut script = Self::default();
        let mut ends = 0u64;
        for _ in 0..count {
            let (at, kind) = Pack::unpack(from)?;
            let text = str::from_utf8(from.slice()?).ok()?;
            match kind {
                MessageKind::Command(_) if whole => {
                    let (name, argument) = text.split_once(' ').unwrap_or((text, ""));
                    ends = ends.wrapping_add(u64::unpack(from)?);
                    let verb = Verb::of(name.as_bytes());
                    script.command(verb, &[text], argument.len(), at, ends);
                }
                MessageKind::Reply(code, Some(of)) if whole => {
                    let last = bool::unpack(from)?;
                    script.reply(code, text, at, Some((of as usize, last)));
                }
                MessageKind::Reply(code, None) if whole => {
                    script.reply(code, text, at, None);
                    if bool::unpack(from)? {
                        script.greeted();
                    }
                }
                _ => _ = script.append(at, kind, text),
            }
        }
        if !whole {
            script.exchanges = Pack::unpack(from)?;
            script.dropped = Pack::unpack(from)?;
            script.kept = Pack::unpack(from)?;
            script.greeting = Pack::unpack(from)?;
        }
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
            let back: Script = crate::pack::Packer::default().unpacked(&packed).unwrap();
            assert_eq!(told(&back), want);
            assert_eq!(format!("{back:?}"), format!("{script:?}"));
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
