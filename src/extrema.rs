//! The smallest and the largest element, as Python's `min` and `max` find them.

use std::ops::ControlFlow;

use crate::element::{Element, for_each_element};
use crate::environment::Standard;
use crate::{Elements, Error, Executor};

/// An element type that has a smallest and a largest element: every one. Sealed by [`Element`].
pub trait Extremum: Element {
    /// Whether equal values may differ in their bits, and how that looks: the float zeros.
    #[doc(hidden)]
    const HAS_SIGNED_ZERO: bool;
    /// The smallest of `best`, which is no NaN, and all of `block`.
    #[doc(hidden)]
    fn min_of_block(best: Self, block: &[Self]) -> Self;
    /// The largest of `best`, which is no NaN, and all of `block`.
    #[doc(hidden)]
    fn max_of_block(best: Self, block: &[Self]) -> Self;
}

macro_rules! extrema {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {
        $(extrema!(@$kind $type);)*
    };
    // The vectoriser knows the minimum of integers.
    (@int $type:ident) => {
        impl Extremum for $type {
            const HAS_SIGNED_ZERO: bool = false;
            #[inline(always)]
            fn min_of_block(best: Self, block: &[Self]) -> Self {
                block.iter().fold(best, |best, value| best.min(*value))
            }
            #[inline(always)]
            fn max_of_block(best: Self, block: &[Self]) -> Self {
                block.iter().fold(best, |best, value| best.max(*value))
            }
        }
    };
    // It may not reorder comparisons of floats, so the lanes are written out.
    (@float $type:ident) => {
        impl Extremum for $type {
            const HAS_SIGNED_ZERO: bool = true;
            #[inline(always)]
            fn min_of_block(best: Self, block: &[Self]) -> Self {
                best_of_block::<$type, { LANE_BYTES / size_of::<$type>() }>(best, block, |value, best| value < best)
            }
            #[inline(always)]
            fn max_of_block(best: Self, block: &[Self]) -> Self {
                best_of_block::<$type, { LANE_BYTES / size_of::<$type>() }>(best, block, |value, best| value > best)
            }
        }
    };
}
for_each_element!(extrema);

/// Enough registers to hide the latency of a comparison.
const LANE_BYTES: usize = 256;

/// The best of `best` and all of `block`; no comparison with NaN is true, so none is chosen.
#[inline(always)]
fn best_of_block<T: Extremum, const LANES: usize>(
    best: T,
    block: &[T],
    better: impl Fn(T, T) -> bool,
) -> T {
    let (rows, rest) = block.as_chunks::<LANES>();
    let mut lanes = [best; LANES];
    for row in rows {
        for i in 0..LANES {
            lanes[i] = if better(row[i], lanes[i]) {
                row[i]
            } else {
                lanes[i]
            };
        }
    }
    let lanes = if rows.is_empty() {
        &lanes[..1]
    } else {
        &lanes[..]
    };
    let all = lanes.iter().chain(rest);
    all.fold(
        best,
        |best, value| if better(*value, best) { *value } else { best },
    )
}

/// The smallest element.
///
/// Floats: a NaN in first place stays, a NaN elsewhere is passed over, and of `0.0` and `-0.0` the
/// first one met is returned, all as Python's `min` does.
///
/// # Errors
/// [`Error::Empty`], [`Error::Interrupted`].
///
/// ```
/// use arrayops::{Executor, min};
///
/// assert_eq!(min(&Executor::sequential(), [3_i16, -7, 5][..].into()), Ok(-7));
/// ```
pub fn min<T: Extremum>(executor: &Executor<'_>, elements: Elements<'_, T>) -> Result<T, Error> {
    extremum(executor, elements, T::min_of_block)
}

/// The largest element. NaN and zeros as for [`min`].
///
/// # Errors
/// [`Error::Empty`], [`Error::Interrupted`].
///
/// ```
/// use arrayops::{Executor, max};
///
/// assert_eq!(max(&Executor::sequential(), [2.5, f64::NAN, 1.0][..].into()), Ok(2.5));
/// ```
pub fn max<T: Extremum>(executor: &Executor<'_>, elements: Elements<'_, T>) -> Result<T, Error> {
    extremum(executor, elements, T::max_of_block)
}

#[inline(always)]
fn extremum<T: Extremum>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
    best_of_block: impl Fn(T, &[T]) -> T + Sync,
) -> Result<T, Error> {
    let first = elements.first().ok_or(Error::Empty)?;
    let _standard = Standard::enter();
    #[expect(clippy::eq_op, reason = "so only NaN differs from itself")]
    if first != first {
        return Ok(first);
    }
    let best = executor.fold(
        elements,
        || first,
        #[inline(always)]
        |best, _, block: &[T]| {
            *best = best_of_block(*best, block);
            ControlFlow::Continue(())
        },
        |best, other| *best = best_of_block(*best, &[other]),
    )?;
    if T::HAS_SIGNED_ZERO && best == T::ZERO {
        let found = executor.find(
            elements,
            #[inline(always)]
            |value| value == T::ZERO,
        )?;
        return Ok(found.map_or(best, |(_, zero)| zero));
    }
    Ok(best)
}
