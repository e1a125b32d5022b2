//! Values of a filter.

use std::net::IpAddr;

use ipnet::IpNet;

/// One value of a term.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Lower case; `*` stands for anything.
    Text(String),
    /// An inclusive range.
    Range(f64, f64),
    /// A network; an address is one of full length.
    Net(IpNet),
}

impl Value {
    /// A number: exact, a range, or a comparison.
    pub fn number(text: &str) -> Option<Self> {
        let parse = |t: &str| t.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        // The neighbours of a float are near enough for ports, bytes and seconds.
        if let Some(rest) = text.strip_prefix(">=") {
            return Some(Self::Range(parse(rest)?, f64::INFINITY));
        }
        if let Some(rest) = text.strip_prefix("<=") {
            return Some(Self::Range(f64::NEG_INFINITY, parse(rest)?));
        }
        if let Some(rest) = text.strip_prefix('>') {
            return Some(Self::Range(parse(rest)?.next_up(), f64::INFINITY));
        }
        if let Some(rest) = text.strip_prefix('<') {
            return Some(Self::Range(f64::NEG_INFINITY, parse(rest)?.next_down()));
        }
        if let Some((low, high)) = text.split_once('-').filter(|(low, _)| !low.is_empty()) {
            return Some(Self::Range(parse(low)?, parse(high)?));
        }
        parse(text).map(|n| Self::Range(n, n))
    }

    /// An address or a network; a glob stays text.
    pub fn network(text: &str) -> Option<Self> {
        if text.contains('*') {
            return Some(Self::text(text));
        }
        let net = text.parse::<IpNet>().ok().or(text.parse::<IpAddr>().ok().map(IpNet::from));
        net.map(Self::Net)
    }

    /// Text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }

    /// The whole of `text` is this.
    pub fn is(&self, text: &str) -> bool {
        match self {
            Self::Text(pattern) => glob(pattern, &text.to_lowercase()),
            _ => false,
        }
    }

    /// A part of `text` is this.
    pub fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Text(pattern) if pattern.contains('*') => {
                glob(&format!("*{pattern}*"), &text.to_lowercase())
            }
            Self::Text(word) => text.to_lowercase().contains(word),
            _ => false,
        }
    }

    /// The number is in range.
    pub fn holds(&self, number: f64) -> bool {
        matches!(self, Self::Range(low, high) if *low <= number && number <= *high)
    }

    /// The address is in the network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match self {
            Self::Net(net) => net.contains(&ip),
            Self::Text(_) => self.is(&ip.to_string()),
            Self::Range(..) => false,
        }
    }
}

/// Whether `text` is as `pattern` says; `*` stands for anything. Without recursion, so that many
/// stars cost no more than the product of the lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while j < t.len() {
        match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
            }
            Some(c) if t.get(j) == Some(c) => {
                i += 1;
                j += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    i = at + 1;
                    j = taken + 1;
                }
                None => return false,
            },
        }
    }
    p.get(i..).unwrap_or_default().iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        assert!(glob("*.iso", "a.iso") && glob("a*b*c", "aXbYc") && glob("*", ""));
        assert!(!glob("*.iso", "a.isos") && !glob("a", "ab"));
    }

    #[test]
    fn numbers() {
        let v = |t| Value::number(t).unwrap();
        assert!(v("50000-50100").holds(50050.0) && !v("50000-50100").holds(50101.0));
        assert!(v(">1000").holds(1001.0) && !v(">1000").holds(1000.0) && v(">=1000").holds(1000.0));
        assert!(v("<1").holds(0.5) && v("21").holds(21.0));
        assert_eq!(Value::number("x"), None);
    }

    #[test]
    fn networks() {
        let v = Value::network("10.0.0.0/8").unwrap();
        assert!(
            v.contains("10.1.2.3".parse().unwrap()) && !v.contains("11.0.0.1".parse().unwrap())
        );
        assert!(Value::network("10.1.*").unwrap().contains("10.1.2.3".parse().unwrap()));
        assert_eq!(Value::network("ten"), None);
    }
}
