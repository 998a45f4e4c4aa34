//! Intervals: between which numbers the values of a program lie.

use super::program::{Constant, Op, Program};

/// The integers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) low: i128,
    pub(super) high: i128,
}

/// The largest magnitude that a result is told from; beyond every lane.
const BEYOND: i128 = 1 << 100;

/// Up to here every integer is a double.
pub(super) const EXACT: i128 = 1 << 53;

impl Interval {
    pub(super) const I64: Interval = Interval {
        low: i64::MIN as i128,
        high: i64::MAX as i128,
    };
    /// What doubles hold exactly, and so do their quotients' whole parts.
    pub(super) const REAL: Interval = Interval {
        low: -EXACT,
        high: EXACT,
    };

    pub(super) const fn new(low: i128, high: i128) -> Self {
        Interval { low, high }
    }

    const fn point(value: i128) -> Self {
        Interval::new(value, value)
    }

    pub(super) fn contains(self, other: Interval) -> bool {
        self.low <= other.low && other.high <= self.high
    }

    fn has_zero(self) -> bool {
        self.low <= 0 && self.high >= 0
    }

    pub(super) fn hull(self, other: Interval) -> Self {
        Interval::new(self.low.min(other.low), self.high.max(other.high))
    }

    fn meet(self, other: Interval) -> Self {
        let low = self.low.clamp(other.low, other.high);
        Interval::new(low, self.high.clamp(low, other.high))
    }

    /// An interval around this one that many share, within `limits`.
    pub(super) fn widened(self, limits: Interval) -> Self {
        // Ends have three bits of their own.
        let grain = |end: i128| (126 - end.max(!end).max(1).leading_zeros().min(125)).max(1) - 1;
        let (low, high) = (grain(self.low), grain(self.high));
        Interval::new(
            self.low >> low << low,
            (self.high >> high << high) + (1 << high) - 1,
        )
        .meet(limits)
        .meet(Interval::I64)
    }

    fn magnitude(self) -> i128 {
        self.low.abs().max(self.high.abs())
    }

    /// The part above zero and the part below it.
    fn signs(self) -> [Option<Interval>; 2] {
        [
            (self.high > 0).then(|| Interval::new(self.low.max(1), self.high)),
            (self.low < 0).then(|| Interval::new(self.low, self.high.min(-1))),
        ]
    }

    /// The hull of the images of the corners: of a function that is monotone in each argument.
    fn corners(a: Interval, b: Interval, image: impl Fn(i128, i128) -> i128) -> Self {
        let images = [
            image(a.low, b.low),
            image(a.low, b.high),
            image(a.high, b.low),
            image(a.high, b.high),
        ];
        images
            .into_iter()
            .map(Interval::point)
            .fold(Interval::point(images[0]), Interval::hull)
    }

    /// All numbers of as many bits as the wider of two has.
    fn bits(a: Interval, b: Interval) -> Self {
        let all = a.hull(b);
        let bits = 128 - all.high.max(!all.low).max(0).leading_zeros();
        let low = if all.low < 0 { -(1 << bits) } else { 0 };
        Interval::new(low, (1 << bits) - 1)
    }

    fn floor_div(a: Interval, b: Interval) -> Self {
        let parts = b.signs().into_iter().flatten();
        let quotients = parts.map(|b| Interval::corners(a, b, floor_div));
        quotients
            .reduce(Interval::hull)
            .unwrap_or(Interval::point(0))
    }

    fn modulo(a: Interval, b: Interval) -> Self {
        let parts = b.signs().into_iter().flatten().map(|b| {
            if b.low > 0 && a.low >= 0 {
                Interval::new(
                    if a.high < b.low { a.low } else { 0 },
                    a.high.min(b.high - 1),
                )
            } else if b.low > 0 {
                Interval::new(0, b.high - 1)
            } else {
                Interval::new(b.low + 1, 0)
            }
        });
        parts.reduce(Interval::hull).unwrap_or(Interval::point(0))
    }

    fn pow(a: Interval, b: Interval) -> Self {
        let high = u32::try_from(b.high.clamp(0, 128)).unwrap_or(0);
        let power = |base: i128| base.saturating_pow(high).clamp(-BEYOND, BEYOND);
        if a.low >= 0 {
            // Zero to the zero is one.
            Interval::new(a.low.min(1), power(a.high).max(1))
        } else {
            let most = power(a.magnitude()).max(1);
            Interval::new(-most, most)
        }
    }
}

fn floor_div(a: i128, b: i128) -> i128 {
    a.div_euclid(b) - i128::from(b < 0 && a.rem_euclid(b) != 0)
}

/// What is known of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Range {
    Int(Interval),
    /// No NaN, and finite between these; none where that is not known.
    Float(Option<(f64, f64)>),
    Bool,
}

impl Range {
    pub(super) fn int(self) -> Interval {
        match self {
            Range::Int(interval) => interval,
            Range::Float(_) | Range::Bool => Interval::I64,
        }
    }

    fn float(self) -> Option<(f64, f64)> {
        match self {
            Range::Float(range) => range,
            Range::Int(_) | Range::Bool => None,
        }
    }
}

/// The range of every value, and whether each instruction may bail out.
pub(super) struct Ranges {
    pub(super) values: Vec<Range>,
    /// By instruction: it may.
    pub(super) bails: Vec<bool>,
    /// An integer may leave 64 bits.
    pub(super) overflows: bool,
}

impl Ranges {
    /// Those of a program whose integer inputs lie in these intervals (of others, any).
    pub(super) fn of(program: &Program, inputs: &[Interval]) -> Ranges {
        let mut ranges = Ranges {
            values: Vec::with_capacity(program.len()),
            bails: Vec::with_capacity(program.instructions().len()),
            overflows: false,
        };
        for (kind, interval) in program.inputs().iter().zip(inputs) {
            ranges.values.push(match kind {
                super::Kind::Int => Range::Int(*interval),
                super::Kind::Float | super::Kind::Bool => Range::Float(None),
            });
        }
        for constant in program.constants() {
            ranges.values.push(match *constant {
                Constant::Int(value) => Range::Int(Interval::point(value.into())),
                Constant::Float(value) => Range::Float(value.is_finite().then_some((value, value))),
                Constant::Bool(_) => Range::Bool,
            });
        }
        for instruction in program.instructions() {
            let mut operands = [Range::Bool; 3];
            for (operand, value) in operands.iter_mut().zip(instruction.operands()) {
                *operand = ranges.values[value];
            }
            let (range, mut bails) = image(instruction.op, operands);
            let range = match range {
                Range::Int(exact) if !Interval::I64.contains(exact) => {
                    bails = true;
                    ranges.overflows = true;
                    Range::Int(exact.meet(Interval::I64))
                }
                range => range,
            };
            ranges.values.push(range);
            ranges.bails.push(bails);
        }
        ranges
    }
}

/// The range of an exact result, and whether there may be another reason to bail out than that an
/// integer leaves 64 bits.
#[expect(
    clippy::many_single_char_names,
    reason = "operands, and what is known of each"
)]
fn image(op: Op, [x, y, z]: [Range; 3]) -> (Range, bool) {
    let (a, b) = (x.int(), y.int());
    let int = |interval| (Range::Int(interval), false);
    match op {
        Op::Add => int(Interval::new(a.low + b.low, a.high + b.high)),
        Op::Sub => int(Interval::new(a.low - b.high, a.high - b.low)),
        Op::Mul => int(Interval::corners(a, b, |a, b| {
            a.saturating_mul(b).clamp(-BEYOND, BEYOND)
        })),
        Op::FloorDiv => (Range::Int(Interval::floor_div(a, b)), b.has_zero()),
        Op::Mod => (Range::Int(Interval::modulo(a, b)), b.has_zero()),
        Op::Pow => (Range::Int(Interval::pow(a, b)), b.low < 0),
        Op::Shl => {
            let count = b.meet(Interval::new(0, 64));
            let shifted = Interval::corners(a, count, |a, b| (a << b).clamp(-BEYOND, BEYOND));
            (Range::Int(shifted), b.low < 0)
        }
        Op::Shr => {
            let count = b.meet(Interval::new(0, 64));
            (
                Range::Int(Interval::corners(a, count, |a, b| a >> b)),
                b.low < 0,
            )
        }
        Op::And if a.low >= 0 && b.low >= 0 => int(Interval::new(0, a.high.min(b.high))),
        Op::And if a.low >= 0 => int(Interval::new(0, a.high)),
        Op::And if b.low >= 0 => int(Interval::new(0, b.high)),
        Op::And | Op::Or | Op::Xor => int(Interval::bits(a, b)),
        Op::Neg => int(Interval::new(-a.high, -a.low)),
        Op::Abs => {
            let low = if a.has_zero() {
                0
            } else {
                a.low.abs().min(a.high.abs())
            };
            int(Interval::new(low, a.magnitude()))
        }
        Op::Invert => int(Interval::new(!a.high, !a.low)),
        Op::Min => int(Interval::new(a.low.min(b.low), a.high.min(b.high))),
        Op::Max => int(Interval::new(a.low.max(b.low), a.high.max(b.high))),
        Op::BoolToInt => int(Interval::new(0, 1)),
        Op::Select => int(b.hull(z.int())),
        Op::Trunc | Op::Round | Op::Floor | Op::Ceil => rounded(x.float()),
        _ => image_of_floats(op, [x, y, z]),
    }
}

/// As [`image`], of operations that give no integer.
#[expect(
    clippy::many_single_char_names,
    reason = "operands, and what is known of each"
)]
fn image_of_floats(op: Op, [x, y, z]: [Range; 3]) -> (Range, bool) {
    let (a, b) = (x.int(), y.int());
    let float = |range| (Range::Float(range), false);
    let both = x.float().zip(y.float());
    match op {
        Op::FloatAdd => float(both.and_then(|(x, y)| finite([x.0 + y.0, x.1 + y.1]))),
        Op::FloatSub => float(both.and_then(|(x, y)| finite([x.0 - y.1, x.1 - y.0]))),
        Op::FloatMul => {
            float(both.and_then(|(x, y)| finite([x.0 * y.0, x.0 * y.1, x.1 * y.0, x.1 * y.1])))
        }
        Op::FloatDiv => match both {
            Some((x, y)) if y.0 > 0.0 || y.1 < 0.0 => {
                float(finite([x.0 / y.0, x.0 / y.1, x.1 / y.0, x.1 / y.1]))
            }
            _ => (
                Range::Float(None),
                y.float().is_none_or(|y| y.0 <= 0.0 && y.1 >= 0.0),
            ),
        },
        Op::FloatNeg => float(x.float().map(|x| (-x.1, -x.0))),
        Op::FloatAbs => float(x.float().map(|x| (0.0, x.1.max(-x.0)))),
        Op::FloatSelect => float(match (y.float(), z.float()) {
            (Some(y), Some(z)) => finite([y.0, y.1, z.0, z.1]),
            _ => None,
        }),
        Op::ToFloat => float(Some((nearest(a.low), nearest(a.high)))),
        Op::ToFloatExact => {
            let exact = a.meet(Interval::REAL);
            let range = Some((nearest(exact.low), nearest(exact.high)));
            (Range::Float(range), !Interval::REAL.contains(a))
        }
        Op::TrueDiv => {
            let exact = Interval::REAL.contains(a) && Interval::REAL.contains(b);
            (Range::Float(None), !exact || b.has_zero())
        }
        Op::FloatFloorDiv | Op::FloatMod => (
            Range::Float(None),
            y.float().is_none_or(|y| y.0 <= 0.0 && y.1 >= 0.0),
        ),
        Op::Copysign => (Range::Float(None), both.is_none()),
        Op::FloatPow | Op::Fmod | Op::Call => (Range::Float(None), true),
        Op::Atan2 => float(None),
        Op::Bail => (Range::Bool, true),
        _ => (Range::Bool, false),
    }
}

/// The hull of numbers, if all are finite.
fn finite<const N: usize>(numbers: [f64; N]) -> Option<(f64, f64)> {
    let mut hull = (numbers[0], numbers[0]);
    for number in numbers {
        if !number.is_finite() {
            return None;
        }
        hull = (hull.0.min(number), hull.1.max(number));
    }
    Some(hull)
}

/// The integers that the numbers of a range may be rounded to, either way.
fn rounded(range: Option<(f64, f64)>) -> (Range, bool) {
    const LIMIT: f64 = 4.0e18;
    match range {
        #[expect(clippy::cast_possible_truncation, reason = "within the limits")]
        Some((low, high)) if low > -LIMIT && high < LIMIT => {
            let interval = Interval::new(low.floor() as i128, high.ceil() as i128);
            (Range::Int(interval), false)
        }
        _ => (Range::Int(Interval::I64), true),
    }
}

#[expect(clippy::cast_precision_loss, reason = "rounded, as the operation does")]
fn nearest(value: i128) -> f64 {
    value as f64
}
