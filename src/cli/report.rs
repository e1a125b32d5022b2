//! `ftpscope report`: one report in each of its formats.

use std::path::PathBuf;
use std::process::ExitCode;

use ftpscope::capture::Source;
use ftpscope::diagnose::Judged;
use ftpscope::engine::{self, Analysis, Options};
use ftpscope::report::document::Summary;
use ftpscope::report::filter::Filter;
use ftpscope::report::privacy::Masker;
use ftpscope::report::text::Gathered;
use ftpscope::report::{json, text};

use super::args::{Common, Format, ReportArgs};
use super::counting::Counting;
use super::masking::Masking;
use super::run::{
    Output, Viewed, choose_findings, counts, engine_options, is_problem, over_inputs, text_options,
};

/// `ftpscope report`.
pub fn report(files: &[PathBuf], common: &Common, args: &ReportArgs) -> ExitCode {
    over_inputs(files, common, args.each, |source, chosen, out| match args.format {
        Format::Ndjson => ndjson(source, common, args, chosen, out),
        Format::Json => as_json(source, common, args, chosen, out),
        Format::Text => as_text(source, common, args, chosen, out),
    })
}

/// Analyses, and hands on each session that counts as it ends; whether one has a problem, and what there is
/// beside the sessions.
pub(super) fn handed_on(
    source: Source,
    common: &Common,
    args: &ReportArgs,
    filter: Option<&Filter>,
    mut take: impl FnMut(Judged) + Send,
) -> (bool, Analysis) {
    let chosen = filter.is_some() || !args.session.is_empty();
    let (mut counting, mut problem) = (Counting::default(), false);
    let mut masking = common.privacy.then(Masking::default);
    let mut hand_on = |j: Judged| {
        problem |= is_problem(&j);
        take(j);
    };
    let options = report_options(common, args, filter);
    let mut analysis = engine::analyse_with(source, &options, |j| {
        let counts = counts(&j, filter, &args.session);
        if counts && chosen {
            counting.add(j.session.id);
        }
        match &mut masking {
            Some(masking) => masking.add(j, counts, &mut hand_on),
            None if counts => hand_on(j),
            None => {}
        }
    });
    // Before findings are chosen: masks are numbered by all of them.
    if let Some(masking) = masking {
        masking.finish(&mut analysis, &mut hand_on);
    }
    choose_findings(&mut analysis.findings, args.only_problems, chosen.then_some(&counting));
    (problem, analysis)
}

/// Sessions are written as they end; those that aren't shown are counted and let go.
fn as_json(
    source: Source,
    common: &Common,
    args: &ReportArgs,
    filter: Option<&Filter>,
    out: &mut Output<'_>,
) -> Viewed {
    let (mut summary, mut sessions) = (Summary::default(), json::Rendered::default());
    let (problem, analysis) = handed_on(source, common, args, filter, |j| {
        summary.add(&j);
        if !args.only_problems || is_problem(&j) {
            sessions.add(&j);
        }
    });
    let result = sessions.document(&analysis, &summary, out);
    (problem, result, analysis)
}

/// Sessions that aren't shown one by one are counted and let go.
fn as_text(
    source: Source,
    common: &Common,
    args: &ReportArgs,
    filter: Option<&Filter>,
    out: &mut Output<'_>,
) -> Viewed {
    let mut gathered = Gathered::new(args.only_problems);
    let (problem, mut analysis) = handed_on(source, common, args, filter, |j| gathered.add(j));
    let (shown, tally) = gathered.shown();
    analysis.sessions = shown;
    let options = text_options(common, args.only_problems, !args.session.is_empty());
    let result = text::told(&analysis, &tally, &options, out);
    (problem, result, analysis)
}

fn ndjson(
    source: Source,
    common: &Common,
    args: &ReportArgs,
    filter: Option<&Filter>,
    out: &mut Output<'_>,
) -> Viewed {
    let mut summary = Summary::default();
    let mut problem = false;
    let mut failed = None;
    let mut masker = common.privacy.then(Masker::default);
    let chosen = filter.is_some() || !args.session.is_empty();
    let mut counting = Counting::default();
    let options = report_options(common, args, filter);
    let mut analysis = engine::analyse_with(source, &options, |mut j| {
        let counts = counts(&j, filter, &args.session) && failed.is_none();
        if counts {
            problem |= is_problem(&j);
            summary.add(&j);
            if chosen {
                counting.add(j.session.id);
            }
        }
        // Findings speak of sessions that aren't shown as well.
        if let Some(masker) = &mut masker {
            masker.session(&mut j);
        }
        if counts && (!args.only_problems || is_problem(&j)) {
            failed = json::session_line(&j, out).err();
        }
    });
    choose_findings(&mut analysis.findings, args.only_problems, chosen.then_some(&counting));
    if let Some(masker) = &mut masker {
        masker.capture(&mut analysis);
    }
    let result = match failed {
        Some(e) => Err(e),
        None => json::capture_line(&analysis, summary, out),
    };
    (problem, result, analysis)
}

/// How to analyse for a report. Of healthy sessions nobody reads the texts if only problems are shown,
/// unless a filter looks for words in them, or they are to be masked.
fn report_options(common: &Common, args: &ReportArgs, filter: Option<&Filter>) -> Options {
    let problems_only = args.only_problems && !common.privacy && filter.is_none();
    Options { problems_only, ..engine_options(common) }
}
