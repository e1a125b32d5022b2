//! The one table of keys: what they do, where, and how the help and the README call it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On every screen.
    Everywhere,
    /// In the list of sessions.
    Sessions,
    /// In an open session, whatever its tab.
    Session,
    /// In a session's timeline.
    Timeline,
    /// While a filter is typed.
    Prompt,
}

impl Place {
    /// As a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Sessions => "Sessions",
            Self::Session => "One session",
            Self::Timeline => "Timeline",
            Self::Prompt => "While typing a filter",
        }
    }
}

/// Keys that do the same thing.
pub struct Binding {
    /// Where.
    pub place: Place,
    /// The keys.
    pub keys: &'static [KeyCode],
    /// With Ctrl.
    pub control: bool,
    /// As they are shown.
    pub shown: &'static str,
    /// What they do.
    pub does: &'static str,
    /// What they ask for.
    pub action: Action,
}

const fn binding(
    place: Place,
    keys: &'static [KeyCode],
    shown: &'static str,
    does: &'static str,
    action: Action,
) -> Binding {
    Binding { place, keys, control: false, shown, does, action }
}

const fn control(keys: &'static [KeyCode], shown: &'static str, action: Action) -> Binding {
    Binding { place: Place::Everywhere, keys, control: true, shown, does: "leave", action }
}

/// Every key, in the order of the help.
pub static KEYS: &[Binding] = {
    use Action as A;
    use KeyCode::{
        BackTab, Char, Down, End, Enter, Esc, Home, Left, PageDown, PageUp, Right, Tab, Up,
    };
    use Place::{Everywhere, Prompt, Session, Sessions, Timeline};
    &[
        binding(Everywhere, &[Up, Char('k')], "↑ k", "one line up", A::Move(-1)),
        binding(Everywhere, &[Down, Char('j')], "↓ j", "one line down", A::Move(1)),
        binding(Everywhere, &[PageUp], "PgUp", "one page up", A::Page(-1)),
        binding(Everywhere, &[PageDown, Char(' ')], "PgDn Space", "one page down", A::Page(1)),
        binding(Everywhere, &[Home, Char('g')], "Home g", "to the first line", A::First),
        binding(Everywhere, &[End, Char('G')], "End G", "to the last line", A::Last),
        binding(Everywhere, &[Enter], "Enter", "open: session, packet, evidence, finding", A::Open),
        binding(Everywhere, &[Esc, KeyCode::Backspace], "Esc", "back", A::Back),
        binding(
            Everywhere,
            &[Char('n')],
            "n",
            "the next problem, stall or diagnosis",
            A::NextProblem,
        ),
        binding(Everywhere, &[Char('N')], "N", "the one before", A::PreviousProblem),
        binding(Everywhere, &[Char('f')], "f", "findings over the whole capture", A::Findings),
        binding(Everywhere, &[Char('y')], "y", "copy: advice, a path, a filter (OSC 52)", A::Copy),
        binding(Everywhere, &[Char('w')], "w", "copy the Wireshark filter", A::CopyFilter),
        binding(Everywhere, &[Char('e')], "e", "save the session's packets", A::Save),
        binding(Everywhere, &[Char('p')], "p", "pause the screen, never the capture", A::Pause),
        binding(Everywhere, &[Char('m')], "m", "mouse on or off", A::Mouse),
        binding(Everywhere, &[Char('t')], "t", "theme: dark, light, mono, 16 colours", A::Theme),
        binding(Everywhere, &[Char('?'), KeyCode::F(1)], "? F1", "this help", A::Help),
        binding(Everywhere, &[Char('q')], "q", "back; from the list: leave", A::Quit),
        control(&[Char('c')], "Ctrl-C", A::Leave),
        binding(Sessions, &[Char('/')], "/", "filter, in the language of --filter", A::Filter),
        binding(Sessions, &[Char('x')], "x", "no filter", A::ClearFilter),
        binding(Sessions, &[Char('>'), Right], "> →", "order by the next column", A::SortNext),
        binding(Sessions, &[Char('<'), Left], "< ←", "order by the column before", A::SortPrevious),
        binding(Sessions, &[Char('r')], "r", "the other way round", A::SortReverse),
        binding(Sessions, &[Char('F')], "F", "follow the newest session", A::Follow),
        binding(Session, &[Tab, Right], "Tab →", "the next tab", A::NextTab),
        binding(Session, &[BackTab, Left], "Shift-Tab ←", "the tab before", A::PreviousTab),
        binding(Session, &[Char('1')], "1", "ladder", A::Tab(0)),
        binding(Session, &[Char('2')], "2", "timeline", A::Tab(1)),
        binding(Session, &[Char('3')], "3", "diagnosis", A::Tab(2)),
        binding(Session, &[Char('4')], "4", "dialogue, as it was said", A::Tab(3)),
        binding(Session, &[Char('d')], "d", "time: since start, delta, of day", A::Times),
        binding(Timeline, &[Char('+'), Char('=')], "+", "closer", A::Zoom(1)),
        binding(Timeline, &[Char('-')], "-", "further away", A::Zoom(-1)),
        binding(Prompt, &[Enter], "Enter", "use it", A::Accept),
        binding(Prompt, &[Esc], "Esc", "leave the filter as it was", A::Back),
        binding(Prompt, &[KeyCode::Backspace], "Backspace", "remove the last character", A::Erase),
    ]
};

/// The table for the README.
pub fn markdown() -> String {
    let mut out = "| where | key | what it does |\n|---|---|---|\n".to_owned();
    for b in KEYS {
        let shown = b.shown.replace('<', "\\<").replace('>', "\\>");
        out.push_str(&format!("| {} | {shown} | {} |\n", b.place.title(), b.does));
    }
    out
}

/// What a key asks for at these places, the first of them first.
pub fn action(event: &KeyEvent, places: &[Place]) -> Option<Action> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let typing = places.first() == Some(&Place::Prompt);
    // Letters are letters then, but Ctrl-C still leaves.
    let here = |p: Place| {
        let plain = !typing || p == Place::Prompt;
        KEYS.iter().filter(move |b| b.place == p && (plain || b.control))
    };
    let bound = places
        .iter()
        .flat_map(|p| here(*p))
        .find(|b| b.control == control && b.keys.contains(&event.code));
    match (bound, event.code) {
        (Some(b), _) => Some(b.action.clone()),
        (None, KeyCode::Char(c)) if typing && !control => Some(Action::Type(c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_at_a_place() {
        for (i, a) in KEYS.iter().enumerate() {
            for b in KEYS.iter().skip(i + 1) {
                let together = a.place == b.place && a.control == b.control;
                let shared = a.keys.iter().any(|k| b.keys.contains(k));
                assert!(!(together && shared), "{} and {}", a.shown, b.shown);
            }
        }
    }

    #[test]
    fn while_typing_letters_are_letters() {
        let key = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        let action = |c, places: &[Place]| action(&key(c), places);
        let typing = [Place::Prompt, Place::Everywhere];
        assert_eq!(action('q', &typing), Some(Action::Type('q')));
        assert_eq!(action('q', &[Place::Sessions, Place::Everywhere]), Some(Action::Quit));
        let quit = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        let places = [Place::Prompt, Place::Everywhere];
        assert_eq!(super::action(&quit, &places), Some(Action::Leave));
    }
}
