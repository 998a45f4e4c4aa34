//! Asking for memory before it is needed.

/// The bytes of a cache line.
pub(crate) const LINE: usize = 64;

/// Asks for the cache line at an address; there need not be memory.
#[inline(always)]
pub(crate) fn prefetch_line<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    #[expect(unsafe_code, reason = "a hint that Rust has only as an intrinsic")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which reads nothing and fails at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

/// Asks for the cache lines of elements, of which the first `count` are used soon.
///
/// A plan alternates between steps that wait for memory and steps that compute in the first-level
/// cache, so that the CPU cannot overlap them by itself.
#[inline(always)]
pub(super) fn prefetch<T>(elements: &[T], count: usize) {
    let elements = &elements[..count.min(elements.len())];
    let start = elements.as_ptr().cast::<u8>();
    for offset in (0..size_of_val(elements)).step_by(LINE) {
        prefetch_line(start.wrapping_add(offset));
    }
}
