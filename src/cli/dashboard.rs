//! The dashboard over files.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use ftpscope::capture::{self, PacketStore};
use ftpscope::tui::terminal::{self, Left};
use ftpscope::tui::{App, Publisher, Settings, Theme, read_files};

use super::args::{Color, Common};
use super::run::{engine_options, open_options, pool, threads, zone};
use super::{USAGE, complain};

/// The exit status of Rust programs that panic.
pub const PANICKED: u8 = 101;

/// Keys can be read and pictures be shown.
#[allow(clippy::disallowed_methods, reason = "TERM says what the terminal can do")]
pub fn possible(files: &[PathBuf]) -> bool {
    let piped = files.iter().any(|f| f.as_os_str() == "-");
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && !piped && !dumb
}

/// An empty dashboard. Complains, and returns nothing, when the filter can't be read.
pub fn app(common: &Common, save_dir: PathBuf) -> Option<App> {
    let settings = Settings {
        zone: zone(common),
        theme: theme(common.color),
        filter: common.filter.clone(),
        save_dir,
        privacy: common.privacy,
    };
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    App::new(settings, size).map_err(|e| complain(&format!("--filter: {e}"))).ok()
}

/// Opens the dashboard over captures.
pub fn files(files: &[PathBuf], common: &Common, save_dir: PathBuf) -> ExitCode {
    let Some(open) = open_options(common) else { return ExitCode::from(USAGE) };
    let Some(app) = app(common, save_dir) else { return ExitCode::from(USAGE) };
    // Where nothing can be read, a sentence serves better than an empty screen.
    let opened = capture::open(files, &open);
    if opened.source.files().is_empty() {
        for failure in &opened.failures {
            complain(&failure.to_string());
        }
        return ExitCode::from(USAGE);
    }
    let store = PacketStore::new(opened.source.paths());
    let publisher = Publisher::default();
    let (options, privacy) = (engine_options(common), common.privacy);
    let feed = publisher.clone();
    let threads = threads(files, common);
    std::thread::spawn(move || {
        let read = || read_files(opened, &options, privacy, &feed);
        // Without other threads when there can't be any.
        match pool(threads).or_else(|_| pool(1)) {
            Ok(pool) => pool.install(read),
            Err(_) => read(),
        }
    });
    match terminal::run(app, &publisher, store) {
        Ok(Left::Asked) => ExitCode::SUCCESS,
        Ok(Left::Panicked) => ExitCode::from(PANICKED),
        Err(e) => {
            complain(&format!("the terminal can't be used: {e}; try: ftpscope report FILE"));
            ExitCode::from(USAGE)
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "https://no-color.org is about the environment")]
fn theme(color: Color) -> Theme {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let colours = std::env::var("COLORFGBG").ok();
    match color {
        Color::Never => Theme::Mono,
        Color::Always => Theme::of_environment(false, colours.as_deref()),
        Color::Auto if no_color || colours.is_some() => {
            Theme::of_environment(no_color, colours.as_deref())
        }
        Color::Auto => background(),
    }
}

/// Asks the terminal for its background (OSC 11); most answer at once, and those that don't know
/// the question are told by their answer to another.
fn background() -> Theme {
    use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};
    match theme_mode(QueryOptions::default()) {
        Ok(ThemeMode::Light) => Theme::Light,
        _ => Theme::Sixteen,
    }
}
