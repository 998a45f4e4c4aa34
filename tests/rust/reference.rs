//! Exact arithmetic on doubles the slow and plain way, to compare the fast way with.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use arrayops::{Error, Number};
use num_bigint::{BigInt, BigUint};

/// Enough for 2^60 times the largest double.
const LIMBS: usize = 34;

/// A number from 0 on in units of the smallest subnormal, 2^-1074: least significant limb first.
#[derive(Clone, PartialEq, Eq)]
struct Magnitude([u64; LIMBS]);

impl Magnitude {
    const ZERO: Self = Magnitude([0; LIMBS]);

    fn of(value: f64) -> Self {
        let mut magnitude = Magnitude::ZERO;
        magnitude.add(value);
        magnitude
    }

    /// Adds the magnitude of a finite double.
    fn add(&mut self, value: f64) {
        let (significand, shift) = parts(value.abs().to_bits());
        self.add_shifted(significand, shift);
    }

    /// Adds `value * 2^(shift - 1074)`.
    fn add_shifted(&mut self, value: u64, shift: u64) {
        let wide = u128::from(value) << (shift % 64);
        let lowest = usize::try_from(shift / 64).expect("an index");
        self.add_limb(lowest, low_limb(wide));
        self.add_limb(lowest + 1, low_limb(wide >> 64));
    }

    fn add_limb(&mut self, i: usize, value: u64) {
        let (sum, carry) = self.0[i].overflowing_add(value);
        self.0[i] = sum;
        if carry {
            self.add_limb(i + 1, 1);
        }
    }

    /// `self - other`, which is not negative.
    fn minus(&self, other: &Magnitude) -> Magnitude {
        let mut borrowed = false;
        let limbs = std::array::from_fn(|i| {
            let (part, first) = self.0[i].overflowing_sub(other.0[i]);
            let (part, second) = part.overflowing_sub(u64::from(borrowed));
            borrowed = first || second;
            part
        });
        Magnitude(limbs)
    }

    fn times(&self, factor: u64) -> Magnitude {
        let mut carry = 0;
        let limbs = self.0.map(|limb| {
            let product = u128::from(limb) * u128::from(factor) + carry;
            carry = product >> 64;
            low_limb(product)
        });
        Magnitude(limbs)
    }

    fn bit(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }

    /// The nearest double, half to even; infinite where that is out of range.
    fn rounded(&self) -> f64 {
        let Some(top) = (0..64 * LIMBS).rev().find(|i| self.bit(*i)) else {
            return 0.0;
        };
        // The bits below `unit` are rounded away.
        let unit = top.saturating_sub(52);
        let kept = (unit..=top).rev();
        let mantissa = kept.fold(0, |bits, i| bits << 1 | u64::from(self.bit(i)));
        let half = unit > 0 && self.bit(unit - 1);
        let more = (0..unit.saturating_sub(1)).any(|i| self.bit(i));
        let mantissa = mantissa + u64::from(half && (more || mantissa % 2 == 1));
        let exponent = u64::try_from(unit).expect("a small number");
        if exponent > 971 + 1074 {
            return f64::INFINITY;
        }
        // Both factors and their product are doubles, or beyond the range of doubles.
        #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
        let mantissa = mantissa as f64;
        if exponent < 52 {
            mantissa * f64::from_bits(1 << exponent)
        } else {
            mantissa * f64::from_bits((exponent - 51) << 52)
        }
    }
}

impl PartialOrd for Magnitude {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Magnitude {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low limb is wanted")]
fn low_limb(wide: u128) -> u64 {
    wide as u64
}

/// The double of these bits as `significand * 2^(shift - 1074)`; infinity is 2^1024.
fn parts(bits: u64) -> (u64, u64) {
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    match exponent {
        0 => (fraction, 0),
        _ => (fraction + (1 << 52), exponent - 1),
    }
}

/// The sum of doubles, rounded once, by the rules of the contract.
pub(crate) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut positive, mut negative) = (Magnitude::ZERO, Magnitude::ZERO);
    let mut beyond = 0.0;
    for value in values {
        if !value.is_finite() {
            beyond += value; // NaN and infinities add as IEEE 754 says
        } else if value < 0.0 {
            negative.add(value);
        } else {
            positive.add(value);
        }
    }
    if beyond != 0.0 {
        beyond
    } else if positive >= negative {
        positive.minus(&negative).rounded()
    } else {
        -negative.minus(&positive).rounded()
    }
}

/// Whether `quotient` is the double nearest to `dividend / divisor`, half to even.
pub(crate) fn is_nearest_quotient(quotient: f64, dividend: i128, divisor: u64) -> bool {
    let sign_fits = quotient == 0.0 || (quotient < 0.0) == (dividend < 0);
    let mut exact = Magnitude::ZERO;
    exact.add_shifted(low_limb(dividend.unsigned_abs()), 1074);
    exact.add_shifted(low_limb(dividend.unsigned_abs() >> 64), 1074 + 64);
    // How far a candidate is off, times the divisor.
    let error = |candidate: f64| {
        let product = Magnitude::of(candidate).times(divisor);
        match product.cmp(&exact) {
            Ordering::Less => exact.minus(&product),
            _ => product.minus(&exact),
        }
    };
    let quotient = quotient.abs();
    let own = error(quotient);
    let beats = |neighbour: f64| match own.cmp(&error(neighbour)) {
        Ordering::Less => true,
        Ordering::Equal => quotient.to_bits().is_multiple_of(2),
        Ordering::Greater => false,
    };
    let below = quotient == 0.0 || beats(quotient.next_down());
    sign_fits && below && beats(quotient.next_up())
}

/// Count, sum and sum of squares of numbers, exactly.
#[derive(Clone, Default)]
pub(crate) struct Moments {
    count: u64,
    /// Whether there is an infinity or NaN.
    beyond: bool,
    /// In units of 2^-1074.
    sum: BigInt,
    /// In units of 2^-2148.
    squares: BigInt,
}

impl Moments {
    pub(crate) fn of(values: impl IntoIterator<Item = Number>) -> Self {
        let mut moments = Moments::default();
        // The sums of numbers with the same exponent; squares in two halves, lest they overflow.
        let mut sums = BTreeMap::<u64, (i128, [u128; 2])>::new();
        for value in values {
            moments.count += 1;
            let (significand, shift) = match value {
                Number::Int(value) => (value, 1074),
                Number::Float(value) if value.is_finite() => {
                    let (significand, shift) = parts(value.abs().to_bits());
                    let sign = if value < 0.0 { -1 } else { 1 };
                    (sign * i128::from(significand), shift)
                }
                Number::Float(_) => {
                    moments.beyond = true;
                    continue;
                }
            };
            let (sum, [low, high]) = sums.entry(shift).or_default();
            let square = significand.unsigned_abs().pow(2);
            *sum += significand;
            *low += square & u128::from(u64::MAX);
            *high += square >> 64;
        }
        for (shift, (sum, [low, high])) in sums {
            moments.sum += BigInt::from(sum) << shift;
            moments.squares += (BigInt::from(low) + (BigInt::from(high) << 64)) << (2 * shift);
        }
        moments
    }

    /// Of as many copies of the numbers.
    pub(crate) fn repeated(&self, times: u64) -> Self {
        Moments {
            count: self.count * times,
            beyond: self.beyond,
            sum: &self.sum * times,
            squares: &self.squares * times,
        }
    }

    /// The variance, rounded once, by the rules of its documentation.
    pub(crate) fn variance(&self, ddof: u64) -> Result<f64, Error> {
        self.deviation(ddof, |candidate, dividend, divisor| {
            ((candidate * divisor) << 1073_u64).cmp(dividend)
        })
    }

    /// The square root of the variance, rounded once.
    pub(crate) fn standard_deviation(&self, ddof: u64) -> Result<f64, Error> {
        self.deviation(ddof, |candidate, dividend, divisor| {
            (candidate * candidate * divisor).cmp(&(dividend << 2_u64))
        })
    }

    /// The double nearest to what candidates, in units of 2^-1075, are compared with by way of the
    /// variance, `dividend / divisor` in units of 2^-2148.
    fn deviation(
        &self,
        ddof: u64,
        compare: impl Fn(&BigUint, &BigUint, &BigUint) -> Ordering,
    ) -> Result<f64, Error> {
        let count = self.count;
        if count == 0 {
            return Err(Error::Empty);
        }
        if ddof >= count {
            return Err(Error::TooFew { count, ddof });
        }
        if self.beyond {
            return Ok(f64::NAN);
        }
        let dividend = &self.squares * count - &self.sum * &self.sum;
        let dividend = BigUint::try_from(dividend).expect("a sum of squares");
        let divisor = BigUint::from(u128::from(count) * u128::from(count - ddof));
        Ok(nearest(|candidate| compare(candidate, &dividend, &divisor)))
    }
}

/// The double nearest to a number from 0 on, half to even, found by comparing with that number.
fn nearest(compare: impl Fn(&BigUint) -> Ordering) -> f64 {
    // In units of 2^-1075, so that the middle of two neighbours is a whole number of them.
    let exact = |bits: u64| {
        let (significand, shift) = parts(bits);
        BigUint::from(significand) << (shift + 1)
    };
    let (mut below, mut above) = (0, f64::INFINITY.to_bits());
    if compare(&exact(above)).is_le() {
        return f64::INFINITY;
    }
    while above - below > 1 {
        let middle = u64::midpoint(below, above);
        if compare(&exact(middle)).is_le() {
            below = middle;
        } else {
            above = middle;
        }
    }
    let half = (exact(below) + exact(above)) >> 1_u64;
    f64::from_bits(match compare(&half) {
        Ordering::Less => above,
        Ordering::Equal => below + below % 2,
        Ordering::Greater => below,
    })
}

#[test]
fn moments_of_known_values_are_right() {
    let of = |values: &[f64]| Moments::of(values.iter().map(|value| Number::Float(*value)));
    let [tiny, max] = [f64::from_bits(1), f64::MAX];
    for (values, ddof, variance, standard_deviation) in [
        (&[1.0, 2.0, 3.0, 4.0][..], 0, 1.25, 1.25_f64.sqrt()),
        (&[2.0, -2.0], 1, 8.0, 8.0_f64.sqrt()),
        (&[-0.1], 0, 0.0, 0.0),
        (&[1e300, -1e300], 0, f64::INFINITY, 1e300),
        (&[max, -max], 1, f64::INFINITY, f64::INFINITY),
        (&[0.0, tiny], 0, 0.0, 0.0), // half of the smallest, to even
        (&[0.0, tiny], 1, 0.0, tiny),
        (&[0.0, 3.0 * tiny], 0, 0.0, 2.0 * tiny),
        (
            &[0.0, 94_906_267.0],
            0,
            2_251_799_878_968_822.0,
            47_453_133.5,
        ),
    ] {
        assert_eq!(of(values).variance(ddof), Ok(variance), "{values:?}");
        let found = of(values).standard_deviation(ddof);
        assert_eq!(found, Ok(standard_deviation), "{values:?}");
    }
    let limits = Moments::of([Number::Int(0), Number::Int(u64::MAX.into())]);
    assert_eq!(limits.standard_deviation(0), Ok(2_f64.powi(63)));
    assert_eq!(limits.repeated(3).variance(0), Ok(2_f64.powi(126)));
}

#[test]
fn sum_of_known_values_is_right() {
    assert_eq!(sum([0.1; 10]).to_bits(), 1.0_f64.to_bits());
    assert_eq!(sum([1e308, 1e308, -1e308]).to_bits(), 1e308_f64.to_bits());
    assert_eq!(sum([f64::MAX, f64::MAX]).to_bits(), f64::INFINITY.to_bits());
    assert_eq!(sum([-5e-324; 3]).to_bits(), (-1.5e-323_f64).to_bits());
    assert_eq!(sum([-0.0]).to_bits(), 0.0_f64.to_bits());
}

#[test]
fn nearest_quotient_of_known_values_is_recognised() {
    assert!(is_nearest_quotient(1.0 / 3.0, 1, 3));
    assert!(!is_nearest_quotient((1.0_f64 / 3.0).next_up(), 1, 3));
    assert!(!is_nearest_quotient((1.0_f64 / 3.0).next_down(), 1, 3));
    assert!(!is_nearest_quotient(-1.0 / 3.0, 1, 3));
    assert!(is_nearest_quotient(
        9_007_199_254_740_992.0,
        (1 << 53) + 1,
        1
    ));
    assert!(!is_nearest_quotient(
        9_007_199_254_740_994.0,
        (1 << 53) + 1,
        1
    ));
}
