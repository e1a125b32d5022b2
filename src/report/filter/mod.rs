//! The filter language over sessions (`-Y`, `--filter`).
//!
//! `a b` and `a and b`, `a or b`, `not a`, brackets; a term is `field:value[,value…]` or a word
//! found in any text. Values: exact, `*` globs, ranges `50000-50100`, networks `10.0.0.0/8`,
//! `>1000`, quoted text; case doesn't matter.

mod field;
mod parse;
mod value;

use crate::diagnose::Judged;

pub use field::Field;
pub use value::Value;

/// Why an expression can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {text}")]
pub struct FilterError {
    /// 1-based.
    pub column: usize,
    /// What is wrong, and what is possible.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Field(Field, Vec<Value>),
    Word(Value),
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    node: Node,
}

impl Filter {
    /// Reads an expression; an empty one lets everything through.
    ///
    /// # Errors
    /// [`FilterError`] says where and what is wrong.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::expression(text).map(|node| Self { node })
    }

    /// Whether a session passes.
    pub fn matches(&self, judged: &Judged) -> bool {
        matches(&self.node, judged)
    }
}

fn matches(node: &Node, j: &Judged) -> bool {
    match node {
        Node::All(all) => all.iter().all(|n| matches(n, j)),
        Node::Any(any) => any.iter().any(|n| matches(n, j)),
        Node::Not(inner) => !matches(inner, j),
        Node::Field(field, values) => field.matches(values, j),
        Node::Word(word) => field::any_text(word, j),
    }
}

/// The one of `names` that is written most like `word`.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> &'a str {
    names.min_by_key(|n| (distance(word, n), n.len())).unwrap_or_default()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = (before + usize::from(x != *y)).min(above + 1).min(left + 1);
            (before, left) = (above, *cell);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distances() {
        assert_eq!(distance("sever", "server"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("sttus", ["server", "status"].into_iter()), "status");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text| Filter::parse(text).unwrap_err().to_string();
        assert!(error("sttus:stalled").contains("status"), "{}", error("sttus:stalled"));
        assert!(error("status:stuck").contains("stalled"));
        assert!(error("a and (b").contains("bracket"));
        assert!(error("port:abc").contains("number"));
        assert!(error("client:10.0.0.0/99").contains("network"));
        assert!(error("status:").starts_with("column 8"));
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z:,*<>=()\" 0-9./-]{0,40}") {
            let _ = Filter::parse(&text);
        }

        #[test]
        fn any_text_is_an_expression_or_an_error(text in ".{0,40}") {
            let _ = Filter::parse(&text);
        }
    }
}
