//! The dashboard over interfaces.

use std::path::PathBuf;
use std::process::ExitCode;

use ftpscope::capture::{PacketStore, Recent};
use ftpscope::tui::{LiveFeed, Publisher, capture, terminal};

use super::super::args::Common;
use super::super::live_args::LiveArgs;
use super::super::run::{engine_options, on_threads};
use super::super::{USAGE, complain, dashboard};
use super::{Outcome, finish, prepare, save_failed};

/// Opens the dashboard over what is captured. Leaving it ends the capture.
pub fn dashboard(
    args: &LiveArgs,
    expression: &[PathBuf],
    common: &Common,
    save_dir: PathBuf,
) -> ExitCode {
    // Asks the terminal, and complains about the filter: while there is no other thread yet, and
    // before anything is opened.
    let Some(app) = dashboard::app(common, save_dir.clone()) else {
        return ExitCode::from(USAGE);
    };
    let Some(ready) = prepare(args, expression, common, Some(&save_dir)) else {
        return ExitCode::from(USAGE);
    };
    let publisher = Publisher::default();
    let notices = publisher.clone();
    let Some((running, facts)) = ready.start(move |text| notices.say(text)) else {
        return ExitCode::from(USAGE);
    };
    let (stop, recent) = (running.feed.stop.clone(), Recent::default());
    let live = LiveFeed {
        feed: running.feed,
        source: args.interface.join(", "),
        facts,
        privacy: common.privacy,
        recent: recent.clone(),
    };
    let feed = publisher.clone();
    let shared = common.clone();
    let engine = std::thread::spawn(move || {
        let mut ended = None;
        let status = on_threads(&shared, || {
            ended = Some(capture(live, &engine_options(&shared), &feed));
            ExitCode::SUCCESS
        });
        ended.ok_or(status)
    });
    let shown = terminal::run(app, &publisher, PacketStore::recent(recent));
    stop.stop();
    let ended = engine.join();
    let save_failed = save_failed(running.saving);
    match shown {
        Ok(terminal::Left::Asked) => {}
        Ok(terminal::Left::Panicked) => return ExitCode::from(dashboard::PANICKED),
        Err(e) => {
            complain(&format!("the terminal can't be used: {e}; try: ftpscope watch -i …"));
            return ExitCode::from(USAGE);
        }
    }
    match ended {
        Ok(Ok(ended)) => finish(&Outcome { ended, save_failed }, false, true, common),
        _ => ExitCode::from(USAGE),
    }
}
