//! Operations on doubles, and between them and integers.

use super::super::lane::Lane;
use super::super::program::Op;
use super::super::slot::Slot;
use super::python;
use super::{Operand, binary, binary_checked, unary};
use crate::Level;

/// 2^63.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

/// An operation that cannot fail. `a` may be a constant in `c - x` only.
pub(in crate::engine) fn plain_float(
    level: Level,
    op: Op,
    out: &mut [Slot<f64>],
    a: Operand<'_, f64>,
    b: Operand<'_, f64>,
) {
    macro_rules! pairs {
        ($image:expr) => {
            binary(
                level,
                out,
                a.lanes(),
                b,
                #[inline(always)]
                $image,
            )
        };
    }
    match (op, a) {
        (Op::FloatAdd, _) => pairs!(|a, b| a + b),
        (Op::FloatSub, Operand::Constant(a)) => unary(
            level,
            out,
            b.lanes(),
            #[inline(always)]
            move |b| a - b,
        ),
        (Op::FloatSub, _) => pairs!(|a, b| a - b),
        (Op::FloatMul, _) => pairs!(|a, b| a * b),
        (Op::FloatDiv, _) => pairs!(|a, b| a / b),
        (Op::Copysign, _) => pairs!(|a: f64, b| a.copysign(b)),
        (Op::FloatNeg, _) => unary(
            level,
            out,
            a.lanes(),
            #[inline(always)]
            move |a: f64| -a,
        ),
        (Op::FloatAbs, _) => unary(level, out, a.lanes(), f64::abs),
        // The rest is one call a lane, so that it makes no difference what is checked.
        _ => {
            let (a, b) = (a.lanes(), b.lanes());
            for ((slot, a), b) in out.iter_mut().zip(a).zip(b) {
                slot.set(scalar(op)(*a, *b).unwrap_or(f64::NAN));
            }
        }
    }
}

/// The operation on one lane, where it is not a vector operation.
pub(in crate::engine) fn scalar(op: Op) -> fn(f64, f64) -> Option<f64> {
    match op {
        Op::FloatFloorDiv => python::float_floor_div,
        Op::FloatMod => python::float_mod,
        Op::FloatPow => python::float_pow,
        Op::Fmod => python::fmod,
        Op::Atan2 => |a, b| Some(python::atan2(a, b)),
        Op::KeepingAtan2 => |a, b| Some(python::keeping_atan2(a, b)),
        _ => unreachable!("{op:?} is no operation of floats"),
    }
}

/// An operation that fails in some lanes; whether any active one is among them.
pub(in crate::engine) fn checked_float(
    level: Level,
    (op, function): (Op, u16),
    out: &mut [Slot<f64>],
    operands: [&[f64]; 2],
    mask: &[u8],
) -> bool {
    macro_rules! pairs {
        ($image:expr) => {
            binary_checked(
                level,
                out,
                operands,
                mask,
                #[inline(always)]
                $image,
            )
        };
    }
    match op {
        Op::FloatDiv => pairs!(|a, b| (a / b, b == 0.0)),
        Op::Copysign => pairs!(|a: f64, b: f64| (a.copysign(b), a.is_nan() || b.is_nan())),
        Op::Call if function == python::SQRT => pairs!(|a: f64, _| (a.sqrt(), a < 0.0)),
        Op::Call => {
            let image = python::function(function);
            each(out, operands, mask, |a, _| python::called(image, a))
        }
        _ => each(out, operands, mask, scalar(op)),
    }
}

/// Only of active lanes: a call costs more than to ask.
#[inline(always)]
fn each(
    out: &mut [Slot<f64>],
    [a, b]: [&[f64]; 2],
    mask: &[u8],
    image: impl Fn(f64, f64) -> Option<f64>,
) -> bool {
    for (((slot, a), b), mask) in out.iter_mut().zip(a).zip(b).zip(mask) {
        slot.set(0.0);
        if *mask != 0 {
            match image(*a, *b) {
                Some(value) => slot.set(value),
                None => return true,
            }
        }
    }
    false
}

/// Integers rounded to an integer in lanes that hold them, if not checked; else, lanes are of 64 bits.
pub(in crate::engine) fn to_integers<L: Lane>(
    level: Level,
    op: Op,
    out: &mut [Slot<L>],
    a: &[f64],
    mask: &[u8],
) -> bool {
    macro_rules! rounded {
        ($rounded:expr) => {
            binary_checked(
                level,
                out,
                [a, a],
                mask,
                #[inline(always)]
                move |a: f64, _| {
                    let value: f64 = $rounded(a);
                    // NaN is not inside either.
                    let inside = (-LIMIT..LIMIT).contains(&value);
                    (<L as crate::element::Integer>::saturated(value), !inside)
                },
            )
        };
    }
    match op {
        Op::Trunc => rounded!(f64::trunc),
        Op::Round => rounded!(f64::round_ties_even),
        Op::Floor => rounded!(f64::floor),
        Op::Ceil => rounded!(f64::ceil),
        _ => unreachable!("{op:?} gives no integers"),
    }
}

/// An integer that 64 bits hold, from a double that is one.
#[inline(always)]
pub(in crate::engine) fn whole(value: f64) -> Option<i64> {
    let inside = (-LIMIT..LIMIT).contains(&value);
    inside.then(|| <i64 as crate::element::Integer>::saturated(value))
}

/// Doubles from integers; whether an active lane bails out.
pub(in crate::engine) fn from_integers<L: Lane>(
    level: Level,
    op: Op,
    out: &mut [Slot<f64>],
    operands: [&[L]; 2],
    mask: &[u8],
) -> bool {
    macro_rules! pairs {
        ($image:expr) => {
            binary_checked(
                level,
                out,
                operands,
                mask,
                #[inline(always)]
                $image,
            )
        };
    }
    /// Whether it is beyond what doubles hold exactly.
    #[inline(always)]
    fn beyond<L: Lane>(a: L) -> bool {
        const EXACT: i64 = 1 << 53;
        a.wide64() > EXACT || a.wide64() < -EXACT
    }
    match op {
        Op::ToFloat => {
            unary(level, out, operands[0], L::to_f64);
            false
        }
        Op::ToFloatExact => pairs!(|a: L, _| (a.to_f64(), beyond(a))),
        Op::TrueDiv => pairs!(|a: L, b: L| {
            let bad = b == L::ZERO || beyond(a) || beyond(b);
            (a.to_f64() / b.to_f64(), bad)
        }),
        _ => unreachable!("{op:?} gives no floats"),
    }
}
