//! The tables of flows.

use std::collections::BTreeMap;

use super::*;
use proptest::prelude::*;

#[test]
fn a_slot_comes_back() {
    let key = |a: &str, b: &str| {
        FlowKey::new(Endpoint::new(a.parse().unwrap(), 21), Endpoint::new(b.parse().unwrap(), 9))
    };
    let mut flows = Flows::default();
    for (a, b) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
        assert_eq!(flows.get(key(a, b)), None);
        for slot in [Slot::Control(0), Slot::Data(7), Slot::Candidate((1 << 30) - 1)] {
            flows.set(key(a, b), slot);
            assert_eq!([0; 2].map(|_| flows.of_packet(key(a, b))), [Some(slot); 2]);
            assert_eq!(flows.get(key(a, b)), Some(slot));
            flows.remove(key(a, b), Slot::Data(8));
            assert_eq!(flows.get(key(a, b)), Some(slot));
        }
        flows.end(key(a, b), Slot::Candidate((1 << 30) - 1), Timestamp::from_nanos(0));
        assert_eq!(flows.of_packet(key(a, b)), None);
        assert_eq!((flows.get(key(a, b)), flows.has_ended(key(a, b))), (None, true));
        flows.set(key(a, b), Slot::Data(1));
        flows.remove(key(a, b), Slot::Data(1));
        assert_eq!((flows.get(key(a, b)), flows.has_ended(key(a, b))), (None, false));
    }
    let (a, b) = (Endpoint::new("192.0.2.1".parse().unwrap(), 21), "192.0.2.1".parse().unwrap());
    assert_eq!(FlowKey::new(a, Endpoint::new(b, 9)), FlowKey::new(Endpoint::new(b, 9), a));
    for (a, b) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
        let [one, other] = key(a, b).ends();
        assert_eq!((one.port, other.port, FlowKey::new(one, other)), (21, 9, key(a, b)));
    }
}

#[test]
fn ended_flows_are_forgotten_in_time() {
    let six = |a: &str| Endpoint::new(a.parse().unwrap(), 21);
    let six = FlowKey::new(six("2001:db8::1"), six("2001:db8::2"));
    let v4 = |n: u64| FlowKey::V4(n, u64::MAX);
    let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
    let mut flows = Flows::default();
    let mut end = |key, seconds| {
        flows.set(key, Slot::Data(1));
        flows.end(key, Slot::Data(1), at(seconds));
        [v4(1), six, v4(2)].map(|k| flows.has_ended(k))
    };
    assert_eq!(end(v4(1), 0), [true, false, false]);
    assert_eq!(end(six, 10), [true, true, false]);
    assert_eq!(end(v4(2), 905), [false, true, true]);
    assert_eq!(end(v4(3), 911), [false, false, true]);
    // The same addresses and ports again, long after: it is the later one that is remembered.
    assert_eq!(end(v4(2), 2000), [false, false, true]);
}

proptest! {
    #[test]
    fn kept_as_in_a_plain_table(steps in prop::collection::vec((0..4_u8, 0..9_u64, 0..3_usize), 0..200)) {
        let mut flows = Flows::default();
        let mut plain = BTreeMap::<u64, Slot>::new();
        for (what, which, key) in steps {
            // They differ in one of the four numbers each.
            let parts = [which & 1, which >> 1 & 1, which >> 2 & 1, which >> 3];
            let end = |host: u64, port: u64| (0xc000_0200 + host) << 16 | (1000 + port);
            let flow = FlowKey::V4(end(parts[0], parts[1]), end(parts[2] + 9, parts[3]));
            let slot = [Slot::Control(key), Slot::Data(key), Slot::Candidate(key)][key];
            match what {
                0 | 1 => {
                    flows.set(flow, slot);
                    plain.insert(which, slot);
                }
                2 => {
                    flows.remove(flow, slot);
                    if plain.get(&which) == Some(&slot) {
                        plain.remove(&which);
                    }
                }
                _ => {}
            }
            prop_assert_eq!(flows.get(flow), plain.get(&which).copied());
            prop_assert_eq!(flows.of_packet(flow), plain.get(&which).copied());
            prop_assert_eq!(flows.len(), plain.len());
        }
    }
}

#[test]
fn keys_beyond_all_memory_are_not_entered() {
    let mut flows = Flows::default();
    flows.set(FlowKey::V4(1, 2), Slot::Data(1 << 30));
    assert_eq!((flows.get(FlowKey::V4(1, 2)), flows.len()), (None, 0));
}
