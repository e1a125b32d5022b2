//! An open session: who, what became of it, and its tabs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::{SESSION_HEAD, diagnosis, dialogue, timeline, times};
use crate::report::escape::escape;
use crate::report::ladder::Window;
use crate::report::text::lines::{fit, span};
use crate::report::text::palette::{CURSOR, PLAIN, QUIET, STRONG};
use crate::report::text::units;
use crate::session::VantagePoint;
use crate::tui::app::App;
use crate::tui::detail::{Detail, Tab};

/// The session.
pub fn render(app: &App, detail: &Detail, area: Rect, buffer: &mut Buffer) {
    head(detail, Rect { height: 1, ..area }, buffer);
    if area.height > 1 {
        tabs(detail, Rect { y: area.y + 1, height: 1, ..area }, buffer);
    }
    let head = SESSION_HEAD.min(area.height);
    let area = Rect { y: area.y + head, height: area.height - head, ..area };
    if area.height == 0 {
        return;
    }
    match detail.tab {
        Tab::Ladder => Window {
            ladder: &detail.ladder,
            first: detail.rung.top,
            above: detail.rung.above,
            selected: Some(detail.rung.at),
            times: times(app.times, &app.clock),
        }
        .render(area, buffer),
        Tab::Timeline => timeline::render(detail, area, buffer),
        Tab::Diagnosis => diagnosis::render(app, detail, area, buffer),
        Tab::Dialogue => dialogue::render(app, detail, area, buffer),
    }
}

fn head(detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let s = &detail.entry.judged.session;
    let row = &detail.entry.row;
    let (glyph, style, standing) = row.standing();
    let mut about = vec![format!("{} → {}", s.client, s.server)];
    about.extend(s.user().map(|u| escape(u).into_owned()));
    about.extend(s.software.as_deref().map(|u| escape(u).into_owned()));
    if !row.tls.is_empty() {
        about.push(row.tls.to_owned());
    }
    about.push(units::duration(row.length));
    about.push(
        match s.vantage.point {
            VantagePoint::Client => "seen at the client",
            VantagePoint::Server => "seen at the server",
            VantagePoint::Between => "seen between them",
            VantagePoint::Unknown => "seen from somewhere",
        }
        .to_owned(),
    );
    // It gets its number when no session before it can still turn up.
    let title = match s.id {
        0 => format!(" {glyph} new session {standing}"),
        id => format!(" {glyph} session {id} {standing}"),
    };
    let room = usize::from(area.width).saturating_sub(title.chars().count() + 3);
    Line::from(vec![
        span(title, style.patch(STRONG)),
        span(format!(" · {}", fit(&about.join(" · "), room)), PLAIN),
    ])
    .render(area, buffer);
}

fn tabs(detail: &Detail, area: Rect, buffer: &mut Buffer) {
    let mut spans = vec![span(" ", PLAIN)];
    let whole: usize = Tab::ALL.iter().map(|t| t.name().len() + 5).sum();
    for tab in Tab::ALL {
        // Where there is no room for all names, the open one has its name.
        let text = match whole < usize::from(area.width) || tab == detail.tab {
            true => format!(" {} {} ", tab.index() + 1, tab.name()),
            false => format!(" {} ", tab.index() + 1),
        };
        let style = if tab == detail.tab { CURSOR.patch(STRONG) } else { QUIET };
        spans.push(span(text, style));
        spans.push(span(" ", PLAIN));
    }
    let used: usize = spans.iter().map(ratatui::text::Span::width).sum();
    let verdict = &detail.entry.row.verdict;
    let room = usize::from(area.width).saturating_sub(used + 2);
    if room > 10 {
        let (_, style, _) = detail.entry.row.standing();
        spans.push(span(fit(verdict, room), style));
    }
    Line::from(spans).render(area, buffer);
}
