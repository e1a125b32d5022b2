//! Commands (RFC 959, 775, 1639, 2228, 2389, 2428, 3659, 4217, 7151, and common extensions).

use nom::bytes::complete::{take_while, take_while1};
use nom::combinator::{opt, recognize, verify};
use nom::{IResult, Parser};

use crate::pack::{Pack, Packer, Unpacker};

impl Pack for Verb {
    fn pack(&self, to: &mut Packer) {
        to.slice(self.as_str().as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self::new(from.slice()?))
    }
}

/// The verb of a command: upper case, at most 16 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Verb {
    name: [u8; 16],
}

macro_rules! verbs {
    ($($name:ident)*) => {
        #[allow(missing_docs, reason = "a verb's name says it all")]
        impl Verb {
            $(pub const $name: Self = Self::constant(stringify!($name).as_bytes());)*
        }

        /// Every verb of the RFCs and the common extensions.
        const KNOWN: &[Verb] = &[$(Verb::$name),*];
    };
}

verbs! {
    ABOR ACCT ADAT ALLO APPE AUTH AVBL CCC CDUP CLNT COMB CONF CPSV CSID CWD DELE DSIZ ENC EPRT
    EPSV ESTA ESTP FEAT HASH HELP HOST LANG LIST LPRT LPSV MACB MAIL MDTM MFCT MFF MFMT MIC MKD
    MLSD MLST MODE MLFL MSAM MSND MSOM NLST NOOP OPTS PASS PASV PBSZ PORT PRET PROT PWD QUIT RANG
    REIN REST RETR RMD RMDA RNFR RNTO SCSV SITE SIZE SMNT SPSV SSCN STAT STOR STOU STRU SYST THMB
    TYPE USER XCRC XCUP XCWD XMD5 XMKD XPWD XRCP XRMD XRSQ XSEM XSEN XSHA XSHA1 XSHA256 XSHA512
}

impl Verb {
    const fn constant(word: &[u8]) -> Self {
        let mut name = [0; 16];
        let mut i = 0;
        while i < word.len() && i < 16 {
            name[i] = word[i];
            i += 1;
        }
        Self { name }
    }

    fn new(word: &[u8]) -> Self {
        let mut name = [0; 16];
        for (to, from) in name.iter_mut().zip(word) {
            *to = from.to_ascii_uppercase();
        }
        Self { name }
    }

    /// The verb that `word` is, if the RFCs or common extensions know it.
    pub fn known(word: &[u8]) -> Option<Self> {
        let verb = Self::new(word);
        (word.len() <= 16 && KNOWN.contains(&verb)).then_some(verb)
    }

    /// The verb in upper case.
    pub fn as_str(&self) -> &str {
        let end = self.name.iter().position(|b| *b == 0).unwrap_or(self.name.len());
        self.name.get(..end).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }

    /// Its data goes over a data connection.
    pub fn is_transfer(self) -> bool {
        matches!(
            self,
            Self::RETR
                | Self::STOR
                | Self::STOU
                | Self::APPE
                | Self::LIST
                | Self::NLST
                | Self::MLSD
        )
    }

    /// It announces an endpoint, or asks for a reply that does.
    pub fn announces(self) -> bool {
        self.is_active()
            || matches!(self, Self::PASV | Self::EPSV | Self::LPSV | Self::SPSV | Self::CPSV)
    }

    /// It announces an endpoint itself.
    pub fn is_active(self) -> bool {
        matches!(self, Self::PORT | Self::EPRT | Self::LPRT)
    }

    /// Its argument must not be shown.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::PASS | Self::ACCT | Self::ADAT | Self::MIC | Self::CONF | Self::ENC)
    }
}

impl std::fmt::Display for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Verb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// The verb.
    pub verb: Verb,
    /// What follows it, without the space between.
    pub argument: &'a [u8],
}

impl<'a> Command<'a> {
    /// Reads a line. `None` when it doesn't begin with a word: a letter, then letters and digits,
    /// up to a space or the end.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        parse(line).ok().map(|(_, command)| command)
    }
}

fn word(i: &[u8]) -> IResult<&[u8], &[u8]> {
    let letter = |b: &u8| b.is_ascii_alphabetic();
    verify(
        recognize(take_while1(|b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')),
        move |w: &[u8]| w.first().is_some_and(letter),
    )
    .parse(i)
}

fn parse(line: &[u8]) -> IResult<&[u8], Command<'_>> {
    let (i, _) = take_while(|b| b == b' ' || b == b'\t').parse(line)?;
    let (i, verb) = word(i)?;
    // The word ends at a space or with the line: "GET/" is none.
    let (argument, space) = opt(nom::character::complete::one_of(" \t")).parse(i)?;
    if space.is_none() && !i.is_empty() {
        return Err(nom::Err::Error(nom::error::Error::new(i, nom::error::ErrorKind::Space)));
    }
    Ok((&[], Command { verb: Verb::new(verb), argument }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_arguments() {
        let c = Command::parse(b"retr a b").unwrap();
        assert_eq!((c.verb, c.argument), (Verb::RETR, b"a b".as_slice()));
        assert_eq!(Command::parse(b"  NOOP").unwrap().verb, Verb::NOOP);
        assert_eq!(Command::parse(b"EPSV ALL").unwrap().argument, b"ALL");
        let long = Command::parse(b"ABCDEFGHIJKLMNOPQRSTUVW x").unwrap();
        assert_eq!(long.verb.as_str(), "ABCDEFGHIJKLMNOP");
        for line in [b"".as_slice(), b"230 ok", b"\x16\x03", b"GET/x", b" "] {
            assert_eq!(Command::parse(line), None);
        }
    }

    #[test]
    fn classes() {
        assert!(Verb::MLSD.is_transfer() && !Verb::MLST.is_transfer() && !Verb::STAT.is_transfer());
        assert!(Verb::EPRT.is_active() && Verb::CPSV.announces() && !Verb::PRET.announces());
        assert_eq!(Verb::known(b"xsha256"), Some(Verb::XSHA256));
        assert_eq!(Verb::known(b"FETCH"), None);
    }

    proptest! {
        #[test]
        fn never_panics(line in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Some(c) = Command::parse(&line) {
                prop_assert!(!c.verb.as_str().is_empty() && c.verb.as_str().len() <= 16);
            }
        }
    }
}
