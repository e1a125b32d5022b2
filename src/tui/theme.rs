//! How colours look.
//!
//! The views draw with the sixteen colours of the palette, which the terminal's own theme makes
//! readable; a theme changes them in the finished picture.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// A theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's sixteen colours as they are.
    #[default]
    Sixteen,
    /// Fixed colours that read well on black.
    Dark,
    /// Fixed colours that read well on white.
    Light,
    /// No colours: glyphs, bold and reverse say it all (NO_COLOR).
    Mono,
}

impl Theme {
    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::Sixteen => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::Mono,
            Self::Mono => Self::Sixteen,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sixteen => "16 colours",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
        }
    }

    /// Changes the colours of a finished picture.
    pub fn apply(self, buffer: &mut Buffer) {
        if self == Self::Sixteen {
            return;
        }
        for cell in &mut buffer.content {
            cell.fg = self.colour(cell.fg);
            cell.bg = self.colour(cell.bg);
            // Dim is grey on grey with fixed colours.
            if matches!(self, Self::Dark | Self::Light) && cell.modifier.contains(Modifier::DIM) {
                cell.modifier.remove(Modifier::DIM);
                cell.fg = match self {
                    Self::Dark => Color::Indexed(245),
                    _ => Color::Indexed(242),
                };
            }
        }
    }

    fn colour(self, colour: Color) -> Color {
        match (self, colour) {
            (_, Color::Reset) | (Self::Sixteen, _) => colour,
            (Self::Mono, _) => Color::Reset,
            (Self::Dark, Color::Green) => Color::Indexed(114),
            (Self::Dark, Color::Red) => Color::Indexed(203),
            (Self::Dark, Color::Yellow) => Color::Indexed(221),
            (Self::Dark, Color::Cyan) => Color::Indexed(117),
            (Self::Light, Color::Green) => Color::Indexed(28),
            (Self::Light, Color::Red) => Color::Indexed(124),
            (Self::Light, Color::Yellow) => Color::Indexed(130),
            (Self::Light, Color::Cyan) => Color::Indexed(24),
            _ => colour,
        }
    }

    /// The theme for what the environment says: `NO_COLOR` (no-color.org) and `COLORFGBG`, in
    /// which some terminals say their colours; light where the background's number is 7 or 15.
    pub fn of_environment(no_color: bool, colorfgbg: Option<&str>) -> Self {
        let background = colorfgbg.and_then(|v| v.rsplit(';').next()).and_then(|v| v.parse().ok());
        match background {
            _ if no_color => Self::Mono,
            Some(7 | 15) => Self::Light,
            _ => Self::Sixteen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides() {
        assert_eq!(Theme::of_environment(true, Some("0;15")), Theme::Mono);
        assert_eq!(Theme::of_environment(false, Some("0;15")), Theme::Light);
        assert_eq!(Theme::of_environment(false, Some("15;default;0")), Theme::Sixteen);
        assert_eq!(Theme::of_environment(false, Some("nonsense")), Theme::Sixteen);
        assert_eq!(Theme::of_environment(false, None), Theme::Sixteen);
    }

    #[test]
    fn mono_has_no_colour_left() {
        let mut buffer = Buffer::with_lines(["x"]);
        buffer.content.iter_mut().for_each(|c| c.fg = Color::Red);
        Theme::Mono.apply(&mut buffer);
        assert!(buffer.content.iter().all(|c| c.fg == Color::Reset));
    }
}
