//! Threads that read a capture, each on a processor of its own.
//!
//! They wait for each other many times in a millisecond's work, and Linux likes to wake a thread where
//! the one runs that wakes it: both then share one processor for some milliseconds while another stands
//! idle. When there are as many threads as processors, none is better off elsewhere.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// A pool of so many threads, this one among them, each on a processor of its own if there are as many
/// of those.
pub fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    let builder = ThreadPoolBuilder::new().num_threads(threads).use_current_thread();
    let own = own(threads);
    take(own.first());
    builder.start_handler(move |number| take(own.get(number))).build()
}

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The processors that this process may run on, if there is one for each of several threads.
#[cfg(target_os = "linux")]
fn own(threads: usize) -> Vec<CpuSet> {
    let Ok(all) = sched_getaffinity(None) else { return Vec::new() };
    if threads < 2 || all.count() as usize != threads {
        return Vec::new();
    }
    let one = |cpu: usize| {
        let mut set = CpuSet::new();
        set.set(cpu);
        set
    };
    (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu)).map(one).collect()
}

#[cfg(target_os = "linux")]
fn take(own: Option<&CpuSet>) {
    if let Some(own) = own {
        // Where that is refused, the kernel goes on choosing.
        let _ = sched_setaffinity(None, own);
    }
}

/// Elsewhere the kernel chooses.
#[cfg(not(target_os = "linux"))]
fn own(_: usize) -> Vec<()> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn take(_: Option<&()>) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_a_processor_of_its_own() {
        let all = sched_getaffinity(None).unwrap();
        let threads = all.count() as usize;
        for (threads, want) in [(threads, 1), (threads + 1, all.count())] {
            // On a thread that ends with it: this one goes on where it likes.
            let seen = std::thread::spawn(move || {
                pool(threads).unwrap().broadcast(|_| sched_getaffinity(None).unwrap())
            });
            let seen = seen.join().unwrap();
            assert!(seen.iter().all(|set| set.count() == want), "{threads}");
            let distinct = seen.iter().enumerate().all(|(n, a)| !seen[..n].contains(a));
            assert!(distinct || want > 1 || threads == 1);
        }
    }
}
