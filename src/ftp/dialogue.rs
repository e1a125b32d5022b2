//! Which reply answers which command (RFC 959, section 5.4).

use super::command::Verb;
use super::outstanding::{Outstanding, Queue};
use crate::pack::packed;

/// A command's place in the order of all commands of a dialogue, from 0.
pub type ExchangeId = u32;

/// What a reply is to the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paired {
    /// It greets: no command came before it.
    Greeting,
    /// A preliminary reply (1xx) to this command.
    Preliminary(ExchangeId),
    /// The final reply to this command.
    Final(ExchangeId),
    /// No command asked for it, or the command was not captured.
    Unsolicited,
}

/// Who said what the capture lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Commands may be missing.
    Client,
    /// Replies may be missing.
    Server,
}

/// Pairs replies with commands.
///
/// Servers answer in order, so the oldest outstanding command is meant, unless the capture has a
/// hole or the code can't be an answer to it while it fits a later one.
#[derive(Clone, Debug)]
pub struct Dialogue {
    outstanding: Queue,
    next: ExchangeId,
    greeted: bool,
    /// A hole, or a start in the middle: the oldest outstanding command may have been answered, or
    /// a reply's command may not have been captured.
    unsure: bool,
    /// The last final reply's command, for a reply that comes twice.
    last: Option<(Verb, u16)>,
}

impl Dialogue {
    /// Commands outstanding at once that are remembered.
    const MAX: usize = 1024;

    /// A dialogue; `midstream` when its beginning wasn't captured.
    pub fn new(midstream: bool) -> Self {
        Self {
            outstanding: Queue::default(),
            next: 0,
            greeted: midstream,
            unsure: midstream,
            last: None,
        }
    }

    /// Takes a command.
    pub fn command(&mut self, verb: Verb) -> ExchangeId {
        let id = self.next;
        self.next += 1;
        if self.outstanding.len() >= Self::MAX {
            self.outstanding.pop_front();
            self.unsure = true;
        }
        self.outstanding.push_back(Outstanding { id, verb, started: false });
        id
    }

    /// The capture doesn't hold something that was said.
    pub fn gap(&mut self, _speaker: Speaker) {
        self.unsure = true;
    }

    /// Commands without a final reply, oldest first.
    pub fn outstanding(&self) -> impl Iterator<Item = ExchangeId> + '_ {
        self.outstanding.iter().map(|o| o.id)
    }

    /// The server has read this command as part of the one after it: it gets no reply of its own.
    pub fn swallowed(&mut self, id: ExchangeId) {
        let index = self.outstanding.iter().position(|o| o.id == id);
        index.and_then(|index| self.outstanding.remove(index));
    }

    /// Takes a reply.
    pub fn reply(&mut self, code: u16) -> Paired {
        if self.outstanding.front().is_none() {
            let first = !std::mem::replace(&mut self.greeted, true);
            return if first { Paired::Greeting } else { Paired::Unsolicited };
        }
        // A pipelining client speaks before it is greeted.
        if !self.greeted {
            self.greeted = true;
            if matches!(code, 220 | 120 | 421)
                && self.fit(code).is_none_or(|i| i > 0 || code != 421)
            {
                return Paired::Greeting;
            }
        }
        let Some(index) = self.fit(code) else { return Paired::Unsolicited };
        if index > 0 && self.meanwhile() == Some(index) {
            let asked = self.outstanding.remove(index).map(|o| o.id);
            return asked.map_or(Paired::Unsolicited, Paired::Final);
        }
        // Whatever stands before it was answered in a hole, or never will be.
        for _ in 0..index {
            self.outstanding.pop_front();
        }
        let Some(front) = self.outstanding.front_mut() else { return Paired::Unsolicited };
        let (id, verb) = (front.id, front.verb);
        if index > 0 || self.outstanding.len() == 1 {
            self.unsure = self.unsure && index == 0;
        }
        if code < 200 {
            if let Some(front) = self.outstanding.front_mut() {
                front.started = true;
            }
            return Paired::Preliminary(id);
        }
        self.outstanding.pop_front();
        self.last = Some((verb, code));
        Paired::Final(id)
    }

    /// The first command that was asked while a transfer runs, and that some servers answer at
    /// once, before the transfer's end.
    fn meanwhile(&self) -> Option<usize> {
        let asked = |o: &Outstanding| {
            matches!(o.verb, Verb::NOOP | Verb::STAT | Verb::HELP | Verb::SYST | Verb::PWD)
        };
        let running = self.outstanding.front().is_some_and(|f| f.verb.is_transfer() && f.started);
        running.then(|| self.outstanding.iter().position(asked)).flatten()
    }

    /// Which outstanding command a reply answers.
    fn fit(&self, code: u16) -> Option<usize> {
        let front = self.outstanding.front()?;
        // After an ABOR: 426 or 226 for the transfer, then 226 or 225 for ABOR itself. A single
        // 225 or 226 is both: the transfer had ended before.
        if code == 200
            && let Some(asked) = self.meanwhile()
        {
            return Some(asked);
        }
        let exact = |o: &Outstanding| answers(o.verb, code) == Fit::Own;
        let possible = |o: &Outstanding| answers(o.verb, code) != Fit::No;
        if exact(front) {
            return Some(0);
        }
        // A transfer's last word, said twice, is no answer to what came after it.
        let repeated = self.last.is_some_and(|(verb, last)| last == code && verb.is_transfer());
        if repeated && !possible(front) {
            return None;
        }
        // A code that only some commands are answered with goes to the first of those.
        let own = self.outstanding.iter().position(exact);
        if let Some(own) = own.filter(|_| self.unsure || !possible(front)) {
            return Some(own);
        }
        if possible(front) {
            return Some(0);
        }
        if self.unsure {
            // The command that it answers wasn't captured, or a later one is meant.
            return self.outstanding.iter().position(possible);
        }
        // A strange server in a clean dialogue: still in order, except for what nobody asked for.
        (!matches!(code, 220 | 421)).then_some(0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// A code of this command's own.
    Own,
    /// Could be.
    General,
    /// Can't be.
    No,
}

/// Whether `verb` may be answered with `code` (RFC 959, section 5.4, and the later RFCs).
fn answers(verb: Verb, code: u16) -> Fit {
    // Codes that belong to few commands, and to no other.
    let own: Option<&[Verb]> = match code {
        227 => Some(&[Verb::PASV, Verb::CPSV, Verb::SPSV]),
        228 => Some(&[Verb::LPSV]),
        229 => Some(&[Verb::EPSV, Verb::SPSV]),
        230 | 232 => Some(&[Verb::PASS, Verb::USER, Verb::ACCT, Verb::ADAT, Verb::AUTH]),
        331 | 332 => Some(&[Verb::USER, Verb::PASS, Verb::ACCT]),
        234 | 334 | 335 => Some(&[Verb::AUTH, Verb::ADAT]),
        215 => Some(&[Verb::SYST]),
        221 => Some(&[Verb::QUIT, Verb::REIN]),
        225 => Some(&[Verb::ABOR]),
        426 => Some(&[
            Verb::RETR,
            Verb::STOR,
            Verb::STOU,
            Verb::APPE,
            Verb::LIST,
            Verb::NLST,
            Verb::MLSD,
        ]),
        125 | 150 => Some(&[
            Verb::RETR,
            Verb::STOR,
            Verb::STOU,
            Verb::APPE,
            Verb::LIST,
            Verb::NLST,
            Verb::MLSD,
        ]),
        522 => Some(&[Verb::EPRT, Verb::EPSV, Verb::LPRT, Verb::LPSV]),
        _ => None,
    };
    if let Some(own) = own {
        if own.contains(&verb) {
            return Fit::Own;
        }
        // 522 is TLS's refusal too; 426 closes an ABOR, 150 and 125 precede odd listings.
        return match code {
            522 | 334 | 335 => Fit::General,
            426 if verb == Verb::ABOR => Fit::General,
            125 | 150 if !plain(verb) => Fit::General,
            221 | 225 if verb == Verb::ABOR => Fit::General,
            227..=229 if !verb.is_known() => Fit::General,
            _ => Fit::No,
        };
    }
    match code {
        226 if verb.is_transfer() || verb == Verb::ABOR => Fit::Own,
        // 226 after QUIT, SITE and the like: somebody's own way.
        226 if plain(verb) => Fit::No,
        250 if verb.is_transfer() => Fit::General,
        213 if matches!(verb, Verb::SIZE | Verb::MDTM | Verb::STAT | Verb::MFMT) => Fit::Own,
        213 if plain(verb) => Fit::No,
        257 if matches!(verb, Verb::PWD | Verb::XPWD | Verb::MKD | Verb::XMKD) => Fit::Own,
        257 if plain(verb) => Fit::No,
        211 if matches!(verb, Verb::FEAT | Verb::STAT | Verb::SYST | Verb::HELP) => Fit::Own,
        211 if plain(verb) => Fit::No,
        350 if matches!(verb, Verb::REST | Verb::RNFR) => Fit::Own,
        350 if plain(verb) => Fit::No,
        220 => match verb {
            Verb::HOST | Verb::REIN => Fit::Own,
            _ => Fit::No,
        },
        // 421 may come at any time: to whatever is being asked.
        421 => Fit::General,
        200 if verb.is_transfer() => Fit::General,
        100..=199 if plain(verb) => Fit::No,
        300..=399 if plain(verb) => Fit::No,
        _ => Fit::General,
    }
}

/// Commands that every server answers as RFC 959 says.
fn plain(verb: Verb) -> bool {
    verb.is_transfer()
        || verb.announces()
        || matches!(
            verb,
            Verb::USER
                | Verb::PASS
                | Verb::TYPE
                | Verb::MODE
                | Verb::STRU
                | Verb::CWD
                | Verb::CDUP
                | Verb::PWD
                | Verb::SIZE
                | Verb::MDTM
                | Verb::NOOP
                | Verb::QUIT
                | Verb::DELE
                | Verb::RNFR
                | Verb::RNTO
                | Verb::MKD
                | Verb::RMD
                | Verb::REST
                | Verb::SYST
                | Verb::OPTS
                | Verb::PBSZ
                | Verb::PROT
        )
}

packed!(Dialogue { outstanding, next, greeted, unsure, last });

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a dialogue written as words: verbs are commands, numbers replies, `-` a hole.
    fn run(script: &str, midstream: bool) -> String {
        let mut d = Dialogue::new(midstream);
        let mut out = Vec::new();
        for word in script.split_whitespace() {
            if word == "-" {
                d.gap(Speaker::Server);
            } else if let Ok(code) = word.parse() {
                out.push(match d.reply(code) {
                    Paired::Greeting => "g".to_owned(),
                    Paired::Unsolicited => "u".to_owned(),
                    Paired::Preliminary(i) => format!("p{i}"),
                    Paired::Final(i) => i.to_string(),
                });
            } else {
                d.command(Verb::known(word.as_bytes()).unwrap());
            }
        }
        out.join(" ")
    }

    #[test]
    fn in_order() {
        assert_eq!(
            run("220 USER 331 PASS 230 PASV 227 LIST 150 226 QUIT 221", false),
            "g 0 1 2 p3 3 4"
        );
    }

    #[test]
    fn pipelined() {
        assert_eq!(
            run("220 USER PASS TYPE PASV RETR 331 230 200 227 150 226", false),
            "g 0 1 2 3 p4 4"
        );
    }

    #[test]
    fn aborted() {
        assert_eq!(run("220 RETR 150 ABOR 426 226", false), "g p0 0 1");
        assert_eq!(run("220 RETR 150 ABOR 426 225 NOOP 200", false), "g p0 0 1 2");
        assert_eq!(run("220 RETR 150 226 ABOR 225", false), "g p0 0 1");
    }

    #[test]
    fn asked_while_a_transfer_runs() {
        assert_eq!(run("220 RETR 150 NOOP 200 STAT 211 226", false), "g p0 1 2 0");
        assert_eq!(run("220 RETR 150 NOOP 226 200", false), "g p0 0 1");
        assert_eq!(run("220 RETR 150 NOOP 200 PASV 227 LIST 150 226", false), "g p0 1 2 p3 3");
    }

    #[test]
    fn a_command_read_as_part_of_the_next_has_no_reply() {
        let mut d = Dialogue::new(true);
        let (abor, kind) = (d.command(Verb::ABOR), d.command(Verb::TYPE));
        d.swallowed(abor);
        assert_eq!(d.reply(500), Paired::Final(kind));
    }

    #[test]
    fn nobody_asked() {
        assert_eq!(run("220 USER 331 PASS 230 421", false), "g 0 1 u");
        assert_eq!(run("220 HOST 220 USER 331", false), "g 0 1");
        assert_eq!(run("421", false), "g");
        assert_eq!(run("220 RETR 150 226 PWD 226 257", false), "g p0 0 u 1");
    }

    #[test]
    fn strange_servers_answer_in_order() {
        assert_eq!(run("220 PORT 425 PORT 200 LIST 425", false), "g 0 1 2");
        assert_eq!(run("220 USER 530 AUTH 530 USER 331", false), "g 0 1 2");
        assert_eq!(run("220 CWD 550 SITE 500 FEAT 502", false), "g 0 1 2");
        assert_eq!(run("220 STOR 150 250 QUIT 200", false), "g p0 0 1");
    }

    #[test]
    fn over_a_hole_the_code_decides() {
        // The reply to TYPE is lost: 227 is not its.
        assert_eq!(run("220 TYPE - PASV 227 LIST 150 226", false), "g 1 p2 2");
        // The command is lost: its reply is nobody's.
        assert_eq!(run("220 USER 331 PASS 230 - 227 LIST 150 226", false), "g 0 1 u p2 2");
        assert_eq!(run("226 PASV 227 RETR 150 226", true), "u 0 p1 1");
        assert_eq!(run("RETR 227 150 226", true), "u p0 0");
    }
}
