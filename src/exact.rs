//! The exact sum of any number of doubles.

use crate::Error;
use crate::fixed::{Fixed, Reader, leading_bits, round};

/// A fixed-point number that holds the exact sum of any doubles and is rounded once, at the end.
///
/// The sum does not depend on the order of additions, and two accumulators merge without error.
/// Infinities and NaN are marked beside it and decide the result as in IEEE 754 addition:
/// a NaN, or infinities of both signs, give NaN. A sum of 2^1102 and more, of 2^78 of the largest
/// doubles, is held to be infinite.
///
/// ```
/// use arrayops::ExactSum;
///
/// let mut sum = ExactSum::new();
/// for value in [1e308, 1e308, -1e308, 1e-308] {
///     sum.add(value);
/// }
/// assert_eq!(sum.round(), 1e308);
/// ```
///
/// Source: R. M. Neal, Fast exact summation using small and large superaccumulators,
/// arXiv:1505.05571, section 3.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// In units of 2^-1074.
    total: Fixed<LIMBS>,
    marks: Marks,
}

/// From 2^-1074 to beyond 2^1024, and 2^78 times that.
const LIMBS: usize = 68;
const UNIT: i32 = -1074;

/// Which values that are not finite have been met.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    nan: bool,
    infinite: [bool; 2],
}

pub(crate) const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const EXPONENT_MASK: u64 = 0x7ff;

/// A finite double as an integer in units of 2^-1074: `mantissa << shift`.
#[inline(always)]
pub(crate) fn parts(value: f64) -> Option<(u64, usize)> {
    let bits = value.to_bits();
    let exponent = bits >> MANTISSA_BITS & EXPONENT_MASK;
    let fraction = bits & ((1 << MANTISSA_BITS) - 1);
    if exponent == EXPONENT_MASK {
        return None;
    }
    // Subnormals and the lowest normals are not shifted.
    let normal = u64::from(exponent != 0);
    #[expect(clippy::cast_possible_truncation, reason = "below 2^11")]
    let shift = (exponent - normal) as usize;
    Some((fraction | normal << MANTISSA_BITS, shift))
}

impl Default for ExactSum {
    fn default() -> Self {
        Self::new()
    }
}

impl ExactSum {
    /// The version of the serialised form.
    const VERSION: u8 = 1;

    /// The empty sum.
    #[must_use]
    pub const fn new() -> Self {
        ExactSum {
            total: Fixed::new(),
            marks: Marks {
                nan: false,
                infinite: [false; 2],
            },
        }
    }

    /// Adds one number.
    #[inline(always)]
    pub fn add(&mut self, value: f64) {
        let negative = value.is_sign_negative();
        if let Some((mantissa, shift)) = parts(value) {
            self.total.add(mantissa, shift, negative);
        } else if value.is_nan() {
            self.marks.nan = true;
        } else {
            self.marks.infinite[usize::from(negative)] = true;
        }
    }

    /// Adds `value * 2^exponent`; the exponent is at least -1074, and the product a possible sum.
    #[inline(always)]
    pub(crate) fn add_scaled(&mut self, value: i64, exponent: i32) {
        #[expect(clippy::cast_sign_loss, reason = "at least -1074")]
        let shift = (exponent - UNIT) as usize;
        self.total.add(value.unsigned_abs(), shift, value < 0);
    }

    /// Adds an integer.
    pub(crate) fn add_integer(&mut self, value: i128) {
        const SHIFT: usize = UNIT.unsigned_abs() as usize;
        self.total.add_wide(value.unsigned_abs(), SHIFT, value < 0);
    }

    /// Adds all that was added to `other`.
    pub fn merge(&mut self, other: &ExactSum) {
        self.total.merge(&other.total);
        self.marks.nan |= other.marks.nan;
        self.marks.infinite[0] |= other.marks.infinite[0];
        self.marks.infinite[1] |= other.marks.infinite[1];
    }

    /// The sum, rounded to the nearest double, half to even. Beyond the largest: infinite.
    ///
    /// Zero is positive, whatever was added.
    #[must_use]
    pub fn round(&self) -> f64 {
        self.rounded_by(round)
    }

    /// The sum, rounded to the nearest `f32` at once, half to even. Beyond the largest: infinite.
    ///
    /// ```
    /// let mut sum = arrayops::ExactSum::new();
    /// // Rounding twice, to double and then to f32, would give 1.0.
    /// sum.add(1.0 + f64::from(f32::EPSILON) / 2.0);
    /// sum.add(1e-30);
    /// assert_eq!(sum.round_f32(), 1.0 + f32::EPSILON);
    /// ```
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "it is what is wanted")]
    pub fn round_f32(&self) -> f32 {
        // A double that is odd wherever it is not exact is rounded as the exact value would be.
        let odd = |bits: u64, exponent| {
            let zeros = bits.leading_zeros();
            if zeros >= 11 {
                return round(bits, exponent);
            }
            let drop = 11 - zeros;
            let sticky = u64::from(bits & ((1 << drop) - 1) != 0);
            round(bits >> drop | sticky, exponent + 11 - zeros.cast_signed())
        };
        self.rounded_by(odd) as f32
    }

    fn rounded_by(&self, round: impl FnOnce(u64, i32) -> f64) -> f64 {
        match (self.marks.nan, self.marks.infinite) {
            (true, _) | (_, [true, true]) => return f64::NAN,
            (_, [true, false]) => return f64::INFINITY,
            (_, [false, true]) => return f64::NEG_INFINITY,
            (_, [false, false]) => {}
        }
        let (negative, digits) = self.total.magnitude();
        let (bits, exponent) = leading_bits(&digits);
        let magnitude = round(bits, exponent + UNIT);
        if negative { -magnitude } else { magnitude }
    }

    /// Whether infinities were added, positive and negative ones.
    pub(crate) const fn has_infinite(&self) -> [bool; 2] {
        self.marks.infinite
    }

    /// Whether NaN was added.
    pub(crate) const fn has_nan(&self) -> bool {
        self.marks.nan
    }

    /// Whether only finite numbers were added.
    pub(crate) const fn is_finite(&self) -> bool {
        let [positive, negative] = self.marks.infinite;
        !(self.marks.nan || positive || negative)
    }

    /// The digits of the absolute value, in units of 2^-1074.
    pub(crate) fn digits(&self) -> [u32; LIMBS] {
        self.total.magnitude().1
    }

    /// A compact form: a version, the marks, and the digits there are. The same sum gives the
    /// same bytes, however it came about.
    ///
    /// ```
    /// use arrayops::ExactSum;
    ///
    /// let mut sum = ExactSum::new();
    /// sum.add(0.1);
    /// let bytes = sum.to_bytes();
    /// assert_eq!(ExactSum::from_bytes(&bytes)?.round(), 0.1);
    /// assert!(ExactSum::from_bytes(&bytes[1..]).is_err());
    /// # Ok::<(), arrayops::Error>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![Self::VERSION];
        self.write(&mut bytes);
        bytes
    }

    /// Reads what [`ExactSum::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut bytes = Reader(bytes);
        if bytes.take()? != [Self::VERSION] {
            return Err(Error::Malformed("their version is not known"));
        }
        let sum = Self::read(&mut bytes)?;
        bytes.finish()?;
        Ok(sum)
    }

    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        let Marks { nan, infinite } = self.marks;
        let marks = [nan, infinite[0], infinite[1], self.total.magnitude().0];
        bytes.push(
            marks
                .iter()
                .rev()
                .fold(0, |byte, mark| byte << 1 | u8::from(*mark)),
        );
        self.total.write(bytes);
    }

    pub(crate) fn read(bytes: &mut Reader<'_>) -> Result<Self, Error> {
        let [marks] = bytes.take()?;
        if marks > 15 {
            return Err(Error::Malformed("a flag is not known"));
        }
        let mark = |i: u32| marks >> i & 1 == 1;
        Ok(ExactSum {
            total: Fixed::read(bytes, mark(3))?,
            marks: Marks {
                nan: mark(0),
                infinite: [mark(1), mark(2)],
            },
        })
    }
}

/// The correctly rounded sum, if two doubles suffice to hold it all the way.
///
/// The error of each addition is found exactly (Knuth's `TwoSum`) and summed too; if those sums
/// have no error, the two parts hold the exact sum and adding them is its only rounding.
#[inline]
pub(crate) fn sum_certified(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut rest, mut lost) = (0.0, 0.0, 0.0);
    for value in values {
        let (next, error) = two_sum(sum, value);
        let (errors, error) = two_sum(rest, error);
        (sum, rest) = (next, errors);
        // NaN, where anything overflowed, stays NaN.
        lost += f64::abs(error);
    }
    (lost == 0.0).then_some(sum + rest)
}

/// The rounded sum and its error, exactly.
#[inline(always)]
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let a_part = sum - b_part;
    (sum, (a - a_part) + (b - b_part))
}
