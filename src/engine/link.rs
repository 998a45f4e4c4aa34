//! Links: a step of a chain with its operands at hand, and what it does with one element.

use std::cell::Cell;

use super::chain::{Action, Step};
use super::evaluate::{evaluate, floor_div, modulo, shifted_left, shifted_right};
use super::kernels::Comparison;
use super::program::{Kind, Op};

/// Numbers of one of both types, for each element; or one number.
#[derive(Clone, Copy, Default)]
pub(super) struct Lanes<'r> {
    pub(super) integers: &'r [Cell<i64>],
    pub(super) doubles: &'r [Cell<f64>],
    /// Of the index: none, or all of it.
    pub(super) mask: usize,
}

impl Lanes<'_> {
    #[inline(always)]
    pub(super) fn int(&self, i: usize) -> i64 {
        self.integers[i & self.mask].get()
    }

    #[inline(always)]
    pub(super) fn double(&self, i: usize) -> f64 {
        self.doubles[i & self.mask].get()
    }

    #[inline(always)]
    fn bits(&self, kind: Kind, i: usize) -> u64 {
        match kind {
            Kind::Float => self.double(i).to_bits(),
            Kind::Int | Kind::Bool => self.int(i).cast_unsigned(),
        }
    }
}

/// A step with its operands at hand.
pub(super) struct Link<'r> {
    pub(super) action: Action,
    pub(super) work: Work,
    pub(super) way: Way,
    pub(super) kind: Kind,
    pub(super) function: u16,
    pub(super) others: [Lanes<'r>; 2],
    pub(super) guard: Option<Lanes<'r>>,
    pub(super) saves: Option<Lanes<'r>>,
}

/// What a link does, of ints or floats: decided once for both the operation and which operand the value
/// is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    Start,
    Load,
    Add,
    Sub,
    /// The other operand minus the value.
    SubFrom,
    Mul,
    Div,
    And,
    Or,
    Xor,
    Min,
    Max,
    Shl,
    Shr,
    FloorDiv,
    Mod,
    Neg,
    Abs,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    /// The value is the condition; what is chosen; what is chosen otherwise.
    SelectIf,
    SelectThis,
    SelectElse,
    KeepIfLt,
    KeepIfLe,
    KeepIfGt,
    KeepIfGe,
    TakeIfLt,
    TakeIfLe,
    TakeIfGt,
    TakeIfGe,
    KeepIf(Comparison),
    TakeIf(Comparison),
    /// What is rare.
    Other,
}

impl Work {
    pub(super) fn of(action: Action) -> Self {
        use Action::{First, Second, Third};
        match action {
            Action::Start | First(Op::BoolToInt) => Work::Start,
            Action::Load => Work::Load,
            Action::KeepIf(Comparison::Lt) => Work::KeepIfLt,
            Action::KeepIf(Comparison::Le) => Work::KeepIfLe,
            Action::KeepIf(Comparison::Gt) => Work::KeepIfGt,
            Action::KeepIf(Comparison::Ge) => Work::KeepIfGe,
            Action::KeepIf(comparison) => Work::KeepIf(comparison),
            Action::TakeIf(Comparison::Lt) => Work::TakeIfLt,
            Action::TakeIf(Comparison::Le) => Work::TakeIfLe,
            Action::TakeIf(Comparison::Gt) => Work::TakeIfGt,
            Action::TakeIf(Comparison::Ge) => Work::TakeIfGe,
            Action::TakeIf(comparison) => Work::TakeIf(comparison),
            First(Op::Add | Op::FloatAdd) | Second(Op::Add | Op::FloatAdd) => Work::Add,
            First(Op::Sub | Op::FloatSub) => Work::Sub,
            Second(Op::Sub | Op::FloatSub) => Work::SubFrom,
            First(Op::Mul | Op::FloatMul) | Second(Op::Mul | Op::FloatMul) => Work::Mul,
            First(Op::FloatDiv) => Work::Div,
            First(Op::And | Op::BoolAnd) | Second(Op::And | Op::BoolAnd) => Work::And,
            First(Op::Or | Op::BoolOr) | Second(Op::Or | Op::BoolOr) => Work::Or,
            First(Op::Xor | Op::BoolXor) | Second(Op::Xor | Op::BoolXor) => Work::Xor,
            First(Op::Min) | Second(Op::Min) => Work::Min,
            First(Op::Max) | Second(Op::Max) => Work::Max,
            First(Op::Shl) => Work::Shl,
            First(Op::Shr) => Work::Shr,
            First(Op::FloorDiv) => Work::FloorDiv,
            First(Op::Mod) => Work::Mod,
            First(Op::Neg | Op::FloatNeg) => Work::Neg,
            First(Op::Abs | Op::FloatAbs) => Work::Abs,
            First(Op::Lt) => Work::Lt,
            First(Op::Select | Op::BoolSelect) => Work::SelectIf,
            Second(Op::Select | Op::FloatSelect | Op::BoolSelect) => Work::SelectThis,
            Third(Op::Select | Op::FloatSelect | Op::BoolSelect) => Work::SelectElse,
            First(Op::Le) => Work::Le,
            Second(Op::Lt) => Work::Gt,
            Second(Op::Le) => Work::Ge,
            First(Op::Eq) | Second(Op::Eq) => Work::Eq,
            First(Op::Ne) | Second(Op::Ne) => Work::Ne,
            First(_) | Second(_) | Third(_) => Work::Other,
        }
    }
}

/// Of which types a link's value is, before and afterwards. Bools count as ints.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Way {
    Int,
    Double,
    Other,
}

impl Way {
    pub(super) fn of(step: &Step) -> Self {
        let before = match step.action {
            Action::First(op) => op.operands().first(),
            Action::Second(op) => op.operands().get(1),
            Action::Third(op) => op.operands().get(2),
            _ => None,
        };
        let is_float = |kind: Kind| kind == Kind::Float;
        match (before.copied().unwrap_or(step.kind), step.kind) {
            (before, after) if is_float(before) != is_float(after) => Way::Other,
            (_, Kind::Float) => Way::Double,
            (_, Kind::Int | Kind::Bool) => Way::Int,
        }
    }
}

/// A number of either type.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) int: i64,
    pub(super) double: f64,
}

impl Comparison {
    #[inline(always)]
    fn holds<T: PartialOrd + Copy>(self, a: T, b: T) -> bool {
        match self {
            Comparison::Lt => a < b,
            Comparison::Le => a <= b,
            Comparison::Gt => a > b,
            Comparison::Ge => a >= b,
            Comparison::Eq => a == b,
            Comparison::Ne => a != b,
        }
    }

    /// The first, if it compares so with the second, which is given otherwise.
    #[inline(always)]
    fn kept<T: PartialOrd + Copy>(self, a: T, b: T) -> T {
        if self.holds(a, b) { a } else { b }
    }

    /// The second, if the first compares so with it, which is given otherwise.
    #[inline(always)]
    fn taken<T: PartialOrd + Copy>(self, a: T, b: T) -> T {
        if self.holds(a, b) { b } else { a }
    }
}

impl Link<'_> {
    /// Of a link that makes an int of an int.
    #[inline(always)]
    fn int(&self, x: i64, i: usize) -> Option<i64> {
        let [a, b] = &self.others;
        Some(match self.work {
            Work::Start => x,
            Work::Load => a.int(i),
            Work::Add => x.checked_add(a.int(i))?,
            Work::Sub => x.checked_sub(a.int(i))?,
            Work::SubFrom => a.int(i).checked_sub(x)?,
            Work::Mul => x.checked_mul(a.int(i))?,
            Work::And => x & a.int(i),
            Work::Or => x | a.int(i),
            Work::Xor => x ^ a.int(i),
            Work::Min => x.min(a.int(i)),
            Work::Max => x.max(a.int(i)),
            Work::Shl => shifted_left(x, a.int(i))?,
            Work::Shr => shifted_right(x, a.int(i))?,
            Work::FloorDiv => floor_div(x, a.int(i))?,
            Work::Mod => modulo(x, a.int(i))?,
            Work::Neg => x.checked_neg()?,
            Work::Abs => x.checked_abs()?,
            Work::Lt => i64::from(x < a.int(i)),
            Work::Le => i64::from(x <= a.int(i)),
            Work::Gt => i64::from(x > a.int(i)),
            Work::Ge => i64::from(x >= a.int(i)),
            Work::Eq => i64::from(x == a.int(i)),
            Work::Ne => i64::from(x != a.int(i)),
            Work::SelectIf => chosen(x, a.int(i), b.int(i)),
            Work::SelectThis => chosen(a.int(i), x, b.int(i)),
            Work::SelectElse => chosen(a.int(i), b.int(i), x),
            Work::KeepIfLt => Comparison::Lt.kept(x, a.int(i)),
            Work::KeepIfLe => Comparison::Le.kept(x, a.int(i)),
            Work::KeepIfGt => Comparison::Gt.kept(x, a.int(i)),
            Work::KeepIfGe => Comparison::Ge.kept(x, a.int(i)),
            Work::TakeIfLt => Comparison::Lt.taken(x, a.int(i)),
            Work::TakeIfLe => Comparison::Le.taken(x, a.int(i)),
            Work::TakeIfGt => Comparison::Gt.taken(x, a.int(i)),
            Work::TakeIfGe => Comparison::Ge.taken(x, a.int(i)),
            Work::KeepIf(comparison) => comparison.kept(x, a.int(i)),
            Work::TakeIf(comparison) => comparison.taken(x, a.int(i)),
            Work::Div | Work::Other => {
                let value = Value {
                    int: x,
                    double: 0.0,
                };
                self.other(value, i)?.int
            }
        })
    }

    /// Of a link that makes a float of a float.
    #[inline(always)]
    fn double(&self, x: f64, i: usize) -> Option<f64> {
        let [a, b] = &self.others;
        Some(match self.work {
            Work::Start => x,
            Work::Load => a.double(i),
            Work::Add => x + a.double(i),
            Work::Sub => x - a.double(i),
            Work::SubFrom => a.double(i) - x,
            Work::Mul => x * a.double(i),
            Work::Div if a.double(i) == 0.0 => return None,
            Work::Div => x / a.double(i),
            Work::Neg => -x,
            Work::Abs => x.abs(),
            Work::SelectThis => chosen_double(a.int(i), x, b.double(i)),
            Work::SelectElse => chosen_double(a.int(i), b.double(i), x),
            Work::KeepIfLt => Comparison::Lt.kept(x, a.double(i)),
            Work::KeepIfLe => Comparison::Le.kept(x, a.double(i)),
            Work::KeepIfGt => Comparison::Gt.kept(x, a.double(i)),
            Work::KeepIfGe => Comparison::Ge.kept(x, a.double(i)),
            Work::TakeIfLt => Comparison::Lt.taken(x, a.double(i)),
            Work::TakeIfLe => Comparison::Le.taken(x, a.double(i)),
            Work::TakeIfGt => Comparison::Gt.taken(x, a.double(i)),
            Work::TakeIfGe => Comparison::Ge.taken(x, a.double(i)),
            Work::KeepIf(comparison) => comparison.kept(x, a.double(i)),
            Work::TakeIf(comparison) => comparison.taken(x, a.double(i)),
            _ => {
                let value = Value { int: 0, double: x };
                self.other(value, i)?.double
            }
        })
    }

    /// Of any link with an operation.
    #[inline(never)]
    fn other(&self, value: Value, i: usize) -> Option<Value> {
        let (op, at) = match self.action {
            Action::First(op) => (op, 0),
            Action::Second(op) => (op, 1),
            Action::Third(op) => (op, 2),
            _ => unreachable!("{:?} is no operation", self.action),
        };
        let mut others = self.others.iter();
        let mut operands = [0; 3];
        for (place, (operand, kind)) in operands.iter_mut().zip(op.operands()).enumerate() {
            *operand = match kind {
                Kind::Float if place == at => value.double.to_bits(),
                _ if place == at => value.int.cast_unsigned(),
                _ => others.next().map_or(0, |other| other.bits(*kind, i)),
            };
        }
        let bits = evaluate(op, self.function, operands)?;
        Some(match self.kind {
            Kind::Float => Value {
                double: f64::from_bits(bits),
                ..value
            },
            Kind::Int | Kind::Bool => Value {
                int: bits.cast_signed(),
                ..value
            },
        })
    }
}

/// One or the other, without a branch.
#[inline(always)]
fn chosen(condition: i64, yes: i64, no: i64) -> i64 {
    no ^ ((yes ^ no) & condition.wrapping_neg())
}

/// As [`chosen`].
#[inline(always)]
fn chosen_double(condition: i64, yes: f64, no: f64) -> f64 {
    let mask = condition.wrapping_neg().cast_unsigned();
    f64::from_bits(yes.to_bits() & mask | no.to_bits() & !mask)
}

/// What goes from step to step: in chains of one type a number, else a number of either type.
pub(super) trait Passed: Copy {
    const ZERO: Self;
    /// What a link makes of it, if that can be had.
    fn image(self, link: &Link<'_>, i: usize) -> Option<Self>;
    fn save(self, link: &Link<'_>, place: &Lanes<'_>);
}

impl Passed for i64 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn image(self, link: &Link<'_>, i: usize) -> Option<Self> {
        link.int(self, i)
    }

    #[inline(always)]
    fn save(self, _: &Link<'_>, place: &Lanes<'_>) {
        place.integers[0].set(self);
    }
}

impl Passed for f64 {
    const ZERO: Self = 0.0;

    #[inline(always)]
    fn image(self, link: &Link<'_>, i: usize) -> Option<Self> {
        link.double(self, i)
    }

    #[inline(always)]
    fn save(self, _: &Link<'_>, place: &Lanes<'_>) {
        place.doubles[0].set(self);
    }
}

impl Passed for Value {
    const ZERO: Self = Value {
        int: 0,
        double: 0.0,
    };

    #[inline(always)]
    fn image(self, link: &Link<'_>, i: usize) -> Option<Self> {
        let Value { int, double } = self;
        Some(match link.way {
            Way::Int => Value {
                int: link.int(int, i)?,
                double,
            },
            Way::Double => Value {
                double: link.double(double, i)?,
                int,
            },
            Way::Other => return link.other(self, i),
        })
    }

    #[inline(always)]
    fn save(self, link: &Link<'_>, place: &Lanes<'_>) {
        match link.kind {
            Kind::Float => self.double.save(link, place),
            Kind::Int | Kind::Bool => self.int.save(link, place),
        }
    }
}

/// What a link makes of a value; none where it bails out.
#[inline(always)]
pub(super) fn step<T: Passed>(link: &Link<'_>, value: T, i: usize) -> Option<T> {
    let value = match value.image(link, i) {
        Some(image) => image,
        None if link.guard?.int(i) != 0 => return None,
        None => T::ZERO,
    };
    if let Some(place) = &link.saves {
        value.save(link, place);
    }
    Some(value)
}
