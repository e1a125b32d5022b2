//! `ftpscope watch`: a line for each stall and each session's end.

use std::path::PathBuf;
use std::process::ExitCode;

use ftpscope::diagnose::Judged;
use ftpscope::engine::{Analysis, Stalls};
use ftpscope::report::document::Summary;
use ftpscope::report::filter::Filter;
use ftpscope::report::privacy::Masker;
use ftpscope::report::text::clock::Clock;
use ftpscope::report::text::lines::print;
use ftpscope::report::{json, watch as lines};

use super::super::args::{Common, Format, ReportArgs};
use super::super::counting::Counting;
use super::super::live_args::LiveArgs;
use super::super::run::{
    choose_findings, counts, engine_options, is_problem, on_threads, text_options,
};
use super::super::{USAGE, complain};
use super::outbox::Outbox;
use super::session::{Event, drive};
use super::{finish, prepare};

/// What becomes a line, and how it looks.
struct Watcher<'a> {
    report: &'a ReportArgs,
    filter: Option<Filter>,
    masker: Option<Masker>,
    stalls: Stalls,
    summary: Summary,
    problem: bool,
    /// Sessions that count, if not all do.
    counting: Option<Counting>,
    clock: Clock,
    color: bool,
}

/// `ftpscope watch`.
pub fn watch(
    args: &LiveArgs,
    expression: &[PathBuf],
    common: &Common,
    report: &ReportArgs,
) -> ExitCode {
    if report.format == Format::Json {
        complain("watch writes lines: --format text or ndjson");
        return ExitCode::from(USAGE);
    }
    let Some(ready) = prepare(args, expression, common, None) else {
        return ExitCode::from(USAGE);
    };
    on_threads(common, || {
        let options = text_options(common, report.only_problems, false);
        let mut watcher = Watcher {
            report,
            filter: ready.filter.clone(),
            masker: common.privacy.then(Masker::default),
            stalls: Stalls::default(),
            summary: Summary::default(),
            problem: false,
            counting: (ready.filter.is_some() || !report.session.is_empty())
                .then(Counting::default),
            clock: Clock::new(options.zone),
            color: options.color,
        };
        let Some((running, facts)) = ready.start(complain) else { return ExitCode::from(USAGE) };
        running.until_a_signal(common);
        let mut outbox = Outbox::new();
        let (mut analysis, outcome) =
            drive(running, facts, &engine_options(common), true, |event| {
                watcher.event(event).into_iter().all(|line| outbox.send(line))
            });
        let last = watcher.last(&mut analysis);
        let (done, left_out) = outbox.finish(last);
        if left_out > 0 {
            complain(&format!("{left_out} lines were left out: standard output was not read"));
        }
        finish(&outcome, watcher.problem, done, common)
    })
}

impl Watcher<'_> {
    /// The lines of an event.
    fn event(&mut self, event: Event) -> Vec<Vec<u8>> {
        match event {
            Event::Ended(judged) => self.ended(*judged).into_iter().collect(),
            Event::Open(open) => {
                let mut lines = Vec::new();
                for judged in open {
                    if !counts(&judged, self.filter.as_ref(), &self.report.session) {
                        continue;
                    }
                    let new = self.stalls.new_in(&judged);
                    lines.extend(new.into_iter().filter_map(|stall| self.stall(&judged, stall)));
                }
                lines
            }
        }
    }

    fn ended(&mut self, mut judged: Judged) -> Option<Vec<u8>> {
        self.stalls.forget(&judged);
        let counts = counts(&judged, self.filter.as_ref(), &self.report.session);
        if counts {
            self.summary.add(&judged);
            self.problem |= is_problem(&judged);
            if let Some(counting) = &mut self.counting {
                counting.add(judged.session.id);
            }
        }
        // Findings speak of sessions that aren't shown as well.
        if let Some(masker) = &mut self.masker {
            masker.session(&mut judged);
        }
        if !counts || (self.report.only_problems && !is_problem(&judged)) {
            return None;
        }
        let mut line = Vec::new();
        let _ = match self.report.format {
            Format::Ndjson => json::session_line(&judged, &mut line),
            _ => print(&[lines::end(&judged, &self.clock)], self.color, &mut line),
        };
        Some(line)
    }

    fn stall(&mut self, judged: &Judged, stall: usize) -> Option<Vec<u8>> {
        let masked = self.masker.as_mut().map(|masker| {
            let mut copy = judged.clone();
            masker.session(&mut copy);
            copy
        });
        let judged = masked.as_ref().unwrap_or(judged);
        let stall = judged.diagnoses.get(stall)?;
        let mut line = Vec::new();
        let _ = match self.report.format {
            Format::Ndjson => json::stall_line(judged, stall, &mut line),
            _ => print(&[lines::stall(judged, stall, &self.clock)], self.color, &mut line),
        };
        Some(line)
    }

    /// The last line.
    fn last(&mut self, analysis: &mut Analysis) -> Vec<u8> {
        let only_problems = self.report.only_problems;
        choose_findings(&mut analysis.findings, only_problems, self.counting.as_ref());
        if let Some(masker) = &mut self.masker {
            masker.capture(analysis);
        }
        let facts = &analysis.capture;
        let dropped = facts.dropped_packets.unwrap_or(0);
        let mut line = Vec::new();
        let summary = std::mem::take(&mut self.summary);
        let _ = match self.report.format {
            Format::Ndjson => json::capture_line(analysis, summary, &mut line),
            _ => {
                let text = lines::summary(&summary, facts.packets, dropped);
                print(&[text], self.color, &mut line)
            }
        };
        line
    }
}
