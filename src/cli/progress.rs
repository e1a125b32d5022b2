//! Progress on standard error, for what takes longer than a second, on a terminal only.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use ftpscope::capture::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows progress until it is dropped.
pub struct Shown {
    bar: ProgressBar,
    over: Arc<std::sync::atomic::AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Files read in less are done before anyone looks.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(100);

/// Starts showing `progress`, if standard error is a terminal.
pub fn show(progress: Arc<Progress>, total: Option<u64>) -> Option<Shown> {
    use std::sync::atomic::{AtomicBool, Ordering};
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
    let template = "{bytes} of {total_bytes} {wide_bar} {percent} % · {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let over = Arc::new(AtomicBool::new(false));
    let (watched, stop) = (bar.clone(), over.clone());
    let thread = std::thread::spawn(move || {
        let mut waited = Duration::ZERO;
        while !stop.load(Ordering::Relaxed) {
            std::thread::park_timeout(STEP);
            waited += STEP;
            if waited == PATIENCE {
                watched.set_draw_target(ProgressDrawTarget::stderr());
            }
            watched.set_position(progress.bytes());
        }
    });
    Some(Shown { bar, over, thread: Some(thread) })
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.over.store(true, std::sync::atomic::Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}
