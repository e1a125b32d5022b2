//! What is asked of every segment first: nearly all are of a flow whose packets came lately, or of none that is
//! known.

use super::flows::{FlowKey, Slot};
use super::idents::Idents;
use super::sequential::{Engine, Matters};
use crate::capture::Moment;
use crate::decode::Segment;
use crate::ftp::recognise::looks_like_greeting;

/// A segment that is handed on. Most need not be: of those who look at one here, few fields are asked for, and
/// unless it stands somewhere anyway, nothing is written anywhere.
trait Whole<'a> {
    fn with<R>(self, take: impl FnOnce(&Segment<'a>) -> R) -> R;
}

impl<'a> Whole<'a> for &Segment<'a> {
    #[inline(always)]
    fn with<R>(self, take: impl FnOnce(&Segment<'a>) -> R) -> R {
        take(self)
    }
}

/// One that is made for it.
struct Made<F>(F);

impl<'a, F: Fn() -> Segment<'a>> Whole<'a> for Made<F> {
    #[inline(always)]
    fn with<R>(self, take: impl FnOnce(&Segment<'a>) -> R) -> R {
        take(&self.0())
    }
}

impl Engine {
    /// Takes a segment, and says what it is.
    #[inline(always)]
    pub fn segment(&mut self, s: &Segment<'_>, at: Moment) -> Matters {
        self.segment_that(s, s, at, || looks_like_greeting(s.payload))
    }

    /// The same, of a segment that is made when it is asked for. `greets`: its payload looks like a greeting.
    #[inline(always)]
    pub(super) fn segment_of<'a>(
        &mut self,
        make: impl Fn() -> Segment<'a>,
        at: Moment,
        greets: bool,
    ) -> Matters {
        self.segment_that(&make(), Made(make), at, || greets)
    }

    /// The same; `whole` is what is handed on of it.
    // The moment goes in parts, in registers: out of memory, it would be read as a whole, and wait for all
    // of its parts to be there.
    #[inline(always)]
    fn segment_that<'a>(
        &mut self,
        s: &Segment<'a>,
        whole: impl Whole<'a>,
        at: Moment,
        greets: impl FnOnce() -> bool,
    ) -> Matters {
        self.advance(at);
        if self.is_background(s, greets) {
            return Matters::No;
        }
        if !Idents::concerns(s) {
            // One of a flow whose packets came lately, as most are, and no SYN.
            match self.flows.recent(FlowKey::of(s)) {
                Some(Slot::Control(k)) if !s.flags.syn() => {
                    whole.with(|s| self.control_at(k, s, at.order, at.time, at.frame));
                    return Matters::Control;
                }
                Some(Slot::Data(k)) if !s.flags.syn() => {
                    self.other_traffic = true;
                    // The next segment of a steady one, which most are where files are transferred.
                    if !self.data.awake_mut(k).is_some_and(|d| d.in_order(s, at)) {
                        whole.with(|s| self.data_at(k, s, at.order, at.time, at.frame));
                    }
                    return Matters::Data;
                }
                _ => {}
            }
        }
        whole.with(|s| self.of_interest(s, at.order, at.time, at.frame))
    }

    /// Its ports tell that it is of no flow that is known or expected, and it begins none. So it is with
    /// nearly all that isn't FTP's.
    #[inline(always)]
    fn is_background(&self, s: &Segment<'_>, greets: impl FnOnce() -> bool) -> bool {
        let (a, b) = (s.src.port, s.dst.port);
        !self.flows.may_have(a, b)
            && !self.expectations.may_be_at(a, b)
            && !s.flags.syn()
            && self.other_traffic
            && !greets()
    }
}
