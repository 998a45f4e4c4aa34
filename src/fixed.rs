//! Fixed-point numbers wide enough to hold sums of floats without error.

use crate::Error;

const LIMB_BITS: u32 = 32;
/// Each addition changes a limb by less than 2^32, and a carried limb starts below 2^32.
const ROOM: u32 = 1 << 30;

/// A signed integer of so many limbs, to be read in a unit that the owner knows.
///
/// The limbs are signed and 32 bits apart, which leaves room to add for long before carries must
/// be passed on. A number with too many digits becomes the largest one there is.
#[derive(Clone, Debug)]
pub(crate) struct Fixed<const LIMBS: usize> {
    /// The value is the sum of `limbs[i] * 2^(32 i)`.
    limbs: [i64; LIMBS],
    /// How many more numbers may be added before a limb might overflow.
    room: u32,
}

impl<const LIMBS: usize> Fixed<LIMBS> {
    pub(crate) const fn new() -> Self {
        Fixed {
            limbs: [0; LIMBS],
            room: ROOM,
        }
    }

    /// Adds `magnitude * 2^shift`, negated if `negative`.
    #[inline(always)]
    pub(crate) fn add(&mut self, magnitude: u64, shift: usize, negative: bool) {
        if self.room == 0 {
            self.carry();
        }
        self.room -= 1;
        let shifted = u128::from(magnitude) << (shift % LIMB_BITS as usize);
        let lowest = shift / LIMB_BITS as usize;
        let sign = -i64::from(negative);
        for (i, limb) in self.limbs[lowest..lowest + 3].iter_mut().enumerate() {
            #[expect(clippy::cast_possible_truncation, reason = "one limb of it is wanted")]
            let part = i64::from((shifted >> (LIMB_BITS as usize * i)) as u32);
            *limb += (part ^ sign) - sign;
        }
    }

    /// As [`Fixed::add`], for larger numbers.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "one half after the other")]
    pub(crate) fn add_wide(&mut self, magnitude: u128, shift: usize, negative: bool) {
        self.add(magnitude as u64, shift, negative);
        self.add((magnitude >> 64) as u64, shift + 64, negative);
    }

    /// Adds another such number.
    pub(crate) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        for (limb, other) in self.limbs.iter_mut().zip(other.limbs) {
            *limb = limb.saturating_add(other);
        }
        self.room -= 1;
    }

    /// Brings every limb but the last, which holds the sign, to 0..2^32.
    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let value = *limb + carry;
            carry = value >> LIMB_BITS;
            *limb = value & i64::from(u32::MAX);
        }
        let top = &mut self.limbs[LIMBS - 1];
        *top = top.saturating_add(carry);
        self.room = ROOM;
    }

    /// Whether it is below zero, and its absolute value: digits of 32 bits, the lowest first.
    pub(crate) fn magnitude(&self) -> (bool, [u32; LIMBS]) {
        let mut exact = self.clone();
        exact.carry();
        let negative = exact.limbs[LIMBS - 1] < 0;
        if negative {
            for limb in &mut exact.limbs {
                *limb = limb.saturating_neg();
            }
            exact.carry();
        }
        let digits = if exact.limbs[LIMBS - 1] > i64::from(u32::MAX) {
            [u32::MAX; LIMBS]
        } else {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "carried"
            )]
            exact.limbs.map(|limb| limb as u32)
        };
        (negative, digits)
    }

    /// Writes the absolute value: its position in bytes, how many bytes, and those.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        let (_, digits) = self.magnitude();
        let all: Vec<u8> = digits
            .iter()
            .flat_map(|digit| digit.to_le_bytes())
            .collect();
        let first = all.iter().position(|byte| *byte != 0).unwrap_or(0);
        let end = all.iter().rposition(|byte| *byte != 0).map_or(0, |i| i + 1);
        for number in [first, end - first.min(end)] {
            #[expect(clippy::cast_possible_truncation, reason = "below 4 LIMBS")]
            bytes.extend((number as u16).to_le_bytes());
        }
        bytes.extend(&all[first.min(end)..end]);
    }

    /// Reads what [`Fixed::write`] wrote, and only that.
    pub(crate) fn read(bytes: &mut Reader<'_>, negative: bool) -> Result<Self, Error> {
        let first = usize::from(u16::from_le_bytes(bytes.take()?));
        let len = usize::from(u16::from_le_bytes(bytes.take()?));
        let digits = bytes.slice(len)?;
        let at_the_ends = digits.first().is_some_and(|byte| *byte == 0)
            || digits.last().is_some_and(|byte| *byte == 0);
        if at_the_ends || first + len > 4 * LIMBS || len == 0 && (first > 0 || negative) {
            return Err(Error::Malformed("a number is not in its shortest form"));
        }
        let mut all = vec![0; 4 * LIMBS];
        all[first..first + len].copy_from_slice(digits);
        let mut fixed = Fixed::new();
        for (limb, digit) in fixed.limbs.iter_mut().zip(all.as_chunks().0) {
            let digit = i64::from(u32::from_le_bytes(*digit));
            *limb = if negative { -digit } else { digit };
        }
        fixed.room -= 1;
        Ok(fixed)
    }
}

/// Bytes that are read from the front.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or(Error::Malformed("they end too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn take<const LEN: usize>(&mut self) -> Result<[u8; LEN], Error> {
        let mut taken = [0; LEN];
        taken.copy_from_slice(self.slice(LEN)?);
        Ok(taken)
    }

    /// Refuses what is left.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Error::Malformed("there are bytes left over"))
        }
    }
}

/// The topmost 64 bits of digits, and the power of two they count: `bits * 2^exponent`.
///
/// The lowest bit stands for all below it, too: it is 1 if any of them is.
pub(crate) fn leading_bits(digits: &[u32]) -> (u64, i32) {
    let Some(top) = digits.iter().rposition(|digit| *digit != 0) else {
        return (0, 0);
    };
    let digit = |i: Option<usize>| i.map_or(0, |i| u128::from(digits[i]));
    let low = top.checked_sub(2);
    let window = digit(Some(top)) << 64 | digit(top.checked_sub(1)) << 32 | digit(low);
    let below = low.is_some_and(|low| digits[..low].iter().any(|digit| *digit != 0));
    let drop = 64 - window.leading_zeros().min(64);
    let sticky = below || window & ((1 << drop) - 1) != 0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "64 bits are left; there are few digits"
    )]
    let (bits, exponent) = ((window >> drop) as u64, 32 * (top as i32 - 2) + drop as i32);
    (bits | u64::from(sticky), exponent)
}

/// `bits * 2^exponent` rounded to the nearest double, half to even; beyond the largest: infinite.
///
/// Bits of 54 and more places may stand for a number with further places: its lowest bit is
/// then 1.
pub(crate) fn round(bits: u64, exponent: i32) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let zeros = bits.leading_zeros();
    #[expect(clippy::cast_possible_wrap, reason = "below 64")]
    let exponent = exponent - zeros as i32;
    // What is left of it, after dropping all bits but 53, and never more than a subnormal has.
    let unit = (exponent + 11).max(-1074);
    #[expect(clippy::cast_sign_loss, reason = "at least 11")]
    let drop = ((unit - exponent) as u32).min(66);
    let wide = u128::from(bits << zeros);
    let (kept, dropped, half) = (wide >> drop, wide & ((1 << drop) - 1), 1 << (drop - 1));
    let up = dropped > half || dropped == half && kept & 1 == 1;
    // A mantissa of 2^53 carries into the exponent by itself; so does 2^52 from the subnormals.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "53 bits; not below -1074"
    )]
    let (mantissa, unit) = (kept as u64 + u64::from(up), (unit + 1074) as u64);
    if unit > 2045 {
        return f64::INFINITY;
    }
    f64::from_bits((unit << 52) + mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carry_at_any_time_does_not_change_the_number() {
        fn holds(values: Vec<(u64, u8, bool)>) -> bool {
            let (mut sum, mut carried) = (Fixed::<12>::new(), Fixed::<12>::new());
            for (magnitude, shift, negative) in values {
                sum.add(magnitude, shift.into(), negative);
                carried.room = 0;
                carried.add(magnitude, shift.into(), negative);
            }
            sum.magnitude() == carried.magnitude()
        }
        quickcheck::quickcheck(holds as fn(Vec<(u64, u8, bool)>) -> bool);
    }

    #[test]
    fn limbs_after_all_the_room_is_used_have_not_overflowed() {
        const LIMBS: usize = 6;
        for sign in [1, -1] {
            let mut sum = Fixed::<LIMBS>::new();
            // More than additions can have made of it.
            sum.limbs = [sign * (i64::from(ROOM) + 1) * i64::from(u32::MAX); LIMBS];
            sum.limbs[LIMBS - 1] = 0;
            sum.room = 0;
            let mut other = sum.clone();
            sum.add(u64::MAX, 70, false);
            other.add(u64::MAX, 70, true);
            sum.merge(&other);
            assert_eq!(sum.room, ROOM - 1);
            assert!(
                sum.limbs[..LIMBS - 1]
                    .iter()
                    .all(|limb| (0..1 << 33).contains(limb))
            );
        }
    }

    #[test]
    fn round_of_one_bit_is_that_power_of_two() {
        for exponent in -1074..=1023 {
            assert_eq!(
                round(1 << 63, exponent - 63).to_bits(),
                round(1, exponent).to_bits()
            );
        }
        assert_eq!(round(1, -1075).to_bits(), 0);
        assert_eq!(round(3, -1076).to_bits(), 1);
        assert_eq!(round(1, -3000).to_bits(), 0);
        assert_eq!(round(u64::MAX, 960).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(round(1, 1024).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(round(u64::MAX >> 11, 971).to_bits(), f64::MAX.to_bits());
    }
}
