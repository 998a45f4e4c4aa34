//! The kernels alone: at every CPU level, on one thread and two, and the exact sum by its parts.
//!
//! Each benchmark first asserts what it is about to time, so that it is a test too:
//! `cargo bench -- --test` runs every one of them once.

mod engine;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::Duration;

use arrayops::{
    Bound, Clip, Element, ElementType, ExactSum, Executor, Extremum, Factor, Level, Number,
    Overflow, Scale, Sum, clip, min, scale, sum, with_element,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

/// An element type as the benchmarks use it: every one.
trait Sample: Sum + Extremum + Scale + Clip + TryFrom<u8> {}

impl<T: Sum + Extremum + Scale + Clip + TryFrom<u8>> Sample for T {}

/// Small numbers, which every type holds.
fn numbers(len: usize) -> impl Iterator<Item = u8> {
    (1..=101).cycle().take(len)
}

fn elements<T: Sample>(numbers: impl Iterator<Item = u8>) -> Vec<T> {
    let elements = numbers.map(|number| T::try_from(number).ok());
    elements.collect::<Option<_>>().expect("small numbers fit")
}

fn total<T: Sample>(len: usize) -> Number {
    let total: u32 = numbers(len).map(u32::from).sum();
    match T::ZERO.number() {
        Number::Int(_) => Number::Int(total.into()),
        Number::Float(_) => Number::Float(total.into()),
    }
}

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn bench_sum<T: Sample>(group: &mut Group<'_>, name: &str, executor: &Executor<'_>, len: usize) {
    let values: Vec<T> = elements(numbers(len));
    assert_eq!(sum(executor, values[..].into()), Ok(total::<T>(len)));
    group.throughput(Throughput::Bytes(size_of_val(&values[..]) as u64));
    group.bench_function(name, |b| {
        b.iter(|| sum(executor, black_box(&values[..]).into()));
    });
}

fn bench_min<T: Sample>(group: &mut Group<'_>, name: &str, executor: &Executor<'_>, len: usize) {
    let mut values: Vec<T> = elements(numbers(len).map(|number| number + 1));
    values[len / 2] = elements([1].into_iter())[0];
    let least = min(executor, values[..].into()).map(Element::number);
    assert_eq!(least, Ok(values[len / 2].number()));
    group.throughput(Throughput::Bytes(size_of_val(&values[..]) as u64));
    group.bench_function(name, |b| {
        b.iter(|| min(executor, black_box(&values[..]).into()));
    });
}

/// Times a kernel that finds its own result again.
fn bench_in_place<T: Sample>(
    group: &mut Group<'_>,
    name: &str,
    expected: &[T],
    kernel: impl Fn(&mut [T]),
    mut values: Vec<T>,
) {
    for _ in 0..2 {
        kernel(&mut values);
        assert!(values == expected);
    }
    group.throughput(Throughput::Bytes(size_of_val(expected) as u64));
    group.bench_function(name, |b| b.iter(|| kernel(black_box(&mut values))));
}

fn bench_scale<T: Sample>(
    group: &mut Group<'_>,
    name: &str,
    executor: &Executor<'_>,
    len: usize,
    factor: Factor,
) {
    let values: Vec<T> = elements(numbers(len));
    let kernel = |values: &mut [T]| {
        scale(executor, values.into(), factor, Overflow::Raise).expect("one times a value fits");
    };
    bench_in_place(group, name, &values, kernel, values.clone());
}

fn bench_clip<T: Sample>(group: &mut Group<'_>, name: &str, executor: &Executor<'_>, len: usize) {
    let (low, high) = (10_u8, 90);
    let [min, max] = [low, high].map(|bound| Some(Bound::Int(bound.into())));
    let expected: Vec<T> = elements(numbers(len).map(|number| number.clamp(low, high)));
    let kernel = |values: &mut [T]| {
        clip(executor, values.into(), min, max).expect("every type holds the bounds");
    };
    bench_in_place(group, name, &expected, kernel, elements(numbers(len)));
}

/// What `$bench` takes for every type, level and length, in a group named `$name`.
macro_rules! at_every_level {
    ($criterion:ident, $name:literal, $bench:ident $(, $argument:expr)?) => {
        let mut group = $criterion.benchmark_group($name);
        for element_type in ElementType::ALL {
            for level in Level::available() {
                for len in [1_000, 1_000_000] {
                    let name = format!("{element_type}/{}/{len}", level.name());
                    let executor = Executor::new(level, 1);
                    with_element!(*element_type, T => {
                        $bench::<T>(&mut group, &name, &executor, len $(, $argument)?);
                    });
                }
            }
        }
        group.finish();
    };
}

/// Backs `BYTES_PER_THREAD` of `src/executor.rs`: the least input that two threads are faster on.
fn threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("threads");
    for kib in [256, 512, 1024, 2048, 4096, 8192, 16_384, 65_536] {
        for threads in [1, 2] {
            let executor =
                Executor::new(Level::detect(), threads).bytes_per_thread(NonZeroUsize::MIN);
            let name = |kernel| format!("{kernel}/{kib}KiB/{threads}");
            let len = (kib << 10) / size_of::<i64>();
            bench_sum::<i64>(&mut group, &name("sum int64"), &executor, len);
            bench_sum::<f64>(&mut group, &name("sum float64"), &executor, len);
            bench_clip::<i64>(&mut group, &name("clip int64"), &executor, len);
        }
    }
    group.finish();
}

/// The exact sum beside one that rounds at every step, of the same level.
fn float_sum(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("float sum");
    for level in Level::available() {
        for len in [1_000, 1_000_000, 40_000_000] {
            // Uniform from 0 to 1: a golden ratio's multiples.
            let doubles: Vec<f64> = (0..len)
                .map(|i: i32| (0.618_033_988_749_894_9 * f64::from(i)).fract())
                .collect();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "rounded to single precision"
            )]
            let singles: Vec<f32> = doubles.iter().map(|value| *value as f32).collect();
            let executor = Executor::new(level, 1);
            let name = |what| format!("{what}/{}/{len}", level.name());
            bench_exact_and_plain(&mut group, &name, &executor, level, &doubles);
            bench_exact_and_plain(&mut group, &name, &executor, level, &singles);
        }
    }
    group.finish();
}

fn bench_exact_and_plain<T: Sum + Into<f64>>(
    group: &mut Group<'_>,
    name: &impl Fn(String) -> String,
    executor: &Executor<'_>,
    level: Level,
    values: &[T],
) {
    let plain = plain_sum(level, values);
    let Ok(Number::Float(exact)) = sum(executor, values.into()) else {
        unreachable!("a sum of floats is one");
    };
    assert!((plain - exact).abs() <= 1e-9 * exact);
    group.throughput(Throughput::Bytes(size_of_val(values) as u64));
    group.bench_function(name(format!("{}/exact", T::TYPE)), |b| {
        b.iter(|| sum(executor, black_box(values).into()));
    });
    group.bench_function(name(format!("{}/plain", T::TYPE)), |b| {
        b.iter(|| plain_sum(level, black_box(values)));
    });
}

/// The sum in 32 lanes, rounded at every step: as fast as it gets without care.
#[inline(always)]
fn plain_sum_in_lanes<T: Copy + Into<f64>>(values: &[T]) -> f64 {
    let mut lanes = [0.0; 32];
    let (rows, rest) = values.as_chunks::<32>();
    for row in rows {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane += (*value).into();
        }
    }
    lanes
        .into_iter()
        .chain(rest.iter().map(|value| (*value).into()))
        .sum()
}

#[expect(unsafe_code, reason = "a yardstick for each CPU level")]
fn plain_sum<T: Copy + Into<f64>>(level: Level, values: &[T]) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn v3<T: Copy + Into<f64>>(values: &[T]) -> f64 {
            plain_sum_in_lanes(values)
        }
        #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw")]
        fn v4<T: Copy + Into<f64>>(values: &[T]) -> f64 {
            plain_sum_in_lanes(values)
        }
        match level.name() {
            // SAFETY: a `Level` is the proof that the CPU has it.
            "v3" => return unsafe { v3(values) },
            // SAFETY: as above.
            "v4" => return unsafe { v4(values) },
            _ => {}
        }
    }
    plain_sum_in_lanes(values)
}

fn exact(criterion: &mut Criterion) {
    const LEN: usize = 1000;
    let mut group = criterion.benchmark_group("exact");
    group.throughput(Throughput::Bytes((LEN * size_of::<f64>()) as u64));
    let alike: Vec<f64> = elements(numbers(LEN));
    // Every power of two and its negative, in an order without pattern: they sum to nothing.
    let mixed: Vec<f64> = (0..LEN)
        .map(|i| {
            let (i, sign) = (i / 2, [1.0, -1.0][i % 2]);
            sign * f64::from_bits((i as u64 * 7919 % 2046 + 1) << 52)
        })
        .collect();
    for (name, values, expected) in [
        ("add alike", &alike, total::<f64>(LEN)),
        ("add mixed", &mixed, Number::Float(0.0)),
    ] {
        assert_eq!(Number::Float(summed(values).round()), expected);
        group.bench_function(name, |b| b.iter(|| summed(black_box(values))));
    }
    group.finish();

    let mut group = criterion.benchmark_group("exact once");
    let (alike, mixed) = (summed(&alike), summed(&mixed));
    group.bench_function("round", |b| b.iter(|| black_box(&alike).round()));
    group.bench_function("merge", |b| {
        let mut sum = alike.clone();
        sum.merge(&mixed);
        assert_eq!(Number::Float(sum.round()), total::<f64>(LEN));
        b.iter(|| sum.merge(black_box(&mixed)));
    });
    group.finish();
}

fn summed(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    for value in values {
        sum.add(*value);
    }
    sum
}

/// Programs beside loops written by hand for the same, which are one pass.
fn engine(criterion: &mut Criterion) {
    engine::bench(criterion);
    engine::bench_compact(criterion);
    engine::bench_reduce(criterion);
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .configure_from_args();
    at_every_level!(criterion, "sum", bench_sum);
    at_every_level!(criterion, "min", bench_min);
    at_every_level!(criterion, "scale", bench_scale, Factor::Int(1));
    at_every_level!(
        criterion,
        "scale by a float",
        bench_scale,
        Factor::Float(1.0)
    );
    at_every_level!(criterion, "clip", bench_clip);
    float_sum(&mut criterion);
    threads(&mut criterion);
    exact(&mut criterion);
    engine(&mut criterion);
    criterion.final_summary();
}
