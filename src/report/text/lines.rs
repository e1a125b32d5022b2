//! Styled lines: wrapped at a width, printed with or without colour.

use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::report::escape::escape;

/// Lines as they will be printed.
pub type Lines = Vec<Line<'static>>;

/// A piece of text in one style.
pub fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

/// Breaks spans into lines of at most `width` columns, at spaces where possible. The first line
/// begins with `first`, all others with `rest`.
pub fn wrap(spans: &[Span<'_>], width: usize, first: &str, rest: &str) -> Lines {
    let mut wrapped = Wrapped { lines: Vec::new(), line: Vec::new(), used: 0, empty: true };
    wrapped.begin(first);
    let mut word: Vec<(String, Style, usize)> = Vec::new();
    let mut space: Option<Style> = None;
    for s in spans {
        for grapheme in s.styled_graphemes(Style::new()) {
            if grapheme.symbol == " " {
                wrapped.word(&mut word, space.take(), width, rest);
                space = Some(grapheme.style);
            } else {
                let columns = Span::raw(grapheme.symbol).width();
                word.push((grapheme.symbol.to_owned(), grapheme.style, columns));
            }
        }
    }
    wrapped.word(&mut word, space, width, rest);
    wrapped.end();
    wrapped.lines
}

/// [`wrap`] for text in one style.
pub fn paragraph(text: &str, style: Style, width: usize, first: &str, rest: &str) -> Lines {
    wrap(&[Span::styled(text, style)], width, first, rest)
}

struct Wrapped {
    lines: Lines,
    line: Vec<Span<'static>>,
    used: usize,
    /// Nothing but the indent stands in the line.
    empty: bool,
}

impl Wrapped {
    fn begin(&mut self, indent: &str) {
        self.used = Span::raw(indent).width();
        self.line = vec![Span::raw(indent.to_owned())];
        self.empty = true;
    }

    fn end(&mut self) {
        self.lines.push(Line::from(std::mem::take(&mut self.line)));
    }

    fn push(&mut self, text: &str, style: Style) {
        match self.line.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(text),
            _ => self.line.push(Span::styled(text.to_owned(), style)),
        }
    }

    fn word(
        &mut self,
        word: &mut Vec<(String, Style, usize)>,
        space: Option<Style>,
        width: usize,
        rest: &str,
    ) {
        let length: usize = word.iter().map(|g| g.2).sum();
        if length == 0 {
            return;
        }
        if !self.empty {
            if self.used + usize::from(space.is_some()) + length > width {
                self.end();
                self.begin(rest);
            } else if let Some(style) = space {
                self.push(" ", style);
                self.used += 1;
            }
        }
        for (text, style, columns) in word.drain(..) {
            if self.used + columns > width && !self.empty {
                self.end();
                self.begin(rest);
            }
            self.push(&text, style);
            self.used += columns;
            self.empty = false;
        }
    }
}

/// Cuts text to at most `width` columns; the last is … when something was cut.
pub fn fit(text: &str, width: usize) -> String {
    if Span::raw(text).width() <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in Span::raw(text).styled_graphemes(Style::new()) {
        let columns = Span::raw(grapheme.symbol).width();
        if used + columns + 1 > width {
            break;
        }
        cut.push_str(grapheme.symbol);
        used += columns;
    }
    if width > 0 {
        cut.push('…');
    }
    cut
}

/// Text in a column of exactly `width`, cut or filled with spaces on the right.
pub fn column(text: &str, width: usize) -> String {
    let mut text = fit(text, width);
    let used = Span::raw(text.as_str()).width();
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
    text
}

/// Text in a column of exactly `width`, cut or filled with spaces on the left.
pub fn column_right(text: &str, width: usize) -> String {
    let text = fit(text, width);
    let used = Span::raw(text.as_str()).width();
    " ".repeat(width.saturating_sub(used)) + &text
}

/// A widget as lines.
pub fn drawn(widget: impl Widget, width: u16, height: u16, indent: &str) -> Lines {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    widget.render(area, &mut buffer);
    (0..height).map(|y| buffer_line(&buffer, y, width, indent)).collect()
}

fn buffer_line(buffer: &Buffer, y: u16, width: u16, indent: &str) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = vec![Span::raw(indent.to_owned())];
    let mut x = 0;
    while x < width {
        let Some(cell) = buffer.cell((x, y)) else { break };
        let fg = if cell.fg == Color::Reset { None } else { Some(cell.fg) };
        let style = Style { fg, add_modifier: cell.modifier, ..Style::new() };
        match spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(cell.symbol()),
            _ => spans.push(Span::styled(cell.symbol().to_owned(), style)),
        }
        // The cell behind a wide character is a placeholder.
        x += u16::try_from(Span::raw(cell.symbol()).width()).unwrap_or(1).max(1);
    }
    Line::from(spans)
}

/// Prints lines without trailing spaces. Whatever they hold, no control character gets out.
pub fn print(lines: &[Line<'_>], color: bool, out: &mut impl Write) -> io::Result<()> {
    for line in lines {
        let full: usize = line.spans.iter().map(|s| s.content.len()).sum();
        let blank: usize = {
            let text: String = line.spans.iter().map(|s| s.content.as_ref()).collect();
            text.len() - text.trim_end_matches(' ').len()
        };
        let mut left = full - blank;
        for s in &line.spans {
            let text = s.content.get(..s.content.len().min(left)).unwrap_or(&s.content);
            left = left.saturating_sub(text.len());
            if text.is_empty() {
                continue;
            }
            let text = escape(text);
            match sgr(s.style).filter(|_| color) {
                Some(codes) => write!(out, "\x1b[{codes}m{text}\x1b[0m")?,
                None => out.write_all(text.as_bytes())?,
            }
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn sgr(style: Style) -> Option<String> {
    let mut codes: Vec<&str> = Vec::new();
    if style.add_modifier.contains(Modifier::BOLD) {
        codes.push("1");
    }
    if style.add_modifier.contains(Modifier::DIM) {
        codes.push("2");
    }
    match style.fg {
        Some(Color::Red) => codes.push("31"),
        Some(Color::Green) => codes.push("32"),
        Some(Color::Yellow) => codes.push("33"),
        Some(Color::Blue) => codes.push("34"),
        Some(Color::Magenta) => codes.push("35"),
        Some(Color::Cyan) => codes.push("36"),
        _ => {}
    }
    (!codes.is_empty()).then(|| codes.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text::palette::{BAD, PLAIN};

    fn plain(lines: &[Line<'_>]) -> String {
        let mut out = Vec::new();
        print(lines, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn wraps_at_spaces_and_inside_words_that_are_too_long() {
        let lines = paragraph("one two three 1234567890123", PLAIN, 9, "- ", "  ");
        assert_eq!(plain(&lines), "- one two\n  three\n  1234567\n  890123\n");
        let wide = paragraph("日本語 日本語", PLAIN, 8, "", "");
        assert_eq!(plain(&wide), "日本語\n日本語\n");
    }

    #[test]
    fn columns_count_what_is_shown() {
        assert_eq!(column("日本語", 5), "日本…");
        assert_eq!(column("abc", 5), "abc  ");
        assert_eq!(column_right("abc", 5), "  abc");
        assert_eq!(fit("abcdef", 3), "ab…");
    }

    #[test]
    fn colour_only_when_asked_and_never_an_escape_from_within() {
        let line = [Line::from(vec![span("a\x1b[31m", BAD), span("  ", PLAIN)])];
        assert_eq!(plain(&line), "a\\x1b[31m\n");
        let mut out = Vec::new();
        print(&line, true, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\x1b[31ma\\x1b[31m\x1b[0m\n");
    }
}
