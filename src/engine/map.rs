//! Running a program over whole inputs.

use std::mem::MaybeUninit;
use std::ops::{ControlFlow, Range};

use super::block::{BLOCK, Block, Files};
use super::column::{Column, Stored};
use super::interval::Interval;
use super::plan::{Plan, Shape};
use super::program::{Kind, Program};
use super::target::Target;
use crate::environment::Standard;
use crate::{ElementType, Error, Executor, Level};

/// What a thread takes at a time, as [`work`]. Taking it waits for all that was written before, which
/// interrupts the stream to memory: by an eighth of it, a million shorts take two threads 1.1 times as
/// long.
const PIECE_WORK: usize = 512 << 10;

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
    let shape = shape(program, columns, target.element_type());
    let setup = Setup::new(&shape);
    let read: usize = shape.inputs.iter().map(|(input, _)| input.size()).sum();
    // A store reads what it overwrites.
    let written = shape.target.map_or(0, |target| 2 * target.size());
    let each = work(program, read + written);
    let piece = (PIECE_WORK / each / BLOCK).max(1) * BLOCK;
    let bailed = executor.fold_pieces(
        len.saturating_mul(each),
        Pieces { target, piece },
        piece,
        || Worker::new(&setup),
        |worker, at, piece| {
            worker.run(columns, at.start, at.level, piece);
            ControlFlow::Continue(())
        },
        |worker, other| worker.bailed.extend(other.bailed),
    )?;
    Ok(merged(bailed.bailed))
}

/// What a program is compiled for.
pub(super) fn shape<'a>(
    program: &'a Program,
    columns: &[Column<'_>],
    target: Option<ElementType>,
) -> Shape<'a> {
    let inputs = columns.iter();
    Shape {
        program,
        inputs: inputs
            .map(|column| (column.element_type(), column.is_aligned()))
            .collect(),
        target,
    }
}

/// How much work a program is on an element for which so many bytes are moved: as much as reading so
/// many bytes.
pub(super) fn work(program: &Program, moved: usize) -> usize {
    moved.max(1) + CALL_BYTES * program.calls()
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
struct Pieces<'a> {
    target: Target<'a>,
    piece: usize,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Target<'a>;

    fn next(&mut self) -> Option<Target<'a>> {
        (self.target.len() > 0).then(|| self.target.split_off(self.piece))
    }
}

/// What all threads share.
pub(super) struct Setup<'a> {
    shape: &'a Shape<'a>,
    /// By input: all integers of its type.
    intervals: Vec<Interval>,
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
            intervals,
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
    /// By input: the integers of the block that was looked at last.
    exact: Vec<Interval>,
    /// By input: the integers of all blocks of a piece that have been looked at.
    seen: Vec<Interval>,
    /// The plan for what has been seen.
    guess: Option<usize>,
    bailed: Vec<Range<usize>>,
}

impl<'a> Worker<'a> {
    pub(super) fn new(setup: &'a Setup<'a>) -> Self {
        Worker {
            setup,
            files: Files::EMPTY,
            plans: Vec::new(),
            prepared: None,
            exact: Vec::new(),
            seen: Vec::new(),
            guess: None,
            bailed: Vec::new(),
        }
    }

    /// Runs a piece, block by block; whether a block bails out.
    ///
    /// It is guessed that the integers of a block lie where those before did. They are looked at when
    /// it has been run, since they are in the cache then: a scan beforehand waits for memory, and
    /// writes none meanwhile. Where the guess was wrong, the block is run again.
    pub(super) fn run(
        &mut self,
        columns: &[Column<'_>],
        start: usize,
        level: Level,
        target: Target<'_>,
    ) -> bool {
        let (mut start, mut rest) = (start, target);
        let mut bails = false;
        if rest.len() > BLOCK {
            // What the last piece had, until this one is known to have more.
            self.guess = None;
            self.guess();
        }
        self.seen.clear();
        while rest.len() > 0 {
            let guess = if rest.len() > BLOCK {
                self.guess()
            } else {
                None
            };
            let plan = match guess {
                Some(plan) => Some(&self.plans[plan].1),
                None => self.setup.scanned.is_empty().then_some(&self.setup.plan),
            };
            let len = plan.map_or(BLOCK, |plan| plan.block);
            let mut target = rest.split_off(len);
            if plan.is_some_and(|plan| plan.steps.len() >= PREFETCHED) {
                rest.prefetch(len);
                for column in columns {
                    column.prefetch(start + len, len);
                }
            }
            let block = Block {
                columns,
                range: start..start + target.len(),
                level,
            };
            start = block.range.end;
            bails |= if self.setup.scanned.is_empty() {
                if self.prepared.is_none() {
                    self.files.prepare(&self.setup.plan);
                    self.prepared = Some(0);
                }
                let bails = self.files.run(&self.setup.plan, &block, &mut target);
                self.note(bails, &block, &mut target)
            } else {
                self.run_scanned(guess, &block, target)
            };
        }
        bails
    }

    /// Runs a block by a plan that may be for it; whether it bails out.
    fn run_scanned(
        &mut self,
        guess: Option<usize>,
        block: &Block<'_>,
        mut target: Target<'_>,
    ) -> bool {
        if let Some(plan) = guess {
            self.prepare(plan);
            self.files.watches = true;
            let bails = self.files.run(&self.plans[plan].1, block, &mut target);
            self.files.watches = false;
            self.scan(block);
            let guessed = &self.plans[plan].0;
            let mut scanned = self.setup.scanned.iter();
            if scanned.all(|input| guessed[*input].contains(self.exact[*input])) {
                self.see();
                return self.note(bails, block, &mut target);
            }
            self.guess = None;
        }
        let mut bails = false;
        for start in block.range.clone().step_by(BLOCK) {
            let mut target = target.split_off(BLOCK);
            let block = Block {
                range: start..start + target.len(),
                ..*block
            };
            self.scan(&block);
            let mut scanned = self.setup.scanned.iter().map(|input| self.exact[*input]);
            let inside = scanned.all(|exact| Interval::I64.contains(exact));
            let bailed = !inside || {
                self.see();
                let exact = std::mem::take(&mut self.exact);
                let plan = self.plan(&exact);
                self.exact = exact;
                self.files.run(&self.plans[plan].1, &block, &mut target)
            };
            bails |= self.note(bailed, &block, &mut target);
        }
        bails
    }

    /// The plan that is likely to be for the next block, if none of its integers can be too large.
    fn guess(&mut self) -> Option<usize> {
        if self.guess.is_none() && !self.seen.is_empty() {
            let seen = std::mem::take(&mut self.seen);
            let plan = self.plan(&seen);
            self.seen = seen;
            self.guess = Some(plan).filter(|plan| !self.plans[*plan].1.overflows);
        }
        self.guess
    }

    /// Notes whether a block bails out.
    fn note(&mut self, bails: bool, block: &Block<'_>, target: &mut Target<'_>) -> bool {
        if bails {
            target.clear();
            let range = block.range.clone();
            match self.bailed.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => self.bailed.push(range),
            }
        }
        bails
    }

    /// Looks where the integers of a block lie.
    fn scan(&mut self, block: &Block<'_>) {
        self.exact.clone_from(&self.setup.intervals);
        let watched = self.files.watched.take();
        for input in &self.setup.scanned {
            self.exact[*input] = match watched {
                Some((seen, extent)) if seen == *input => extent,
                _ => block.columns[*input].scan(block.level, block.range.clone()),
            };
        }
    }

    /// Adds what a scan has found to what has been seen.
    fn see(&mut self) {
        if self.seen.is_empty() {
            self.seen.clone_from(&self.exact);
        }
        for (seen, exact) in self.seen.iter_mut().zip(&self.exact) {
            *seen = seen.hull(*exact);
        }
    }

    /// The number of the plan for inputs around these intervals, prepared.
    fn plan(&mut self, exact: &[Interval]) -> usize {
        let mut intervals = self.setup.intervals.clone();
        for input in &self.setup.scanned {
            intervals[*input] = exact[*input].widened(intervals[*input]);
        }
        let known = self.plans.iter().position(|(key, _)| *key == intervals);
        let plan = known.unwrap_or_else(|| {
            if self.plans.len() == PLANS {
                self.plans.clear();
                self.guess = None;
                self.prepared = None;
            }
            let plan = self.setup.shape.plan(&intervals);
            self.plans.push((intervals, plan));
            self.plans.len() - 1
        });
        self.prepare(plan);
        plan
    }

    /// Puts the constants of a plan into the registers.
    fn prepare(&mut self, plan: usize) {
        if self.prepared != Some(plan) {
            self.files.prepare(&self.plans[plan].1);
            self.prepared = Some(plan);
        }
    }
}
