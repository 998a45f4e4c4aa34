//! Buffers that stay exported for as long as Arrow data in them is in use, by whomever.
#![expect(unsafe_code, reason = "exports outlive the call they were made in")]

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use super::column::Column;
use crate::buffer::Slot;
use crate::operand::{Argument, Operand};
use crate::typecode::Typecode;

/// A buffer of numbers, exported until this is dropped.
///
/// Arrow data may be released on any thread, with the GIL or without it, even when Python is gone. To
/// wait for the GIL there could last forever, since who holds it may wait for that thread. So a
/// release without the GIL only puts the export on a list, which the main thread sees to when it next
/// runs Python code, or whoever next makes an export. When Python is ending, what is on the list stays.
pub(super) struct Held(NonNull<Node>);

struct Node {
    /// The exporter has pointers into it, so that it must not move.
    slot: Slot,
    next: *mut Node,
}

// SAFETY: the export is only released, on a thread that is attached.
unsafe impl Send for Held {}

// SAFETY: as above.
unsafe impl Sync for Held {}

/// Numbers in a buffer or a column, held.
pub(super) enum Numbers {
    Buffer {
        address: *const u8,
        len: usize,
        typecode: Typecode,
        held: Held,
    },
    Column(Column),
}

impl Numbers {
    pub(super) fn new(object: &Bound<'_, PyAny>, argument: Argument) -> PyResult<Self> {
        release_deferred();
        let mut node = Box::new(Node {
            slot: Slot::new(),
            next: ptr::null_mut(),
        });
        let operand = Operand::new(&mut node.slot, object, argument)?;
        let typecode = operand.typecode();
        Ok(match operand.keep() {
            Err(column) => Numbers::Column(column),
            Ok((address, len)) => Numbers::Buffer {
                address,
                len,
                typecode,
                held: Held(NonNull::from(Box::leak(node))),
            },
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if is_attached() {
            // SAFETY: made by `new`, dropped once, and this thread is attached.
            unsafe { release(self.0.as_ptr()) };
        } else {
            // SAFETY: made by `new`, dropped once.
            unsafe { defer(self.0) };
        }
    }
}

/// Whether this thread may use Python. Unlike `PyGILState_Check` it is right where there are
/// subinterpreters.
fn is_attached() -> bool {
    // SAFETY: may be called at any time, from any thread.
    let own = unsafe { ffi::PyGILState_GetThisThreadState() };
    // SAFETY: as above.
    let current = unsafe { ffi::compat::PyThreadState_GetUnchecked() };
    !own.is_null() && own == current
}

/// # Safety
/// Made by [`Numbers::new`], not used afterwards, and this thread is attached.
unsafe fn release(node: *mut Node) {
    // SAFETY: made from a box, by the caller.
    let mut node = unsafe { Box::from_raw(node) };
    // SAFETY: its export was kept, and this thread is attached.
    unsafe { node.slot.release() };
}

/// What is to be released.
static DEFERRED: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());
/// Whether the main thread has been told.
static TOLD: AtomicBool = AtomicBool::new(false);

/// Leaves the release to a thread that is attached. Waits for nothing.
///
/// # Safety
/// Made by [`Numbers::new`], and not used afterwards.
unsafe fn defer(node: NonNull<Node>) {
    let mut head = DEFERRED.load(Ordering::Relaxed);
    loop {
        // SAFETY: nobody else has it yet.
        unsafe { (*node.as_ptr()).next = head };
        let (success, failure) = (Ordering::Release, Ordering::Relaxed);
        match DEFERRED.compare_exchange_weak(head, node.as_ptr(), success, failure) {
            Ok(_) => break,
            Err(other) => head = other,
        }
    }
    // SAFETY: may be called at any time, from any thread.
    let initialized = unsafe { ffi::Py_IsInitialized() } != 0;
    if initialized && !TOLD.swap(true, Ordering::AcqRel) {
        // SAFETY: may be called from any thread, without the GIL.
        let status = unsafe { ffi::Py_AddPendingCall(Some(pending), ptr::null_mut()) };
        if status != 0 {
            TOLD.store(false, Ordering::Release); // too many are waiting; the next one tries again
        }
    }
}

extern "C" fn pending(_: *mut c_void) -> c_int {
    release_deferred();
    0
}

/// Releases what was deferred, on a thread that is attached.
fn release_deferred() {
    if DEFERRED.load(Ordering::Relaxed).is_null() {
        return;
    }
    TOLD.store(false, Ordering::Release);
    let mut node = DEFERRED.swap(ptr::null_mut(), Ordering::Acquire);
    while !node.is_null() {
        // SAFETY: all on the list are alive.
        let next = unsafe { (*node).next };
        // SAFETY: it is off the list; this thread is attached, since Python called it.
        unsafe { release(node) };
        node = next;
    }
}
