//! Variance and standard deviation: from exact sums of first and second powers, rounded once.

use std::ops::ControlFlow;

use num_bigint::BigUint;

use crate::element::{Float, for_each_element};
use crate::environment::Standard;
use crate::exact::{ExactSum, parts};
use crate::extrema::Extremum;
use crate::fixed::{Fixed, leading_bits, round};
use crate::sum::IntegerBlock;
use crate::window::{
    Chain, Fused, LANES, Lanes, Plain, ROWS, SMALLEST_UNIT, Subtract, Windows, each,
    largest_magnitude,
};
use crate::{Elements, Error, Executor, Level, Sum};

/// From 2^-2148, the square of the smallest double, to beyond 2^2048, and 2^92 times that.
const SQUARE_LIMBS: usize = 134;
const SQUARE_UNIT: i32 = -2148;

/// Multiples of this, 2^-537, have squares whose parts are no smaller than the smallest double.
const SMALLEST_ROOT: i32 = -537;

/// The exact sums of numbers and of their squares.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    /// The sum of the integers among them.
    pub(crate) integers: i128,
    /// The sum of the floats among them.
    pub(crate) floats: ExactSum,
    /// Of all, in units of 2^-2148.
    pub(crate) squares: Fixed<SQUARE_LIMBS>,
    windows: Windows,
    square_windows: Windows,
    /// Whether numbers came that needed more windows than most do.
    wide: bool,
}

/// An element type that has statistics: every one. Sealed by [`Element`](crate::Element).
pub trait Moment: Sum + Extremum {
    #[doc(hidden)]
    const IS_FLOAT: bool;
    /// What any element makes a smaller minimum, and a larger maximum, of.
    #[doc(hidden)]
    const NO_RANGE: (Self, Self);
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "sealed")]
    fn add_block(moments: &mut Moments, level: Level, block: &[Self]);
}

impl Moments {
    pub(crate) const fn new() -> Self {
        Moments {
            integers: 0,
            floats: ExactSum::new(),
            squares: Fixed::new(),
            windows: Windows::NONE,
            square_windows: Windows::NONE,
            wide: false,
        }
    }

    /// None if the sum of integers is too large for any reasonable use.
    pub(crate) fn merge(&mut self, other: &Moments) -> Option<()> {
        self.integers = self.integers.checked_add(other.integers)?;
        self.floats.merge(&other.floats);
        self.squares.merge(&other.squares);
        Some(())
    }

    /// Whether nothing finite was added but zeros.
    pub(crate) fn is_zero(&self) -> bool {
        let digits = self.squares.magnitude().1;
        self.integers == 0
            && self.floats.digits().iter().all(|digit| *digit == 0)
            && digits.iter().all(|digit| *digit == 0)
    }

    /// Whether so many numbers, none of which is larger, can have these sums: no variance is negative
    /// (Cauchy, Schwarz), and no square is larger than that of the largest.
    pub(crate) fn is_possible(&self, count: u64, largest: f64) -> bool {
        let sum = BigUint::from_slice(&self.sum().digits());
        let squares = BigUint::from_slice(&self.squares.magnitude().1);
        let mut bound = Moments::new();
        bound.add_one_by_one(&[largest]);
        let bound = BigUint::from_slice(&bound.squares.magnitude().1);
        squares <= bound * count && &sum * &sum <= squares * count
    }

    /// The sum of all.
    pub(crate) fn sum(&self) -> ExactSum {
        let mut sum = self.floats.clone();
        sum.add_integer(self.integers);
        sum
    }

    /// The variance of so many numbers, or its square root, rounded once. NaN if not all were finite.
    pub(crate) fn variance(&self, count: u64, ddof: u64, root: bool) -> Result<f64, Error> {
        if count == 0 {
            return Err(Error::Empty);
        }
        if ddof >= count {
            return Err(Error::TooFew { count, ddof });
        }
        if !self.floats.is_finite() {
            return Ok(f64::NAN);
        }
        // The sum of (x - mean)^2 is that of x^2 less (sum of x)^2 / n.
        let sum = BigUint::from_slice(&self.sum().digits());
        let squares = BigUint::from_slice(&self.squares.magnitude().1);
        // Never below zero, unless another thread wrote to the numbers while they were read.
        let (squares, square) = (squares * count, &sum * &sum);
        let dividend = if squares > square {
            squares - square
        } else {
            BigUint::ZERO
        };
        let divisor = BigUint::from(count) * (count - ddof);
        Ok(round_quotient(&dividend, &divisor, SQUARE_UNIT, root))
    }

    #[inline(always)]
    fn add_integers(&mut self, sum: i128, squares_low: u128, squares_high: u128) {
        const SHIFT: usize = SQUARE_UNIT.unsigned_abs() as usize;
        self.integers += sum;
        self.squares.add_wide(squares_low, SHIFT, false);
        self.squares.add_wide(squares_high, SHIFT + 64, false);
    }

    #[inline(always)]
    fn add_floats<T: Float>(&mut self, level: Level, block: &[T]) {
        let (rows, rest) = block.as_chunks::<LANES>();
        for rows in rows.chunks(ROWS) {
            if level.has_fused_multiply_add() {
                self.add_rows::<T, Fused>(rows);
            } else {
                self.add_rows::<T, Plain>(rows);
            }
        }
        self.add_one_by_one(rest);
    }

    #[inline(always)]
    fn add_rows<T: Float, S: Subtract>(&mut self, rows: &[[T; LANES]]) {
        let done = match (self.wide, has_exact_squares::<T>()) {
            (false, true) => self.try_rows::<T, S, 1, 2>(rows),
            (false, false) => self.try_rows::<T, S, 2, 3>(rows),
            (true, _) => self.try_rows::<T, S, 2, 4>(rows),
        };
        if done {
            return;
        }
        let largest = largest_magnitude(rows);
        let done = if has_exact_squares::<T>() {
            self.look_and_try::<T, S, 1, 2>(rows, largest)
        } else {
            self.look_and_try::<T, S, 2, 3>(rows, largest)
        };
        self.wide = !done;
        if !done && !self.look_and_try::<T, S, 2, 4>(rows, largest) {
            self.add_one_by_one(rows.as_flattened());
        }
    }

    /// Adds the rows if so many windows below the largest of them hold all bits.
    #[inline(always)]
    fn look_and_try<T: Float, S: Subtract, const LEVELS: usize, const SQUARE_LEVELS: usize>(
        &mut self,
        rows: &[[T; LANES]],
        largest: f64,
    ) -> bool {
        let lowest = SMALLEST_ROOT + 52;
        let Some(windows) = Windows::below(largest, LEVELS, lowest) else {
            return false;
        };
        let Some(square_windows) = Windows::below(largest * largest, SQUARE_LEVELS, -1022) else {
            return false;
        };
        (self.windows, self.square_windows) = (windows, square_windows);
        self.try_rows::<T, S, LEVELS, SQUARE_LEVELS>(rows)
    }

    /// Adds the rows if the windows hold all bits of the numbers and of their squares.
    ///
    /// A square is its rounded value and the error of that, which is a double, too: the numbers
    /// are multiples of the last unit of their windows, so nothing underflows.
    #[inline(always)]
    fn try_rows<T: Float, S: Subtract, const LEVELS: usize, const SQUARE_LEVELS: usize>(
        &mut self,
        rows: &[[T; LANES]],
    ) -> bool {
        if self.windows.unit(LEVELS) < SMALLEST_ROOT
            || self.square_windows.unit(SQUARE_LEVELS) < SMALLEST_UNIT
        {
            return false;
        }
        let one = std::hint::black_box(1.0);
        let mut sum = Chain::<LEVELS>::new(self.windows);
        let mut squares = Chain::<SQUARE_LEVELS>::new(self.square_windows);
        for row in rows {
            let values: Lanes = each(
                #[inline(always)]
                |lane| row[lane].to_f64(),
            );
            let rounded = each(
                #[inline(always)]
                |lane| values[lane] * values[lane],
            );
            sum.add::<S>(0, values, one);
            squares.add::<S>(0, rounded, one);
            if !has_exact_squares::<T>() {
                let errors = each(
                    #[inline(always)]
                    |lane| S::square_error(values[lane], rounded[lane]),
                );
                // At most half a unit of the last place: not for the first window.
                squares.add::<S>(1, errors, one);
            }
        }
        if !(sum.is_exact() && squares.is_exact()) {
            return false;
        }
        for level in 0..LEVELS {
            let total = sum.total(level, self.windows);
            self.floats.add_scaled(total, self.windows.unit(level + 1));
        }
        for level in 0..SQUARE_LEVELS {
            let total = squares.total(level, self.square_windows);
            let unit = self.square_windows.unit(level + 1);
            let shift = (unit - SQUARE_UNIT).unsigned_abs() as usize;
            self.squares.add(total.unsigned_abs(), shift, total < 0);
        }
        true
    }

    #[inline(always)]
    fn add_one_by_one<T: Float>(&mut self, values: &[T]) {
        for value in values {
            let value = value.to_f64();
            self.floats.add(value);
            if let Some((mantissa, shift)) = parts(value) {
                let square = u128::from(mantissa) * u128::from(mantissa);
                self.squares.add_wide(square, 2 * shift, false);
            }
        }
    }
}

/// Whether a square has no more bits than a double: that of an `f32`.
const fn has_exact_squares<T: Float>() -> bool {
    2 * (T::MANTISSA_BITS + 1) <= f64::MANTISSA_DIGITS
}

/// `dividend / divisor * 2^exponent`, or its square root, rounded once, half to even.
fn round_quotient(dividend: &BigUint, divisor: &BigUint, exponent: i32, root: bool) -> f64 {
    // So that the quotient has enough bits, and its root, too. The shift is even, as the exponent is.
    let wanted = divisor.bits() + 132;
    let shift = wanted.saturating_sub(dividend.bits()).next_multiple_of(2);
    let scaled = dividend << shift;
    let quotient = &scaled / divisor;
    let mut inexact = &quotient * divisor != scaled;
    #[expect(clippy::cast_possible_truncation, reason = "some thousand bits")]
    let exponent = exponent - shift as i32;
    let (quotient, exponent) = if root {
        let root = quotient.sqrt();
        inexact |= &root * &root != quotient;
        (root, exponent / 2)
    } else {
        (quotient, exponent)
    };
    let (bits, position) = leading_bits(&quotient.to_u32_digits());
    round(bits | u64::from(inexact), exponent + position)
}

/// The sum of the squares of a block, in two parts: `low + high * 2^64`.
trait SquareBlock: IntegerBlock {
    fn sum_squares(block: &[Self]) -> (u128, u128);
}

macro_rules! square_widened {
    ($($type:ident)*) => {$(
        impl SquareBlock for $type {
            #[inline(always)]
            fn sum_squares(block: &[Self]) -> (u128, u128) {
                let square = |value: &$type| u64::from(u32::from(value.unsigned_abs()).pow(2));
                (u128::from(block.iter().map(square).sum::<u64>()), 0)
            }
        }
    )*};
}

macro_rules! square_by_halves {
    ($($type:ident)*) => {$(
        impl SquareBlock for $type {
            #[inline(always)]
            fn sum_squares(block: &[Self]) -> (u128, u128) {
                // The low halves of up to 2^32 squares are less than 2^64.
                let (mut low, mut high) = (0_u64, 0_u64);
                for value in block {
                    let square = u64::from(value.unsigned_abs()).pow(2);
                    low += square & 0xffff_ffff;
                    high += square >> 32;
                }
                (u128::from(low) + (u128::from(high) << 32), 0)
            }
        }
    )*};
}

macro_rules! square_wide {
    ($($type:ident)*) => {$(
        impl SquareBlock for $type {
            #[inline(always)]
            fn sum_squares(block: &[Self]) -> (u128, u128) {
                let (mut low, mut high) = (0, 0);
                for value in block {
                    let square = u128::from(value.unsigned_abs()).pow(2);
                    low += square & u128::from(u64::MAX);
                    high += square >> 64;
                }
                (low, high)
            }
        }
    )*};
}

/// The absolute value, also where there is no sign.
trait Magnitude {
    type Unsigned;
    fn unsigned_abs(self) -> Self::Unsigned;
}

macro_rules! unsigned {
    ($($type:ident)*) => {$(
        impl Magnitude for $type {
            type Unsigned = $type;
            #[inline(always)]
            fn unsigned_abs(self) -> $type { self }
        }
    )*};
}

unsigned! { u8 u16 u32 u64 }
square_widened! { i8 u8 i16 u16 }
square_by_halves! { i32 u32 }
square_wide! { i64 u64 }

macro_rules! moments {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {
        $(moments!(@$kind $type);)*
    };
    (@int $type:ident) => {
        impl Moment for $type {
            const IS_FLOAT: bool = false;
            const NO_RANGE: (Self, Self) = ($type::MAX, $type::MIN);
            #[expect(private_interfaces, reason = "sealed")]
            #[inline(always)]
            fn add_block(moments: &mut Moments, _: Level, block: &[Self]) {
                let (low, high) = $type::sum_squares(block);
                moments.add_integers($type::sum_block(block), low, high);
            }
        }
    };
    (@float $type:ident) => {
        impl Moment for $type {
            const IS_FLOAT: bool = true;
            const NO_RANGE: (Self, Self) = ($type::INFINITY, $type::NEG_INFINITY);
            #[expect(private_interfaces, reason = "sealed")]
            #[inline(always)]
            fn add_block(moments: &mut Moments, level: Level, block: &[Self]) {
                moments.add_floats(level, block);
            }
        }
    };
}
for_each_element!(moments);

/// The variance: the mean square deviation from the mean, rounded once from its exact value.
///
/// The sum of the squares is divided by the number of elements less `ddof`. A variance beyond the
/// range of double is infinite; if an element is, or is no number, it is NaN.
///
/// # Errors
/// [`Error::Empty`], [`Error::TooFew`], [`Error::Interrupted`].
///
/// ```
/// use arrayops::{Executor, variance};
///
/// let executor = Executor::sequential();
/// assert_eq!(variance(&executor, [1_u8, 2, 3, 4][..].into(), 0), Ok(1.25));
/// assert_eq!(variance(&executor, [1e9 + 1.0, 1e9 + 2.0][..].into(), 1), Ok(0.5));
/// ```
pub fn variance<T: Moment>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
    ddof: u64,
) -> Result<f64, Error> {
    deviation(executor, elements, ddof, false)
}

/// The standard deviation: the square root of the variance, rounded once from its exact value.
///
/// NaN and errors as for [`variance`]. It is finite also where the variance is not.
///
/// # Errors
/// [`Error::Empty`], [`Error::TooFew`], [`Error::Interrupted`].
///
/// ```
/// use arrayops::{Executor, standard_deviation};
///
/// let executor = Executor::sequential();
/// assert_eq!(standard_deviation(&executor, [1e300, -1e300][..].into(), 0), Ok(1e300));
/// ```
pub fn standard_deviation<T: Moment>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
    ddof: u64,
) -> Result<f64, Error> {
    deviation(executor, elements, ddof, true)
}

fn deviation<T: Moment>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
    ddof: u64,
    root: bool,
) -> Result<f64, Error> {
    let count = elements.len() as u64;
    if count == 0 {
        return Err(Error::Empty);
    }
    if ddof >= count {
        return Err(Error::TooFew { count, ddof });
    }
    let _standard = Standard::enter();
    let moments = executor.fold(
        elements,
        Moments::new,
        #[inline(always)]
        |moments, at, block: &[T]| {
            T::add_block(moments, at.level, block);
            ControlFlow::Continue(())
        },
        |moments, other| {
            let fits = moments.merge(&other);
            debug_assert!(fits.is_some(), "no memory holds so many integers");
        },
    )?;
    moments.variance(count, ddof, root)
}
