//! One packet on the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::scrolled;
use crate::report::escape::escape;
use crate::report::text::lines::{paragraph, span};
use crate::report::text::palette::{BAD, QUIET};
use crate::tui::app::App;
use crate::tui::packet::{PacketView, State, lines};

/// The packet, or what keeps it from being shown.
pub fn render(app: &App, view: &PacketView, area: Rect, buffer: &mut Buffer) {
    let shown = match &view.state {
        State::Loading => vec![Line::from(span(" reading the packet again …", QUIET))],
        State::Failed(why) => paragraph(&escape(why), BAD, usize::from(area.width), " ", " "),
        State::Loaded(packet, secret) => lines(packet, *secret, &app.clock),
    };
    scrolled(&shown, view.top, area, buffer);
}
