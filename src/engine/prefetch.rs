//! Asking for memory before it is needed.

use std::mem::size_of_val;

/// Asks for the cache lines of elements, of which the first `count` are used soon.
///
/// A plan alternates between steps that wait for memory and steps that compute in the first-level
/// cache, so that the CPU cannot overlap them by itself.
#[inline(always)]
pub(super) fn prefetch<T>(elements: &[T], count: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    #[expect(unsafe_code, reason = "a hint that Rust has only as an intrinsic")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const LINE: usize = 64;
        let elements = &elements[..count.min(elements.len())];
        let start = elements.as_ptr().cast::<i8>();
        for offset in (0..size_of_val(elements)).step_by(LINE) {
            // SAFETY: a hint, which reads nothing and fails at no address.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(offset)) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (elements, count);
}
