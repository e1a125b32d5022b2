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

/// `ftpscope  ftp.pcap · 12 sessions: ✗ 2 stalled ✓ 10 healthy`
pub fn title(app: &App, area: Rect, buffer: &mut Buffer) {
    let s = &app.snapshot;
    let mut spans = vec![span(" ftpscope ", palette::CURSOR.patch(STRONG)), span(" ", PLAIN)];
    let room = usize::from(area.width) / 3;
    spans.push(span(fit(&crate::report::escape::escape(&s.progress.source), room), STRONG));
    spans.push(span(format!(" · {}", units::count(s.entries.len() as u64, "session")), PLAIN));
    let all = [
        Status::Suspicious,
        Status::Stalled,
        Status::Failed,
        Status::Undetermined,
        Status::Healthy,
    ];
    for status in all {
        let such = |e: &&Arc<Entry>| e.row.status == status && !e.row.in_progress();
        let n = s.entries.iter().filter(such).count();
        spans.extend(counted(n, palette::status(status), status.name()));
    }
    let n = s.entries.iter().filter(|e| e.row.in_progress()).count();
    spans.extend(counted(n, palette::IN_PROGRESS, "in progress"));
    Line::from(spans).render(area, buffer);
}

fn counted(n: usize, sign: (&str, Style), name: &str) -> Option<Span<'static>> {
    let text = || format!("  {} {} {name}", sign.0, units::grouped(n as u64));
    (n > 0).then(|| span(text(), sign.1))
}

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

fn typing(text: &str, error: Option<&str>, area: Rect, buffer: &mut Buffer) {
    let mut spans = vec![
        span(" filter ", palette::CURSOR),
        span(format!(" {}", crate::report::escape::escape(text)), PLAIN),
        span(" ", palette::CURSOR),
    ];
    match error {
        Some(error) => spans.push(span(format!("  {error}"), BAD)),
        None => spans.push(span("  status:stalled server:192.0.2.0/24 · Enter uses it", QUIET)),
    }
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
            Some(total) => {
                let percent = app.read.min(total) * 100 / total;
                parts.push(format!("reading {percent} % of {}", units::bytes(total)));
            }
            None => parts.push(format!("reading, {read} so far")),
        }
    }
    if p.live && p.done {
        parts.push("capture over".to_owned());
    }
    if p.packets > 0 {
        parts.push(units::count(p.packets, "packet"));
    }
    if p.live && !p.done {
        parts.push(format!("{}/s", units::grouped(p.rate)));
    }
    if p.live {
        parts.push(format!("{} dropped", units::grouped(p.dropped)));
    }
    parts.extend(p.memory.map(units::bytes));
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
        parts.push(format!("{} while reading", units::count(problems as u64, "problem")));
    }
    let odd = app.paused || p.dropped > 0 || !p.failures.is_empty() || problems > 0;
    (parts.join(" · "), if odd { ODD } else { QUIET })
}

fn hints(app: &App) -> &'static str {
    if app.help.is_some() || app.packet.is_some() || app.findings.is_some() {
        return "Esc back";
    }
    match app.detail.as_ref().map(|d| d.tab) {
        None => "Enter open · / filter · <> sort · f findings · ? help · q quit",
        Some(Tab::Ladder) => "Enter packet · n stall · d time · y copy · e save · ? help",
        Some(Tab::Timeline) => "+- zoom · Enter ladder · ? help · Esc back",
        Some(Tab::Diagnosis) => "Enter evidence · y copy · w filter · n next · ? help",
        Some(Tab::Dialogue) => "Enter packet · y copy · ? help · Esc back",
    }
}
