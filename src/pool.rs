//! The pool of helper threads, made on first need and made anew in a forked child.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::environment::Standard;

/// As long as a block takes at most, if its elements are cheap.
const PATIENCE: Duration = Duration::from_micros(50);

/// Some hundred nanoseconds.
const SCOPE_SPINS: usize = 8;

/// Runs `lead` on this thread and `help` on `helpers` others, and waits for them.
///
/// A panic on any of them is one of the caller, when all have ended.
pub(crate) fn run(helpers: usize, help: &(dyn Fn() + Sync), lead: &mut dyn FnMut()) {
    let Some(pool) = with_threads(helpers) else {
        return lead();
    };
    let at_work = AtomicUsize::new(0);
    pool.in_place_scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(|_| {
                at_work.fetch_add(1, Ordering::Relaxed);
                help();
                at_work.fetch_sub(1, Ordering::Relaxed);
            });
        }
        lead();
        linger(&at_work);
    });
}

/// Waits a little for those that are at work, who are at their last block: they end sooner than the
/// system could put this thread to sleep and wake it (which takes 40 µs in a virtual machine).
///
/// Not for one that has not begun, which may be waiting for this CPU.
fn linger(at_work: &AtomicUsize) {
    let begun = Instant::now();
    while at_work.load(Ordering::Relaxed) > 0 && begun.elapsed() < PATIENCE {
        hint::spin_loop();
    }
    // What is left to do is for the scope to note it.
    for _ in 0..SCOPE_SPINS {
        hint::spin_loop();
    }
}

struct Pool {
    process: u32,
    pool: Arc<ThreadPool>,
}

/// The pool in use. Behind a pointer and not behind a lock, since a lock that another thread held
/// at the time of a fork stays locked in the child forever.
static CURRENT: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());

/// A pool of at least `threads` threads, all of which exist in this process.
///
/// None for zero threads, and where the system gives no thread: the caller then works alone.
fn with_threads(threads: usize) -> Option<Arc<ThreadPool>> {
    if threads == 0 {
        return None;
    }
    let process = std::process::id();
    let usable = |current: &&Pool| {
        current.process == process && current.pool.current_num_threads() >= threads
    };
    if let Some(current) = current().filter(usable) {
        return Some(Arc::clone(&current.pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|i| format!("arrayops-{i}"))
        // A new thread inherits the environment of the one that makes it.
        .start_handler(|_| std::mem::forget(Standard::enter()))
        .build()
        .ok()?;
    let pool = Arc::new(pool);
    let current = Pool {
        process,
        pool: Arc::clone(&pool),
    };
    // What was there before is leaked: in a forked child its threads do not exist and cannot be
    // joined, and in the same process another thread may be reading it. That is one small pool for
    // each fork or raise of the thread count.
    CURRENT.store(Box::into_raw(Box::new(current)), Ordering::Release);
    Some(pool)
}

#[expect(unsafe_code, reason = "a lock here would not survive a fork")]
fn current() -> Option<&'static Pool> {
    let current = CURRENT.load(Ordering::Acquire);
    // SAFETY: either null or a box that `with_threads` leaked after initialising it.
    unsafe { current.as_ref() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_threads_grows_and_never_shrinks() {
        assert!(with_threads(0).is_none());
        for (wanted, least) in [(1, 1), (3, 3), (2, 3), (5, 5), (1, 5)] {
            let threads = with_threads(wanted).map(|pool| pool.current_num_threads());
            assert!(threads >= Some(least), "{threads:?} threads for {wanted}");
        }
    }
}
