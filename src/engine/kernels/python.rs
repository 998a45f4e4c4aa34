//! Float operations as CPython has them, and the C library it calls.
//!
//! `None` where CPython raises, or gives what is no float.

use super::super::program::FUNCTIONS;

/// A function of one double.
pub(in crate::engine) type Function = extern "C" fn(f64) -> f64;

/// The functions that CPython's `math` and `float` call: the very ones, of the C library that this
/// process has loaded. What Rust offers under the same names may be computed by the compiler, with
/// another library. Called only through pointers that the compiler does not see through.
#[expect(unsafe_code, reason = "the C library is declared, not defined, here")]
mod c {
    // SAFETY: the signatures are those of the C standard; the functions are pure but for `errno`
    // and take any double.
    unsafe extern "C" {
        pub(super) safe fn exp(x: f64) -> f64;
        pub(super) safe fn expm1(x: f64) -> f64;
        pub(super) safe fn log(x: f64) -> f64;
        pub(super) safe fn log2(x: f64) -> f64;
        pub(super) safe fn log10(x: f64) -> f64;
        pub(super) safe fn log1p(x: f64) -> f64;
        pub(super) safe fn sin(x: f64) -> f64;
        pub(super) safe fn cos(x: f64) -> f64;
        pub(super) safe fn tan(x: f64) -> f64;
        pub(super) safe fn asin(x: f64) -> f64;
        pub(super) safe fn acos(x: f64) -> f64;
        pub(super) safe fn atan(x: f64) -> f64;
        pub(super) safe fn sinh(x: f64) -> f64;
        pub(super) safe fn cosh(x: f64) -> f64;
        pub(super) safe fn tanh(x: f64) -> f64;
        pub(super) safe fn asinh(x: f64) -> f64;
        pub(super) safe fn acosh(x: f64) -> f64;
        pub(super) safe fn atanh(x: f64) -> f64;
        pub(super) safe fn cbrt(x: f64) -> f64;
        pub(super) safe fn exp2(x: f64) -> f64;
        pub(super) safe fn erf(x: f64) -> f64;
        pub(super) safe fn erfc(x: f64) -> f64;
        pub(super) safe fn pow(x: f64, y: f64) -> f64;
        pub(super) safe fn fmod(x: f64, y: f64) -> f64;
        pub(super) safe fn atan2(y: f64, x: f64) -> f64;
    }
}

/// A square root has one right value, and every CPU gives it.
pub(in crate::engine) const SQRT: u16 = 0;

extern "C" fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// As `mathmodule.c` has logarithms: a NaN is returned as it is, where the C library makes a signalling
/// one quiet.
macro_rules! logarithms {
    ($($name:ident)*) => {
        $(extern "C" fn $name(x: f64) -> f64 {
            if x.is_nan() { x } else { c::$name(x) }
        })*
    };
}
logarithms!(log log2 log10);

#[rustfmt::skip]
static CALLED: [Function; FUNCTIONS as usize] = [
    sqrt, c::exp, c::expm1, log, log2, log10, c::log1p, c::sin, c::cos, c::tan, c::asin,
    c::acos, c::atan, c::sinh, c::cosh, c::tanh, c::asinh, c::acosh, c::atanh, c::cbrt, c::exp2,
    c::erf, c::erfc,
];

/// The function of this number.
pub(in crate::engine) fn function(number: u16) -> Function {
    std::hint::black_box(CALLED[usize::from(number)])
}

/// As `math` calls a function of one argument.
#[inline(always)]
pub(in crate::engine) fn called(function: Function, x: f64) -> Option<f64> {
    let value = function(x);
    let fails = value.is_nan() && !x.is_nan() || value.is_infinite() && x.is_finite();
    (!fails).then_some(value)
}

/// As [`called`], by number.
pub(in crate::engine) fn call(number: u16, x: f64) -> Option<f64> {
    called(function(number), x)
}

fn remainder(x: f64, y: f64) -> f64 {
    std::hint::black_box(c::fmod as extern "C" fn(f64, f64) -> f64)(x, y)
}

/// `a // b`: `float_floor_div` of `floatobject.c`.
pub(in crate::engine) fn float_floor_div(a: f64, b: f64) -> Option<f64> {
    if b == 0.0 {
        return None;
    }
    let rest = remainder(a, b);
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    Some(if quotient == 0.0 {
        0_f64.copysign(a / b)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        }
    })
}

/// `a % b`: `float_rem` of `floatobject.c`.
pub(in crate::engine) fn float_mod(a: f64, b: f64) -> Option<f64> {
    if b == 0.0 {
        return None;
    }
    let rest = remainder(a, b);
    Some(if rest == 0.0 {
        0_f64.copysign(b)
    } else if (b < 0.0) == (rest < 0.0) {
        rest
    } else {
        rest + b
    })
}

/// `math.fmod(a, b)`.
pub(in crate::engine) fn fmod(a: f64, b: f64) -> Option<f64> {
    if b.is_infinite() && a.is_finite() {
        return Some(a);
    }
    let rest = remainder(a, b);
    (!rest.is_nan() || a.is_nan() || b.is_nan()).then_some(rest)
}

/// `a ** b`: `float_pow` of `floatobject.c`.
#[expect(clippy::float_cmp, reason = "as CPython does")]
pub(in crate::engine) fn float_pow(a: f64, b: f64) -> Option<f64> {
    let is_odd = |b: f64| remainder(b.abs(), 2.0) == 1.0;
    if b == 0.0 {
        return Some(1.0);
    }
    if a.is_nan() {
        return Some(a);
    }
    if b.is_nan() {
        return Some(if a == 1.0 { 1.0 } else { b });
    }
    if b.is_infinite() {
        let a = a.abs();
        return Some(if a == 1.0 {
            1.0
        } else if (b > 0.0) == (a > 1.0) {
            f64::INFINITY
        } else {
            0.0
        });
    }
    if a.is_infinite() {
        return Some(match (b > 0.0, is_odd(b)) {
            (true, true) => a,
            (true, false) => a.abs(),
            (false, true) => 0_f64.copysign(a),
            (false, false) => 0.0,
        });
    }
    if a == 0.0 {
        return (b > 0.0).then(|| if is_odd(b) { a } else { 0.0 });
    }
    let negate = a < 0.0 && is_odd(b);
    if a < 0.0 && b != b.floor() {
        return None;
    }
    let a = a.abs();
    if a == 1.0 {
        return Some(if negate { -1.0 } else { 1.0 });
    }
    let power = std::hint::black_box(c::pow as extern "C" fn(f64, f64) -> f64)(a, b);
    power
        .is_finite()
        .then(|| if negate { -power } else { power })
}

/// `math.atan2(y, x)` from CPython 3.14 on, which leaves a NaN to the C library: it is the one given.
pub(in crate::engine) fn keeping_atan2(y: f64, x: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        x + y
    } else {
        atan2(y, x)
    }
}

/// `math.atan2(y, x)` up to CPython 3.13, which has one NaN for all.
pub(in crate::engine) fn atan2(y: f64, x: f64) -> f64 {
    use std::f64::consts::PI;
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let is_left = x.is_sign_negative();
    if y.is_infinite() {
        return match (x.is_infinite(), is_left) {
            (true, false) => 0.25 * PI,
            (true, true) => 0.75 * PI,
            (false, _) => 0.5 * PI,
        }
        .copysign(y);
    }
    if x.is_infinite() || y == 0.0 {
        return if is_left { PI } else { 0.0 }.copysign(y);
    }
    std::hint::black_box(c::atan2 as extern "C" fn(f64, f64) -> f64)(y, x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angle_of_a_nan_is_one_for_all_or_the_one_given() {
        let given = f64::from_bits(0xfff8_0000_0000_1234);
        for (y, x) in [(given, 1.0), (0.0, given), (given, f64::INFINITY)] {
            assert_eq!(atan2(y, x).to_bits(), f64::NAN.to_bits());
            assert_eq!(keeping_atan2(y, x).to_bits(), given.to_bits());
        }
        for (y, x) in [(0.0, -0.0), (-1.0, 2.0), (f64::INFINITY, -1.0)] {
            assert_eq!(keeping_atan2(y, x).to_bits(), atan2(y, x).to_bits());
        }
    }
}
