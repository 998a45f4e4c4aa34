//! Running kernels for Python: threads, the GIL, signals, panics, errors.

use std::any::Any;
use std::cell::RefCell;
use std::num::NonZeroUsize;
#[cfg(feature = "arrow")]
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrayops::{Error, Executor, Level};
use pyo3::exceptions::{PyKeyboardInterrupt, PyOverflowError, PySystemError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::convert::integer;
use crate::operand::Argument;

/// Smaller inputs are done before another thread could make use of the GIL.
const DETACH_MIN_BYTES: usize = 64 << 10;

/// More threads than this are a mistake.
const MAX_THREADS: usize = 1024;

static LEVEL: OnceLock<Level> = OnceLock::new();
static THREADS: AtomicUsize = AtomicUsize::new(1);
/// None: as the core has it.
static BYTES_PER_THREAD: OnceLock<NonZeroUsize> = OnceLock::new();

/// Reads the environment, once, when the module is imported.
pub(crate) fn configure() -> PyResult<()> {
    let level = match std::env::var("ARRAYOPS_CPU_LEVEL") {
        Err(_) => Level::detect(),
        Ok(name) => Level::from_name(&name).map_err(|_| {
            let known: Vec<_> = Level::available().into_iter().map(Level::name).collect();
            PyValueError::new_err(format!(
                "ARRAYOPS_CPU_LEVEL must be a CPU level of this machine ({}), not '{name}'",
                known.join(", ")
            ))
        })?,
    };
    let _ = LEVEL.set(level);
    let threads = match std::env::var("ARRAYOPS_NUM_THREADS") {
        Err(_) => std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MAX_THREADS),
        Ok(given) => match given.parse() {
            Ok(threads @ 1..=MAX_THREADS) => threads,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "ARRAYOPS_NUM_THREADS must be an integer from 1 to {MAX_THREADS}, not '{given}'"
                )));
            }
        },
    };
    THREADS.store(threads, Ordering::Relaxed);
    if let Ok(given) = std::env::var("ARRAYOPS_BYTES_PER_THREAD") {
        let bytes = given.parse().map_err(|_| {
            PyValueError::new_err(format!(
                "ARRAYOPS_BYTES_PER_THREAD must be a positive integer, not '{given}'"
            ))
        })?;
        let _ = BYTES_PER_THREAD.set(bytes);
    }
    Ok(())
}

/// The CPU level in use.
pub(crate) fn level() -> Level {
    LEVEL.get().copied().unwrap_or(Level::BASELINE)
}

/// Sets how many threads a call may use.
///
/// Large inputs are worked on by up to this many threads, the calling one included. Results do
/// not depend on it. The default is the number of CPUs this process may use, or
/// ``ARRAYOPS_NUM_THREADS`` if that is set when arrayops is imported.
///
/// Raises ``TypeError`` where *n* is no integer, ``ValueError`` where it is not from 1 to 1024.
///
/// >>> import arrayops as ao
/// >>> before = ao.get_num_threads()
/// >>> ao.set_num_threads(1)
/// >>> ao.get_num_threads()
/// 1
/// >>> ao.set_num_threads(before)
#[pyfunction]
pub(crate) fn set_num_threads(n: &Bound<'_, PyAny>) -> PyResult<()> {
    let index = integer(Argument::new("set_num_threads", "n"), n)?;
    match index.extract::<usize>() {
        Ok(threads @ 1..=MAX_THREADS) => {
            THREADS.store(threads, Ordering::Relaxed);
            Ok(())
        }
        _ => Err(PyValueError::new_err(format!(
            "set_num_threads() argument 'n' must be from 1 to {MAX_THREADS}, not {index}"
        ))),
    }
}

/// Returns how many threads a call may use. See ``set_num_threads``.
///
/// >>> import arrayops as ao
/// >>> ao.get_num_threads() >= 1
/// True
#[pyfunction]
pub(crate) fn get_num_threads() -> usize {
    THREADS.load(Ordering::Relaxed)
}

/// Runs a kernel over so many bytes for a Python function of this name.
///
/// Large inputs: without the GIL, on several threads, and ended by a signal whose handler raises.
#[inline]
pub(crate) fn run<R: Send>(
    py: Python<'_>,
    function: &'static str,
    bytes: usize,
    kernel: impl FnOnce(&Executor<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    if bytes >= DETACH_MIN_BYTES {
        return run_detached(py, function, kernel);
    }
    let executor = Executor::new(level(), 1);
    guarded(|| kernel(&executor))?.map_err(|error| exception(function, &error))
}

/// So many elements are moved or copied before a signal is looked for.
#[cfg(feature = "arrow")]
const PART: usize = 4 << 20;

/// Does a simple `work` for all of so many elements, part by part: from the
/// last to the first if `backwards`, without the GIL if it takes long.
#[cfg(feature = "arrow")]
pub(crate) fn in_parts(
    py: Python<'_>,
    len: usize,
    backwards: bool,
    mut work: impl FnMut(Range<usize>) + Send,
) -> PyResult<()> {
    if len < DETACH_MIN_BYTES / 8 {
        work(0..len);
        return Ok(());
    }
    let parts = len.div_ceil(PART);
    for part in 0..parts {
        let part = if backwards { parts - 1 - part } else { part };
        let range = part * PART..len.min((part + 1) * PART);
        py.detach(|| work(range));
        py.check_signals()?;
    }
    Ok(())
}

/// What `work` returns, or a panic as an exception.
#[inline]
pub(crate) fn guarded<R>(work: impl FnOnce() -> R) -> PyResult<R> {
    // Handed out by reference: a value returned through `catch_unwind` is copied more than once.
    let mut done = None;
    match (catch_unwind(AssertUnwindSafe(|| done = Some(work()))), done) {
        (_, Some(done)) => Ok(done),
        (Err(panic), None) => Err(bug(&*panic)),
        (Ok(()), None) => unreachable!("what does not panic is done"),
    }
}

/// As [`run`], without the GIL.
#[inline(never)]
fn run_detached<R: Send>(
    py: Python<'_>,
    function: &'static str,
    kernel: impl FnOnce(&Executor<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    // Compiled for each kernel, so there is no more in it than must be.
    let (mut kernel, mut done) = (Some(kernel), None);
    detached(py, &mut |executor| {
        done = kernel.take().map(|kernel| kernel(executor));
    })?;
    match done {
        Some(done) => done.map_err(|error| exception(function, &error)),
        None => unreachable!("what does not panic is done"),
    }
}

/// Does `work` without the GIL, on several threads. A panic is an exception, as is what a signal's
/// handler raises.
fn detached(py: Python<'_>, work: &mut (dyn FnMut(&Executor<'_>) + Send)) -> PyResult<()> {
    py.detach(|| {
        let raised = RefCell::new(None);
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "of one lifetime only"
        )]
        let interrupted = || match Python::try_attach(|py| py.check_signals()) {
            Some(Ok(())) => false,
            Some(Err(error)) => {
                raised.replace(Some(error));
                true
            }
            None => hang(),
        };
        let executor = Executor::new(level(), get_num_threads()).interrupted_by(&interrupted);
        let executor = match BYTES_PER_THREAD.get() {
            Some(bytes) => executor.bytes_per_thread(*bytes),
            None => executor,
        };
        let done = guarded(|| work(&executor));
        if is_finalized() {
            hang();
        }
        match raised.take() {
            Some(error) => Err(error),
            None => done,
        }
    })
}

/// Whether Python is ending, or has ended.
fn is_finalized() -> bool {
    #[expect(unsafe_code, reason = "PyO3 has no safe name for it")]
    // SAFETY: may be called at any time, from any thread.
    unsafe {
        ffi::Py_IsInitialized() == 0
    }
}

/// Ends a daemon thread that is still at work when Python is gone, as CPython does from 3.14 on: it
/// does nothing more until the process is gone, too. It must not return, to memory that is freed.
fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

/// The one mapping of the core's errors to Python's exceptions.
pub(crate) fn exception(function: &'static str, error: &Error) -> PyErr {
    let message = format!("{function}(): {error}");
    match error {
        Error::Overflow { .. }
        | Error::Infinite { .. }
        | Error::BoundUnreachable { .. }
        | Error::TooMany => PyOverflowError::new_err(message),
        Error::Empty
        | Error::NotANumber { .. }
        | Error::BoundIsNan(_)
        | Error::BoundsCrossed
        | Error::TooFew { .. }
        | Error::Malformed(_)
        | Error::LevelUnavailable => PyValueError::new_err(message),
        Error::Interrupted => PyKeyboardInterrupt::new_err(()),
        _ => PySystemError::new_err(message),
    }
}

/// A panic as an exception, one that `except Exception` catches.
fn bug(panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    PySystemError::new_err(format!(
        "internal error in arrayops, please report it: {}",
        text.unwrap_or("a panic without a message")
    ))
}

/// What a cell keeps, made now if it is empty.
///
/// Two threads may make it at once. If one of them waited for the other, so would a process that is
/// forked meanwhile, and forever.
pub(crate) fn kept<'a, T: Send + Sync>(
    py: Python<'a>,
    cell: &'a PyOnceLock<T>,
    make: impl FnOnce() -> PyResult<T>,
) -> PyResult<&'a T> {
    if let Some(kept) = cell.get(py) {
        return Ok(kept);
    }
    let new = make()?;
    Ok(cell.get_or_init(py, || new))
}
