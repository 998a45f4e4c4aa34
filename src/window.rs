//! Sums of blocks of floats in vector lanes, exact or not at all.
//!
//! A lane is a chain of accumulators, each of which holds the bits of a window of exponents.
//!
//! 1. **Cutting.** An accumulator starts as the bias 1.5 * 2^top and stays within [2^top,
//!    2^(top + 1)), where doubles are 2^(top - 52) apart. Adding a number therefore rounds it to a
//!    multiple of that unit. What it became is the difference of the accumulator after and
//!    before, and what was cut off is the difference of the number and that. Both differences are
//!    exact (Dekker's `FastTwoSum`: the accumulator is the larger of the two). The rest goes to the
//!    next accumulator, whose window begins where this one ends.
//! 2. **Proof.** The sum is exact if the first accumulator has never left its binade and nothing
//!    remained behind the last one. Both are watched by collecting bits: those in which sign and
//!    exponent of the first accumulator differ from its bias, and those in which the last rest
//!    differs from what became of it. No bit collected, nothing lost; NaN and infinities show as
//!    an accumulator out of its binade. The other accumulators cannot leave theirs: a rest is at
//!    most half a unit, and the next window is chosen so that as many of them as there are rows
//!    fit.
//! 3. **Result.** Within one binade the bits of doubles count units, so the bits of the accumulator
//!    minus those of the bias are the sum of a lane as an integer, and lanes add up as integers.
//!
//! Where the proof fails, the caller tries another window or goes the slow way, number by number.
//!
//! Sources: T. J. Dekker, A floating-point technique for extending the available precision (1971);
//! J. Demmel and H. D. Nguyen, Fast reproducible floating-point summation (2013), for the bias.

use crate::Level;
use crate::element::Float;
use crate::exact::{ExactSum, MANTISSA_BITS};

/// The doubles of a vector register, of the widest kind.
pub(crate) const LANES: usize = 8;
pub(crate) type Lanes = [f64; LANES];

/// So many numbers may be added to a lane.
pub(crate) const ROWS: usize = 64;
const ROW_BITS: i32 = ROWS.ilog2().cast_signed();

/// More windows than this are slower than adding numbers one by one.
const MOST_LEVELS: usize = 4;

/// For so many pieces no fewer windows are tried than were needed.
const PATIENCE: usize = 31;

/// How far the windows of a chain are apart, if at most two numbers are added in each row.
const STEP: i32 = MANTISSA_BITS.cast_signed() + 1 - (ROW_BITS + 3);

/// The exponent of the lowest bias there is, and of the unit that goes with it.
const LOWEST: i32 = -1022;
pub(crate) const SMALLEST_UNIT: i32 = -1074;

/// How to subtract. The result is the same.
pub(crate) trait Subtract {
    /// `a - b`; `one` is 1.0, which the compiler must not know.
    fn subtract(a: f64, b: f64, one: f64) -> f64;
    /// `a * a - square`, where `square` is that rounded.
    fn square_error(a: f64, square: f64) -> f64;
}

/// Plain subtraction.
pub(crate) struct Plain;

impl Subtract for Plain {
    #[inline(always)]
    fn subtract(a: f64, b: f64, _: f64) -> f64 {
        a - b
    }
    /// Dekker's product: halves of 26 bits, whose products are exact.
    #[inline(always)]
    fn square_error(a: f64, square: f64) -> f64 {
        const SPLIT: f64 = 134_217_729.0; // 2^27 + 1
        let scaled = SPLIT * a;
        let high = scaled - (scaled - a);
        let low = a - high;
        ((high * high - square) + 2.0 * high * low) + low * low
    }
}

/// `a - b * 1`, by the CPU's units for multiplication, while those for addition are busy.
///
/// Benefit: sums take 0.85 to 0.9 of the time at levels v3 and v4 (`benches/kernels.rs`).
pub(crate) struct Fused;

impl Subtract for Fused {
    #[inline(always)]
    fn subtract(a: f64, b: f64, one: f64) -> f64 {
        b.mul_add(-one, a)
    }
    #[inline(always)]
    fn square_error(a: f64, square: f64) -> f64 {
        a.mul_add(a, -square)
    }
}

/// The exponents of the windows of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windows {
    /// Of the bias of the first accumulator.
    top: i32,
}

impl Windows {
    /// No window yet: the first attempt fails.
    pub(crate) const NONE: Windows = Windows { top: 0 };

    /// For numbers of at most this magnitude, in chains of so many levels.
    ///
    /// None if it is too large, or not finite. The lowest window is kept at or above `lowest`, the
    /// exponent of the bias of its accumulator.
    #[inline(always)]
    pub(crate) fn below(largest: f64, levels: usize, lowest: i32) -> Option<Windows> {
        let exponent = (largest.to_bits() >> MANTISSA_BITS) as i32 - 1022;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "few levels"
        )]
        let steps = levels as i32 - 1;
        let top = (exponent + ROW_BITS + 2).max(lowest + steps * STEP);
        (top < 1022).then_some(Windows { top })
    }

    /// The exponent of the bias on this level.
    #[inline(always)]
    const fn exponent(self, level: usize) -> i32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            reason = "few levels"
        )]
        let steps = level as i32;
        self.top - steps * STEP
    }

    #[inline(always)]
    fn bias(self, level: usize) -> f64 {
        let exponent = i64::from(self.exponent(level) + 1023).cast_unsigned();
        f64::from_bits(exponent << MANTISSA_BITS | 1 << (MANTISSA_BITS - 1))
    }

    /// The exponent of the last bit in the last of so many windows.
    #[inline(always)]
    pub(crate) const fn unit(self, levels: usize) -> i32 {
        self.exponent(levels - 1) - MANTISSA_BITS.cast_signed()
    }
}

/// A chain of accumulators for each of eight lanes.
pub(crate) struct Chain<const LEVELS: usize> {
    accumulators: [Lanes; LEVELS],
    bias: u64,
    /// Bits in which the first accumulator has differed from its bias.
    moved: [u64; LANES],
    /// Bits in which what the last accumulator took in differed from what it was given.
    lost: [u64; LANES],
}

impl<const LEVELS: usize> Chain<LEVELS> {
    #[inline(always)]
    pub(crate) fn new(windows: Windows) -> Self {
        let mut accumulators = [[0.0; LANES]; LEVELS];
        for (level, accumulator) in accumulators.iter_mut().enumerate() {
            *accumulator = [windows.bias(level); LANES];
        }
        Chain {
            accumulators,
            bias: windows.bias(0).to_bits(),
            moved: [0; LANES],
            lost: [0; LANES],
        }
    }

    /// Adds a row of numbers, which belong into the accumulators from `first` on.
    #[inline(always)]
    pub(crate) fn add<S: Subtract>(&mut self, first: usize, row: Lanes, one: f64) {
        let mut rest = row;
        for level in first..LEVELS {
            let before = self.accumulators[level];
            let after = each(
                #[inline(always)]
                |lane| before[lane] + rest[lane],
            );
            let part = each(
                #[inline(always)]
                |lane| S::subtract(after[lane], before[lane], one),
            );
            self.accumulators[level] = after;
            if level == 0 {
                for (moved, after) in self.moved.iter_mut().zip(after) {
                    *moved |= after.to_bits() ^ self.bias;
                }
            }
            if level + 1 == LEVELS {
                for lane in 0..LANES {
                    self.lost[lane] |= part[lane].to_bits() ^ rest[lane].to_bits();
                }
            } else {
                rest = each(
                    #[inline(always)]
                    |lane| S::subtract(rest[lane], part[lane], one),
                );
            }
        }
    }

    /// Whether nothing has been lost.
    #[inline(always)]
    pub(crate) fn is_exact(&self) -> bool {
        let mut faults = 0;
        for lane in 0..LANES {
            // Of zeros the signs may differ.
            faults |= self.moved[lane] >> MANTISSA_BITS | self.lost[lane] << 1;
        }
        faults == 0
    }

    /// The sum of the lanes on one level, in units of the last bit of its window.
    #[inline(always)]
    pub(crate) fn total(&self, level: usize, windows: Windows) -> i64 {
        let bias = windows.bias(level).to_bits().cast_signed();
        let lanes = self.accumulators[level].iter();
        lanes.map(|lane| lane.to_bits().cast_signed() - bias).sum()
    }
}

#[inline(always)]
pub(crate) fn each(value: impl Fn(usize) -> f64) -> Lanes {
    let mut lanes = [0.0; LANES];
    for (lane, place) in lanes.iter_mut().enumerate() {
        *place = value(lane);
    }
    lanes
}

/// Sums of floats in as few windows as do for what came last.
pub(crate) struct Windowed {
    windows: Windows,
    levels: usize,
    /// So many pieces more before fewer windows are tried again.
    patience: usize,
}

impl Windowed {
    pub(crate) const fn new() -> Self {
        Windowed {
            windows: Windows::NONE,
            levels: 1,
            patience: 0,
        }
    }

    /// Adds numbers to `exact`, with the instructions of a CPU level.
    #[inline(always)]
    pub(crate) fn add<T: Float>(&mut self, exact: &mut ExactSum, level: Level, values: &[T]) {
        let (rows, rest) = values.as_chunks::<LANES>();
        for rows in rows.chunks(ROWS) {
            if level.has_fused_multiply_add() {
                self.add_rows::<T, Fused>(exact, rows);
            } else {
                self.add_rows::<T, Plain>(exact, rows);
            }
        }
        add_one_by_one(exact, rest);
    }

    /// Adds up to [`ROWS`] rows.
    #[inline(always)]
    fn add_rows<T: Float, S: Subtract>(&mut self, exact: &mut ExactSum, rows: &[[T; LANES]]) {
        if self.patience == 0 {
            // An f32 has few enough bits for one window, mostly.
            self.levels = if T::MANTISSA_BITS < 52 { 1 } else { 2 };
            self.patience = PATIENCE;
        } else {
            self.patience -= 1;
        }
        if self.try_rows::<T, S>(exact, rows) {
            return;
        }
        let largest = largest_magnitude(rows);
        while self.levels <= MOST_LEVELS {
            match Windows::below(largest, self.levels, LOWEST) {
                Some(windows) => self.windows = windows,
                None => break,
            }
            if self.try_rows::<T, S>(exact, rows) {
                return;
            }
            self.levels *= 2;
        }
        add_one_by_one(exact, rows.as_flattened());
    }

    #[inline(always)]
    fn try_rows<T: Float, S: Subtract>(&self, exact: &mut ExactSum, rows: &[[T; LANES]]) -> bool {
        match self.levels {
            1 => T::MANTISSA_BITS < 52 && try_windows::<T, S, 1>(exact, self.windows, rows),
            2 => try_windows::<T, S, 2>(exact, self.windows, rows),
            MOST_LEVELS => try_windows::<T, S, MOST_LEVELS>(exact, self.windows, rows),
            _ => false,
        }
    }
}

#[inline(always)]
fn add_one_by_one<T: Float>(exact: &mut ExactSum, values: &[T]) {
    for value in values {
        exact.add(value.to_f64());
    }
}

/// Adds the rows if so many windows hold all their bits.
#[inline(always)]
fn try_windows<T: Float, S: Subtract, const LEVELS: usize>(
    exact: &mut ExactSum,
    windows: Windows,
    rows: &[[T; LANES]],
) -> bool {
    if windows.unit(LEVELS) < SMALLEST_UNIT {
        return false;
    }
    let one = std::hint::black_box(1.0);
    let mut chain = Chain::<LEVELS>::new(windows);
    for row in rows {
        let row = each(
            #[inline(always)]
            |lane| row[lane].to_f64(),
        );
        chain.add::<S>(0, row, one);
    }
    if chain.is_exact() {
        for level in 0..LEVELS {
            exact.add_scaled(chain.total(level, windows), windows.unit(level + 1));
        }
    }
    chain.is_exact()
}

/// The largest absolute value; NaN is passed over.
#[inline(always)]
pub(crate) fn largest_magnitude<T: Float>(rows: &[[T; LANES]]) -> f64 {
    let mut largest = [0.0; LANES];
    for row in rows {
        for lane in 0..LANES {
            let magnitude = row[lane].to_f64().abs();
            let before = largest[lane];
            largest[lane] = if magnitude > before {
                magnitude
            } else {
                before
            };
        }
    }
    largest.iter().copied().fold(0.0, f64::max)
}
