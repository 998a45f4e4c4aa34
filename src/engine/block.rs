//! Running a plan over one block.

use std::ops::Range;

use super::column::Column;
use super::kernels::{self, Operand};
use super::lane::Lane;
use super::plan::{Action, LaneType, Place, Plan, Source, Step};
use super::program::{Constant, Kind, Op};
use super::slot::Slot;
use super::target::Target;
use super::watch::Watched;
use crate::Level;

/// The elements of a block of the widest lanes: so few that the registers of a program stay in the
/// first-level cache, so many that it does not matter what a step costs by itself.
pub(super) const BLOCK: usize = 1024;

/// The elements of a block of the narrowest lanes.
pub(super) const LARGEST_BLOCK: usize = 8192;

/// The elements of a block whose widest lanes are of so many bytes: as many bytes for all.
pub(super) fn block_len(lane_size: usize) -> usize {
    (BLOCK * size_of::<f64>() / lane_size).min(LARGEST_BLOCK)
}

/// Loads wait for stores before them whose addresses differ by a multiple of this.
const PAGE: usize = 4096;

/// The lanes of a block, where vectors do not straddle cache lines.
///
/// All registers begin with a page, as large arrays nearly do: so in no iteration a load has an
/// address that, but for its page, is that of an earlier iteration's store.
#[derive(Debug)]
struct Register<T> {
    lanes: Vec<T>,
    start: usize,
}

impl<T: Copy + Default> Register<T> {
    fn new() -> Self {
        let len = block_len(size_of::<T>());
        let lanes = vec![T::default(); len + PAGE / size_of::<T>()];
        let start = lanes.as_ptr().align_offset(PAGE);
        Register {
            // Where the offset cannot be told, vectors straddle.
            start: if start < lanes.len() - len { start } else { 0 },
            lanes,
        }
    }

    #[inline(always)]
    fn lanes(&self, len: usize) -> &[T] {
        &self.lanes[self.start..][..len]
    }

    #[inline(always)]
    fn lanes_mut(&mut self, len: usize) -> &mut [T] {
        &mut self.lanes[self.start..][..len]
    }
}

/// The registers of one type; one that is being written is taken out.
#[derive(Debug)]
pub(super) struct File<T>(Vec<Option<Register<T>>>);

impl<T: Copy + Default> File<T> {
    const EMPTY: Self = File(Vec::new());

    fn take(&mut self, register: usize) -> Register<T> {
        while self.0.len() <= register {
            self.0.push(None);
        }
        self.0[register].take().unwrap_or_else(Register::new)
    }

    fn put(&mut self, register: usize, lanes: Register<T>) {
        self.0[register] = Some(lanes);
    }

    fn fill(&mut self, register: usize, value: T) {
        let mut lanes = self.take(register);
        lanes.lanes.fill(value);
        self.put(register, lanes);
    }

    #[inline(always)]
    fn lanes(&self, register: usize, len: usize) -> &[T] {
        match self.0.get(register) {
            Some(Some(lanes)) => lanes.lanes(len),
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
    /// Whether the extent of an input is to be found on the way.
    pub(super) watches: bool,
    pub(super) watched: Option<Watched>,
}

/// The mask of instructions that have none.
static ALL: [u8; LARGEST_BLOCK] = [1; LARGEST_BLOCK];

impl Files {
    pub(super) const EMPTY: Self = Files {
        shorts: File::EMPTY,
        words: File::EMPTY,
        longs: File::EMPTY,
        doubles: File::EMPTY,
        bools: File::EMPTY,
        watches: false,
        watched: None,
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
                (Kind::Int, Place::Target) => {
                    self.watchful_step::<L>(step, block, L::slots(target))
                }
                (Kind::Float, Place::Target) => self.float_step::<L>(step, block, target.doubles()),
                (Kind::Int, Place::Register(register)) => {
                    let mut lanes = L::file_mut(self).take(register);
                    let slots = Slot::of(lanes.lanes_mut(block.len()));
                    let bails = self.watchful_step::<L>(step, block, slots);
                    L::file_mut(self).put(register, lanes);
                    bails
                }
                (Kind::Float, Place::Register(register)) => {
                    let mut lanes = self.doubles.take(register);
                    let slots = Slot::of(lanes.lanes_mut(block.len()));
                    let bails = self.float_step::<L>(step, block, slots);
                    self.doubles.put(register, lanes);
                    bails
                }
                (Kind::Bool, Place::Register(register)) => {
                    let mut lanes = self.bools.take(register);
                    let slots = Slot::of(lanes.lanes_mut(block.len()));
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
            _ => &ALL[..block.len()],
        }
    }

    /// Runs a step; looks at its input where that is asked for, and nobody has yet.
    fn watchful_step<L: Lane + Default>(
        &mut self,
        step: &Step,
        block: &Block<'_>,
        out: &mut [Slot<L>],
    ) -> bool {
        if self.watches && self.watched.is_none() {
            self.watched = Files::watched_step(step, block, out);
            if self.watched.is_some() {
                return false;
            }
        }
        self.integer_step(step, block, out)
    }

    fn integer_step<L: Lane + Default>(
        &self,
        step: &Step,
        block: &Block<'_>,
        out: &mut [Slot<L>],
    ) -> bool {
        let level = block.level;
        let [a, b, c, ..] = step.operands;
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
            Action::Horner => kernels::horner(
                level,
                out,
                integers(a).lanes(),
                coefficients(step, |source| integers(source).constant()),
                #[inline(always)]
                move |a| a,
                #[inline(always)]
                move |a: L, b, c| a.wrapping_mul(b).add(c),
            ),
            Action::CompareSelect(comparison, negates) => {
                let signs = negates.map(|negates| if negates { !L::ZERO } else { L::ZERO });
                kernels::compare_select(
                    level,
                    comparison,
                    out,
                    (integers(a).lanes(), integers(b)),
                    chosen(step, |source| integers(source).lanes()),
                    #[inline(always)]
                    move |yes: L, no: L| {
                        (
                            (yes ^ signs[0]).sub(signs[0]),
                            (no ^ signs[1]).sub(signs[1]),
                        )
                    },
                );
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
        let [a, b, c, ..] = step.operands;
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
                multiplied_and_added,
            ),
            Action::Horner => {
                let coefficients = coefficients(step, |source| doubles(source).constant());
                match a {
                    Source::Elements(input) => {
                        let elements = &block.columns[input];
                        elements.polynomial(
                            level,
                            block.range.clone(),
                            out,
                            coefficients,
                            multiplied_and_added,
                        );
                    }
                    _ => kernels::horner(
                        level,
                        out,
                        doubles(a).lanes(),
                        coefficients,
                        #[inline(always)]
                        move |a| a,
                        multiplied_and_added,
                    ),
                }
            }
            Action::CompareSelect(comparison, negates) => {
                let signs = negates.map(|negates| u64::from(negates) << 63);
                let signed = move |value: f64, sign| f64::from_bits(value.to_bits() ^ sign);
                kernels::compare_select(
                    level,
                    comparison,
                    out,
                    (doubles(a).lanes(), doubles(b)),
                    chosen(step, |source| doubles(source).lanes()),
                    #[inline(always)]
                    move |yes, no| (signed(yes, signs[0]), signed(no, signs[1])),
                );
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
        let [a, b, c, ..] = step.operands;
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

/// Rounded twice.
#[inline(always)]
fn multiplied_and_added(a: f64, b: f64, c: f64) -> f64 {
    a * b + c
}

/// The coefficients of a polynomial, and the factor of its variable that is added.
fn coefficients<T>(step: &Step, constant: impl Fn(Source) -> T) -> (Vec<T>, Option<T>) {
    let given = |source: &&Source| **source != Source::None;
    let [_, coefficients @ .., added] = &step.operands;
    let coefficients = coefficients.iter().filter(given);
    (
        coefficients.map(|source| constant(*source)).collect(),
        Some(added).filter(given).map(|source| constant(*source)),
    )
}

/// What a step that compares selects from; none if both are what is compared with a constant.
fn chosen<'a, T>(step: &Step, lanes: impl Fn(Source) -> &'a [T]) -> Option<[&'a [T]; 2]> {
    let [a, b, yes, no, ..] = step.operands;
    let same = a == yes && a == no && matches!(b, Source::Constant(_));
    (!same).then(|| [yes, no].map(lanes))
}

/// Which elements, of what.
pub(super) struct Block<'a> {
    pub(super) columns: &'a [Column<'a>],
    /// At most [`Plan::block`] of them.
    pub(super) range: Range<usize>,
    pub(super) level: Level,
}

impl Block<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.range.len()
    }
}
