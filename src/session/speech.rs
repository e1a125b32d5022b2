//! What commands and replies mean for the session.

use std::borrow::Cow;

use super::builder::{Builder, Effect, Side};
use super::growth::grow;
use super::hearing::Said;
use super::text::{bounded, head, quoted, stated_bytes};
use super::{
    Announcement, Association, Login, MessageKind, Mode, OddityKind, Transfer, TransferPath,
};
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::ftp::command::{Command, Verb};
use crate::ftp::dialogue::{Paired, Speaker};
use crate::ftp::endpoint::{self, Advertised, Unreadable};
use crate::ftp::reply::{Reply, ServerLine};
use crate::ftp::text::text;
use crate::ftp::{recognise, software};

/// Characters of a directory that are kept.
const MAX_DIRECTORY: usize = 4096;
/// Sizes remembered for transfers to come.
const MAX_SIZES: usize = 4096;
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
            Said::Line { bytes, shape, .. } => {
                self.oddities.line(false, bytes, shape, at);
                self.server_line(bytes, at, effects);
            }
            Said::Gap => {
                self.dialogue.gap(if client { Speaker::Client } else { Speaker::Server });
                if !client {
                    self.replies_in.gap();
                }
                let kind = if client { MessageKind::ClientGap } else { MessageKind::ServerGap };
                self.script.push(at, kind, "");
            }
            Said::Tls => {
                let kind = if client { MessageKind::ClientTls } else { MessageKind::ServerTls };
                self.script.push(at, kind, "TLS");
            }
        }
    }

    pub(super) fn server_line(&mut self, bytes: &[u8], at: Moment, effects: &mut Vec<Effect>) {
        match self.replies_in.line(bytes, at) {
            ServerLine::Reply(reply) => self.folded(&reply, effects),
            ServerLine::Unfinished => {}
            ServerLine::Two(first, second) => {
                self.oddities.add(OddityKind::Unended, false, first.moment);
                self.folded(&first, effects);
                self.folded(&second, effects);
            }
            ServerLine::NoCode => {
                if !bytes.is_empty() {
                    self.oddities.add(OddityKind::NoCode, false, at);
                }
                self.spoken_in_clear = true;
                self.script.push(at, MessageKind::ServerNoise, &text(bytes));
            }
        }
    }

    pub(super) fn client_line(
        &mut self,
        line: &[u8],
        at: Moment,
        end: u64,
        effects: &mut Vec<Effect>,
    ) {
        self.spoken_in_clear = true;
        self.replies_in.client_spoke();
        let command = Command::parse(line);
        if !self.recognised {
            self.recognise(command.as_ref().and_then(recognise::command), effects);
        }
        let Some(command) = command else {
            if !line.is_empty() {
                self.script.push(at, MessageKind::ClientNoise, &text(line));
            }
            return;
        };
        self.dialogue.command(command.verb);
        let exchange = self.script_command(&command, line, at, end);
        self.command(&command, exchange, at, effects);
    }

    /// Writes a command down; its exchange.
    fn script_command(&mut self, c: &Command<'_>, line: &[u8], at: Moment, end: u64) -> usize {
        let verb = c.verb;
        if verb.is_secret() && !c.argument.is_empty() {
            return self.script.command(verb, &[verb.as_str(), " ", "***"], 3, at, end);
        }
        if c.is_all_of(line) {
            let line = text(line);
            // What comes before the argument is ASCII.
            let before = verb.len() + usize::from(!c.argument.is_empty());
            return self.script.command(verb, &[&line], line.len() - before, at, end);
        }
        let argument = text(c.argument);
        let space = if argument.is_empty() { "" } else { " " };
        self.script.command(verb, &[verb.as_str(), space, &argument], argument.len(), at, end)
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

    fn command(
        &mut self,
        command: &Command<'_>,
        exchange: usize,
        at: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let verb = command.verb;
        self.commands += 1;
        let active = match verb {
            Verb::USER => {
                self.user = Some(exchange as u32);
                self.login = Login::Pending;
                return;
            }
            Verb::PASS | Verb::ACCT => {
                if self.login == Login::None {
                    self.login = Login::Pending;
                }
                return;
            }
            Verb::PORT => endpoint::port(command.argument),
            Verb::EPRT => endpoint::eprt(command.argument),
            Verb::LPRT => endpoint::lprt(command.argument),
            _ if verb.is_transfer() => return self.transfer(exchange, verb),
            _ => return,
        };
        self.announced_by_client(exchange, active, at, effects);
    }

    fn transfer(&mut self, exchange: usize, verb: Verb) {
        let Some(e) = self.script.exchanges.get(exchange) else { return };
        let whole = self.script.argument(e);
        let listing = matches!(verb, Verb::LIST | Verb::NLST | Verb::MLSD);
        // Listings take options of ls, which are no path.
        let argument = match whole.split_once(' ') {
            Some((options, path)) if listing && options.starts_with('-') => path.trim_start(),
            None if listing && whole.starts_with('-') => "",
            _ => whole,
        };
        let path = if argument.is_empty() {
            let directory = self.directory.as_deref().filter(|_| listing);
            directory.map(|d| TransferPath::Own(d.into()))
        } else {
            Some(match self.absolute(argument) {
                Cow::Borrowed(_) => TransferPath::Argument((whole.len() - argument.len()) as u32),
                Cow::Owned(path) => TransferPath::Own(path.into()),
            })
        };
        let restart_at = self.restart_at;
        let size = match verb {
            Verb::RETR if !argument.is_empty() => {
                let sizes = self.sizes.as_ref();
                sizes.and_then(|s| s.by_path.get(self.absolute(argument).as_ref()).copied())
            }
            Verb::STOR | Verb::APPE | Verb::STOU => self.allocated.take(),
            _ => None,
        };
        self.restart_at = None;
        let promised = size.map(|s| s.saturating_sub(restart_at.unwrap_or(0)));
        let ascii = self.ascii && !listing;
        let transfer = Transfer {
            exchange,
            channel: None,
            path,
            restart_at,
            promised,
            bytes: None,
            duration: None,
            ascii,
        };
        grow(&mut self.transfers, 2).push(transfer);
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
            text: written(self.script.argument(e), advertised),
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

    pub(super) fn folded(&mut self, reply: &Reply<'_>, effects: &mut Vec<Effect>) {
        self.reply(reply.code, reply.raw(), reply.moment, effects);
    }

    /// Takes a reply: its code, and its lines with codes.
    pub(super) fn reply(&mut self, code: u16, raw: &[u8], at: Moment, effects: &mut Vec<Effect>) {
        self.spoken_in_clear = true;
        self.replies += 1;
        let text = text(raw);
        if !self.recognised {
            self.recognise(recognise::server_reply(code, &text), effects);
        }
        if let Some(abor) = self.swallowed_abort(code, &text) {
            self.dialogue.swallowed(abor);
        }
        let paired = self.dialogue.reply(code);
        let to = match paired {
            Paired::Preliminary(id) => Some((id as usize, false)),
            Paired::Final(id) => Some((id as usize, true)),
            Paired::Greeting | Paired::Unsolicited => None,
        };
        let verb = self.script.reply(code, &text, at, to);
        if paired == Paired::Greeting {
            self.script.greeted();
        }
        if self.software.is_none() {
            self.software = software::of_reply(code, &text);
        }
        let exchange = to.map(|t| t.0);
        if matches!(code, 227..=229) {
            let said = (code, raw.get(4..).unwrap_or_default(), text.as_ref());
            self.announced_by_server(verb, exchange, said, at, effects);
        }
        let (Some(verb), Some((exchange, last))) = (verb, to) else { return };
        if last {
            self.final_reply(verb, exchange, code, &text);
        } else if verb.is_transfer()
            && let Some(stated) = stated_bytes(&text)
            && let Some(transfer) = self.transfers.iter_mut().rfind(|t| t.exchange == exchange)
        {
            transfer.promised.get_or_insert(stated);
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
        let argument = || {
            let exchange = self.script.exchanges.get(exchange);
            exchange.map(|e| self.script.argument(e)).unwrap_or_default()
        };
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
            Verb::CWD | Verb::XCWD if ok => self.directory = self.changed_to(argument()),
            Verb::CDUP | Verb::XCUP if ok => self.directory = self.changed_to(".."),
            Verb::TYPE if ok => {
                self.ascii = argument().starts_with(['A', 'a', 'E', 'e']);
            }
            Verb::REST if code == 350 => self.restart_at = argument().trim().parse().ok(),
            Verb::ALLO if ok => {
                self.allocated = argument().split_whitespace().next().and_then(|n| n.parse().ok());
            }
            Verb::SIZE if code == 213 => {
                let size = text.get(4..).and_then(|t| t.trim().parse().ok());
                let known = self.sizes.as_ref().map_or(0, |s| s.by_path.len());
                if let Some(size) = size.filter(|_| known < MAX_SIZES) {
                    let path = self.absolute(argument()).into_owned();
                    self.sizes.get_or_insert_default().by_path.insert(path, size);
                }
            }
            _ => {}
        }
    }

    fn announced_by_server(
        &mut self,
        verb: Option<Verb>,
        exchange: Option<usize>,
        (code, behind_code, text): (u16, &[u8], &str),
        at: Moment,
        effects: &mut Vec<Effect>,
    ) {
        let asked = verb.is_some_and(|v| v.announces() && !v.is_active());
        let read = match code {
            227 => endpoint::pasv_reply(behind_code),
            228 => endpoint::lpsv_reply(behind_code),
            _ => endpoint::epsv_reply(behind_code),
        };
        // "227 Logout." is no announcement, whoever says it.
        if matches!(read, Err(Unreadable::NoEndpoint)) && !asked {
            return;
        }
        let advertised = read.ok();
        let endpoint = advertised.map(|a| Endpoint::new(a.ip.unwrap_or(self.server.ip), a.port));
        let announcement = Announcement {
            kind: Self::kind_of(code, verb.filter(|_| asked).as_ref().map(Verb::as_str)),
            at,
            advertised: endpoint,
            address_given: advertised.is_some_and(|a| a.ip.is_some()),
            accepted: Some(endpoint.is_some()),
            text: written(text, endpoint),
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
                at,
            });
        }
    }

    /// A path with the current directory in front, when that is known.
    fn absolute<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match &self.directory {
            Some(d) if !path.starts_with('/') => {
                Cow::Owned(format!("{}/{path}", d.trim_end_matches('/')))
            }
            _ => Cow::Borrowed(path),
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
        Some(bounded(format!("/{}", parts.join("/")), MAX_DIRECTORY))
    }
}

/// What is kept of an announcement's text: nothing when it could be read.
fn written(text: &str, endpoint: Option<Endpoint>) -> String {
    if endpoint.is_some() { String::new() } else { head(text, 200).to_owned() }
}

/// Where to expect a connection: the advertised endpoint, and the control peer with its port,
/// because NAT rewrites addresses and clients ignore them.
fn listening(advertised: Endpoint, peer: Endpoint) -> [Option<Endpoint>; 2] {
    let at_peer = Endpoint::new(peer.ip, advertised.port);
    [Some(advertised), Some(at_peer).filter(|e| *e != advertised)]
}
