//! Where the columns and lanes of a ladder stand.

use super::rung::Lane;

/// Columns of the frame number, where there is room and where there is not; and of a time since
/// the start.
const ROOMY: (u16, u16) = (10, 8);
const TIGHT: (u16, u16) = (9, 6);
/// From this width on there is room.
const ENOUGH: u16 = 84;
/// Between frame numbers and the control lane, and between the lanes.
pub(super) const GAP: u16 = 2;
/// A narrower data lane says nothing.
const LEAST_DATA: u16 = 24;
/// A narrower control lane says nothing.
const LEAST_CONTROL: u16 = 30;
/// With less room for both, headings run together: everything stands in one lane.
const LEAST_BOTH: u16 = 32;
/// A narrower lane is cut.
const LEAST_ONE: u16 = 14;
/// Arrows of more than a hand's width are no easier to read.
const MOST_CONTROL: u16 = 75;

/// A lane's left and right border.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track {
    pub left: u16,
    pub right: u16,
}

impl Track {
    pub fn inner(self) -> u16 {
        self.right.saturating_sub(self.left + 1)
    }
}

/// The columns of a ladder of some width.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub time: u16,
    pub frame: u16,
    pub control: Track,
    /// Those data lanes that have room, from the left.
    pub data: Vec<Track>,
    /// Which data lane the first of them is.
    pub first: usize,
    /// All lanes stand in the control lane's place.
    pub one: bool,
}

impl Layout {
    /// A layout with as many of the `lanes` as there is room for, `wanted` among them; with room
    /// for the longest `time` and the longest frame number.
    pub fn new(width: u16, lanes: usize, wanted: usize, (time, longest): (u16, u16)) -> Self {
        let (since, frame) = if width < ENOUGH { TIGHT } else { ROOMY };
        let (time, frame) = (time.max(since), frame.max(longest.saturating_add(1)));
        let left = time + frame + GAP;
        let end = width.max(left + LEAST_ONE);
        let room = end - left;
        let one = lanes > 0 && room < LEAST_BOTH;
        if lanes == 0 || one {
            let control = Track { left, right: (end - 1).min(left + MOST_CONTROL) };
            return Self { time, frame, control, data: vec![control; lanes], first: 0, one };
        }
        let fit = room.saturating_sub(LEAST_CONTROL) / (LEAST_DATA + GAP);
        let shown = lanes.min(usize::from(fit)).max(1);
        let each = match u16::try_from(shown).unwrap_or(1) {
            1 => {
                let lanes = room - GAP;
                (lanes * 2 / 5).max(LEAST_DATA).min(lanes / 2)
            }
            n => ((room - LEAST_CONTROL) / (n + 1)).clamp(LEAST_DATA, 40) - GAP,
        };
        let used = u16::try_from(shown).unwrap_or(1) * (each + GAP);
        let control = Track { left, right: left + room.saturating_sub(used) - 1 };
        let mut data = Vec::with_capacity(shown);
        let mut at = control.right + 1 + GAP;
        for _ in 0..shown {
            data.push(Track { left: at, right: at + each - 1 });
            at += each + GAP;
        }
        let first = wanted.saturating_sub(shown - 1).min(lanes - shown);
        Self { time, frame, control, data, first, one }
    }

    /// The track of a lane; `None` where there is no room for it.
    pub fn track(&self, lane: Lane) -> Option<Track> {
        match lane {
            Lane::Control => Some(self.control),
            Lane::Data(n) => self.data.get(n.checked_sub(self.first)?).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_stand_side_by_side_and_within_the_width() {
        for width in 60..240 {
            for lanes in 0..6 {
                for wanted in 0..lanes.max(1) {
                    let l = Layout::new(width, lanes, wanted, (0, 0));
                    let mut at = l.control.right;
                    assert!(l.control.inner() >= 16, "{width} {lanes}");
                    for track in &l.data {
                        assert!(track.left > at && track.right < width, "{width} {lanes} {l:?}");
                        assert!(track.inner() >= 16, "{width} {lanes} {l:?}");
                        at = track.right;
                    }
                    assert!(lanes == 0 || l.track(Lane::Data(wanted)).is_some());
                }
            }
        }
    }
}
