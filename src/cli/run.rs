//! Reading captures and reporting on them.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ftpscope::capture::{self, BpfExpression, OpenOptions, Opened};
use ftpscope::diagnose::{Finding, Judged, Severity, Status};
use ftpscope::engine::{self, Analysis, Options};
use ftpscope::report::filter::Filter;
use ftpscope::report::json;
use ftpscope::report::privacy::Masker;
use ftpscope::report::text::{self, TextOptions, Zone};

use super::args::{Color, Common, Format, ReportArgs};
use super::output::{stdout, written};
use super::{USAGE, complain, progress};

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
    fn exit(self, common: &Common) -> ExitCode {
        ExitCode::from(match self {
            Self { failed_inputs: true, .. } => USAGE,
            Self { problem_sessions: true, .. } if !common.exit_zero => 1,
            _ => 0,
        })
    }
}

/// Makes glibc keep freed memory for what comes next, up to some megabytes. Otherwise it goes back to
/// the system whenever a batch of sessions is let go, and comes again page by page. Elsewhere this
/// does nothing: glibc takes a large block that is freed as a sign that more will follow (mallopt(3),
/// M_MMAP_THRESHOLD).
fn keep_freed_memory() {
    const BLOCK: usize = 4 << 20;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(std::hint::black_box(BLOCK))));
}

/// A run on a pool of the threads that were asked for.
pub fn on_threads(common: &Common, run: impl FnOnce() -> ExitCode + Send) -> ExitCode {
    keep_freed_memory();
    // This thread is one of them: glibc grows the heap of any other page by page, with a system call
    // for each.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(common.threads).use_current_thread();
    match pool.build() {
        Ok(pool) => pool.install(run),
        Err(e) => {
            complain(&format!("--threads {}: {e}; try a smaller number", common.threads));
            ExitCode::from(USAGE)
        }
    }
}

/// `ftpscope report`.
pub fn report(files: &[PathBuf], common: &Common, args: &ReportArgs) -> ExitCode {
    on_threads(common, || {
        over_inputs(files, common, args.each, |source, chosen| match args.format {
            Format::Ndjson => ndjson(source, common, args, chosen),
            format => {
                let mut a = analyse(source, common, chosen, &args.session);
                choose_findings(&mut a.findings, args.only_problems, None);
                let shown = |j: &Judged| !args.only_problems || is_problem(j);
                let mut out = stdout();
                let result = if format == Format::Json {
                    json::document(&a, shown, &mut out)
                } else {
                    text::text(
                        &a,
                        &text_options(common, args.only_problems, !args.session.is_empty()),
                        &mut out,
                    )
                };
                let done = written(result.and_then(|()| out.flush()));
                (a.sessions.iter().any(is_problem), done, a)
            }
        })
    })
}

/// `ftpscope check`.
pub fn check(files: &[PathBuf], common: &Common, each: bool) -> ExitCode {
    on_threads(common, || {
        over_inputs(files, common, each, |source, chosen| {
            let a = analyse(source, common, chosen, &[]);
            let mut out = stdout();
            let options = text_options(common, false, false);
            let result = ftpscope::report::check::check(&a, &options, &mut out);
            let done = written(result.and_then(|()| out.flush()));
            (a.sessions.iter().any(is_problem), done, a)
        })
    })
}

/// Opens the inputs, all as one or each for itself, and reports on them with `view`, which tells
/// whether a session has a problem and whether its output was written.
fn over_inputs(
    files: &[PathBuf],
    common: &Common,
    each: bool,
    view: impl Fn(capture::Source, Option<&Filter>) -> (bool, bool, Analysis),
) -> ExitCode {
    let filter = match common.filter.as_deref().map(Filter::parse).transpose() {
        Ok(filter) => filter,
        Err(e) => {
            complain(&format!("--filter: {e}"));
            return ExitCode::from(USAGE);
        }
    };
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
    for set in sets {
        let Some(Opened { source, failures }) = open(&set, common) else {
            return ExitCode::from(USAGE);
        };
        for failure in &failures {
            complain(&failure.to_string());
        }
        outcome.failed_inputs |= !failures.is_empty();
        if source.files().is_empty() {
            continue;
        }
        let shown = progress::show(source.progress(), source.total_bytes());
        let (problem, done, analysis) = view(source, filter.as_ref());
        drop(shown);
        complain_of(&analysis);
        outcome.problem_sessions |= problem;
        outcome.failed_inputs |= !done;
    }
    outcome.exit(common)
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

fn open(files: &[PathBuf], common: &Common) -> Option<Opened> {
    let options = open_options(common)?;
    if common.verbose {
        for file in files {
            complain(&format!("reading {}", name(file)));
        }
    }
    Some(capture::open(files, &options))
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

/// How to analyse.
pub fn engine_options(common: &Common) -> Options {
    Options { ports: common.port.clone(), threads: common.threads, problems_only: false }
}

fn analyse(
    source: capture::Source,
    common: &Common,
    filter: Option<&Filter>,
    ids: &[u64],
) -> Analysis {
    let mut analysis = engine::analyse(source, &engine_options(common));
    let counting = (filter.is_some() || !ids.is_empty()).then(|| {
        let all = analysis.sessions.iter();
        all.filter(|j| counts(j, filter, ids)).map(|j| j.session.id).collect::<BTreeSet<u64>>()
    });
    // Before any session goes: what is masked in it may be named in a finding.
    if common.privacy {
        ftpscope::report::privacy::mask(&mut analysis);
    }
    if let Some(counting) = counting {
        analysis.sessions.retain(|j| counting.contains(&j.session.id));
        choose_findings(&mut analysis.findings, false, Some(&counting));
    }
    analysis
}

/// Whether a session counts at all.
pub fn counts(j: &Judged, filter: Option<&Filter>, ids: &[u64]) -> bool {
    (ids.is_empty() || ids.contains(&j.session.id)) && filter.is_none_or(|f| f.matches(j))
}

/// Findings are learned from all sessions: what a filter hides may be what tells. Those are shown
/// that concern a session that counts; only what is a problem, if nothing else is wanted.
pub fn choose_findings(
    found: &mut Vec<Finding>,
    only_problems: bool,
    counting: Option<&BTreeSet<u64>>,
) {
    found.retain(|f| {
        let concerned = |ids: &BTreeSet<u64>| f.sessions.iter().any(|id| ids.contains(id));
        !(only_problems && f.diagnosis.severity == Severity::Info) && counting.is_none_or(concerned)
    });
}

/// Whether a session is one for the exit status.
pub fn is_problem(j: &Judged) -> bool {
    matches!(j.status, Status::Stalled | Status::Failed | Status::Suspicious)
}

fn ndjson(
    source: capture::Source,
    common: &Common,
    args: &ReportArgs,
    filter: Option<&Filter>,
) -> (bool, bool, Analysis) {
    let mut out = stdout();
    let mut summary = ftpscope::report::document::Summary::default();
    let mut problem = false;
    let mut failed = None;
    let mut masker = common.privacy.then(Masker::default);
    let chosen = filter.is_some() || !args.session.is_empty();
    let mut counting = BTreeSet::new();
    let options = Options { problems_only: args.only_problems, ..engine_options(common) };
    let mut analysis = engine::analyse_with(source, &options, |mut j| {
        let counts = counts(&j, filter, &args.session) && failed.is_none();
        if counts {
            problem |= is_problem(&j);
            summary.add(&j);
            if chosen {
                counting.insert(j.session.id);
            }
        }
        // Findings speak of sessions that aren't shown as well.
        if let Some(masker) = &mut masker {
            masker.session(&mut j);
        }
        if counts && (!args.only_problems || is_problem(&j)) {
            failed = json::session_line(&j, &mut out).err();
        }
    });
    choose_findings(&mut analysis.findings, args.only_problems, chosen.then_some(&counting));
    if let Some(masker) = &mut masker {
        masker.capture(&mut analysis);
    }
    let result = match failed {
        Some(e) => Err(e),
        None => json::capture_line(&analysis, summary, &mut out).and_then(|()| out.flush()),
    };
    (problem, written(result), analysis)
}

/// Damage inside a recognised capture: one sentence each.
fn complain_of(a: &Analysis) {
    let problems = &a.capture.problems;
    for p in problems.iter().take(MAX_COMPLAINTS) {
        let file = a.capture.files.get(p.file as usize).map(String::as_str).unwrap_or_default();
        let place = match (p.offset, p.frame) {
            (Some(offset), Some(frame)) => format!("offset {offset}, frame {frame}: "),
            (Some(offset), None) => format!("offset {offset}: "),
            _ => String::new(),
        };
        complain(&format!("{file}: {place}{}", p.text));
    }
    if let Some(more) = problems.len().checked_sub(MAX_COMPLAINTS).filter(|n| *n > 0) {
        complain(&format!("and {more} more; --format json lists them all in capture.problems"));
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
    let width = crossterm::terminal::size().ok().filter(|_| terminal).map(|s| s.0);
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
