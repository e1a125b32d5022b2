//! What replies mean for the session.

use super::builder::{Builder, Effect};
use super::speech::written;
use super::text::{bounded, quoted, stated_bytes};
use super::{Announcement, Association, Login, Mode};
use crate::capture::Moment;
use crate::ftp::command::Verb;
use crate::ftp::dialogue::Paired;
use crate::ftp::endpoint::{self, Advertised, Unreadable};
use crate::ftp::reply::Reply;
use crate::ftp::text::text;
use crate::ftp::{recognise, software};

/// Characters of a directory that are kept.
const MAX_DIRECTORY: usize = 4096;
/// Sizes remembered for transfers to come.
const MAX_SIZES: usize = 4096;

/// The endpoint that a reply with the code 227, 228 or 229 announces.
pub(super) fn announced(code: u16, behind_code: &[u8]) -> Result<Advertised, Unreadable> {
    match code {
        227 => endpoint::pasv_reply(behind_code),
        228 => endpoint::lpsv_reply(behind_code),
        _ => endpoint::epsv_reply(behind_code),
    }
}

impl Builder {
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
        let read = announced(code, behind_code);
        // "227 Logout." is no announcement, whoever says it.
        if matches!(read, Err(Unreadable::NoEndpoint)) && !asked {
            return;
        }
        let advertised = read.ok();
        let (effect, endpoint) = advertised
            .map(|a| {
                let ends = (self.client, self.server);
                Effect::announced(self.channels.len(), a, Mode::Passive, ends, at)
            })
            .unzip();
        let announcement = Announcement {
            kind: Self::kind_of(code, verb.filter(|_| asked).as_ref().map(Verb::as_str)),
            at,
            advertised: endpoint,
            address_given: advertised.is_some_and(|a| a.ip.is_some()),
            accepted: Some(endpoint.is_some()),
            text: written(text, endpoint),
        };
        self.new_channel(
            Mode::Passive,
            Association::Announced,
            exchange.filter(|_| asked),
            Some(announcement),
        );
        effects.extend(effect);
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
