//! The only place that changes the dashboard's state.

use std::sync::Arc;

use super::action::{Action, Effect};
use super::app::{App, Prompt, TimesShown};
use super::cursor::Cursor;
use super::detail::{Detail, Item, Tab};
use super::list::Sort;
use super::packet::PacketView;
use super::view;
use super::whole::Whole;
use crate::report::filter::Filter;

/// Does what was asked for; what the terminal has to do is returned.
pub fn update(app: &mut App, action: Action) -> Vec<Effect> {
    app.notice = None;
    app.list.touched = true;
    let effects = match action {
        Action::Quit => quit(app),
        Action::Leave => return vec![Effect::Quit],
        Action::Back => {
            back(app);
            Vec::new()
        }
        Action::Help => {
            app.help = if app.help.is_some() { None } else { Some(0) };
            Vec::new()
        }
        Action::Theme => {
            app.theme = app.theme.next();
            app.notice = Some(format!("theme: {}", app.theme.name()));
            Vec::new()
        }
        Action::Mouse => {
            app.mouse = !app.mouse;
            let whose = if app.mouse { "the mouse selects" } else { "the mouse marks text" };
            app.notice = Some(whose.to_owned());
            vec![Effect::Mouse(app.mouse)]
        }
        Action::Pause => {
            pause(app);
            Vec::new()
        }
        action if app.prompt.is_some() => {
            typing(app, action);
            Vec::new()
        }
        action if app.help.is_some() => {
            scroll_by(app.help.as_mut(), &action, view::body_rows(app.size));
            Vec::new()
        }
        action if app.packet.is_some() => {
            let lines = app.packet.as_mut().map(|p| &mut p.top);
            scroll_by(lines, &action, view::body_rows(app.size));
            Vec::new()
        }
        action if app.findings.is_some() => in_findings(app, &action),
        action if app.detail.is_some() => in_session(app, &action),
        action => in_list(app, &action),
    };
    settle(app);
    effects
}

/// Scrolls what has no cursor.
fn scroll_by(top: Option<&mut usize>, action: &Action, rows: usize) {
    let Some(top) = top else { return };
    let page = isize::try_from(rows.saturating_sub(1)).unwrap_or(1);
    match action {
        Action::Move(by) => *top = top.saturating_add_signed(*by),
        Action::Page(by) => *top = top.saturating_add_signed(by.saturating_mul(page)),
        Action::First => *top = 0,
        Action::Last => *top = usize::MAX / 2,
        _ => {}
    }
}

/// After any change: the cursor is on the screen.
pub(super) fn settle(app: &mut App) {
    app.list.refresh(&app.snapshot);
    let rows = view::list_rows(app.size);
    app.list.scroll(&app.snapshot, rows);
    let width = app.size.0;
    if let Some(detail) = &mut app.detail {
        match detail.tab {
            Tab::Ladder => {
                let times = view::times(app.times, &app.clock);
                let heights = |i| detail.ladder.rows(i, width, times);
                let mut cursor = detail.rung;
                let count = detail.ladder.rungs.len();
                cursor.scroll(view::ladder_rows(app.size), count, heights);
                detail.rung = cursor;
            }
            Tab::Diagnosis => {
                let heights = view::item_heights(detail, width);
                let mut cursor = detail.item;
                let height = |i| heights.get(i).copied().unwrap_or(1);
                cursor.scroll(view::tab_rows(app.size), heights.len(), height);
                detail.item = cursor;
            }
            Tab::Timeline | Tab::Dialogue => {
                let rows = view::tab_rows(app.size).saturating_sub(2);
                let count = detail.count();
                detail.cursor().scroll(rows, count, |_| 1);
            }
        }
    }
    if let Some(whole) = &mut app.findings {
        whole.refresh(&app.snapshot, &app.clock, width);
        whole.scroll(view::body_rows(app.size));
    }
}

fn quit(app: &mut App) -> Vec<Effect> {
    let open = app.help.is_some()
        || app.packet.is_some()
        || app.findings.is_some()
        || app.detail.is_some();
    if open {
        back(app);
        return Vec::new();
    }
    vec![Effect::Quit]
}

fn back(app: &mut App) {
    if app.prompt.take().is_some() || app.help.take().is_some() || app.packet.take().is_some() {
        return;
    }
    if app.findings.take().is_none() {
        app.detail = None;
    }
}

fn pause(app: &mut App) {
    app.paused = !app.paused;
    if app.paused {
        app.notice = Some("the screen is paused, the capture goes on".to_owned());
    } else if let Some(newer) = app.newer.take() {
        app.show(newer);
    }
}

fn typing(app: &mut App, action: Action) {
    let Some(prompt) = &mut app.prompt else { return };
    match action {
        Action::Type(c) => prompt.text.push(c),
        Action::Erase => {
            prompt.text.pop();
        }
        Action::Accept => match Filter::parse(&prompt.text) {
            Ok(filter) => {
                let text = prompt.text.trim().to_owned();
                app.list.filter = (!text.is_empty()).then_some(filter);
                app.list.filter_text = text;
                app.list.invalidate();
                app.prompt = None;
                return;
            }
            Err(e) => {
                prompt.error = Some(e.to_string());
                return;
            }
        },
        _ => return,
    }
    prompt.check();
}

fn in_list(app: &mut App, action: &Action) -> Vec<Effect> {
    let page = isize::try_from(view::list_rows(app.size).saturating_sub(1)).unwrap_or(1);
    let snapshot = Arc::clone(&app.snapshot);
    let last = app.list.shown.len().saturating_sub(1);
    match action {
        Action::Move(by) => app.list.step(&snapshot, *by),
        Action::Page(by) => app.list.step(&snapshot, by.saturating_mul(page)),
        Action::First => app.list.select(&snapshot, 0),
        Action::Last => app.list.select(&snapshot, last),
        Action::Click(_, row) => {
            let line = app.list.top + usize::from(row.saturating_sub(view::FIRST_LINE));
            if app.list.line(&snapshot) == Some(line) {
                return in_list(app, &Action::Open);
            }
            app.list.select(&snapshot, line);
        }
        Action::Open => open(app, Tab::Ladder),
        Action::Filter => {
            let text = app.list.filter_text.clone();
            app.prompt = Some(Prompt { text, error: None });
        }
        Action::ClearFilter => {
            app.list.filter = None;
            app.list.filter_text.clear();
            app.list.invalidate();
        }
        Action::SortNext => app.list.sort_by_next(false),
        Action::SortPrevious => app.list.sort_by_next(true),
        Action::SortReverse => {
            if let Sort::Column { descending, .. } = &mut app.list.sort {
                *descending = !*descending;
            }
            app.list.invalidate();
        }
        Action::Follow => {
            app.list.follow = !app.list.follow;
            app.list.invalidate();
        }
        Action::Findings => open_findings(app),
        Action::NextProblem | Action::PreviousProblem => {
            next_problem(app, *action == Action::PreviousProblem);
        }
        Action::Copy | Action::CopyFilter | Action::Save => {
            let Some(detail) = selected(app) else { return Vec::new() };
            return common(app, &detail, action);
        }
        _ => {}
    }
    Vec::new()
}

fn next_problem(app: &mut App, back: bool) {
    let line = app.list.line(&app.snapshot).unwrap_or(0);
    let problem = |l: &usize| {
        let place = app.list.shown.get(*l).and_then(|i| app.snapshot.entries.get(*i as usize));
        place.is_some_and(|e| e.row.is_problem())
    };
    let found = if back {
        (0..line).rev().find(problem)
    } else {
        (line + 1..app.list.shown.len()).find(problem)
    };
    match found {
        Some(line) => {
            let snapshot = Arc::clone(&app.snapshot);
            app.list.select(&snapshot, line);
        }
        None => app.notice = Some("no further problem in that direction".to_owned()),
    }
}

/// The session under the cursor, opened.
fn selected(app: &App) -> Option<Detail> {
    let (_, entry) = app.snapshot.find(app.list.selected?)?;
    Some(Detail::new(Arc::clone(entry), app.snapshot.several_files()))
}

fn open(app: &mut App, tab: Tab) {
    if let Some(mut detail) = selected(app) {
        detail.tab = tab;
        app.detail = Some(detail);
    }
}

fn in_session(app: &mut App, action: &Action) -> Vec<Effect> {
    let page = isize::try_from(view::tab_rows(app.size).saturating_sub(2)).unwrap_or(1);
    let Some(mut detail) = app.detail.take() else { return Vec::new() };
    let count = detail.count();
    let mut effects = Vec::new();
    // Texts may be higher than the screen.
    let rows = view::tab_rows(app.size);
    let heights = match detail.tab {
        Tab::Diagnosis => view::item_heights(&detail, app.size.0),
        _ => Vec::new(),
    };
    match action {
        Action::Move(by) if detail.tab == Tab::Diagnosis => detail.item.walk(*by, rows, &heights),
        Action::Page(by) if detail.tab == Tab::Diagnosis => detail.item.page(*by, rows, &heights),
        Action::Move(by) => detail.cursor().step(*by, count),
        Action::Page(by) => detail.cursor().step(by.saturating_mul(page), count),
        Action::First => *detail.cursor() = Cursor::default(),
        Action::Last => detail.cursor().at = count.saturating_sub(1),
        Action::Click(_, row) => {
            if let Some(line) = line_at(app, &mut detail, *row) {
                if detail.cursor().at == line {
                    effects = open_in(app, &mut detail);
                } else {
                    detail.cursor().at = line;
                }
            }
        }
        Action::NextTab => detail.tab = turn(detail.tab, 1),
        Action::PreviousTab => detail.tab = turn(detail.tab, Tab::ALL.len() - 1),
        Action::Tab(n) => detail.tab = Tab::ALL.get(*n).copied().unwrap_or(detail.tab),
        Action::Times => {
            app.times = match app.times {
                TimesShown::SinceStart => TimesShown::Delta,
                TimesShown::Delta => TimesShown::OfDay,
                TimesShown::OfDay => TimesShown::SinceStart,
            };
        }
        Action::Zoom(by) => {
            let by = i32::try_from(*by).unwrap_or(0);
            detail.zoom = detail.zoom.saturating_add_signed(by).min(16);
        }
        Action::NextProblem | Action::PreviousProblem => {
            next_stall(app, &mut detail, *action == Action::PreviousProblem);
        }
        Action::Findings => open_findings(app),
        Action::Open => effects = open_in(app, &mut detail),
        Action::Copy | Action::CopyFilter | Action::Save => effects = common(app, &detail, action),
        _ => {}
    }
    app.detail = Some(detail);
    effects
}

/// The line of the shown tab on this row of the screen.
fn line_at(app: &App, detail: &mut Detail, row: u16) -> Option<usize> {
    let width = app.size.0;
    let mut left = usize::from(row).checked_sub(view::first_row(detail.tab))?;
    let times = view::times(app.times, &app.clock);
    let heights = match detail.tab {
        Tab::Diagnosis => view::item_heights(detail, width),
        _ => Vec::new(),
    };
    left += detail.cursor().above;
    let count = detail.count();
    for line in detail.cursor().top..count {
        let height = match detail.tab {
            Tab::Ladder => detail.ladder.rows(line, width, times),
            Tab::Diagnosis => heights.get(line).copied().unwrap_or(1),
            Tab::Timeline | Tab::Dialogue => 1,
        };
        if left < height {
            return Some(line);
        }
        left -= height;
    }
    None
}

fn turn(tab: Tab, by: usize) -> Tab {
    Tab::ALL.get((tab.index() + by) % Tab::ALL.len()).copied().unwrap_or(tab)
}

/// The next stall of the ladder, or the next diagnosis.
fn next_stall(app: &mut App, detail: &mut Detail, back: bool) {
    if detail.tab == Tab::Diagnosis {
        let items = detail.items();
        let headline = |i: &usize| matches!(items.get(*i), Some(Item::Headline(_)));
        let at = detail.item.at;
        let found =
            if back { (0..at).rev().find(headline) } else { (at + 1..items.len()).find(headline) };
        detail.item.at = found.unwrap_or(at);
        return;
    }
    match detail.next_stall(detail.rung.at, back) {
        Some(rung) => {
            detail.rung.show(rung);
            detail.tab = Tab::Ladder;
        }
        None => app.notice = Some("no further stall in that direction".to_owned()),
    }
}

/// Enter in a session: evidence leads to the ladder, everything else to its packet.
fn open_in(app: &mut App, detail: &mut Detail) -> Vec<Effect> {
    if detail.tab == Tab::Diagnosis || detail.tab == Tab::Timeline {
        match detail.moment() {
            Some(moment) => detail.jump(moment),
            None if detail.tab == Tab::Diagnosis => {
                app.notice = Some("Enter on evidence shows its packet in the ladder".to_owned());
            }
            None => {}
        }
        return Vec::new();
    }
    let Some(frame) = detail.frame() else {
        // A stall has no packet: it leads to its diagnosis.
        detail.tab = Tab::Diagnosis;
        return Vec::new();
    };
    if app.settings.privacy {
        app.notice = Some("packets aren't shown with --privacy".to_owned());
        return Vec::new();
    }
    app.packet = Some(PacketView::loading(frame));
    vec![Effect::Load(frame)]
}

/// What copies and saves, in the list and in a session.
fn common(app: &mut App, detail: &Detail, action: &Action) -> Vec<Effect> {
    let (key, id) = (detail.entry.row.key, detail.entry.row.id);
    match action {
        Action::Copy => match detail.copied() {
            Some(text) => {
                app.notice = Some(format!("copied: {}", first_line(&text)));
                vec![Effect::Copy(text)]
            }
            None => {
                app.notice = Some("nothing to copy here".to_owned());
                Vec::new()
            }
        },
        Action::CopyFilter => {
            let filter = detail.display_filter();
            app.notice = Some(format!("copied: {filter}"));
            vec![Effect::Copy(filter)]
        }
        Action::Save if app.settings.privacy => {
            app.notice = Some("packets can't be saved with --privacy".to_owned());
            Vec::new()
        }
        Action::Save => {
            // One that began a moment ago has no number yet.
            let name = if id == 0 { format!("new-{key}") } else { id.to_string() };
            let path = app.settings.save_dir.join(format!("session-{name}.pcapng"));
            app.notice = Some(format!("saving {} …", path.display()));
            vec![Effect::Save { key, path }]
        }
        _ => Vec::new(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn in_findings(app: &mut App, action: &Action) -> Vec<Effect> {
    let Some(whole) = &mut app.findings else { return Vec::new() };
    let page = isize::try_from(view::body_rows(app.size).saturating_sub(2)).unwrap_or(1);
    let count = whole.lines.len();
    let line = whole.lines.get(whole.cursor.at);
    match action {
        Action::Move(by) => whole.cursor.step(*by, count),
        Action::Page(by) => whole.cursor.step(by.saturating_mul(page), count),
        Action::First => whole.cursor.at = 0,
        Action::Last => whole.cursor.at = count.saturating_sub(1),
        Action::Click(_, row) => {
            let line = whole.cursor.top + usize::from(row.saturating_sub(view::FIRST_LINE - 1));
            whole.cursor.at = line.min(count.saturating_sub(1));
        }
        Action::NextProblem | Action::PreviousProblem => {
            let next = whole.next(*action == Action::PreviousProblem);
            whole.cursor.at = next.unwrap_or(whole.cursor.at);
        }
        Action::Findings => app.findings = None,
        Action::Copy => {
            let Some(text) = line.and_then(|l| l.copy.clone()) else {
                app.notice = Some("nothing to copy here".to_owned());
                return Vec::new();
            };
            app.notice = Some(format!("copied: {}", first_line(&text)));
            return vec![Effect::Copy(text)];
        }
        Action::Open => {
            let filter = line.and_then(|l| l.filter.clone());
            let parsed = filter.as_deref().map(Filter::parse);
            let (Some(text), Some(Ok(parsed))) = (filter, parsed) else {
                app.notice = Some("Enter on a cause, a server, a finding: its sessions".to_owned());
                return Vec::new();
            };
            app.notice = Some("x shows all sessions again".to_owned());
            app.list.filter = Some(parsed);
            app.list.filter_text = text;
            app.list.invalidate();
            (app.findings, app.detail) = (None, None);
        }
        _ => {}
    }
    Vec::new()
}

fn open_findings(app: &mut App) {
    let mut whole = Whole::default();
    whole.refresh(&app.snapshot, &app.clock, app.size.0);
    app.findings = Some(whole);
}
