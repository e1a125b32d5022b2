//! The first and the last row: what is shown, and what can be done.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::diagnose::Status;
use crate::report::text::lines::{fit, span};
use crate::report::text::palette::{self, BAD, NOTE, ODD, PLAIN, QUIET, STRONG};
use crate::report::text::units;
use crate::tui::app::App;
use crate::tui::detail::Tab;
use crate::tui::snapshot::Entry;

/// `ftpscope  ftp.pcap · 12 sessions  ✗ 2 stalled  ✓ 10 healthy`; with less room less of the name,
/// then fewer words.
pub fn title(app: &App, area: Rect, buffer: &mut Buffer) {
    let counts = Counts::of(app);
    let width = usize::from(area.width);
    let source = crate::report::escape::escape(&app.snapshot.progress.source).into_owned();
    let mut line = Line::default();
    for (room, words) in
        [(width / 3, Words::All), (16, Words::All), (16, Words::OfTrouble), (16, Words::None)]
    {
        line = counts.title(&fit(&source, room.max(16)), words);
        if line.width() <= width {
            break;
        }
    }
    line.render(area, buffer);
}

/// Which statuses are named beside their glyphs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    All,
    OfTrouble,
    None,
}

/// Sessions of a status: how many, its sign, its name, whether it is trouble.
type Standing = (usize, (&'static str, Style), &'static str, bool);

/// How many sessions there are, are shown, and stand how.
struct Counts {
    all: usize,
    shown: Option<usize>,
    statuses: Vec<Standing>,
}

impl Counts {
    fn of(app: &App) -> Self {
        let entries = &app.snapshot.entries;
        let all = [
            Status::Suspicious,
            Status::Stalled,
            Status::Failed,
            Status::Undetermined,
            Status::Healthy,
        ];
        let mut statuses: Vec<_> = all
            .into_iter()
            .map(|status| {
                let such = |e: &&Arc<Entry>| e.row.status == status && !e.row.in_progress();
                let n = entries.iter().filter(such).count();
                let trouble = !matches!(status, Status::Undetermined | Status::Healthy);
                (n, palette::status(status), status.name(), trouble)
            })
            .collect();
        let n = entries.iter().filter(|e| e.row.in_progress()).count();
        statuses.push((n, palette::IN_PROGRESS, "in progress", false));
        let shown = app.list.filter.as_ref().map(|_| app.list.shown.len());
        Self { all: entries.len(), shown, statuses }
    }

    fn title(&self, source: &str, words: Words) -> Line<'static> {
        let mut spans = vec![span(" ftpscope ", palette::CURSOR.patch(STRONG)), span(" ", PLAIN)];
        spans.push(span(source, STRONG));
        let all = units::count(self.all as u64, "session");
        spans.push(span(
            match self.shown {
                Some(shown) => format!(" · {} of {all}", units::grouped(shown as u64)),
                None => format!(" · {all}"),
            },
            PLAIN,
        ));
        for (n, (glyph, style), name, trouble) in self.statuses.iter().filter(|s| s.0 > 0) {
            let n = units::grouped(*n as u64);
            let named = words == Words::All || (words == Words::OfTrouble && *trouble);
            let text =
                if named { format!("  {glyph} {n} {name}") } else { format!("  {glyph} {n}") };
            spans.push(span(text, *style));
        }
        Line::from(spans)
    }
}

/// Before a filter that is typed.
const FILTER: &str = " filter ";

/// Where there is no room for more.
const HELP: &str = "? help";

/// What is going on, and the keys that matter here.
pub fn status(app: &App, area: Rect, buffer: &mut Buffer) {
    if let Some(prompt) = &app.prompt {
        return typing(&prompt.text, prompt.error.as_deref(), area, buffer);
    }
    let (left, style) = match &app.notice {
        Some(notice) => (notice.clone(), NOTE),
        None => going_on(app),
    };
    let width = usize::from(area.width);
    let least = Span::raw(&left).width() + 4;
    let hints = match hints(app) {
        all if least + Span::raw(all).width() <= width => all,
        _ => HELP,
    };
    let room = width.saturating_sub(Span::raw(hints).width() + 3);
    let left = format!(" {}", fit(&left, room.max(width / 2)));
    Line::from(span(&left, style)).render(area, buffer);
    let used = Span::raw(&left).width() + 1;
    let right = Span::raw(hints).width() + 1;
    if used + right <= width {
        let x = area.right().saturating_sub(u16::try_from(right).unwrap_or(0));
        Line::from(span(hints, QUIET)).render(Rect { x, width: area.right() - x, ..area }, buffer);
    }
}

/// What is typed, at least its end, and what is wrong with it.
fn typing(text: &str, error: Option<&str>, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let text = crate::report::escape::escape(text).into_owned();
    let room = width.saturating_sub(FILTER.len() + 2);
    let skipped = text.chars().count().saturating_sub(room);
    let text: String = text.chars().skip(skipped).collect();
    let mut spans = vec![
        span(FILTER, palette::CURSOR),
        span(format!(" {text}"), PLAIN),
        span(" ", palette::CURSOR),
    ];
    let used: usize = spans.iter().map(Span::width).sum();
    let (hint, style) = match error {
        Some(error) => (error, BAD),
        None => ("status:stalled server:192.0.2.0/24 · Enter uses it", QUIET),
    };
    spans.push(span(fit(&format!("  {hint}"), width.saturating_sub(used)), style));
    Line::from(spans).render(area, buffer);
}

fn going_on(app: &App) -> (String, Style) {
    let p = &app.snapshot.progress;
    let mut parts = Vec::new();
    if app.paused {
        parts.push("PAUSED (p goes on)".to_owned());
    }
    if !p.done {
        let read = units::bytes(app.read.max(p.read));
        match p.total.filter(|t| *t > 0) {
            _ if p.live && app.paused => {}
            _ if p.live => parts.push("capturing".to_owned()),
            Some(total) => parts.push(progress(app.read.min(total), total)),
            None => parts.push(format!("reading, {read} so far")),
        }
    }
    if p.live && p.done {
        parts.push("capture over".to_owned());
    }
    let hindered = p.hindered.iter().map(|(name, how)| format!("{name} {how}"));
    parts.extend(hindered.filter(|_| !p.done));
    if app.list.filter.is_some() && app.detail.is_none() && app.findings.is_none() {
        let text = crate::report::escape::escape(&app.list.filter_text).into_owned();
        let shown = app.list.shown.len() as u64;
        let verb = if shown == 1 { "matches" } else { "match" };
        parts.push(format!("{} {verb} {text} (x: all)", units::grouped(shown)));
    }
    if p.packets > 0 {
        parts.push(units::count(p.packets, "packet"));
    }
    if !p.done && (p.live || p.packets > 0) {
        parts.push(format!("{}/s", units::grouped(p.rate)));
    }
    if p.live {
        parts.push(format!("{} dropped", units::grouped(p.dropped)));
    }
    let memory = p.memory.filter(|_| p.live || !p.done);
    parts.extend(memory.map(|n| format!("{} memory", units::bytes(n))));
    if p.let_go > 0 {
        parts.push(format!("{} let go", units::count(p.let_go, "older session")));
    }
    if app.list.follow {
        parts.push("following".to_owned());
    }
    if let Some(failure) = p.failures.first() {
        parts.push(crate::report::escape::escape(failure).into_owned());
    }
    let problems = app.snapshot.capture.problems.len();
    if problems > 0 {
        let doing = if p.live { "capturing" } else { "reading" };
        parts.push(format!("{} while {doing} (f)", units::count(problems as u64, "problem")));
    }
    let fine = p.dropped == 0 && p.failures.is_empty() && problems == 0 && p.hindered.is_empty();
    let odd = app.paused || !fine;
    (parts.join(" · "), if odd { ODD } else { QUIET })
}

/// `reading ██████░░░░░░ 50 % of 1.20 GB`
fn progress(read: u64, total: u64) -> String {
    const CELLS: usize = 20;
    let share = read as f64 / total as f64;
    let done = (share * CELLS as f64) as usize;
    let bar = "█".repeat(done.min(CELLS)) + &"░".repeat(CELLS.saturating_sub(done));
    format!("reading {bar} {:.0} % of {}", (share * 100.0).floor(), units::bytes(total))
}

fn hints(app: &App) -> &'static str {
    if app.help.is_some() || app.packet.is_some() {
        return "↑↓ scroll · Esc back";
    }
    if app.findings.is_some() {
        return "Enter sessions · n next · y copy · ? help · Esc back";
    }
    match app.detail.as_ref().map(|d| d.tab) {
        None => "Enter open · / filter · <> sort · f findings · ? help · q quit",
        Some(Tab::Ladder) => "Enter packet · n stall · d time · y copy · e save · ? help",
        Some(Tab::Timeline) => "+- zoom · Enter ladder · ? help · Esc back",
        Some(Tab::Diagnosis) => "Enter evidence · y copy · w filter · n next · ? help",
        Some(Tab::Dialogue) => "Enter packet · y copy · ? help · Esc back",
    }
}
