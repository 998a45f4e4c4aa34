//! Links: a step of a chain with its operands at hand, and what it does with one element.

use std::cell::Cell;

use super::block::BLOCK;
use super::chain::{Action, From, Step};
use super::evaluate::{evaluate, floor_div, modulo, shifted_left, shifted_right};
use super::kernels::Comparison;
use super::program::{Kind, Op};
use crate::element::Integer;

/// A number for each element of a block, of one of both types.
///
/// There are always as many as a block may have, so that no index is to be compared with a length.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'r> {
    pub(super) integers: &'r [Cell<i64>; BLOCK],
    pub(super) doubles: &'r [Cell<f64>; BLOCK],
}

impl Numbers<'_> {
    #[inline(always)]
    pub(super) fn int(&self, i: usize) -> i64 {
        self.integers[i % BLOCK].get()
    }

    #[inline(always)]
    pub(super) fn double(&self, i: usize) -> f64 {
        self.doubles[i % BLOCK].get()
    }

    #[inline(always)]
    fn bits(&self, kind: Kind, i: usize) -> u64 {
        match kind {
            Kind::Float => self.double(i).to_bits(),
            Kind::Int | Kind::Bool => self.int(i).cast_unsigned(),
        }
    }
}

/// A number of either type: what goes from link to link.
#[derive(Clone, Copy)]
pub(super) struct Value {
    pub(super) int: i64,
    pub(super) double: f64,
}

/// A step, or several at once, with what its operands are: where from, or the numbers themselves.
#[derive(Clone, Copy)]
pub(super) struct Link<N> {
    pub(super) work: Work,
    pub(super) others: [N; 3],
    pub(super) guard: Option<N>,
    pub(super) action: Action,
    pub(super) kind: Kind,
    pub(super) function: u16,
    /// The number of the step; the last one of several.
    pub(super) step: usize,
}

/// What a link does: decided once for the operation, its type and which operand the value is.
///
/// Bools are ints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Work {
    /// The value stays what it is.
    Stay,
    /// It is saved, too.
    Save,
    Load,
    Add,
    Sub,
    /// The other operand minus the value.
    SubFrom,
    Mul,
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
    Not,
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
    /// The value times the first operand, plus the second; and so on.
    MulAdd,
    AddAnd,
    MulAnd,
    XorAnd,
    XorMul,
    ShlAnd,
    /// The value combined with itself, shifted.
    XorShl,
    XorShr,
    AddShl,
    /// The value shifted to the left, combined with it shifted to the right.
    OrShifted,
    XorShifted,
    /// What is chosen if the value compares so with the first operand, and what otherwise.
    SelectIfLt,
    SelectIfLe,
    SelectIfGt,
    SelectIfGe,
    SelectIfEq,
    SelectIfNe,
    /// The sum where the condition, the second operand, holds; where it does not; else the value.
    AddIf,
    AddUnless,
    MulAddAnd,
    MulXorAnd,
    XorMulAnd,
    MulAddMod,
    /// The value is saved in the first place, and becomes what is in the second.
    SaveLoad,
    FloatSave,
    FloatLoad,
    FloatSaveLoad,
    FloatAdd,
    FloatSub,
    FloatSubFrom,
    FloatMul,
    FloatDiv,
    FloatDivInto,
    FloatNeg,
    FloatAbs,
    FloatSelectIf,
    FloatSelectThis,
    FloatSelectElse,
    /// The value, if it compares so with the other operand, which it else is.
    FloatKeepIfLt,
    FloatKeepIfLe,
    FloatKeepIfGt,
    FloatKeepIfGe,
    /// The other way round.
    FloatTakeIfLt,
    FloatTakeIfLe,
    FloatTakeIfGt,
    FloatTakeIfGe,
    FloatSelectIfLt,
    FloatSelectIfLe,
    FloatSelectIfGt,
    FloatSelectIfGe,
    FloatSelectIfEq,
    FloatSelectIfNe,
    FloatMulAdd,
    FloatAddMul,
    FloatAddIf,
    FloatAddUnless,
    /// The value moved towards the first operand, by the second.
    FloatSmooth,
    /// Floats compared.
    FloatLt,
    FloatLe,
    FloatGt,
    FloatGe,
    FloatEq,
    FloatNe,
    ToFloat,
    /// What is rare.
    Other,
}

impl Work {
    pub(super) fn of(step: &Step) -> Self {
        use Action::{First, Second, Third};
        use Comparison::{Ge, Gt, Le, Lt};
        let is_float = step.kind == Kind::Float;
        match step.action {
            Action::Load if is_float => Work::FloatLoad,
            Action::Load => Work::Load,
            Action::KeepIf(Lt) if is_float => Work::FloatKeepIfLt,
            Action::KeepIf(Le) if is_float => Work::FloatKeepIfLe,
            Action::KeepIf(Gt) if is_float => Work::FloatKeepIfGt,
            Action::KeepIf(Ge) if is_float => Work::FloatKeepIfGe,
            Action::TakeIf(Lt) if is_float => Work::FloatTakeIfLt,
            Action::TakeIf(Le) if is_float => Work::FloatTakeIfLe,
            Action::TakeIf(Gt) if is_float => Work::FloatTakeIfGt,
            Action::TakeIf(Ge) if is_float => Work::FloatTakeIfGe,
            // Of ints that are equal it does not matter which is kept.
            Action::KeepIf(Lt | Le)
            | Action::TakeIf(Gt | Ge)
            | First(Op::Min)
            | Second(Op::Min) => Work::Min,
            Action::KeepIf(Gt | Ge)
            | Action::TakeIf(Lt | Le)
            | First(Op::Max)
            | Second(Op::Max) => Work::Max,
            Action::KeepIf(_) | Action::TakeIf(_) => unreachable!("no selection by equality"),
            Action::Start | First(Op::BoolToInt) => Work::Stay,
            First(Op::Add) | Second(Op::Add) => Work::Add,
            First(Op::Sub) => Work::Sub,
            Second(Op::Sub) => Work::SubFrom,
            First(Op::Mul) | Second(Op::Mul) => Work::Mul,
            First(Op::And | Op::BoolAnd) | Second(Op::And | Op::BoolAnd) => Work::And,
            First(Op::Or | Op::BoolOr) | Second(Op::Or | Op::BoolOr) => Work::Or,
            First(Op::Xor | Op::BoolXor) | Second(Op::Xor | Op::BoolXor) => Work::Xor,
            First(Op::Shl) => Work::Shl,
            First(Op::Shr) => Work::Shr,
            First(Op::FloorDiv) => Work::FloorDiv,
            First(Op::Mod) => Work::Mod,
            First(Op::Neg) => Work::Neg,
            First(Op::Abs) => Work::Abs,
            First(Op::Not) => Work::Not,
            First(Op::Lt) => Work::Lt,
            First(Op::Le) => Work::Le,
            Second(Op::Lt) => Work::Gt,
            Second(Op::Le) => Work::Ge,
            First(Op::Eq) | Second(Op::Eq) => Work::Eq,
            First(Op::Ne) | Second(Op::Ne) => Work::Ne,
            First(Op::Select | Op::BoolSelect) => Work::SelectIf,
            Second(Op::Select | Op::BoolSelect) => Work::SelectThis,
            Third(Op::Select | Op::BoolSelect) => Work::SelectElse,
            First(Op::FloatAdd) | Second(Op::FloatAdd) => Work::FloatAdd,
            First(Op::FloatSub) => Work::FloatSub,
            Second(Op::FloatSub) => Work::FloatSubFrom,
            First(Op::FloatMul) | Second(Op::FloatMul) => Work::FloatMul,
            First(Op::FloatDiv) => Work::FloatDiv,
            Second(Op::FloatDiv) => Work::FloatDivInto,
            First(Op::FloatNeg) => Work::FloatNeg,
            First(Op::FloatAbs) => Work::FloatAbs,
            First(Op::FloatSelect) => Work::FloatSelectIf,
            Second(Op::FloatSelect) => Work::FloatSelectThis,
            Third(Op::FloatSelect) => Work::FloatSelectElse,
            First(Op::FloatLt) => Work::FloatLt,
            First(Op::FloatLe) => Work::FloatLe,
            Second(Op::FloatLt) => Work::FloatGt,
            Second(Op::FloatLe) => Work::FloatGe,
            First(Op::FloatEq) | Second(Op::FloatEq) => Work::FloatEq,
            First(Op::FloatNe) | Second(Op::FloatNe) => Work::FloatNe,
            First(Op::ToFloat) => Work::ToFloat,
            First(_) | Second(_) | Third(_) => Work::Other,
        }
    }
}

impl Link<From> {
    pub(super) fn with<N>(&self, of: impl Fn(From) -> N) -> Link<N> {
        Link {
            work: self.work,
            others: self.others.map(&of),
            guard: self.guard.map(&of),
            action: self.action,
            kind: self.kind,
            function: self.function,
            step: self.step,
        }
    }
}

impl Link<Numbers<'_>> {
    /// A link that does nothing.
    pub(super) fn stay(self) -> Self {
        Link {
            work: Work::Stay,
            guard: None,
            ..self
        }
    }

    /// What the link makes of a value, and whether that is certain: where it is not, it bails out.
    ///
    /// Not an `Option`, which would not be kept in registers.
    #[inline(always)]
    pub(super) fn image(&self, value: Value, i: usize) -> (Value, bool) {
        self.image_by(self.work, value, i)
    }

    /// As [`Link::image`], by the work of the link, which the compiler may know.
    #[inline(always)]
    pub(super) fn image_by(&self, work: Work, value: Value, i: usize) -> (Value, bool) {
        let (image, is_certain) = self.unguarded(work, value, i);
        (
            image,
            is_certain || self.guard.is_some_and(|guard| guard.int(i) == 0),
        )
    }

    /// Zero where it bails out.
    #[expect(
        clippy::many_single_char_names,
        clippy::too_many_lines,
        reason = "a value, its operands, their place; an arm for each work"
    )]
    #[inline(always)]
    fn unguarded(&self, work: Work, value: Value, i: usize) -> (Value, bool) {
        let Value { int: x, double: u } = value;
        let [a, b, c] = &self.others;
        let int = |int| (Value { int, ..value }, true);
        let tried = |tried: Option<i64>| {
            let int = tried.unwrap_or(0);
            (Value { int, ..value }, tried.is_some())
        };
        let bool = |bool| int(i64::from(bool));
        let double = |double| (Value { double, ..value }, true);
        let quotient = |a: f64, b: f64| {
            let double = if b == 0.0 { 0.0 } else { a / b };
            (Value { double, ..value }, b != 0.0)
        };
        match work {
            Work::Stay => (value, true),
            Work::Save => {
                a.integers[i % BLOCK].set(x);
                (value, true)
            }
            Work::Load => int(a.int(i)),
            Work::Add => tried(x.checked_add(a.int(i))),
            Work::Sub => tried(x.checked_sub(a.int(i))),
            Work::SubFrom => tried(a.int(i).checked_sub(x)),
            Work::Mul => tried(x.checked_mul(a.int(i))),
            Work::And => int(x & a.int(i)),
            Work::Or => int(x | a.int(i)),
            Work::Xor => int(x ^ a.int(i)),
            Work::Min => int(x.min(a.int(i))),
            Work::Max => int(x.max(a.int(i))),
            Work::Shl => tried(shifted_left(x, a.int(i))),
            Work::Shr => tried(shifted_right(x, a.int(i))),
            Work::FloorDiv => tried(floor_div(x, a.int(i))),
            Work::Mod => tried(modulo(x, a.int(i))),
            Work::Neg => tried(x.checked_neg()),
            Work::Abs => tried(x.checked_abs()),
            Work::Not => int(x ^ 1),
            Work::Lt => bool(x < a.int(i)),
            Work::Le => bool(x <= a.int(i)),
            Work::Gt => bool(x > a.int(i)),
            Work::Ge => bool(x >= a.int(i)),
            Work::Eq => bool(x == a.int(i)),
            Work::Ne => bool(x != a.int(i)),
            Work::SelectIf => int(chosen(x, a.int(i), b.int(i))),
            Work::SelectThis => int(chosen(a.int(i), x, b.int(i))),
            Work::SelectElse => int(chosen(a.int(i), b.int(i), x)),
            Work::MulAdd => tried(
                x.checked_mul(a.int(i))
                    .and_then(|x| x.checked_add(b.int(i))),
            ),
            Work::AddAnd => tried(x.checked_add(a.int(i)).map(|x| x & b.int(i))),
            Work::MulAnd => tried(x.checked_mul(a.int(i)).map(|x| x & b.int(i))),
            Work::XorAnd => int((x ^ a.int(i)) & b.int(i)),
            Work::XorMul => tried((x ^ a.int(i)).checked_mul(b.int(i))),
            Work::ShlAnd => tried(shifted_left(x, a.int(i)).map(|x| x & b.int(i))),
            Work::XorShl => tried(shifted_left(x, a.int(i)).map(|y| x ^ y)),
            Work::XorShr => tried(shifted_right(x, a.int(i)).map(|y| x ^ y)),
            Work::AddShl => tried(shifted_left(x, a.int(i)).and_then(|y| x.checked_add(y))),
            Work::OrShifted => tried(shifted(x, a.int(i), b.int(i)).map(|(y, z)| y | z)),
            Work::XorShifted => tried(shifted(x, a.int(i), b.int(i)).map(|(y, z)| y ^ z)),
            Work::SelectIfLt => int(chosen(i64::from(x < a.int(i)), b.int(i), c.int(i))),
            Work::SelectIfLe => int(chosen(i64::from(x <= a.int(i)), b.int(i), c.int(i))),
            Work::SelectIfGt => int(chosen(i64::from(x > a.int(i)), b.int(i), c.int(i))),
            Work::SelectIfGe => int(chosen(i64::from(x >= a.int(i)), b.int(i), c.int(i))),
            Work::SelectIfEq => int(chosen(i64::from(x == a.int(i)), b.int(i), c.int(i))),
            Work::SelectIfNe => int(chosen(i64::from(x != a.int(i)), b.int(i), c.int(i))),
            Work::AddIf => tried(x.checked_add(a.int(i) & -b.int(i))),
            Work::AddUnless => tried(x.checked_add(a.int(i) & (b.int(i) - 1))),
            Work::MulAddAnd => tried(
                x.checked_mul(a.int(i))
                    .and_then(|x| x.checked_add(b.int(i)))
                    .map(|x| x & c.int(i)),
            ),
            Work::MulXorAnd => tried(x.checked_mul(a.int(i)).map(|x| (x ^ b.int(i)) & c.int(i))),
            Work::XorMulAnd => tried((x ^ a.int(i)).checked_mul(b.int(i)).map(|x| x & c.int(i))),
            Work::MulAddMod => tried(
                x.checked_mul(a.int(i))
                    .and_then(|x| x.checked_add(b.int(i)))
                    .and_then(|x| modulo(x, c.int(i))),
            ),
            Work::SaveLoad => {
                a.integers[i % BLOCK].set(x);
                int(b.int(i))
            }
            Work::FloatSave => {
                a.doubles[i % BLOCK].set(u);
                (value, true)
            }
            Work::FloatLoad => double(a.double(i)),
            Work::FloatSaveLoad => {
                a.doubles[i % BLOCK].set(u);
                double(b.double(i))
            }
            Work::FloatAdd => double(u + a.double(i)),
            Work::FloatSub => double(u - a.double(i)),
            Work::FloatSubFrom => double(a.double(i) - u),
            Work::FloatMul => double(u * a.double(i)),
            Work::FloatDiv => quotient(u, a.double(i)),
            Work::FloatDivInto => quotient(a.double(i), u),
            Work::FloatNeg => double(-u),
            Work::FloatAbs => double(u.abs()),
            Work::FloatSelectIf => double(chosen_double(x, a.double(i), b.double(i))),
            Work::FloatSelectThis => double(chosen_double(a.int(i), u, b.double(i))),
            Work::FloatSelectElse => double(chosen_double(a.int(i), b.double(i), u)),
            Work::FloatKeepIfLt => double(either(u < a.double(i), u, a.double(i))),
            Work::FloatKeepIfLe => double(either(u <= a.double(i), u, a.double(i))),
            Work::FloatKeepIfGt => double(either(u > a.double(i), u, a.double(i))),
            Work::FloatKeepIfGe => double(either(u >= a.double(i), u, a.double(i))),
            Work::FloatTakeIfLt => double(either(u < a.double(i), a.double(i), u)),
            Work::FloatTakeIfLe => double(either(u <= a.double(i), a.double(i), u)),
            Work::FloatTakeIfGt => double(either(u > a.double(i), a.double(i), u)),
            Work::FloatTakeIfGe => double(either(u >= a.double(i), a.double(i), u)),
            Work::FloatSelectIfLt => double(either_read(u < a.double(i), b.double(i), c.double(i))),
            Work::FloatSelectIfLe => {
                double(either_read(u <= a.double(i), b.double(i), c.double(i)))
            }
            Work::FloatSelectIfGt => double(either_read(u > a.double(i), b.double(i), c.double(i))),
            Work::FloatSelectIfGe => {
                double(either_read(u >= a.double(i), b.double(i), c.double(i)))
            }
            #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
            Work::FloatSelectIfEq => {
                double(either_read(u == a.double(i), b.double(i), c.double(i)))
            }
            #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
            Work::FloatSelectIfNe => {
                double(either_read(u != a.double(i), b.double(i), c.double(i)))
            }
            Work::FloatMulAdd => double(u * a.double(i) + b.double(i)),
            Work::FloatAddMul => double((u + a.double(i)) * b.double(i)),
            // Not by adding a negative zero, which makes a signalling NaN quiet.
            Work::FloatAddIf => double(chosen_double(b.int(i), u + a.double(i), u)),
            Work::FloatAddUnless => double(chosen_double(b.int(i), u, u + a.double(i))),
            Work::FloatSmooth => double(u + (a.double(i) - u) * b.double(i)),
            Work::FloatLt => bool(u < a.double(i)),
            Work::FloatLe => bool(u <= a.double(i)),
            Work::FloatGt => bool(u > a.double(i)),
            Work::FloatGe => bool(u >= a.double(i)),
            #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
            Work::FloatEq => bool(u == a.double(i)),
            #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
            Work::FloatNe => bool(u != a.double(i)),
            Work::ToFloat => double(x.to_f64()),
            Work::Other => {
                let bits = self.other(value, i);
                (self.with_bits(value, bits.unwrap_or(0)), bits.is_some())
            }
        }
    }

    /// Of any link with an operation, as bits. Not the value itself, which would be passed in memory.
    #[inline(never)]
    fn other(&self, value: Value, i: usize) -> Option<u64> {
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
        evaluate(op, self.function, operands)
    }

    #[inline(always)]
    fn with_bits(&self, value: Value, bits: u64) -> Value {
        match self.kind {
            Kind::Float => Value {
                double: kept_double(f64::from_bits(bits)),
                ..value
            },
            Kind::Int | Kind::Bool => Value {
                int: bits.cast_signed(),
                ..value
            },
        }
    }
}

/// One or the other, without a branch; the condition is one or zero.
#[inline(always)]
fn chosen(condition: i64, yes: i64, no: i64) -> i64 {
    no ^ ((yes ^ no) & condition.wrapping_neg())
}

/// As [`chosen`].
#[inline(always)]
fn chosen_double(condition: i64, yes: f64, no: f64) -> f64 {
    let mask = condition.wrapping_neg().cast_unsigned();
    kept_double(f64::from_bits(yes.to_bits() & mask | no.to_bits() & !mask))
}

#[inline(always)]
fn either(condition: bool, yes: f64, no: f64) -> f64 {
    if condition { yes } else { no }
}

/// One or the other that are in memory: both are read, and not only one when it is known which.
#[inline(always)]
fn either_read(condition: bool, yes: f64, no: f64) -> f64 {
    either(condition, kept_double(yes), kept_double(no))
}

/// The same double, of which the compiler only knows that it is one: so it does not keep the value of
/// all links among the integers since in some of them it is made of bits (twice the time of an addition).
#[inline(always)]
fn kept_double(double: f64) -> f64 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let mut double = double;
        #[expect(unsafe_code, reason = "a fence for the optimiser")]
        // SAFETY: there is no instruction.
        unsafe {
            std::arch::asm!("/* {0} */", inout(xmm_reg) double,
                options(nomem, nostack, preserves_flags));
        }
        double
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    double
}

/// To the left, and to the right.
#[inline(always)]
fn shifted(x: i64, left: i64, right: i64) -> Option<(i64, i64)> {
    Some((shifted_left(x, left)?, shifted_right(x, right)?))
}
