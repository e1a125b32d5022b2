//! The checklist of each session and nothing else.

use std::io::{self, Write};

use ratatui::text::Line;

use super::escape::escape;
use super::text::lines::{Lines, column, fit, paragraph, print, span};
use super::text::palette::{BAD, GOOD, PLAIN, QUIET, STRONG, status};
use super::text::stages::{Mark, Step, steps, telling_channel};
use super::text::{TextOptions, units};
use crate::diagnose::{Judged, Severity};
use crate::engine::Analysis;

/// Columns of a step's name.
const NAME: usize = 17;

/// Writes the checklist of every session: handshake, login, announcement, data connection,
/// transfer, final reply.
pub fn check(analysis: &Analysis, options: &TextOptions, out: &mut impl Write) -> io::Result<()> {
    for (i, judged) in analysis.sessions.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        print(&lines(judged, usize::from(options.width)), options.color, out)?;
    }
    if analysis.sessions.is_empty() {
        writeln!(out, "no FTP session")?;
    }
    Ok(())
}

fn lines(judged: &Judged, width: usize) -> Lines {
    let s = &judged.session;
    let (glyph, style) = status(judged.status);
    let mut title = format!("session {}", s.id);
    if let Some(user) = s.user() {
        title.push_str(&format!(" · {}", fit(&escape(user), 24)));
    }
    title.push_str(&format!(" · {} → {}", s.client, s.server));
    let mut lines = vec![Line::from(vec![
        span(format!("{glyph} {} ", judged.status.name()), style.patch(STRONG)),
        span(title, STRONG),
    ])];
    let channel = telling_channel(judged);
    for step in checklist(steps(judged, channel)) {
        lines.push(item(judged, &step));
    }
    if let Some(channel) = channel.filter(|_| s.channels.len() > 1) {
        let text = format!("the last four of channel {}, of {}", channel.id, s.channels.len());
        lines.extend(paragraph(&text, QUIET, width, "    ", "    "));
    }
    let codes: Vec<&str> =
        judged.diagnoses.iter().filter(|d| d.severity != Severity::Info).map(|d| d.code).collect();
    if !codes.is_empty() {
        lines.extend(paragraph(&codes.join(", "), BAD, width, "  → ", "    "));
    }
    lines
}

/// The seven steps as a list of six: a banner that didn't come is what the login failed at.
fn checklist(steps: [Step; 7]) -> Vec<Step> {
    let [connect, banner, mut login, announce, data, transfer, reply] = steps;
    if banner.mark == Mark::Failed && login.mark == Mark::Open {
        login = Step { note: format!("banner: {}", banner.note), ..banner };
    }
    let named = |step: Step, name: &'static str| Step { name, ..step };
    vec![
        named(connect, "handshake"),
        named(login, "login"),
        named(announce, "announcement"),
        named(data, "data connection"),
        named(transfer, "transfer"),
        named(reply, "final reply"),
    ]
}

fn item(judged: &Judged, step: &Step) -> Line<'static> {
    let style = match step.mark {
        Mark::Done => GOOD,
        Mark::Failed => BAD,
        Mark::Open => QUIET,
    };
    let time = step.at.map(|at| units::offset(at.time.since(judged.session.first.time)));
    Line::from(vec![
        span(format!("  {} ", step.mark.glyph()), style),
        span(column(step.name, NAME), if step.mark == Mark::Open { QUIET } else { PLAIN }),
        span(format!("{:>10}  ", time.unwrap_or_default()), QUIET),
        span(step.note.clone(), if step.mark == Mark::Failed { BAD } else { QUIET }),
    ])
}
