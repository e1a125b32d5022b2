//! Masking sessions that are handed on as they end.

use std::collections::BTreeMap;

use ftpscope::diagnose::Judged;
use ftpscope::engine::Analysis;
use ftpscope::report::privacy::Masker;

/// Masks sessions in the order of their ids, which is how masks are numbered: one that ended before another
/// that began earlier waits for that.
#[derive(Debug)]
pub struct Masking {
    masker: Masker,
    /// The id whose turn it is.
    next: u64,
    /// By id, and whether they count.
    waiting: BTreeMap<u64, (Judged, bool)>,
}

impl Default for Masking {
    fn default() -> Self {
        Self { masker: Masker::default(), next: 1, waiting: BTreeMap::new() }
    }
}

impl Masking {
    /// Takes a session, in any order, and hands on those whose turn it is now, if they count: the others are
    /// learned from.
    pub fn add(&mut self, judged: Judged, counts: bool, hand_on: &mut impl FnMut(Judged)) {
        self.waiting.insert(judged.session.id, (judged, counts));
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= self.next
        {
            let (judged, counts) = first.remove();
            self.next += 1;
            self.mask(judged, counts, hand_on);
        }
    }

    /// No more will come: hands on those that wait, and masks what there is beside the sessions.
    pub fn finish(mut self, analysis: &mut Analysis, hand_on: &mut impl FnMut(Judged)) {
        for (judged, counts) in std::mem::take(&mut self.waiting).into_values() {
            self.mask(judged, counts, hand_on);
        }
        self.masker.capture(analysis);
    }

    fn mask(&mut self, mut judged: Judged, counts: bool, hand_on: &mut impl FnMut(Judged)) {
        self.masker.session(&mut judged);
        if counts {
            hand_on(judged);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ftpscope::capture::{self, OpenOptions};
    use ftpscope::engine::{self, Options};
    use ftpscope::report::privacy;

    use super::*;

    fn analysis() -> Analysis {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/mixed-many.pcap");
        let source = capture::open(&[sample], &OpenOptions::default()).source;
        engine::analyse(source, &Options::default())
    }

    fn json(judged: &Judged) -> String {
        let mut line = Vec::new();
        ftpscope::report::json::session_line(judged, &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn masked_as_all_together_in_whatever_order_they_end() {
        let mut together = analysis();
        privacy::mask(&mut together);
        let want: Vec<String> = together.sessions.iter().map(json).collect();
        assert!(want.len() > 3);
        for turned in [false, true] {
            let mut one_by_one = analysis();
            let mut all = std::mem::take(&mut one_by_one.sessions);
            if turned {
                all.reverse();
            }
            let (mut masking, mut got) = (Masking::default(), Vec::new());
            let mut waited = 0;
            for judged in all {
                masking.add(judged, true, &mut |j| got.push(json(&j)));
                waited = waited.max(masking.waiting.len());
            }
            masking.finish(&mut one_by_one, &mut |j| got.push(json(&j)));
            assert_eq!(got, want);
            assert_eq!(waited == 0, !turned);
            let texts = |a: &Analysis| format!("{:?}{:?}", a.findings, a.capture);
            assert_eq!(texts(&one_by_one), texts(&together));
        }
    }

    #[test]
    fn who_does_not_count_is_learned_from_alone() {
        let mut some = analysis();
        let all = std::mem::take(&mut some.sessions);
        let (mut masking, mut got) = (Masking::default(), Vec::new());
        for judged in all {
            let counts = judged.session.id.is_multiple_of(2);
            masking.add(judged, counts, &mut |j| got.push(json(&j)));
        }
        let mut together = analysis();
        privacy::mask(&mut together);
        let even = together.sessions.iter().filter(|j| j.session.id.is_multiple_of(2));
        assert_eq!(got, even.map(json).collect::<Vec<_>>());
    }
}
