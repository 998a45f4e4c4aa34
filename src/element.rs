//! The ten machine types, the one list of them, and the one switch from the runtime type.

use std::fmt;

mod sealed {
    pub trait Sealed {}
}

/// A number as Python has it: an integer without bound, or a double.
///
/// `i128` holds the sum of any slice of 64-bit integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// The value of an integer element, or a total of them.
    Int(i128),
    /// The value of a float element, or a total of them.
    Float(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(value) => value.fmt(f),
            Number::Float(value) => write!(f, "{value:?}"),
        }
    }
}

/// A machine number that can be an element of a buffer: `i8` to `i64`, `u8` to `u64`, `f32`, `f64`.
///
/// Sealed: the kernels rely on the list being complete.
pub trait Element: Copy + PartialOrd + Send + Sync + 'static + sealed::Sealed {
    /// The runtime name of this type.
    const TYPE: ElementType;
    /// Zero.
    const ZERO: Self;
    /// The memory of one element: bytes in native order, aligned to 1.
    type Bytes: Copy + fmt::Debug + Send + Sync + 'static;
    /// Reads an element from its bytes.
    fn from_bytes(bytes: Self::Bytes) -> Self;
    /// The bytes of this element.
    fn to_bytes(self) -> Self::Bytes;
    /// The value as Python has it; an `f32` is widened to double.
    fn number(self) -> Number;
}

/// What integer kernels need beyond [`Element`].
pub(crate) trait Integer: Element + Ord {
    const MIN: Self;
    const MAX: Self;
    /// The value; every element fits.
    fn wide(self) -> i128;
    /// The low bits of `value`.
    fn truncated(value: i128) -> Self;
    fn to_f64(self) -> f64;
    /// `value` towards zero, held at the nearer limit where it does not fit; NaN gives 0.
    fn saturated(value: f64) -> Self;
    fn wrapping_mul(self, rhs: Self) -> Self;
    /// `self / rhs`, or `self` where `rhs` is zero.
    fn undo_mul(self, rhs: Self) -> Self;
}

/// What float kernels need beyond [`Element`].
pub(crate) trait Float: Element {
    /// Without the implicit one.
    const MANTISSA_BITS: u32;
    fn to_f64(self) -> f64;
    /// `value` rounded to this type, half to even.
    fn rounded(value: f64) -> Self;
    fn mul(self, rhs: Self) -> Self;
}

/// The list: calls `$with!` once with every type, its variant, and its kind.
macro_rules! for_each_element {
    ($with:ident) => {
        $with! {
            int i8 I8 "int8", int i16 I16 "int16", int i32 I32 "int32", int i64 I64 "int64",
            int u8 U8 "uint8", int u16 U16 "uint16", int u32 U32 "uint32", int u64 U64 "uint64",
            float f32 F32 "float32", float f64 F64 "float64",
        }
    };
}
pub(crate) use for_each_element;

/// Adding this to a double below 2^51 rounds it to an integer, which the low bits then hold.
const TO_LOW_BITS: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52

macro_rules! define_elements {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {
        /// The type of an element, known at run time only.
        ///
        /// [`with_element!`](crate::with_element) leads from here to the static type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum ElementType { $($variant,)* }

        impl ElementType {
            /// Every type there is.
            pub const ALL: &[ElementType] = &[$(ElementType::$variant,)*];

            /// The size of an element in bytes.
            #[must_use]
            pub const fn size(self) -> usize {
                match self { $(ElementType::$variant => size_of::<$type>(),)* }
            }

            /// The smallest and the largest finite value.
            #[must_use]
            pub const fn limits(self) -> (Number, Number) {
                match self { $(ElementType::$variant => define_elements!(@limits $kind $type),)* }
            }
        }

        impl fmt::Display for ElementType {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(ElementType::$variant => $name,)* })
            }
        }

        $(
            impl sealed::Sealed for $type {}
            impl Element for $type {
                const TYPE: ElementType = ElementType::$variant;
                const ZERO: Self = 0 as $type;
                type Bytes = [u8; size_of::<$type>()];
                #[inline(always)]
                fn from_bytes(bytes: Self::Bytes) -> Self { $type::from_ne_bytes(bytes) }
                #[inline(always)]
                fn to_bytes(self) -> Self::Bytes { self.to_ne_bytes() }
                #[inline(always)]
                fn number(self) -> Number { define_elements!(@number $kind self) }
            }
            define_elements!(@kind $kind $type);
        )*
    };
    (@limits int $type:ident) => {
        (Number::Int($type::MIN as i128), Number::Int($type::MAX as i128))
    };
    (@limits float $type:ident) => {
        (Number::Float($type::MIN as f64), Number::Float($type::MAX as f64))
    };
    (@number int $value:expr) => { Number::Int(i128::from($value)) };
    (@number float $value:expr) => { Number::Float(f64::from($value)) };
    (@kind int $type:ident) => {
        impl Integer for $type {
            const MIN: Self = $type::MIN;
            const MAX: Self = $type::MAX;
            #[inline(always)]
            fn wide(self) -> i128 { i128::from(self) }
            #[inline(always)]
            fn truncated(value: i128) -> Self { value as $type }
            #[inline(always)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn saturated(value: f64) -> Self {
                if size_of::<$type>() == 8 {
                    return value as $type;
                }
                // The vectoriser has no conversion that saturates, nor, at the baseline, one that
                // cuts off. So: to the nearest integer, and one back where that is away from zero.
                let value = value.clamp($type::MIN as f64, $type::MAX as f64);
                let rounded = (value + TO_LOW_BITS) - TO_LOW_BITS;
                let excess = if rounded.abs() > value.abs() { 1_f64.copysign(value) } else { 0.0 };
                (rounded - excess + TO_LOW_BITS).to_bits() as $type
            }
            #[inline(always)]
            fn wrapping_mul(self, rhs: Self) -> Self { self.wrapping_mul(rhs) }
            #[inline(always)]
            fn undo_mul(self, rhs: Self) -> Self {
                if rhs == 0 { self } else { self.wrapping_div(rhs) }
            }
        }
    };
    (@kind float $type:ident) => {
        impl Float for $type {
            const MANTISSA_BITS: u32 = $type::MANTISSA_DIGITS - 1;
            #[inline(always)]
            fn to_f64(self) -> f64 { f64::from(self) }
            #[inline(always)]
            fn rounded(value: f64) -> Self { value as $type }
            #[inline(always)]
            fn mul(self, rhs: Self) -> Self { self * rhs }
        }
    };
}

#[expect(
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "one body for ten types; the trait says what each conversion does"
)]
mod conversions {
    use super::{Element, Float, Integer, Number, TO_LOW_BITS, fmt, sealed};
    for_each_element!(define_elements);
}
pub use conversions::ElementType;

/// The switch: evaluates an expression with a type name bound to the static type of an
/// [`ElementType`].
///
/// ```
/// use arrayops::{ElementType, with_element};
///
/// let sizes = ElementType::ALL.iter().map(|element_type| {
///     with_element!(*element_type, T => size_of::<T>())
/// });
/// assert_eq!(sizes.sum::<usize>(), 42);
/// ```
#[macro_export]
macro_rules! with_element {
    ($element_type:expr, $T:ident => $body:expr) => {
        match $element_type {
            $crate::ElementType::I8 => {
                type $T = i8;
                $body
            }
            $crate::ElementType::I16 => {
                type $T = i16;
                $body
            }
            $crate::ElementType::I32 => {
                type $T = i32;
                $body
            }
            $crate::ElementType::I64 => {
                type $T = i64;
                $body
            }
            $crate::ElementType::U8 => {
                type $T = u8;
                $body
            }
            $crate::ElementType::U16 => {
                type $T = u16;
                $body
            }
            $crate::ElementType::U32 => {
                type $T = u32;
                $body
            }
            $crate::ElementType::U64 => {
                type $T = u64;
                $body
            }
            $crate::ElementType::F32 => {
                type $T = f32;
                $body
            }
            $crate::ElementType::F64 => {
                type $T = f64;
                $body
            }
        }
    };
}
