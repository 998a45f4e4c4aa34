//! Statistics that can be merged without error.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crate::environment::Standard;
use crate::exact::ExactSum;
use crate::fixed::{Fixed, Reader};
use crate::moments::{Moment, Moments};
use crate::sum::mean_of;
use crate::{Elements, Error, Executor, Level, Number};

/// A part of a block that is still in the nearest cache when it is read again.
const PIECE_BYTES: usize = 16 << 10;

/// Count, sum, smallest and largest value, mean and variance of numbers that come in parts.
///
/// Nothing depends on how the numbers were cut into parts, nor on the order in which those were
/// added or merged. All is kept exactly and rounded when it is asked for.
///
/// ```
/// use arrayops::{Executor, Number, Stats};
///
/// let executor = Executor::sequential();
/// let mut stats = Stats::of(&executor, [1e16, 1.0][..].into())?;
/// stats.merge(&Stats::of(&executor, [-1e16][..].into())?)?;
/// assert_eq!(stats.count(), 3);
/// assert_eq!(stats.sum(), Number::Float(1.0));
/// assert_eq!(stats.max()?, Number::Float(1e16));
/// # Ok::<(), arrayops::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stats {
    count: u64,
    /// Places in which there was none.
    nulls: u64,
    /// Whether a float was to be expected, even if none came.
    floats: bool,
    moments: Moments,
    /// The smallest and the largest integer.
    integer_range: Option<(i128, i128)>,
    /// The smallest and the largest float but NaN; -0.0 is smaller than 0.0.
    float_range: Option<(f64, f64)>,
}

impl Default for Stats {
    fn default() -> Self {
        Self::new()
    }
}

/// What one participant has seen.
struct Seen<T> {
    /// A piece as it was read. All figures come from one reading of it, so that they fit each other
    /// also where another thread writes to the elements meanwhile.
    piece: Vec<T>,
    moments: Moments,
    min: T,
    max: T,
    negative_zero: bool,
    positive_zero: bool,
}

impl<T: Moment> Seen<T> {
    fn new() -> Self {
        let (min, max) = T::NO_RANGE;
        Seen {
            piece: Vec::with_capacity(PIECE_BYTES / size_of::<T>()),
            moments: Moments::new(),
            min,
            max,
            negative_zero: false,
            positive_zero: false,
        }
    }

    #[inline(always)]
    fn add_piece(&mut self, level: Level, piece: &[T]) {
        self.piece.clear();
        self.piece.extend_from_slice(piece);
        T::add_block(&mut self.moments, level, &self.piece);
        self.add_range();
    }

    /// Minds which zeros there are, where one of them is the smallest or largest value.
    #[inline(always)]
    fn add_range(&mut self) {
        let (min, max) = T::NO_RANGE;
        let min = T::min_of_block(min, &self.piece);
        let max = T::max_of_block(max, &self.piece);
        if T::IS_FLOAT && (min == T::ZERO || max == T::ZERO) {
            for value in &self.piece {
                let zero = *value == T::ZERO;
                let negative =
                    matches!(value.number(), Number::Float(value) if value.is_sign_negative());
                self.negative_zero |= zero && negative;
                self.positive_zero |= zero && !negative;
            }
        }
        self.min = T::min_of_block(self.min, &[min]);
        self.max = T::max_of_block(self.max, &[max]);
    }
}

impl Stats {
    /// The version of the serialised form.
    const VERSION: u8 = 1;

    /// Of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Stats {
            count: 0,
            nulls: 0,
            floats: false,
            moments: Moments::new(),
            integer_range: None,
            float_range: None,
        }
    }

    /// Of all elements.
    ///
    /// # Errors
    /// [`Error::Interrupted`] only.
    pub fn of<T: Moment>(
        executor: &Executor<'_>,
        elements: Elements<'_, T>,
    ) -> Result<Stats, Error> {
        let _standard = Standard::enter();
        let seen = executor.fold(
            elements,
            Seen::new,
            #[inline(always)]
            |seen, at, block: &[T]| {
                for piece in block.chunks(PIECE_BYTES / size_of::<T>()) {
                    seen.add_piece(at.level, piece);
                }
                ControlFlow::Continue(())
            },
            |seen, other| {
                let fits = seen.moments.merge(&other.moments);
                debug_assert!(fits.is_some(), "no memory holds so many integers");
                seen.min = T::min_of_block(seen.min, &[other.min]);
                seen.max = T::max_of_block(seen.max, &[other.max]);
                seen.negative_zero |= other.negative_zero;
                seen.positive_zero |= other.positive_zero;
            },
        )?;
        let mut stats = Stats::new();
        stats.count = elements.len() as u64;
        stats.nulls = elements.places() as u64 - stats.count;
        stats.floats = T::IS_FLOAT;
        stats.moments = seen.moments;
        // Else nothing came, or NaN only.
        if seen.min <= seen.max {
            match (seen.min.number(), seen.max.number()) {
                (Number::Float(min), Number::Float(max)) => {
                    let zero = |value: f64, negative: bool| match (value == 0.0, negative) {
                        (false, _) => value,
                        (true, true) => -0.0,
                        (true, false) => 0.0,
                    };
                    let range = (
                        zero(min, seen.negative_zero),
                        zero(max, !seen.positive_zero),
                    );
                    stats.float_range = Some(range);
                }
                (Number::Int(min), Number::Int(max)) => stats.integer_range = Some((min, max)),
                _ => unreachable!("elements are of one type"),
            }
        }
        Ok(stats)
    }

    /// Adds all that `other` has seen.
    ///
    /// # Errors
    /// [`Error::TooMany`], also if the integers' sum has no place in 128 bits; `self` is then
    /// unchanged.
    pub fn merge(&mut self, other: &Stats) -> Result<(), Error> {
        let count = self.count.checked_add(other.count).ok_or(Error::TooMany)?;
        let nulls = self.nulls.checked_add(other.nulls).ok_or(Error::TooMany)?;
        self.moments.merge(&other.moments).ok_or(Error::TooMany)?;
        (self.count, self.nulls) = (count, nulls);
        self.floats |= other.floats;
        self.integer_range = joined(self.integer_range, other.integer_range, Ord::cmp);
        self.float_range = joined(self.float_range, other.float_range, f64::total_cmp);
        Ok(())
    }

    /// The number of elements.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The number of missing elements, which no other figure knows of.
    #[must_use]
    pub const fn nulls(&self) -> u64 {
        self.nulls
    }

    /// The sum: an integer if only integers came, else a correctly rounded float.
    #[must_use]
    pub fn sum(&self) -> Number {
        if self.floats {
            Number::Float(self.moments.sum().round())
        } else {
            Number::Int(self.moments.integers)
        }
    }

    /// The mean, as [`mean`](crate::mean) computes it.
    ///
    /// # Errors
    /// [`Error::Empty`].
    pub fn mean(&self) -> Result<f64, Error> {
        if self.count == 0 {
            return Err(Error::Empty);
        }
        Ok(mean_of(self.sum(), self.count))
    }

    /// The smallest number. NaN is passed over, unless there is nothing else.
    ///
    /// # Errors
    /// [`Error::Empty`].
    pub fn min(&self) -> Result<Number, Error> {
        self.extremum(|(min, _)| min, |(min, _)| min, Ordering::Less)
    }

    /// The largest number. NaN as for [`Stats::min`].
    ///
    /// # Errors
    /// [`Error::Empty`].
    pub fn max(&self) -> Result<Number, Error> {
        self.extremum(|(_, max)| max, |(_, max)| max, Ordering::Greater)
    }

    fn extremum(
        &self,
        of_integers: impl Fn((i128, i128)) -> i128,
        of_floats: impl Fn((f64, f64)) -> f64,
        better: Ordering,
    ) -> Result<Number, Error> {
        if self.count == 0 {
            return Err(Error::Empty);
        }
        let _standard = Standard::enter();
        Ok(match (self.integer_range, self.float_range) {
            (None, None) => Number::Float(f64::NAN),
            (Some(integers), None) => Number::Int(of_integers(integers)),
            (None, Some(floats)) => Number::Float(of_floats(floats)),
            (Some(integers), Some(floats)) => {
                let (integer, float) = (of_integers(integers), of_floats(floats));
                if compare(float, integer) == better {
                    Number::Float(float)
                } else {
                    Number::Int(integer)
                }
            }
        })
    }

    /// The variance, as [`variance`](crate::variance) computes it.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooFew`].
    pub fn variance(&self, ddof: u64) -> Result<f64, Error> {
        self.moments.variance(self.count, ddof, false)
    }

    /// The standard deviation, as [`standard_deviation`](crate::standard_deviation) computes it.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::TooFew`].
    pub fn standard_deviation(&self, ddof: u64) -> Result<f64, Error> {
        self.moments.variance(self.count, ddof, true)
    }

    /// A compact form. The same statistics give the same bytes, however they came about.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let marks = [
            self.floats,
            self.integer_range.is_some(),
            self.float_range.is_some(),
            self.nulls > 0,
        ];
        let marks = marks
            .iter()
            .rev()
            .fold(0, |byte, mark| byte << 1 | u8::from(*mark));
        let mut bytes = vec![Self::VERSION, marks];
        bytes.extend(self.count.to_le_bytes());
        if self.nulls > 0 {
            bytes.extend(self.nulls.to_le_bytes());
        }
        if let Some((min, max)) = self.integer_range {
            for value in [min, max, self.moments.integers] {
                bytes.extend(value.to_le_bytes());
            }
        }
        if let Some((min, max)) = self.float_range {
            bytes.extend(min.to_le_bytes());
            bytes.extend(max.to_le_bytes());
        }
        if self.floats {
            self.moments.floats.write(&mut bytes);
        }
        self.moments.squares.write(&mut bytes);
        bytes
    }

    /// Reads what [`Stats::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut bytes = Reader(bytes);
        if bytes.take()? != [Self::VERSION] {
            return Err(Error::Malformed("their version is not known"));
        }
        let [marks] = bytes.take()?;
        if marks > 15 {
            return Err(Error::Malformed("a flag is not known"));
        }
        let mut stats = Stats::new();
        stats.floats = marks & 1 != 0;
        stats.count = u64::from_le_bytes(bytes.take()?);
        if marks & 8 != 0 {
            stats.nulls = u64::from_le_bytes(bytes.take()?);
            if stats.nulls == 0 {
                return Err(Error::Malformed("the figures contradict each other"));
            }
        }
        if marks & 2 != 0 {
            let [min, max, sum] =
                [bytes.take()?, bytes.take()?, bytes.take()?].map(i128::from_le_bytes);
            stats.integer_range = Some((min, max));
            stats.moments.integers = sum;
        }
        if marks & 4 != 0 {
            let [min, max] = [bytes.take()?, bytes.take()?].map(f64::from_le_bytes);
            stats.float_range = Some((min, max));
        }
        if stats.floats {
            stats.moments.floats = ExactSum::read(&mut bytes)?;
        }
        stats.moments.squares = Fixed::read(&mut bytes, false)?;
        bytes.finish()?;
        if stats.is_possible() {
            Ok(stats)
        } else {
            Err(Error::Malformed("the figures contradict each other"))
        }
    }

    /// Whether there can be numbers with these statistics, as far as that is easily seen.
    ///
    /// What is possible stays so however often it is merged: the sums are within what so many numbers
    /// of the range can make, and the limit on their number bounds both.
    fn is_possible(&self) -> bool {
        let floats = &self.moments.floats;
        let limits = i128::from(i64::MIN)..=i128::from(u64::MAX);
        let count = i128::from(self.count);
        let integers = self.integer_range.is_none_or(|(min, max)| {
            let (all_min, all_max) = (min.saturating_mul(count), max.saturating_mul(count));
            let least = if self.floats {
                all_min.min(min)
            } else {
                all_min
            };
            let most = if self.floats {
                all_max.max(max)
            } else {
                all_max
            };
            min <= max
                && limits.contains(&min)
                && limits.contains(&max)
                && (least..=most).contains(&self.moments.integers)
        });
        let [positive, negative] = floats.has_infinite();
        let range = self.float_range.is_none_or(|(min, max)| {
            self.floats
                && min.total_cmp(&max).is_le()
                && !min.is_nan()
                && !max.is_nan()
                && (min == f64::NEG_INFINITY) == negative
                && (max == f64::INFINITY) == positive
        });
        let described = match (self.integer_range, self.float_range) {
            (None, None) => {
                let nothing = self.moments.is_zero() && !positive && !negative;
                nothing && (self.count > 0) == floats.has_nan()
            }
            (_, Some(_)) => self.count > 0,
            (Some(_), None) => self.count > 0 && !positive && !negative,
        };
        let largest = self.largest_magnitude();
        integers && range && described && self.moments.is_possible(self.count, largest)
    }

    /// No finite element is larger.
    fn largest_magnitude(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "rounded up below")]
        let integers = self.integer_range.map_or(0.0, |(min, max)| {
            min.unsigned_abs().max(max.unsigned_abs()) as f64
        });
        let floats = self
            .float_range
            .map_or(0.0, |(min, max)| min.abs().max(max.abs()).min(f64::MAX));
        // An integer may have been rounded down.
        floats.max(integers.next_up())
    }
}

fn joined<T: Copy>(
    lhs: Option<(T, T)>,
    rhs: Option<(T, T)>,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Option<(T, T)> {
    let (Some(lhs), Some(rhs)) = (lhs, rhs) else {
        return lhs.or(rhs);
    };
    let min = std::cmp::min_by(lhs.0, rhs.0, &compare);
    let max = std::cmp::max_by(lhs.1, rhs.1, &compare);
    Some((min, max))
}

/// How a float that is a number compares with an integer of 65 bits.
fn compare(float: f64, integer: i128) -> Ordering {
    // No integer is beyond 2^64.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "towards zero, held at the limits"
    )]
    let whole = float as i128;
    whole.cmp(&integer).then_with(|| {
        let rest = float - float.trunc();
        rest.partial_cmp(&0.0).unwrap_or(Ordering::Equal)
    })
}

/// Equal if nothing that is asked of them, now or after merging, will ever differ.
impl PartialEq for Stats {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Eq for Stats {}
