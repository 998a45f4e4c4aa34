//! The runner: one kernel call in every way it can be run.

use std::fmt::{self, Debug};

use arrayops::{Element, Error, Executor, Level, Values, ValuesMut};

use crate::elements::Sample;
use crate::inputs;

/// A way to run a kernel.
struct Way {
    level: Level,
    threads: usize,
    packed: bool,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = if self.packed { "packed" } else { "aligned" };
        let (level, threads) = (self.level.name(), self.threads);
        write!(f, "{memory}, level {level}, {threads} threads")
    }
}

impl Way {
    fn executor(&self) -> Executor<'static> {
        let enough = inputs::BYTES_PER_THREAD;
        Executor::new(self.level, self.threads).bytes_per_thread(enough)
    }
}

fn every_way() -> impl Iterator<Item = Way> {
    Level::available().into_iter().flat_map(|level| {
        [1, 2, 4].into_iter().flat_map(move |threads| {
            [false, true].map(|packed| Way {
                level,
                threads,
                packed,
            })
        })
    })
}

/// Asserts what `kernel` reads from `values`.
///
/// Results are compared as `Debug` shows them: floats to the bit, and NaN equals NaN.
#[track_caller]
pub(crate) fn assert_result<T: Sample, R: Debug>(
    values: &[T],
    expected: &R,
    kernel: impl Fn(&Executor<'_>, Values<'_, T>) -> R,
) {
    let packed = pack(values);
    let expected = format!("{expected:?}");
    for way in every_way() {
        let operand = if way.packed {
            Values::Packed(&packed)
        } else {
            Values::Aligned(values)
        };
        let result = format!("{:?}", kernel(&way.executor(), operand));
        assert!(
            result == expected,
            "{} ({way}): {result}, expected {expected}",
            Shown(values),
        );
    }
}

/// Asserts what `kernel` makes of `values`: other values, or an error and nothing else.
#[track_caller]
pub(crate) fn assert_in_place<T: Sample>(
    values: &[T],
    expected: &Result<Vec<T>, Error>,
    kernel: impl Fn(&Executor<'_>, ValuesMut<'_, T>) -> Result<(), Error>,
) {
    let expected_result = expected.as_ref().map(drop).map_err(|error| *error);
    let expected = expected.as_deref().unwrap_or(values);
    let packed_expected = pack(expected);
    let packed_values = pack(values);
    for way in every_way() {
        let (result, left) = if way.packed {
            let mut memory = packed_values.clone();
            let result = kernel(&way.executor(), ValuesMut::Packed(&mut memory));
            let same = memory == packed_expected;
            (result, (!same).then(|| unpack(&memory)))
        } else {
            let mut memory = values.to_vec();
            let result = kernel(&way.executor(), ValuesMut::Aligned(&mut memory));
            (result, Some(memory))
        };
        assert!(
            result == expected_result,
            "{} ({way}): {result:?}, expected {expected_result:?}",
            Shown(values),
        );
        if let Some(left) = left
            && !T::all_same(&left, expected)
        {
            let pairs = left.iter().zip(expected);
            let at = pairs.clone().position(|(lhs, rhs)| !lhs.same(*rhs));
            let (at, (left, expected)) = at
                .and_then(|at| Some((at, pairs.clone().nth(at)?)))
                .expect("the lengths are the same");
            panic!(
                "{} ({way}): element {at} was {:?}, is {left:?}, expected {expected:?}",
                Shown(values),
                values[at],
            );
        }
    }
}

fn pack<T: Element>(values: &[T]) -> Vec<T::Bytes> {
    values.iter().map(|value| value.to_bytes()).collect()
}

fn unpack<T: Element>(values: &[T::Bytes]) -> Vec<T> {
    values.iter().map(|bytes| T::from_bytes(*bytes)).collect()
}

/// Values as a message names them: all of a few, else how many.
struct Shown<'a, T>(&'a [T]);

impl<T: Sample> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown(values) = self;
        match values.len() {
            0..=20 => write!(f, "{} {values:?}", T::TYPE),
            len => write!(f, "{len} elements {} {:?} ...", T::TYPE, &values[..5]),
        }
    }
}
