//! Ending a capture: from another thread, or by a signal.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Ends a capture; may be kept by several.
#[derive(Clone, Debug)]
pub struct Stop(Arc<UnixStream>);

/// Becomes readable when the capture is to end.
#[derive(Debug)]
pub(super) struct Stopped(UnixStream);

pub(super) fn stop() -> io::Result<(Stop, Stopped)> {
    let (write, read) = UnixStream::pair()?;
    write.set_nonblocking(true)?;
    Ok((Stop(Arc::new(write)), Stopped(read)))
}

impl Stop {
    /// Ends the capture: what was captured is still analysed.
    pub fn stop(&self) {
        // Full means that it was said before; closed, that it is over.
        let _ = (&*self.0).write(&[1]);
    }

    /// Ends it on SIGINT and SIGTERM. The second one ends the program at once.
    ///
    /// # Errors
    /// A signal can't be handled.
    pub fn on_signals(&self) -> io::Result<()> {
        let second = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&second))?;
            flag::register(signal, Arc::clone(&second))?;
            low_level::pipe::register(signal, self.0.try_clone()?)?;
        }
        Ok(())
    }
}

impl Stopped {
    pub(super) fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}
