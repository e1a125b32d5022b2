//! Phrases that findings share.

use std::collections::BTreeSet;

/// Ranges of ports, both ends within.
pub type Ranges = Vec<(u16, u16)>;

/// "50000-50033, 50041".
pub fn ranges(ranges: &[(u16, u16)]) -> String {
    let one = |(a, b): &(u16, u16)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    ranges.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Of things of two kinds in a row, each with a port: the ranges of ports of a kind that stand
/// together; the first kind's and the second's.
pub fn runs(a: &BTreeSet<u16>, b: &BTreeSet<u16>) -> (Ranges, Ranges) {
    let mut all: Vec<(u16, bool)> = a.iter().map(|p| (*p, true)).collect();
    all.extend(b.iter().map(|p| (*p, false)));
    all.sort_unstable();
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    let mut last = None;
    for (port, is_a) in all {
        let own: &mut Vec<(u16, u16)> = if is_a { &mut of_a } else { &mut of_b };
        match own.last_mut().filter(|_| last == Some(is_a)) {
            Some(run) => run.1 = port,
            None => own.push((port, port)),
        }
        last = Some(is_a);
    }
    (of_a, of_b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_two_kinds() {
        let (a, b) = (BTreeSet::from([1, 3, 4, 9]), BTreeSet::from([5, 8, 10]));
        let (a, b) = runs(&a, &b);
        assert_eq!((ranges(&a), ranges(&b)), ("1-4, 9".to_owned(), "5-8, 10".to_owned()));
        assert_eq!(runs(&BTreeSet::new(), &BTreeSet::new()), (vec![], vec![]));
    }
}
