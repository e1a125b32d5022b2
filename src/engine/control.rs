//! A control connection being followed.

use std::mem::offset_of;
use std::slice::from_ref;

use prefetch_index::prefetch_index;
use smallvec::SmallVec;

use super::backlog::Backlog;
use super::dialogue::{Dialogue, Heard};
use super::idents::Idents;
use super::open::Look;
use super::table::Rest;
use super::told::Told;
use crate::capture::{Moment, Timestamp};
use crate::decode::{Endpoint, Segment};
use crate::pack::{packed, packed_enum};
use crate::session::{Effect, Foretold, Ident, Preview, Side, TlsWatch};
use crate::tcp::{Connection, ConnectionState};

/// Why a control connection isn't reported as a session (yet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is one.
    Session,
    /// On a port that is no control port: a 220 was seen, nothing that only FTP says.
    Greeted,
    /// On 990: TLS or FTP must be seen, or its SYN get no answer.
    ImplicitPort,
}

/// What is noted of a control connection: there is room for most sessions of one transfer.
type Notes = Backlog<1152, true>;

/// A control connection: what is known of it, and what was noted and not taken yet.
// In the order of C: what happens once or twice in a session asks for the first cache line, noting a segment
// for the next two, and for the one where it is noted. What is small stands together, see `BLOCK`.
#[repr(C)]
#[derive(Debug)]
pub struct Control {
    /// Its data connections: index of the channel and key, by channel. Mostly there is one.
    pub data: SmallVec<[(usize, usize); 1]>,
    /// Endpoints at which it expects connections. Mostly there is one.
    pub listening: SmallVec<[Endpoint; 1]>,
    /// The responder is the client.
    turned: bool,
    /// Whether it is a session.
    pub standing: Standing,
    /// It ended, and is waiting to be judged.
    pub ending: bool,
    /// It is finished: no more will be taken.
    heard_out: bool,
    /// Nothing yet of one that was noted from its SYN on.
    dialogue: Option<Box<Dialogue>>,
    /// Tells it from a later one with the same key.
    pub serial: u64,
    /// What the engine had to do for what is noted.
    preview: Preview,
    noted: Notes,
    /// What the server asked the client's host before it greeted.
    pub ident: Option<Ident>,
    /// How it stood when it was last looked at.
    pub look: Option<Look>,
    told: Told,
}

/// Allocators have blocks of this size, and the next larger ones are larger by a sixth.
const BLOCK: usize = 1536;
const _: () = assert!(size_of::<Control>() <= BLOCK);
const _: () = assert!(offset_of!(Control, dialogue) == 64);

/// What became of a segment that might be noted.
#[derive(Clone, Copy, Debug)]
pub enum Noted {
    /// It is noted, and nothing follows from it.
    Quietly,
    /// It is noted, and the connection has ended.
    Over,
    /// It is noted, and announces a data connection.
    Announced(Effect),
    /// It has to be taken.
    Not,
}

impl Default for Control {
    // Inlined, so that it is made in its box: it is large.
    #[inline(always)]
    fn default() -> Self {
        Self {
            noted: Notes::default(),
            preview: Preview::default(),
            turned: false,
            serial: 0,
            standing: Standing::Session,
            data: SmallVec::new(),
            listening: SmallVec::new(),
            ending: false,
            ident: None,
            look: None,
            heard_out: false,
            told: Told::default(),
            dialogue: None,
        }
    }
}

impl Control {
    /// A control connection of `client`, of which `connection` is known so far.
    pub fn new(connection: Box<Connection>, client: Endpoint, standing: Standing) -> Box<Self> {
        let mut new = Box::<Self>::default();
        new.standing = standing;
        new.dialogue = Some(Dialogue::new(connection, client));
        new
    }

    /// A session that this SYN of its client dials: it is noted. `None` of any other segment.
    pub fn dialled(s: &Segment<'_>, at: Moment) -> Option<Box<Self>> {
        if !Notes::begins(s) {
            return None;
        }
        let mut new = Box::<Self>::default();
        new.noted.dial(s, at);
        Some(new)
    }

    /// Notes a segment, if what follows from it is known without taking it; `asked` when a server may
    /// have asked a client's host who it is.
    #[inline(always)]
    pub fn note(&mut self, s: &Segment<'_>, at: Moment, asked: bool) -> Noted {
        let Some(from) = self.noted.fits(s, at).filter(|_| !asked || self.greeted()) else {
            return Noted::Not;
        };
        let mut foretold = Foretold::Nothing;
        if s.payload_len > 0 {
            if s.payload.len() as u64 != u64::from(s.payload_len) {
                return Noted::Not;
            }
            let Self { noted, preview, turned, .. } = self;
            let side = if (from == 1) == *turned { Side::Client } else { Side::Server };
            let ends = || {
                let [initiator, responder] = noted.ends();
                if *turned { (responder, initiator) } else { (initiator, responder) }
            };
            foretold = preview.foretell(side, s.payload, ends, at);
            if foretold == Foretold::Unclear {
                return Noted::Not;
            }
        }
        self.noted.note(from, s, at);
        if let Foretold::Announced(effect) = foretold {
            self.told.keep(effect);
            return Noted::Announced(effect);
        }
        if s.flags.fin() && self.noted.is_over() { Noted::Over } else { Noted::Quietly }
    }

    /// This is what comes next, and can be noted.
    pub fn expects(&self, s: &Segment<'_>, at: Moment) -> bool {
        self.noted.fits(s, at).is_some()
    }

    /// Lets segments be noted from now on, if what follows from them can be known.
    #[inline]
    pub fn resume(&mut self) {
        if self.standing == Standing::Session
            && let Some(dialogue) = &self.dialogue
            && let Some((preview, next)) = dialogue.preview()
        {
            let Connection { initiator, responder, last, .. } = *dialogue.connection;
            self.preview = preview;
            self.turned = dialogue.builder.client != initiator;
            self.noted.resume([initiator, responder], next, last);
        }
    }

    /// The connection and what was said on it, with all that was noted.
    pub fn dialogue(&mut self) -> &mut Dialogue {
        if self.noted.is_open() {
            self.catch_up(true);
        }
        let Self { noted, dialogue, .. } = self;
        dialogue.get_or_insert_with(|| begun(noted))
    }

    /// Takes what was noted; `more` when something else may come.
    #[inline(never)]
    fn catch_up(&mut self, more: bool) {
        let Self { noted, dialogue, .. } = self;
        let mut effects = Vec::new();
        match dialogue {
            Some(dialogue) => noted.each(|_, s, at| dialogue.segment(s, at, &mut effects)),
            None => {
                let dialogue = &mut **dialogue.insert(begun(noted));
                noted.all_taken_by(&mut Heard { dialogue, effects: &mut effects }, more);
            }
        }
        noted.close();
        // What follows from them was done when they were noted.
        self.told.compare(effects);
    }

    /// The connection and what was said on it, if all of it was taken.
    pub fn taken(&self) -> Option<&Dialogue> {
        self.dialogue.as_deref().filter(|_| self.noted.is_empty())
    }

    /// The client's end.
    pub fn client(&self) -> Endpoint {
        self.dialogue.as_ref().map_or(self.noted.ends()[0], |d| d.builder.client)
    }

    /// The server's end.
    pub fn server(&self) -> Endpoint {
        self.dialogue.as_ref().map_or(self.noted.ends()[1], |d| d.builder.server)
    }

    /// Its first packet.
    pub fn first(&self) -> Moment {
        self.dialogue.as_ref().map_or(self.noted.first(), |d| d.connection.first)
    }

    /// Its latest packet.
    pub fn last(&self) -> Moment {
        match &self.dialogue {
            Some(d) if self.noted.is_empty() => d.connection.last,
            _ => self.noted.last(),
        }
    }

    /// How far it came.
    pub fn state(&self) -> ConnectionState {
        match &self.dialogue {
            Some(d) if self.noted.is_empty() => d.connection.state(),
            _ => self.noted.state(),
        }
    }

    /// Its handshake, or what the capture holds of it, was completed.
    fn worked(&self) -> bool {
        match &self.dialogue {
            Some(d) => d.connection.worked(),
            None => self.noted.worked(),
        }
    }

    /// The server is known to have greeted.
    fn greeted(&self) -> bool {
        self.dialogue.as_ref().is_some_and(|d| d.builder.greeted())
    }

    /// Its announcements can't be read.
    pub fn is_hidden(&self) -> bool {
        self.dialogue.as_ref().is_some_and(|d| d.builder.tls_since().is_some())
    }

    /// A watch for the data connection of a channel, see [`crate::session::Builder::tls_watch`]. Nothing that is noted
    /// is TLS.
    pub fn tls_watch(&self, channel: usize) -> Option<(bool, Box<TlsWatch>)> {
        self.dialogue.as_ref()?.builder.tls_watch(channel)
    }

    /// What the server has asked the client's host so far, if it hasn't greeted.
    pub fn ident(&mut self, idents: &Idents) -> Option<Ident> {
        if idents.any() {
            self.dialogue();
        }
        self.asked(idents)
    }

    /// The same, of one of which all is taken.
    pub fn asked(&self, idents: &Idents) -> Option<Ident> {
        let (server, client) = (self.server().ip, self.client().ip);
        let asked = || idents.since(server, client, self.first());
        if self.greeted() { self.ident } else { asked() }
    }

    /// No more packets will come. What is noted means nothing for others, and waits.
    pub fn finish(&mut self, effects: &mut Vec<Effect>) {
        if self.noted.is_empty() {
            self.dialogue().finish(effects);
            self.heard_out = true;
        }
    }

    /// The connection and the dialogue, to be made a session.
    pub fn finished(mut self: Box<Self>) -> Box<Dialogue> {
        if !self.heard_out {
            if self.noted.is_open() {
                self.catch_up(false);
            }
            self.dialogue().finish(&mut Vec::new());
        }
        self.dialogue.take().unwrap_or_else(|| begun(&self.noted))
    }
}

/// Of a connection that was noted from its SYN on, before that is taken.
fn begun(noted: &Notes) -> Box<Dialogue> {
    let [client, server] = noted.ends();
    Dialogue::dialled(client, server, noted.first())
}

packed_enum!(Standing { 0 => Session, 1 => Greeted, 2 => ImplicitPort });
packed!(boxed Control {
    serial,
    standing,
    data,
    listening,
    ending,
    ident,
    noted,
    preview,
    turned,
    told,
    dialogue,
    heard_out,
} without { look });

/// What is known of a control connection at rest.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Place of its first packet.
    pub first: u64,
    /// Its latest packet.
    pub last: u64,
    /// When that was.
    pub last_time: Timestamp,
    /// Its handshake was completed.
    pub worked: bool,
}

impl Rest for Control {
    type Head = Head;

    fn head(&self) -> Head {
        let last = self.last();
        Head {
            first: self.first().order,
            last: last.order,
            last_time: last.time,
            worked: self.worked(),
        }
    }

    fn last(&self) -> Timestamp {
        self.last().time
    }

    fn read(&self) -> usize {
        self.noted.read() ^ self.serial as usize
    }

    fn fetch(&self) {
        prefetch_index(from_ref(self), 0);
        self.noted.fetch();
    }

    fn fetch_rest(&self) {
        self.noted.fetch_rest();
    }

    fn read_to_pack(&self) -> usize {
        let data = self.data.first().map_or(0, |(_, key)| *key);
        let listening = self.listening.first().map_or(0, |at| at.port.into());
        self.noted.read() ^ self.serial as usize ^ data ^ listening
    }

    fn before_rest(&mut self) {
        // Both together would be more than either.
        if self.dialogue.is_some() && !self.noted.is_empty() {
            self.catch_up(true);
        }
    }

    fn is_plain(&self) -> bool {
        self.dialogue.is_none() && self.ident.is_none() && self.look.is_none()
    }
}
