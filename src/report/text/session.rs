//! One session with a problem, about a screen: how far it got, its ports, its diagnoses.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::diagnosis::{self, Detail};
use super::lines::{Lines, column, fit, paragraph, span, wrap};
use super::palette::{BAD, GOOD, PLAIN, QUIET, STRONG, status};
use super::stages::{Mark, Step, steps, telling_channel};
use super::view::View;
use super::{ports, units};
use crate::diagnose::{Diagnosis, Judged, Severity};
use crate::report::escape::escape;
use crate::session::{Channel, Security, Session, VantagePoint};

/// Columns between two steps of the strip.
const GUTTER: usize = 2;

/// The screen of a session.
pub fn lines(view: &View<'_>, judged: &Judged) -> Lines {
    let s = &judged.session;
    let channel = telling_channel(judged);
    let mut lines = vec![title(view, judged)];
    lines.extend(facts(view, s));
    lines.push(Line::default());
    lines.extend(strip(view, s, &steps(judged, channel)));
    if let Some(c) = channel.filter(|_| s.channels.len() > 1) {
        let note = format!("the last four of channel {}, of {}", c.id, s.channels.len());
        lines.extend(paragraph(&note, QUIET, view.width, "  ", "  "));
    }
    lines.push(Line::default());
    lines.extend(ports::lines(view, s, &shown_channels(judged, channel)));
    lines.extend(diagnoses(view, judged));
    lines
}

/// `── ✗ session 1 · stalled · alice · 10.77.1.2 → 10.88.1.2 ────`
fn title(view: &View<'_>, judged: &Judged) -> Line<'static> {
    let s = &judged.session;
    let (glyph, style) = status(judged.status);
    let mut about = String::new();
    if let Some(user) = s.user() {
        about.push_str(&format!(" · {}", fit(&escape(user), 24)));
    }
    about.push_str(&format!(" · {} → {}", s.client.ip, s.server.ip));
    let mut spans = vec![
        span("── ", style),
        span(format!("{glyph} session {}", s.id), style.patch(STRONG)),
        span(format!(" · {}", judged.status.name()), style.patch(STRONG)),
    ];
    let used: usize = spans.iter().map(Span::width).sum();
    spans.push(span(fit(&about, view.width.saturating_sub(used + 1)) + " ", STRONG));
    let used: usize = spans.iter().map(Span::width).sum();
    spans.push(span("─".repeat(view.width.saturating_sub(used)), style));
    Line::from(spans)
}

fn facts(view: &View<'_>, s: &Session) -> Lines {
    let mut facts = vec![
        format!("{} {}", view.clock.full(s.first.time), view.clock.zone(s.first.time)),
        format!("from {}", view.frame(s.first.frame)),
        units::duration(s.last.time.since(s.first.time)),
    ];
    if let Some(software) = &s.software {
        facts.push(escape(software).into_owned());
    }
    match s.security {
        Security::Plain => {}
        Security::ExplicitTls => facts.push("explicit TLS".to_owned()),
        Security::ImplicitTls => facts.push("implicit TLS".to_owned()),
    }
    let place = match s.vantage.point {
        VantagePoint::Client => "captured next to the client",
        VantagePoint::Server => "captured next to the server",
        VantagePoint::Between => "captured between client and server",
        VantagePoint::Unknown => "captured somewhere the packets don't tell",
    };
    facts.push(place.to_owned());
    wrap(&[span(facts.join(" · "), QUIET)], view.width, "  ", "  ")
}

/// The steps side by side: name and mark, time, a word; in two rows where the width asks for it.
fn strip(view: &View<'_>, session: &Session, steps: &[Step]) -> Lines {
    let room = view.width.saturating_sub(2);
    let cells: Vec<Cell> = steps.iter().map(|s| Cell::new(view, session, s)).collect();
    let (roomy, tight) = (total(&cells, Cell::roomy), total(&cells, Cell::tight));
    // Four and three look better than six and one.
    let (each, width): (usize, fn(&Cell) -> usize) = if roomy <= room {
        (7, Cell::roomy)
    } else if tight <= room {
        (7, Cell::tight)
    } else {
        (4, Cell::tight)
    };
    let mut lines = Lines::new();
    for row in cells.chunks(each) {
        let (mut names, mut times, mut notes) = (indent(), indent(), indent());
        for cell in row {
            let columns = width(cell);
            names.push(span(column(&cell.name, columns), cell.style));
            times.push(span(column(&cell.time, columns), QUIET));
            let note = column(&fit(&cell.note, columns.saturating_sub(GUTTER)), columns);
            notes.push(span(note, cell.note_style));
        }
        lines.extend([Line::from(names), Line::from(times)]);
        if row.iter().any(|c| !c.note.trim().is_empty()) {
            lines.push(Line::from(notes));
        }
    }
    lines
}

/// One step as it stands in the strip.
struct Cell {
    name: String,
    time: String,
    note: String,
    style: Style,
    note_style: Style,
}

impl Cell {
    fn new(view: &View<'_>, session: &Session, step: &Step) -> Self {
        let style = match step.mark {
            Mark::Done => GOOD,
            Mark::Failed => BAD.patch(STRONG),
            Mark::Open => QUIET,
        };
        let time = step.at.map(|at| view.since_start(session, at)).unwrap_or_default();
        Self {
            name: format!("{} {}", step.mark.glyph(), step.name),
            time: format!("  {time}"),
            note: format!("  {}", escape(&step.note)),
            style,
            note_style: if step.mark == Mark::Failed { BAD } else { QUIET },
        }
    }

    /// Room for everything.
    fn roomy(&self) -> usize {
        self.tight().max(Span::raw(&self.note).width() + GUTTER)
    }

    /// Room for all but a long note.
    fn tight(&self) -> usize {
        Span::raw(&self.name).width().max(Span::raw(&self.time).width()) + GUTTER
    }
}

fn total(cells: &[Cell], width: fn(&Cell) -> usize) -> usize {
    cells.iter().map(width).sum()
}

fn indent() -> Vec<Span<'static>> {
    vec![span("  ", PLAIN)]
}

/// The channels whose ports are named: those that stalled, else the telling one.
fn shown_channels<'j>(judged: &'j Judged, telling: Option<&'j Channel>) -> Vec<&'j Channel> {
    const SHOWN: usize = 2;
    let mut shown: Vec<&Channel> = telling.into_iter().collect();
    for d in judged.diagnoses.iter().filter(|d| d.severity == Severity::Critical) {
        for channel in d.channels.iter().take(1).filter_map(|id| judged.session.channel(*id)) {
            if shown.iter().all(|s| s.id != channel.id) {
                shown.push(channel);
            }
        }
    }
    shown.truncate(SHOWN);
    shown
}

fn diagnoses(view: &View<'_>, judged: &Judged) -> Lines {
    let mut lines = Lines::new();
    let mut drawn: Vec<(Option<u32>, Option<u64>)> = Vec::new();
    let critical = judged.diagnoses.iter().any(|d| d.severity == Severity::Critical);
    for d in &judged.diagnoses {
        // The same part of the session is drawn once.
        let part = (d.channels.first().copied(), first_order(d));
        let worth = match d.severity {
            Severity::Critical => true,
            Severity::Warning => !critical,
            Severity::Info => false,
        };
        let ladder = worth && !drawn.iter().any(|p| p.0 == part.0 && (p.0.is_some() || *p == part));
        if ladder {
            drawn.push(part);
        }
        if d.severity != Severity::Info || lines.is_empty() || !after_info(&judged.diagnoses, d) {
            lines.push(Line::default());
        }
        lines.extend(diagnosis::lines(view, judged, d, Detail { ladder, filter: ladder }));
    }
    lines
}

fn first_order(d: &Diagnosis) -> Option<u64> {
    d.evidence.first().map(|e| e.at.order)
}

/// Notes stand close together.
fn after_info(all: &[Diagnosis], d: &Diagnosis) -> bool {
    let index = all.iter().position(|o| std::ptr::eq(o, d)).unwrap_or(0);
    index.checked_sub(1).and_then(|i| all.get(i)).is_some_and(|p| p.severity == Severity::Info)
}
