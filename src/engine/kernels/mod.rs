//! The loops: one operation over the lanes of a block.
//!
//! Plain loops, which the vectoriser makes the most of at each level. Their closures move what they
//! capture: behind a reference, for all the compiler knows, the results could be written over it. What an operation may bail out
//! for is collected over all lanes and not tested lane by lane.

mod float;
mod integer;
mod python;

use super::slot::Slot;
use crate::Level;
use crate::element::Integer;
pub(super) use float::{checked_float, from_integers, plain_float, scalar, to_integers, whole};
pub(super) use integer::{absolute, checked, plain, power};
pub(super) use python::{SQRT, call};

/// One value for every lane, or for all.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a, T> {
    Lanes(&'a [T]),
    Constant(T),
}

impl<'a, T: Copy> Operand<'a, T> {
    /// The lanes; plans ask for no constant where there are none.
    #[inline(always)]
    pub(super) fn lanes(self) -> &'a [T] {
        match self {
            Operand::Lanes(lanes) => lanes,
            Operand::Constant(_) => unreachable!("a constant that was to be spread over lanes"),
        }
    }

    /// The value for all lanes; plans ask for none where it may differ.
    #[inline(always)]
    pub(super) fn constant(self) -> T {
        match self {
            Operand::Lanes(_) => unreachable!("lanes where a constant was to be"),
            Operand::Constant(constant) => constant,
        }
    }
}

#[inline(always)]
pub(super) fn unary<T: Copy, O: Copy>(
    level: Level,
    out: &mut [Slot<O>],
    a: &[T],
    image: impl Fn(T) -> O,
) {
    level.run(
        #[inline(always)]
        move |_| {
            for (slot, a) in out.iter_mut().zip(a) {
                slot.set(image(*a));
            }
        },
    );
}

/// As [`unary`]; the smallest and the largest of the lanes.
#[inline(always)]
pub(super) fn unary_watched<T: Integer>(
    level: Level,
    out: &mut [Slot<T>],
    a: &[T],
    image: impl Fn(T) -> T,
) -> (T, T) {
    level.run(
        #[inline(always)]
        move |_| {
            let (mut low, mut high) = (T::MAX, T::MIN);
            for (slot, a) in out.iter_mut().zip(a) {
                low = low.min(*a);
                high = high.max(*a);
                slot.set(image(*a));
            }
            (low, high)
        },
    )
}

/// Of lanes and lanes, or of lanes and a constant.
#[inline(always)]
pub(super) fn binary<T: Copy, O: Copy>(
    level: Level,
    out: &mut [Slot<O>],
    a: &[T],
    b: Operand<'_, T>,
    image: impl Fn(T, T) -> O,
) {
    match b {
        Operand::Lanes(b) => level.run(
            #[inline(always)]
            move |_| {
                for ((slot, a), b) in out.iter_mut().zip(a).zip(b) {
                    slot.set(image(*a, *b));
                }
            },
        ),
        Operand::Constant(b) => level.run(
            #[inline(always)]
            move |_| {
                for (slot, a) in out.iter_mut().zip(a) {
                    slot.set(image(*a, b));
                }
            },
        ),
    }
}

/// `image` gives the result and whether the lane bails out, if it is active; so does this.
#[inline(always)]
pub(super) fn binary_checked<T: Copy, O: Copy>(
    level: Level,
    out: &mut [Slot<O>],
    [a, b]: [&[T]; 2],
    mask: &[u8],
    image: impl Fn(T, T) -> (O, bool),
) -> bool {
    level.run(
        #[inline(always)]
        move |_| {
            let mut bails = 0;
            for (((slot, a), b), mask) in out.iter_mut().zip(a).zip(b).zip(mask) {
                let (value, bad) = image(*a, *b);
                slot.set(value);
                bails |= u8::from(bad) & mask;
            }
            bails != 0
        },
    )
}

/// `a * b + c`, rounded twice where it is of floats.
#[inline(always)]
pub(super) fn multiply_add<T: Copy>(
    level: Level,
    out: &mut [Slot<T>],
    a: &[T],
    [b, c]: [Operand<'_, T>; 2],
    image: impl Fn(T, T, T) -> T,
) {
    match (b, c) {
        (Operand::Lanes(b), Operand::Lanes(c)) => level.run(
            #[inline(always)]
            move |_| {
                for (((slot, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                    slot.set(image(*a, *b, *c));
                }
            },
        ),
        (Operand::Lanes(b), Operand::Constant(c)) => {
            binary(
                level,
                out,
                a,
                Operand::Lanes(b),
                #[inline(always)]
                move |a, b| image(a, b, c),
            );
        }
        (Operand::Constant(b), Operand::Lanes(c)) => {
            binary(
                level,
                out,
                a,
                Operand::Lanes(c),
                #[inline(always)]
                move |a, c| image(a, b, c),
            );
        }
        (Operand::Constant(b), Operand::Constant(c)) => {
            unary(
                level,
                out,
                a,
                #[inline(always)]
                move |a| image(a, b, c),
            );
        }
    }
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

impl Comparison {
    /// The same of swapped operands.
    pub(super) fn swapped(self) -> Self {
        match self {
            Comparison::Lt => Comparison::Gt,
            Comparison::Le => Comparison::Ge,
            Comparison::Gt => Comparison::Lt,
            Comparison::Ge => Comparison::Le,
            Comparison::Eq | Comparison::Ne => self,
        }
    }
}

/// Calls a function with, as its last argument, that of a comparison.
macro_rules! with_comparison {
    ($comparison:expr, $function:ident($($argument:expr),*)) => {
        match $comparison {
            Comparison::Lt => $function($($argument,)* #[inline(always)] move |a, b| a < b),
            Comparison::Le => $function($($argument,)* #[inline(always)] move |a, b| a <= b),
            Comparison::Gt => $function($($argument,)* #[inline(always)] move |a, b| a > b),
            Comparison::Ge => $function($($argument,)* #[inline(always)] move |a, b| a >= b),
            Comparison::Eq => $function($($argument,)* #[inline(always)] move |a, b| a == b),
            Comparison::Ne => $function($($argument,)* #[inline(always)] move |a, b| a != b),
        }
    };
}

pub(super) fn compare<T: Copy + PartialOrd>(
    level: Level,
    comparison: Comparison,
    out: &mut [Slot<u8>],
    a: &[T],
    b: Operand<'_, T>,
) {
    with_comparison!(comparison, compare_by(level, out, a, b));
}

#[inline(always)]
fn compare_by<T: Copy>(
    level: Level,
    out: &mut [Slot<u8>],
    a: &[T],
    b: Operand<'_, T>,
    holds: impl Fn(T, T) -> bool,
) {
    binary(
        level,
        out,
        a,
        b,
        #[inline(always)]
        move |a, b| u8::from(holds(a, b)),
    );
}

/// One of two by how two others compare; without such, of the first one and itself.
///
/// `image` gives what is selected from.
#[inline(always)]
pub(super) fn compare_select<T: Copy + PartialOrd>(
    level: Level,
    comparison: Comparison,
    out: &mut [Slot<T>],
    compared: (&[T], Operand<'_, T>),
    chosen: Option<[&[T]; 2]>,
    image: impl Fn(T, T) -> (T, T) + Copy,
) {
    with_comparison!(comparison, select_by(level, out, compared, chosen, image));
}

#[inline(always)]
fn select_by<T: Copy>(
    level: Level,
    out: &mut [Slot<T>],
    (a, b): (&[T], Operand<'_, T>),
    chosen: Option<[&[T]; 2]>,
    image: impl Fn(T, T) -> (T, T) + Copy,
    holds: impl Fn(T, T) -> bool,
) {
    match (b, chosen) {
        (Operand::Lanes(b), chosen) => {
            let [yes, no] = chosen.unwrap_or([a, a]);
            level.run(
                #[inline(always)]
                move |_| {
                    let operands = a.iter().zip(b).zip(yes).zip(no);
                    for (slot, (((a, b), yes), no)) in out.iter_mut().zip(operands) {
                        let (yes, no) = image(*yes, *no);
                        slot.set(if holds(*a, *b) { yes } else { no });
                    }
                },
            );
        }
        (Operand::Constant(b), Some([yes, no])) => level.run(
            #[inline(always)]
            move |_| {
                for (slot, ((a, yes), no)) in out.iter_mut().zip(a.iter().zip(yes).zip(no)) {
                    let (yes, no) = image(*yes, *no);
                    slot.set(if holds(*a, b) { yes } else { no });
                }
            },
        ),
        (Operand::Constant(b), None) => unary(
            level,
            out,
            a,
            #[inline(always)]
            move |a| {
                let (yes, no) = image(a, a);
                if holds(a, b) { yes } else { no }
            },
        ),
    }
}

/// One of the two that `image` gives, by how the lanes compare with a constant; the smallest and the
/// largest of the lanes.
pub(super) fn compare_select_watched<T: Integer>(
    level: Level,
    comparison: Comparison,
    out: &mut [Slot<T>],
    compared: (&[T], T),
    image: impl Fn(T) -> (T, T) + Copy,
) -> (T, T) {
    with_comparison!(comparison, select_watched_by(level, out, compared, image))
}

#[inline(always)]
fn select_watched_by<T: Integer>(
    level: Level,
    out: &mut [Slot<T>],
    (a, b): (&[T], T),
    image: impl Fn(T) -> (T, T),
    holds: impl Fn(T, T) -> bool,
) -> (T, T) {
    unary_watched(
        level,
        out,
        a,
        #[inline(always)]
        move |a| {
            let (yes, no) = image(a);
            if holds(a, b) { yes } else { no }
        },
    )
}

/// A polynomial by Horner's rule, of three coefficients at least, and maybe `a` times a factor added.
/// `convert` makes a number of an element; `step` multiplies and adds.
#[inline(always)]
pub(super) fn horner<E: Copy, T: Copy>(
    level: Level,
    out: &mut [Slot<T>],
    a: &[E],
    (coefficients, added): (Vec<T>, Option<T>),
    convert: impl Fn(E) -> T + Copy,
    step: impl Fn(T, T, T) -> T + Copy,
) {
    macro_rules! of {
        ($($len:literal)*) => {
            match coefficients.len() {
                $($len => if let Some(coefficients) = coefficients.first_chunk::<$len>() {
                    horner_of(level, out, a, (*coefficients, added), convert, step);
                })*
                _ => unreachable!("a polynomial of so many terms"),
            }
        };
    }
    of!(3 4 5);
}

#[inline(always)]
fn horner_of<E: Copy, T: Copy, const N: usize>(
    level: Level,
    out: &mut [Slot<T>],
    a: &[E],
    (coefficients, added): ([T; N], Option<T>),
    convert: impl Fn(E) -> T + Copy,
    step: impl Fn(T, T, T) -> T + Copy,
) {
    match added {
        None => unary(
            level,
            out,
            a,
            #[inline(always)]
            move |a| polynomial(convert(a), coefficients, step),
        ),
        Some(factor) => unary(
            level,
            out,
            a,
            #[inline(always)]
            move |a| {
                let a = convert(a);
                step(a, factor, polynomial(a, coefficients, step))
            },
        ),
    }
}

#[inline(always)]
fn polynomial<T: Copy, const N: usize>(
    a: T,
    coefficients: [T; N],
    step: impl Fn(T, T, T) -> T,
) -> T {
    let mut value = coefficients[0];
    for coefficient in &coefficients[1..] {
        value = step(value, a, *coefficient);
    }
    value
}

pub(super) fn select<T: Copy>(
    level: Level,
    out: &mut [Slot<T>],
    condition: &[u8],
    [yes, no]: [&[T]; 2],
) {
    level.run(
        #[inline(always)]
        move |_| {
            let operands = condition.iter().zip(yes).zip(no);
            for (slot, ((condition, yes), no)) in out.iter_mut().zip(operands) {
                // Read before it is chosen: there is no branch then.
                let (yes, no) = (*yes, *no);
                slot.set(if *condition != 0 { yes } else { no });
            }
        },
    );
}
