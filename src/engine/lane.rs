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
    /// As [`Lane::real_quotient`], by a reciprocal, and so perhaps one off.
    fn near_quotient(self, rhs: Self) -> Self;

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
            #[inline(always)]
            fn near_quotient(self, rhs: Self) -> Self {
                (self as $real * (1.0 / rhs as $real)) as $type
            }

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
