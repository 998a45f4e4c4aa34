//! The exact sum of any number of doubles.

/// A fixed-point number that holds the exact sum of any doubles and is rounded once, at the end.
///
/// The sum does not depend on the order of additions, and two accumulators merge without error.
/// Infinities and NaN are marked beside it and decide the result as in IEEE 754 addition:
/// a NaN, or infinities of both signs, give NaN.
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
/// arXiv:1505.05571, section 3. The limbs are signed and 32 bits apart, which leaves room to add
/// for long before carries must be passed on.
#[derive(Clone, Debug)]
pub struct ExactSum {
    /// The value is the sum of `limbs[i] * 2^(32 i - 1074)`.
    limbs: [i64; LIMBS],
    /// How many more numbers may be added before a limb might overflow.
    room: u32,
    nan: bool,
    infinite: [bool; 2],
}

/// From 2^-1074 to beyond 2^1024, and 2^76 times that.
const LIMBS: usize = 68;
const LIMB_BITS: u32 = 32;
/// Each addition changes a limb by less than 2^32, and a carried limb starts below 2^32.
const ROOM: u32 = 1 << 30;

const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const EXPONENT_MASK: u64 = 0x7ff;

impl Default for ExactSum {
    fn default() -> Self {
        Self::new()
    }
}

impl ExactSum {
    /// The empty sum.
    #[must_use]
    pub const fn new() -> Self {
        ExactSum {
            limbs: [0; LIMBS],
            room: ROOM,
            nan: false,
            infinite: [false; 2],
        }
    }

    /// Adds one number.
    #[inline(always)]
    pub fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let exponent = bits >> MANTISSA_BITS & EXPONENT_MASK;
        let fraction = bits & ((1 << MANTISSA_BITS) - 1);
        let negative = value.is_sign_negative();
        if exponent == EXPONENT_MASK {
            if fraction == 0 {
                self.infinite[usize::from(negative)] = true;
            } else {
                self.nan = true;
            }
            return;
        }
        if self.room == 0 {
            self.carry();
        }
        self.room -= 1;

        let normal = u64::from(exponent != 0);
        let mantissa = fraction | normal << MANTISSA_BITS;
        // In units of 2^-1074: subnormals and the lowest normals are not shifted.
        let shift = exponent - normal;
        let shifted = u128::from(mantissa) << (shift % u64::from(LIMB_BITS));
        #[expect(clippy::cast_possible_truncation, reason = "below 2^11")]
        let lowest = (shift / u64::from(LIMB_BITS)) as usize;
        let sign = -i64::from(negative);
        for (i, limb) in self.limbs[lowest..lowest + 3].iter_mut().enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "one limb of it is wanted")]
            let part = i64::from((shifted >> (LIMB_BITS as usize * i)) as u32);
            *limb += (part ^ sign) - sign;
        }
    }

    /// Adds all that was added to `other`.
    pub fn merge(&mut self, other: &ExactSum) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        for (limb, other) in self.limbs.iter_mut().zip(other.limbs) {
            *limb += other;
        }
        self.room -= 1;
        self.nan |= other.nan;
        self.infinite[0] |= other.infinite[0];
        self.infinite[1] |= other.infinite[1];
    }

    /// The sum, rounded to the nearest double, half to even. Beyond the largest: infinite.
    ///
    /// Zero is positive, whatever was added.
    #[must_use]
    pub fn round(&self) -> f64 {
        match (self.nan, self.infinite) {
            (true, _) | (_, [true, true]) => return f64::NAN,
            (_, [true, false]) => return f64::INFINITY,
            (_, [false, true]) => return f64::NEG_INFINITY,
            (_, [false, false]) => {}
        }
        let mut exact = self.clone();
        exact.carry();
        let negative = exact.limbs[LIMBS - 1] < 0;
        if negative {
            for limb in &mut exact.limbs {
                *limb = -*limb;
            }
            exact.carry();
        }
        let magnitude = round_magnitude(&exact.limbs);
        if negative { -magnitude } else { magnitude }
    }

    /// Brings every limb but the last, which holds the sign, to 0..2^32.
    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let value = *limb + carry;
            carry = value >> LIMB_BITS;
            *limb = value & i64::from(u32::MAX);
        }
        self.limbs[LIMBS - 1] += carry;
        self.room = ROOM;
    }
}

/// The double nearest to carried, non-negative limbs.
#[expect(
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "limbs are carried, positions are below 2^12"
)]
fn round_magnitude(limbs: &[i64; LIMBS]) -> f64 {
    let Some(top) = limbs.iter().rposition(|limb| *limb != 0) else {
        return 0.0;
    };
    let limb = |i: Option<usize>| i.map_or(0, |i| limbs[i] as u128);
    let (mid, low) = (top.checked_sub(1), top.checked_sub(2));
    let window = limb(Some(top)) << 64 | limb(mid) << 32 | limb(low);
    let sticky = low.is_some_and(|low| limbs[..low].iter().any(|limb| *limb != 0));

    // The window is in units of 2^(32 (top - 2) - 1074); `unit` is what remains of it after
    // dropping all bits but 53, and never below that of the subnormals, 2^-1074.
    let window_unit = 32 * top as i32 - 64;
    let drop = (128 - window.leading_zeros() as i32 - 53).max(-window_unit);
    let unit = window_unit + drop;
    let kept = (window >> drop) as u64;
    let dropped = window & ((1 << drop) - 1);
    let half = 1_u128 << (drop - 1);
    let up = dropped > half || dropped == half && (sticky || kept & 1 == 1);
    let mantissa = kept + u64::from(up);

    // A mantissa of 2^53 carries into the exponent by itself; so does 2^52 from the subnormals.
    let exponent = if kept >> MANTISSA_BITS == 0 {
        0
    } else {
        unit as u64 + 1
    };
    let bits = match exponent {
        0 => mantissa,
        _ => (exponent << MANTISSA_BITS) + (mantissa - (1 << MANTISSA_BITS)),
    };
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
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
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    let a_part = sum - b_part;
    (sum, (a - a_part) + (b - b_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carry_at_any_time_does_not_change_the_sum() {
        fn holds(values: Vec<f64>) -> bool {
            let (mut sum, mut carried) = (ExactSum::new(), ExactSum::new());
            for value in values {
                sum.add(value);
                carried.room = 0;
                carried.add(value);
            }
            let (sum, carried) = (sum.round(), carried.round());
            sum.to_bits() == carried.to_bits() || sum.is_nan() && carried.is_nan()
        }
        quickcheck::quickcheck(holds as fn(Vec<f64>) -> bool);
    }

    #[test]
    fn limbs_after_all_the_room_is_used_have_not_overflowed() {
        for sign in [1, -1] {
            let mut sum = ExactSum::new();
            // More than additions can have made of it.
            sum.limbs = [sign * (i64::from(ROOM) + 1) * i64::from(u32::MAX); LIMBS];
            sum.limbs[LIMBS - 1] = 0;
            sum.room = 0;
            let mut other = sum.clone();
            sum.add(f64::MAX);
            other.add(-f64::MAX);
            sum.merge(&other);
            assert_eq!(sum.room, ROOM - 1);
            assert!(
                sum.limbs[..LIMBS - 1]
                    .iter()
                    .all(|limb| (0..1 << 33).contains(limb))
            );
        }
    }
}
