//! The only place that touches the terminal: keys in, pictures and the clipboard out.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableMouseCapture, EnableMouseCapture, Event, KeyEventKind, MouseButton, MouseEventKind,
};
use crossterm::{event, execute};
use ratatui::DefaultTerminal;
#[cfg(unix)]
use signal_hook::consts;

use super::action::{Action, Effect};
use super::feed::Publisher;
use super::keys;
use super::packet::Stored;
use super::snapshot::Entry;
use super::{App, draw, update};
use crate::capture::{FrameRef, PacketStore};
use crate::export;
use crate::report::escape::escape;

/// How long to wait for a key before looking for a new snapshot.
const TICK: Duration = Duration::from_millis(50);
/// Lines that a turn of the wheel moves.
const WHEEL: isize = 3;

/// Why the dashboard was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The user, or a signal, wanted it.
    Asked,
    /// Another part of the program panicked; it was said on the restored terminal.
    Panicked,
}

/// Shows the dashboard until the user leaves. The terminal is restored whatever happens, also by a
/// panic of whatever thread.
///
/// # Errors
/// The terminal can't be used.
pub fn run(app: App, publisher: &Publisher, store: PacketStore) -> io::Result<Left> {
    let asked_to_end = asked_to_end()?;
    let mut terminal = ratatui::try_init()?;
    let panicked = panicked();
    let result = Screen::new(app, store).run(&mut terminal, publisher, &asked_to_end, &panicked);
    let _ = execute!(io::stdout(), DisableMouseCapture);
    if panicked.load(Ordering::Acquire) {
        // Restored before the panic was told: once more would go back over its words.
        return Ok(Left::Panicked);
    }
    ratatui::restore();
    result.map(|()| Left::Asked)
}

/// Becomes true when a thread panics. The terminal is restored then; nothing must be drawn on it
/// any more.
#[allow(clippy::disallowed_methods, reason = "the last that the program does")]
fn panicked() -> Arc<AtomicBool> {
    let panicked = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&panicked);
    // Restores the terminal and tells of the panic.
    let restores = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        flag.store(true, Ordering::Release);
        // A picture may be on its way just now.
        std::thread::sleep(TICK);
        restores(panic);
    }));
    panicked
}

/// Becomes true when a signal asks the program to end.
fn asked_to_end() -> io::Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for signal in [consts::SIGTERM, consts::SIGINT, consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&asked))?;
    }
    Ok(asked)
}

/// Keys and the like, read on a thread of their own: where the terminal has gone away, reading may
/// never return (crossterm tries again for ever), and the program must end all the same.
fn input() -> Receiver<io::Result<Event>> {
    let (send, input) = channel();
    std::thread::spawn(move || {
        loop {
            let event = event::read();
            let failed = event.is_err();
            if send.send(event).is_err() || failed {
                return;
            }
        }
    });
    input
}

/// What was done in the background.
enum Done {
    Loaded(Result<Stored, String>),
    Saved(String),
}

enum Work {
    Load(FrameRef),
    Save(Arc<Entry>, PathBuf),
}

struct Screen {
    app: App,
    work: Sender<Work>,
    done: Receiver<Done>,
}

impl Screen {
    fn new(app: App, store: PacketStore) -> Self {
        let (work, todo) = channel();
        let (finished, done) = channel();
        // Reading a file again may take as long as reading it did: never on this thread.
        std::thread::spawn(move || worker(&store, &todo, &finished));
        Self { app, work, done }
    }

    fn run(
        &mut self,
        terminal: &mut DefaultTerminal,
        publisher: &Publisher,
        asked_to_end: &AtomicBool,
        panicked: &AtomicBool,
    ) -> io::Result<()> {
        let input = input();
        let mut changed = true;
        while !asked_to_end.load(Ordering::Relaxed) && !panicked.load(Ordering::Acquire) {
            let newest = publisher.newest();
            let read = publisher.read();
            changed |= newest.generation != self.app.snapshot.generation || read != self.app.read;
            self.app.read = read;
            self.app.show(newest);
            if let Some(notice) = publisher.notices().pop() {
                changed = true;
                self.app.notice = Some(escape(&notice).into_owned());
            }
            for done in self.done.try_iter() {
                changed = true;
                match done {
                    Done::Loaded(result) => self.app.packet(result),
                    Done::Saved(notice) => self.app.notice = Some(notice),
                }
            }
            if changed {
                let size = terminal.size()?;
                self.app.size = (size.width, size.height);
                terminal.draw(|frame| draw(&self.app, frame))?;
                changed = false;
            }
            // All keys that wait are taken before the next picture.
            let mut wait = TICK;
            loop {
                match input.recv_timeout(wait) {
                    Ok(event) => {
                        changed = true;
                        if !self.take(&event?)? {
                            return Ok(());
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
                wait = Duration::ZERO;
            }
        }
        Ok(())
    }

    /// Does what an event asks for; false to leave.
    fn take(&mut self, event: &Event) -> io::Result<bool> {
        let action = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                keys::action(key, self.app.places())
            }
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollUp => Some(Action::Move(-WHEEL)),
                MouseEventKind::ScrollDown => Some(Action::Move(WHEEL)),
                MouseEventKind::Down(MouseButton::Left) => {
                    Some(Action::Click(mouse.column, mouse.row))
                }
                _ => None,
            },
            Event::Resize(columns, rows) => {
                self.app.size = (*columns, *rows);
                // The cursor may have to move into view.
                Some(Action::Move(0))
            }
            _ => None,
        };
        let Some(action) = action else { return Ok(true) };
        for effect in update(&mut self.app, action) {
            match effect {
                Effect::Quit => return Ok(false),
                Effect::Copy(text) => {
                    execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))?;
                }
                Effect::Mouse(true) => execute!(io::stdout(), EnableMouseCapture)?,
                Effect::Mouse(false) => execute!(io::stdout(), DisableMouseCapture)?,
                Effect::Load(frame) => {
                    let _ = self.work.send(Work::Load(frame));
                }
                Effect::Save { key, path } => {
                    if let Some((_, entry)) = self.app.snapshot.find(key) {
                        let _ = self.work.send(Work::Save(Arc::clone(entry), path));
                    }
                }
            }
        }
        Ok(true)
    }
}

fn worker(store: &PacketStore, todo: &Receiver<Work>, done: &Sender<Done>) {
    for work in todo {
        let result = match work {
            Work::Load(frame) => Done::Loaded(store.packet(frame)),
            Work::Save(entry, path) => {
                Done::Saved(match export::session(store, &entry.judged, &path) {
                    Ok(packets) => format!("{packets} packets saved in {}", path.display()),
                    Err(why) => format!("not saved: {why}"),
                })
            }
        };
        if done.send(result).is_err() {
            return;
        }
    }
}
