//! `ftpscope check`: the checklist.

use std::path::PathBuf;
use std::process::ExitCode;

use ftpscope::report::check;

use super::args::{Common, ReportArgs};
use super::report::handed_on;
use super::run::{over_inputs, text_options};

/// `ftpscope check`.
pub fn check(files: &[PathBuf], common: &Common, each: bool) -> ExitCode {
    over_inputs(files, common, each, |source, chosen, out| {
        let (args, mut sessions) = (ReportArgs::default(), Vec::new());
        let (problem, mut analysis) =
            handed_on(source, common, &args, chosen, |j| sessions.push(j));
        sessions.sort_by_key(|j| j.session.id);
        analysis.sessions = sessions;
        let result = check::check(&analysis, &text_options(common, false, false), out);
        (problem, result, analysis)
    })
}
