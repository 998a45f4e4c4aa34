//! Running a plan over one block.

use std::ops::Range;

use super::column::Column;
use super::kernels::{self, Operand};
use super::lane::Lane;
use super::plan::{Action, LaneType, Place, Plan, Source, Step};
use super::program::{Constant, Kind, Op};
use super::slot::Slot;
use super::target::Target;
use crate::Level;

/// The elements of a block: so few that the registers of a program stay in the first-level cache,
/// so many that it does not matter what a step costs by itself.
pub(super) const BLOCK: usize = 1024;

/// The lanes of a block, where vectors do not straddle cache lines.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Register<T>([T; BLOCK]);

/// The registers of one type; one that is being written is taken out.
#[derive(Debug)]
pub(super) struct File<T>(Vec<Option<Box<Register<T>>>>);

impl<T: Copy + Default> File<T> {
    const EMPTY: Self = File(Vec::new());

    #[expect(clippy::unnecessary_box_returns, reason = "it goes back to its place")]
    fn take(&mut self, register: usize) -> Box<Register<T>> {
        while self.0.len() <= register {
            self.0.push(None);
        }
        let taken = self.0[register].take();
        taken.unwrap_or_else(|| Box::new(Register([T::default(); BLOCK])))
    }

    fn put(&mut self, register: usize, lanes: Box<Register<T>>) {
        self.0[register] = Some(lanes);
    }

    fn fill(&mut self, register: usize, value: T) {
        let mut lanes = self.take(register);
        lanes.0.fill(value);
        self.put(register, lanes);
    }

    #[inline(always)]
    fn lanes(&self, register: usize, len: usize) -> &[T] {
        match self.0.get(register) {
            Some(Some(lanes)) => &lanes.0[..len],
            _ => unreachable!("a register that is read before it is written"),
        }
    }
}

/// All registers.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) shorts: File<i16>,
    pub(super) words: File<i32>,
    pub(super) longs: File<i64>,
    pub(super) doubles: File<f64>,
    /// Bools, as one or zero.
    pub(super) bools: File<u8>,
}

/// The mask of instructions that have none.
static ALL: Register<u8> = Register([1; BLOCK]);

impl Files {
    pub(super) const EMPTY: Self = Files {
        shorts: File::EMPTY,
        words: File::EMPTY,
        longs: File::EMPTY,
        doubles: File::EMPTY,
        bools: File::EMPTY,
    };

    /// Fills the registers that hold constants.
    pub(super) fn prepare(&mut self, plan: &Plan) {
        for (constant, register) in &plan.spread {
            match (*constant, plan.lane) {
                (Constant::Int(value), LaneType::I16) => {
                    self.shorts.fill(*register, i16::of(value));
                }
                (Constant::Int(value), LaneType::I32) => self.words.fill(*register, i32::of(value)),
                (Constant::Int(value), LaneType::I64) => self.longs.fill(*register, value),
                (Constant::Float(value), _) => self.doubles.fill(*register, value),
                (Constant::Bool(value), _) => self.bools.fill(*register, value.into()),
            }
        }
    }

    /// Runs a plan; whether the block bails out.
    #[must_use]
    pub(super) fn run(&mut self, plan: &Plan, block: &Block<'_>, target: &mut Target<'_>) -> bool {
        match plan.lane {
            LaneType::I16 => self.run_lanes::<i16>(plan, block, target),
            LaneType::I32 => self.run_lanes::<i32>(plan, block, target),
            LaneType::I64 => self.run_lanes::<i64>(plan, block, target),
        }
    }

    fn run_lanes<L: Lane + Default>(
        &mut self,
        plan: &Plan,
        block: &Block<'_>,
        target: &mut Target<'_>,
    ) -> bool {
        for step in &plan.steps {
            let bails = match (step.kind, step.out) {
                (_, Place::None) => self.store::<L>(step, block, target),
                (Kind::Int, Place::Target) => self.integer_step::<L>(step, block, L::slots(target)),
                (Kind::Float, Place::Target) => self.float_step::<L>(step, block, target.doubles()),
                (Kind::Int, Place::Register(register)) => {
                    let mut lanes = L::file_mut(self).take(register);
                    let slots = Slot::of(&mut lanes.0[..block.len()]);
                    let bails = self.integer_step::<L>(step, block, slots);
                    L::file_mut(self).put(register, lanes);
                    bails
                }
                (Kind::Float, Place::Register(register)) => {
                    let mut lanes = self.doubles.take(register);
                    let slots = Slot::of(&mut lanes.0[..block.len()]);
                    let bails = self.float_step::<L>(step, block, slots);
                    self.doubles.put(register, lanes);
                    bails
                }
                (Kind::Bool, Place::Register(register)) => {
                    let mut lanes = self.bools.take(register);
                    let slots = Slot::of(&mut lanes.0[..block.len()]);
                    let bails = self.bool_step::<L>(step, block, slots);
                    self.bools.put(register, lanes);
                    bails
                }
                (Kind::Bool, Place::Target) => unreachable!("bits are stored"),
            };
            if bails {
                return true;
            }
        }
        false
    }

    #[inline(always)]
    fn integers<'a, L: Lane + Default>(
        &'a self,
        source: Source,
        block: &Block<'a>,
    ) -> Operand<'a, L> {
        match source {
            Source::Register(register) => {
                Operand::Lanes(L::file(self).lanes(register, block.len()))
            }
            Source::Input(input) => match L::direct(&block.columns[input]) {
                Some(values) => Operand::Lanes(&values[block.range.clone()]),
                None => unreachable!("an input that is not in place"),
            },
            Source::Constant(Constant::Int(value)) => Operand::Constant(L::of(value)),
            _ => Operand::Constant(L::ZERO),
        }
    }

    #[inline(always)]
    fn doubles<'a>(&'a self, source: Source, block: &Block<'a>) -> Operand<'a, f64> {
        match source {
            Source::Register(register) => Operand::Lanes(self.doubles.lanes(register, block.len())),
            Source::Input(input) => match block.columns[input].doubles() {
                Some(values) => Operand::Lanes(&values[block.range.clone()]),
                None => unreachable!("an input that is not in place"),
            },
            Source::Constant(Constant::Float(value)) => Operand::Constant(value),
            _ => Operand::Constant(0.0),
        }
    }

    #[inline(always)]
    fn bools<'a>(&'a self, source: Source, block: &Block<'a>) -> &'a [u8] {
        match source {
            Source::Register(register) => self.bools.lanes(register, block.len()),
            _ => &ALL.0[..block.len()],
        }
    }

    fn integer_step<L: Lane + Default>(
        &self,
        step: &Step,
        block: &Block<'_>,
        out: &mut [Slot<L>],
    ) -> bool {
        let level = block.level;
        let [a, b, c, d] = step.operands;
        let integers = |source| self.integers::<L>(source, block);
        let mask = || self.bools(step.mask, block);
        match step.action {
            Action::Load(input) => block.columns[input].load(level, block.range.clone(), out),
            Action::Plain(Op::BoolToInt) => kernels::unary(
                level,
                out,
                self.bools(a, block),
                #[inline(always)]
                move |a| L::of(a.into()),
            ),
            Action::Plain(op @ (Op::Trunc | Op::Round | Op::Floor | Op::Ceil))
            | Action::Checked(op @ (Op::Trunc | Op::Round | Op::Floor | Op::Ceil)) => {
                let a = self.doubles(a, block).lanes();
                return kernels::to_integers(level, op, out, a, mask());
            }
            Action::Plain(op) => kernels::plain(level, op, out, integers(a), integers(b)),
            Action::Checked(op) | Action::CheckedReal(op) => {
                let real = matches!(step.action, Action::CheckedReal(_));
                let operands = [a, b].map(|source| integers(source).lanes());
                return kernels::checked(level, (op, real), out, operands, mask());
            }
            Action::MultiplyAdd => kernels::multiply_add(
                level,
                out,
                integers(a).lanes(),
                [integers(b), integers(c)],
                #[inline(always)]
                move |a: L, b, c| a.wrapping_mul(b).add(c),
            ),
            Action::CompareSelect(comparison) => {
                let chosen = [c, d].map(|source| integers(source).lanes());
                let compared = (integers(a).lanes(), integers(b));
                kernels::compare_select(level, comparison, out, compared, chosen);
            }
            Action::Select => {
                let chosen = [b, c].map(|source| integers(source).lanes());
                kernels::select(level, out, self.bools(a, block), chosen);
            }
            _ => unreachable!("{:?} gives no integers", step.action),
        }
        false
    }

    fn float_step<L: Lane + Default>(
        &self,
        step: &Step,
        block: &Block<'_>,
        out: &mut [Slot<f64>],
    ) -> bool {
        let level = block.level;
        let [a, b, c, d] = step.operands;
        let doubles = |source| self.doubles(source, block);
        let mask = || self.bools(step.mask, block);
        match step.action {
            Action::Load(input) => {
                block.columns[input].load_doubles(level, block.range.clone(), out);
            }
            Action::Plain(op @ (Op::ToFloat | Op::ToFloatExact | Op::TrueDiv))
            | Action::Checked(op @ (Op::ToFloatExact | Op::TrueDiv)) => {
                let a = self.integers::<L>(a, block).lanes();
                let b = match b {
                    Source::None => a,
                    b => self.integers::<L>(b, block).lanes(),
                };
                return kernels::from_integers(level, op, out, [a, b], mask());
            }
            Action::Plain(op) => kernels::plain_float(level, op, out, doubles(a), doubles(b)),
            Action::Checked(op) => {
                let operands = [a, b].map(|source| doubles(source).lanes());
                return kernels::checked_float(level, (op, 0), out, operands, mask());
            }
            Action::Call(function) => {
                let a = doubles(a).lanes();
                return kernels::checked_float(level, (Op::Call, function), out, [a, a], mask());
            }
            Action::MultiplyAdd => kernels::multiply_add(
                level,
                out,
                doubles(a).lanes(),
                [doubles(b), doubles(c)],
                #[inline(always)]
                move |a: f64, b, c| a * b + c,
            ),
            Action::CompareSelect(comparison) => {
                let chosen = [c, d].map(|source| doubles(source).lanes());
                let compared = (doubles(a).lanes(), doubles(b));
                kernels::compare_select(level, comparison, out, compared, chosen);
            }
            Action::Select => {
                let chosen = [b, c].map(|source| doubles(source).lanes());
                kernels::select(level, out, self.bools(a, block), chosen);
            }
            _ => unreachable!("{:?} gives no floats", step.action),
        }
        false
    }

    fn bool_step<L: Lane + Default>(
        &self,
        step: &Step,
        block: &Block<'_>,
        out: &mut [Slot<u8>],
    ) -> bool {
        let level = block.level;
        let [a, b, c, _] = step.operands;
        let bools = |source| self.bools(source, block);
        macro_rules! pairs {
            ($image:expr) => {
                kernels::binary(
                    level,
                    out,
                    bools(a),
                    Operand::Lanes(bools(b)),
                    #[inline(always)]
                    $image,
                )
            };
        }
        match step.action {
            Action::Compare(comparison) => {
                let a = self.integers::<L>(a, block).lanes();
                kernels::compare(level, comparison, out, a, self.integers(b, block));
            }
            Action::CompareFloats(comparison) => {
                let a = self.doubles(a, block).lanes();
                kernels::compare(level, comparison, out, a, self.doubles(b, block));
            }
            Action::Plain(Op::BoolAnd) => pairs!(|a, b| a & b),
            Action::Plain(Op::BoolOr) => pairs!(|a, b| a | b),
            Action::Plain(Op::BoolXor) => pairs!(|a, b| a ^ b),
            Action::Plain(Op::Not) => kernels::unary(
                level,
                out,
                bools(a),
                #[inline(always)]
                move |a| a ^ 1,
            ),
            Action::Select => kernels::select(level, out, bools(a), [bools(b), bools(c)]),
            Action::Checked(Op::Bail) => {
                return self.bools(step.mask, block).iter().any(|mask| *mask != 0);
            }
            _ => unreachable!("{:?} gives no bools", step.action),
        }
        false
    }

    fn store<L: Lane + Default>(
        &self,
        step: &Step,
        block: &Block<'_>,
        target: &mut Target<'_>,
    ) -> bool {
        let Action::Store { kind, check } = step.action else {
            unreachable!("{:?} gives nothing", step.action)
        };
        let a = step.operands[0];
        match kind {
            Kind::Int => {
                let values = self.integers::<L>(a, block).lanes();
                return !target.store(block.level, values, check);
            }
            Kind::Float => target.store_doubles(block.level, self.doubles(a, block).lanes()),
            Kind::Bool => target.store_bits(block.level, self.bools(a, block)),
        }
        false
    }
}

/// Which elements, of what.
pub(super) struct Block<'a> {
    pub(super) columns: &'a [Column<'a>],
    /// At most [`BLOCK`] of them.
    pub(super) range: Range<usize>,
    pub(super) level: Level,
}

impl Block<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.range.len()
    }
}
