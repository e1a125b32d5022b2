//! Findings over many sessions: what, how it is known, in which sessions, what to change.

use ratatui::text::Line;

use super::WholeLine;
use crate::diagnose::{Finding, Severity};
use crate::report::escape::escape;
use crate::report::text::ids;
use crate::report::text::lines::{Lines, paragraph, span, wrap};
use crate::report::text::palette::{self, NOTE, PLAIN, QUIET, STRONG};

/// The lines of all findings; what is only worth knowing is short.
pub fn lines(findings: &[Finding], width: usize) -> Vec<WholeLine> {
    let mut lines: Vec<WholeLine> = Vec::new();
    for finding in findings {
        if !lines.is_empty() {
            lines.push(WholeLine::default());
        }
        let filter = filter(&finding.sessions);
        let advice = &finding.diagnosis.advice;
        let copied = advice.iter().find_map(|a| a.example.clone());
        let copied = copied.unwrap_or_else(|| finding.diagnosis.summary.clone());
        lines.extend(one(finding, width).into_iter().map(|line| WholeLine {
            line,
            filter: filter.clone(),
            copy: Some(copied.clone()),
        }));
    }
    lines
}

fn one(finding: &Finding, width: usize) -> Lines {
    let d = &finding.diagnosis;
    let serious = d.severity != Severity::Info;
    let (glyph, style) = palette::severity(d.severity);
    let title = if serious { STRONG } else { PLAIN };
    let spans = [span(format!("{glyph} "), style), span(escape(&d.summary).into_owned(), title)];
    let mut lines = wrap(&spans, width, " ", "   ");
    let sessions = match finding.sessions.as_slice() {
        [] => d.code.to_owned(),
        [one] => format!("{} · session {one}", d.code),
        many => format!("{} · sessions {}", d.code, ids(many.iter())),
    };
    lines.extend(paragraph(&sessions, QUIET, width, "   ", "   "));
    lines.extend(paragraph(&escape(&d.reasoning), PLAIN, width, "   ", "   "));
    for advice in d.advice.iter().filter(|_| serious) {
        lines.extend(paragraph(&escape(&advice.text), PLAIN, width, "   ", "   "));
        for line in advice.example.iter().flat_map(|e| e.lines()) {
            lines.push(Line::from(span(format!("     {}", escape(line)), NOTE)));
        }
    }
    lines
}

/// `id:3,5-9`
fn filter(sessions: &[u64]) -> Option<String> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for id in sessions {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *id => *last = *id,
            _ => runs.push((*id, *id)),
        }
    }
    let run = |(a, b): &(u64, u64)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    let runs: Vec<String> = runs.iter().map(run).collect();
    (!runs.is_empty()).then(|| format!("id:{}", runs.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_as_a_filter() {
        assert_eq!(filter(&[]), None);
        assert_eq!(filter(&[3]).as_deref(), Some("id:3"));
        let text = filter(&[1, 4, 5, 6, 9]).unwrap();
        assert_eq!(text, "id:1,4-6,9");
        assert!(crate::report::filter::Filter::parse(&text).is_ok());
    }
}
