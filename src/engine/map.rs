//! Running a program over whole inputs.

use std::mem::MaybeUninit;
use std::ops::{ControlFlow, Range};

use super::block::{BLOCK, Block, Files};
use super::column::{Column, Stored};
use super::interval::Interval;
use super::plan::{Plan, Shape};
use super::program::{Kind, Op, Program};
use super::target::Target;
use crate::environment::Standard;
use crate::{Error, Executor, Level};

/// What a thread takes at a time, in elements.
const PIECE: usize = 16 * BLOCK;

/// Plans that are kept, for blocks whose inputs lie in other intervals.
const PLANS: usize = 16;

/// Memory is asked for ahead by plans of at least so many steps; those of few read and write it all
/// the time, so that the CPU does so by itself.
const PREFETCHED: usize = 3;

/// A call of a function of the C library takes as long as moving so many bytes.
const CALL_BYTES: usize = 64;

/// Runs a program over every index of its inputs.
///
/// Gives the ranges, in order, that it could not: those of the blocks in which a lane bailed out.
/// Elements outside of them are initialised, and are what Python has; those within hold anything.
/// An integer result that does not fit an element of type `T` bails out, too; a float one is rounded.
///
/// # Errors
/// [`Error::Interrupted`] only. No element is then sure to be initialised.
///
/// # Panics
/// If there are not as many columns as inputs, of the same kinds and the length of `out`; or if the
/// result is a bool, or not a float where `T` is one, or the other way round.
///
/// ```
/// use std::mem::MaybeUninit;
///
/// use arrayops::{Column, Executor, Program, Values, map};
///
/// // x + x of one int.
/// let bytes = [1, 1, 0, 0, 0, 1, 0, 0x01, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0];
/// let program = Program::decode(&bytes)?;
/// let values = [1_i8, 2, 100];
/// let column = Column::from(Values::Aligned(&values));
/// let mut out = [MaybeUninit::<u8>::uninit(); 3];
/// let bailed = map(&Executor::sequential(), &program, &[column], &mut out)?;
/// assert!(bailed.is_empty());
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn map<T: Stored>(
    executor: &Executor<'_>,
    program: &Program,
    columns: &[Column<'_>],
    out: &mut [MaybeUninit<T>],
) -> Result<Vec<Range<usize>>, Error> {
    let stored = match T::TYPE.limits().0 {
        crate::Number::Int(_) => Kind::Int,
        crate::Number::Float(_) => Kind::Float,
    };
    assert_eq!(program.result(), stored, "the result is of another kind");
    run(executor, program, columns, T::target(out))
}

/// Runs a program that gives bools: bit `i % 64` of the word `i / 64` is that of the element `i`.
///
/// The bits in the ranges that it gives, where lanes bailed out, are zero, and so are those beyond
/// the last element.
///
/// # Errors
/// [`Error::Interrupted`] only.
///
/// # Panics
/// If the columns are not as for [`map`], the result is no bool, or there are not as many words as
/// the elements fill.
///
/// ```
/// use arrayops::{Column, Executor, Program, Values, select};
///
/// // x < x of one int.
/// let bytes = [1, 1, 0, 0, 0, 1, 0, 0x30, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0];
/// let program = Program::decode(&bytes)?;
/// let column = Column::from(Values::Aligned(&[1_i8, 2, 100][..]));
/// let mut bits = [1];
/// let bailed = select(&Executor::sequential(), &program, &[column], &mut bits)?;
/// assert_eq!((bailed, bits), (vec![], [0]));
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn select(
    executor: &Executor<'_>,
    program: &Program,
    columns: &[Column<'_>],
    bits: &mut [u64],
) -> Result<Vec<Range<usize>>, Error> {
    assert_eq!(program.result(), Kind::Bool, "the result is no bool");
    let len = columns.first().map_or(64 * bits.len(), Column::len);
    assert_eq!(bits.len(), len.div_ceil(64), "one bit for each element");
    run(executor, program, columns, Target::Bits(bits, len))
}

/// Whether columns are what a program takes.
pub(super) fn assert_columns(program: &Program, columns: &[Column<'_>], len: usize) {
    assert_eq!(
        columns.len(),
        program.inputs().len(),
        "a column for each input"
    );
    for (column, kind) in columns.iter().zip(program.inputs()) {
        assert_eq!(column.len(), len, "columns of one length");
        let is_int = matches!(column.element_type().limits().0, crate::Number::Int(_));
        assert_eq!(
            is_int,
            *kind == Kind::Int,
            "columns of the kinds of the inputs"
        );
    }
}

fn run(
    executor: &Executor<'_>,
    program: &Program,
    columns: &[Column<'_>],
    target: Target<'_>,
) -> Result<Vec<Range<usize>>, Error> {
    let len = target.len();
    assert_columns(program, columns, len);
    let _standard = Standard::enter();
    let shape = Shape {
        program,
        inputs: columns
            .iter()
            .map(|column| (column.element_type(), column.is_aligned()))
            .collect(),
        target: target.element_type(),
    };
    let setup = Setup::new(&shape);
    let moved: usize = shape
        .inputs
        .iter()
        .map(|(element_type, _)| element_type.size())
        .sum();
    let bytes = len.saturating_mul(moved.max(1) + CALL_BYTES * calls(program));
    let bailed = executor.fold_pieces(
        bytes,
        Pieces(target),
        PIECE,
        || Worker::new(&setup),
        |worker, at, mut piece| {
            let mut start = at.start;
            while piece.len() > 0 {
                let mut target = piece.split_off(BLOCK);
                if worker.setup.plan.steps.len() >= PREFETCHED {
                    piece.prefetch(BLOCK);
                    for column in columns {
                        column.prefetch(start + BLOCK, BLOCK);
                    }
                }
                worker.run(columns, start, at.level, &mut target);
                start += target.len();
            }
            ControlFlow::Continue(())
        },
        |worker, other| worker.bailed.extend(other.bailed),
    )?;
    Ok(merged(bailed.bailed))
}

/// Instructions that call the C library.
fn calls(program: &Program) -> usize {
    let instructions = program.instructions().iter();
    let is_call = |op| {
        matches!(
            op,
            Op::Call
                | Op::FloatPow
                | Op::Fmod
                | Op::Atan2
                | Op::FloatMod
                | Op::FloatFloorDiv
                | Op::Pow
        )
    };
    instructions
        .filter(|instruction| is_call(instruction.op))
        .count()
}

/// Ranges in order, with none that touch.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let touches = next.start == range.end;
        if touches {
            range.end = next.end;
        }
        touches
    });
    ranges
}

/// A target in pieces.
struct Pieces<'a>(Target<'a>);

impl<'a> Iterator for Pieces<'a> {
    type Item = Target<'a>;

    fn next(&mut self) -> Option<Target<'a>> {
        (self.0.len() > 0).then(|| self.0.split_off(PIECE))
    }
}

/// What all threads share.
pub(super) struct Setup<'a> {
    shape: &'a Shape<'a>,
    /// For any inputs of their types.
    plan: Plan,
    /// The inputs whose extent may lead to a better plan.
    scanned: Vec<usize>,
}

impl<'a> Setup<'a> {
    pub(super) fn new(shape: &'a Shape<'a>) -> Self {
        let intervals = shape.static_intervals();
        let analysis = shape.analyse(&intervals);
        let used = analysis.integers();
        let inputs = 0..shape.program.inputs().len();
        let integers = inputs.clone().filter(|input| used[*input]);
        let natural = integers
            .clone()
            .map(|input| shape.inputs[input].0.size())
            .max();
        let beyond = integers
            .clone()
            .any(|input| !Interval::I64.contains(intervals[input]));
        let wide = analysis.lane.element_type().size() > natural.unwrap_or(0).max(2);
        let may_gain = beyond || wide || analysis.ranges.overflows;
        Setup {
            shape,
            scanned: if may_gain {
                integers.collect()
            } else {
                Vec::new()
            },
            plan: shape.plan(&intervals),
        }
    }
}

/// What one thread has.
pub(super) struct Worker<'a> {
    setup: &'a Setup<'a>,
    files: Files,
    /// Plans, and the intervals that they are for.
    plans: Vec<(Vec<Interval>, Plan)>,
    /// The plan whose constants are in the registers.
    prepared: Option<usize>,
    intervals: Vec<Interval>,
    bailed: Vec<Range<usize>>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(setup: &'a Setup<'a>) -> Self {
        Worker {
            setup,
            files: Files::EMPTY,
            plans: Vec::new(),
            prepared: None,
            intervals: setup.shape.static_intervals(),
            bailed: Vec::new(),
        }
    }

    /// Runs one block; whether it bails out.
    pub(super) fn run(
        &mut self,
        columns: &[Column<'_>],
        start: usize,
        level: Level,
        target: &mut Target<'_>,
    ) -> bool {
        let range = start..start + target.len();
        let block = Block {
            columns,
            range: range.clone(),
            level,
        };
        let bails = match self.plan(&block) {
            Some(plan) => self
                .files
                .run(plan_of(self.setup, &self.plans, plan), &block, target),
            None => true,
        };
        if bails {
            target.clear();
            match self.bailed.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => self.bailed.push(range),
            }
        }
        bails
    }

    /// The number of the plan for a block; none if it has integers beyond 64 bits.
    fn plan(&mut self, block: &Block<'_>) -> Option<usize> {
        let setup = self.setup;
        if setup.scanned.is_empty() {
            if self.prepared.is_none() {
                self.files.prepare(&setup.plan);
                self.prepared = Some(0);
            }
            return Some(0);
        }
        for input in &setup.scanned {
            let column = &block.columns[*input];
            let exact = column.scan(block.level, block.range.clone());
            if !Interval::I64.contains(exact) {
                return None;
            }
            self.intervals[*input] = exact.widened(column.interval());
        }
        let known = self
            .prepared
            .filter(|plan| self.plans[*plan].0 == self.intervals);
        let known = known.or_else(|| {
            self.plans
                .iter()
                .position(|(key, _)| *key == self.intervals)
        });
        let plan = known.unwrap_or_else(|| {
            if self.plans.len() == PLANS {
                self.plans.clear();
            }
            let plan = setup.shape.plan(&self.intervals);
            self.plans.push((self.intervals.clone(), plan));
            self.prepared = None;
            self.plans.len() - 1
        });
        if self.prepared != Some(plan) {
            self.files.prepare(&self.plans[plan].1);
            self.prepared = Some(plan);
        }
        Some(plan)
    }
}

fn plan_of<'a>(setup: &'a Setup<'_>, plans: &'a [(Vec<Interval>, Plan)], plan: usize) -> &'a Plan {
    if setup.scanned.is_empty() {
        &setup.plan
    } else {
        &plans[plan].1
    }
}
