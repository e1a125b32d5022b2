//! Sessions that are still open, judged as they stand.
//!
//! A view that shows what happens now asks for them several times a second, so a session that has
//! not changed is handed out again, not made anew. Judging one changes nothing of it, but for its
//! number: that is given when the session is first looked at and every session that began before
//! it is known.

use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use super::attach::AFTER_CONTROL;
use super::close::is_session;
use super::control::Control;
use super::dialogue::Dialogue;
use super::sequential::Engine;
use crate::capture::{Moment, Timestamp};
use crate::diagnose::{self, Judged};
use crate::session::{ClosingPoint, Connections, Session};

/// A quiet session is looked at again after this, because timers may have spoken; later less often
/// the longer it is quiet.
const AGAIN: Duration = Duration::from_secs(1);
/// At least this often.
const AT_LEAST: Duration = Duration::from_secs(60);
/// By what part of its silence a timer may be late.
const LATENESS: u32 = 8;
/// By how much a session in which more happened than that bytes flowed comes before others.
const HEAD_START: Duration = Duration::from_secs(2);
/// Fewer are not worth a thread's while.
const AT_LEAST_TOGETHER: usize = 16;

/// How a session stood when it was last looked at.
#[derive(Clone, Debug)]
pub struct Look {
    judged: Arc<Judged>,
    /// The session's newest packet then.
    newest: u64,
    at: Timestamp,
}

impl Engine {
    /// All open sessions as they stand, in the order of their first packets. At most `most` of
    /// them are judged anew: those that were not looked at for longest, with a head start for those
    /// of which the verdict may change. The others are as they were when they were last looked at,
    /// and new ones among them are left out.
    ///
    /// A session that began less than 2 s ago has no number yet: its id is 0.
    pub fn open_sessions(&mut self, most: usize) -> Vec<Arc<Judged>> {
        let mut due: Vec<(Timestamp, u64, usize)> = self
            .controls
            .all_awake()
            .filter(|(_, c)| is_session(c))
            .filter_map(|(key, c)| {
                let since = match &c.look {
                    Some(look) if !self.wants_a_look(c, look) => return None,
                    Some(look) if !self.is_pressing(c, look) => look.at.plus(HEAD_START),
                    Some(look) => look.at,
                    None => c.first().time,
                };
                Some((since, c.first().order, key))
            })
            .collect();
        if due.len() > most {
            due.select_nth_unstable(most);
            due.truncate(most);
        }
        self.look_at(due.into_iter().map(|(_, _, key)| key));
        // Their order from the connections: looks lie all over the memory.
        let looks = self
            .controls
            .all_awake()
            .filter_map(|(_, c)| Some((c.first().order, Arc::clone(&c.look.as_ref()?.judged))));
        let mut all: Vec<(u64, Arc<Judged>)> = looks.collect();
        // Nearly in order: the sort that makes use of it.
        all.sort_by_key(|(order, _)| *order);
        all.into_iter().map(|(_, judged)| judged).collect()
    }

    /// Something happened since, or a timer may have spoken.
    fn wants_a_look(&self, c: &Control, look: &Look) -> bool {
        let (now, newest) = (self.now.time, self.newest(c));
        let wait = (now.since(newest.time) / LATENESS).clamp(AGAIN, AT_LEAST);
        look.newest != newest.order || look.judged.session.id == 0 || now.since(look.at) >= wait
    }

    /// More than bytes of a transfer: something was said, or a dial has had no answer yet.
    fn is_pressing(&self, c: &Control, look: &Look) -> bool {
        let mut data = c.data.iter().filter_map(|d| self.data.awake(d.1));
        c.last().order > look.newest || look.judged.session.id == 0 || data.any(|d| !d.worked())
    }

    /// Judges these sessions as they stand. Rules see one session at a time, so they run on all
    /// threads of the current pool.
    fn look_at(&mut self, keys: impl Iterator<Item = usize>) {
        let now = self.now.time;
        let keys: Vec<usize> = keys.collect();
        for &key in &keys {
            let first = self.controls.awake(key).map(|c| c.first().time);
            if first.is_some_and(|first| now.since(first) >= AFTER_CONTROL) {
                self.number_up_to(key);
            }
        }
        let look = |&key: &usize| {
            let c = self.controls.awake(key)?;
            let judged = Arc::new(diagnose::judge(self.as_it_stands(key, c)?));
            Some((key, Look { judged, newest: self.newest(c).order, at: now }))
        };
        let looks: Vec<(usize, Look)> =
            keys.par_iter().with_min_len(AT_LEAST_TOGETHER).filter_map(look).collect();
        for (key, look) in looks {
            if let Some(c) = self.controls.get_mut(key) {
                c.look = Some(look);
            }
        }
    }

    /// The newest packet of a session. Whatever changes a session comes with one.
    pub(super) fn newest(&self, c: &Control) -> Moment {
        let data = c.data.iter().filter_map(|d| self.data.head(d.1));
        data.map(|d| d.last).fold(c.last(), Ord::max)
    }

    fn as_it_stands(&self, key: usize, c: &Control) -> Option<Box<Session>> {
        let Dialogue { connection, builder, .. } = c.taken()?;
        let dial = |&(channel, key): &(usize, usize)| {
            self.data.awake(key).map(|d| d.as_it_stands(channel))
        };
        let connections = Connections {
            control: connection.clone(),
            data: c.data.iter().filter_map(dial).collect(),
            other_traffic: self.other_traffic,
            ident: c.asked(&self.idents),
            losses: self.losses_since(connection.first.time),
        };
        let id = self.numbering.get(key);
        let mut builder = builder.clone();
        builder.settle(self.now.time);
        Some(builder.finished(id, connections, ClosingPoint::Open, self.now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::scene::Scene;

    #[test]
    fn what_was_said_comes_before_bytes_and_nobody_is_forgotten() {
        let mut scene = Scene::new();
        scene.pasv(50_000);
        let mut data = scene.open("192.0.2.1:41000", "203.0.113.5:50000");
        scene.asks("RETR a", "150 Here it comes.").wait(10);
        let other = scene.open("192.0.2.1:40100", "203.0.113.5:21");
        scene.wait(3000).send(&mut data, false, 0x18, b"x");
        let mut before = scene.engine().open_sessions(usize::MAX);
        let mut looked = |scene: &mut Scene| {
            let now = scene.engine().open_sessions(1);
            let new: Vec<bool> = now.iter().zip(&before).map(|(a, b)| !Arc::ptr_eq(a, b)).collect();
            before = now;
            new
        };
        let _transfer = scene.turns_to(other);
        // The transfer goes on, and then something is said on the other connection.
        scene.wait(10).send(&mut data, false, 0x18, b"x");
        scene.server("220 Hello.");
        assert_eq!(looked(&mut scene), [false, true]);
        assert_eq!(looked(&mut scene), [true, false]);
        assert_eq!(looked(&mut scene), [false, false]);
        // Who talks all the time doesn't drive out the other for ever.
        let mut waited = 0;
        scene.send(&mut data, false, 0x18, b"x");
        loop {
            scene.wait(200).asks("NOOP", "200 Yes.");
            waited += 200;
            if looked(&mut scene)[0] {
                break;
            }
        }
        assert!((1800..=2600).contains(&waited), "{waited}");
    }
}
