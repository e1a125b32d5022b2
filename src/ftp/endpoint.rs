//! Endpoints as commands and replies write them (RFC 959, 1639, 2428), in the forms seen in the
//! wild.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::bytes::complete::{is_a, tag, take_while1};
use nom::character::complete::{anychar, char, u8 as byte, u16 as port_number};
use nom::combinator::{all_consuming, opt, verify};
use nom::multi::count;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// An endpoint as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// The address; `None` where the form has none (229).
    pub ip: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

/// Why there is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing that looks like one.
    NoEndpoint,
    /// Something that looks like one, with fields missing or out of range.
    Damaged,
}

type Read = Result<Advertised, Unreadable>;

fn address(octets: [u8; 4]) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(octets))
}

/// Six numbers of eight bits, with spaces around the commas if need be.
fn six(i: &[u8]) -> IResult<&[u8], Advertised> {
    let failure = || nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Digit));
    let (rest, [a, b, c, d, high, low]) = six_numbers(i).ok_or_else(failure)?;
    // "1,2,3,4,5,678" must not be read as …,67.
    if matches!(rest, [b'0'..=b'9', ..] | [b',', b'0'..=b'9', ..]) {
        return Err(failure());
    }
    let port = u16::from_be_bytes([high, low]);
    Ok((rest, Advertised { ip: Some(address([a, b, c, d])), port }))
}

fn six_numbers(mut i: &[u8]) -> Option<(&[u8], [u8; 6])> {
    let mut numbers = [0u8; 6];
    for (place, number) in numbers.iter_mut().enumerate() {
        if place > 0 {
            i = spaces(spaces(i).strip_prefix(b",")?);
        }
        let [b'0'..=b'9', ..] = i else { return None };
        let mut n = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = i {
            n = n * 10 + u16::from(digit - b'0');
            if n > 255 {
                return None;
            }
            i = rest;
        }
        *number = n as u8;
    }
    Some((i, numbers))
}

fn spaces(mut i: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = i {
        i = rest;
    }
    i
}

/// The argument of PORT: h1,h2,h3,h4,p1,p2.
///
/// # Errors
/// [`Unreadable`] when it isn't six numbers of eight bits.
pub fn port(argument: &[u8]) -> Read {
    let trimmed = argument.trim_ascii();
    let whole = all_consuming(delimited(opt(char('(')), six, opt(char(')')))).parse(trimmed);
    whole.map(|(_, a)| a).map_err(|_| {
        if trimmed.contains(&b',') { Unreadable::Damaged } else { Unreadable::NoEndpoint }
    })
}

/// The argument of EPRT: |1|132.235.1.2|6275| or |2|1080::8:800:200C:417A|5282| (RFC 2428), with
/// any delimiter from 33 to 126.
///
/// # Errors
/// [`Unreadable`] when a part is missing or out of range.
pub fn eprt(argument: &[u8]) -> Read {
    match extended(argument.trim_ascii()) {
        Ok((_, (Some(ip), port))) => Ok(Advertised { ip: Some(ip), port }),
        _ => Err(Unreadable::Damaged),
    }
}

fn delimiter(i: &[u8]) -> IResult<&[u8], char> {
    verify(anychar, |c: &char| ('!'..='~').contains(c) && !c.is_ascii_alphanumeric()).parse(i)
}

/// d proto d address d port d, where protocol and address may be empty.
fn extended(i: &[u8]) -> IResult<&[u8], (Option<IpAddr>, u16)> {
    let (i, d) = delimiter(i)?;
    let (i, protocol) = terminated(opt(byte), char(d)).parse(i)?;
    let field = take_while1(move |b: u8| char::from(b) != d);
    let (i, text) = terminated(opt(field), char(d)).parse(i)?;
    let (i, port) = port_number(i)?;
    let (i, _) = char(d)(i)?;
    let failure = || nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Verify));
    let text: Option<&[u8]> = text;
    let ip = match text {
        None => None,
        Some(text) => {
            let text = std::str::from_utf8(text).map_err(|_| failure())?;
            // A zone has a meaning on the sender's host only.
            let text = text.split('%').next().unwrap_or(text);
            let ip: IpAddr = text.parse().map_err(|_| failure())?;
            if !matches!((protocol, ip), (None, _) | (Some(1), IpAddr::V4(_)) | (Some(2), _)) {
                return Err(failure());
            }
            Some(ip.to_canonical())
        }
    };
    Ok((i, (ip, port)))
}

/// The numbers of LPRT and 228 (RFC 1639): af, address length, address, port length, port.
fn long(i: &[u8]) -> IResult<&[u8], Advertised> {
    let number = || preceded(opt(is_a(" ")), byte);
    let (i, family) = verify(number(), |n| matches!(n, 4 | 6)).parse(i)?;
    let comma = || (opt(is_a(" ")), char(','));
    let (i, length) = preceded(comma(), number()).parse(i)?;
    let (i, octets) = count(preceded(comma(), number()), usize::from(length.min(16))).parse(i)?;
    let (i, _) = verify(preceded(comma(), number()), |n| *n == 2).parse(i)?;
    let (i, (high, low)) = (preceded(comma(), number()), preceded(comma(), number())).parse(i)?;
    let ip = match family {
        4 => <[u8; 4]>::try_from(octets.as_slice()).ok().map(address),
        _ => <[u8; 16]>::try_from(octets.as_slice())
            .ok()
            .map(|o| IpAddr::V6(Ipv6Addr::from(o)).to_canonical()),
    };
    let failure = || nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Count));
    let ip = ip.ok_or_else(failure)?;
    Ok((i, Advertised { ip: Some(ip), port: u16::from_be_bytes([high, low]) }))
}

/// The argument of LPRT.
///
/// # Errors
/// [`Unreadable::Damaged`] when it isn't one.
pub fn lprt(argument: &[u8]) -> Read {
    all_consuming(long).parse(argument.trim_ascii()).map(|r| r.1).map_err(|_| Unreadable::Damaged)
}

/// Tries `parser` wherever a number begins.
fn anywhere(
    text: &[u8],
    parser: impl Fn(&[u8]) -> IResult<&[u8], Advertised>,
) -> Option<Advertised> {
    let starts = (0..text.len()).filter(|i| {
        let digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        digit(*i) && !(*i > 0 && (digit(*i - 1) || text.get(*i - 1) == Some(&b',')))
    });
    starts.filter_map(|i| parser(text.get(i..)?).ok()).map(|r| r.1).next()
}

/// Numbers with commas between them: an endpoint was meant.
fn looks_like_numbers(text: &[u8]) -> bool {
    let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
    text.iter()
        .enumerate()
        .filter(|(i, b)| {
            **b == b','
                && (digit(text.get(i + 1)) || i.checked_sub(1).is_some_and(|p| digit(text.get(p))))
        })
        .count()
        >= 2
}

/// The text of a 227: six numbers, in brackets or not, wherever they stand.
///
/// # Errors
/// [`Unreadable::NoEndpoint`] for a 227 that says something else ("227 Logout.").
pub fn pasv_reply(text: &[u8]) -> Read {
    // What stands in brackets is meant, whatever numbers stand before.
    let bracket = text.iter().position(|b| *b == b'(').and_then(|i| text.get(i + 1..));
    let bracketed = bracket.and_then(|t| preceded(opt(is_a(" ")), six).parse(t).ok()).map(|r| r.1);
    bracketed.or_else(|| anywhere(text, six)).ok_or_else(|| {
        if looks_like_numbers(text) { Unreadable::Damaged } else { Unreadable::NoEndpoint }
    })
}

/// The text of a 228 (RFC 1639).
///
/// # Errors
/// [`Unreadable`] when it holds none.
pub fn lpsv_reply(text: &[u8]) -> Read {
    anywhere(text, long).ok_or(if looks_like_numbers(text) {
        Unreadable::Damaged
    } else {
        Unreadable::NoEndpoint
    })
}

fn bare_port(i: &[u8]) -> IResult<&[u8], u16> {
    terminated(port_number, tag(")")).parse(i)
}

/// The text of a 229: (|||6446|), with any delimiter, with an address, without brackets; or the
/// bare port that SPSV is answered with.
///
/// # Errors
/// [`Unreadable`] when it holds none.
pub fn epsv_reply(text: &[u8]) -> Read {
    let bracket = text.iter().position(|b| *b == b'(').and_then(|i| text.get(i + 1..));
    let bare = text
        .windows(3)
        .position(|w| matches!(w, [a, b, c] if a == b && b == c && !a.is_ascii_alphanumeric() && *a != b' ' && *a != b'.'))
        .and_then(|i| text.get(i..));
    let found = bracket.and_then(|t| extended(t).ok()).or_else(|| extended(bare?).ok());
    if let Some((_, (ip, port))) = found {
        return Ok(Advertised { ip, port });
    }
    let only_port = bracket.and_then(|t| bare_port(t).ok());
    match only_port {
        Some((_, port)) => Ok(Advertised { ip: None, port }),
        None if bracket.is_some() || bare.is_some() => Err(Unreadable::Damaged),
        None => Err(Unreadable::NoEndpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ip: &str, port: u16) -> Read {
        Ok(Advertised { ip: Some(ip.parse().unwrap()), port })
    }

    #[test]
    fn port_arguments() {
        assert_eq!(port(b"10,0,0,1,4,1"), at("10.0.0.1", 1025));
        assert_eq!(port(b" 10, 0,0 ,1,0,20 "), at("10.0.0.1", 20));
        assert_eq!(port(b"10,0,0,1,0,0"), at("10.0.0.1", 0));
        for damaged in
            [b"10,0,0,1,400,31".as_slice(), b"10,0,0,1,4", b"1,2,3,4,5,6,7", b"1,2,3,4,5,678"]
        {
            assert_eq!(port(damaged), Err(Unreadable::Damaged));
        }
        assert_eq!(port(b"here"), Err(Unreadable::NoEndpoint));
    }

    #[test]
    fn replies_227() {
        let here = at("192.168.1.5", 50012);
        for text in [
            "Entering Passive Mode (192,168,1,5,195,92).",
            "Entering Passive Mode (192,168,1,5,195,92)",
            "Entering Passive Mode. 192,168,1,5,195,92",
            "=192,168,1,5,195,92",
            "Entering Passive Mode ( 192, 168, 1, 5, 195, 92 )",
            "192,168,1,5,195,92 is where I listen",
            "On host2 v1.2, port 3: (192,168,1,5,195,92)",
        ] {
            assert_eq!(pasv_reply(text.as_bytes()), here, "{text}");
        }
        assert_eq!(pasv_reply(b"Logout."), Err(Unreadable::NoEndpoint));
        assert_eq!(pasv_reply(b"Mode (1,2,3,4,5)"), Err(Unreadable::Damaged));
        assert_eq!(pasv_reply(b"Mode (1,2,3,4,300,1)"), Err(Unreadable::Damaged));
    }

    #[test]
    fn replies_229() {
        let port = |p| Ok(Advertised { ip: None, port: p });
        assert_eq!(epsv_reply(b"Entering Extended Passive Mode (|||6446|)"), port(6446));
        assert_eq!(epsv_reply(b"Entering Extended Passive Mode (!!!6446!)"), port(6446));
        assert_eq!(epsv_reply(b"Extended Passive Mode OK |||6446|"), port(6446));
        assert_eq!(epsv_reply(b"(|1|10.0.0.1|6446|)"), at("10.0.0.1", 6446));
        assert_eq!(epsv_reply(b"(|2|fe80::1%eth0|6446|)"), at("fe80::1", 6446));
        assert_eq!(epsv_reply(b"Mode (|||64460000|)"), Err(Unreadable::Damaged));
        assert_eq!(epsv_reply(b"ok"), Err(Unreadable::NoEndpoint));
    }

    #[test]
    fn extended_and_long_arguments() {
        assert_eq!(eprt(b"|1|132.235.1.2|6275|"), at("132.235.1.2", 6275));
        assert_eq!(eprt(b"|2|1080::8:800:200C:417A|5282|"), at("1080::8:800:200c:417a", 5282));
        assert_eq!(eprt(b"|2|::ffff:10.0.0.1|5282|"), at("10.0.0.1", 5282));
        assert_eq!(eprt(b"|1|::1|5282|"), Err(Unreadable::Damaged));
        assert_eq!(eprt(b"||||"), Err(Unreadable::Damaged));
        assert_eq!(lprt(b"4,4,10,0,0,1,2,4,1"), at("10.0.0.1", 1025));
        let six = b"Entering Long Passive Mode (6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,4,1)";
        assert_eq!(lpsv_reply(six), at("2001:db8::1", 1025));
        assert_eq!(lprt(b"4,4,10,0,0,1,2,4"), Err(Unreadable::Damaged));
    }

    proptest! {
        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (port(&text), eprt(&text), lprt(&text));
            let _ = (pasv_reply(&text), lpsv_reply(&text), epsv_reply(&text));
        }

        #[test]
        fn what_is_written_is_read(octets: [u8; 4], p: u16) {
            let [a, b, c, d] = octets;
            let (h, l) = (p >> 8, p & 255);
            let want = Ok(Advertised { ip: Some(address(octets)), port: p });
            let six = format!("{a},{b},{c},{d},{h},{l}");
            prop_assert_eq!(port(six.as_bytes()), want);
            prop_assert_eq!(pasv_reply(format!("Entering Passive Mode ({six}).").as_bytes()), want);
            prop_assert_eq!(eprt(format!("|1|{a}.{b}.{c}.{d}|{p}|").as_bytes()), want);
        }
    }
}
