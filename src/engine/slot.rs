//! Memory that kernels may write and not read: of results, which begins uninitialised, or not.

use std::mem::MaybeUninit;

/// A place for a value.
///
/// Whether it holds one cannot be told from the type; but nothing can be done with it but to put one
/// in, so that what was initialised stays so.
#[derive(Debug)]
#[repr(transparent)]
pub struct Slot<T>(MaybeUninit<T>);

impl<T: Copy> Slot<T> {
    #[inline(always)]
    pub(super) fn set(&mut self, value: T) {
        self.0.write(value);
    }

    /// The places of values.
    #[expect(unsafe_code, reason = "a view that can only be written values to")]
    #[inline(always)]
    pub(super) fn of(values: &mut [T]) -> &mut [Slot<T>] {
        let slots = std::ptr::from_mut(values) as *mut [Slot<T>];
        // SAFETY: the layout is that of `T`; what is written through it is a `T`.
        unsafe { &mut *slots }
    }

    #[expect(unsafe_code, reason = "a view of the same layout")]
    #[inline(always)]
    pub(super) fn of_uninit(values: &mut [MaybeUninit<T>]) -> &mut [Slot<T>] {
        let slots = std::ptr::from_mut(values) as *mut [Slot<T>];
        // SAFETY: the layout is that of `MaybeUninit<T>`; what is written through it is a `T`.
        unsafe { &mut *slots }
    }
}
