//! Reading captures, and what all reports on them have in common.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use ftpscope::capture::{self, BpfExpression, OpenOptions, Opened, Source};
use ftpscope::diagnose::{Finding, Judged, Severity, Status};
use ftpscope::engine::{Analysis, Options};
use ftpscope::report::filter::Filter;
use ftpscope::report::text::{TextOptions, Zone};

use rayon::{ThreadPool, ThreadPoolBuildError};

use super::args::{Color, Common};
use super::counting::Counting;
use super::output::written;
use super::turns::Turns;
use super::{USAGE, complain, processors, progress};

/// Inputs of fewer bytes are read before other threads have begun.
const SMALL: u64 = 1 << 20;
/// Problems of captures that are said one by one.
const MAX_COMPLAINTS: usize = 20;
/// Width of the text where no terminal says.
const WIDTH: u16 = 100;
/// Wider lines are hard to read.
const MAX_WIDTH: u16 = 132;

/// What a run came to.
#[derive(Clone, Copy, Default)]
struct Outcome {
    problem_sessions: bool,
    failed_inputs: bool,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.problem_sessions |= other.problem_sessions;
        self.failed_inputs |= other.failed_inputs;
    }

    fn exit(self, common: &Common) -> ExitCode {
        ExitCode::from(match self {
            Self { failed_inputs: true, .. } => USAGE,
            Self { problem_sessions: true, .. } if !common.exit_zero => 1,
            _ => 0,
        })
    }
}

/// A run on a pool of the threads that were asked for.
#[cfg(all(feature = "live", unix))]
pub fn on_threads(common: &Common, run: impl FnOnce() -> ExitCode + Send) -> ExitCode {
    match pool(common.threads) {
        Ok(pool) => pool.install(run),
        Err(e) => {
            complain(&format!("--threads {}: {e}; try a smaller number", common.threads));
            ExitCode::from(USAGE)
        }
    }
}

/// A pool of so many threads. This one is among them, and would only wait otherwise.
pub fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build()
}

/// The threads to read these with: what is read at once needs no others, unless they were asked for.
pub fn threads(files: &[PathBuf], common: &Common) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    match common.threads {
        0 if capture::size(files).is_some_and(|size| size < SMALL) => 1,
        0 => cores(),
        threads => threads,
    }
}

/// Makes a report of a capture: whether a session has a problem, whether it could be written, and
/// what there was to report.
pub(super) trait View:
    Fn(Source, Option<&Filter>, &mut Output<'_>) -> Viewed + Sync
{
}
impl<F: Fn(Source, Option<&Filter>, &mut Output<'_>) -> Viewed + Sync> View for F {}
pub(super) type Output<'o> = BufWriter<&'o mut (dyn Write + Send)>;
pub(super) type Viewed = (bool, io::Result<()>, Analysis);

/// Opens the inputs, all as one or each for itself, and reports on them with `view`.
pub(super) fn over_inputs(
    files: &[PathBuf],
    common: &Common,
    each: bool,
    view: impl View,
) -> ExitCode {
    let filter = match common.filter.as_deref().map(Filter::parse).transpose() {
        Ok(filter) => filter,
        Err(e) => {
            complain(&format!("--filter: {e}"));
            return ExitCode::from(USAGE);
        }
    };
    let Some(options) = open_options(common) else { return ExitCode::from(USAGE) };
    let mut outcome = Outcome::default();
    let mut sets: Vec<Vec<PathBuf>> = vec![files.to_vec()];
    if each {
        let expanded = capture::expand(files);
        sets = expanded.inputs.into_iter().map(|f| vec![f]).collect();
        for failure in &expanded.failures {
            complain(&failure.to_string());
            outcome.failed_inputs = true;
        }
    }
    let threads = threads(files, common);
    let job = Job { common, filter, options, view };
    let result = if sets.len() > 1 && threads > 1 {
        job.side_by_side(&sets, threads)
    } else {
        job.one_by_one(&sets, threads)
    };
    match result {
        Ok(all) => {
            outcome.add(all);
            outcome.exit(common)
        }
        Err(e) => {
            complain(&format!("--threads {threads}: {e}; try a smaller number"));
            ExitCode::from(USAGE)
        }
    }
}

/// What is done with each set of inputs.
struct Job<'j, V> {
    common: &'j Common,
    filter: Option<Filter>,
    options: OpenOptions,
    view: V,
}

impl<V: View> Job<'_, V> {
    fn one_by_one(
        &self,
        sets: &[Vec<PathBuf>],
        threads: usize,
    ) -> Result<Outcome, ThreadPoolBuildError> {
        processors::pool(threads)?.install(|| {
            let mut all = Outcome::default();
            for set in sets {
                all.add(self.run(set, true, &mut io::stdout(), &mut |text| complain(&text)));
            }
            Ok(all)
        })
    }

    /// Several sets at a time, each on its share of the threads; printed in their order.
    fn side_by_side(
        &self,
        sets: &[Vec<PathBuf>],
        threads: usize,
    ) -> Result<Outcome, ThreadPoolBuildError> {
        let (turns, next) = (Turns::default(), AtomicUsize::new(0));
        let runners = threads.min(sets.len());
        let runner = |number: usize| {
            let share = threads / runners + usize::from(number < threads % runners);
            pool(share)?.install(|| {
                let mut all = Outcome::default();
                while let Some((index, set)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    sets.get(index).map(|set| (index, set))
                } {
                    let mut said = Vec::new();
                    let mut out = turns.output(index);
                    all.add(self.run(set, false, &mut out, &mut |text| said.push(text)));
                    said.into_iter().for_each(|text| out.say(text));
                }
                Ok(all)
            })
        };
        let mut all = Outcome::default();
        std::thread::scope(|scope| {
            let others: Vec<_> =
                (1..runners).map(|number| scope.spawn(move || runner(number))).collect();
            all.add(runner(0)?);
            for other in others {
                match other.join() {
                    Ok(outcome) => all.add(outcome?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(())
        })?;
        all.failed_inputs |= !turns.all_written();
        Ok(all)
    }

    /// Reports on one set of inputs; what there is to say about it is said in sentences.
    fn run(
        &self,
        set: &[PathBuf],
        watched: bool,
        out: &mut (dyn Write + Send),
        say: &mut dyn FnMut(String),
    ) -> Outcome {
        if self.common.verbose {
            set.iter().for_each(|file| say(format!("reading {}", name(file))));
        }
        let Opened { source, failures } = capture::open(set, &self.options);
        failures.iter().for_each(|failure| say(failure.to_string()));
        let failed_inputs = !failures.is_empty();
        if source.files().is_empty() {
            return Outcome { failed_inputs, problem_sessions: false };
        }
        let shown = watched.then(|| progress::show(source.progress(), source.total_bytes()));
        let mut out = BufWriter::with_capacity(64 * 1024, out);
        let (problem_sessions, result, analysis) =
            (self.view)(source, self.filter.as_ref(), &mut out);
        let done = written(result.and_then(|()| out.flush()));
        drop(shown);
        complain_of(&analysis, say);
        Outcome { problem_sessions, failed_inputs: failed_inputs || !done }
    }
}

/// Which packets to read; complains where an option makes no sense.
pub fn open_options(common: &Common) -> Option<OpenOptions> {
    let bpf = match common.bpf.as_deref().map(BpfExpression::new).transpose() {
        Ok(bpf) => bpf,
        Err(e) => {
            complain(&format!("--bpf: {e}"));
            return None;
        }
    };
    Some(OpenOptions { since: common.since, until: common.until, bpf })
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

/// How to analyse.
pub fn engine_options(common: &Common) -> Options {
    Options { ports: common.port.clone(), threads: common.threads, problems_only: false }
}

/// Whether a session counts at all.
pub fn counts(j: &Judged, filter: Option<&Filter>, ids: &[u64]) -> bool {
    (ids.is_empty() || ids.contains(&j.session.id)) && filter.is_none_or(|f| f.matches(j))
}

/// Findings are learned from all sessions: what a filter hides may be what tells. Those are shown
/// that concern a session that counts; only what is a problem, if nothing else is wanted.
pub fn choose_findings(found: &mut Vec<Finding>, only_problems: bool, counting: Option<&Counting>) {
    found.retain(|f| {
        let concerned = |counting: &Counting| f.sessions.iter().any(|id| counting.has(*id));
        !(only_problems && f.diagnosis.severity == Severity::Info) && counting.is_none_or(concerned)
    });
}

/// Whether a session is one for the exit status.
pub fn is_problem(j: &Judged) -> bool {
    matches!(j.status, Status::Stalled | Status::Failed | Status::Suspicious)
}

/// Damage inside a recognised capture: one sentence each.
fn complain_of(a: &Analysis, say: &mut dyn FnMut(String)) {
    let problems = &a.capture.problems;
    for p in problems.iter().take(MAX_COMPLAINTS) {
        let file = a.capture.files.get(p.file as usize).map(String::as_str).unwrap_or_default();
        let place = match (p.offset, p.frame) {
            (Some(offset), Some(frame)) => format!("offset {offset}, frame {frame}: "),
            (Some(offset), None) => format!("offset {offset}: "),
            _ => String::new(),
        };
        say(format!("{file}: {place}{}", p.text));
    }
    if let Some(more) = problems.len().checked_sub(MAX_COMPLAINTS).filter(|n| *n > 0) {
        say(format!("and {more} more; --format json lists them all in capture.problems"));
    }
}

/// Zone of the times.
pub fn zone(common: &Common) -> Zone {
    if common.local { Zone::Local } else { Zone::Utc }
}

/// How text looks.
pub fn text_options(common: &Common, only_problems: bool, chosen: bool) -> TextOptions {
    let terminal = std::io::stdout().is_terminal();
    #[allow(clippy::disallowed_methods, reason = "https://no-color.org is about the environment")]
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
        || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
    // Only of a terminal: otherwise `tput` would be run for it, twice.
    let width = terminal.then(crossterm::terminal::size).and_then(Result::ok).map(|s| s.0);
    TextOptions {
        color: match common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        },
        width: width.unwrap_or(WIDTH).clamp(40, MAX_WIDTH),
        zone: zone(common),
        only_problems,
        filtered: chosen || common.filter.is_some(),
    }
}
