//! Each operation as Python has it: on integers without bound, and as `floatobject.c` says.

use super::draft::Value;

fn i64_or_bail(value: Option<i128>) -> Option<Value> {
    value
        .filter(|value| i64::try_from(*value).is_ok())
        .map(Value::Int)
}

/// The value of an operation; none where it bails out.
pub(crate) fn evaluate(code: u8, operands: &[Value], function: u16) -> Option<Value> {
    match *operands {
        [Value::Int(a)] => match code {
            0x50 => Some(Value::Float(a as f64)),
            0x51 => (a.abs() <= 1 << 53).then_some(Value::Float(a as f64)),
            _ => i64_or_bail(Some(match code {
                0x0c => -a,
                0x0d => a.abs(),
                0x0e => !a,
                _ => unreachable!("{code:x}"),
            })),
        },
        [Value::Int(a), Value::Int(b)] => integers(code, a, b),
        [Value::Float(a)] => of_float(code, a, function),
        [Value::Float(a), Value::Float(b)] => floats(code, a, b),
        [Value::Bool(a)] if code == 0x43 => Some(Value::Bool(!a)),
        [Value::Bool(a)] => Some(Value::Int(a.into())),
        [Value::Bool(a), Value::Bool(b)] => Some(Value::Bool(match code {
            0x40 => a && b,
            0x41 => a || b,
            _ => a != b,
        })),
        _ => unreachable!("{code:x} of {operands:?}"),
    }
}

fn floor_div(a: i128, b: i128) -> Option<i128> {
    (b != 0).then(|| a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0))
}

fn integers(code: u8, a: i128, b: i128) -> Option<Value> {
    let exact = |value: i128| value.abs() <= 1 << 53;
    let holds = match code {
        0x30 => a < b,
        0x31 => a <= b,
        0x32 => a == b,
        0x33 => a != b,
        0x57 => {
            let fine = b != 0 && exact(a) && exact(b);
            return fine.then(|| Value::Float(a as f64 / b as f64));
        }
        _ => {
            return i64_or_bail(match code {
                0x01 => Some(a + b),
                0x02 => Some(a - b),
                0x03 => a.checked_mul(b),
                0x04 => floor_div(a, b),
                0x05 => floor_div(a, b).map(|quotient| a - quotient * b),
                0x06 => match (a, b) {
                    (_, ..0) => None,
                    (_, 0) => Some(1),
                    (-1, _) => Some(1 - 2 * (b & 1)),
                    (0 | 1, _) => Some(a),
                    _ => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
                },
                0x07 => match (a, b) {
                    (_, ..0) => None,
                    (0, _) => Some(0),
                    _ => (b <= 63).then(|| a.checked_mul(1 << b)).flatten(),
                },
                0x08 => (b >= 0).then(|| a >> b.min(127)),
                0x09 => Some(a & b),
                0x0a => Some(a | b),
                0x0b => Some(a ^ b),
                0x0f => Some(a.min(b)),
                0x10 => Some(a.max(b)),
                _ => unreachable!("{code:x}"),
            });
        }
    };
    Some(Value::Bool(holds))
}

fn of_float(code: u8, a: f64, function: u16) -> Option<Value> {
    let integer = |value: f64| {
        let inside = value.is_finite() && value.abs() < 2_f64.powi(100);
        i64_or_bail(inside.then_some(value as i128))
    };
    match code {
        0x26 => Some(Value::Float(-a)),
        0x27 => Some(Value::Float(a.abs())),
        0x53 => integer(a.trunc()),
        0x54 => integer(a.round_ties_even()),
        0x55 => integer(a.floor()),
        0x56 => integer(a.ceil()),
        0x80 => {
            let functions = [
                f64::sqrt,
                f64::exp,
                f64::exp_m1,
                f64::ln,
                f64::log2,
                f64::log10,
                f64::ln_1p,
                f64::sin,
                f64::cos,
                f64::tan,
                f64::asin,
                f64::acos,
                f64::atan,
                f64::sinh,
                f64::cosh,
                f64::tanh,
            ];
            let value = functions[usize::from(function)](a);
            let fails = value.is_nan() && !a.is_nan() || value.is_infinite() && a.is_finite();
            (!fails).then_some(Value::Float(value))
        }
        _ => unreachable!("{code:x}"),
    }
}

/// How many functions [`evaluate`] knows; of the others Rust has its own.
pub(crate) const FUNCTIONS: u16 = 16;

fn floats(code: u8, a: f64, b: f64) -> Option<Value> {
    let holds = match code {
        0x38 => a < b,
        0x39 => a <= b,
        0x3a => a == b,
        0x3b => a != b,
        _ => {
            return match code {
                0x20 => Some(a + b),
                0x21 => Some(a - b),
                0x22 => Some(a * b),
                0x23 => (b != 0.0).then(|| a / b),
                0x24 => float_div_mod(a, b).map(|(quotient, _)| quotient),
                0x25 => float_div_mod(a, b).map(|(_, rest)| rest),
                0x28 => power(a, b),
                0x2a => (!a.is_nan() && !b.is_nan()).then(|| a.copysign(b)),
                0x2b => {
                    let fails = !a.is_nan() && !b.is_nan() && (a.is_infinite() || b == 0.0);
                    (!fails).then(|| a % b)
                }
                0x2c | 0x2d => Some(a.atan2(b)),
                _ => unreachable!("{code:x}"),
            }
            .map(Value::Float);
        }
    };
    Some(Value::Bool(holds))
}

/// `_float_div_mod` of `floatobject.c`.
fn float_div_mod(vx: f64, wx: f64) -> Option<(f64, f64)> {
    if wx == 0.0 {
        return None;
    }
    let mut rest = vx % wx;
    let mut div = (vx - rest) / wx;
    if rest == 0.0 {
        rest = 0_f64.copysign(wx);
    } else if (wx < 0.0) != (rest < 0.0) {
        rest += wx;
        div -= 1.0;
    }
    let floor_div = if div == 0.0 {
        0_f64.copysign(vx / wx)
    } else if div - div.floor() > 0.5 {
        div.floor() + 1.0
    } else {
        div.floor()
    };
    Some((floor_div, rest))
}

/// Python's power is that of C, but for what raises or is complex.
fn power(a: f64, b: f64) -> Option<f64> {
    let value = a.powf(b);
    let complex = a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0;
    let overflows = a.is_finite() && b.is_finite() && value.is_infinite();
    (!complex && !overflows).then_some(value)
}
