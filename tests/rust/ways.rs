//! The runner: one kernel call in every way it can be run.

use std::fmt::{self, Debug};

use arrayops::{Element, Elements, Error, Executor, Level, Part, Validity, Values, ValuesMut};

use crate::elements::Sample;
use crate::inputs;

/// A way to run a kernel.
struct Way {
    level: Level,
    threads: usize,
    memory: Memory,
}

/// Where the elements are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Memory {
    Aligned,
    Packed,
    /// Among others that are missing.
    Parts,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (memory, level, threads) = (self.memory, self.level.name(), self.threads);
        write!(f, "{memory:?}, level {level}, {threads} threads")
    }
}

impl Way {
    fn executor(&self) -> Executor<'static> {
        let enough = inputs::BYTES_PER_THREAD;
        Executor::new(self.level, self.threads).bytes_per_thread(enough)
    }
}

fn every_way(memories: &[Memory]) -> impl Iterator<Item = Way> {
    Level::available().into_iter().flat_map(move |level| {
        [1, 2, 4].into_iter().flat_map(move |threads| {
            memories.iter().map(move |memory| Way {
                level,
                threads,
                memory: *memory,
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
    kernel: impl Fn(&Executor<'_>, Elements<'_, T>) -> R,
) {
    let packed = pack(values);
    let expected = format!("{expected:?}");
    let scattered = Scattered::new(values);
    let parts = scattered.parts();
    for way in every_way(&[Memory::Aligned, Memory::Packed, Memory::Parts]) {
        let operand = match way.memory {
            Memory::Aligned => values.into(),
            Memory::Packed => Values::Packed(&packed).into(),
            Memory::Parts => parts[..].into(),
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
    for way in every_way(&[Memory::Aligned, Memory::Packed]) {
        let (result, left) = if way.memory == Memory::Packed {
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

/// Elements among which others are missing, in parts of all kinds.
pub(crate) struct Scattered<T: Element> {
    runs: Vec<Run<T>>,
}

struct Run<T: Element> {
    /// What is missing could be anything.
    values: Vec<T>,
    packed: Option<Vec<T::Bytes>>,
    /// The bits, and the place of the first.
    bits: Option<(Vec<u8>, usize)>,
}

impl<T: Sample> Scattered<T> {
    pub(crate) fn new(elements: &[T]) -> Self {
        let mut random = inputs::random_bits(elements.len() as u64);
        let mut next = |limit: usize| {
            let bits = random.next().expect("there is no end");
            usize::try_from(bits % limit as u64).expect("it is smaller")
        };
        let mut runs = Vec::new();
        let mut rest = elements;
        while !rest.is_empty() || runs.len() < 3 {
            let longest = [3, 70, 300, 5000, 40_000][next(5)];
            let (now, later) = rest.split_at(next(longest).min(rest.len()));
            rest = later;
            // None missing; one in so many; no bits at all.
            let rarity = [1, 2, 10, 1000, 0, 0][next(6)];
            let mut values = Vec::new();
            let mut bits = Vec::new();
            for element in now {
                while rarity > 1 && next(rarity) == 0 {
                    values.push(T::from_random(next(usize::MAX) as u64));
                    bits.push(false);
                }
                values.push(*element);
                bits.push(true);
            }
            if rarity == 2 {
                let missing = next(200);
                values.extend(std::iter::repeat_n(T::specials()[0], missing));
                bits.resize(values.len(), false);
            }
            let offset = next(20);
            let packed = next(4) == 0;
            runs.push(Run {
                packed: packed.then(|| pack(&values)),
                values,
                bits: (rarity > 0).then(|| (bitmap(&bits, offset), offset)),
            });
        }
        Scattered { runs }
    }

    pub(crate) fn parts(&self) -> Vec<Part<'_, T>> {
        let runs = self.runs.iter();
        runs.map(|run| {
            let values = match &run.packed {
                None => Values::Aligned(&run.values[..]),
                Some(packed) => Values::Packed(packed),
            };
            let bits = run.bits.as_ref();
            let len = run.values.len();
            let validity = bits.map(|(bits, offset)| Validity::new(bits, *offset, len));
            Part::new(values, validity)
        })
        .collect()
    }
}

/// Bits as Arrow has them, from some place on; the others are set.
pub(crate) fn bitmap(bits: &[bool], offset: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; (offset + bits.len()).div_ceil(8)];
    for (i, bit) in bits.iter().enumerate() {
        if !bit {
            bytes[(offset + i) / 8] &= !(1 << ((offset + i) % 8));
        }
    }
    bytes
}
