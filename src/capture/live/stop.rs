//! Ending a capture: from another thread, or by a signal.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Signals that follow the first this closely are the same wish: timeout(1) signals the program and
/// then its process group.
const SAME: Duration = Duration::from_secs(1);

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

    /// Ends it on SIGINT and SIGTERM. Another one, a second later or more, ends the program at once.
    ///
    /// # Errors
    /// A signal can't be handled, or the system gives no thread.
    pub fn on_signals(&self) -> io::Result<()> {
        let impatient = Arc::new(AtomicBool::new(false));
        let (write, mut read) = UnixStream::pair()?;
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&impatient))?;
            low_level::pipe::register(signal, self.0.try_clone()?)?;
            low_level::pipe::register(signal, write.try_clone()?)?;
        }
        let arm = move || {
            if read.read_exact(&mut [0]).is_ok() {
                wait_for_the_impatient();
                impatient.store(true, Ordering::Release);
            }
        };
        std::thread::Builder::new().name("signals".to_owned()).spawn(arm)?;
        Ok(())
    }
}

#[allow(clippy::disallowed_methods, reason = "signals come from people, in their own time")]
fn wait_for_the_impatient() {
    std::thread::sleep(SAME);
}

impl Stopped {
    pub(super) fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}
