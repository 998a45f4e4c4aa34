//! What is known of a program as a reduction of columns of one type: found out once.

use std::sync::{Arc, Mutex};

use super::block::BLOCK;
use super::chain::{Chain, Operand, Row};
use super::column::Column;
use super::interval::{Interval, Ranges};
use super::native::Native;
use super::plan::live;
use super::program::Program;
use crate::{ElementType, Level, Number};

/// How many elements are to be folded before machine code is made: what it takes to make it is what
/// it saves for some more.
const MANY: usize = 4 * BLOCK;

/// What integer accumulators are tried to be kept within: counts and bytes, words, differences, words
/// that begin with a difference, all that is not negative, and all.
const BOUNDS: [Interval; 6] = [
    Interval::new(0, (1 << 31) - 1),
    Interval::new(0, (1 << 32) - 1),
    Interval::new(-(1 << 31), (1 << 31) - 1),
    Interval::new(-(1 << 32), (1 << 32) - 1),
    Interval::new(0, i64::MAX as i128),
    Interval::I64,
];

/// The first bounds that hold an accumulator; the last ones if it is no integer.
fn bounds_of(accumulator: Number) -> usize {
    let holds = |bounds: &Interval| match accumulator {
        Number::Int(value) => bounds.contains(Interval::point(value)),
        Number::Float(_) => false,
    };
    let first = BOUNDS.iter().position(holds);
    first.unwrap_or(BOUNDS.len() - 1)
}

/// The ranges of a program whose accumulator is within some bounds, and so within others that the
/// program never leaves, whatever the elements.
fn ranges(program: &Program, elements: Interval, bounds: Interval) -> Ranges {
    let holds = |accumulators: &&Interval| accumulators.contains(bounds);
    let ranges = BOUNDS.iter().filter(holds).find_map(|accumulators| {
        let ranges = Ranges::of(program, &[*accumulators, elements]);
        let result = ranges.values[program.result_value()].int();
        accumulators.contains(result).then_some(ranges)
    });
    ranges.unwrap_or_else(|| Ranges::of(program, &[Interval::I64, elements]))
}

/// A program as a chain, and as machine code when it pays.
#[derive(Debug)]
pub(super) struct Reduction {
    live: Vec<bool>,
    ranges: Ranges,
    pub(super) chain: Chain,
    native: Option<Native>,
}

impl Reduction {
    fn new(program: &Program, column: &Column<'_>, bounds: usize, is_native: bool) -> Self {
        let ranges = ranges(program, column.interval(), BOUNDS[bounds]);
        let live = live(program, &ranges);
        let chain = Chain::short(program, &live, &ranges);
        let operand = |row: usize| match &chain.rows[row] {
            Row::Constant(constant) => Operand::Constant(*constant),
            Row::Program(program) if program.is_identity() && is_in_place(column) => {
                Operand::Element(column.element_type())
            }
            Row::Program(_) => Operand::Row(row),
        };
        let native = is_native.then(|| Native::of(&chain, &operand)).flatten();
        Reduction {
            live,
            ranges,
            chain,
            native,
        }
    }

    /// The chain whose only row is the element.
    pub(super) fn long(&self, program: &Program) -> Chain {
        Chain::long(program, &self.live, &self.ranges)
    }

    /// Machine code, if it has been made and is wanted.
    pub(super) fn native(&self, level: Level) -> Option<&Native> {
        self.native.as_ref().filter(|_| level > Level::BASELINE)
    }
}

/// Whether each element can be read where it is, and is an int of the engine or a float.
fn is_in_place(column: &Column<'_>) -> bool {
    column.is_aligned() && column.element_type() != ElementType::U64
}

/// A reduction that has been asked for.
#[derive(Debug)]
struct Known {
    /// Of the columns, whether their elements are in place, and of the accumulators the bounds.
    key: (ElementType, bool, usize),
    reduction: Arc<Reduction>,
    /// How many elements there were, about.
    seen: usize,
    /// It has been tried to make machine code.
    is_final: bool,
}

/// The reductions that a program has been so far. Each copy of the program has its own.
///
/// Nobody waits for the lock: if another thread has it, or had it when this process was forked, a
/// reduction is made for one time.
#[derive(Debug, Default)]
pub(super) struct Reductions(Mutex<Vec<Known>>);

impl Clone for Reductions {
    fn clone(&self) -> Self {
        Reductions::default()
    }
}

impl Reductions {
    /// The program as a reduction of `len` elements of a column to an accumulator.
    pub(super) fn of(
        &self,
        program: &Program,
        accumulator: Number,
        column: &Column<'_>,
        level: Level,
        len: usize,
    ) -> Arc<Reduction> {
        let bounds = bounds_of(accumulator);
        let key = (column.element_type(), column.is_aligned(), bounds);
        let mut seen = len;
        if let Ok(mut all) = self.0.try_lock()
            && let Some(known) = all.iter_mut().find(|known| known.key == key)
        {
            known.seen = known.seen.saturating_add(len);
            seen = known.seen;
            if known.is_final || seen < MANY || level == Level::BASELINE {
                return known.reduction.clone();
            }
        }
        let is_final = seen >= MANY && level > Level::BASELINE;
        let reduction = Arc::new(Reduction::new(program, column, bounds, is_final));
        if let Ok(mut all) = self.0.try_lock() {
            all.retain(|known| known.key != key);
            all.push(Known {
                key,
                reduction: reduction.clone(),
                seen,
                is_final,
            });
        }
        reduction
    }
}
