//! What is said, and what commands mean for the session; what replies do stands in `answer`.

use std::borrow::Cow;

use super::builder::{Builder, Effect, Side};
use super::growth::grow;
use super::hearing::Said;
use super::text::head;
use super::{
    Announcement, Association, Login, MessageKind, Mode, OddityKind, Transfer, TransferPath,
};
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::ftp::command::{Command, Verb};
use crate::ftp::dialogue::Speaker;
use crate::ftp::endpoint::{self, Advertised, Unreadable};
use crate::ftp::recognise;
use crate::ftp::reply::ServerLine;
use crate::ftp::text::text;

/// Lines that an unknown dialogue on another port may have before it must have said what only FTP
/// says.
const PATIENCE: u64 = 40;

/// The endpoint that PORT, EPRT or LPRT announces.
pub(super) fn announced(command: &Command<'_>) -> Result<Advertised, Unreadable> {
    match command.verb {
        Verb::EPRT => endpoint::eprt(command.argument),
        Verb::LPRT => endpoint::lprt(command.argument),
        _ => endpoint::port(command.argument),
    }
}

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

    pub(super) fn recognise(&mut self, word: Option<bool>, effects: &mut Vec<Effect>) {
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
            _ if verb.is_active() => announced(command),
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
        let (effect, advertised) = read
            .ok()
            .map(|a| {
                let ends = (self.client, self.server);
                Effect::announced(self.channels.len(), a, Mode::Active, ends, at)
            })
            .unzip();
        let announcement = Announcement {
            kind,
            at,
            advertised,
            address_given: true,
            accepted: advertised.map_or(Some(false), |_| None),
            text: written(self.script.argument(e), advertised),
        };
        self.new_channel(Mode::Active, Association::Announced, Some(exchange), Some(announcement));
        effects.extend(effect);
    }

    /// A path with the current directory in front, when that is known.
    pub(super) fn absolute<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match &self.directory {
            Some(d) if !path.starts_with('/') => {
                Cow::Owned(format!("{}/{path}", d.trim_end_matches('/')))
            }
            _ => Cow::Borrowed(path),
        }
    }
}

/// What is kept of an announcement's text: nothing when it could be read.
pub(super) fn written(text: &str, endpoint: Option<Endpoint>) -> String {
    if endpoint.is_some() { String::new() } else { head(text, 200).to_owned() }
}
