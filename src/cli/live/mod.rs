//! Capturing on interfaces: open, give rights away, analyse, and report or watch.

mod dashboard;
mod outbox;
mod session;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::JoinHandle;

use ftpscope::capture::live::{Feed, Live, LiveOptions, Reason, Rotation, Save};
use ftpscope::capture::{BpfExpression, CaptureFacts};
use ftpscope::diagnose::Judged;
use ftpscope::engine::Analysis;
use ftpscope::export::Saver;
use ftpscope::report::filter::Filter;
use ftpscope::report::privacy::Masker;
use ftpscope::report::{json, text};

use self::session::{Event, Outcome, drive};
use super::args::{Common, Format, ReportArgs};
use super::live_args::LiveArgs;
use super::output::{stdout, written};
use super::run::{choose_findings, counts, engine_options, is_problem, on_threads, text_options};
use super::{USAGE, complain};

pub use dashboard::dashboard;
pub use watch::watch;

/// The kernel's buffer for each interface, unless another size is asked for.
const BUFFER: u64 = 32 << 20;

/// A capture that is ready to begin, without rights.
struct Ready {
    live: Live,
    saver: Option<Saver>,
    filter: Option<Filter>,
    facts: CaptureFacts,
}

/// A capture that runs.
struct Running {
    feed: Feed,
    saving: Option<Saving>,
}

/// Writes what is captured.
type Saving = JoinHandle<Result<(), String>>;

/// `ftpscope -i`, `ftpscope report -i`: the report, once it is over.
pub fn report(
    args: &LiveArgs,
    expression: &[PathBuf],
    common: &Common,
    report: &ReportArgs,
) -> ExitCode {
    if report.format == Format::Ndjson {
        return watch::watch(args, expression, common, report);
    }
    let Some(ready) = prepare(args, expression, common, None) else {
        return ExitCode::from(USAGE);
    };
    on_threads(common, || {
        let filter = ready.filter.clone();
        let Some((running, facts)) = ready.start(complain) else { return ExitCode::from(USAGE) };
        running.until_a_signal(common);
        let mut sessions: Vec<Judged> = Vec::new();
        let mut masker = common.privacy.then(Masker::default);
        let (mut analysis, outcome) =
            drive(running, facts, &engine_options(common), false, |event| match event {
                Event::Ended(mut judged) => {
                    let counts = counts(&judged, filter.as_ref(), &report.session);
                    // Findings speak of sessions that aren't shown as well.
                    if let Some(masker) = &mut masker {
                        masker.session(&mut judged);
                    }
                    if counts {
                        sessions.push(*judged);
                    }
                    true
                }
                Event::Open(_) => true,
            });
        sessions.sort_by_key(|j| j.session.id);
        let chosen = filter.is_some() || !report.session.is_empty();
        let counting = chosen.then(|| sessions.iter().map(|j| j.session.id).collect());
        choose_findings(&mut analysis.findings, report.only_problems, counting.as_ref());
        analysis.sessions = sessions;
        if let Some(masker) = &mut masker {
            masker.capture(&mut analysis);
        }
        let done = print(&analysis, common, report);
        let problem = analysis.sessions.iter().any(is_problem);
        finish(&outcome, problem, done, common)
    })
}

fn print(a: &Analysis, common: &Common, report: &ReportArgs) -> bool {
    use std::io::Write;
    let mut out = stdout();
    let result = if report.format == Format::Json {
        json::document(
            a,
            &json::summary(a.sessions.iter()),
            |j| !report.only_problems || is_problem(j),
            &mut out,
        )
    } else {
        let chosen = !report.session.is_empty();
        text::text(a, &text_options(common, report.only_problems, chosen), &mut out)
    };
    written(result.and_then(|()| out.flush()))
}

/// The exit status, and what went wrong at the end.
fn finish(outcome: &Outcome, problem: bool, done: bool, common: &Common) -> ExitCode {
    let ended = &outcome.ended;
    if ended.not_analysed > 0 {
        complain(&format!(
            "{} packets came faster than they could be analysed and were left out; a narrower filter helps",
            ended.not_analysed
        ));
    }
    if ended.not_written > 0 {
        complain(&format!(
            "{} packets came faster than they could be written and are not in the file",
            ended.not_written
        ));
    }
    let broken = match &ended.reason {
        Reason::NoInterface => Some("no interface is left to capture on".to_owned()),
        Reason::Failed(error) => Some(format!("the capture ended: {error}")),
        Reason::Asked | Reason::Count | Reason::Duration => None,
    };
    if let Some(text) = &broken {
        complain(text);
    }
    if broken.is_some() || outcome.save_failed || !done {
        return ExitCode::from(USAGE);
    }
    ExitCode::from(u8::from(problem && !common.exit_zero))
}

/// Opens the interfaces and the file, then gives every right away that is not needed any more.
/// Complains, and returns nothing, when something is wrong. `save_dir`: where the dashboard may
/// save packets later.
fn prepare(
    args: &LiveArgs,
    expression: &[PathBuf],
    common: &Common,
    save_dir: Option<&Path>,
) -> Option<Ready> {
    ready(args, expression, common, save_dir).map_err(|e| complain(&e)).ok()
}

fn ready(
    args: &LiveArgs,
    expression: &[PathBuf],
    common: &Common,
    save_dir: Option<&Path>,
) -> Result<Ready, String> {
    if args.interface.is_empty() {
        return Err(
            "name an interface with --interface, e.g. -i any; `ftpscope interfaces` lists them"
                .into(),
        );
    }
    if common.since.is_some() || common.until.is_some() {
        return Err("--since and --until choose packets of files; live, --duration ends it".into());
    }
    let filter = common.filter.as_deref().map(Filter::parse).transpose();
    let filter = filter.map_err(|e| format!("--filter: {e}"))?;
    let options = options(args, expression, common)?;
    let names = options.interfaces.join(",");
    let save = options.save.clone();
    let keep_net_raw = options.keep_net_raw;
    let live = Live::open(options).map_err(|e| e.to_string())?;
    if common.verbose {
        for facts in live.facts() {
            let (name, link) = (&facts.name, facts.link.name());
            complain(&format!("capturing on {name} ({link}); filter: {}", facts.filter));
        }
    }
    let saver = save.clone().map(|save| Saver::new(save, live.facts())).transpose()?;
    let folders = save.as_ref().map(Save::folder).into_iter().chain(save_dir);
    let writable = folders.map(Path::to_owned).collect();
    give_away(saver.as_ref(), writable, keep_net_raw, common.verbose)?;
    if let Some(save) = save.as_ref().filter(|save| save.rotation.is_some()) {
        may_write(save.folder())?;
    }
    let files = if save.is_some() { Vec::new() } else { vec![format!("live:{names}")] };
    let facts = CaptureFacts { files, ..CaptureFacts::default() };
    Ok(Ready { live, saver, filter, facts })
}

fn options(
    args: &LiveArgs,
    expression: &[PathBuf],
    common: &Common,
) -> Result<LiveOptions, String> {
    let words: Vec<String> = expression.iter().map(|w| w.display().to_string()).collect();
    let own = Some(words.join(" ")).filter(|e| !e.is_empty());
    let filter = match (own, &common.bpf) {
        (Some(own), Some(bpf)) => Some(format!("({own}) and ({bpf})")),
        (own, bpf) => own.or(bpf.clone()),
    };
    if let Some(expression) = &filter {
        // Said before rights are asked for.
        BpfExpression::new(expression).map_err(|e| e.to_string())?;
    }
    let rotation =
        args.rotate.map(|r| Rotation { size: r.size, time: r.time, count: r.count, keep: r.keep });
    let save = match (&args.write, rotation) {
        (Some(path), _) if path == Path::new("-") => {
            return Err("--write -: standard output is taken by the report; name a file".into());
        }
        (Some(path), rotation) => Some(Save { path: path.clone(), rotation }),
        (None, Some(_)) => return Err("--rotate: name the files with --write".into()),
        (None, None) => None,
    };
    Ok(LiveOptions {
        interfaces: args.interface.clone(),
        filter,
        buffer_size: u32::try_from(args.buffer_size.unwrap_or(BUFFER)).unwrap_or(u32::MAX),
        promiscuous: !args.no_promiscuous,
        link_type: args.link_type.clone(),
        count: args.count,
        duration: args.duration,
        keep_net_raw: args.keep_net_raw,
        save,
    })
}

#[cfg(target_os = "linux")]
fn give_away(
    saver: Option<&Saver>,
    writable: Vec<PathBuf>,
    net_raw: bool,
    verbose: bool,
) -> Result<(), String> {
    use ftpscope::capture::live::rights::{self, Keep, User};
    #[allow(clippy::disallowed_methods, reason = "sudo says in the environment who called it")]
    let id = |name: &str| std::env::var(name).ok().and_then(|id| id.parse::<u32>().ok());
    let sudo = id("SUDO_UID").zip(id("SUDO_GID")).map(|(uid, gid)| User { uid, gid });
    let user = User::instead_of_root(sudo);
    if let Some((user, made)) = user.zip(saver.and_then(Saver::made)) {
        rights::hand_over(made, user)?;
    }
    let said = rights::give_away(&Keep { user, writable, net_raw })?;
    if verbose {
        said.iter().for_each(|text| complain(text));
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn give_away(_: Option<&Saver>, _: Vec<PathBuf>, _: bool, verbose: bool) -> Result<(), String> {
    if verbose {
        complain("rights are given away on Linux only");
    }
    Ok(())
}

/// Files are made later, without rights: that this can't work is said now.
fn may_write(folder: &Path) -> Result<(), String> {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(
        |e| {
            format!(
                "--rotate: {} can't be written by user {}, who ftpscope runs as from here on: {e}; make \
                 a folder that it owns",
                folder.display(),
                rustix::process::geteuid().as_raw()
            )
        },
    )
}

impl Ready {
    /// Begins to capture. `say` is told when the file can't be written any more.
    fn start(self, say: impl Fn(&str) + Send + 'static) -> Option<(Running, CaptureFacts)> {
        let begin = || -> std::io::Result<Running> {
            let mut feed = self.live.start()?;
            let saving = match (self.saver, feed.to_save.take()) {
                (Some(saver), Some(batches)) => {
                    // It is said at once; what is captured is still analysed.
                    let run = move || saver.run(&batches).inspect_err(|e| say(e));
                    Some(std::thread::Builder::new().name("save".to_owned()).spawn(run)?)
                }
                _ => None,
            };
            Ok(Running { feed, saving })
        };
        match begin() {
            Ok(running) => Some((running, self.facts)),
            Err(e) => {
                complain(&format!("the capture can't begin: {e}"));
                None
            }
        }
    }
}

impl Running {
    /// Has signals end it.
    fn until_a_signal(&self, common: &Common) {
        match self.feed.stop.on_signals() {
            Ok(()) if common.verbose => complain("the capture begins; SIGINT and SIGTERM end it"),
            Ok(()) => {}
            Err(e) => complain(&format!("signals can't be handled: {e}")),
        }
    }

    /// Waits until everything that was captured is analysed and written.
    fn end(self) -> Outcome {
        drop(self.feed.batches);
        let ended = self.feed.thread.join().unwrap_or_default();
        Outcome { ended, save_failed: save_failed(self.saving) }
    }
}

/// Waits for whoever writes; whether the file could not be written to its end.
fn save_failed(saving: Option<Saving>) -> bool {
    saving.is_some_and(|thread| !matches!(thread.join(), Ok(Ok(()))))
}
