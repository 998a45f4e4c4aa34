//! What is known of a program as a reduction of columns of one type: found out once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::block::BLOCK;
use super::chain::{Chain, Row};
use super::column::Column;
use super::interval::{Interval, Ranges};
use super::native::{Native, Operand};
use super::plan::live;
use super::program::Program;
use crate::executor::lock;
use crate::{ElementType, Level};

/// How many elements are to be folded before machine code is made: what it takes to make it is what
/// it saves for some more.
const MANY: usize = 4 * BLOCK;

/// A program as a chain, and as machine code when it pays.
#[derive(Debug)]
pub(super) struct Reduction {
    /// Of the columns, and whether their elements are in place.
    column: (ElementType, bool),
    live: Vec<bool>,
    bails: Vec<bool>,
    pub(super) chain: Chain,
    /// How many elements there were in all columns so far.
    seen: AtomicUsize,
    native: OnceLock<Option<Native>>,
}

impl Reduction {
    fn new(program: &Program, column: &Column<'_>) -> Self {
        let ranges = Ranges::of(program, &[Interval::I64, column.interval()]);
        let live = live(program, &ranges);
        Reduction {
            column: key(column),
            chain: Chain::short(program, &live, &ranges.bails),
            live,
            bails: ranges.bails,
            seen: AtomicUsize::new(0),
            native: OnceLock::new(),
        }
    }

    /// The chain whose only row is the element.
    pub(super) fn long(&self, program: &Program) -> Chain {
        Chain::long(program, &self.live, &self.bails)
    }

    /// Machine code for another `len` elements, if there are so many by now that it pays, and if it can be made.
    pub(super) fn native(&self, level: Level, len: usize) -> Option<&Native> {
        if level == Level::BASELINE {
            return None;
        }
        let seen = self.seen.load(Ordering::Relaxed).saturating_add(len);
        self.seen.store(seen, Ordering::Relaxed);
        if seen < MANY {
            return None;
        }
        let native = || Native::of(&self.chain, &|row| self.operand(row));
        self.native.get_or_init(native).as_ref()
    }

    /// Where machine code has a row from.
    fn operand(&self, row: usize) -> Operand {
        match (&self.chain.rows[row], self.column) {
            (Row::Constant(constant), _) => Operand::Constant(*constant),
            // Not all of the largest type are ints of the engine.
            (Row::Program(program), (of, true))
                if program.is_identity() && of != ElementType::U64 =>
            {
                Operand::Element(of)
            }
            (Row::Program(_), _) => Operand::Row(row),
        }
    }
}

fn key(column: &Column<'_>) -> (ElementType, bool) {
    (column.element_type(), column.is_aligned())
}

/// The reductions that a program has been so far. Each copy of the program has its own.
#[derive(Debug, Default)]
pub(super) struct Reductions(Mutex<Vec<Arc<Reduction>>>);

impl Clone for Reductions {
    fn clone(&self) -> Self {
        Reductions::default()
    }
}

impl Reductions {
    pub(super) fn of(&self, program: &Program, column: &Column<'_>) -> Arc<Reduction> {
        let mut all = lock(&self.0);
        let known = all.iter().find(|known| known.column == key(column));
        if let Some(known) = known {
            return known.clone();
        }
        let reduction = Arc::new(Reduction::new(program, column));
        all.push(reduction.clone());
        reduction
    }
}
