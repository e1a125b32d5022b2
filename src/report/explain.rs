//! The catalogue of diagnoses, for reading.

use std::io::{self, Write};

use crate::diagnose::{Entry, catalogue};

fn severities(rule: &Entry) -> String {
    let names: Vec<&str> = rule.severities.iter().map(|s| s.name()).collect();
    names.join(", ")
}

/// Lists all codes with a line each.
///
/// # Errors
/// Those of `out`.
pub fn list(out: &mut impl Write) -> io::Result<()> {
    let mut stage = None;
    for rule in catalogue() {
        let of = if rule.over_sessions { "over all sessions" } else { rule.stage.name() };
        if stage != Some(of) {
            let gap = if stage.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{of}")?;
            stage = Some(of);
        }
        writeln!(out, "  {:<28} {:<18} {}", rule.code, severities(&rule), rule.title)?;
    }
    writeln!(
        out,
        "\nftpscope explain CODE says what proves one, what looks like it, and what to change."
    )
}

/// Explains one.
///
/// # Errors
/// Those of `out`.
pub fn one(rule: &Entry, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {}", rule.code, rule.title)?;
    let of = if rule.over_sessions { ", a finding over all sessions" } else { "" };
    writeln!(out, "stage {}, severity {}{of}", rule.stage.name(), severities(rule))?;
    let mut part = |name: &str, text: &str| {
        if text.is_empty() { Ok(()) } else { writeln!(out, "\n{name}\n{}", wrapped(text)) }
    };
    part("What proves it", rule.proof)?;
    part("What looks like it", rule.look_alikes)?;
    part("What to change", rule.change)?;
    part("What it explains, so that it isn't listed again", &rule.explains.join(", "))?;
    part(
        "Samples",
        &format!(
            "samples/{} shows it; samples/{} looks like it and isn't.",
            rule.shown_by.0, rule.shown_by.1
        ),
    )
}

fn wrapped(text: &str) -> String {
    let mut out = String::from("  ");
    let mut column = 2;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 2 && column + 1 + width > 88 {
            out.push_str("\n  ");
            column = 2;
        } else if column > 2 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out
}

/// What to say of a code that isn't in the catalogue.
pub fn unknown(code: &str) -> String {
    let near = super::filter::nearest(code, catalogue().map(|r| r.code));
    format!(
        "there is no diagnosis '{code}'; did you mean {near}? 'ftpscope explain' lists them all"
    )
}

/// The catalogue as a Markdown table, as the README has it.
pub fn markdown() -> String {
    let mut out = String::from("| code | severity | what it says |\n|---|---|---|\n");
    for rule in catalogue() {
        let of = if rule.over_sessions { "over all sessions: " } else { "" };
        let (severity, title) = (severities(&rule), rule.title);
        out.push_str(&format!("| `{}` | {severity} | {of}{title} |\n", rule.code));
    }
    out
}
