//! Multiplying elements by a number, in place, all or nothing.
//!
//! What must be proven before an integer element may be written is that its product fits. For one
//! factor the elements whose products fit form an interval, found once; testing an element is then
//! a comparison in its own type, and the product of one that passed needs no wider type.

use std::ops::ControlFlow;

use crate::element::{Element, Float, Integer, for_each_element};
use crate::environment::Standard;
use crate::{Error, Executor, ValuesMut};

/// Two parts of so many bytes, one tested and one written, fit any first-level cache.
const L1_BYTES: usize = 8 << 10;

/// What elements are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// An integer; float elements are multiplied by the nearest double.
    Int(i128),
    /// A double. An integer element is converted, multiplied and rounded to double, then cut off
    /// towards zero.
    Float(f64),
}

/// What becomes of an integer product that does not fit its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Nothing is changed and the first such element reported.
    Raise,
    /// The nearer limit of the type is stored.
    Saturate,
    /// The product modulo 2^bits is stored.
    Wrap,
}

/// An element type that can be scaled: every one. Sealed by [`Element`].
pub trait Scale: Element {
    #[doc(hidden)]
    fn scale(
        executor: &Executor<'_>,
        values: ValuesMut<'_, Self>,
        factor: Factor,
        overflow: Overflow,
    ) -> Result<(), Error>;
}

/// Multiplies every element by `factor`, in place.
///
/// The product of a float element is rounded to double and then to the element's type; `overflow`
/// plays no part. The product of an integer element by a float factor is cut off towards zero.
///
/// # Errors
/// With integer elements: [`Error::Overflow`] with [`Overflow::Raise`]; [`Error::Infinite`] and
/// [`Error::NotANumber`] always. The elements are then as they were before; while an integer
/// factor is being applied they may hold products for a time even so.
///
/// ```
/// use arrayops::{Executor, Factor, Overflow, scale};
///
/// let executor = Executor::sequential();
/// let mut pixels = [10_u8, 100, 200];
/// assert!(scale(&executor, pixels[..].as_mut().into(), Factor::Int(2), Overflow::Raise).is_err());
/// assert_eq!(pixels, [10, 100, 200]);
/// scale(&executor, pixels[..].as_mut().into(), Factor::Float(1.5), Overflow::Saturate)?;
/// assert_eq!(pixels, [15, 150, 255]);
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn scale<T: Scale>(
    executor: &Executor<'_>,
    values: ValuesMut<'_, T>,
    factor: Factor,
    overflow: Overflow,
) -> Result<(), Error> {
    let _standard = Standard::enter();
    T::scale(executor, values, factor, overflow)
}

macro_rules! scales {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {$(
        impl Scale for $type {
            fn scale(
                executor: &Executor<'_>,
                values: ValuesMut<'_, Self>,
                factor: Factor,
                overflow: Overflow,
            ) -> Result<(), Error> {
                scales!(@ $kind executor, values, factor, overflow)
            }
        }
    )*};
    (@int $executor:ident, $values:ident, $factor:ident, $overflow:ident) => {
        match $factor {
            Factor::Int(factor) => scale_by_integer($executor, $values, factor, $overflow),
            Factor::Float(factor) => scale_by_float($executor, $values, factor, $overflow),
        }
    };
    (@float $executor:ident, $values:ident, $factor:ident, $overflow:ident) => {{
        let _ = $overflow; // every product has a float nearest to it
        scale_floats($executor, $values, $factor);
        Ok(())
    }};
}
for_each_element!(scales);

fn scale_floats<T: Float>(executor: &Executor<'_>, values: ValuesMut<'_, T>, factor: Factor) {
    #[expect(clippy::cast_precision_loss, reason = "Python rounds the factor so")]
    let factor = match factor {
        Factor::Int(factor) => factor as f64,
        Factor::Float(factor) => factor,
    };
    let narrow = T::rounded(factor);
    if narrow.to_f64().to_bits() == factor.to_bits() {
        // The double product of two floats is exact, so that rounding it once to float is what
        // the multiplication of floats does.
        rewrite(
            executor,
            values,
            #[inline(always)]
            move |value| value.mul(narrow),
        );
    } else {
        rewrite(
            executor,
            values,
            #[inline(always)]
            move |value: T| T::rounded(value.to_f64() * factor),
        );
    }
}

/// Replaces every element by its image.
#[inline(always)]
pub(crate) fn rewrite<T: Element>(
    executor: &Executor<'_>,
    values: ValuesMut<'_, T>,
    image: impl Fn(T) -> T + Sync,
) {
    executor.update(
        values,
        || (),
        #[inline(always)]
        |(), _, block: &mut [T]| {
            for value in block {
                *value = image(*value);
            }
            ControlFlow::Continue(())
        },
        |(), ()| (),
    );
}

/// Elements from `low` to `high`.
#[derive(Clone, Copy)]
struct Interval<T> {
    low: T,
    high: T,
}

impl<T: Integer> Interval<T> {
    const ALL: Self = Interval {
        low: T::MIN,
        high: T::MAX,
    };

    #[inline(always)]
    fn contains(self, value: T) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Faster than asking for each: the vectoriser keeps extrema in lanes, but not answers.
    #[inline(always)]
    fn contains_all(self, values: &[T]) -> bool {
        let (mut low, mut high) = (self.low, self.high);
        for value in values {
            low = low.min(*value);
            high = high.max(*value);
        }
        (low, high) == (self.low, self.high)
    }

    /// Those whose products with `factor` fit the type.
    fn fitting(factor: i128) -> Self {
        if factor == 0 {
            return Self::ALL;
        }
        // Division rounds towards zero, that is, inwards.
        let (a, b) = (T::MIN.wide() / factor, T::MAX.wide() / factor);
        let inside = |bound: i128| T::truncated(bound.clamp(T::MIN.wide(), T::MAX.wide()));
        Interval {
            low: inside(a.min(b)),
            high: inside(a.max(b)),
        }
    }

    /// Those on both sides of zero for which `holds`, which is true of zero and false of all
    /// beyond the first that it is false of.
    fn around_zero(holds: impl Fn(T) -> bool) -> Self {
        let last = |limit: i128| {
            // Bisects between a distance from zero that holds and one that does not.
            if holds(T::truncated(limit)) {
                return T::truncated(limit);
            }
            let (mut good, mut bad) = (0, limit.abs());
            while bad - good > 1 {
                let middle = good.midpoint(bad);
                *(if holds(T::truncated(middle * limit.signum())) {
                    &mut good
                } else {
                    &mut bad
                }) = middle;
            }
            T::truncated(good * limit.signum())
        };
        Interval {
            low: last(T::MIN.wide()),
            high: last(T::MAX.wide()),
        }
    }
}

fn scale_by_integer<T: Integer>(
    executor: &Executor<'_>,
    mut values: ValuesMut<'_, T>,
    factor: i128,
    overflow: Overflow,
) -> Result<(), Error> {
    let by = T::truncated(factor);
    let fitting = Interval::fitting(factor);
    match overflow {
        Overflow::Wrap => rewrite(
            executor,
            values,
            #[inline(always)]
            move |value| value.wrapping_mul(by),
        ),
        Overflow::Saturate => {
            let (below, above) = if factor < 0 {
                (T::MAX, T::MIN)
            } else {
                (T::MIN, T::MAX)
            };
            rewrite(
                executor,
                values,
                #[inline(always)]
                move |value| {
                    let product = value.wrapping_mul(by);
                    let product = if value < fitting.low { below } else { product };
                    if value > fitting.high { above } else { product }
                },
            );
        }
        Overflow::Raise => {
            let outcome = multiply_fitting(executor, values.reborrow(), fitting, by);
            if let Some(index) = outcome.refused {
                restore(executor, values.reborrow(), &outcome.written, by);
                return Err(overflow_at(index, &values));
            }
        }
    }
    Ok(())
}

/// Where a pass of [`multiply_fitting`] came to.
#[derive(Default)]
struct Outcome {
    /// The first element whose product does not fit.
    refused: Option<usize>,
    /// The starts of the blocks that hold products now.
    written: Vec<usize>,
}

/// Multiplies block after block until one has an element outside `fitting`, which stays as it is.
///
/// What was written before a refusal can be restored, since a product that fits determines its
/// element.
fn multiply_fitting<T: Integer>(
    executor: &Executor<'_>,
    values: ValuesMut<'_, T>,
    fitting: Interval<T>,
    by: T,
) -> Outcome {
    executor.update(
        values,
        Outcome::default,
        #[inline(always)]
        move |outcome, start, block: &mut [T]| {
            let done = multiply_fitting_parts(block, fitting, by);
            if done == block.len() {
                outcome.written.push(start);
                return ControlFlow::Continue(());
            }
            let refused = block[done..]
                .iter()
                .position(|value| !fitting.contains(*value));
            outcome.refused = refused.map(|refused| start + done + refused);
            for value in &mut block[..done] {
                *value = value.undo_mul(by);
            }
            ControlFlow::Break(())
        },
        |outcome, other| {
            outcome.refused = outcome.refused.into_iter().chain(other.refused).min();
            outcome.written.extend(other.written);
        },
    )
}

/// Multiplies part after part until one has an element outside `fitting`; returns where that is.
///
/// One pass over memory: while a part is multiplied, the next one is tested, and so is in the
/// cache when its turn comes. (Benefit over testing a part and then multiplying it: 1.3 times,
/// `benches/kernels.rs`, group `scale`.)
#[inline(always)]
fn multiply_fitting_parts<T: Integer>(block: &mut [T], fitting: Interval<T>, by: T) -> usize {
    let part_len = L1_BYTES / size_of::<T>();
    let mut done = 0;
    let mut tested = part_len.min(block.len());
    if !fitting.contains_all(&block[..tested]) {
        return 0;
    }
    while done < tested {
        let (current, rest) = block.split_at_mut(tested);
        let current = &mut current[done..];
        let next = &rest[..part_len.min(rest.len())];
        let (both, beyond) = current.split_at_mut(next.len());
        let (mut low, mut high) = (fitting.low, fitting.high);
        for (value, next) in both.iter_mut().zip(next) {
            low = low.min(*next);
            high = high.max(*next);
            *value = value.wrapping_mul(by);
        }
        for value in beyond {
            *value = value.wrapping_mul(by);
        }
        done = tested;
        if (low, high) == (fitting.low, fitting.high) {
            tested += next.len();
        }
    }
    done
}

/// Divides the blocks that hold products by the factor again.
fn restore<T: Integer>(
    executor: &Executor<'_>,
    values: ValuesMut<'_, T>,
    written: &[usize],
    by: T,
) {
    executor.update(
        values,
        || (),
        |(), start, block: &mut [T]| {
            if written.contains(&start) {
                for value in block {
                    *value = value.undo_mul(by);
                }
            }
            ControlFlow::Continue(())
        },
        |(), ()| (),
    );
}

fn overflow_at<T: Integer>(index: usize, values: &ValuesMut<'_, T>) -> Error {
    let value = values.as_values().get(index).unwrap_or(T::ZERO).number();
    Error::Overflow {
        index,
        value,
        element_type: T::TYPE,
    }
}

fn scale_by_float<T: Integer>(
    executor: &Executor<'_>,
    values: ValuesMut<'_, T>,
    factor: f64,
    overflow: Overflow,
) -> Result<(), Error> {
    if !factor.is_finite() {
        // The first element decides: zero times infinity is NaN.
        return match values.as_values().get(0) {
            None => Ok(()),
            Some(value) if (value.to_f64() * factor).is_nan() => {
                Err(Error::NotANumber { index: 0 })
            }
            Some(_) => Err(Error::Infinite { index: 0 }),
        };
    }
    let limits = Interval::<T>::ALL;
    let (least, most) = (limits.low.to_f64(), limits.high.to_f64());
    let fits = |value: T| {
        let product = (value.to_f64() * factor).trunc();
        // The largest 64-bit integers round up, to a double that does not fit.
        let exact_most = T::truncated(T::MAX.wide() - 1).to_f64() < most;
        least <= product
            && if exact_most {
                product <= most
            } else {
                product < most
            }
    };
    let finite = |value: T| (value.to_f64() * factor).is_finite();
    let allowed = match overflow {
        Overflow::Raise => Interval::around_zero(fits),
        Overflow::Saturate | Overflow::Wrap => Interval::around_zero(finite),
    };
    if (allowed.low, allowed.high) != (limits.low, limits.high) {
        // A product does not determine its element, so all are tested before any is written.
        let refused = executor.find(
            values.as_values().into(),
            #[inline(always)]
            move |value| !allowed.contains(value),
        )?;
        if let Some((index, _)) = refused {
            return Err(match overflow {
                Overflow::Raise => overflow_at(index, &values),
                Overflow::Saturate | Overflow::Wrap => Error::Infinite { index },
            });
        }
    }
    match overflow {
        Overflow::Raise | Overflow::Saturate => rewrite(
            executor,
            values,
            #[inline(always)]
            move |value: T| T::saturated(value.to_f64() * factor),
        ),
        Overflow::Wrap => rewrite(executor, values, move |value: T| {
            T::truncated(low_bits_of(value.to_f64() * factor))
        }),
    }
    Ok(())
}

/// A finite double cut off towards zero, or another integer that is the same modulo 2^64.
fn low_bits_of(value: f64) -> i128 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "cutting off is what is wanted"
    )]
    if value.abs() < 2_f64.powi(126) {
        value as i128
    } else {
        0 // so large a double is a multiple of 2^64
    }
}
