//! The smallest and the largest element, as Python's `min` and `max` find them.

use std::ops::ControlFlow;

use crate::element::{Element, for_each_element};
use crate::{Error, Executor, Values};

/// An element type that has a smallest and a largest element: every one. Sealed by [`Element`].
pub trait Extremum: Element {
    /// Whether equal values may differ in their bits, and how that looks: the float zeros.
    #[doc(hidden)]
    const HAS_SIGNED_ZERO: bool;
}

macro_rules! extrema {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {$(
        impl Extremum for $type {
            const HAS_SIGNED_ZERO: bool = extrema!(@ $kind);
        }
    )*};
    (@int) => { false };
    (@float) => { true };
}
for_each_element!(extrema);

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
pub fn min<T: Extremum>(executor: &Executor<'_>, values: Values<'_, T>) -> Result<T, Error> {
    extremum(
        executor,
        values,
        #[inline(always)]
        |value, best| value < best,
    )
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
pub fn max<T: Extremum>(executor: &Executor<'_>, values: Values<'_, T>) -> Result<T, Error> {
    extremum(
        executor,
        values,
        #[inline(always)]
        |value, best| value > best,
    )
}

#[inline(always)]
fn extremum<T: Extremum>(
    executor: &Executor<'_>,
    values: Values<'_, T>,
    better: impl Fn(T, T) -> bool + Sync,
) -> Result<T, Error> {
    let first = values.get(0).ok_or(Error::Empty)?;
    #[expect(clippy::eq_op, reason = "so only NaN differs from itself")]
    if first != first {
        return Ok(first);
    }
    let best = executor.fold(
        values,
        || first,
        #[inline(always)]
        |best, _, block: &[T]| {
            *best = best_of_block(*best, block, &better);
            ControlFlow::Continue(())
        },
        |best, other| {
            if better(other, *best) {
                *best = other;
            }
        },
    )?;
    if T::HAS_SIGNED_ZERO && best == T::ZERO {
        let index = executor.find(
            values,
            #[inline(always)]
            |value| value == T::ZERO,
        )?;
        return Ok(index.and_then(|index| values.get(index)).unwrap_or(best));
    }
    Ok(best)
}

/// The better of two; a NaN is never chosen over a number, since no comparison with it is true.
#[inline(always)]
fn choose<T: Extremum>(best: T, value: T, better: &impl Fn(T, T) -> bool) -> T {
    if better(value, best) { value } else { best }
}

/// The best of `best`, which is no NaN, and all of `block`.
#[inline(always)]
fn best_of_block<T: Extremum>(mut best: T, block: &[T], better: &impl Fn(T, T) -> bool) -> T {
    let rest = match size_of::<T>() {
        // 256 bytes of lanes: enough registers to hide the latency of a comparison.
        1 => best_of_rows::<T, 256>(&mut best, block, better),
        2 => best_of_rows::<T, 128>(&mut best, block, better),
        4 => best_of_rows::<T, 64>(&mut best, block, better),
        _ => best_of_rows::<T, 32>(&mut best, block, better),
    };
    for value in rest {
        best = choose(best, *value, better);
    }
    best
}

/// Folds whole rows of lanes into `best` and returns what is left over.
#[inline(always)]
fn best_of_rows<'a, T: Extremum, const LANES: usize>(
    best: &mut T,
    block: &'a [T],
    better: &impl Fn(T, T) -> bool,
) -> &'a [T] {
    let (rows, rest) = block.as_chunks::<LANES>();
    if !rows.is_empty() {
        let mut lanes = [*best; LANES];
        for row in rows {
            for (lane, value) in lanes.iter_mut().zip(row) {
                *lane = choose(*lane, *value, better);
            }
        }
        for lane in lanes {
            *best = choose(*best, lane, better);
        }
    }
    rest
}
