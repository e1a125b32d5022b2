//! Which announcement a connection fulfils.

use super::*;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint::new(ip("10.0.0.2"), 50000)
}

fn at(ms: u64) -> Moment {
    Moment {
        order: ms + 1,
        time: Timestamp::from_nanos(ms as i64 * 1_000_000),
        ..Moment::default()
    }
}

fn expectation(session: usize, ms: u64) -> Expectation {
    Expectation {
        session,
        channel: 0,
        at: at(ms),
        mode: Mode::Passive,
        dialler: ip("10.0.0.1"),
        until: None,
    }
}

fn found(e: &Expectations, dialler: &str, ms: u64) -> Option<usize> {
    e.find(&endpoint(), ip(dialler), at(ms)).map(|f| f.0.0)
}

#[test]
fn the_newest_earlier_announcement_wins() {
    let mut e = Expectations::default();
    for (session, ms) in [(1, 100), (2, 200), (3, 5000)] {
        e.add(endpoint(), expectation(session, ms));
    }
    assert_eq!(found(&e, "10.0.0.1", 4500), Some(2));
    assert_eq!(found(&e, "10.0.0.1", 150), Some(1));
    assert_eq!(found(&e, "10.0.0.1", 6000), Some(3));
}

#[test]
fn the_counterpart_is_another_session_s_and_goes_the_other_way() {
    let mut e = Expectations::default();
    let active = Expectation { mode: Mode::Active, ..expectation(9, 6000) };
    e.add(endpoint(), expectation(9, 100));
    let counterpart = |e: &mut Expectations| e.add(endpoint(), active).map(|e| e.session);
    assert_eq!(counterpart(&mut e), None);
    assert_eq!(e.add(endpoint(), expectation(1, 200)).map(|e| e.session), Some(9));
    e.forget(9, &[endpoint(), endpoint()]);
    assert!(e.add(endpoint(), expectation(2, 300)).is_none());
    assert_eq!(counterpart(&mut e), Some(2));
    e.expire(2, &[endpoint()], Timestamp::from_nanos(1_000_000_000));
    assert_eq!(counterpart(&mut e), Some(1));
}

#[test]
fn a_connection_may_begin_up_to_a_second_before_its_announcement() {
    let mut e = Expectations::default();
    e.add(endpoint(), expectation(1, 5000));
    assert_eq!(found(&e, "10.0.0.1", 4000), Some(1));
    assert_eq!(found(&e, "10.0.0.1", 3999), None);
}

#[test]
fn the_expected_peer_beats_a_newer_announcement_to_another() {
    let mut e = Expectations::default();
    e.add(endpoint(), expectation(1, 100));
    e.add(endpoint(), Expectation { dialler: ip("10.0.0.9"), ..expectation(2, 200) });
    assert_eq!(found(&e, "10.0.0.1", 300), Some(1));
    assert_eq!(found(&e, "10.0.0.9", 300), Some(2));
    assert_eq!(found(&e, "10.0.0.7", 300), Some(2));
}

#[test]
fn an_ended_session_expects_nothing_new() {
    let mut e = Expectations::default();
    e.add(endpoint(), expectation(1, 100));
    e.expire(1, &[endpoint()], at(1000).time);
    assert_eq!(found(&e, "10.0.0.1", 900), Some(1));
    assert_eq!(found(&e, "10.0.0.1", 1100), None);
    e.add(endpoint(), expectation(2, 200));
    e.forget(1, &[endpoint()]);
    assert!(e.may_be_at(50000, 9) && e.may_be_at(9, 50000) && !e.may_be_at(9, 10));
    e.forget(2, &[endpoint()]);
    assert!(e.is_empty() && !e.may_be_at(50000, 9));
}

#[test]
fn fxp_belongs_to_both_sessions() {
    let mut e = Expectations::default();
    e.add(endpoint(), expectation(1, 100));
    let active = Expectation { mode: Mode::Active, dialler: ip("10.0.0.3"), ..expectation(2, 200) };
    e.add(endpoint(), active);
    let (best, other) = e.find(&endpoint(), ip("10.0.0.3"), at(300)).unwrap();
    assert_eq!((best.0, other.map(|o| o.0)), (2, Some(1)));
}

#[test]
fn the_usual_one_needs_little_room() {
    assert_eq!(size_of::<(u64, Expected)>(), 72);
}

#[test]
fn keys_beyond_all_memory_are_not_entered() {
    let mut e = Expectations::default();
    for _ in 0..2 {
        e.add(endpoint(), expectation(1 << 32, 100));
        assert!(e.is_empty() && !e.may_be_at(50000, 9));
    }
    e.add(endpoint(), expectation(1, 100));
    e.add(endpoint(), expectation(1 << 32, 200));
    assert_eq!(found(&e, "10.0.0.1", 300), Some(1));
}

/// All expectations in one list, each with its endpoint: what the table is held against.
#[derive(Default)]
struct Plain(Vec<(Endpoint, Expectation)>);

impl Plain {
    fn at(&self, listening: Endpoint) -> impl Iterator<Item = &Expectation> {
        self.0.iter().filter(move |(at, _)| *at == listening).map(|(_, e)| e)
    }

    fn add(&mut self, listening: Endpoint, new: Expectation) -> Option<Owner> {
        let counterparts = self.at(listening).filter(|e| e.is_counterpart(&new));
        let newest = counterparts.max_by_key(|e| e.at).map(Expectation::owner);
        if self.at(listening).count() == expected::Several::MOST {
            let oldest = self.0.iter().position(|(at, _)| *at == listening).unwrap();
            self.0.remove(oldest);
        }
        self.0.push((listening, new));
        newest
    }

    fn find(
        &self,
        listening: Endpoint,
        dialler: IpAddr,
        began: Moment,
    ) -> Option<(Owner, Option<Owner>)> {
        let fitting = || self.at(listening).filter(|e| e.fit(dialler, began).is_some());
        let best = fitting().min_by_key(|e| e.fit(dialler, began))?;
        let others = fitting().filter(|e| e.session != best.session && e.mode != best.mode);
        let other = others.min_by_key(|e| e.fit(dialler, began));
        Some((best.owner(), other.map(Expectation::owner)))
    }
}

proptest! {
    #[test]
    fn found_as_in_one_list(
        steps in prop::collection::vec((0..6_u8, 0..3_usize, 0..4_usize, 0..3_u8, 0..2_usize, 0..9_u64), 0..300),
        crowded in any::<bool>(),
        one_mode in any::<bool>(),
    ) {
        let places = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].map(|at| Endpoint::new(ip(at), 2000));
        let diallers = ["198.51.100.1", "2001:db8::9"].map(ip);
        let (mut table, mut plain) = (Expectations::default(), Plain::default());
        for (n, (what, place, session, mode, dialler, late)) in steps.into_iter().enumerate() {
            let place = if crowded { 0 } else { place };
            let (listening, dialler) = (places[place], diallers[dialler]);
            let began = at(n as u64 * 100);
            match what {
                0 if !crowded => {
                    table.forget(session, &[listening]);
                    let own = |(at, e): &(Endpoint, Expectation)| {
                        *at == listening && e.session == session
                    };
                    plain.0.iter().position(own).map(|first| plain.0.remove(first));
                }
                1 => {
                    let until = at(n as u64 * 100 + 500).time;
                    table.expire(session, &[listening], until);
                    let own = |(at, e): &&mut (Endpoint, Expectation)| {
                        *at == listening && e.session == session
                    };
                    plain.0.iter_mut().filter(own).for_each(|(_, e)| e.until = Some(until));
                }
                2..4 => {
                    // Often all are of one mode and in order; now and then two are said at once.
                    let mode = if one_mode { 0 } else { usize::from(mode) };
                    let mode = [Mode::Passive, Mode::Active, Mode::Unknown][mode];
                    let at = at((n as u64 / 2 * 200).saturating_sub(late / 8 * 500));
                    let new = Expectation { session, channel: n, at, mode, dialler, until: None };
                    let counterpart = table.add(listening, new).map(|e| e.owner());
                    prop_assert_eq!(counterpart, plain.add(listening, new));
                }
                4 if late == 0 => {
                    table.retain(|of| of != session);
                    plain.0.retain(|(_, e)| e.session != session);
                }
                _ => {}
            }
            for place in places {
                for dialler in diallers {
                    let found = table.find(&place, dialler, began);
                    prop_assert_eq!(found, plain.find(place, dialler, began));
                    let earlier = at(n as u64 * 90);
                    let found = table.find(&place, dialler, earlier);
                    prop_assert_eq!(found, plain.find(place, dialler, earlier));
                }
            }
            prop_assert_eq!(table.is_empty(), plain.0.is_empty());
            prop_assert_eq!(table.may_be_at(2000, 9), !plain.0.is_empty());
        }
    }
}
