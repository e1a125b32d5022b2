//! What clear text will have the engine do, known when it comes and before it is taken.

use super::builder::{Effect, Side};
use super::{Mode, answer, speech};
use crate::capture::Moment;
use crate::decode::Endpoint;
use crate::ftp::command::Command;
use crate::ftp::endpoint::Advertised;
use crate::ftp::line::Lines;
use crate::ftp::reply::{self, Separator};
use crate::pack::packed;

/// Follows a dialogue no further than to know where data connections will be expected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Preview {
    /// Channels that there will be when everything is taken.
    channels: usize,
    /// The server began a reply of several lines: which of its lines are replies is not known from here
    /// on.
    folded: bool,
}

/// What a packet will have the engine do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Foretold {
    /// Nothing.
    Nothing,
    /// Expect a data connection.
    Announced(Effect),
    /// That can't be told without taking it.
    Unclear,
}

impl Preview {
    /// Of a dialogue of which everything is taken, with so many channels.
    pub(super) fn new(channels: usize) -> Self {
        Self { channels, folded: false }
    }

    /// Foretells what the next bytes of `side` do: all that one packet holds. `ends` are the client's
    /// and the server's: asked for few.
    #[inline]
    pub fn foretell(
        &mut self,
        side: Side,
        mut bytes: &[u8],
        ends: impl Fn() -> (Endpoint, Endpoint),
        at: Moment,
    ) -> Foretold {
        let mut all = Foretold::Nothing;
        while let Some(first) = bytes.first() {
            // What begins with less may become a TLS record.
            let Some((line, rest)) = Lines::first(bytes).filter(|_| *first >= b' ') else {
                return Foretold::Unclear;
            };
            let told = match side {
                Side::Client => self.command(line, &ends, at),
                Side::Server => self.reply(line, &ends, at),
            };
            match (told, all) {
                (Foretold::Nothing, _) => {}
                (Foretold::Announced(_), Foretold::Nothing) => all = told,
                _ => return Foretold::Unclear,
            }
            bytes = rest;
        }
        all
    }

    #[inline]
    fn command(
        &mut self,
        line: &[u8],
        ends: impl FnOnce() -> (Endpoint, Endpoint),
        at: Moment,
    ) -> Foretold {
        // PORT, EPRT, LPRT, with blanks before them if need be.
        if !matches!(line.first(), Some(b'P' | b'p' | b'E' | b'e' | b'L' | b'l' | b' ' | b'\t')) {
            return Foretold::Nothing;
        }
        match Command::parse(line) {
            Some(command) if command.verb.is_active() => match speech::announced(&command) {
                Ok(advertised) => self.add(advertised, Mode::Active, ends, at),
                Err(_) => Foretold::Unclear,
            },
            _ => Foretold::Nothing,
        }
    }

    #[inline]
    fn reply(
        &mut self,
        line: &[u8],
        ends: impl FnOnce() -> (Endpoint, Endpoint),
        at: Moment,
    ) -> Foretold {
        match reply::code(line) {
            Some((227..=229, _)) if self.folded => Foretold::Unclear,
            Some((_, Separator::Dash)) => {
                self.folded = true;
                Foretold::Nothing
            }
            Some((code @ 227..=229, _)) => {
                match answer::announced(code, line.get(4..).unwrap_or_default()) {
                    Ok(advertised) => self.add(advertised, Mode::Passive, ends, at),
                    Err(_) => Foretold::Unclear,
                }
            }
            _ => Foretold::Nothing,
        }
    }

    fn add(
        &mut self,
        advertised: Advertised,
        mode: Mode,
        ends: impl FnOnce() -> (Endpoint, Endpoint),
        at: Moment,
    ) -> Foretold {
        let (effect, _) = Effect::announced(self.channels, advertised, mode, ends(), at);
        self.channels += 1;
        Foretold::Announced(effect)
    }
}

packed!(Preview { channels, folded });
