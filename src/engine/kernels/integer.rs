//! Operations on integers.

use super::super::lane::Lane;
use super::super::program::Op;
use super::super::slot::Slot;
use super::{Operand, binary, binary_checked, unary};
use crate::Level;

/// An operation that cannot leave the lane, nor fail. `a` may be a constant in `c - x` only; a
/// constant divisor is positive.
pub(in crate::engine) fn plain<L: Lane>(
    level: Level,
    op: Op,
    out: &mut [Slot<L>],
    a: Operand<'_, L>,
    b: Operand<'_, L>,
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
        (Op::Add, _) => pairs!(|a: L, b| a.add(b)),
        (Op::Sub, Operand::Constant(a)) => unary(
            level,
            out,
            b.lanes(),
            #[inline(always)]
            move |b| a.sub(b),
        ),
        (Op::Sub, _) => pairs!(|a: L, b| a.sub(b)),
        (Op::Mul, _) => pairs!(|a: L, b| a.wrapping_mul(b)),
        (Op::And, _) => pairs!(|a: L, b| a & b),
        (Op::Or, _) => pairs!(|a: L, b| a | b),
        (Op::Xor, _) => pairs!(|a: L, b| a ^ b),
        (Op::Min, _) => pairs!(|a: L, b| a.min(b)),
        (Op::Max, _) => pairs!(|a: L, b| a.max(b)),
        // Where the count is larger than a lane is wide, `a` is zero.
        (Op::Shl, _) => pairs!(|a: L, b| a.shl(b)),
        (Op::Shr, _) => pairs!(|a: L, b: L| a.shr(b.min(L::MAX_SHIFT))),
        (Op::Neg, _) => unary(
            level,
            out,
            a.lanes(),
            #[inline(always)]
            move |a: L| L::ZERO.sub(a),
        ),
        (Op::Abs, _) => unary(level, out, a.lanes(), absolute),
        (Op::Invert, _) => unary(
            level,
            out,
            a.lanes(),
            #[inline(always)]
            move |a: L| !a,
        ),
        (Op::FloorDiv, _) => by_constant(level, out, a.lanes(), b, |quotient, _| quotient),
        (Op::Mod, _) => by_constant(level, out, a.lanes(), b, |_, rest| rest),
        _ => unreachable!("{op:?} is no plain operation of integers"),
    }
}

#[inline(always)]
pub(in crate::engine) fn absolute<L: Lane>(a: L) -> L {
    if a < L::ZERO { L::ZERO.sub(a) } else { a }
}

/// Division by a positive constant, of what floats hold exactly.
#[inline(always)]
fn by_constant<L: Lane>(
    level: Level,
    out: &mut [Slot<L>],
    a: &[L],
    b: Operand<'_, L>,
    part: impl Fn(L, L) -> L,
) {
    let Operand::Constant(b) = b else {
        unreachable!("a divisor that is not constant")
    };
    let divisor = L::divisor(b);
    unary(
        level,
        out,
        a,
        #[inline(always)]
        move |a| {
            let quotient = a.floor_div_by(divisor);
            part(quotient, a.sub(quotient.wrapping_mul(b)))
        },
    );
}

/// The floored quotient and its rest, by a quotient cut off.
#[inline(always)]
fn floored<L: Lane>(a: L, b: L, quotient: L) -> (L, L) {
    let rest = a.sub(quotient.wrapping_mul(b));
    if rest != L::ZERO && (rest ^ b) < L::ZERO {
        (quotient.sub(L::ONE), rest.add(b))
    } else {
        (quotient, rest)
    }
}

/// An operation that may leave 64 bits, in lanes of which `L` is one then, or otherwise fail;
/// whether any active lane does.
///
/// `real`: floats hold all operands exactly.
pub(in crate::engine) fn checked<L: Lane>(
    level: Level,
    (op, real): (Op, bool),
    out: &mut [Slot<L>],
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
    macro_rules! quotients {
        ($quotient:expr) => {
            pairs!(|a: L, b: L| {
                let divisor = if b == L::ZERO { L::ONE } else { b };
                let overflows = b == !L::ZERO && a == L::MIN;
                let (quotient, _) = floored(a, divisor, $quotient(a, divisor));
                (quotient, b == L::ZERO || overflows)
            })
        };
    }
    macro_rules! rests {
        ($quotient:expr) => {
            pairs!(|a: L, b: L| {
                // By minus one there is no rest either, and the quotient may not fit.
                let divisor = if b == L::ZERO || b == !L::ZERO {
                    L::ONE
                } else {
                    b
                };
                let (_, rest) = floored(a, divisor, $quotient(a, divisor));
                (rest, b == L::ZERO)
            })
        };
    }
    match op {
        Op::Add => pairs!(|a: L, b| {
            let sum = a.add(b);
            (sum, ((a ^ sum) & (b ^ sum)) < L::ZERO)
        }),
        Op::Sub => pairs!(|a: L, b| {
            let difference = a.sub(b);
            (difference, ((a ^ b) & (a ^ difference)) < L::ZERO)
        }),
        Op::Mul => pairs!(|a: L, b: L| {
            // Below 2^63 by more than the product of the rounded operands is off.
            let magnitude = (a.to_f64() * b.to_f64()).abs();
            (a.wrapping_mul(b), magnitude >= 9.223_372_036_854_7e18)
        }),
        // Both operands are the same one.
        Op::Neg => pairs!(|a: L, _| (L::ZERO.sub(a), a == L::MIN)),
        Op::Abs => pairs!(|a: L, _| (absolute(a), a == L::MIN)),
        Op::FloorDiv if real => quotients!(L::real_quotient),
        Op::FloorDiv => quotients!(L::quotient),
        Op::Mod if real => rests!(L::real_quotient),
        Op::Mod => rests!(L::quotient),
        Op::Shl => pairs!(|a: L, b: L| {
            let shifted = a.shl(b);
            let fits = b <= L::MAX_SHIFT && shifted.shr(b) == a;
            (shifted, b < L::ZERO || !(fits || a == L::ZERO))
        }),
        Op::Shr => pairs!(|a: L, b: L| (a.shr(b.min(L::MAX_SHIFT)), b < L::ZERO)),
        Op::Pow => pow(out, operands, mask),
        _ => unreachable!("{op:?} is no checked operation of integers"),
    }
}

fn pow<L: Lane>(out: &mut [Slot<L>], [a, b]: [&[L]; 2], mask: &[u8]) -> bool {
    let mut bails = false;
    for (((slot, a), b), mask) in out.iter_mut().zip(a).zip(b).zip(mask) {
        let power = power(a.wide64(), b.wide64());
        slot.set(power.map_or(L::ZERO, L::of));
        bails |= *mask != 0 && power.is_none();
    }
    bails
}

/// The power, if the exponent is not negative and 64 bits hold it.
pub(in crate::engine) fn power(base: i64, exponent: i64) -> Option<i64> {
    match base {
        _ if exponent < 0 => None,
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}
