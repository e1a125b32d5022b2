//! Tables whose columns are as wide as what stands in them.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::lines::{Lines, column, column_right, span};
use super::palette::{PLAIN, QUIET};

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Above it.
    pub title: &'static str,
    /// It is never wider than this.
    pub most: usize,
    /// Numbers stand to the right.
    pub right: bool,
}

impl Column {
    /// A column of text.
    pub const fn text(title: &'static str, most: usize) -> Self {
        Self { title, most, right: false }
    }

    /// A column of numbers.
    pub const fn number(title: &'static str) -> Self {
        Self { title, most: 14, right: true }
    }
}

/// A row: its cells, safe to print, each in a style.
pub type Row = Vec<(String, Style)>;

/// The table. Columns without anything in them are left out; the last one is cut at the width.
pub fn table(columns: &[Column], rows: &[Row], width: usize) -> Lines {
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let cells = rows.iter().filter_map(|r| r.get(i)).map(|t| Span::raw(&t.0).width());
            match cells.max().unwrap_or(0) {
                0 => 0,
                widest => widest.max(c.title.len()).min(c.most),
            }
        })
        .collect();
    let heading: Row = columns.iter().map(|c| (c.title.to_owned(), QUIET)).collect();
    std::iter::once(&heading).chain(rows).map(|r| line(columns, &widths, r, width)).collect()
}

fn line(columns: &[Column], widths: &[usize], row: &Row, width: usize) -> Line<'static> {
    let mut spans = vec![span("  ", PLAIN)];
    let mut left = width.saturating_sub(2);
    for ((column_, cell), text) in columns.iter().zip(widths).zip(row) {
        let columns = (*cell).min(left);
        if columns == 0 {
            continue;
        }
        let shown =
            if column_.right { column_right(&text.0, columns) } else { column(&text.0, columns) };
        spans.push(span(shown, text.1));
        spans.push(span("  ", PLAIN));
        left = left.saturating_sub(columns + 2);
    }
    Line::from(spans)
}
