//! Every screen of the dashboard over the samples, at 80×24 and 140×45.
//!
//! `UPDATE_EXPECT=1 cargo test --test screens` writes the pictures in tests/screens/ anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use expect_test::expect_file;
use ftpscope::capture::{self, OpenOptions, PacketStore, Problem};
use ftpscope::diagnose::Status;
use ftpscope::engine::Options;
use ftpscope::tui::{
    App, Effect, Entry, Publisher, Row, Settings, Snapshot, draw, keys, read_files, update,
};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const FORTY: &str = "forty-sessions-client";
const SIZES: [(u16, u16); 2] = [(80, 24), (140, 45)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample(name: &str) -> PathBuf {
    let folder = root().join("samples");
    let files = ["pcap", "pcapng"].map(|e| folder.join(format!("{name}.{e}")));
    files.into_iter().find(|p| p.exists()).unwrap_or_else(|| panic!("there is no sample {name}"))
}

fn opened(samples: &[&str], size: (u16, u16), settings: Settings) -> (App, PacketStore) {
    // Names without the folders of this machine.
    std::env::set_current_dir(root()).unwrap();
    let files: Vec<PathBuf> =
        samples.iter().map(|s| sample(s).strip_prefix(root()).unwrap().to_owned()).collect();
    let publisher = Publisher::default();
    let input = capture::open(&files, &OpenOptions::default());
    read_files(input, &Options::default(), settings.privacy, &publisher);
    let mut app = App::new(settings, size).unwrap();
    app.show(publisher.newest());
    (app, PacketStore::new(files))
}

/// Presses a key; what it asks of the terminal is done as far as it is seen on the screen.
fn press(app: &mut App, store: &PacketStore, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    let Some(action) = keys::action(&key, app.places()) else { return };
    for effect in update(app, action) {
        if let Effect::Load(frame) = effect {
            app.packet(store.packet(frame));
        }
    }
}

/// Letters are keys; `⏎` is Enter, `⇥` Tab, `⎋` Escape, `▼` a page down, `▲` up.
fn keys_of(text: &str) -> impl Iterator<Item = KeyCode> {
    text.chars().map(|c| match c {
        '⏎' => KeyCode::Enter,
        '⇥' => KeyCode::Tab,
        '⎋' => KeyCode::Esc,
        '▼' => KeyCode::PageDown,
        '▲' => KeyCode::PageUp,
        c => KeyCode::Char(c),
    })
}

fn picture(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(app.size.0, app.size.1)).unwrap();
    terminal.draw(|frame| draw(app, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = (0..app.size.1).map(|y| {
        let row: String = (0..app.size.0).map(|x| buffer.cell((x, y)).unwrap().symbol()).collect();
        row.trim_end().to_owned() + "\n"
    });
    rows.collect()
}

#[test]
fn every_screen() {
    let all = [
        "passive-range-dropped-client",
        "data-refused-client",
        "login-refused",
        "passive-vsftpd-curl",
        "ftps-range-blocked",
    ];
    let one = ["passive-range-dropped-ncftp"];
    let timers = ["accept-timer", "idle-closed"];
    let screens: [(&str, &[&str], &str); 21] = [
        ("sessions", &all, ""),
        ("sessions-sorted", &all, ">>>r"),
        ("sessions-by-rate", &all, ">>>>>>>>>>r"),
        ("sessions-filtered", &all, "/status:healthy⏎"),
        ("sessions-filter-wrong", &all, "/sttus:x"),
        ("sessions-none-match", &all, "/user:nobody⏎"),
        ("ladder", &one, "⏎"),
        ("ladder-delta", &one, "⏎▼▼d"),
        ("ladder-of-day", &one, "⏎▼▼dd"),
        ("timeline", &one, "⏎2"),
        ("timeline-zoomed", &one, "⏎2jj++"),
        ("diagnosis", &one, "⏎3jj"),
        ("dialogue", &one, "⏎4jjj"),
        ("packet", &one, "⏎g⏎"),
        ("packet-password", &["login-refused"], "⏎4jjj⏎"),
        ("findings", &all, "f"),
        ("findings-timers", &timers, "f"),
        ("findings-sessions", &all, "fn⏎"),
        ("ladder-several-files", &all, "⏎"),
        ("findings-over-sessions", &["login-attempts-some"], "f"),
        ("help", &all, "?"),
    ];
    for (name, samples, keys) in screens {
        for size in SIZES {
            let (mut app, store) = opened(samples, size, Settings::default());
            keys_of(keys).for_each(|code| press(&mut app, &store, code));
            let file = root().join(format!("tests/screens/{name}-{}x{}.txt", size.0, size.1));
            expect_file![file].assert_eq(&picture(&app));
        }
    }
}

#[test]
fn an_empty_screen_says_why() {
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.pcap");
        let mut bytes = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        bytes.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
        std::fs::write(&file, bytes).unwrap();
        let publisher = Publisher::default();
        let input = capture::open(&[file], &OpenOptions::default());
        read_files(input, &Options::default(), false, &publisher);
        let mut app = App::new(Settings::default(), size).unwrap();
        assert!(picture(&app).contains("Reading"));
        app.show(publisher.newest());
        let shown = picture(&app);
        assert!(shown.contains("No FTP session was found") && shown.contains("--port"), "{shown}");
    }
}

/// A picture of something that was never read.
fn shown(size: (u16, u16), change: impl FnOnce(&mut Snapshot)) -> String {
    let mut app = App::new(Settings::default(), size).unwrap();
    let mut snapshot = Snapshot { generation: 1, ..Snapshot::default() };
    snapshot.progress.source = "eth0".to_owned();
    change(&mut snapshot);
    app.read = snapshot.progress.read;
    app.show(std::sync::Arc::new(snapshot));
    picture(&app)
}

#[test]
fn a_bar_says_how_far_a_file_is_read() {
    for size in SIZES {
        let text =
            shown(size, |s| (s.progress.total, s.progress.read) = (Some(2_000_000), 900_000));
        assert!(text.contains("reading █████████░░░░░░░░░░░ 45 % of 2.00 MB"), "{text}");
    }
}

#[test]
fn an_empty_screen_over_an_interface_says_why() {
    for size in SIZES {
        let text = shown(size, |s| s.progress.live = true);
        assert!(text.contains("Waiting for FTP on eth0"), "{text}");
        assert!(text.contains("No packet has come yet") && text.contains("-i any"), "{text}");
        let text = shown(size, |s| {
            (s.progress.live, s.progress.packets) = (true, 12);
            let overview = std::sync::Arc::make_mut(&mut s.overview);
            overview.tcp_segments = 12;
            s.progress.hindered = vec![("eth0".to_owned(), "down")];
        });
        assert!(text.contains("12 packets so far, 12 of TCP"), "{text}");
        assert!(text.contains("eth0 is down") && text.contains("· eth0 down ·"), "{text}");
        let text = shown(size, |s| {
            (s.progress.live, s.progress.done) = (true, true);
            let problem =
                Problem { file: 0, offset: None, frame: None, text: "eth0 was removed".to_owned() };
            std::sync::Arc::make_mut(&mut s.capture).problems.push(problem);
        });
        assert!(
            text.contains("No FTP session was found") && text.contains("eth0 was removed"),
            "{text}"
        );
    }
}

/// Nothing of what `--privacy` masks is on any screen.
#[test]
fn privacy_masks_every_screen() {
    for keys in ["", "⏎", "⏎2", "⏎3", "⏎4", "f"] {
        let settings = Settings { privacy: true, ..Settings::default() };
        let (mut app, store) = opened(&["passive-range-dropped-ncftp"], (140, 45), settings);
        keys_of(keys).for_each(|code| press(&mut app, &store, code));
        let shown = picture(&app);
        for secret in ["10.77.", "10.88.", "10,88", "labuser", "upload.bin", "ncftp.pcap"] {
            assert!(!shown.contains(secret), "{secret} after {keys}:\n{shown}");
        }
    }
}

/// The bytes of a password are on no screen.
#[test]
fn passwords_are_masked_in_packets() {
    let (mut app, store) = opened(&["login-refused"], (140, 45), Settings::default());
    keys_of("⏎4").for_each(|code| press(&mut app, &store, code));
    for _ in 0..12 {
        press(&mut app, &store, KeyCode::Enter);
        let shown = picture(&app);
        // The password that the client of this sample sends.
        assert!(!shown.contains("also-not") && !shown.contains("61 6c 73 6f"), "{shown}");
        keys_of("⎋j").for_each(|code| press(&mut app, &store, code));
    }
}

/// What `y` puts on the clipboard.
fn copied(app: &mut App, keys: &str, store: &PacketStore) -> Option<String> {
    keys_of(keys).for_each(|code| press(app, store, code));
    let key = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
    let effects = update(app, keys::action(&key, app.places()).unwrap());
    effects.into_iter().find_map(|e| if let Effect::Copy(text) = e { Some(text) } else { None })
}

#[test]
fn what_is_under_the_cursor_is_copied() {
    let copied = |sample: &str, keys: &str| {
        let (mut app, store) = opened(&[sample], (140, 45), Settings::default());
        copied(&mut app, keys, &store).unwrap_or_default()
    };
    let stalled = "passive-range-dropped-client";
    // What to change: from the list, from the ladder, from the diagnosis.
    for keys in ["", "⏎", "⏎3jjjjj"] {
        let text = copied(stalled, keys);
        assert!(text.contains("nft insert rule"), "{keys}: {text}");
    }
    assert!(copied(stalled, "⏎3G").starts_with("ip.addr == 10.77.1.2"));
    // The path of a transfer, on its channel; the words of the dialogue.
    assert_eq!(copied("passive-vsftpd-curl", "⏎2jj"), "/data.bin");
    assert_eq!(copied("passive-vsftpd-curl", "⏎4j"), "USER labuser");
    // Without anything to change, the filter.
    assert!(copied("passive-vsftpd-curl", "⏎g").starts_with("ip.addr == "));
    // A server, from the findings.
    assert_eq!(copied(stalled, "fnn"), "10.88.1.2:21");
}

/// Clicks select the line that is there, on every screen; one more opens it.
#[test]
fn clicks_select_what_they_hit() {
    for tab in ['1', '2', '3', '4'] {
        let (mut app, store) =
            opened(&["passive-range-dropped-ncftp"], (110, 40), Settings::default());
        keys_of("⏎").for_each(|code| press(&mut app, &store, code));
        press(&mut app, &store, KeyCode::Char(tab));
        press(&mut app, &store, KeyCode::Char('g'));
        let marked = |app: &App| {
            let mut terminal = Terminal::new(TestBackend::new(110, 40)).unwrap();
            terminal.draw(|frame| draw(app, frame)).unwrap();
            let reversed = ratatui::style::Modifier::REVERSED;
            let buffer = terminal.backend().buffer().clone();
            let marked = |y: &u16| buffer.cell((3, *y)).unwrap().modifier.contains(reversed);
            (3..39).filter(marked).collect::<Vec<u16>>()
        };
        for row in 3..12 {
            let before = marked(&app);
            if before.contains(&row) {
                continue;
            }
            update(&mut app, ftpscope::tui::Action::Click(30, row));
            let now = marked(&app);
            // Headings are no lines.
            assert!(now.contains(&row) || now == before, "tab {tab}, row {row}: {now:?}");
        }
        assert!(marked(&app)[0] > 3, "tab {tab}");
    }
    let (mut app, _) = opened(&["mixed-many"], (110, 40), Settings::default());
    update(&mut app, ftpscope::tui::Action::Click(30, 3));
    assert!(app.detail.is_none());
    update(&mut app, ftpscope::tui::Action::Click(30, 3));
    assert!(app.detail.is_some());
}

#[test]
fn new_sessions_do_not_move_the_cursor() {
    let (mut app, store) = opened(&["mixed-many"], (80, 24), Settings::default());
    keys_of(">jjj").for_each(|code| press(&mut app, &store, code));
    let selected = app.list.selected;
    let mut more = (*app.snapshot).clone();
    more.generation += 1;
    let twice = more.entries.clone();
    more.entries.splice(0..0, twice.into_iter().take(1));
    app.show(std::sync::Arc::new(more));
    assert_eq!(app.list.selected, selected);
}

/// A snapshot after the one that is shown: what became of each session is in `change`.
fn later(app: &App, change: impl Fn(&mut Row)) -> Arc<Snapshot> {
    let mut later = (*app.snapshot).clone();
    later.generation += 1;
    for entry in &mut later.entries {
        let mut row = entry.row.clone();
        change(&mut row);
        *entry = Arc::new(Entry { judged: Arc::clone(&entry.judged), row });
    }
    Arc::new(later)
}

/// The keys of the sessions on the screen, from the top.
fn on_screen(app: &App) -> Vec<u64> {
    let shown = app.list.shown.iter().skip(app.list.top);
    let keys = shown.map(|i| app.snapshot.entries[*i as usize].row.key);
    keys.take(app.size.1 as usize - 4).collect()
}

/// Sessions move in the list when something becomes of them: the cursor stays with its session, and
/// the session on the screen.
#[test]
fn the_cursor_stays_on_the_screen_when_its_session_moves() {
    let (mut app, store) = opened(&[FORTY], (80, 24), Settings::default());
    app.show(later(&app, |row| row.status = Status::Healthy));
    keys_of("Gkk").for_each(|code| press(&mut app, &store, code));
    let selected = app.list.selected.unwrap();
    assert!(app.list.top > 0);
    let stalls = |key| {
        move |row: &mut Row| {
            if row.key == key {
                row.status = Status::Stalled;
            }
        }
    };
    app.show(later(&app, stalls(selected)));
    assert_eq!(app.list.selected, Some(selected));
    assert!(on_screen(&app).contains(&selected), "{}", picture(&app));
    // And where it becomes healthy again.
    app.show(later(&app, |row| row.status = Status::Healthy));
    assert_eq!(app.list.selected, Some(selected));
    assert!(on_screen(&app).contains(&selected), "{}", picture(&app));
    // The newest one, which is followed.
    keys_of("F").for_each(|code| press(&mut app, &store, code));
    let newest = app.snapshot.entries.last().unwrap().row.key;
    app.show(later(&app, stalls(newest)));
    assert_eq!(app.list.selected, Some(newest));
    assert!(on_screen(&app).contains(&newest), "{}", picture(&app));
}

/// What becomes of sessions beyond the screen moves nothing on it; at the top of the list new
/// problems are seen at once.
#[test]
fn rows_stay_where_they_are() {
    let (mut app, store) = opened(&[FORTY], (80, 24), Settings::default());
    app.show(later(&app, |row| row.status = Status::Healthy));
    keys_of("g▼jjjjj").for_each(|code| press(&mut app, &store, code));
    assert!(app.list.top > 0);
    let (before, selected) = (on_screen(&app), app.list.selected);
    let keys: Vec<u64> = app.snapshot.entries.iter().map(|e| e.row.key).collect();
    let stalled = |stalled: &[u64]| {
        let stalled = stalled.to_vec();
        move |row: &mut Row| {
            if stalled.contains(&row.key) {
                row.status = Status::Stalled;
            }
        }
    };
    // From below the screen to the top.
    app.show(later(&app, stalled(&keys[37..])));
    assert_eq!(on_screen(&app), before, "{}", picture(&app));
    // From the screen to the top: one row comes in its place.
    app.show(later(&app, stalled(&before[2..3])));
    assert_eq!(on_screen(&app)[3..], before[3..], "{}", picture(&app));
    assert_eq!(app.list.selected, selected);
    // At the top.
    press(&mut app, &store, KeyCode::Char('g'));
    app.show(later(&app, stalled(&keys[36..37])));
    app.show(later(&app, |row| {
        if row.key == keys[39] {
            row.status = Status::Suspicious;
        }
    }));
    assert_eq!(on_screen(&app)[0], keys[39], "{}", picture(&app));
    assert!(on_screen(&app).contains(&app.list.selected.unwrap()));
}

/// While a file is read, the worst of it is seen, until somebody moves the cursor; over an interface
/// the cursor is never moved.
#[test]
fn a_file_is_shown_from_its_worst_session_on() {
    let (all, store) = opened(&[FORTY], (80, 24), Settings::default());
    let begun = |live: bool| {
        let mut app = App::new(Settings::default(), (80, 24)).unwrap();
        let mut some = (*all.snapshot).clone();
        some.entries.truncate(4);
        some.progress.live = live;
        app.show(Arc::new(some));
        app
    };
    let rest = |live: bool| {
        let mut rest = (*all.snapshot).clone();
        rest.entries.iter_mut().skip(4).for_each(|e| {
            let row = Row { status: Status::Stalled, ..e.row.clone() };
            *e = Arc::new(Entry { judged: Arc::clone(&e.judged), row });
        });
        rest.generation += 1;
        rest.progress.live = live;
        Arc::new(rest)
    };
    let mut untouched = begun(false);
    untouched.show(rest(false));
    assert_eq!(untouched.list.line(&untouched.snapshot), Some(0));
    let moves = |mut app: App, live: bool| {
        let selected = app.list.selected;
        app.show(rest(live));
        assert_eq!(app.list.selected, selected);
        assert!(on_screen(&app).contains(&selected.unwrap()), "{}", picture(&app));
    };
    moves(begun(true), true);
    let mut touched = begun(false);
    press(&mut touched, &store, KeyCode::Char('j'));
    moves(touched, false);
}

/// A session that is let go leaves the cursor with the one below it.
#[test]
fn the_cursor_goes_to_the_next_line_when_its_session_goes() {
    let (mut app, store) = opened(&[FORTY], (80, 24), Settings::default());
    keys_of(">gjjjjj").for_each(|code| press(&mut app, &store, code));
    let mut fewer = (*app.snapshot).clone();
    fewer.generation += 1;
    // With two before it.
    fewer.entries.drain(1..3);
    fewer.entries.remove(3);
    let next = fewer.entries[3].row.key;
    app.show(Arc::new(fewer));
    assert_eq!(app.list.selected, Some(next));
}

/// On a screen that is lower than a text, all of the text can be read, down and up again.
#[test]
fn a_text_higher_than_the_screen_is_scrolled() {
    let tall = (60, 400);
    let (mut app, store) = opened(&["passive-range-dropped-ncftp"], tall, Settings::default());
    keys_of("⏎3").for_each(|code| press(&mut app, &store, code));
    let rows = |app: &App| -> Vec<String> {
        let picture = picture(app);
        let rows: Vec<&str> = picture.lines().skip(3).collect();
        let text = |row: &&str| row.split('▼').next().unwrap().trim().to_owned();
        rows[..rows.len() - 1].iter().map(text).collect()
    };
    let all: Vec<String> = rows(&app).into_iter().filter(|r| !r.is_empty()).collect();
    app.size = (60, 8);
    press(&mut app, &store, KeyCode::Char('g'));
    for (keys, times) in [('j', 200), ('k', 200), ('▼', 60), ('▲', 60)] {
        let mut seen = rows(&app);
        for _ in 0..times {
            keys_of(&keys.to_string()).for_each(|code| press(&mut app, &store, code));
            seen.extend(rows(&app));
        }
        // What says how much is below may stand on the end of a line.
        let missing = all.iter().find(|a| !seen.iter().any(|s| s == *a));
        assert_eq!(missing, None, "by {keys}");
    }
}

/// What is to be changed, and what shows it, can be read to its end at any width.
#[test]
fn advice_and_evidence_are_whole() {
    for width in [40, 80, 140] {
        let size = (width, 600);
        let (mut app, store) = opened(&[FORTY], size, Settings::default());
        keys_of("⏎3").for_each(|code| press(&mut app, &store, code));
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        let shown = bare(&picture(&app));
        let detail = app.detail.as_ref().unwrap();
        for diagnosis in &detail.entry.judged.diagnoses {
            let examples = diagnosis.advice.iter().filter_map(|a| a.example.as_ref());
            let evidence = diagnosis.evidence.iter().map(|e| &e.text);
            for line in examples.flat_map(|e| e.lines()).chain(evidence.map(String::as_str)) {
                assert!(shown.contains(&bare(line)), "{width}: {line}");
            }
        }
    }
}

/// While a session goes on, the cursors in it stay on what they were on, and on the screen.
#[test]
fn cursors_stay_in_an_open_session() {
    let name = "passive-range-dropped-ncftp";
    let (mut app, store) = opened(&[name], (80, 24), Settings::default());
    let whole = Arc::clone(&app.snapshot);
    let mut judged = (*whole.entries[0].judged).clone();
    judged.session.script.messages.drain(..3);
    judged.diagnoses.remove(0);
    let less = |generation: u64| {
        let mut less = (*whole).clone();
        less.generation = generation;
        less.entries = vec![Arc::new(Entry::new(judged.clone()))];
        Arc::new(less)
    };
    let more = |generation: u64| {
        let entries = vec![Arc::new(Entry::new((*whole.entries[0].judged).clone()))];
        Arc::new(Snapshot { generation, entries, ..(*whole).clone() })
    };
    app.show(less(100));
    keys_of("⏎gjjjjj").for_each(|code| press(&mut app, &store, code));
    let at = |app: &App| app.detail.as_ref().unwrap().moment();
    let before = at(&app);
    assert!(before.is_some());
    app.show(more(101));
    assert_eq!(at(&app), before);
    // To the last line, of which there are fewer afterwards.
    press(&mut app, &store, KeyCode::Char('G'));
    let last = at(&app);
    app.show(less(102));
    assert!(last.is_some() && at(&app) == last);
    // In the diagnosis.
    keys_of("3g").for_each(|code| press(&mut app, &store, code));
    let headline = |app: &mut App| copied(app, "", &store);
    let before = headline(&mut app);
    app.show(more(103));
    assert_eq!(headline(&mut app), before);
    let picture = picture(&app);
    let first: String = before.unwrap().chars().take(30).collect();
    assert!(picture.contains(&first), "{picture}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    /// Any keys at any size: never a panic, 1×1 included.
    #[test]
    fn any_keys_at_any_size(
        text in "[a-zA-Z0-9/?<>+ ⏎⇥⎋▼-]{0,40}",
        width in 1_u16..160,
        height in 1_u16..50,
        later in (1_u16..160, 1_u16..50),
    ) {
        let size = (width, height);
        let (mut app, store) = opened(&["passive-range-dropped-ncftp", "mixed-many"], size, Settings::default());
        for (i, code) in keys_of(&text).enumerate() {
            if i == 10 {
                app.size = later;
            }
            press(&mut app, &store, code);
            picture(&app);
        }
    }
}
