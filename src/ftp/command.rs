//! Commands (RFC 959, 775, 1639, 2228, 2389, 2428, 3659, 4217, 7151, and common extensions).

use crate::pack::{Pack, Packer, Unpacker};

impl Pack for Verb {
    fn pack(&self, to: &mut Packer) {
        to.slice(self.as_str().as_bytes());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self::of(from.slice()?))
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

        /// Every verb of the RFCs and the common extensions, in order.
        const KNOWN: &[Verb] = &[$(Verb::$name),*];
    };
}

verbs! {
    ABOR ACCT ADAT ALLO APPE AUTH AVBL CCC CDUP CLNT COMB CONF CPSV CSID CWD DELE DSIZ ENC EPRT EPSV
    ESTA ESTP FEAT HASH HELP HOST LANG LIST LPRT LPSV MACB MAIL MDTM MFCT MFF MFMT MIC MKD MLFL MLSD
    MLST MODE MSAM MSND MSOM NLST NOOP OPTS PASS PASV PBSZ PORT PRET PROT PWD QUIT RANG REIN REST
    RETR RMD RMDA RNFR RNTO SCSV SITE SIZE SMNT SPSV SSCN STAT STOR STOU STRU SYST THMB TYPE USER
    XCRC XCUP XCWD XMD5 XMKD XPWD XRCP XRMD XRSQ XSEM XSEN XSHA XSHA1 XSHA256 XSHA512
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

    /// The verb that a word is.
    pub(crate) fn of(word: &[u8]) -> Self {
        // As long as most are.
        if let Ok(mut four) = <[u8; 4]>::try_from(word) {
            four.make_ascii_uppercase();
            return Self { name: u128::from(u32::from_le_bytes(four)).to_le_bytes() };
        }
        let mut name = [0; 16];
        for (to, from) in name.iter_mut().zip(word) {
            *to = *from;
        }
        name.make_ascii_uppercase();
        Self { name }
    }

    /// The verb that `word` is, if the RFCs or common extensions know it.
    pub fn known(word: &[u8]) -> Option<Self> {
        let verb = Self::of(word);
        (word.len() <= 16 && verb.is_known()).then_some(verb)
    }

    /// The RFCs or common extensions know it.
    pub fn is_known(self) -> bool {
        KNOWN.binary_search_by_key(&self.number(), |known| known.number()).is_ok()
    }

    /// Verbs are in order as these numbers are.
    fn number(self) -> u128 {
        u128::from_be_bytes(self.name)
    }

    /// The verb in upper case.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// How many letters it has.
    pub(crate) fn len(&self) -> usize {
        // Behind them are zeros.
        let unused = u128::from_le_bytes(self.name).leading_zeros() / 8;
        self.name.len() - unused as usize
    }

    fn bytes(&self) -> &[u8] {
        self.name.get(..self.len()).unwrap_or_default()
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

/// What words are made of.
const IN_WORD: [bool; 256] = {
    let mut all = [false; 256];
    let mut b = 0;
    while b < all.len() {
        all[b] = (b as u8).is_ascii_alphanumeric() || matches!(b as u8, b'_' | b'-');
        b += 1;
    }
    all
};

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
        let blank = |b: &u8| matches!(b, b' ' | b'\t');
        let from = line.iter().position(|b| !blank(b))?;
        let line = line.get(from..)?;
        let in_word = |b: &u8| IN_WORD.get(usize::from(*b)) == Some(&true);
        let end = line.iter().position(|b| !in_word(b)).unwrap_or(line.len());
        let (word, rest) = line.split_at_checked(end)?;
        if !word.first()?.is_ascii_alphabetic() {
            return None;
        }
        // The word ends at a space or with the line: "GET/" is none.
        let argument = match rest.split_first() {
            None => rest,
            Some((b, argument)) if blank(b) => argument,
            Some(_) => return None,
        };
        Some(Self { verb: Verb::of(word), argument })
    }

    /// The line from which it was read, and which is to be given again, holds just the verb in upper case and, after a space, the
    /// argument, if there is one.
    pub fn is_all_of(&self, line: &[u8]) -> bool {
        let name = self.verb.bytes();
        line.strip_prefix(name).is_some_and(|rest| match rest.split_first() {
            None => true,
            // The argument is the end of the line.
            Some((first, rest)) => {
                *first == b' ' && !rest.is_empty() && rest.len() == self.argument.len()
            }
        })
    }
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
        for (line, all) in [
            ("RETR a b", true),
            ("RETR  a", true),
            ("QUIT", true),
            ("QUIT ", false),
            ("retr a", false),
            (" RETR a", false),
            ("RETR\ta", false),
            ("ABCDEFGHIJKLMNOPQ x", false),
        ] {
            let line = line.as_bytes();
            assert_eq!(Command::parse(line).unwrap().is_all_of(line), all);
        }
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
        assert!(KNOWN.is_sorted() && KNOWN.iter().all(|v| v.is_known()));
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
