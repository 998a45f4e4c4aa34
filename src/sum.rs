//! Sums and means: integers never wrap, floats are correctly rounded.

use std::hint::black_box;
use std::ops::ControlFlow;

use crate::element::{Element, Number, for_each_element};
use crate::elements::Missing;
use crate::environment::Standard;
use crate::exact::sum_certified;
use crate::float_sum::FloatSum;
use crate::masked::{has_masked_sums, masked_sum};
use crate::plain::Plain;
use crate::{Elements, Error, Executor, Level, Values};

/// Up to so many floats are first tried in two doubles.
const CERTIFIED_MAX: usize = 64;

/// An element type that has a sum: every one. Sealed by [`Element`].
pub trait Sum: Element {
    #[doc(hidden)]
    fn sum(executor: &Executor<'_>, elements: Elements<'_, Self>) -> Result<Number, Error>;
}

/// The sum of all elements: exact for integers, correctly rounded for floats.
///
/// Floats: independent of order. `inf + -inf` and any NaN give NaN; a total beyond the range of
/// double is infinite, an overflow only on the way is none. The sum of nothing is zero, and so is
/// that of negative zeros: `0.0`.
///
/// # Errors
/// [`Error::Interrupted`] only.
///
/// ```
/// use arrayops::{Executor, Number, sum};
///
/// let executor = Executor::sequential();
/// let total = sum(&executor, [u64::MAX; 3][..].into())?;
/// assert_eq!(total, Number::Int(3 * i128::from(u64::MAX)));
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn sum<T: Sum>(executor: &Executor<'_>, elements: Elements<'_, T>) -> Result<Number, Error> {
    T::sum(executor, elements)
}

/// The arithmetic mean: the sum divided by the number of elements, rounded once more.
///
/// For integers that is the correctly rounded mean. For floats the sum is rounded first, as
/// `math.fsum(values) / len(values)` does.
///
/// # Errors
/// [`Error::Empty`], [`Error::Interrupted`].
///
/// ```
/// use arrayops::{Executor, mean};
///
/// assert_eq!(mean(&Executor::sequential(), [1_u8, 2][..].into()), Ok(1.5));
/// ```
pub fn mean<T: Sum>(executor: &Executor<'_>, elements: Elements<'_, T>) -> Result<f64, Error> {
    if elements.is_empty() {
        return Err(Error::Empty);
    }
    let len = elements.len() as u64;
    Ok(mean_of(sum(executor, elements)?, len))
}

/// A sum divided by the number of elements, at least one.
#[inline(always)]
pub(crate) fn mean_of(sum: Number, count: u64) -> f64 {
    let _standard = Standard::enter();
    // Nothing tells the compiler that it must not divide before or after the environment is set.
    let mean = match black_box(sum) {
        #[expect(clippy::cast_precision_loss, reason = "as in Python")]
        Number::Float(sum) => sum / count as f64,
        Number::Int(sum) => divide(sum, count.into()),
    };
    black_box(mean)
}

/// `dividend / divisor`, rounded once, half to even.
fn divide(dividend: i128, divisor: u128) -> f64 {
    const EXACT: u128 = 1 << 53;
    let magnitude = dividend.unsigned_abs();
    #[expect(
        clippy::cast_precision_loss,
        reason = "the operands are exact, or rounded to odd"
    )]
    let quotient = if magnitude <= EXACT && divisor <= EXACT {
        magnitude as f64 / divisor as f64
    } else {
        // Scaled so that the integer quotient has more bits than a double and one to spare; the
        // last bit then also stands for all that the division left over, so that the one
        // conversion below rounds as the true quotient would.
        let scale = magnitude.leading_zeros().min(divisor.ilog2() + 64);
        let scaled = magnitude << scale;
        let sticky = u128::from(!scaled.is_multiple_of(divisor));
        ((scaled / divisor) | sticky) as f64 / scale_factor(scale)
    };
    if dividend < 0 { -quotient } else { quotient }
}

/// 2^scale.
fn scale_factor(scale: u32) -> f64 {
    f64::from_bits(u64::from(1023 + scale) << 52)
}

/// The exact sum of a block of at most 2^32 integers.
pub(crate) trait IntegerBlock: Element {
    fn sum_block(block: &[Self]) -> i128;
}

/// Sums in a type of twice the width, emptied before it can overflow.
///
/// A plain loop: the vectoriser splits it over as many lanes as the CPU level has, and since no
/// addition overflows the split does not show.
macro_rules! sum_widened {
    ($($type:ident to $wide:ident,)*) => {$(
        impl IntegerBlock for $type {
            #[inline(always)]
            fn sum_block(block: &[Self]) -> i128 {
                let parts = block.chunks(1 << 16);
                parts.map(|part| i128::from(part.iter().map(|value| $wide::from(*value)).sum::<$wide>())).sum()
            }
        }
    )*};
}

/// Sums bytes in lanes of 16 bits, which hold 256 of them each.
///
/// In the plain loop the vectoriser would widen each byte to the width of the total.
macro_rules! sum_in_lanes {
    ($($type:ident in $lane:ident,)*) => {$(
        impl IntegerBlock for $type {
            #[inline(always)]
            fn sum_block(block: &[Self]) -> i128 {
                const LANES: usize = 128;
                const ROWS: usize = 256;
                let (rows, rest) = block.as_chunks::<LANES>();
                let mut sum: i64 = rest.iter().map(|value| i64::from(*value)).sum();
                for rows in rows.chunks(ROWS) {
                    let mut lanes = [0; LANES];
                    for row in rows {
                        for (lane, value) in lanes.iter_mut().zip(row) {
                            *lane += $lane::from(*value);
                        }
                    }
                    sum += lanes.iter().map(|lane| i64::from(*lane)).sum::<i64>();
                }
                i128::from(sum)
            }
        }
    )*};
}

/// Sums 64-bit values in two totals that cannot both lose anything.
///
/// With `value = high * 2^32 + low`, the sum of the highs is kept exactly; the sum of the values
/// is kept modulo 2^64, and so, by subtraction, is that of the lows, which for up to 2^32 values
/// is smaller than 2^64 and hence known.
macro_rules! sum_by_halves {
    ($($type:ident)*) => {$(
        impl IntegerBlock for $type {
            #[inline(always)]
            fn sum_block(block: &[Self]) -> i128 {
                let mut wrapped: $type = 0;
                let mut high: $type = 0;
                for value in block {
                    wrapped = wrapped.wrapping_add(*value);
                    high += *value >> 32;
                }
                let low = wrapped.wrapping_sub(high << 32) as u64;
                (i128::from(high) << 32) + i128::from(low)
            }
        }
    )*};
}

#[expect(clippy::cast_sign_loss, reason = "the low half of the bits")]
mod integer_blocks {
    use super::IntegerBlock;

    sum_in_lanes! { i8 in i16, u8 in u16, }
    sum_widened! { i16 to i32, u16 to u32, i32 to i64, u32 to u64, }
    sum_by_halves! { i64 u64 }
}

macro_rules! sums {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {$(
        impl Sum for $type {
            fn sum(executor: &Executor<'_>, elements: Elements<'_, Self>) -> Result<Number, Error> {
                sums!(@$kind executor, elements)
            }
        }
    )*};
    (@int $executor:ident, $elements:ident) => {
        sum_integers($executor, $elements)
    };
    (@float $executor:ident, $elements:ident) => {
        sum_floats($executor, $elements)
    };
}
for_each_element!(sums);

/// What becomes of missing elements.
fn missing(level: Level) -> Missing {
    if has_masked_sums(level) {
        Missing::Masked
    } else {
        Missing::Zeros
    }
}

fn sum_integers<T: IntegerBlock>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
) -> Result<Number, Error> {
    let sum = executor.fold_masked(
        elements,
        missing(executor.level()),
        || 0,
        #[inline(always)]
        |sum, at, block: &[T], words| {
            *sum += match words {
                None => T::sum_block(block),
                Some(words) => masked_sum(at.level, block, words),
            };
            ControlFlow::Continue(())
        },
        |sum, other| *sum += other,
    )?;
    Ok(Number::Int(sum))
}

fn sum_floats<T: Plain>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
) -> Result<Number, Error> {
    let _standard = Standard::enter();
    // A short input is not worth setting up the accumulator.
    if let Elements::Values(Values::Aligned(values)) = elements
        && values.len() <= CERTIFIED_MAX
        && let Some(sum) = sum_certified(values.iter().map(|value| value.to_f64()))
    {
        return Ok(Number::Float(black_box(sum)));
    }
    let sum = executor.fold_masked(
        elements,
        missing(executor.level()),
        FloatSum::new,
        #[inline(always)]
        |sum, at, block: &[T], words| {
            sum.add_block(at.level, block, words);
            ControlFlow::Continue(())
        },
        FloatSum::merge,
    )?;
    Ok(Number::Float(sum.round()))
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "it is the rounding of quotients that is tested"
)]
mod tests {
    use super::*;

    #[test]
    fn divide_of_a_multiple_rounds_the_quotient() {
        fn holds(quotient: i64, divisor: u64) -> bool {
            let dividend = i128::from(quotient) * i128::from(divisor);
            divisor == 0 || divide(dividend, divisor.into()) == quotient as f64
        }
        let mut check = quickcheck::QuickCheck::new().tests(2000);
        check.quickcheck(holds as fn(i64, u64) -> bool);
    }

    #[test]
    fn divide_with_a_remainder_decides_a_tie() {
        for mantissa in [1 << 52, (1 << 52) + 1, (1 << 53) - 2, (1 << 53) - 1] {
            // Half a unit of the last bit beyond it.
            let quotient = mantissa << 10 | 1 << 9;
            for divisor in [2, 3, 1000, (1 << 53) + 1, i128::from(u64::MAX)] {
                for rest in [0, 1, divisor / 2, divisor - 1] {
                    let dividend = quotient * divisor + rest;
                    let expected = (quotient << 1 | i128::from(rest != 0)) as f64 / 2.0;
                    assert_eq!(divide(dividend, divisor.unsigned_abs()), expected);
                    assert_eq!(divide(-dividend, divisor.unsigned_abs()), -expected);
                }
            }
        }
    }

    #[test]
    fn divide_at_the_limits_is_finite() {
        assert_eq!(divide(0, 7).to_bits(), 0.0_f64.to_bits());
        assert_eq!(divide(i128::MAX, 1), 2_f64.powi(127));
        assert_eq!(divide(i128::MIN, 1), -2_f64.powi(127));
        assert_eq!(divide(1, 1 << 63), 2_f64.powi(-63));
        assert_eq!(divide(-1, u128::from(u64::MAX)), -2_f64.powi(-64));
    }
}
