//! What commands and replies mean for the session.

use super::builder::{Builder, Effect, Side, TransferNote};
use super::growth::grow;
use super::hearing::Said;
use super::oddity::Shape;
use super::text::{bounded, head, quoted, stated_bytes};
use super::{Announcement, Association, Exchange, Login, MessageKind, Mode, OddityKind};
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::ftp::command::{Command, Verb};
use crate::ftp::dialogue::{Paired, Speaker};
use crate::ftp::endpoint::{self, Advertised, Unreadable};
use crate::ftp::reply::{Reply, ServerLine};
use crate::ftp::text::text;
use crate::ftp::{recognise, software};

/// Characters of an argument that are kept.
const MAX_ARGUMENT: usize = 4096;
/// Characters of a message that are kept in the script.
const MAX_MESSAGE: usize = 4096;
/// Sizes remembered for transfers to come.
const MAX_SIZES: usize = 4096;
/// Replies kept of one exchange.
const MAX_REPLIES: usize = 16;
/// Lines that an unknown dialogue on another port may have before it must have said what only FTP
/// says.
const PATIENCE: u64 = 40;

impl Builder {
    pub(super) fn said(
        &mut self,
        side: Side,
        at: Moment,
        said: Said<'_>,
        effects: &mut Vec<Effect>,
    ) {
        let client = side == Side::Client;
        match said {
            Said::Line { bytes, end, shape } if client => {
                self.oddities.line(true, bytes, shape, at);
                self.client_line(bytes, at, end, effects);
            }
            Said::Line { bytes, shape, .. } => match self.server_line(bytes, shape, at) {
                ServerLine::Reply(reply) => self.reply(&reply, effects),
                ServerLine::Unfinished => {}
                ServerLine::Two(first, second) => {
                    self.oddities.add(OddityKind::Unended, false, first.moment);
                    self.reply(&first, effects);
                    self.reply(&second, effects);
                }
                ServerLine::NoCode => {
                    if !bytes.is_empty() {
                        self.oddities.add(OddityKind::NoCode, false, at);
                    }
                    self.spoken_in_clear = true;
                    self.script.push(at, MessageKind::ServerNoise, &text(bytes), "");
                }
            },
            Said::Gap => {
                self.dialogue.gap(if client { Speaker::Client } else { Speaker::Server });
                if !client {
                    self.replies_in.gap();
                }
                let kind = if client { MessageKind::ClientGap } else { MessageKind::ServerGap };
                self.script.push(at, kind, "", "");
            }
            Said::Tls => {
                let kind = if client { MessageKind::ClientTls } else { MessageKind::ServerTls };
                self.script.push(at, kind, "TLS", "");
            }
        }
    }

    fn server_line<'a>(&mut self, line: &'a [u8], shape: Shape, at: Moment) -> ServerLine<'a> {
        self.oddities.line(false, line, shape, at);
        self.replies_in.line(line, at)
    }

    fn client_line(&mut self, line: &[u8], at: Moment, end: u64, effects: &mut Vec<Effect>) {
        self.spoken_in_clear = true;
        self.replies_in.client_spoke();
        if !self.recognised {
            self.recognise(recognise::client_line(line), effects);
        }
        let Some(command) = Command::parse(line) else {
            if !line.is_empty() {
                self.script.push(at, MessageKind::ClientNoise, &text(line), "");
            }
            return;
        };
        self.command(&command, at, end, effects);
    }

    fn recognise(&mut self, word: Option<bool>, effects: &mut Vec<Effect>) {
        match word {
            Some(true) => {
                self.recognised = true;
                effects.push(Effect::OnlyFtpSaysThis);
            }
            Some(false) => effects.push(Effect::NotFtp),
            None if self.commands + self.replies > PATIENCE => effects.push(Effect::NotFtp),
            None => {}
        }
    }

    fn command(&mut self, command: &Command<'_>, at: Moment, end: u64, effects: &mut Vec<Effect>) {
        let verb = command.verb;
        let name = verb.as_str();
        self.commands += 1;
        match self.verbs.iter_mut().find(|(v, _)| *v == verb) {
            Some((_, times)) => *times += 1,
            None => grow(&mut self.verbs).push((verb, 1)),
        }
        let argument = if verb.is_secret() && !command.argument.is_empty() {
            "***".to_owned()
        } else {
            head(&text(command.argument), MAX_ARGUMENT).to_owned()
        };
        let exchange = self.script.exchanges.len();
        self.dialogue.command(verb, at);
        let kind = MessageKind::Command(exchange);
        self.script.push(at, kind, name, head(&argument, MAX_MESSAGE - name.len() - 1));
        match verb {
            Verb::USER => {
                self.user = Some(argument.clone());
                self.login = Login::Pending;
            }
            Verb::PASS | Verb::ACCT if self.login == Login::None => self.login = Login::Pending,
            _ => {}
        }
        grow(&mut self.script.exchanges).push(Exchange {
            verb,
            argument,
            at,
            end_offset: end,
            replies: Vec::new(),
            first_reply: None,
            final_reply: None,
            reply_text: String::new(),
        });
        if verb.is_transfer() {
            self.transfer(exchange, name);
        }
        let active = match verb {
            Verb::PORT => Some(endpoint::port(command.argument)),
            Verb::EPRT => Some(endpoint::eprt(command.argument)),
            Verb::LPRT => Some(endpoint::lprt(command.argument)),
            _ => None,
        };
        if let Some(read) = active {
            self.announced_by_client(exchange, read, at, effects);
        }
    }

    fn transfer(&mut self, exchange: usize, name: &str) {
        let argument = self.script.exchanges.get(exchange).map(|e| e.argument.as_str());
        let listing = matches!(name, "LIST" | "NLST" | "MLSD");
        // Listings take options of ls, which are no path.
        let argument = argument.map(|a| match a.split_once(' ') {
            Some((options, path)) if listing && options.starts_with('-') => path.trim_start(),
            None if listing && a.starts_with('-') => "",
            _ => a,
        });
        let argument = argument.filter(|a| !a.is_empty());
        let path =
            argument.map(|a| self.absolute(a)).or(self.directory.clone().filter(|_| listing));
        let restart_at = self.restart_at.take();
        let size = match name {
            "RETR" => argument.and_then(|a| self.sizes.get(&self.absolute(a)).copied()),
            "STOR" | "APPE" | "STOU" => self.allocated.take(),
            _ => None,
        };
        let promised = size.map(|s| s.saturating_sub(restart_at.unwrap_or(0)));
        let ascii = self.ascii && !listing;
        let note = TransferNote { exchange, path, restart_at, promised, ascii };
        grow(&mut self.transfers).push(note);
    }

    fn announced_by_client(
        &mut self,
        exchange: usize,
        read: Result<Advertised, Unreadable>,
        at: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let Some(e) = self.script.exchanges.get(exchange) else { return };
        let kind = match e.verb {
            Verb::EPRT => super::AnnouncementKind::Eprt,
            Verb::LPRT => super::AnnouncementKind::Lprt,
            _ => super::AnnouncementKind::Port,
        };
        let advertised = read.ok().map(|a| Endpoint::new(a.ip.unwrap_or(self.client.ip), a.port));
        let announcement = Announcement {
            kind,
            at,
            advertised,
            address_given: true,
            accepted: advertised.map_or(Some(false), |_| None),
            text: bounded(e.argument.clone(), 200),
        };
        let channel = self.new_channel(
            Mode::Active,
            Association::Announced,
            Some(exchange),
            Some(announcement),
        );
        if let Some(advertised) = advertised {
            effects.push(Effect::Announced {
                channel,
                listening: listening(advertised, self.client),
                mode: Mode::Active,
                dialler: self.server.ip,
                at,
            });
        }
    }

    pub(super) fn reply(&mut self, reply: &Reply<'_>, effects: &mut Vec<Effect>) {
        self.spoken_in_clear = true;
        self.replies += 1;
        let text = reply.display();
        let (code, at) = (reply.code, reply.moment);
        if !self.recognised {
            self.recognise(recognise::server_reply(code, &text), effects);
        }
        if let Some(abor) = self.swallowed_abort(code, &text) {
            self.dialogue.swallowed(abor);
        }
        let paired = self.dialogue.reply(code, at);
        let exchange = match paired {
            Paired::Preliminary(id) | Paired::Final(id) => Some(id as usize),
            Paired::Greeting | Paired::Unsolicited => None,
        };
        if paired == Paired::Greeting && self.banner.is_none() {
            self.banner = Some((head(&text, MAX_MESSAGE).to_owned(), at));
        }
        if self.software.is_none() {
            self.software = software::of_reply(code, &text);
        }
        self.script.push(at, MessageKind::Reply(code, exchange), head(&text, MAX_MESSAGE), "");
        let mut verb = None;
        if let Some(e) = exchange.and_then(|i| self.script.exchanges.get_mut(i)) {
            verb = Some(e.verb);
            e.first_reply.get_or_insert(at);
            if e.replies.len() < MAX_REPLIES {
                e.replies.push(code);
            }
            if matches!(paired, Paired::Final(_)) {
                e.final_reply = Some((code, at));
                e.reply_text = head(&text, 512).to_owned();
            }
        }
        if matches!(code, 227..=229) {
            self.announced_by_server(code, verb, exchange, reply, effects);
        }
        if let (Some(verb), Some(exchange)) = (verb, exchange) {
            if matches!(paired, Paired::Final(_)) {
                self.final_reply(verb, exchange, code, &text);
            } else if verb.is_transfer()
                && let Some(stated) = stated_bytes(&text)
                && let Some(note) = self.transfers.iter_mut().rfind(|t| t.exchange == exchange)
            {
                note.promised.get_or_insert(stated);
            }
        }
    }

    /// An ABOR whose line end got lost as urgent data: the server complains of one command that
    /// begins with ABOR and ends with the next ("500 'ABOR TYPE A' not understood").
    fn swallowed_abort(&self, code: u16, text: &str) -> Option<u32> {
        if !matches!(code, 500..=502) {
            return None;
        }
        let mut waiting = self.dialogue.outstanding();
        let (abor, next) = (waiting.next()?, waiting.next()?);
        let verb = |id: u32| self.script.exchanges.get(id as usize).map(|e| e.verb);
        let quoted = format!("{} {}", Verb::ABOR, verb(next)?);
        (verb(abor)? == Verb::ABOR && text.contains(&quoted)).then_some(abor)
    }

    fn final_reply(&mut self, verb: Verb, exchange: usize, code: u16, text: &str) {
        let ok = matches!(code, 200..=299);
        let refused = code >= 400;
        // Lent for as long as it is looked at.
        let exchanges = &mut self.script.exchanges;
        let lent = exchanges.get_mut(exchange).map(|e| std::mem::take(&mut e.argument));
        let argument = lent.unwrap_or_default();
        match verb {
            Verb::USER | Verb::PASS | Verb::ACCT => {
                if ok {
                    self.login = Login::Accepted;
                } else if refused && (verb != Verb::USER || self.login != Login::Accepted) {
                    self.login = Login::Refused;
                }
            }
            Verb::AUTH if matches!(code, 234 | 334) => self.auth_accepted = true,
            Verb::PORT | Verb::EPRT | Verb::LPRT => {
                let channel =
                    self.channels.iter_mut().rev().find(|c| c.announcing == Some(exchange));
                if let Some(a) = channel.and_then(|c| c.announcement.as_mut()) {
                    a.accepted = Some(ok && a.advertised.is_some());
                }
            }
            Verb::PWD | Verb::XPWD if code == 257 => self.directory = quoted(text),
            Verb::CWD | Verb::XCWD if ok => self.directory = self.changed_to(&argument),
            Verb::CDUP | Verb::XCUP if ok => self.directory = self.changed_to(".."),
            Verb::TYPE if ok => {
                let kind = argument.chars().next().map(|c| c.to_ascii_uppercase());
                self.ascii = matches!(kind, Some('A' | 'E'));
            }
            Verb::REST if code == 350 => self.restart_at = argument.trim().parse().ok(),
            Verb::ALLO if ok => {
                self.allocated = argument.split_whitespace().next().and_then(|n| n.parse().ok());
            }
            Verb::SIZE if code == 213 => {
                let size = text.get(4..).and_then(|t| t.trim().parse().ok());
                if let Some(size) = size.filter(|_| self.sizes.len() < MAX_SIZES) {
                    self.sizes.insert(self.absolute(&argument), size);
                }
            }
            _ => {}
        }
        if let Some(e) = self.script.exchanges.get_mut(exchange) {
            e.argument = argument;
        }
    }

    fn announced_by_server(
        &mut self,
        code: u16,
        verb: Option<Verb>,
        exchange: Option<usize>,
        reply: &Reply<'_>,
        effects: &mut Vec<Effect>,
    ) {
        let asked = verb.is_some_and(|v| v.announces() && !v.is_active());
        let read = match code {
            227 => endpoint::pasv_reply(reply.text()),
            228 => endpoint::lpsv_reply(reply.text()),
            _ => endpoint::epsv_reply(reply.text()),
        };
        // "227 Logout." is no announcement, whoever says it.
        if matches!(read, Err(Unreadable::NoEndpoint)) && !asked {
            return;
        }
        let advertised = read.ok();
        let endpoint = advertised.map(|a| Endpoint::new(a.ip.unwrap_or(self.server.ip), a.port));
        let announcement = Announcement {
            kind: Self::kind_of(code, verb.filter(|_| asked).as_ref().map(Verb::as_str)),
            at: reply.moment,
            advertised: endpoint,
            address_given: advertised.is_some_and(|a| a.ip.is_some()),
            accepted: Some(endpoint.is_some()),
            text: head(&reply.display(), 200).to_owned(),
        };
        let channel = self.new_channel(
            Mode::Passive,
            Association::Announced,
            exchange.filter(|_| asked),
            Some(announcement),
        );
        if let Some(endpoint) = endpoint {
            effects.push(Effect::Announced {
                channel,
                listening: listening(endpoint, self.server),
                mode: Mode::Passive,
                dialler: self.client.ip,
                at: reply.moment,
            });
        }
    }

    /// A path with the current directory in front, when that is known.
    fn absolute(&self, path: &str) -> String {
        match &self.directory {
            Some(d) if !path.starts_with('/') => format!("{}/{path}", d.trim_end_matches('/')),
            _ => path.to_owned(),
        }
    }

    fn changed_to(&self, path: &str) -> Option<String> {
        if !path.starts_with('/') && self.directory.is_none() {
            return None;
        }
        let mut parts: Vec<&str> = Vec::new();
        let whole = self.absolute(path);
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                _ => parts.push(part),
            }
        }
        Some(bounded(format!("/{}", parts.join("/")), MAX_ARGUMENT))
    }
}

/// Where to expect a connection: the advertised endpoint, and the control peer with its port,
/// because NAT rewrites addresses and clients ignore them.
fn listening(advertised: Endpoint, peer: Endpoint) -> [Option<Endpoint>; 2] {
    let at_peer = Endpoint::new(peer.ip, advertised.port);
    [Some(advertised), Some(at_peer).filter(|e| *e != advertised)]
}
