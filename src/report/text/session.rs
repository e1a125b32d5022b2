//! One session with a problem, about a screen: how far it got, its ports, its diagnoses.

use ratatui::text::Line;

use super::diagnosis::{self, Detail};
use super::lines::{Lines, column, paragraph, span, wrap};
use super::palette::{BAD, GOOD, PLAIN, QUIET, STRONG, status};
use super::stages::{Mark, Step, steps, telling_channel};
use super::view::View;
use super::{ports, units};
use crate::diagnose::{Diagnosis, Judged, Severity};
use crate::report::escape::escape;
use crate::session::{Channel, Security, Session, VantagePoint};

/// Columns of one step of the strip.
const STEP: usize = 14;

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
    if let Some(user) = &s.user {
        about.push_str(&format!(" · {}", super::lines::fit(&escape(user), 24)));
    }
    about.push_str(&format!(" · {} → {} ", s.client.ip, s.server.ip));
    let mut spans = vec![
        span("── ", style),
        span(format!("{glyph} session {}", s.id), style.patch(STRONG)),
        span(format!(" · {}", judged.status.name()), style.patch(STRONG)),
        span(about, STRONG),
    ];
    let used: usize = spans.iter().map(ratatui::text::Span::width).sum();
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
    let because = escape(&s.vantage.because);
    facts.push(if because.is_empty() { place.to_owned() } else { format!("{place}: {because}") });
    wrap(&[span(facts.join(" · "), QUIET)], view.width, "  ", "  ")
}

/// The steps side by side: name and mark, time, a word; in two rows when the width asks for it.
fn strip(view: &View<'_>, session: &Session, steps: &[Step]) -> Lines {
    let fit = (view.width.saturating_sub(2) / STEP).clamp(1, 7);
    // Four and three look better than six and one.
    let each = if fit >= 7 { 7 } else { fit.min(4) };
    let mut lines = Lines::new();
    for row in steps.chunks(each) {
        let (mut names, mut times, mut notes) = (indent(), indent(), indent());
        for step in row {
            let style = match step.mark {
                Mark::Done => GOOD,
                Mark::Failed => BAD.patch(STRONG),
                Mark::Open => QUIET,
            };
            names.push(span(column(&format!("{} {}", step.mark.glyph(), step.name), STEP), style));
            let time = step.at.map(|at| view.since_start(session, at)).unwrap_or_default();
            times.push(span(column(&format!("  {time}"), STEP), QUIET));
            let note = super::lines::fit(&step.note, STEP - 3);
            let style = if step.mark == Mark::Failed { BAD } else { QUIET };
            notes.push(span(column(&format!("  {note}"), STEP), style));
        }
        lines.extend([Line::from(names), Line::from(times)]);
        if row.iter().any(|s| !s.note.is_empty()) {
            lines.push(Line::from(notes));
        }
    }
    lines
}

fn indent() -> Vec<ratatui::text::Span<'static>> {
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
