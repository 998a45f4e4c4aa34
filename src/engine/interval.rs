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

    pub(super) const fn point(value: i128) -> Self {
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
#[derive(Debug)]
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
        Op::Atan2 | Op::KeepingAtan2 => float(None),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All intervals between two numbers.
    fn intervals(low: i128, high: i128) -> Vec<Interval> {
        (low..=high)
            .flat_map(|low| (low..=high).map(move |high| Interval::new(low, high)))
            .collect()
    }

    /// Rounded down.
    fn quotient(a: i128, b: i128) -> Option<i128> {
        let towards_zero = a.checked_div(b)?;
        Some(towards_zero - i128::from(a % b != 0 && (a < 0) != (b < 0)))
    }

    /// What Python has, of those that have it.
    fn integer(op: Op, a: i128, b: i128) -> Option<i128> {
        Some(match op {
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a.saturating_mul(b),
            Op::FloorDiv => quotient(a, b)?,
            Op::Mod => a - b * quotient(a, b)?,
            Op::Pow => a.pow(u32::try_from(b).ok()?),
            Op::Shl => a * (1 << u32::try_from(b).ok()?),
            Op::Shr => a.div_euclid(1 << u32::try_from(b).ok()?),
            Op::And => a & b,
            Op::Or => a | b,
            Op::Xor => a ^ b,
            Op::Neg => -a,
            Op::Abs => a.abs(),
            Op::Invert => -1 - a,
            Op::Min => a.min(b),
            Op::Max => a.max(b),
            _ => unreachable!("{op:?} of integers"),
        })
    }

    fn hull(values: impl IntoIterator<Item = i128>) -> Option<Interval> {
        let points = values.into_iter().map(Interval::point);
        points.reduce(Interval::hull)
    }

    fn image_of_integers(op: Op, a: Interval, b: Interval) -> (Interval, bool) {
        match image(op, [Range::Int(a), Range::Int(b), Range::Bool]) {
            (Range::Int(image), bails) => (image, bails),
            _ => panic!("{op:?} gives integers"),
        }
    }

    /// How much wider than what there is an image may be.
    fn bound(op: Op, a: Interval, b: Interval, exact: Interval) -> Interval {
        match op {
            Op::And if a.low >= 0 || b.low >= 0 => {
                let ends = [a, b].into_iter().filter(|operand| operand.low >= 0);
                Interval::new(0, ends.map(|operand| operand.high).min().unwrap_or(0))
            }
            // As many bits as the wider of the operands has.
            Op::And | Op::Or | Op::Xor => {
                let all = a.hull(b);
                let mut ends = (0, 0);
                while ends.1 < all.high.max(-1 - all.low) {
                    ends.1 = 2 * ends.1 + 1;
                }
                if all.low < 0 {
                    ends.0 = -1 - ends.1;
                }
                Interval::new(ends.0, ends.1)
            }
            Op::Mod => {
                let ends = if a.low >= 0 && a.high < b.low {
                    (a.low, a.high)
                } else if a.low >= 0 && b.low >= 0 {
                    (0, a.high.min(b.high - 1))
                } else {
                    ((b.low + 1).min(0), (b.high - 1).max(0))
                };
                Interval::new(ends.0, ends.1)
            }
            Op::Pow => {
                let most = a.magnitude().pow(u32::try_from(b.high).unwrap_or(0)).max(1);
                Interval::new(if a.low < 0 { -most } else { a.low.min(1) }, most)
            }
            _ => exact,
        }
    }

    #[test]
    fn images_of_small_intervals_hold_all_results_and_hardly_more() {
        let ops = [
            Op::Add,
            Op::Sub,
            Op::Mul,
            Op::FloorDiv,
            Op::Mod,
            Op::Pow,
            Op::Shl,
            Op::Shr,
            Op::And,
            Op::Or,
            Op::Xor,
            Op::Neg,
            Op::Abs,
            Op::Invert,
            Op::Min,
            Op::Max,
        ];
        for op in ops {
            for a in intervals(-5, 5) {
                for b in intervals(-5, 5) {
                    let pairs =
                        (a.low..=a.high).flat_map(|a| (b.low..=b.high).map(move |b| (a, b)));
                    let results: Vec<_> = pairs.map(|(a, b)| integer(op, a, b)).collect();
                    let (image, bails) = image_of_integers(op, a, b);
                    let context = format!("{op:?} of {a:?} and {b:?}: {image:?}");
                    assert_eq!(bails, results.contains(&None), "{context}");
                    if let Some(exact) = hull(results.into_iter().flatten()) {
                        assert!(image.contains(exact), "{context}, exactly {exact:?}");
                        let bound = bound(op, a, b, exact);
                        assert!(bound.contains(image), "{context}, at most {bound:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn images_of_large_intervals_hold_the_results_of_their_ends() {
        let ends: Vec<i128> = [0, 1, 2, 31, 32, 53, 62, 63, 64]
            .into_iter()
            .flat_map(|bit| [-1, 0, 1].map(|by| (1_i128 << bit) + by))
            .flat_map(|end| [end, -end])
            .filter(|end| Interval::I64.contains(Interval::point(*end)) || *end > 0)
            .collect();
        let ops = [
            Op::Add,
            Op::Sub,
            Op::Mul,
            Op::And,
            Op::Or,
            Op::Xor,
            Op::Min,
            Op::Max,
        ];
        for op in ops {
            for a in ends.iter().zip(ends.iter().skip(3)) {
                let a = Interval::new(*a.0.min(a.1), *a.0.max(a.1));
                for b in ends.iter().zip(ends.iter().skip(7)) {
                    let b = Interval::new(*b.0.min(b.1), *b.0.max(b.1));
                    let (image, _) = image_of_integers(op, a, b);
                    for (a, b) in [
                        (a.low, b.low),
                        (a.low, b.high),
                        (a.high, b.low),
                        (a.high, b.high),
                    ] {
                        let result = integer(op, a, b).map(|result| result.clamp(-BEYOND, BEYOND));
                        let point = result.map(Interval::point);
                        let holds = point.is_some_and(|point| image.contains(point));
                        assert!(holds, "{op:?} of {a} and {b}: {image:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn images_of_choices_are_hulls() {
        let either = [Interval::new(-3, 4), Interval::new(9, 70)].map(Range::Int);
        let (Range::Int(chosen), false) = image(Op::Select, [Range::Bool, either[0], either[1]])
        else {
            panic!("integers, and no reason to bail out");
        };
        assert_eq!(chosen, Interval::new(-3, 70));
        let (Range::Int(bit), false) = image(Op::BoolToInt, [Range::Bool; 3]) else {
            panic!("integers, and no reason to bail out");
        };
        assert_eq!(bit, Interval::new(0, 1));
    }

    #[test]
    fn shifts_and_powers_that_leave_all_lanes_say_so() {
        let all = [Interval::I64, Interval::new(0, 3), Interval::new(-2, -1)];
        for a in all {
            for (op, b, is_large) in [
                (Op::Shl, Interval::new(0, 64), true),
                (Op::Shl, Interval::new(0, 1 << 40), true),
                (Op::Shl, Interval::new(0, 61), a == Interval::I64),
                (Op::Pow, Interval::new(0, 200), true),
                (Op::Pow, Interval::new(-5, 1), a == Interval::I64),
            ] {
                let (image, bails) = image_of_integers(op, a, b);
                assert_eq!(
                    !Interval::I64.contains(image),
                    is_large,
                    "{op:?} of {a:?} and {b:?}"
                );
                assert_eq!(bails, b.low < 0);
            }
            let shifted = image_of_integers(Op::Shr, a, Interval::new(70, 90));
            let exact = hull([a.low, a.high].map(|end| if end < 0 { -1 } else { 0 }));
            assert_eq!((Some(shifted.0), shifted.1), (exact, false));
        }
    }

    #[test]
    fn widened_intervals_are_shared_and_within_their_limits() {
        let limits = Interval::new(-(1 << 31), (1 << 31) - 1);
        let mut seen = std::collections::HashSet::new();
        let ends: Vec<i128> = (0..31)
            .flat_map(|bit| [(1 << bit) - 1, 1 << bit, 3 << bit >> 1])
            .collect();
        for low in &ends {
            for high in &ends {
                let exact = Interval::new(-low, *high);
                let wide = exact.widened(limits);
                assert!(
                    wide.contains(exact) && limits.contains(wide),
                    "{exact:?}: {wide:?}"
                );
                // Ends keep their three highest bits, so they grow by a quarter at most.
                let grown = |end: i128| end + end / 4 + 1;
                let most = Interval::new(-grown(*low), grown(*high));
                assert!(most.contains(wide), "{exact:?}: {wide:?}");
            }
        }
        for low in -2000..=0 {
            for high in 0..2000 {
                let wide = Interval::new(low, high).widened(limits);
                seen.insert((wide.low, wide.high));
            }
        }
        assert!(seen.len() < 2000, "{} plans", seen.len());
        let small = Interval::new(-7, 7);
        assert_eq!(small.widened(limits), small);
        let beyond = Interval::new(0, 1 << 64).widened(Interval::new(0, (1 << 64) - 1));
        assert_eq!(beyond, Interval::new(0, i64::MAX.into()));
    }

    type Binary = fn(f64, f64) -> f64;

    #[test]
    fn images_of_floats_hold_all_results() {
        let numbers = [-3.5, -1.0, -0.0, 0.0, 0.25, 2.0, 1e300];
        let ranges: Vec<(f64, f64)> = (0..numbers.len())
            .flat_map(|low| (low..numbers.len()).map(move |high| (numbers[low], numbers[high])))
            .collect();
        let ops: [(Op, Binary); 7] = [
            (Op::FloatAdd, |x, y| x + y),
            (Op::FloatSub, |x, y| x - y),
            (Op::FloatMul, |x, y| x * y),
            (Op::FloatDiv, |x, y| x / y),
            (Op::FloatNeg, |x, _| -x),
            (Op::FloatAbs, |x, _| x.abs()),
            (Op::FloatSelect, |_, y| y),
        ];
        for (op, function) in ops {
            for x in &ranges {
                for y in &ranges {
                    let floats = [*x, *y].map(|range| Range::Float(Some(range)));
                    let operands = match op {
                        Op::FloatSelect => [Range::Bool, floats[0], floats[1]],
                        _ => [floats[0], floats[1], Range::Bool],
                    };
                    let (Range::Float(image), bails) = image(op, operands) else {
                        panic!("{op:?} gives floats");
                    };
                    let has_zero = y.0 <= 0.0 && y.1 >= 0.0;
                    assert_eq!(
                        bails,
                        op == Op::FloatDiv && has_zero,
                        "{op:?} of {x:?}, {y:?}"
                    );
                    let within = |range: &(f64, f64)| {
                        let range = *range;
                        numbers
                            .into_iter()
                            .filter(move |n| range.0 <= *n && *n <= range.1)
                    };
                    let results: Vec<f64> = within(x)
                        .flat_map(|x| within(y).map(move |y| function(x, y)))
                        .chain([x.0, x.1].into_iter().filter(|_| op == Op::FloatSelect))
                        .collect();
                    let context = format!("{op:?} of {x:?}, {y:?}: {image:?}, {results:?}");
                    if let Some((low, high)) = image {
                        assert!(results.iter().all(|n| low <= *n && *n <= high), "{context}");
                        let ends = [low, high].map(|end| results.contains(&end));
                        assert!(ends == [true, true] || op == Op::FloatAbs, "{context}");
                    } else {
                        let is_finite = results.iter().all(|n| n.is_finite());
                        assert!(!is_finite || op == Op::FloatDiv && has_zero, "{context}");
                    }
                }
            }
        }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "as the operation does")]
    fn images_between_integers_and_floats_hold_all_results() {
        let real = Interval::REAL;
        for (a, is_exact) in [
            (Interval::new(-7, 9), true),
            (real, true),
            (Interval::new(real.low - 1, 0), false),
            (Interval::I64, false),
        ] {
            let operands = [Range::Int(a), Range::Int(Interval::new(1, 5)), Range::Bool];
            let ends = |interval: Interval| (interval.low as f64, interval.high as f64);
            let (Range::Float(near), false) = image(Op::ToFloat, operands) else {
                panic!("no integer of 64 bits is too large");
            };
            assert_eq!(near, Some(ends(a)));
            let (Range::Float(exact), bails) = image(Op::ToFloatExact, operands) else {
                panic!("gives floats");
            };
            assert_eq!((exact, bails), (Some(ends(a.meet(real))), !is_exact));
            assert_eq!(image(Op::TrueDiv, operands).1, !is_exact);
            let by_zero = [Range::Int(a), Range::Int(Interval::new(-1, 5)), Range::Bool];
            assert!(image(Op::TrueDiv, by_zero).1);
            let inverse = [operands[1], operands[0], Range::Bool];
            assert!(image(Op::TrueDiv, inverse).1);
        }
        for op in [Op::Trunc, Op::Round, Op::Floor, Op::Ceil] {
            for (range, expected) in [
                (Some((-2.5, 7.25)), (Interval::new(-3, 8), false)),
                (
                    Some((-1e18, 1e18)),
                    (Interval::new(-(10_i128.pow(18)), 10_i128.pow(18)), false),
                ),
                (Some((-5e18, 1.0)), (Interval::I64, true)),
                (Some((1.0, 5e18)), (Interval::I64, true)),
                (None, (Interval::I64, true)),
            ] {
                let (Range::Int(image), bails) =
                    image(op, [Range::Float(range), Range::Bool, Range::Bool])
                else {
                    panic!("{op:?} gives integers");
                };
                assert_eq!((image, bails), expected, "{op:?} of {range:?}");
            }
        }
        for (op, bails) in [
            (Op::Copysign, false),
            (Op::Atan2, false),
            (Op::KeepingAtan2, false),
            (Op::FloatFloorDiv, false),
            (Op::FloatMod, false),
            (Op::FloatPow, true),
            (Op::Fmod, true),
            (Op::Call, true),
            (Op::Bail, true),
        ] {
            let known = [(1.0, 2.0), (3.0, 4.0)].map(|range| Range::Float(Some(range)));
            assert_eq!(
                image(op, [known[0], known[1], Range::Bool]).1,
                bails,
                "{op:?}"
            );
        }
        for op in [Op::FloatFloorDiv, Op::FloatMod, Op::Copysign] {
            let unknown = [
                Range::Float(Some((1.0, 2.0))),
                Range::Float(None),
                Range::Bool,
            ];
            assert!(image(op, unknown).1, "{op:?}");
        }
        let of_unknown = [
            Range::Float(None),
            Range::Float(Some((1.0, 2.0))),
            Range::Bool,
        ];
        assert!(!image(Op::FloatDiv, of_unknown).1);
        for divisor in [(-1.0, 0.0), (0.0, 1.0), (-1.0, 1.0)] {
            let known = [(1.0, 2.0), divisor].map(|range| Range::Float(Some(range)));
            for op in [Op::FloatDiv, Op::FloatFloorDiv, Op::FloatMod] {
                assert!(image(op, [known[0], known[1], Range::Bool]).1, "{op:?}");
            }
        }
    }
}
