//! What the tests need to know of an element type, and the values its kernels might trip over.

use std::fmt::Debug;

use arrayops::{Clip, Element, Extremum, Number, Scale, Sum};
use quickcheck::Arbitrary;

/// An element type as the tests use it: every one.
pub(crate) trait Sample:
    Element<Bytes: PartialEq> + Sum + Extremum + Scale + Clip + Arbitrary + Debug
{
    /// The low bits of an integer, or the nearest float.
    fn from_int(value: i128) -> Self;
    /// A double cut off to an integer, or rounded to the nearest float.
    fn from_float(value: f64) -> Self;
    /// Any value at all, as the bits have it.
    fn from_random(bits: u64) -> Self;
    /// A small integer or a finite float of medium size.
    fn moderate(bits: u64) -> Self;
    /// The limits, zeros, infinities, NaN, subnormals, and values around the limits of doubles.
    fn specials() -> Vec<Self>;
    /// Equality to the bit, but for the payload of NaN.
    fn same(self, other: Self) -> bool;
    /// [`Sample::same`] of all elements.
    fn all_same(lhs: &[Self], rhs: &[Self]) -> bool;
}

/// Evaluates an expression for every element type, with `$T` bound to it.
macro_rules! for_every_type {
    ($T:ident => $body:expr) => {
        for element_type in arrayops::ElementType::ALL {
            arrayops::with_element!(*element_type, $T => $body)
        }
    };
}

/// As [`for_every_type!`], for the integers only.
macro_rules! for_every_integer {
    ($T:ident => $body:expr) => {
        for_every_type!($T => if crate::elements::is_integer::<$T>() { $body })
    };
}

pub(crate) fn is_integer<T: Element>() -> bool {
    matches!(T::ZERO.number(), Number::Int(_))
}

/// The smallest and the largest value of an integer type.
pub(crate) fn integer_limits<T: Element>() -> (i128, i128) {
    match T::TYPE.limits() {
        (Number::Int(min), Number::Int(max)) => (min, max),
        limits => unreachable!("{limits:?} of integers"),
    }
}

macro_rules! samples {
    ($($kind:ident $type:ident $bits:ident,)*) => {
        $(impl Sample for $type { samples!(@$kind $type $bits); })*
    };
    (@int $type:ident $bits:ident) => {
        fn from_int(value: i128) -> Self { value as $type }
        fn from_float(value: f64) -> Self { value as $type }
        fn from_random(bits: u64) -> Self { bits as $type }
        fn moderate(bits: u64) -> Self {
            let magnitude = (bits % 31) as $type;
            if $type::MIN == 0 || bits >> 63 == 0 { magnitude } else { magnitude.wrapping_neg() }
        }
        fn specials() -> Vec<Self> {
            let (min, max) = integer_limits::<$type>();
            let (single, double) = ((1 << 24) + 1, (1 << 53) + 1);
            [
                min, max, 0, 1, -1, min + 1, max - 1, min / 2, max / 2, -double, double, -single, single,
                -100, -3, -2, 2, 3, 100, 127, 128, 255, (1 << 63) - 1024, (1 << 63) - 512,
            ]
            .into_iter()
            .filter(|value| (min..=max).contains(value))
            .map(|value| value as $type)
            .collect()
        }
        fn same(self, other: Self) -> bool { self == other }
        fn all_same(lhs: &[Self], rhs: &[Self]) -> bool { lhs == rhs }
    };
    (@float $type:ident $bits:ident) => {
        fn from_int(value: i128) -> Self { value as $type }
        fn from_float(value: f64) -> Self { value as $type }
        fn from_random(bits: u64) -> Self { $type::from_bits(bits as $bits) }
        fn moderate(bits: u64) -> Self {
            (bits as i32) as $type * $type::from(2_u8).powi((bits >> 40) as i32 % 64 - 40)
        }
        fn specials() -> Vec<Self> {
            let tiny = $type::MIN_POSITIVE;
            let subnormal = $type::from_bits(1);
            [
                0.0, 1.0, 0.1, 0.5, 1.5, 3.0, $type::EPSILON, 16_777_217.0, 9_007_199_254_740_993.0,
                subnormal, tiny - subnormal, tiny, $type::MAX, $type::MAX / 2.0, $type::INFINITY, $type::NAN,
            ]
            .into_iter()
            .flat_map(|value| [-value, value])
            .collect()
        }
        fn same(self, other: Self) -> bool {
            self.to_bits() == other.to_bits() || self.is_nan() && other.is_nan()
        }
        fn all_same(lhs: &[Self], rhs: &[Self]) -> bool {
            lhs.len() == rhs.len() && lhs.iter().zip(rhs).all(|(lhs, rhs)| lhs.same(*rhs))
        }
    };
}

#[allow(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_abs_to_unsigned,
    clippy::unnecessary_cast,
    clippy::excessive_precision,
    reason = "one body for ten types; the trait says what each conversion does"
)]
mod conversions {
    use super::{Sample, integer_limits};
    samples! {
        int i8 u8, int i16 u16, int i32 u32, int i64 u64,
        int u8 u8, int u16 u16, int u32 u32, int u64 u64,
        float f32 u32, float f64 u64,
    }
}
