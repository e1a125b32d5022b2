//! Names and paths, and their masks in texts.

use std::collections::{BTreeSet, HashMap};

/// What is masked as what, for the whole capture; and which words to look for in a session.
#[derive(Debug, Default)]
pub(super) struct Words {
    masks: HashMap<String, String>,
    given: HashMap<&'static str, u32>,
    /// Looked for everywhere.
    anywhere: Vocabulary,
    /// Looked for only in what hosts wrote: in our own sentences "data" is no directory.
    on_wire: Vocabulary,
}

/// Words by their first character, the longest first.
#[derive(Debug, Default)]
struct Vocabulary(HashMap<char, BTreeSet<(std::cmp::Reverse<usize>, String)>>);

impl Vocabulary {
    fn insert(&mut self, word: &str) {
        if let Some(first) = word.chars().next() {
            let entry = (std::cmp::Reverse(word.len()), word.to_owned());
            self.0.entry(first).or_default().insert(entry);
        }
    }

    /// The longest word that `text` begins with and that ends where a word ends.
    fn at<'a>(&self, text: &'a str) -> Option<&'a str> {
        let words = self.0.get(&text.chars().next()?)?;
        words.iter().find_map(|(_, word)| {
            let rest = text.strip_prefix(word.as_str())?;
            let goes_on = word.ends_with(char::is_alphanumeric)
                && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            (!goes_on).then(|| text.get(..word.len())).flatten()
        })
    }
}

/// Shorter words are found by chance in sentences.
const SHORTEST: usize = 3;

/// Names that are nobody's (RFC 1635), and places that every server has.
const PUBLIC: [&str; 7] = ["anonymous", "ftp", "/", ".", "..", "*", "~"];

/// Words of our own sentences. A directory of such a name is masked in what hosts wrote only: a
/// report about the "path-1 connection" helps nobody.
const OURS: [&str; 40] = [
    "active",
    "address",
    "announced",
    "answer",
    "back",
    "banner",
    "bytes",
    "capture",
    "client",
    "command",
    "commands",
    "connection",
    "control",
    "data",
    "file",
    "files",
    "firewall",
    "frame",
    "host",
    "list",
    "login",
    "network",
    "none",
    "packets",
    "passive",
    "path",
    "port",
    "ports",
    "replies",
    "reply",
    "rule",
    "server",
    "session",
    "system",
    "this",
    "time",
    "transfer",
    "transfers",
    "user",
    "users",
];

impl Words {
    /// Forgets which words to look for, not their masks: those of one session are no use in
    /// another one's texts, and there may be very many.
    pub(super) fn begin(&mut self) {
        self.anywhere = Vocabulary::default();
        self.on_wire = Vocabulary::default();
    }

    /// Looks for all words ever learned.
    pub(super) fn recall(&mut self) {
        self.begin();
        for word in self.masks.keys().filter(|w| is_telling(w)) {
            self.anywhere.insert(word);
        }
    }

    /// A word that isn't to be shown.
    pub(super) fn learn(&mut self, kind: &'static str, word: &str) {
        if self.name(kind, word) {
            let telling = is_telling(word);
            let vocabulary = if telling { &mut self.anywhere } else { &mut self.on_wire };
            vocabulary.insert(word);
        }
    }

    /// A path, and what it is made of.
    pub(super) fn learn_path(&mut self, path: &str) {
        self.learn("path", path);
        for part in path.split(['/', '\\']).filter(|p| *p != path && p.chars().count() >= SHORTEST)
        {
            if part.chars().all(char::is_alphabetic) {
                if self.name("path", part) {
                    self.on_wire.insert(part);
                }
            } else {
                self.learn("path", part);
            }
        }
    }

    /// Gives the word a mask, unless it needs none.
    fn name(&mut self, kind: &'static str, word: &str) -> bool {
        let nothing = !word.chars().any(char::is_alphanumeric);
        if nothing || PUBLIC.iter().any(|p| p.eq_ignore_ascii_case(word)) {
            return false;
        }
        if !self.masks.contains_key(word) {
            let n = self.given.entry(kind).or_default();
            *n += 1;
            self.masks.insert(word.to_owned(), format!("{kind}-{n}"));
        }
        true
    }

    /// The mask of a word that stands for itself.
    pub(super) fn whole(&self, word: &str) -> Option<&str> {
        self.masks.get(word).map(String::as_str)
    }

    /// A text with the words of this session masked, in one pass: a mask is never masked again.
    pub(super) fn mask_in(&self, text: &str, wire: bool) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            let inside = c.is_alphanumeric() && (before.is_alphanumeric() || before == '_');
            let found = if inside {
                None
            } else {
                let own = self.anywhere.at(rest);
                let theirs = if wire { self.on_wire.at(rest) } else { None };
                own.into_iter().chain(theirs).max_by_key(|w| w.len())
            };
            let taken = match found.and_then(|w| Some((w, self.masks.get(w)?))) {
                Some((word, mask)) => {
                    out.push_str(mask);
                    word.len()
                }
                None => {
                    out.push(c);
                    c.len_utf8()
                }
            };
            let (done, more) = rest.split_at_checked(taken).unwrap_or((rest, ""));
            before = done.chars().next_back().unwrap_or(' ');
            rest = more;
        }
        out
    }
}

/// Found in a sentence of ours, it is the name and not a word of the sentence.
fn is_telling(word: &str) -> bool {
    word.chars().count() >= SHORTEST && !OURS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_words_first() {
        let mut w = Words::default();
        w.learn_path("/home");
        w.learn_path("/home/alice/x");
        assert_eq!(w.mask_in("RETR /home/alice/x in /home", true), "RETR path-3 in path-1");
    }

    #[test]
    fn only_whole_words() {
        let mut w = Words::default();
        w.learn("user", "test");
        w.learn("path", "a.iso");
        assert_eq!(
            w.mask_in("test's latest a.iso, not data.iso or a.iso2: testing", false),
            "user-1's latest path-1, not data.iso or a.iso2: testing"
        );
    }

    #[test]
    fn a_mask_is_not_masked() {
        let mut w = Words::default();
        w.learn("user", "alice");
        w.learn("user", "user");
        assert_eq!(w.mask_in("user alice", true), "user-2 user-1");
        assert_eq!(w.mask_in("user alice", false), "user user-1");
    }

    #[test]
    fn plain_directories_are_masked_only_in_what_hosts_wrote() {
        let mut w = Words::default();
        w.learn_path("/srv/data/jan.csv");
        assert_eq!(
            w.mask_in("the data connection of jan.csv", false),
            "the data connection of path-4"
        );
        assert_eq!(w.mask_in("250 CWD data", true), "250 CWD path-3");
    }

    #[test]
    fn what_everybody_has_stays() {
        let mut w = Words::default();
        w.learn("user", "anonymous");
        w.learn_path("/");
        assert_eq!(w.mask_in("anonymous in /", true), "anonymous in /");
    }
}
