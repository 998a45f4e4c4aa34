//! The exact sum of floats, by the fastest way that they admit.

use crate::Level;
use crate::exact::ExactSum;
use crate::plain::{self, LANES, Lanes, Plain};
use crate::window::Windowed;

/// So many rows are added before the CPU is asked whether it has rounded: 16 KiB of doubles, which
/// are in the nearest cache if they must be read once more.
const ROWS: usize = 128;

/// At most so many attempts at plain sums are left out after failures.
const MOST_SKIPPED: u32 = 63;

/// A sum of floats that are added block by block.
///
/// They go into plain sums in lanes for as long as the CPU vouches for these. When it does not,
/// the lanes are emptied into the long number and begun anew; if that does not help, since the
/// numbers differ too much in size, they are added in windows, and last one by one.
pub(crate) struct FloatSum {
    lanes: Lanes,
    /// What is not in the lanes.
    exact: Option<ExactSum>,
    windowed: Windowed,
    /// How many attempts at plain sums to leave out, after the last failure and still.
    skip: u32,
    skipping: u32,
}

impl FloatSum {
    pub(crate) const fn new() -> Self {
        FloatSum {
            lanes: Lanes::ZERO,
            exact: None,
            windowed: Windowed::new(),
            skip: 0,
            skipping: 0,
        }
    }

    /// Adds a block, with the instructions of a CPU level.
    #[inline(always)]
    pub(crate) fn add_block<T: Plain>(&mut self, level: Level, block: &[T]) {
        let (rows, rest) = block.as_chunks::<LANES>();
        for rows in rows.chunks(ROWS) {
            self.add_rows(level, rows);
        }
        if !rest.is_empty() {
            let mut row = [T::ZERO; LANES];
            row[..rest.len()].copy_from_slice(rest);
            self.add_rows(level, &[row]);
        }
    }

    /// Adds up to [`ROWS`] rows.
    #[inline(always)]
    fn add_rows<T: Plain>(&mut self, level: Level, rows: &[[T; LANES]]) {
        if self.skipping > 0 {
            self.skipping -= 1;
        } else if plain::vouches() {
            if let Some(lanes) = T::add(level, &self.lanes, rows) {
                self.lanes = lanes;
                return;
            }
            self.empty_lanes();
            if let Some(lanes) = T::add(level, &Lanes::ZERO, rows) {
                self.lanes = lanes;
                self.skip = 0;
                return;
            }
            self.skip = (2 * self.skip + 1).min(MOST_SKIPPED);
            self.skipping = self.skip;
        }
        let exact = self.exact.get_or_insert_default();
        self.windowed.add(exact, level, rows.as_flattened());
    }

    #[inline(never)]
    fn empty_lanes(&mut self) -> &mut ExactSum {
        let exact = self.exact.get_or_insert_default();
        for part in std::mem::replace(&mut self.lanes, Lanes::ZERO).parts() {
            exact.add(part);
        }
        exact
    }

    pub(crate) fn merge(&mut self, mut other: FloatSum) {
        self.empty_lanes().merge(other.empty_lanes());
    }

    /// The sum, correctly rounded.
    #[inline(always)]
    pub(crate) fn round(mut self) -> f64 {
        if self.exact.is_none()
            && let Some(sum) = self.lanes.round()
        {
            return sum;
        }
        self.empty_lanes().round()
    }
}
