//! The inputs of a program: columns of any element type.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::interval::Interval;
use super::kernels;
use super::lane::Lane;
use super::prefetch::prefetch;
use super::slot::Slot;
use super::target::Target;
use crate::element::{Element, Integer, for_each_element};
use crate::{ElementType, Level, Values};

/// An element type that columns and results can have: every one. Sealed by [`Element`].
pub trait Stored: Element {
    #[doc(hidden)]
    fn column(values: Values<'_, Self>) -> Column<'_>;
    #[doc(hidden)]
    fn target(out: &mut [MaybeUninit<Self>]) -> Target<'_>;
}

/// An input of a program: elements of a type that is known at run time only.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a>(pub(super) Typed<'a>);

impl<'a, T: Stored> From<Values<'a, T>> for Column<'a> {
    fn from(values: Values<'a, T>) -> Self {
        T::column(values)
    }
}

macro_rules! columns {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Typed<'a> { $($variant(Values<'a, $type>),)* }

        $(impl Stored for $type {
            fn column(values: Values<'_, Self>) -> Column<'_> {
                Column(Typed::$variant(values))
            }

            fn target(out: &mut [MaybeUninit<Self>]) -> Target<'_> {
                Target::$variant(Slot::of_uninit(out))
            }
        })*

        /// Evaluates an expression with the values of a column, of whatever type they are.
        macro_rules! with_values {
            ($column:expr, $values:ident => $body:expr) => {
                match $column.0 { $(Typed::$variant($values) => $body,)* }
            };
        }
    };
}
for_each_element!(columns);

impl<'a> Column<'a> {
    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        with_values!(self, values => values.len())
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of the elements.
    #[must_use]
    pub fn element_type(&self) -> ElementType {
        fn of<T: Element>(_: Values<'_, T>) -> ElementType {
            T::TYPE
        }
        with_values!(self, values => of(values))
    }

    /// Asks for some elements.
    pub(super) fn prefetch(&self, from: usize, count: usize) {
        with_values!(self, values => match values {
            Values::Aligned(values) => prefetch(values.get(from..).unwrap_or(&[]), count),
            Values::Packed(values) => prefetch(values.get(from..).unwrap_or(&[]), count),
        });
    }

    /// Whether the elements are in place.
    pub(super) fn is_aligned(&self) -> bool {
        with_values!(self, values => matches!(values, Values::Aligned(_)))
    }

    /// Where elements are.
    pub(super) fn address(&self, range: Range<usize>) -> *const u8 {
        with_values!(self, values => match values {
            Values::Aligned(values) => values[range].as_ptr().cast(),
            Values::Packed(values) => values[range].as_ptr().cast(),
        })
    }

    /// The doubles in place.
    pub(super) fn doubles(&self) -> Option<&'a [f64]> {
        match self.0 {
            Typed::F64(Values::Aligned(values)) => Some(values),
            _ => None,
        }
    }

    /// Copies elements into lanes of integers, which hold them.
    pub(super) fn load<L: Lane>(&self, level: Level, range: Range<usize>, out: &mut [Slot<L>]) {
        macro_rules! from {
            ($($variant:ident)*) => {
                match self.0 {
                    $(Typed::$variant(values) => {
                        convert(level, values, range, out, |value| L::truncated(value.wide()));
                    })*
                    Typed::F32(_) | Typed::F64(_) => unreachable!("an input of another type"),
                }
            };
        }
        from!(I8 I16 I32 I64 U8 U16 U32 U64);
    }

    /// Copies elements into doubles, rounded as Python rounds ints.
    pub(super) fn load_doubles(&self, level: Level, range: Range<usize>, out: &mut [Slot<f64>]) {
        match self.0 {
            Typed::I8(values) => convert(level, values, range, out, f64::from),
            Typed::I16(values) => convert(level, values, range, out, f64::from),
            Typed::I32(values) => convert(level, values, range, out, f64::from),
            Typed::I64(values) => convert(level, values, range, out, Integer::to_f64),
            Typed::U8(values) => convert(level, values, range, out, f64::from),
            Typed::U16(values) => convert(level, values, range, out, f64::from),
            Typed::U32(values) => convert(level, values, range, out, f64::from),
            Typed::U64(values) => convert(level, values, range, out, Integer::to_f64),
            Typed::F32(values) => convert(level, values, range, out, f64::from),
            Typed::F64(values) => convert(level, values, range, out, |value| value),
        }
    }

    /// Whether [`Column::polynomial`] takes elements of this type: those that are doubles after one
    /// conversion.
    pub(super) fn has_polynomials(element_type: ElementType, is_aligned: bool) -> bool {
        is_aligned && element_type.size() < size_of::<f64>()
    }

    /// A polynomial of elements that are converted on the way, as [`kernels::horner`] has it.
    #[inline(always)]
    pub(super) fn polynomial(
        &self,
        level: Level,
        range: Range<usize>,
        out: &mut [Slot<f64>],
        coefficients: (Vec<f64>, Option<f64>),
        step: impl Fn(f64, f64, f64) -> f64 + Copy,
    ) {
        macro_rules! of {
            ($($variant:ident)*) => {
                match self.0 {
                    $(Typed::$variant(Values::Aligned(values)) => {
                        kernels::horner(level, out, &values[range], coefficients, f64::from, step);
                    })*
                    _ => unreachable!("elements that are to be loaded first"),
                }
            };
        }
        of!(I8 I16 I32 U8 U16 U32 F32);
    }

    /// The smallest and the largest of some integers.
    pub(super) fn scan(&self, level: Level, range: Range<usize>) -> Interval {
        macro_rules! of {
            ($($variant:ident)*) => {
                match self.0 {
                    $(Typed::$variant(values) => scan(level, values, range),)*
                    Typed::F32(_) | Typed::F64(_) => Interval::I64,
                }
            };
        }
        of!(I8 I16 I32 I64 U8 U16 U32 U64)
    }

    /// All values of the type, of integers.
    pub(super) fn interval(&self) -> Interval {
        match self.element_type().limits() {
            (crate::Number::Int(low), crate::Number::Int(high)) => Interval::new(low, high),
            _ => Interval::I64,
        }
    }
}

#[inline(always)]
fn convert<T: Element, L: Copy>(
    level: Level,
    values: Values<'_, T>,
    range: Range<usize>,
    out: &mut [Slot<L>],
    image: impl Fn(T) -> L,
) {
    match values {
        Values::Aligned(values) => {
            let values = &values[range];
            level.run(
                #[inline(always)]
                move |_| {
                    for (slot, value) in out.iter_mut().zip(values) {
                        slot.set(image(*value));
                    }
                },
            );
        }
        Values::Packed(values) => {
            for (slot, bytes) in out.iter_mut().zip(&values[range]) {
                slot.set(image(T::from_bytes(*bytes)));
            }
        }
    }
}

#[inline(always)]
fn scan<T: Integer>(level: Level, values: Values<'_, T>, range: Range<usize>) -> Interval {
    let (mut low, mut high) = (T::MAX, T::MIN);
    match values {
        Values::Aligned(values) => {
            let values = &values[range];
            (low, high) = level.run(
                #[inline(always)]
                move |_| {
                    let (mut low, mut high) = (T::MAX, T::MIN);
                    for value in values {
                        low = low.min(*value);
                        high = high.max(*value);
                    }
                    (low, high)
                },
            );
        }
        Values::Packed(values) => {
            for bytes in &values[range] {
                let value = T::from_bytes(*bytes);
                low = low.min(value);
                high = high.max(value);
            }
        }
    }
    Interval::new(low.wide(), high.wide())
}
