//! A place in what scrolls, also where a line of it is higher than the screen.

/// Lines that are seen above what was jumped to.
const LINES_ABOVE: usize = 8;

/// A place in a list that scrolls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The line under the cursor.
    pub at: usize,
    /// The first line on the screen.
    pub top: usize,
    /// Rows of it above the screen, where it is higher than the screen.
    pub above: usize,
}

impl Cursor {
    /// Moves by some lines among `count`.
    pub fn step(&mut self, by: isize, count: usize) {
        self.at = self.at.saturating_add_signed(by).min(count.saturating_sub(1));
    }

    /// Puts the cursor on a line where its own has moved to; the screen moves along.
    pub fn shift(&mut self, to: usize) {
        self.top = (self.top + to).saturating_sub(self.at);
        self.at = to;
    }

    /// Moves by some rows: to the next line, or within one that is higher than the screen of `rows`.
    pub fn walk(&mut self, by: isize, rows: usize, heights: &[usize]) {
        let height = |i: usize| heights.get(i).copied().unwrap_or(1);
        let mut left = by.unsigned_abs();
        while left > 0 {
            self.scroll(rows, heights.len(), height);
            let before = *self;
            if by > 0 {
                if self.below(rows, height) > 0 {
                    self.above += 1;
                } else {
                    self.step(1, heights.len());
                }
            } else if self.at == self.top && self.above > 0 {
                self.above -= 1;
            } else {
                self.step(-1, heights.len());
                if self.at < self.top {
                    // Its end comes into view first.
                    (self.top, self.above) = (self.at, height(self.at).saturating_sub(rows));
                }
            }
            if *self == before {
                break;
            }
            left -= 1;
        }
    }

    /// Moves by about a screen of `rows`.
    pub fn page(&mut self, by: isize, rows: usize, heights: &[usize]) {
        let page = rows.saturating_sub(1).max(1);
        for _ in 0..by.unsigned_abs() {
            let mut passed = 0;
            while passed < page {
                let before = *self;
                self.walk(by.signum(), rows, heights);
                let moved = match before.at == self.at {
                    true => 1,
                    false => heights.get(self.at).copied().unwrap_or(1).min(page),
                };
                // Nothing is passed over that was not seen.
                if passed > 0 && passed + moved > page {
                    *self = before;
                }
                if *self == before {
                    break;
                }
                passed += moved;
            }
        }
    }

    /// Rows of the cursor's line that are below a screen of `rows`.
    pub fn below(&self, rows: usize, height: impl Fn(usize) -> usize) -> usize {
        let whole: usize = (self.top..=self.at).map(height).sum();
        whole.saturating_sub(self.above + rows)
    }

    /// Puts the cursor on a line, with some lines above it on the screen.
    pub fn show(&mut self, line: usize) {
        self.at = line;
        self.top = line.saturating_sub(LINES_ABOVE);
        self.above = 0;
    }

    /// Scrolls so that the cursor's line is on a screen of `rows`, and the screen is full; `height`
    /// says how many rows each of the `count` lines takes.
    pub fn scroll(&mut self, rows: usize, count: usize, height: impl Fn(usize) -> usize) {
        let before = self.top;
        let mut below = 0;
        let full = (0..count).rev().find(|i| {
            below += height(*i);
            below > rows
        });
        let last = full.map_or(0, |i| i + 1);
        self.top = self.top.min(self.at).min(last);
        let mut above = if self.top == before { self.above } else { 0 };
        let mut used = (self.top..=self.at).map(&height).sum::<usize>().saturating_sub(above);
        while used > rows && self.top < self.at {
            let (more, left) = (used - rows, height(self.top).saturating_sub(above));
            // Of what is higher than the screen, the end stays as long as it can.
            if height(self.top) > rows && more < left {
                above += more;
                break;
            }
            used -= left;
            self.top += 1;
            above = 0;
        }
        let most = if self.top == self.at { rows } else { 1 };
        self.above = above.min(height(self.top).saturating_sub(most));
    }
}
