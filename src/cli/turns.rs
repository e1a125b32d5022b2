//! Several reports made at the same time and printed one after the other.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::complain;
use super::output::written;

/// What a report that isn't next may hold back before its writer waits.
const HELD: usize = 4 << 20;
/// What all finished reports that aren't next may hold back.
const HELD_BY_ALL: usize = 64 << 20;

/// The order in which reports are printed.
#[derive(Default)]
pub struct Turns {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// Whose turn it is.
    turn: usize,
    /// Finished, and waiting for those before them: what they printed, and what is to be said.
    done: BTreeMap<usize, (Vec<u8>, Vec<String>)>,
    held: usize,
    failed: bool,
}

impl Turns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is the turn of `index`.
    fn wait(&self, index: usize) {
        let state = self.state();
        drop(
            self.moved
                .wait_while(state, |state| state.turn < index)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Whether everything could be printed.
    pub fn all_written(&self) -> bool {
        !self.state().failed
    }

    /// Where the report with this number is written to.
    pub fn output(&self, index: usize) -> InTurn<'_> {
        InTurn { turns: self, index, held: Vec::new(), said: Vec::new(), is_next: false }
    }
}

/// Where one of the reports is written to: held back until its turn comes. Its turn is over when it
/// is dropped.
pub struct InTurn<'t> {
    turns: &'t Turns,
    index: usize,
    held: Vec<u8>,
    said: Vec<String>,
    is_next: bool,
}

impl InTurn<'_> {
    /// Says something on standard error when the report was printed.
    pub fn say(&mut self, text: String) {
        self.said.push(text);
    }

    fn print_held(&mut self) -> io::Result<()> {
        self.is_next = true;
        io::stdout().write_all(&std::mem::take(&mut self.held))
    }
}

impl Write for InTurn<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_next && self.turns.state().turn == self.index {
            self.print_held()?;
        }
        if !self.is_next && self.held.len() + bytes.len() > HELD {
            self.turns.wait(self.index);
            self.print_held()?;
        }
        if self.is_next {
            return io::stdout().write(bytes);
        }
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_next { io::stdout().flush() } else { Ok(()) }
    }
}

impl Drop for InTurn<'_> {
    fn drop(&mut self) {
        let (held, said) = (std::mem::take(&mut self.held), std::mem::take(&mut self.said));
        let mut state = self.turns.state();
        if state.turn < self.index && state.held + held.len() > HELD_BY_ALL {
            drop(state);
            self.turns.wait(self.index);
            state = self.turns.state();
        }
        state.held += held.len();
        state.done.insert(self.index, (held, said));
        loop {
            let turn = state.turn;
            let Some((held, said)) = state.done.remove(&turn) else { break };
            let mut out = io::stdout();
            state.failed |= !written(out.write_all(&held).and_then(|()| out.flush()));
            said.iter().for_each(|text| complain(text));
            state.held -= held.len();
            state.turn += 1;
        }
        self.turns.moved.notify_all();
    }
}
