//! One pass over a capture: decode, follow, judge.

use std::ops::RangeInclusive;

use prefetch_index::prefetch_index;

use super::batches::Batches;
use super::decoding::{Batch, Decoding, Item};
use super::fetch::{GROUP, GROUPS};
use super::flows::FlowKey;
use super::judging::Judging;
use super::{Analyser, Analysis, ClosedSessions, Options};
use crate::capture::{LinkType, Moment, Packet, Problem, Source, Take};
use crate::decode::{self, Ends};
use crate::diagnose::{self, Finding, Judged};

/// Finished sessions are judged so many at a time. Few: what waits is memory that others could use
/// again.
const BATCH: usize = 32;

/// Decoded packets are fetched so many ahead.
const DISTANCE: usize = 32;

/// How sessions are followed, which changes nothing of what is said of them.
#[derive(Clone, Copy)]
struct Ways {
    /// Sessions, and data connections, that are kept at hand however quiet they are.
    kept: usize,
    /// Others are packed so many at a time, where there are threads for that: to wake one takes as long as to
    /// pack some of them.
    packed: usize,
    /// Segments are noted, and taken together.
    notes: bool,
    /// Flows beyond which is fetched what the next packets will ask for.
    fetched: usize,
}

const USUAL: Ways = Ways { kept: 16_384, packed: 256, notes: true, fetched: 16_384 };

/// Reads a capture to its end and judges its sessions; returns them all, by id.
///
/// Called on a thread of a rayon pool, its other threads read ahead and judge. What comes out is
/// the same for any number of them.
pub fn analyse(source: Source, options: &Options) -> Analysis {
    let mut sessions = Vec::new();
    let mut analysis = analyse_with(source, options, |judged| sessions.push(judged));
    sessions.sort_by_key(|j| j.session.id);
    analysis.sessions = sessions;
    analysis
}

/// Reads a capture to its end and hands on each judged session at its closing point, in the order
/// of closing points. The analysis returned holds no sessions, only what was found over all of them.
pub fn analyse_with(
    source: Source,
    options: &Options,
    sink: impl FnMut(Judged) + Send,
) -> Analysis {
    run(source, options, USUAL, sink)
}

fn run(source: Source, options: &Options, ways: Ways, sink: impl FnMut(Judged) + Send) -> Analysis {
    let threads = threads();
    let mut analyser = Analyser::new(options);
    analyser.rest_beyond(ways.kept);
    analyser.fetch_beyond(ways.fetched);
    if threads > 1 {
        analyser.pack_aside(ways.packed);
    }
    if ways.notes {
        analyser.take_notes();
    }
    let judge = if options.problems_only { diagnose::judge_briefly } else { diagnose::judge };
    let (source, learner, missing_segments) =
        Judging::new(threads, judge, sink).over(|hand_over| {
            let source = read(source, threads, &mut analyser, hand_over);
            analyser.finish_into(BATCH, hand_over);
            source
        });
    let mut analysis = whole(source, analyser, learner.findings());
    analysis.overview.missing_segments = missing_segments;
    analysis
}

/// Threads of the pool that this runs on; 1 outside of any.
pub(super) fn threads() -> usize {
    match rayon::current_thread_index() {
        Some(_) => rayon::current_num_threads(),
        None => 1,
    }
}

/// What there is beside the sessions.
pub(super) fn whole(source: Source, analyser: Analyser, findings: Vec<Finding>) -> Analysis {
    let mut capture = source.finish();
    capture.problems.extend(analyser.problems());
    for ((a, b), (client, server)) in analyser.engine().captured_twice() {
        let name = |file: u32| capture.files.get(file as usize).cloned().unwrap_or_default();
        let text = format!(
            "{} holds the connection {client} → {server} at the same time as {}: two captures of the \
             same packets are to be compared, not merged (compare; until then, --each)",
            name(*b),
            name(*a)
        );
        capture.problems.push(Problem { file: *b, offset: None, frame: None, text });
    }
    Analysis { capture, overview: analyser.into_overview(), findings, ..Analysis::default() }
}

/// Reads a source to its end and returns it.
fn read(
    mut source: Source,
    threads: usize,
    analyser: &mut Analyser,
    hand_over: &mut dyn FnMut(ClosedSessions),
) -> Source {
    if threads > 1 {
        if source.can_be_scouted() {
            return decoded(Batches::here(Decoding::scouted(source)), analyser, hand_over);
        }
        source.read_ahead();
        if source.keep_windows() {
            return decoded(Batches::Ahead(Decoding::ahead(source)), analyser, hand_over);
        }
    }
    let mut reading = Reading::<0> { analyser, hand_over };
    if source.walk_until(&mut reading, |r| r.analyser.engine().is_worth_fetching()) {
        let Reading { analyser, hand_over } = reading;
        source.walk(&mut Reading::<GROUP> { analyser, hand_over });
    }
    source
}

/// Takes the packets of a source; fetches for so many of them together, if any.
struct Reading<'a, const GROUP: usize> {
    analyser: &'a mut Analyser,
    hand_over: &'a mut dyn FnMut(ClosedSessions),
}

impl<const GROUP: usize> Take for Reading<'_, GROUP> {
    const AHEAD: usize = GROUP * GROUPS;
    const GROUP: usize = GROUP;

    #[inline(always)]
    fn ahead<'p>(&mut self, next: impl Iterator<Item = (LinkType, &'p [u8])>) {
        let flow = |(link, data)| match decode::ends(link, data)? {
            Ends::V4(a, b) => Some(FlowKey::of_v4(a, b)),
            Ends::Other(a, b) => Some(FlowKey::new(a, b)),
        };
        self.analyser.fetch(next.map(flow));
    }

    #[inline(always)]
    fn take(&mut self, packet: Packet<'_>) {
        let Packet { moment: Moment { order, time, frame }, link, wire_len, data } = packet;
        let Self { analyser, hand_over } = self;
        if analyser.is_due(time) {
            close_due(analyser, Moment { order, time, frame }, hand_over);
        }
        analyser.feed(Packet { moment: Moment { order, time, frame }, link, wire_len, data });
        if analyser.collect() {
            finished(analyser, hand_over);
        }
    }
}

/// Closes what is due before a packet, few at a time: after a pause, that is all that had ended.
#[cold]
fn close_due(analyser: &mut Analyser, at: Moment, hand_over: &mut dyn FnMut(ClosedSessions)) {
    while analyser.close_due(at, BATCH) {
        hand_over(analyser.take_waiting());
    }
}

/// Hands over what is finished, when it is enough.
#[cold]
fn finished(analyser: &mut Analyser, hand_over: &mut dyn FnMut(ClosedSessions)) {
    if analyser.waiting() >= BATCH {
        hand_over(analyser.take_waiting());
    }
}

/// The same, of packets that are decoded ahead.
fn decoded(
    mut batches: Batches,
    analyser: &mut Analyser,
    hand_over: &mut dyn FnMut(ClosedSessions),
) -> Source {
    loop {
        let mut batch = batches.next();
        let mut shown = 0;
        for (n, item) in batch.packets().iter().enumerate() {
            if n % GROUP == 0 && analyser.engine().is_worth_fetching() {
                shown = fetch(&batch, shown.max(n)..=n + GROUP * GROUPS, analyser);
            }
            // Another processor wrote them.
            prefetch_index(batch.packets(), n + DISTANCE);
            match item {
                Item::Brief(brief) => {
                    if analyser.is_due(brief.time) {
                        close_due(analyser, batch.moment(brief), hand_over);
                    }
                    let make = || batch.segment(brief);
                    analyser.segment(make, batch.moment(brief), brief.greets());
                }
                Item::Other(place) => {
                    let Some((decoded, at, link)) = batch.other(*place) else { continue };
                    if analyser.is_due(at.time) {
                        close_due(analyser, at, hand_over);
                    }
                    analyser.decoded(&decoded, at, link);
                }
            }
            if analyser.collect() {
                finished(analyser, hand_over);
            }
        }
        if let Some(source) = batch.over.take() {
            return source;
        }
        batches.give_back(batch);
    }
}

/// Begins to fetch for the packets of a batch, groups of which begin in this range; where the next one does.
#[inline(never)]
fn fetch(batch: &Batch, groups: RangeInclusive<usize>, analyser: &mut Analyser) -> usize {
    let mut begin = *groups.start();
    while begin <= *groups.end()
        && let Some(next) = batch.packets().get(begin..)
    {
        let next = || next.iter().take(GROUP);
        // Others had the payload in their caches.
        next().for_each(|item| batch.fetch(item));
        analyser.fetch(next().map(|item| batch.flow(item)));
        begin += GROUP;
    }
    begin
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::capture::{OpenOptions, open};

    fn samples() -> Vec<PathBuf> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/samples");
        let all = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        all.filter(|p| p.extension().is_some_and(|e| e != "toml" && e != "md")).collect()
    }

    fn told(path: &PathBuf, ways: Ways) -> Vec<String> {
        let source = open(std::slice::from_ref(path), &OpenOptions::default()).source;
        let mut told = Vec::new();
        let analysis =
            run(source, &Options::default(), ways, |j| told.push(format!("{:#?}", Box::new(j))));
        told.push(format!("{analysis:#?}"));
        told
    }

    #[test]
    fn rest_notes_and_fetching_change_nothing() {
        let mut compared = 0;
        for path in samples() {
            let never = usize::MAX;
            let plain = told(&path, Ways { kept: never, notes: false, fetched: never, ..USUAL });
            compared += plain.len();
            for kept in [0, never] {
                for (notes, fetched) in [(false, 0), (true, never), (true, 0)] {
                    let other = told(&path, Ways { kept, notes, fetched, ..USUAL });
                    assert!(plain == other, "{} {kept} {notes} {fetched}", path.display());
                }
            }
        }
        assert!(compared > 100);
    }

    /// A capture of several windows: the same packets again and again.
    fn repeated(sample: &Path, to: &Path) {
        let bytes = std::fs::read(sample).unwrap();
        let (header, records) = bytes.split_at(24);
        let mut long = header.to_vec();
        while long.len() < 2_000_000 {
            long.extend(records);
        }
        std::fs::write(to, long).unwrap();
    }

    #[test]
    fn rest_and_fetching_change_nothing_from_window_to_window() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("long.pcap");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        for sample in ["mixed-many.pcap", "forty-sessions-server.pcap"] {
            let samples = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"));
            repeated(&samples.join(sample), &long);
            let never = told(&long, Ways { kept: usize::MAX, fetched: usize::MAX, ..USUAL });
            assert!(never.len() > 10, "{sample}");
            // The clock steps back each time.
            assert!(told(&long, Ways { kept: 3, ..USUAL }) == never, "{sample}, at rest");
            for (kept, packed) in [(0, 1), (3, 1), (3, 7)] {
                let told = || told(&long, Ways { kept, packed, ..USUAL });
                assert!(pool.install(told) == never, "{sample} {kept} packed aside by {packed}");
            }
            for fetched in [0, 5, 20] {
                let told = || told(&long, Ways { fetched, ..USUAL });
                assert!(told() == never, "{sample} {fetched}");
                assert!(pool.install(told) == never, "{sample} {fetched}, two threads");
            }
        }
    }

    #[test]
    fn threads_change_nothing_and_keep_the_order() {
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for path in samples() {
                let (one, several) = (told(&path, USUAL), pool.install(|| told(&path, USUAL)));
                assert!(one == several, "{} on {threads} threads", path.display());
            }
        }
    }

    #[test]
    fn a_sink_that_panics_stops_the_run() {
        let path = samples().into_iter().find(|p| p.ends_with("mixed-many.pcap")).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let result = pool.install(|| {
            std::panic::catch_unwind(|| {
                let source = open(std::slice::from_ref(&path), &OpenOptions::default()).source;
                analyse_with(source, &Options::default(), |_| panic!("on purpose"))
            })
        });
        assert!(result.is_err());
    }
}
