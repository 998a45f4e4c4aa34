//! Any operation on one element, as Python has it; none where it bails out.

use super::kernels::{call, power, scalar, whole};
use super::program::Op;
use crate::element::Integer;

#[expect(
    clippy::many_single_char_names,
    reason = "each operand as bits, int and double"
)]
/// The operation on one element, by bits; none where it bails out.
#[inline(always)]
pub(super) fn evaluate(op: Op, function: u16, [a, b, c]: [u64; 3]) -> Option<u64> {
    let (x, y) = (a.cast_signed(), b.cast_signed());
    let (u, v) = (f64::from_bits(a), f64::from_bits(b));
    let exact = |x: i64| x.unsigned_abs() <= 1 << 53;
    let int = |value: Option<i64>| value.map(i64::cast_unsigned);
    let float = |value: f64| Some(value.to_bits());
    let bool = |value: bool| Some(u64::from(value));
    match op {
        Op::Add => int(x.checked_add(y)),
        Op::Sub => int(x.checked_sub(y)),
        Op::Mul => int(x.checked_mul(y)),
        Op::FloorDiv => int(floor_div(x, y)),
        Op::Mod => int(modulo(x, y)),
        Op::Pow => int(power(x, y)),
        Op::Shl => int(shifted_left(x, y)),
        Op::Shr => int(shifted_right(x, y)),
        Op::And | Op::BoolAnd => Some(a & b),
        Op::Or | Op::BoolOr => Some(a | b),
        Op::Xor | Op::BoolXor => Some(a ^ b),
        Op::Neg => int(x.checked_neg()),
        Op::Abs => int(x.checked_abs()),
        Op::Invert => Some(!a),
        Op::Min => int(Some(x.min(y))),
        Op::Max => int(Some(x.max(y))),
        Op::FloatAdd => float(u + v),
        Op::FloatSub => float(u - v),
        Op::FloatMul => float(u * v),
        Op::FloatDiv => (v != 0.0).then(|| (u / v).to_bits()),
        Op::FloatNeg => float(-u),
        Op::FloatAbs => float(u.abs()),
        Op::Copysign => (!u.is_nan() && !v.is_nan()).then(|| u.copysign(v).to_bits()),
        Op::FloatFloorDiv
        | Op::FloatMod
        | Op::FloatPow
        | Op::Fmod
        | Op::Atan2
        | Op::KeepingAtan2 => scalar(op)(u, v).map(f64::to_bits),
        Op::Call => call(function, u).map(f64::to_bits),
        Op::Lt => bool(x < y),
        Op::Le => bool(x <= y),
        Op::Eq => bool(x == y),
        Op::Ne => bool(x != y),
        Op::FloatLt => bool(u < v),
        Op::FloatLe => bool(u <= v),
        #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
        Op::FloatEq => bool(u == v),
        #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
        Op::FloatNe => bool(u != v),
        Op::Not => Some(a ^ 1),
        Op::ToFloat => float(x.to_f64()),
        Op::ToFloatExact => exact(x).then(|| x.to_f64().to_bits()),
        Op::BoolToInt => Some(a),
        Op::Trunc => int(whole(u.trunc())),
        Op::Round => int(whole(u.round_ties_even())),
        Op::Floor => int(whole(u.floor())),
        Op::Ceil => int(whole(u.ceil())),
        Op::TrueDiv => {
            (y != 0 && exact(x) && exact(y)).then(|| (x.to_f64() / y.to_f64()).to_bits())
        }
        Op::Select | Op::FloatSelect | Op::BoolSelect => Some(if a != 0 { b } else { c }),
        Op::Bail => None,
    }
}

/// As Python has it; none beyond 64 bits.
#[inline(always)]
pub(super) fn shifted_left(x: i64, count: i64) -> Option<i64> {
    let shifted = u32::try_from(count)
        .ok()
        .and_then(|count| x.checked_shl(count));
    match shifted {
        _ if x == 0 && count >= 0 => Some(0),
        Some(shifted) if shifted >> count == x => Some(shifted),
        _ => None,
    }
}

#[inline(always)]
pub(super) fn shifted_right(x: i64, count: i64) -> Option<i64> {
    (count >= 0).then(|| x >> count.min(63))
}

#[inline(always)]
pub(super) fn floor_div(x: i64, y: i64) -> Option<i64> {
    let quotient = x.checked_div(y)?;
    let rest = x.wrapping_rem(y);
    Some(quotient - i64::from(rest != 0 && (rest < 0) != (y < 0)))
}

#[inline(always)]
pub(super) fn modulo(x: i64, y: i64) -> Option<i64> {
    if y == 0 {
        return None;
    }
    let rest = x.wrapping_rem(y);
    // Without a branch: signs may come as they like.
    let differs = i64::from(rest != 0) & i64::from((rest ^ y) < 0);
    Some(rest + (y & -differs))
}
