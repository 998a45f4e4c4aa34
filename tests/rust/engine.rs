//! Programs over columns: [`map`] and [`select`] against an oracle that takes them element by element.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    clippy::float_cmp,
    reason = "numbers are taken apart and compared to the bit"
)]

mod draft;
mod oracle;

use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::ops::Range;

use arrayops::{
    Column, Element, ElementType, Error, Executor, Filtered, Kind, Level, Number, Program, Stored,
    Values, compact, filter, map, reduce, select, with_element,
};

use crate::elements::Sample;
use crate::inputs::random_bits;
use draft::{Draft, NONE, Outcome, Value, signature};

/// The engine's block.
const BLOCK: usize = 1024;

/// The bytes that a filter takes at a time.
const FILTER_PIECE: usize = 128 << 10;

/// A column of some type, in place and at an odd address.
trait AnyColumn {
    fn column(&self, packed: bool) -> Column<'_>;
    fn value(&self, index: usize) -> Value;
}

struct Elements<T: Element> {
    aligned: Vec<T>,
    packed: Vec<T::Bytes>,
}

impl<T: Stored + Sample> AnyColumn for Elements<T> {
    fn column(&self, packed: bool) -> Column<'_> {
        if packed {
            Values::<T>::Packed(&self.packed).into()
        } else {
            Values::Aligned(&self.aligned[..]).into()
        }
    }

    fn value(&self, index: usize) -> Value {
        match self.aligned[index].number() {
            Number::Int(value) => Value::Int(value),
            Number::Float(value) => Value::Float(value),
        }
    }
}

/// Elements whose character changes from block to block.
fn elements<T: Stored + Sample>(len: usize, seed: u64) -> Box<dyn AnyColumn> {
    let specials = T::specials();
    let aligned: Vec<T> = random_bits(seed)
        .take(len)
        .enumerate()
        .map(|(i, bits)| match (seed as usize + i / BLOCK) % 5 {
            0 | 1 => T::moderate(bits),
            2 => specials[bits as usize % specials.len()],
            3 => T::from_random(bits),
            _ if bits % 64 == 0 => specials[(bits >> 8) as usize % specials.len()],
            _ => T::moderate(bits),
        })
        .collect();
    let packed = aligned.iter().map(|value| value.to_bytes()).collect();
    Box::new(Elements { aligned, packed })
}

/// A way to run a program.
#[derive(Clone, Copy, Debug)]
struct Way {
    level: Level,
    threads: usize,
    packed: bool,
}

fn every_way() -> Vec<Way> {
    let mut ways = Vec::new();
    for level in Level::available() {
        for threads in [1, 2, 4] {
            ways.extend([false, true].map(|packed| Way {
                level,
                threads,
                packed,
            }));
        }
    }
    ways
}

impl Way {
    fn executor(self) -> Executor<'static> {
        Executor::new(self.level, self.threads).bytes_per_thread(NonZeroUsize::MIN)
    }
}

/// Where results go.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sink {
    Elements(ElementType),
    Bits,
}

#[expect(unsafe_code, reason = "what was initialised before the call still is")]
fn mapped<T: Stored>(
    way: Way,
    program: &Program,
    columns: &[Column<'_>],
    len: usize,
) -> (Vec<Number>, Vec<Range<usize>>) {
    let mut out = vec![MaybeUninit::new(T::ZERO); len];
    let bailed = map(&way.executor(), program, columns, &mut out).expect("nothing interrupts");
    // SAFETY: zeros, but for what was overwritten with results.
    let number = |slot: &MaybeUninit<T>| unsafe { slot.assume_init() }.number();
    (out.iter().map(number).collect(), bailed)
}

fn selected(
    way: Way,
    program: &Program,
    columns: &[Column<'_>],
    len: usize,
) -> (Vec<Number>, Vec<Range<usize>>) {
    let mut bits = vec![u64::MAX; len.div_ceil(64)];
    let bailed = select(&way.executor(), program, columns, &mut bits).expect("nothing interrupts");
    let bit = |i: usize| bits[i / 64] >> (i % 64) & 1;
    assert!((len..64 * bits.len()).all(|i| bit(i) == 0));
    assert!(bailed.iter().cloned().flatten().all(|i| bit(i) == 0));
    (
        (0..len).map(|i| Number::Int(bit(i).into())).collect(),
        bailed,
    )
}

/// What the sink holds for a result; none where it bails out.
fn stored(value: Value, sink: Sink) -> Option<Number> {
    match (value, sink) {
        (Value::Int(value), Sink::Elements(element_type)) => match element_type.limits() {
            (Number::Int(min), Number::Int(max)) => {
                (min..=max).contains(&value).then_some(Number::Int(value))
            }
            limits => unreachable!("{limits:?} of integers"),
        },
        (Value::Float(value), Sink::Elements(ElementType::F32)) => {
            Some(Number::Float((value as f32).into()))
        }
        (Value::Float(value), _) => Some(Number::Float(value)),
        (Value::Bool(value), _) => Some(Number::Int(value.into())),
        (Value::Int(_), Sink::Bits) => unreachable!("integers are no bits"),
    }
}

fn same(lhs: Number, rhs: Number) -> bool {
    match (lhs, rhs) {
        (Number::Float(lhs), Number::Float(rhs)) => {
            lhs.to_bits() == rhs.to_bits() || lhs.is_nan() && rhs.is_nan()
        }
        _ => lhs == rhs,
    }
}

/// Asserts what a program makes of columns.
fn assert_program(
    draft: &Draft,
    data: &[Box<dyn AnyColumn>],
    len: usize,
    sink: Sink,
    ways: &[Way],
) {
    let program = draft.program();
    let outcomes: Vec<Outcome> = (0..len)
        .map(|i| {
            let inputs: Vec<Value> = data.iter().map(|column| column.value(i)).collect();
            let mut outcome = draft.outcome(&inputs);
            let fits = |value| stored(value, sink).is_some();
            outcome.bails |= outcome.value.is_some_and(|value| !fits(value));
            // Nobody says what is stored, nor that it fits.
            outcome.may_bail |= outcome.value.is_none();
            outcome
        })
        .collect();
    for way in ways {
        let columns: Vec<Column<'_>> = data
            .iter()
            .map(|column| column.column(way.packed))
            .collect();
        let (results, bailed) = match sink {
            Sink::Elements(element_type) => with_element!(element_type, T => {
                mapped::<T>(*way, &program, &columns, len)
            }),
            Sink::Bits => selected(*way, &program, &columns, len),
        };
        assert!(
            bailed
                .iter()
                .all(|range| !range.is_empty() && range.end <= len)
        );
        assert!(bailed.is_sorted_by(|a, b| a.end < b.start), "{bailed:?}");
        let mut is_bailed = vec![false; len];
        for range in &bailed {
            is_bailed[range.clone()].fill(true);
        }
        for (i, outcome) in outcomes.iter().enumerate() {
            let context = || {
                let inputs: Vec<Value> = data.iter().map(|column| column.value(i)).collect();
                format!("{draft:?} into {sink:?} ({way:?}), element {i} of {len}: {inputs:?}")
            };
            if is_bailed[i] {
                let block = i / BLOCK * BLOCK..(i / BLOCK * BLOCK + BLOCK).min(len);
                let cause = outcomes[block]
                    .iter()
                    .any(|outcome| outcome.bails || outcome.may_bail);
                assert!(cause, "bailed out for nothing: {}", context());
            } else {
                assert!(!outcome.bails, "did not bail out: {}", context());
                if let Some(expected) = outcome.value.and_then(|value| stored(value, sink)) {
                    assert!(
                        same(results[i], expected),
                        "is {:?}, expected {expected:?}: {}",
                        results[i],
                        context()
                    );
                }
            }
        }
    }
}

/// Pseudo-random choices.
struct Dice<I>(I);

impl<I: Iterator<Item = u64>> Dice<I> {
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next().expect("there is no end of bits") >> 11) as usize % bound
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

const INTS: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    7,
    10,
    64,
    100,
    255,
    -3,
    -128,
    1 << 15,
    65_535,
    i32::MAX as i64,
    -(1 << 31),
    1 << 53,
    i64::MAX,
    i64::MIN,
    5,
    8,
    63,
];
const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    3.7,
    -2.5,
    1e-3,
    255.0,
    1e300,
    f64::INFINITY,
    f64::NAN,
    5e-324,
    1e18,
];
const CODES: &[u8] = &[
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10,
    0x01, 0x02, 0x03, 0x60, 0x61, 0x60, 0x61, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
    0x2a, 0x2b, 0x2c, 0x2d, 0x30, 0x31, 0x32, 0x33, 0x38, 0x39, 0x3a, 0x3b, 0x40, 0x41, 0x42, 0x43,
    0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x60, 0x61, 0x62, 0x70, 0x80, 0x20, 0x21, 0x22,
];

/// Any program over such inputs, with a result of a kind.
fn any_program<I: Iterator<Item = u64>>(dice: &mut Dice<I>, inputs: &[Kind], kind: Kind) -> Draft {
    let mut draft = Draft::new(inputs);
    for _ in 0..=dice.below(2) {
        let (int, float) = (dice.one(INTS), dice.one(FLOATS));
        draft.constant(Value::Int(int.into()));
        draft.constant(Value::Float(float));
    }
    let bool = dice.below(2) == 0;
    draft.constant(Value::Bool(bool));
    let codes: Vec<u8> = (0..6).map(|_| dice.one(CODES)).collect();
    let count = 1 + dice.below(8);
    while draft.instructions.len() < count || draft.kind(draft.len() - 1) != kind {
        let code = if dice.below(3) == 0 {
            dice.one(CODES)
        } else {
            dice.one(&codes)
        };
        let mask = if dice.below(8) == 0 {
            pick(dice, &draft, Kind::Bool)
        } else {
            NONE
        };
        if code == 0x70 && mask == NONE {
            continue;
        }
        let (kinds, _) = signature(code).expect("a known operation");
        let operands: Vec<u16> = kinds.iter().map(|kind| pick(dice, &draft, *kind)).collect();
        if code == 0x80 {
            let function = dice.below(oracle::FUNCTIONS.into());
            draft.call(function as u16, operands[0], mask);
        } else {
            draft.push_masked(code, &operands, mask);
        }
    }
    draft
}

/// A value of a kind, rather a late one.
fn pick<I: Iterator<Item = u64>>(dice: &mut Dice<I>, draft: &Draft, kind: Kind) -> u16 {
    let all: Vec<u16> = (0..draft.len())
        .filter(|value| draft.kind(*value) == kind)
        .collect();
    if dice.below(2) == 0 || all.is_empty() {
        let inputs: Vec<u16> = all
            .iter()
            .copied()
            .filter(|value| usize::from(*value) < draft.inputs.len())
            .collect();
        if !inputs.is_empty() {
            return dice.one(&inputs);
        }
    }
    all[all.len() - 1 - dice.below(all.len()).min(dice.below(all.len()))]
}

fn check_any_programs(seed: u64, count: usize) {
    let ways = every_way();
    for i in 0..count {
        let seed = seed.wrapping_mul(1 << 32) + i as u64;
        let dice = &mut Dice(random_bits(seed));
        let len = dice.one(&[
            0,
            1,
            63,
            64,
            65,
            200,
            BLOCK - 1,
            BLOCK,
            BLOCK + 1,
            5 * BLOCK + 7,
        ]);
        let len = if dice.below(40) == 0 {
            40 * BLOCK + 3
        } else {
            len
        };
        let types: Vec<ElementType> = (0..=dice.below(2))
            .map(|_| dice.one(ElementType::ALL))
            .collect();
        let kinds: Vec<Kind> = types
            .iter()
            .map(|element_type| match element_type.limits().0 {
                Number::Int(_) => Kind::Int,
                Number::Float(_) => Kind::Float,
            })
            .collect();
        let data: Vec<Box<dyn AnyColumn>> = types
            .iter()
            .zip(seed..)
            .map(|(element_type, seed)| with_element!(*element_type, T => elements::<T>(len, seed)))
            .collect();
        let (sink, kind) = match dice.below(11) {
            10 => (Sink::Bits, Kind::Bool),
            n => {
                let element_type = ElementType::ALL[n];
                let is_int = matches!(element_type.limits().0, Number::Int(_));
                (
                    Sink::Elements(element_type),
                    if is_int { Kind::Int } else { Kind::Float },
                )
            }
        };
        let draft = any_program(dice, &kinds, kind);
        let some = [dice.one(&ways), dice.one(&ways)];
        assert_program(&draft, &data, len, sink, &some);
    }
}

#[test]
fn programs_of_any_kind_equal_the_oracle() {
    let count = std::env::var("ARRAYOPS_ENGINE_PROGRAMS")
        .ok()
        .and_then(|n| n.parse().ok());
    let seed = std::env::var("ARRAYOPS_ENGINE_SEED")
        .ok()
        .and_then(|n| n.parse().ok());
    check_any_programs(seed.unwrap_or(1), count.unwrap_or(1500));
}

/// One operation at a time, in every way, with each operand in turn an input or a constant.
#[test]
fn operations_one_by_one_equal_the_oracle() {
    let mut codes = CODES.to_vec();
    codes.sort_unstable();
    codes.dedup();
    for code in codes
        .into_iter()
        .filter(|code| *code != 0x80 && *code != 0x70)
    {
        let (kinds, result) = signature(code).expect("a known operation");
        for constants in 0..1 << kinds.len() {
            one_operation(code, kinds, result, constants);
        }
    }
}

fn one_operation(code: u8, kinds: &[Kind], result: Kind, constants: usize) {
    let len = 3 * BLOCK + 5;
    let types = [
        ElementType::I8,
        ElementType::I16,
        ElementType::I32,
        ElementType::I64,
    ];
    for (i, element_type) in types.into_iter().enumerate() {
        let mut draft = Draft::new(&[Kind::Int, Kind::Float, Kind::Int, Kind::Float]);
        let pick = code as usize + 3 * i;
        let int = draft.constant(Value::Int(INTS[pick % INTS.len()].into()));
        let float = draft.constant(Value::Float(FLOATS[pick % FLOATS.len()]));
        let yes = draft.constant(Value::Bool(true));
        let is_less = draft.push(0x30, &[0, 2]);
        let operands: Vec<u16> = kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| match (kind, constants >> i & 1) {
                (Kind::Int, 0) => [0, 2][i % 2],
                (Kind::Float, 0) => [1, 3][i % 2],
                (Kind::Bool, 0) => is_less,
                (Kind::Int, _) => int,
                (Kind::Float, _) => float,
                (Kind::Bool, _) => yes,
            })
            .collect();
        draft.push(code, &operands);
        let sink = match result {
            Kind::Int => Sink::Elements(ElementType::I64),
            Kind::Float => Sink::Elements(ElementType::F64),
            Kind::Bool => Sink::Bits,
        };
        let ints = |seed| with_element!(element_type, T => elements::<T>(len, seed));
        let data = [
            ints(1),
            elements::<f64>(len, 2),
            ints(3),
            elements::<f64>(len, 4),
        ];
        assert_program(&draft, &data, len, sink, &every_way());
    }
}

#[test]
fn inputs_as_they_are_are_stored_in_every_type() {
    for element_type in ElementType::ALL {
        for sink in ElementType::ALL {
            let is_int = |t: &ElementType| matches!(t.limits().0, Number::Int(_));
            let kind = if is_int(element_type) {
                Kind::Int
            } else {
                Kind::Float
            };
            let mut draft = Draft::new(&[kind]);
            match (is_int(element_type), is_int(sink)) {
                (true, false) => drop(draft.push(0x50, &[0])),
                (false, true) => drop(draft.push(0x53, &[0])),
                _ => {}
            }
            let len = 5 * BLOCK + 1;
            let data = [with_element!(*element_type, T => elements::<T>(len, 7))];
            assert_program(&draft, &data, len, Sink::Elements(*sink), &every_way());
        }
    }
}

#[test]
fn malformed_programs_are_errors() {
    let mut draft = Draft::new(&[Kind::Int, Kind::Float]);
    let three = draft.constant(Value::Int(3));
    let product = draft.push(0x03, &[0, three]);
    let less = draft.push(0x30, &[product, 0]);
    draft.push_masked(0x06, &[0, three], less);
    let bytes = draft.bytes();
    assert!(Program::decode(&bytes).is_ok());
    for len in 0..bytes.len() {
        let result = Program::decode(&bytes[..len]);
        assert!(
            matches!(result, Err(Error::Malformed(_))),
            "{len}: {result:?}"
        );
    }
    let run = |program: &Program| {
        let kinds = program.inputs().len();
        let columns: Vec<Column<'_>> = (0..kinds)
            .map(|i| match program.inputs()[i] {
                Kind::Int => Values::Aligned(&[3_i32, -4][..]).into(),
                _ => Values::Aligned(&[3.0_f64, -4.0][..]).into(),
            })
            .collect();
        let executor = Executor::sequential();
        let done = match program.result() {
            Kind::Int => map(
                &executor,
                program,
                &columns,
                &mut [MaybeUninit::<i64>::uninit(); 2],
            ),
            Kind::Float => map(
                &executor,
                program,
                &columns,
                &mut [MaybeUninit::<f64>::uninit(); 2],
            ),
            Kind::Bool => select(&executor, program, &columns, &mut [0]),
        };
        assert!(done.is_ok());
    };
    // Whatever still is a program, can be run.
    for (at, bits) in (0..bytes.len())
        .cycle()
        .zip(random_bits(5))
        .take(20 * bytes.len())
    {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            Program::decode(&changed).iter().for_each(run);
            changed[(bits % bytes.len() as u64) as usize] = (bits >> 32) as u8;
            Program::decode(&changed).iter().for_each(run);
        }
    }
    for seed in 0..2000 {
        let len = seed as usize % 64;
        let random: Vec<u8> = random_bits(seed).map(|bits| bits as u8).take(len).collect();
        Program::decode(&random).iter().for_each(run);
        let versioned: Vec<u8> = [1, 1, 0, 0, 0].into_iter().chain(random).collect();
        Program::decode(&versioned).iter().for_each(run);
    }
}

/// Words of bits of every character.
fn bit_patterns(len: usize) -> Vec<Vec<u64>> {
    let words = len.div_ceil(64);
    let random: Vec<u64> = random_bits(9).take(words).collect();
    let mixed = random.iter().enumerate().map(|(i, bits)| match i / 3 % 4 {
        0 => 0,
        1 => u64::MAX,
        2 => *bits,
        _ => 1 << (bits % 64),
    });
    let mut patterns = vec![
        vec![0; words],
        vec![u64::MAX; words],
        vec![0x5555_5555_5555_5555; words],
        vec![1 << 63; words],
        mixed.collect(),
        random
            .iter()
            .map(|bits| bits & bits >> 1 & bits << 3 & bits >> 7)
            .collect(),
        random
            .iter()
            .map(|bits| bits | bits >> 1 | bits << 3)
            .collect(),
        random,
    ];
    for pattern in &mut patterns {
        if let Some(last) = pattern.last_mut()
            && !len.is_multiple_of(64)
        {
            *last &= (1 << (len % 64)) - 1;
        }
    }
    patterns
}

#[expect(unsafe_code, reason = "what was initialised before the call still is")]
fn assert_compact<T: Sample>(values: &[T], bits: &[u64]) {
    let is_set = |i: &usize| bits[i / 64] >> (i % 64) & 1 == 1;
    let expected: Vec<T> = (0..values.len())
        .filter(is_set)
        .map(|i| values[i])
        .collect();
    let packed: Vec<T::Bytes> = values.iter().map(|value| value.to_bytes()).collect();
    for level in Level::available() {
        for operand in [Values::Aligned(values), Values::Packed(&packed)] {
            let executor = Executor::new(level, 1);
            let mut out = vec![MaybeUninit::new(T::ZERO); expected.len()];
            compact(&executor, operand, bits, &mut out);
            // SAFETY: zeros, but for what was overwritten with elements.
            let out: Vec<T> = out
                .iter()
                .map(|slot| unsafe { slot.assume_init() })
                .collect();
            assert!(
                T::all_same(&out, &expected),
                "{} of {} {level:?} {bits:x?}",
                T::TYPE,
                values.len()
            );
        }
    }
}

#[test]
fn compact_of_any_bits_keeps_the_elements_that_are_set() {
    for_every_type!(T => {
        for len in [0, 1, 2, 63, 64, 65, 127, 128, 129, 200, 640, 1000, 1024, 1025, 5000] {
            for bits in bit_patterns(len) {
                assert_compact(&crate::inputs::random::<T>(len), &bits);
            }
        }
    });
}

#[test]
#[expect(unsafe_code, reason = "what was initialised before the call still is")]
fn compact_makes_signalling_nans_of_32_bits_quiet() {
    const QUIET: u32 = 1 << 22;
    let some = [
        0x7f80_0001,
        0xffbf_ffff,
        0x7f80_0000, // the infinities, and numbers
        0xff80_0000,
        0x7fc0_0000, // quiet
        0xffff_ffff,
        0x3f80_0000,
        0x8000_0000,
    ];
    for len in [1, 2, 63, 64, 65, 200, 1024, 1025, 5000] {
        for signalling in [0, 1, 2] {
            let value = |i: usize| match i.abs_diff(len / 2) {
                0 if signalling == 1 => some[i % 2],
                _ if signalling == 2 => some[i % 8],
                _ => some[2 + i % 6],
            };
            let values: Vec<f32> = (0..len).map(|i| f32::from_bits(value(i))).collect();
            let packed: Vec<[u8; 4]> = values.iter().map(|value| value.to_ne_bytes()).collect();
            for words in bit_patterns(len) {
                let expected: Vec<u32> = (0..len)
                    .filter(|i| words[i / 64] >> (i % 64) & 1 == 1)
                    .map(|i| value(i) | if values[i].is_nan() { QUIET } else { 0 })
                    .collect();
                for level in Level::available() {
                    for operand in [Values::Aligned(&values[..]), Values::Packed(&packed)] {
                        let mut out = vec![MaybeUninit::new(0.0); expected.len()];
                        compact(&Executor::new(level, 1), operand, &words, &mut out);
                        // SAFETY: zeros, but for what was overwritten with elements.
                        let out = out
                            .iter()
                            .map(|slot| unsafe { slot.assume_init() }.to_bits());
                        assert!(out.eq(expected.iter().copied()), "{len} {level:?}");
                    }
                }
            }
        }
    }
}

/// `100 // x > 3` or `100.0 / x > 3.0`, which bail out for zero.
fn few_divisors(kind: Kind) -> Program {
    let mut draft = Draft::new(&[kind]);
    let (hundred, three, divide, less) = match kind {
        Kind::Float => (Value::Float(100.0), Value::Float(3.0), 0x23, 0x38),
        _ => (Value::Int(100), Value::Int(3), 0x04, 0x30),
    };
    let (hundred, three) = (draft.constant(hundred), draft.constant(three));
    let quotient = draft.push(divide, &[hundred, 0]);
    draft.push(less, &[three, quotient]);
    draft.program()
}

/// Asserts what is kept, with a bailout at an element or none, and how far it goes.
#[expect(unsafe_code, reason = "what was initialised before the call still is")]
fn assert_filter<T: Stored + Sample>(len: usize, bailing: Option<usize>, missing: usize) {
    let kind = match T::TYPE.limits().0 {
        Number::Int(_) => Kind::Int,
        Number::Float(_) => Kind::Float,
    };
    let program = few_divisors(kind);
    let mut values: Vec<T> = random_bits(len as u64 + 3)
        .map(T::moderate)
        .filter(|value| *value != T::ZERO)
        .take(len)
        .collect();
    if let Some(i) = bailing {
        values[i] = T::ZERO;
    }
    let packed: Vec<T::Bytes> = values.iter().map(|value| value.to_bytes()).collect();
    let is_kept = |value: &T| match value.number() {
        Number::Int(value) => (1..=25).contains(&value),
        Number::Float(value) => 100.0 / value > 3.0,
    };
    let all = values.iter().filter(|value| is_kept(value)).count();
    let room = all.saturating_sub(missing);
    // What is finished of the pieces before the one that bails out or finds no room.
    let piece = FILTER_PIECE / size_of::<T>();
    let (mut seen, mut kept) = (0, Vec::new());
    for values in values.chunks(piece) {
        let others: Vec<T> = values
            .iter()
            .filter(|value| is_kept(value))
            .copied()
            .collect();
        let bails = bailing.is_some_and(|i| (seen..seen + values.len()).contains(&i));
        if bails || kept.len() + others.len() > room {
            break;
        }
        seen += values.len();
        kept.extend(others);
    }
    let expected = Filtered {
        seen,
        kept: kept.len(),
    };
    for way in every_way() {
        let operand = if way.packed {
            Values::Packed(&packed)
        } else {
            Values::Aligned(&values[..])
        };
        let mut out = vec![MaybeUninit::new(T::ZERO); room];
        let done = filter(&way.executor(), &program, operand, &mut out).expect("it ends");
        let context = format!(
            "{} {way:?}, {len} elements, bailing at {bailing:?}, {missing} places missing",
            T::TYPE
        );
        assert_eq!(done, expected, "{context}");
        // SAFETY: zeros, but for what was overwritten with elements.
        let found = out.iter().map(|slot| unsafe { slot.assume_init() });
        let found: Vec<T> = found.take(done.kept).collect();
        assert!(T::all_same(&found, &kept), "{context}");
    }
}

#[test]
fn filter_keeps_in_order_what_a_program_is_true_for() {
    for_every_type!(T => {
        let piece = FILTER_PIECE / size_of::<T>();
        for len in [0, 1, 63, 64, 65, BLOCK, BLOCK + 1, piece - 1, piece, piece + 1] {
            assert_filter::<T>(len, None, 0);
        }
        let len = 3 * piece + 9;
        for bailing in [None, Some(0), Some(piece), Some(2 * piece - 1), Some(len - 1)] {
            assert_filter::<T>(len, bailing, 0);
        }
        for missing in [1, piece / 2, len] {
            assert_filter::<T>(len, Some(3 * piece), missing);
        }
    });
}

#[expect(unsafe_code, reason = "what was initialised before the call still is")]
/// Asserts that elements which are side by side get to the places whose bits are set, in parts.
fn assert_expand<T: Sample>(values: &[T], bits: &[bool], part: usize) {
    let kept: Vec<T> = values
        .iter()
        .zip(bits)
        .filter(|(_, bit)| **bit)
        .map(|(value, _)| *value)
        .collect();
    let expected = values.iter().zip(bits);
    let expected: Vec<T> = expected
        .map(|(value, bit)| if *bit { *value } else { T::ZERO })
        .collect();
    for offset in [0, 3] {
        let bytes = crate::ways::bitmap(bits, offset);
        let validity = arrayops::Validity::new(&bytes, offset, bits.len());
        for level in Level::available() {
            let mut out: Vec<MaybeUninit<T>> = kept.iter().copied().map(MaybeUninit::new).collect();
            // So that what stays as it was can be told.
            out.resize(values.len(), MaybeUninit::new(T::specials()[0]));
            let mut end = kept.len();
            for start in (0..values.len()).step_by(part).rev() {
                let places = start..values.len().min(start + part);
                end = arrayops::expand(level, &mut out, end, places, validity);
            }
            // SAFETY: elements from the beginning.
            let found: Vec<T> = out
                .iter()
                .map(|slot| unsafe { slot.assume_init() })
                .collect();
            assert!(
                T::all_same(&found, &expected),
                "{level:?}, {} places, in parts of {part}",
                values.len()
            );
        }
    }
}

#[test]
fn expand_to_any_bits_puts_elements_where_they_are_set() {
    for_every_type!(T => {
        for len in [0, 1, 2, 63, 64, 65, 127, 128, 129, 200, 640, 1000, 1024, 1025, 5000] {
            for bits in bit_patterns(len) {
                let values = crate::inputs::random::<T>(len);
                let bits: Vec<bool> = (0..len).map(|i| bits[i / 64] >> (i % 64) & 1 == 1).collect();
                for part in [50, 64, 640, 5056] {
                    assert_expand(&values, &bits, part);
                }
            }
        }
    });
}

/// Asserts what a reduction gives from any accumulator, and where it stops.
fn assert_reduced(draft: &Draft, data: &dyn AnyColumn, start: Value, len: usize, from: usize) {
    let program = draft.program();
    let (mut accumulator, mut stopped, mut may_stop) = (start, len, len);
    for i in from..len {
        let outcome = draft.outcome(&[accumulator, data.value(i)]);
        if outcome.may_bail {
            may_stop = may_stop.min(i);
        }
        match outcome.value {
            Some(value) if !outcome.bails => accumulator = value,
            None if !outcome.bails => return, // nobody says
            _ => {
                stopped = i;
                break;
            }
        }
    }
    let number = |value| match value {
        Value::Int(value) => Number::Int(value),
        Value::Float(value) => Number::Float(value),
        Value::Bool(_) => unreachable!("no accumulator is a bool"),
    };
    let expected = (number(accumulator), stopped);
    for way in every_way() {
        let column = data.column(way.packed);
        let (found, at) =
            reduce(&way.executor(), &program, number(start), column, from).expect("it ends");
        let context = format!(
            "{draft:?} ({way:?}) of {len} from {from}: {:?}, expected {expected:?}",
            (found, at)
        );
        let beyond = (from..len)
            .any(|i| matches!(data.value(i), Value::Int(x) if i64::try_from(x).is_err()));
        if at < stopped && (beyond || at >= may_stop) {
            continue; // an element that 64 bits do not hold, say
        }
        if at > stopped {
            // The kernels need not stop where 64 bits end.
            let [(code, ..)] = draft.instructions[..] else {
                panic!("{context}")
            };
            let total = (from..len).fold(start, |total, i| match (code, total, data.value(i)) {
                (0x01, Value::Int(a), Value::Int(b)) => Value::Int(a + b),
                (0x09, Value::Int(a), Value::Int(b)) => Value::Int(a & b),
                (0x0a, Value::Int(a), Value::Int(b)) => Value::Int(a | b),
                (0x0b, Value::Int(a), Value::Int(b)) => Value::Int(a ^ b),
                (0x0f, Value::Int(a), Value::Int(b)) => Value::Int(a.min(b)),
                (0x10, Value::Int(a), Value::Int(b)) => Value::Int(a.max(b)),
                _ => panic!("{context}"),
            });
            assert_eq!((found, at), (number(total), len), "{context}");
            continue;
        }
        assert!(same(found, expected.0) && at == stopped, "{context}");
    }
}

#[test]
fn reductions_of_any_kind_equal_the_oracle() {
    for seed in 0..400 {
        let dice = &mut Dice(random_bits(seed + 77));
        let len = dice.one(&[1, 2, 100, BLOCK, 3 * BLOCK + 9]);
        let element_type = dice.one(ElementType::ALL);
        let data = with_element!(element_type, T => elements::<T>(len, seed));
        let (kind, start) = match data.value(0) {
            Value::Int(_) => (Kind::Int, Value::Int(dice.one(&[0, 1, -7, 1 << 40]))),
            _ => (Kind::Float, Value::Float(dice.one(FLOATS))),
        };
        let accumulator = if dice.below(4) == 0 {
            Kind::Float
        } else {
            kind
        };
        let start = if accumulator == kind {
            start
        } else {
            Value::Float(1.5)
        };
        let mut draft = any_program(dice, &[accumulator, kind], accumulator);
        if dice.below(3) == 0 {
            draft = Draft::new(&[accumulator, kind]);
            if accumulator != kind {
                draft.push(0x50, &[1]);
            }
            let element = draft.len() - 1;
            let codes: &[u8] = match accumulator {
                Kind::Int => &[0x01, 0x0f, 0x10, 0x09, 0x0a, 0x0b, 0x03],
                _ => &[0x20, 0x22],
            };
            let code = dice.one(codes);
            draft.push(
                code,
                if dice.below(2) == 0 { &[0, 1] } else { &[1, 0] }
                    .map(|v| v * element)
                    .as_ref(),
            );
        } else if dice.below(4) == 0 && accumulator == Kind::Int {
            draft = Draft::new(&[accumulator, kind]);
            let (a, b) = dice.one(&[(0, 1), (1, 0)]);
            let less = draft.push(dice.one(&[0x30, 0x31]), &[a, b]);
            draft.push(0x60, &[less, dice.one(&[0, 1]), dice.one(&[0, 1])]);
        }
        assert_reduced(&draft, &*data, start, len, dice.below(len));
    }
}

#[test]
fn reduction_that_saves_more_than_its_stack_holds_is_right() {
    let mut draft = Draft::new(&[Kind::Int, Kind::Int]);
    let saved: Vec<u16> = (0..5002)
        .map(|i| draft.push(0x0b, &[if i == 0 { 0 } else { i + 1 }, 1]))
        .collect();
    for value in saved.into_iter().rev() {
        let last = draft.len() - 1;
        draft.push(0x0b, &[last, value]);
    }
    let data: Vec<i64> = (0..4200).collect();
    let program = draft.program();
    let on_small_stack = std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(move || {
            let column = Values::Aligned(&data[..]).into();
            reduce(&Executor::sequential(), &program, Number::Int(5), column, 0)
        });
    let found = on_small_stack.expect("a thread").join().expect("it ends");
    // The last one is there twice; of the others, 5,001, as many have the element as an odd number.
    let last = (0..4200).fold(5, |total, x| total ^ x);
    assert_eq!(found.ok(), Some((Number::Int(last), 4200)));
}

/// Columns so long that reductions are machine code, beginning with any element and accumulator.
#[test]
fn long_reductions_of_any_kind_equal_the_oracle() {
    let len = 2 * BLOCK + 70;
    for seed in 0..1500 {
        let dice = &mut Dice(random_bits(seed + 4711));
        let element_type = dice.one(ElementType::ALL);
        let data = with_element!(element_type, T => elements::<T>(len, seed));
        let is_int = matches!(data.value(0), Value::Int(_));
        let kind = if is_int { Kind::Int } else { Kind::Float };
        let accumulator = dice.one(&[Kind::Int, Kind::Float]);
        let draft = any_program(dice, &[accumulator, kind], accumulator);
        let start = match accumulator {
            Kind::Float => Value::Float(dice.one(FLOATS)),
            _ => Value::Int(dice.one(INTS).into()),
        };
        let from = dice.below(len - 2 * BLOCK);
        assert_reduced(&draft, &*data, start, len, from);
    }
}

/// One operation, or two, of the accumulator with elements and with constants: each way round.
#[test]
fn long_reductions_by_each_operation_equal_the_oracle() {
    let len = 2 * BLOCK + 70;
    let values = [0, 1, 2, 3, 4, 5];
    for (seed, code) in (0..).zip((0..30).flat_map(|_| CODES.iter().copied())) {
        let dice = &mut Dice(random_bits(seed + 1147));
        let (operands, result) = signature(code).expect("a known operation");
        let kind_of = |kind| {
            if kind == Kind::Float {
                Kind::Float
            } else {
                Kind::Int
            }
        };
        let accumulator = operands.first().map_or(Kind::Int, |kind| kind_of(*kind));
        let types: Vec<ElementType> = ElementType::ALL
            .iter()
            .copied()
            .filter(|t| matches!(t.limits().0, Number::Float(_)) == (accumulator == Kind::Float))
            .collect();
        let data = with_element!(dice.one(&types), T => elements::<T>(len, seed));
        let mut draft = Draft::new(&[accumulator, accumulator]);
        for _ in 0..2 {
            draft.constant(match accumulator {
                Kind::Float => Value::Float(dice.one(FLOATS)),
                _ => Value::Int(dice.one(INTS).into()),
            });
        }
        draft.constant(match accumulator {
            Kind::Float => Value::Int(dice.one(INTS).into()),
            _ => Value::Float(dice.one(FLOATS)),
        });
        let compares: &[u8] = match accumulator {
            Kind::Float => &[0x38, 0x39, 0x3a, 0x3b],
            _ => &[0x30, 0x31, 0x32, 0x33],
        };
        let bool = draft.push(dice.one(compares), &[dice.one(&[0, 1]), dice.one(&[1, 2])]);
        let picked: Vec<u16> = operands
            .iter()
            .map(|kind| {
                let fitting = values
                    .iter()
                    .copied()
                    .filter(|value| draft.kind(*value) == *kind);
                dice.one(&fitting.collect::<Vec<u16>>())
            })
            .collect();
        let mask = if code == 0x70 || dice.below(4) == 0 {
            bool
        } else {
            NONE
        };
        let mut last = match code {
            0x80 => draft.call(dice.below(oracle::FUNCTIONS.into()) as u16, picked[0], mask),
            _ => draft.push_masked(code, &picked, mask),
        };
        // Back to the type of the accumulator.
        last = match (result, accumulator) {
            (Kind::Bool, Kind::Float) => {
                draft.push(0x61, &[last, dice.one(&[0, 1, 2]), dice.one(&[0, 1, 2])])
            }
            (Kind::Bool, _) => {
                draft.push(0x60, &[last, dice.one(&[0, 1, 2]), dice.one(&[0, 1, 2])])
            }
            (Kind::Float, Kind::Int) => draft.push(0x53, &[last]),
            (Kind::Int, Kind::Float) => draft.push(0x50, &[last]),
            _ => last,
        };
        assert_eq!(draft.kind(last), accumulator);
        let start = match accumulator {
            Kind::Float => Value::Float(dice.one(FLOATS)),
            _ => Value::Int(dice.one(INTS).into()),
        };
        assert_reduced(&draft, &*data, start, len, dice.below(70));
    }
}

/// Checksums and generators: some operations, and what keeps the accumulator within bounds. Machine
/// code looks at less there, as long as it began within them.
#[test]
fn long_reductions_within_bounds_equal_the_oracle() {
    const DIVISORS: &[i64] = &[
        1,
        2,
        3,
        5,
        7,
        255,
        4096,
        65_521,
        1_000_003,
        1_000_000_007,
        (1 << 31) - 1,
        (1 << 61) - 1,
        1 << 62,
        i64::MAX,
    ];
    const FACTORS: &[i64] = &[0, 1, 2, 3, 31, -7, 263, 65_599, 1_103_515_245, 1 << 40];
    const STARTS: &[i64] = &[
        0,
        7,
        -7,
        i32::MAX as i64,
        1 << 31,
        1 << 32,
        1 << 40,
        i64::MIN,
    ];
    let len = 2 * BLOCK + 70;
    for seed in 0..900 {
        let dice = &mut Dice(random_bits(seed + 2019));
        let types = ElementType::ALL.iter().copied();
        let types: Vec<ElementType> = types
            .filter(|of| matches!(of.limits().0, Number::Int(_)))
            .collect();
        let data = with_element!(dice.one(&types), T => elements::<T>(len, seed));
        let mut draft = Draft::new(&[Kind::Int, Kind::Int]);
        let divisor = draft.constant(Value::Int(dice.one(DIVISORS).into()));
        let half = draft.constant(Value::Int(dice.one(&[0xffff_ffff, 0x7fff_ffff, 0xff])));
        let count = draft.constant(Value::Int(dice.one(&[0, 1, 5, 13, 31, 32, 33, 63])));
        let limits = [-1000, 1000].map(|limit| draft.constant(Value::Int(limit)));
        let factors = [0; 2].map(|_| draft.constant(Value::Int(dice.one(FACTORS).into())));
        let mut element = 1;
        if dice.below(3) > 0 {
            element = draft.push(0x09, &[1, half]);
        }
        let mut last = 0;
        for _ in 0..=dice.below(4) {
            let (code, other) = dice.one(&[
                (0x01, element),
                (0x02, element),
                (0x0b, element),
                (0x03, factors[0]),
                (0x03, factors[1]),
                (0x01, factors[0]),
                (0x02, factors[1]),
                (0x07, count),
                (0x08, count),
                (0x09, half),
                (0x0b, 0),
                (0x0c, NONE),
            ]);
            last = match code {
                0x0c => draft.push(code, &[last]),
                _ if dice.below(5) == 0 => draft.push(code, &[other, last]),
                _ => draft.push(code, &[last, other]),
            };
        }
        match dice.below(5) {
            0 | 1 => draft.push(0x05, &[last, divisor]),
            2 => {
                let quotient = draft.push(0x04, &[last, divisor]);
                draft.push(0x09, &[quotient, half])
            }
            3 => draft.push(0x09, &[last, half]),
            _ => {
                let most = draft.push(0x0f, &[last, limits[1]]);
                draft.push(0x10, &[most, limits[0]])
            }
        };
        let start = Value::Int(dice.one(STARTS).into());
        assert_reduced(&draft, &*data, start, len, dice.below(70));
    }
}

/// Where a mask does not hold, what bails out is zero, even if it divides.
#[test]
fn long_reductions_divide_by_nothing_where_a_mask_does_not_hold() {
    for code in [0x04, 0x05] {
        let mut draft = Draft::new(&[Kind::Int, Kind::Int]);
        let [ten, zero, more] = [10, 0, 1000].map(|int| draft.constant(Value::Int(int)));
        let fits = draft.push(0x31, &[zero, 1]);
        let power = draft.push_masked(0x06, &[ten, 1], fits);
        let sum = draft.push(0x01, &[0, more]);
        let quotient = draft.push_masked(code, &[sum, power], fits);
        draft.push(0x60, &[fits, quotient, 0]);
        let values: Vec<i8> = [2, -1, 0, 5, -128]
            .into_iter()
            .cycle()
            .take(8 * BLOCK)
            .collect();
        for level in Level::available() {
            let executor = Executor::new(level, 1);
            let column = Values::Aligned(&values[..]).into();
            let found = reduce(&executor, &draft.program(), Number::Int(0), column, 0);
            let last = values
                .iter()
                .filter(|x| **x >= 0)
                .fold(0, |total: i128, x| {
                    let power = 10_i128.pow(u32::from(x.unsigned_abs()));
                    match code {
                        0x04 => (total + 1000) / power,
                        _ => (total + 1000) % power,
                    }
                });
            let found = found.expect("it ends");
            // Without machine code it may stop at the first of them.
            let is_right = found == (Number::Int(last), values.len());
            assert!(
                is_right || level == Level::BASELINE,
                "{code:#x}, {level:?}: {found:?}"
            );
        }
    }
}

/// A program is machine code for the bounds that an accumulator is within, and for others again.
#[test]
fn long_reductions_of_one_program_begin_within_any_bounds() {
    let mut draft = Draft::new(&[Kind::Int, Kind::Int]);
    let factor = draft.constant(Value::Int(1 << 40));
    let divisor = draft.constant(Value::Int(3));
    let product = draft.push(0x03, &[0, factor]);
    let sum = draft.push(0x01, &[product, 1]);
    draft.push(0x05, &[sum, divisor]);
    let (program, values) = (draft.program(), vec![1_u8; 8 * BLOCK]);
    let starts = [
        0,
        7,
        (1 << 31) - 1,
        1 << 31,
        1 << 40,
        -1,
        -(1 << 31),
        -(1 << 40),
    ];
    for start in starts.into_iter().cycle().take(3 * starts.len()) {
        let column = Values::Aligned(&values[..]).into();
        let found = reduce(
            &Executor::sequential(),
            &program,
            Number::Int(start),
            column,
            0,
        );
        // Only the first product may leave 64 bits.
        let fits = i64::try_from(start << 40).is_ok();
        let last = values.iter().fold(start, |total, x| {
            ((total << 40) + i128::from(*x)).rem_euclid(3)
        });
        let expected = if fits {
            (Number::Int(last), values.len())
        } else {
            (Number::Int(start), 0)
        };
        assert_eq!(found.ok(), Some(expected), "from {start}");
    }
}

/// Programs of few operations that bail out nowhere, all of whose values go into the result.
fn thorough_program<I: Iterator<Item = u64>>(dice: &mut Dice<I>, kind: Kind) -> Draft {
    let mut draft = Draft::new(&[kind, kind]);
    let is_float = kind == Kind::Float;
    let number = |int: i32| {
        if is_float {
            Value::Float(f64::from(int) / 4.0)
        } else {
            Value::Int(int.into())
        }
    };
    let quarter = draft.constant(if is_float {
        Value::Float(0.25)
    } else {
        Value::Int(2)
    });
    let small: Vec<i32> = (0..2).map(|_| dice.below(19) as i32 - 9).collect();
    for int in small {
        draft.constant(number(int));
    }
    let mask = (!is_float).then(|| draft.constant(Value::Int(0xff)));
    draft.push(
        if is_float { 0x38 } else { 0x30 },
        &[dice.one(&[0, 1]), dice.one(&[1, 2])],
    );
    for _ in 0..2 + dice.below(5) {
        let (a, b) = (pick(dice, &draft, kind), pick(dice, &draft, kind));
        let (c, d) = (
            pick(dice, &draft, Kind::Bool),
            pick(dice, &draft, Kind::Bool),
        );
        let (select, compares, others): (u8, &[u8], &[u8]) = if is_float {
            (0x61, &[0x38, 0x39, 0x3a, 0x3b], &[0x20, 0x21])
        } else {
            (0x60, &[0x30, 0x31, 0x32, 0x33], &[0x0a, 0x0b, 0x0f, 0x10])
        };
        match dice.below(7) {
            0 | 1 => draft.push(select, &[c, a, b]),
            2 => draft.push(0x43, &[c]),
            3 => draft.push(dice.one(&[0x40, 0x41, 0x42]), &[c, d]),
            4 | 5 => draft.push(dice.one(compares), &[a, b]),
            _ => draft.push(dice.one(others), &[a, b]),
        };
    }
    let mut total = 0;
    for value in 1..draft.len() {
        let (times, plus) = if is_float { (0x22, 0x20) } else { (0x08, 0x0b) };
        let mut term = value;
        if draft.kind(term) == Kind::Bool {
            term = draft.push(0x52, &[term]);
            if is_float {
                term = draft.push(0x50, &[term]);
            }
        }
        total = draft.push(times, &[total, quarter]);
        total = draft.push(plus, &[total, term]);
        if let Some(mask) = mask {
            total = draft.push(0x09, &[total, mask]);
        }
    }
    draft
}

#[test]
fn long_reductions_whose_values_all_matter_equal_the_oracle() {
    let len = 2 * BLOCK + 70;
    for seed in 0..600 {
        let dice = &mut Dice(random_bits(seed + 8011));
        let element_type = dice.one(&[
            ElementType::I8,
            ElementType::U16,
            ElementType::F32,
            ElementType::F64,
        ]);
        let data = with_element!(element_type, T => elements::<T>(len, seed));
        let (kind, start) = match data.value(0) {
            Value::Int(_) => (Kind::Int, Value::Int(3)),
            _ => (Kind::Float, Value::Float(0.5)),
        };
        let draft = thorough_program(dice, kind);
        assert_reduced(&draft, &*data, start, len, dice.below(70));
    }
}

/// What only programs are that were not made of functions: with results that are no last value,
/// comparisons that nothing uses, conditions that are constant.
#[test]
fn reductions_by_programs_that_nobody_writes_equal_the_oracle() {
    let data = elements::<i16>(100, 3);
    let kinds = [Kind::Int, Kind::Int];
    for code in [0x01, 0x0f, 0x09] {
        for result in [0, 1] {
            let mut draft = Draft::new(&kinds);
            draft.push(code, &[0, 1]);
            draft.result = result;
            assert_reduced(&draft, &*data, Value::Int(5), 100, 0);
        }
    }
    for (condition, yes, no) in [(true, 0, 1), (false, 0, 1), (true, 1, 0)] {
        let mut draft = Draft::new(&kinds);
        let condition = draft.constant(Value::Bool(condition));
        draft.push(0x30, &[0, 1]);
        draft.push(0x60, &[condition, yes, no]);
        assert_reduced(&draft, &*data, Value::Int(5), 100, 0);
    }
}

#[test]
fn program_without_inputs_is_one_value_for_as_many_as_there_are_bits() {
    let mut draft = Draft::new(&[]);
    let no = draft.constant(Value::Bool(false));
    draft.push(0x43, &[no]);
    let mut bits = [0; 3];
    let bailed = select(&Executor::sequential(), &draft.program(), &[], &mut bits);
    assert_eq!((bailed, bits), (Ok(Vec::new()), [u64::MAX; 3]));
}

#[test]
fn column_knows_whether_it_is_empty() {
    let column = |values| Column::from(Values::<u8>::Aligned(values));
    assert!(column(&[]).is_empty());
    assert!(!column(&[0]).is_empty());
}

/// Runs `x < y`, of two ints, over columns.
fn compared(columns: &[Column<'_>]) {
    let mut draft = Draft::new(&[Kind::Int, Kind::Int]);
    draft.push(0x30, &[0, 1]);
    let _ = select(&Executor::sequential(), &draft.program(), columns, &mut [0]);
}

#[test]
#[should_panic(expected = "a column for each input")]
fn columns_too_few_panic() {
    compared(&[Values::Aligned(&[1_i8][..]).into()]);
}

#[test]
#[should_panic(expected = "columns of one length")]
fn columns_of_other_lengths_panic() {
    let one = Values::Aligned(&[1_i8][..]).into();
    compared(&[one, Values::Aligned(&[1_i8, 2][..]).into()]);
}

#[test]
#[should_panic(expected = "columns of the kinds of the inputs")]
fn columns_of_other_kinds_panic() {
    let one = Values::Aligned(&[1_i8][..]).into();
    compared(&[one, Values::Aligned(&[1.0_f64][..]).into()]);
}
