//! What went wrong, why, on what evidence, and what to change.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use crate::capture::FrameRef;
use crate::diagnose::Confidence;
use crate::report::escape::escape;
use crate::report::text::lines::{Lines, fit, paragraph, span, wrap};
use crate::report::text::palette::{CURSOR, NOTE, PLAIN, QUIET, STRONG, severity};
use crate::report::text::units;
use crate::report::text::wireshark;
use crate::tui::app::App;
use crate::tui::detail::{Detail, Item};

/// Columns of what stands before a paragraph.
const LABEL: usize = 12;
/// From this width on there is room.
const ROOMY: usize = 84;
/// Fewer columns are not worth an indent.
const LEAST_TEXT: usize = 20;
/// Longer lines are hard to read.
const WIDEST: usize = 120;

/// Rows of each item at this width.
pub fn heights(detail: &Detail, width: u16) -> Vec<usize> {
    detail.items().iter().map(|i| block(detail, i, usize::from(width), false).len()).collect()
}

/// The items, from the one that is scrolled to.
pub fn render(app: &App, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let items = detail.items();
    if items.is_empty() {
        let text = " Nothing was found wrong with this session.";
        return Line::from(span(text, QUIET)).render(Rect { height: 1, ..area }, buffer);
    }
    let mut y = area.y;
    let several = app.snapshot.several_files();
    let cursor = detail.item;
    for (i, item) in items.iter().enumerate().skip(cursor.top) {
        let above = if i == cursor.top { cursor.above } else { 0 };
        let lines = block(detail, item, usize::from(area.width), several);
        let left = lines.len().saturating_sub(above);
        for (n, line) in lines.into_iter().skip(above).enumerate() {
            if y >= area.bottom() {
                if i == cursor.at {
                    super::more(left - n, area, buffer);
                }
                return;
            }
            let row = Rect { y, height: 1, ..area };
            let filled = line.width() > 0;
            line.render(row, buffer);
            if i == cursor.at && filled {
                buffer.set_style(row, CURSOR);
            }
            y += 1;
        }
    }
}

fn block(detail: &Detail, item: &Item, width: usize, several: bool) -> Lines {
    let judged = &detail.entry.judged;
    let (whole, width) = (width, width.min(WIDEST));
    let all = &judged.diagnoses;
    match item {
        Item::Headline(d) => all.get(*d).map(|d| headline(d, width)).unwrap_or_default(),
        Item::Reasoning(d) => {
            let text = all.get(*d).map(|d| d.reasoning.as_str()).unwrap_or_default();
            labelled("why", "", text, width, LABEL + 3)
        }
        Item::Evidence(d, e) => {
            let Some(evidence) = all.get(*d).and_then(|d| d.evidence.get(*e)) else {
                return Lines::new();
            };
            let since = evidence.at.time.since(judged.session.first.time);
            let label = if *e == 0 { "seen" } else { "" };
            let frame = frame(evidence.at.frame, several);
            let (columns, offset) = (if width < ROOMY { 7 } else { 9 }, units::offset(since));
            let place = format!("{frame:>columns$}  {offset:>width$}  ", width = columns + 1);
            // Under its own beginning, where that leaves room for words.
            let under = LABEL + 3 + place.chars().count();
            let indent = if width < under + LEAST_TEXT { LABEL + 5 } else { under };
            labelled(label, &place, &evidence.text, width, indent)
        }
        Item::Advice(d, a) => {
            let Some(advice) = all.get(*d).and_then(|d| d.advice.get(*a)) else {
                return Lines::new();
            };
            let mut lines = labelled(advice.audience.name(), "", &advice.text, width, LABEL + 3);
            for line in advice.example.iter().flat_map(|e| e.lines()) {
                lines.extend(example(&escape(line), whole));
            }
            lines
        }
        Item::Filter(d) => {
            let channels = all
                .get(*d)
                .map(|d| d.channels.iter().filter_map(|id| judged.session.channel(*id)).collect())
                .unwrap_or_else(Vec::new);
            let filter = wireshark::filter(&judged.session, &channels);
            vec![
                Line::from(vec![
                    span(format!("   {:<LABEL$}", "Wireshark"), QUIET),
                    span(fit(&filter, width.saturating_sub(LABEL + 3)), QUIET),
                ]),
                Line::default(),
            ]
        }
    }
}

/// A line that can be pasted; where there is no room for all of it, it goes on further in.
fn example(line: &str, width: usize) -> Lines {
    let indent = " ".repeat(LABEL + 5);
    let room = width.saturating_sub(indent.len());
    if line.chars().count() <= room {
        return vec![Line::from(vec![span(indent, PLAIN), span(line.to_owned(), NOTE)])];
    }
    paragraph(line.trim_start(), NOTE, width, &indent, &format!("{indent}    "))
}

fn frame(frame: FrameRef, several: bool) -> String {
    if several {
        format!("{}:{}", frame.file + 1, frame.number)
    } else {
        format!("{}", frame.number)
    }
}

fn headline(d: &crate::diagnose::Diagnosis, width: usize) -> Lines {
    let (glyph, style) = severity(d.severity);
    let spans = [span(format!("{glyph} "), style), span(escape(&d.summary).into_owned(), STRONG)];
    let mut lines = wrap(&spans, width, " ", "   ");
    let mut facts = vec![d.code.to_owned(), d.severity.name().to_owned()];
    if d.confidence != Confidence::Certain {
        facts.push(d.confidence.name().to_owned());
    }
    if !d.channels.is_empty() {
        let ids: Vec<String> = d.channels.iter().take(12).map(u32::to_string).collect();
        facts.push(format!("data {}", ids.join(", ")));
    }
    lines.push(Line::from(span(format!("   {}", facts.join(" · ")), QUIET)));
    lines
}

/// A paragraph with a label and what leads to it before it, its further lines `indent` columns in.
fn labelled(label: &str, lead: &str, text: &str, width: usize, indent: usize) -> Lines {
    let first = " ".repeat(LABEL + 3) + lead;
    let mut lines = paragraph(&escape(text), PLAIN, width, &first, &" ".repeat(indent));
    if let Some(first) = lines.first_mut() {
        let words = first.spans.iter().flat_map(|s| s.content.chars()).skip(LABEL + 3);
        let words: String = words.collect();
        *first = Line::from(vec![span(format!("   {label:<LABEL$}"), QUIET), span(words, PLAIN)]);
    }
    lines
}
