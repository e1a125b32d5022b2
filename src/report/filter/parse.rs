//! From text to a filter.

use std::net::{IpAddr, SocketAddr};

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0};
use nom::combinator::opt;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::field::{Field, Kind};
use super::value::Value;
use super::{FilterError, Node, nearest};

/// Brackets and `not` inside one another.
const MAX_DEPTH: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    /// A word, or quoted text, and a field in front of it.
    Word(&'a str, bool),
    /// `field:` with its values, each quoted or not.
    Term(&'a str, &'a str),
}

struct Tokens<'a> {
    whole: &'a str,
    rest: &'a str,
}

fn quoted(i: &str) -> IResult<&str, &str> {
    delimited(char('"'), take_while(|c| c != '"'), char('"')).parse(i)
}

fn bare(i: &str) -> IResult<&str, &str> {
    take_while1(|c: char| !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | ':')).parse(i)
}

/// All values of a term: up to a blank or a bracket outside quotes.
fn values(i: &str) -> &str {
    let mut inside = false;
    let end = i
        .char_indices()
        .find(|(_, c)| {
            if *c == '"' {
                inside = !inside;
            }
            !inside && (c.is_whitespace() || matches!(c, '(' | ')'))
        })
        .map_or(i.len(), |(at, _)| at);
    i.get(..end).unwrap_or_default()
}

fn token(i: &str) -> IResult<&str, Token<'_>> {
    let (i, _) = multispace0.parse(i)?;
    let simple = alt((
        char('(').map(|_| Token::Open),
        char(')').map(|_| Token::Close),
        quoted.map(|t| Token::Word(t, true)),
    ))
    .parse(i);
    if simple.is_ok() {
        return simple;
    }
    // An IPv6 address, and an address with a port, have colons too.
    let whole = values(i);
    if whole.parse::<IpAddr>().is_ok() || whole.parse::<SocketAddr>().is_ok() {
        return Ok((i.get(whole.len()..).unwrap_or_default(), Token::Word(whole, true)));
    }
    let (rest, word) = bare(i)?;
    let (rest, colon) = opt(tag(":")).parse(rest)?;
    if colon.is_none() {
        return Ok((rest, Token::Word(word, false)));
    }
    let text = values(rest);
    Ok((rest.get(text.len()..).unwrap_or_default(), Token::Term(word, text)))
}

impl<'a> Tokens<'a> {
    fn column(&self) -> usize {
        let trimmed = self.rest.trim_start();
        self.whole.chars().count() - trimmed.chars().count() + 1
    }

    fn error(&self, text: impl Into<String>) -> FilterError {
        FilterError { column: self.column(), text: text.into() }
    }

    fn peek(&self) -> Option<Token<'a>> {
        token(self.rest).ok().map(|t| t.1)
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let (rest, token) = token(self.rest).ok()?;
        self.rest = rest;
        Some(token)
    }

    fn keyword(&self) -> Option<String> {
        match self.peek() {
            Some(Token::Word(word, false)) => Some(word.to_lowercase()),
            _ => None,
        }
    }

    fn any(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut nodes = vec![self.all(depth)?];
        while self.keyword().as_deref() == Some("or") {
            self.next();
            nodes.push(self.all(depth)?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Node, FilterError> {
        let mut nodes = vec![self.one(depth)?];
        loop {
            match (self.keyword().as_deref(), self.peek()) {
                (Some("and"), _) => {
                    self.next();
                }
                (Some("or"), _) | (_, None | Some(Token::Close)) => break,
                _ => {}
            }
            nodes.push(self.one(depth)?);
        }
        Ok(one_or(nodes, Node::All))
    }

    fn one(&mut self, depth: usize) -> Result<Node, FilterError> {
        if depth > MAX_DEPTH {
            return Err(self.error("too many brackets inside one another"));
        }
        if self.keyword().as_deref() == Some("not") {
            self.next();
            return Ok(Node::Not(Box::new(self.one(depth + 1)?)));
        }
        if matches!(self.keyword().as_deref(), Some("and" | "or")) {
            return Err(self.error("a term is missing; quote the word to search for it"));
        }
        let at = self.column();
        match self.next() {
            Some(Token::Open) => {
                let inner = self.any(depth + 1)?;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err(self.error("a closing bracket is missing")),
                }
            }
            Some(Token::Word(word, _)) => Ok(Node::Word(Value::text(word))),
            Some(Token::Term(name, text)) => term(name, text, at),
            Some(Token::Close) => {
                Err(FilterError { column: at, text: "a bracket closes that none opened".into() })
            }
            None => Err(self.error(if self.rest.trim().is_empty() {
                "a term is missing"
            } else {
                "this can't be read; a quote may be missing"
            })),
        }
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.remove(0),
        _ => many(nodes),
    }
}

/// One value, quoted or up to a comma.
fn value(i: &str) -> IResult<&str, &str> {
    alt((quoted, take_while(|c| c != ','))).parse(i)
}

fn term(name: &str, text: &str, at: usize) -> Result<Node, FilterError> {
    let error = |column, text| Err(FilterError { column, text });
    let Some((field, kind)) = Field::named(name) else {
        let near = nearest(&name.to_lowercase(), Field::names());
        let all: Vec<&str> = Field::names().collect();
        let all = all.join(", ");
        return error(
            at,
            format!("there is no field '{name}'; did you mean '{near}'? Fields: {all}"),
        );
    };
    let column = at + name.chars().count() + 1;
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let Ok((after, one)) = value(rest) else {
            return error(column, "a quote is missing".to_owned());
        };
        values.push(read(name, kind, one).map_err(|text| FilterError { column, text })?);
        match preceded(char::<&str, nom::error::Error<&str>>(','), nom::combinator::rest)
            .parse(after)
        {
            Ok((_, more)) => rest = more,
            Err(_) if after.is_empty() => return Ok(Node::Field(field, values)),
            Err(_) => return error(column, "a comma is missing between values".to_owned()),
        }
    }
}

fn read(name: &str, kind: Kind, text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Err(format!("'{name}:' needs a value"));
    }
    match kind {
        Kind::Text => Ok(Value::text(text)),
        Kind::Number => Value::number(text).ok_or_else(|| {
            format!("'{name}:' takes a number, a range like 50000-50100, or >1000, not '{text}'")
        }),
        Kind::Address => Value::network(text).ok_or_else(|| {
            format!(
                "'{name}:' takes an address, a network like 10.0.0.0/8, or 10.1.*, not '{text}'"
            )
        }),
        Kind::OneOf(names) => {
            let value = Value::text(text);
            if names.iter().any(|n| value.is(n)) {
                Ok(value)
            } else {
                Err(format!("'{name}:' is one of {}, not '{text}'", names.join(", ")))
            }
        }
    }
}

/// The whole expression.
pub(super) fn expression(text: &str) -> Result<Node, FilterError> {
    let mut tokens = Tokens { whole: text, rest: text };
    if text.trim().is_empty() {
        return Ok(Node::All(Vec::new()));
    }
    let node = tokens.any(0)?;
    if tokens.rest.trim().is_empty() {
        Ok(node)
    } else if tokens.peek() == Some(Token::Close) {
        Err(tokens.error("a bracket closes that none opened"))
    } else {
        Err(tokens.error("this can't be read; a quote may be missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence() {
        let read = |t| expression(t).unwrap();
        assert_eq!(read("a b or c"), read("(a and b) or c"));
        assert_eq!(read("not a b"), read("(not a) and b"));
        assert_eq!(read("A OR B"), read("a or b"));
        assert_ne!(read("a or b c"), read("(a or b) c"));
        assert_eq!(read("path:\"a b\",c"), read("path:\"a b\",\"c\""));
        assert_eq!(read("fd00::1"), Node::Word(Value::text("fd00::1")));
        assert_eq!(read("::1"), Node::Word(Value::text("::1")));
        assert_eq!(read("10.0.0.1:21"), Node::Word(Value::text("10.0.0.1:21")));
        assert_eq!(read("[fd00::1]:21"), Node::Word(Value::text("[fd00::1]:21")));
        assert_eq!(read("fe80::a:1 x"), read("(\"fe80::a:1\" and x)"));
        assert!(expression("ip4:10.0.0.1").is_err(), "an unknown field, not a word");
        assert!(matches!(read("server:fd00::1"), Node::Field(Field::Server, _)));
    }
}
