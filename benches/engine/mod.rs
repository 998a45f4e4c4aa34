//! The expression engine: programs, compaction, reductions.

use std::hint::black_box;
use std::mem::MaybeUninit;

use arrayops::{
    Column, Executor, Level, Number, Program, Stored, Values, compact, map, reduce, select,
};
use criterion::{Criterion, Throughput};

const LEN: usize = 1_000_000;
const NONE: u16 = 0xffff;

#[derive(Clone, Copy)]
pub(crate) enum Constant {
    Int(i64),
    Float(f64),
}
use Constant::{Float, Int};

/// The bytes of a program over inputs of one kind (0 int, 1 float).
fn program(inputs: &[u8], constants: &[Constant], instructions: &[(u8, [u16; 3])]) -> Program {
    let mut bytes = vec![1, u8::try_from(inputs.len()).expect("few")];
    bytes.extend(inputs);
    bytes.extend(u16::try_from(constants.len()).expect("few").to_le_bytes());
    for constant in constants {
        let (kind, bits) = match *constant {
            Int(value) => (0, value.cast_unsigned()),
            Float(value) => (1, value.to_bits()),
        };
        bytes.push(kind);
        bytes.extend(bits.to_le_bytes());
    }
    bytes.extend(
        u16::try_from(instructions.len())
            .expect("few")
            .to_le_bytes(),
    );
    for (code, operands) in instructions {
        bytes.push(*code);
        for operand in operands.iter().chain([&NONE]) {
            bytes.extend(operand.to_le_bytes());
        }
    }
    let last = inputs.len() + constants.len() + instructions.len() - 1;
    bytes.extend(u16::try_from(last).expect("few").to_le_bytes());
    Program::decode(&bytes).expect("a well-formed program")
}

/// Times a program, and a loop of the same level.
fn compare<T: Stored + PartialEq>(
    criterion: &mut Criterion,
    name: &str,
    program: &Program,
    values: &[T],
    by_hand: impl Fn(T) -> T + Copy,
) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(values.len() as u64));
    for level in Level::available() {
        let executor = Executor::new(level, 1);
        let column = Column::from(Values::Aligned(values));
        let mut out = vec![MaybeUninit::new(T::ZERO); values.len()];
        let bailed = map(&executor, program, &[column], &mut out).expect("not interrupted");
        assert!(bailed.is_empty());
        let mut expected = vec![T::ZERO; values.len()];
        run_by_hand(level, values, &mut expected, by_hand);
        let name = |what| format!("{name}/{}/{}/{what}", T::TYPE, level.name());
        group.bench_function(name("program"), |b| {
            b.iter(|| map(&executor, program, black_box(&[column]), &mut out));
        });
        group.bench_function(name("by hand"), |b| {
            b.iter(|| run_by_hand(level, black_box(values), &mut expected, by_hand));
        });
    }
    group.finish();
}

#[inline(always)]
fn by_hand_in_line<T: Copy>(values: &[T], out: &mut [T], image: impl Fn(T) -> T) {
    for (slot, value) in out.iter_mut().zip(values) {
        *slot = image(*value);
    }
}

#[inline(never)]
#[expect(unsafe_code, reason = "a yardstick for each CPU level")]
fn run_by_hand<T: Copy>(level: Level, values: &[T], out: &mut [T], image: impl Fn(T) -> T) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
        fn v3<T: Copy>(values: &[T], out: &mut [T], image: impl Fn(T) -> T) {
            by_hand_in_line(values, out, image);
        }
        #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")]
        fn v4<T: Copy>(values: &[T], out: &mut [T], image: impl Fn(T) -> T) {
            by_hand_in_line(values, out, image);
        }
        match level.name() {
            // SAFETY: a `Level` is the proof that the CPU has it.
            "v3" => return unsafe { v3(values, out, image) },
            // SAFETY: as above.
            "v4" => return unsafe { v4(values, out, image) },
            _ => {}
        }
    }
    by_hand_in_line(values, out, image);
}

fn small_numbers() -> impl Iterator<Item = i16> {
    (0..LEN).map(|i| i16::try_from(i * 7919 % 2001).expect("small") - 1000)
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let shorts: Vec<i16> = small_numbers().collect();
    let words: Vec<i32> = small_numbers().map(i32::from).collect();
    let longs: Vec<i64> = small_numbers().map(i64::from).collect();
    let doubles: Vec<f64> = small_numbers().map(f64::from).collect();

    let affine = program(
        &[0],
        &[Int(3), Int(1)],
        &[(0x03, [0, 1, NONE]), (0x01, [3, 2, NONE])],
    );
    compare(criterion, "x*3+1", &affine, &shorts, |x| {
        x.wrapping_mul(3).wrapping_add(1)
    });
    compare(criterion, "x*3+1", &affine, &words, |x| {
        x.wrapping_mul(3).wrapping_add(1)
    });
    compare(criterion, "x*3+1", &affine, &longs, |x| {
        x.wrapping_mul(3).wrapping_add(1)
    });
    let floats = program(
        &[1],
        &[Float(3.0), Float(1.0)],
        &[(0x22, [0, 1, NONE]), (0x20, [3, 2, NONE])],
    );
    compare(criterion, "x*3+1", &floats, &doubles, |x| x * 3.0 + 1.0);

    let abs = program(
        &[0],
        &[Int(0)],
        &[
            (0x30, [1, 0, NONE]),
            (0x0c, [0, NONE, NONE]),
            (0x60, [2, 0, 3]),
        ],
    );
    compare(criterion, "x if x>0 else -x", &abs, &shorts, |x| {
        if x > 0 { x } else { x.wrapping_neg() }
    });
    compare(criterion, "x if x>0 else -x", &abs, &words, |x| {
        if x > 0 { x } else { x.wrapping_neg() }
    });
    compare(criterion, "x if x>0 else -x", &abs, &longs, |x| {
        if x > 0 { x } else { x.wrapping_neg() }
    });
    let abs = program(
        &[1],
        &[Float(0.0)],
        &[
            (0x38, [1, 0, NONE]),
            (0x26, [0, NONE, NONE]),
            (0x61, [2, 0, 3]),
        ],
    );
    compare(criterion, "x if x>0 else -x", &abs, &doubles, |x| {
        if x > 0.0 { x } else { -x }
    });

    // ((x*0.5 + 3) * x - 7) / 9 + x * x
    let seven = program(
        &[1],
        &[Float(0.5), Float(3.0), Float(7.0), Float(9.0)],
        &[
            (0x22, [0, 1, NONE]),
            (0x20, [5, 2, NONE]),
            (0x22, [6, 0, NONE]),
            (0x21, [7, 3, NONE]),
            (0x23, [8, 4, NONE]),
            (0x22, [0, 0, NONE]),
            (0x20, [9, 10, NONE]),
        ],
    );
    compare(criterion, "seven", &seven, &doubles, |x| {
        ((x * 0.5 + 3.0) * x - 7.0) / 9.0 + x * x
    });

    let rest = program(&[0], &[Int(7)], &[(0x05, [0, 1, NONE])]);
    compare(criterion, "x%7", &rest, &words, |x| x.rem_euclid(7));
    compare(criterion, "x%7", &rest, &longs, |x| x.rem_euclid(7));

    let mut group = criterion.benchmark_group("engine select");
    group.throughput(Throughput::Elements(LEN as u64));
    let above = program(&[0], &[Int(100)], &[(0x30, [1, 0, NONE])]);
    for level in Level::available() {
        let executor = Executor::new(level, 1);
        let mut bits = vec![0; LEN.div_ceil(64)];
        for (name, column) in [
            ("int32", Column::from(Values::Aligned(&words[..]))),
            ("int64", Values::Aligned(&longs[..]).into()),
        ] {
            group.bench_function(format!("x>100/{name}/{}", level.name()), |b| {
                b.iter(|| select(&executor, &above, black_box(&[column]), &mut bits));
            });
        }
    }
    group.finish();
}

pub(crate) fn bench_compact(criterion: &mut Criterion) {
    let random = |seed: u64| {
        let mut state = seed;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        }
    };
    let mut next = random(42);
    let half: Vec<u64> = (0..LEN / 64).map(|_| next()).collect();
    let sparse: Vec<u64> = (0..LEN / 64)
        .map(|_| next() & next() & next() & next() & next())
        .collect();
    let bytes = vec![7_u8; LEN / 64 * 64];
    let shorts = vec![7_i16; LEN / 64 * 64];
    let words = vec![7_i32; LEN / 64 * 64];
    let longs = vec![7.0_f64; LEN / 64 * 64];
    for (name, bits) in [("half", &half), ("sparse", &sparse)] {
        compact_one(criterion, name, &bytes, bits);
        compact_one(criterion, name, &shorts, bits);
        compact_one(criterion, name, &words, bits);
        compact_one(criterion, name, &longs, bits);
    }
}

fn compact_one<T: Stored>(criterion: &mut Criterion, name: &str, values: &[T], bits: &[u64]) {
    let mut group = criterion.benchmark_group("compact");
    group.throughput(Throughput::Elements(values.len() as u64));
    let set: u32 = bits.iter().map(|word| word.count_ones()).sum();
    let mut out = vec![MaybeUninit::new(T::ZERO); set as usize];
    for level in Level::available() {
        let executor = Executor::new(level, 1);
        group.bench_function(format!("{name}/{}/{}", T::TYPE, level.name()), |b| {
            b.iter(|| compact(&executor, black_box(values).into(), bits, &mut out));
        });
    }
    group.finish();
}

pub(crate) fn bench_reduce(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reduce");
    group.throughput(Throughput::Elements(LEN as u64));
    let words: Vec<i32> = small_numbers().map(i32::from).collect();
    let doubles: Vec<f64> = small_numbers().map(f64::from).collect();
    let executor = Executor::sequential();
    // (a*31 + x) & 0xffffffff; a + x*x; a if a > x else x
    let hash = program(
        &[0, 0],
        &[Int(31), Int(0xffff_ffff)],
        &[
            (0x03, [0, 2, NONE]),
            (0x01, [4, 1, NONE]),
            (0x09, [5, 3, NONE]),
        ],
    );
    let squares = program(&[0, 0], &[], &[(0x03, [1, 1, NONE]), (0x01, [0, 2, NONE])]);
    let smooth = program(
        &[1, 1],
        &[Float(0.9), Float(0.1)],
        &[
            (0x22, [0, 2, NONE]),
            (0x22, [1, 3, NONE]),
            (0x20, [4, 5, NONE]),
        ],
    );
    let largest = program(&[1, 1], &[], &[(0x38, [1, 0, NONE]), (0x61, [2, 0, 1])]);
    let total = program(&[1, 1], &[], &[(0x20, [0, 1, NONE])]);
    let ints = Column::from(Values::Aligned(&words[..]));
    let floats = Column::from(Values::Aligned(&doubles[..]));
    for (name, program, start, column) in [
        ("hash", &hash, Number::Int(0), ints),
        ("squares", &squares, Number::Int(0), ints),
        ("smooth", &smooth, Number::Float(0.0), floats),
        ("largest", &largest, Number::Float(0.0), floats),
        ("total", &total, Number::Float(0.0), floats),
    ] {
        let done = reduce(&executor, program, start, column, 0);
        assert!(done.is_ok_and(|(_, at)| at == LEN));
        group.bench_function(name, |b| {
            b.iter(|| reduce(&executor, program, start, black_box(column), 0));
        });
    }
    group.finish();
}
