//! PPP in its framings, PPPoE.

use super::*;

const PPP: u16 = 9;
const PPP_HDLC: u16 = 50;
const PPP_ETHER: u16 = 51;

#[test]
fn framings() {
    for (version, protocol) in [(4, 0x21), (6, 0x57)] {
        let inner = sample(version);
        for head in [&[0xff, 3, 0, protocol][..], &[0, protocol], &[0xff, 3, protocol], &[protocol]]
        {
            assert_sample(PPP, &join(head, &inner), version);
            assert_sample(PPP_HDLC, &join(head, &inner), version);
        }
        let cisco = join(&join(&[0x0f, 0], &ethertype(version)), &inner);
        assert_sample(PPP_HDLC, &cisco, version);
    }
}

#[test]
fn labels_over_ppp() {
    assert_sample(PPP, &join(&[0xff, 3, 2, 0x81, 0, 1, 1, 64], &v6()), 6);
}

#[test]
fn link_control_is_not_ip() {
    decoded(PPP, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4], |found| {
        assert!(matches!(found, Decoded::NotIp), "{found:?}");
    });
}

#[test]
fn pppoe() {
    for (version, protocol) in [(4, 0x21), (6, 0x57)] {
        let inner = sample(version);
        let len = u16::try_from(inner.len() + 2).unwrap().to_be_bytes();
        let session = join(&[0x11, 0, 0, 7, len[0], len[1], 0, protocol], &inner);
        assert_sample(PPP_ETHER, &session, version);
        assert_sample(ETHERNET, &ethernet(0x8864, &session), version);
        let tagged = join(&[0, 7, 0x88, 0x64], &session);
        assert_sample(ETHERNET, &ethernet(0x8100, &tagged), version);
    }
    decoded(PPP_ETHER, &[0x11, 9, 0, 0, 0, 0], |found| {
        assert!(matches!(found, Decoded::NotIp), "{found:?}");
    });
}
