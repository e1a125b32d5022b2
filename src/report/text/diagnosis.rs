//! One diagnosis: what happened, the ladder around it, why, what to change, how to see it.

use ratatui::text::{Line, Span};

use super::lines::{Lines, drawn, paragraph, span, wrap};
use super::palette::{NOTE, PLAIN, QUIET, STRONG, severity};
use super::view::View;
use super::wireshark;
use crate::diagnose::{Confidence, Diagnosis, Judged, Severity};
use crate::report::escape::escape;
use crate::report::ladder::Ladder;
use crate::session::Channel;

/// Columns of what stands before a paragraph.
const LABEL: usize = 10;

/// What is shown of a diagnosis beside its summary.
#[derive(Clone, Copy, Debug)]
pub struct Detail {
    /// The ladder around it.
    pub ladder: bool,
    /// The display filter.
    pub filter: bool,
}

/// A diagnosis of a session.
pub fn lines(view: &View<'_>, judged: &Judged, diagnosis: &Diagnosis, detail: Detail) -> Lines {
    let mut lines = headline(view, diagnosis);
    if detail.ladder {
        let ladder = Ladder::around(judged, diagnosis, view.several_files);
        let width = u16::try_from(view.width - 2).unwrap_or(u16::MAX);
        lines.push(Line::default());
        lines.extend(drawn(&ladder, width, ladder.height(width), "  "));
        lines.push(Line::default());
    }
    if diagnosis.severity != Severity::Info {
        if !detail.ladder {
            lines.extend(evidence(view, diagnosis));
        }
        lines.extend(remedy(view, diagnosis));
    }
    if detail.filter {
        // Not wrapped: a line to be copied must stay one line.
        let filter = wireshark::filter(&judged.session, &channels(judged, diagnosis));
        lines.push(Line::from(vec![span(label("Wireshark"), QUIET), span(filter, PLAIN)]));
    }
    lines
}

/// What happened, and what that is called.
pub fn headline(view: &View<'_>, diagnosis: &Diagnosis) -> Lines {
    let (glyph, style) = severity(diagnosis.severity);
    let summary = escape(&diagnosis.summary);
    let text_style = if diagnosis.severity == Severity::Info { PLAIN } else { STRONG };
    let mut spans = vec![span(glyph, style), span(" ", PLAIN), span(summary, text_style)];
    if diagnosis.severity == Severity::Info {
        spans.push(span(format!("  {}", diagnosis.code), QUIET));
        return wrap(&spans, view.width, "  ", "    ");
    }
    let mut lines = wrap(&spans, view.width, "  ", "    ");
    let mut facts = vec![diagnosis.code.to_owned(), diagnosis.severity.name().to_owned()];
    if diagnosis.confidence != Confidence::Certain {
        facts.push(diagnosis.confidence.name().to_owned());
    }
    match diagnosis.channels.as_slice() {
        [] => {}
        [one] => facts.push(format!("channel {one}")),
        many => facts.push(format!("channels {}", ids(many.iter().copied()))),
    }
    lines.extend(paragraph(&facts.join(" · "), QUIET, view.width, "    ", "    "));
    lines
}

/// The packets that support it, where no ladder shows them.
pub fn evidence(view: &View<'_>, diagnosis: &Diagnosis) -> Lines {
    const SHOWN: usize = 4;
    let mut lines = Lines::new();
    let rest = " ".repeat(LABEL + 4);
    for (i, e) in diagnosis.evidence.iter().take(SHOWN).enumerate() {
        let label = if i == 0 { label("seen") } else { rest.clone() };
        let frame = format!("{}: ", view.frame(e.at.frame));
        lines.extend(hanging(
            span(label, QUIET),
            &[span(frame, QUIET), span(escape(&e.text), PLAIN)],
            view.width,
        ));
    }
    lines
}

/// Why it is so and what to change.
pub fn remedy(view: &View<'_>, diagnosis: &Diagnosis) -> Lines {
    let mut lines = Lines::new();
    let rest = " ".repeat(LABEL + 4);
    if !diagnosis.reasoning.is_empty() {
        let text = [span(escape(&diagnosis.reasoning), PLAIN)];
        lines.extend(hanging(span(label("why"), QUIET), &text, view.width));
    }
    for advice in &diagnosis.advice {
        let label = span(label(advice.audience.name()), STRONG);
        lines.extend(hanging(label, &[span(escape(&advice.text), PLAIN)], view.width));
        if let Some(example) = &advice.example {
            // Not wrapped: a line to be pasted must stay one line.
            for line in example.lines() {
                lines.push(Line::from(vec![
                    span(format!("{rest}  "), PLAIN),
                    span(escape(line), NOTE),
                ]));
            }
        }
    }
    lines
}

/// Wraps what follows a label, under its own beginning.
fn hanging(label: Span<'static>, text: &[Span<'static>], width: usize) -> Lines {
    let rest = " ".repeat(LABEL + 4);
    let mut lines = wrap(text, width.saturating_sub(rest.len()), "", "");
    for (i, line) in lines.iter_mut().enumerate() {
        let before = if i == 0 { label.clone() } else { Span::raw(rest.clone()) };
        line.spans.insert(0, before);
    }
    lines
}

fn label(text: &str) -> String {
    format!("    {text:LABEL$}")
}

/// The channels of a diagnosis.
pub fn channels<'j>(judged: &'j Judged, diagnosis: &Diagnosis) -> Vec<&'j Channel> {
    diagnosis.channels.iter().filter_map(|id| judged.session.channel(*id)).take(4).collect()
}

/// Numbers in a row, cut when there are many.
pub fn ids(ids: impl Iterator<Item = impl std::fmt::Display>) -> String {
    const SHOWN: usize = 12;
    let all: Vec<String> = ids.map(|i| i.to_string()).collect();
    let more = all.len().saturating_sub(SHOWN);
    let mut text = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
