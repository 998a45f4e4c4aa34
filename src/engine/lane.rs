//! The integers that lanes hold.

use std::ops::{BitAnd, BitOr, BitXor, Not};

use super::block::{File, Files};
use super::column::{Column, Typed};
use super::slot::Slot;
use super::target::Target;
use crate::Values;
use crate::element::Integer;

/// What kernels need of the integers in lanes. All of it wraps, and nothing panics.
pub(super) trait Lane:
    Integer + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self> + Not<Output = Self>
{
    const ONE: Self;
    /// The largest count of a shift.
    const MAX_SHIFT: Self;

    /// The low bits.
    fn of(value: i64) -> Self;
    fn wide64(self) -> i64;
    /// The nearest there is.
    fn clamped(value: i128) -> Self;

    fn add(self, rhs: Self) -> Self;
    fn sub(self, rhs: Self) -> Self;
    /// Shifts by the low bits of `rhs`.
    fn shl(self, rhs: Self) -> Self;
    /// Shifts by the low bits of `rhs`.
    fn shr(self, rhs: Self) -> Self;
    /// The quotient cut off, of a divisor that is not zero.
    fn quotient(self, rhs: Self) -> Self;
    /// The quotient cut off, of operands that floats hold exactly.
    fn real_quotient(self, rhs: Self) -> Self;
    /// What [`Lane::floor_div_by`] divides by: a constant that is positive and no power of two.
    type Divisor: Copy;
    fn divisor(divisor: Self) -> Self::Divisor;
    /// The floored quotient. Of 64-bit integers: of such that doubles hold exactly.
    fn floor_div_by(self, divisor: Self::Divisor) -> Self;

    /// The elements of a column in place, if they are of this type.
    fn direct<'a>(column: &Column<'a>) -> Option<&'a [Self]>;
    fn slots<'a>(target: &'a mut Target<'_>) -> &'a mut [Slot<Self>];
    fn file(files: &Files) -> &File<Self>;
    fn file_mut(files: &mut Files) -> &mut File<Self>;
}

macro_rules! lanes {
    ($($type:ident $variant:ident $real:ident $file:ident $quotient:expr,)*) => {$(
        impl Lane for $type {
            const ONE: Self = 1;
            const MAX_SHIFT: Self = $type::BITS as $type - 1;

            #[inline(always)]
            fn of(value: i64) -> Self { value as $type }
            #[inline(always)]
            fn wide64(self) -> i64 { i64::from(self) }
            #[inline(always)]
            fn clamped(value: i128) -> Self {
                value.clamp($type::MIN as i128, $type::MAX as i128) as $type
            }
            #[inline(always)]
            fn add(self, rhs: Self) -> Self { self.wrapping_add(rhs) }
            #[inline(always)]
            fn sub(self, rhs: Self) -> Self { self.wrapping_sub(rhs) }
            #[inline(always)]
            fn shl(self, rhs: Self) -> Self { self.wrapping_shl(rhs as u32) }
            #[inline(always)]
            fn shr(self, rhs: Self) -> Self { self.wrapping_shr(rhs as u32) }
            #[inline(always)]
            fn quotient(self, rhs: Self) -> Self {
                let quotient: fn($type, $type) -> $type = $quotient;
                quotient(self, rhs)
            }
            #[inline(always)]
            fn real_quotient(self, rhs: Self) -> Self { (self as $real / rhs as $real) as $type }
            lanes!(@$variant $type);

            #[inline(always)]
            fn direct<'a>(column: &Column<'a>) -> Option<&'a [Self]> {
                match column.0 {
                    Typed::$variant(Values::Aligned(values)) => Some(values),
                    _ => None,
                }
            }
            #[inline(always)]
            fn slots<'a>(target: &'a mut Target<'_>) -> &'a mut [Slot<Self>] {
                match target {
                    Target::$variant(slots) => slots,
                    _ => unreachable!("a plan for another target"),
                }
            }
            #[inline(always)]
            fn file(files: &Files) -> &File<Self> { &files.$file }
            #[inline(always)]
            fn file_mut(files: &mut Files) -> &mut File<Self> { &mut files.$file }
        }
    )*};
    // Of reals: the quotient by the reciprocal is one off at most, and so is the rest.
    (@I64 $type:ident) => {
        type Divisor = (f64, i64);
        #[inline(always)]
        fn divisor(divisor: i64) -> (f64, i64) { (1.0 / divisor as f64, divisor) }
        #[inline(always)]
        fn floor_div_by(self, (reciprocal, divisor): (f64, i64)) -> i64 {
            let quotient = (self as f64 * reciprocal) as i64;
            let rest = self.wrapping_sub(quotient.wrapping_mul(divisor));
            quotient - i64::from(rest < 0) + i64::from(rest >= divisor)
        }
    };
    (@I32 $type:ident) => { lanes!(@magic i32 u32 u64); };
    (@I16 $type:ident) => { lanes!(@magic i16 u16 u32); };
    // With n = bits - 1 and the divisor d between 2^(k-1) and 2^k, m = ceil(2^(n+k) / d) is off by
    // less than 2^k / d, and so, for 0 <= x < 2^n, m * x / 2^(n+k) from x / d by less than 1 / d.
    // Negative numbers are mirrored: floor(x / d) = ~floor(~x / d).
    (@magic $type:ident $unsigned:ident $wide:ident) => {
        type Divisor = ($unsigned, u32);
        #[inline(always)]
        fn divisor(divisor: $type) -> ($unsigned, u32) {
            let shift = $type::BITS - 1 + (divisor as $unsigned).ilog2() + 1;
            ((((1 as $wide) << shift) / divisor as $wide + 1) as $unsigned, shift)
        }
        #[inline(always)]
        fn floor_div_by(self, (multiplier, shift): ($unsigned, u32)) -> $type {
            let sign = self >> ($type::BITS - 1);
            let mirrored = (self ^ sign) as $unsigned;
            (mirrored as $wide * multiplier as $wide >> shift) as $type ^ sign
        }
    };
}

#[expect(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "one body for three types; the trait says what each conversion does"
)]
mod conversions {
    use super::{Column, File, Files, Lane, Slot, Target, Typed, Values};
    // An integer quotient of n bits is told apart from its neighbours by a float of n bits.
    lanes! {
        i16 I16 f32 shorts Lane::real_quotient,
        i32 I32 f64 words Lane::real_quotient,
        i64 I64 f64 longs i64::wrapping_div,
    }
}
