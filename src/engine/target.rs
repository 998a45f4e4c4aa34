//! Where results go: elements of any type, or bits.

use super::lane::Lane;
use super::pack::pack;
use super::prefetch::prefetch;
use super::slot::Slot;
use crate::element::{Float, Integer, for_each_element};
use crate::{ElementType, Level};

macro_rules! targets {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {
        /// Where the results of a program go.
        #[derive(Debug)]
        pub enum Target<'a> {
            $(#[doc(hidden)] $variant(&'a mut [Slot<$type>]),)*
            #[doc(hidden)] Bits(&'a mut [u64], usize),
        }

        impl<'a> Target<'a> {
            /// The type of the elements; none of bits.
            pub(super) fn element_type(&self) -> Option<ElementType> {
                match self {
                    $(Target::$variant(_) => Some(ElementType::$variant),)*
                    Target::Bits(..) => None,
                }
            }

            /// Asks for the places of the next results.
            pub(super) fn prefetch(&self, count: usize) {
                match self {
                    $(Target::$variant(slots) => prefetch(slots, count),)*
                    Target::Bits(..) => {}
                }
            }

            /// How many results are still to come.
            pub(super) fn len(&self) -> usize {
                match self {
                    $(Target::$variant(slots) => slots.len(),)*
                    Target::Bits(_, len) => *len,
                }
            }

            /// Takes the first `count`, a multiple of 64, or all that are left.
            pub(super) fn split_off(&mut self, count: usize) -> Target<'a> {
                let count = count.min(self.len());
                match self {
                    $(Target::$variant(slots) => {
                        let (first, rest) = std::mem::take(slots).split_at_mut(count);
                        *slots = rest;
                        Target::$variant(first)
                    })*
                    Target::Bits(words, len) => {
                        let (first, rest) = std::mem::take(words).split_at_mut(count.div_ceil(64));
                        *words = rest;
                        *len -= count;
                        Target::Bits(first, count)
                    }
                }
            }
        }
    };
}
for_each_element!(targets);

impl Target<'_> {
    /// The places of doubles.
    pub(super) fn doubles(&mut self) -> &mut [Slot<f64>] {
        match self {
            Target::F64(slots) => slots,
            _ => unreachable!("a plan for another target"),
        }
    }

    /// Stores integers; false if one does not fit, which cannot be unless there is a `check`.
    #[must_use]
    pub(super) fn store<L: Lane>(&mut self, level: Level, values: &[L], check: bool) -> bool {
        macro_rules! into {
            ($($variant:ident)*) => {
                match self {
                    $(Target::$variant(slots) => narrow(level, slots, values, check),)*
                    Target::F32(_) | Target::F64(_) | Target::Bits(..) => {
                        unreachable!("a plan for another target")
                    }
                }
            };
        }
        into!(I8 I16 I32 I64 U8 U16 U32 U64)
    }

    pub(super) fn store_doubles(&mut self, level: Level, values: &[f64]) {
        match self {
            Target::F32(slots) => level.run(
                #[inline(always)]
                move |_| {
                    for (slot, value) in slots.iter_mut().zip(values) {
                        slot.set(f32::rounded(*value));
                    }
                },
            ),
            Target::F64(slots) => {
                for (slot, value) in slots.iter_mut().zip(values) {
                    slot.set(*value);
                }
            }
            _ => unreachable!("a plan for another target"),
        }
    }

    /// Stores bits for bytes that are zero or one.
    pub(super) fn store_bits(&mut self, level: Level, values: &[u8]) {
        let Target::Bits(words, _) = self else {
            unreachable!("a plan for another target")
        };
        pack(level, words, values);
    }

    /// Stores that none of the results of a block are true.
    pub(super) fn clear(&mut self) {
        if let Target::Bits(words, _) = self {
            words.fill(0);
        }
    }
}

#[inline(always)]
fn narrow<T: Integer, L: Lane>(
    level: Level,
    slots: &mut [Slot<T>],
    values: &[L],
    check: bool,
) -> bool {
    level.run(
        #[inline(always)]
        move |_| {
            let mut fits = true;
            if check {
                let (low, high) = (L::clamped(T::MIN.wide()), L::clamped(T::MAX.wide()));
                let (mut least, mut most) = (high, low);
                for value in values {
                    least = least.min(*value);
                    most = most.max(*value);
                }
                fits = least >= low && most <= high;
            }
            for (slot, value) in slots.iter_mut().zip(values) {
                slot.set(T::truncated(value.wide()));
            }
            fits
        },
    )
}
