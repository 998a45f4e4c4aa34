//! The exact sum of floats, by the fastest way that they admit.

use crate::Level;
use crate::elements::WORD;
use crate::exact::ExactSum;
use crate::masked::copy_or_zero;
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

    /// Adds a block, with the instructions of a CPU level; with `bits`, only the elements whose bit is
    /// set, as for [`copy_or_zero`].
    #[inline(always)]
    pub(crate) fn add_block<T: Plain>(&mut self, level: Level, block: &[T], bits: Option<&[u64]>) {
        let (rows, rest) = block.as_chunks::<LANES>();
        for (i, rows) in rows.chunks(ROWS).enumerate() {
            self.add_rows(
                level,
                rows,
                bits.map(|bits| &bits[i * ROWS * LANES / WORD..]),
            );
        }
        if !rest.is_empty() {
            let mut row = [T::ZERO; LANES];
            let at = rows.len() * LANES;
            for (i, (place, value)) in row.iter_mut().zip(rest).enumerate() {
                let i = at + i;
                if bits.is_none_or(|bits| bits[i / WORD] >> (i % WORD) & 1 == 1) {
                    *place = *value;
                }
            }
            self.add_rows(level, &[row], None);
        }
    }

    /// Adds up to [`ROWS`] rows.
    #[inline(always)]
    fn add_rows<T: Plain>(&mut self, level: Level, rows: &[[T; LANES]], bits: Option<&[u64]>) {
        if self.skipping > 0 {
            self.skipping -= 1;
        } else if plain::vouches() {
            if let Some(lanes) = T::add(level, &self.lanes, rows, bits) {
                self.lanes = lanes;
                return;
            }
            self.empty_lanes();
            if let Some(lanes) = T::add(level, &Lanes::ZERO, rows, bits) {
                self.lanes = lanes;
                self.skip = 0;
                return;
            }
            self.skip = (2 * self.skip + 1).min(MOST_SKIPPED);
            self.skipping = self.skip;
        }
        let exact = self.exact.get_or_insert_default();
        match bits {
            None => self.windowed.add(exact, level, rows.as_flattened()),
            Some(bits) => {
                let mut there = [[T::ZERO; LANES]; ROWS];
                let there = &mut there.as_flattened_mut()[..rows.as_flattened().len()];
                copy_or_zero(level, rows.as_flattened(), bits, there);
                self.windowed.add(exact, level, there);
            }
        }
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
