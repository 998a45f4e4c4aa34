//! `Stats`: the same figures and the same bytes, however the data came in.

use std::cmp::Ordering;
use std::fmt::Debug;

use arrayops::{
    Element, Elements, Error, Executor, Moment, Number, Stats, mean, standard_deviation, sum,
    variance,
};
use quickcheck::{Gen, QuickCheck};

use crate::elements::{Sample, is_integer};
use crate::inputs;
use crate::moments::{Finite, exponents, finite, stretches, with_exponent};
use crate::reference::{self, Moments};
use crate::ways::assert_result;

fn of<T: Moment>(values: &[T]) -> Stats {
    Stats::of(&Executor::sequential(), values.into()).expect("nothing interrupts")
}

/// The serialised form, but for the number of missing elements.
fn bytes_of<T: Moment>(
    executor: &Executor<'_>,
    elements: Elements<'_, T>,
) -> Result<Vec<u8>, Error> {
    let stats = Stats::of(executor, elements)?;
    assert_eq!(stats.count(), elements.len() as u64);
    let mut bytes = stats.to_bytes();
    if stats.nulls() > 0 {
        bytes[1] &= !8;
        bytes.drain(10..18);
    }
    Ok(bytes)
}

fn merged(lhs: &Stats, rhs: &Stats) -> Stats {
    let mut stats = lhs.clone();
    stats.merge(rhs).expect("they can be counted");
    stats
}

/// Merges two at a time, picked at random, until one is left.
fn merged_in_any_order(mut parts: Vec<Stats>, random: &mut impl Iterator<Item = u64>) -> Stats {
    let mut pick = |parts: &mut Vec<Stats>| {
        let bits = random.next().expect("endless");
        parts.swap_remove(usize::try_from(bits % parts.len() as u64).expect("an index"))
    };
    while parts.len() > 1 {
        let (lhs, rhs) = (pick(&mut parts), pick(&mut parts));
        parts.push(merged(&lhs, &rhs));
    }
    pick(&mut parts)
}

/// The statistics of at most so many parts of random lengths, in order.
fn cut<T: Moment>(
    values: &[T],
    parts: usize,
    random: &mut impl Iterator<Item = u64>,
) -> Vec<Stats> {
    let random = random.take(parts - 1);
    let places = random.map(|bits| bits % (values.len() as u64 + 1));
    let places = places.map(|place| usize::try_from(place).expect("an index"));
    let mut ends: Vec<_> = [0, values.len()].into_iter().chain(places).collect();
    ends.sort_unstable();
    let parts = ends.windows(2).map(|ends| &values[ends[0]..ends[1]]);
    parts.map(of).collect()
}

const DDOFS: [u64; 5] = [0, 1, 2, 7, u64::MAX];

/// All that statistics tell, floats to the bit.
fn figures(stats: &Stats) -> String {
    shown(
        (stats.count(), stats.sum(), stats.mean()),
        (stats.min(), stats.max()),
        |ddof| (stats.variance(ddof), stats.standard_deviation(ddof)),
    )
}

fn shown<D: Debug>(sums: impl Debug, range: impl Debug, deviations: impl Fn(u64) -> D) -> String {
    format!("{sums:?} {range:?} {:?}", DDOFS.map(deviations))
}

/// Equality of all that is kept and of all that is told.
#[track_caller]
fn assert_same(found: &Stats, expected: &Stats) {
    assert_eq!(found.to_bytes(), expected.to_bytes());
    assert_eq!(figures(found), figures(expected));
}

/// Asserts that all ways to read values lead to what comes of three at a time: no bit is lost.
#[track_caller]
fn assert_merged_from_few<T: Sample + Moment>(values: &[T]) {
    let few = values.chunks(3).map(of);
    let expected = few.fold(of::<T>(&[]), |lhs, rhs| merged(&lhs, &rhs));
    assert_result(values, &Ok(expected.to_bytes()), bytes_of);
}

/// Whether `lhs` is less than `rhs`; of equal floats -0.0 is.
fn order(lhs: &Number, rhs: &Number) -> Ordering {
    match (*lhs, *rhs) {
        (Number::Int(lhs), Number::Int(rhs)) => lhs.cmp(&rhs),
        (Number::Float(lhs), Number::Float(rhs)) => lhs.total_cmp(&rhs),
        (Number::Int(lhs), Number::Float(rhs)) => {
            #[expect(clippy::cast_possible_truncation, reason = "larger than any element")]
            let whole = lhs.cmp(&(rhs.floor() as i128));
            whole.then(rhs.floor().total_cmp(&rhs))
        }
        (Number::Float(_), Number::Int(_)) => order(rhs, lhs).reverse(),
    }
}

/// Asserts every figure of numbers, of which some are or might be floats.
#[track_caller]
fn assert_figures(stats: &Stats, numbers: &[Number], floats: bool) {
    let is_int = |number: &Number| matches!(number, Number::Int(_));
    // An integer of 64 bits is the sum of two doubles.
    let doubles = numbers.iter().flat_map(|number| match *number {
        Number::Int(value) => [value >> 32 << 32, value & 0xffff_ffff].map(f64::from_int),
        Number::Float(value) => [value, 0.0],
    });
    let count = numbers.len() as u64;
    let (total, average) = if floats {
        let total = reference::sum(doubles);
        (Number::Float(total), total / f64::from_int(count.into()))
    } else {
        let total = numbers.iter().map(|number| match number {
            Number::Int(value) => value,
            Number::Float(value) => unreachable!("{value} is no integer"),
        });
        let (total, average) = (total.sum(), stats.mean().unwrap_or_default());
        assert!(count == 0 || reference::is_nearest_quotient(average, total, count));
        (Number::Int(total), average)
    };
    let empty = (count == 0).then_some(Error::Empty);
    let mean = empty.map_or(Ok(average), Err);
    let is_number = |number: &&Number| !matches!(number, Number::Float(value) if value.is_nan());
    let ordered = || numbers.iter().filter(is_number);
    let nan = Number::Float(f64::NAN);
    let min = ordered().min_by(|lhs, rhs| order(lhs, rhs).then(is_int(rhs).cmp(&is_int(lhs))));
    let max = ordered().max_by(|lhs, rhs| order(lhs, rhs).then(is_int(lhs).cmp(&is_int(rhs))));
    let range = [min, max].map(|number| empty.map_or(Ok(*number.unwrap_or(&nan)), Err));
    let exact = Moments::of(numbers.iter().copied());
    let expected = shown((count, total, mean), (range[0], range[1]), |ddof| {
        (exact.variance(ddof), exact.standard_deviation(ddof))
    });
    assert_eq!(figures(stats), expected, "of {numbers:?}");
}

#[test]
fn stats_of_nothing_have_a_sum_only() {
    assert_figures(&Stats::new(), &[], false);
    assert_same(&Stats::default(), &Stats::new());
    for_every_type!(T => assert_figures(&of::<T>(&[]), &[], !is_integer::<T>()));
}

#[test]
fn stats_around_every_seam_are_exact() {
    for_every_type!(T => for len in inputs::small_lengths() {
        for values in inputs::mixtures::<T>(len) {
            for values in [finite(values.clone()), values] {
                let stats = of(&values);
                let numbers: Vec<_> = values.iter().map(|value| value.number()).collect();
                assert_figures(&stats, &numbers, !is_integer::<T>());
                assert_result(&values, &Ok(stats.to_bytes()), bytes_of);
            }
        }
    });
}

#[test]
fn stats_of_any_type_equal_the_functions() {
    let executor = Executor::sequential();
    for_every_type!(T => for len in [1, 2, 3, 100, 1000] {
        for values in inputs::mixtures::<T>(len) {
            let stats = of(&values);
            let values = || Elements::from(&values[..]);
            let deviations = |ddof| (
                variance(&executor, values(), ddof),
                standard_deviation(&executor, values(), ddof),
            );
            let total = sum(&executor, values()).expect("nothing interrupts");
            let sums = (len, total, mean(&executor, values()));
            let range = (stats.min(), stats.max());
            assert_eq!(figures(&stats), shown(sums, range, deviations));
        }
    });
}

#[test]
fn stats_of_many_blocks_are_the_same_in_every_way() {
    for_every_type!(T => {
        let values = finite(inputs::random::<T>(inputs::parallel_length::<T>()));
        let parts = values.chunks(9999).map(of).collect();
        let expected = merged_in_any_order(parts, &mut inputs::random_bits(1));
        assert_result(&values, &Ok(expected.to_bytes()), bytes_of);
    });
}

#[test]
fn stats_cut_anywhere_and_merged_in_any_order_are_the_same() {
    fn hold<T: Sample + Moment>(values: &[T]) {
        let mut random = inputs::random_bits(2);
        let whole = of(values);
        for parts in [2, 3, 10, 40] {
            let parts = cut(values, parts, &mut random);
            assert_same(&merged_in_any_order(parts, &mut random), &whole);
        }
        assert_merged_from_few(values);
    }
    for_every_type!(T => for len in [1, 100, 5000] {
        for values in inputs::mixtures::<T>(len) {
            hold(&values);
        }
    });
    for len in [1, 64, 700] {
        hold(&stretches::<f32>(len).concat());
        hold(&stretches::<f64>(len).concat());
    }
}

#[test]
fn stats_at_every_exponent_lose_no_bit() {
    fn hold<T: Sample + Moment>() {
        for exponent in 0..exponents::<T>() {
            let random = inputs::random_bits(exponent);
            let values = random.map(|bits| with_exponent(exponent, bits));
            assert_merged_from_few(&values.take(35).collect::<Vec<T>>());
        }
    }
    hold::<f32>();
    hold::<f64>();
}

#[test]
fn stats_of_integers_and_floats_are_exact() {
    let mut random = inputs::random_bits(3);
    for keep_all in [true, false] {
        for _ in 0..40 {
            let (mut parts, mut numbers, mut floats) = (vec![], vec![], false);
            for_every_type!(T => {
                let seed = random.next().expect("endless");
                let len = usize::try_from(seed % 7).expect("a length");
                let [special, random, moderate] = inputs::mixtures::<T>(len);
                let values = [special, random, moderate, T::specials()][(seed >> 60) as usize % 4].clone();
                let values = if keep_all { values } else { finite(values) };
                if seed >> 30 & 1 == 0 {
                    parts.push(of(&values));
                    numbers.extend(values.iter().map(|value| value.number()));
                    floats |= !is_integer::<T>();
                }
            });
            parts.push(Stats::new());
            assert_figures(&merged_in_any_order(parts, &mut random), &numbers, floats);
        }
    }
}

#[test]
fn stats_extrema_do_not_depend_on_what_came_first() {
    let hold = |ints: &[i64], floats: &[f64], min, max| {
        let expected = shown((), (Ok::<_, Error>(min), Ok::<_, Error>(max)), |_| ());
        let reversed: Vec<_> = floats.iter().rev().copied().collect();
        for floats in [floats, &reversed] {
            let (ints, floats) = (of(ints), of(floats));
            for stats in [merged(&ints, &floats), merged(&floats, &ints)] {
                let found = shown((), (stats.min(), stats.max()), |_| ());
                assert_eq!(found, expected, "{stats:?}");
            }
        }
    };
    let (int, float) = (Number::Int, Number::Float);
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    hold(&[], &[0.0, -0.0], float(-0.0), float(0.0));
    hold(&[0], &[0.0, -0.0], int(0), int(0));
    hold(&[0], &[0.5, -0.5], float(-0.5), float(0.5));
    hold(&[-1, 1], &[0.5, -0.5], int(-1), int(1));
    hold(&[], &[nan, nan], float(nan), float(nan));
    hold(&[], &[nan, 1.0, nan], float(1.0), float(1.0));
    hold(&[3], &[nan], int(3), int(3));
    hold(&[3], &[-inf, inf, nan], float(-inf), float(inf));
    // What no double can tell apart.
    let (whole, rounded) = ((1 << 53) + 1, 2_f64.powi(53));
    hold(&[whole], &[rounded], float(rounded), int(whole.into()));
    let below = int((-whole).into());
    hold(&[-whole], &[-rounded], below, float(-rounded));
    let (min, max) = (i64::MIN, i64::MAX);
    let edge = 2_f64.powi(63);
    hold(&[max], &[edge], int(max.into()), float(edge));
    hold(&[min], &[-edge], int(min.into()), int(min.into()));
}

#[test]
fn stats_of_zeros_and_nan_have_the_extrema_of_the_oracle() {
    fn hold<T: Sample + Moment>() {
        let [zero, one, nan] = [0.0, 1.0, f64::NAN].map(T::from_float);
        let [negative_zero, minus_one] = [-0.0, -1.0].map(T::from_float);
        for len in inputs::small_lengths() {
            for choices in [
                &[zero, negative_zero][..],
                &[zero, nan],
                &[nan, negative_zero, one],
                &[minus_one, zero, negative_zero],
                &[nan],
            ] {
                let random = inputs::random_bits(len as u64);
                let values = random.zip(choices.iter().cycle());
                let values =
                    values.map(|(bits, other)| if bits % 3 > 0 { choices[0] } else { *other });
                let values: Vec<_> = values.take(len).collect();
                let numbers: Vec<_> = values.iter().map(|value| value.number()).collect();
                assert_figures(&of(&values), &numbers, true);
                assert_merged_from_few(&values);
            }
        }
    }
    hold::<f32>();
    hold::<f64>();
}

#[test]
fn stats_of_one_other_zero_anywhere_tell_of_both() {
    let expected = format!("{:?}", (Number::Float(-0.0), Number::Float(0.0)));
    let large = inputs::parallel_length::<f64>();
    for len in [2, 9, 65, 513, 9000, large] {
        for at in [0, len - 1] {
            for other in [0.0, -0.0] {
                let mut values = vec![-other; len];
                values[at] = other;
                assert_result(&values, &Ok(expected.clone()), |executor, values| {
                    let stats = Stats::of(executor, values)?;
                    Ok::<_, Error>(format!("{:?}", (stats.min()?, stats.max()?)))
                });
            }
        }
    }
}

#[test]
fn stats_of_any_cut_in_any_order_are_the_same() {
    fn holds<T: Sample + Moment>(values: Vec<T>, seed: u64) -> bool {
        let mut random = inputs::random_bits(seed);
        let parts = cut(&values, 1 + (seed % 9) as usize, &mut random);
        assert_same(&merged_in_any_order(parts, &mut random), &of(&values));
        true
    }
    fn holds_for_finite<T: Sample + Moment>(values: Finite<T>, seed: u64) -> bool {
        holds(values.0, seed)
    }
    let mut check = QuickCheck::new().rng(Gen::new(200)).tests(100);
    for_every_type!(T => check.quickcheck(holds::<T> as fn(Vec<T>, u64) -> bool));
    check.quickcheck(holds_for_finite as fn(Finite<f32>, u64) -> bool);
    check.quickcheck(holds_for_finite as fn(Finite<f64>, u64) -> bool);
}

/// Statistics of nothing, of each type, of zeros, of what is not finite, and of mixtures.
fn kinds() -> Vec<Stats> {
    let mut kinds = vec![Stats::new(), of::<f32>(&[]), of::<u8>(&[])];
    for_every_type!(T => {
        kinds.push(of(&[T::from_int(0)]));
        kinds.push(of(&T::specials()));
        kinds.push(of(&inputs::moderate::<T>(200)));
    });
    let (inf, nan, tiny) = (f64::INFINITY, f64::NAN, f64::from_bits(1));
    let floats = [
        [nan; 2],
        [inf, 1.0],
        [-inf, -0.0],
        [1e300, -1e-300],
        [tiny, 0.0],
    ];
    kinds.extend(floats.map(|values| of(&values)));
    kinds.push(merged(&of(&[i64::MIN, 5]), &of(&[0.25_f32, f32::NAN])));
    kinds.push(merged(&of(&[u64::MAX]), &of(&[-1e100, 0.1])));
    kinds
}

/// Asserts that bytes are refused, or read as statistics that work and are written as the same.
#[track_caller]
fn assert_refused_or_canonical(bytes: &[u8]) {
    let Some(stats) = assert_refused_or_rewritten(bytes) else {
        return;
    };
    assert!(!figures(&stats).is_empty());
    let mut doubled = stats.clone();
    match doubled.merge(&stats) {
        Ok(()) => {
            let read = Stats::from_bytes(&doubled.to_bytes()).expect("just written");
            assert_same(&read, &doubled);
        }
        Err(error) => assert_eq!(error, Error::TooMany),
    }
}

#[track_caller]
fn assert_refused_or_rewritten(bytes: &[u8]) -> Option<Stats> {
    match Stats::from_bytes(bytes) {
        Ok(stats) => {
            assert_eq!(stats.to_bytes(), bytes);
            Some(stats)
        }
        Err(Error::Malformed(_)) => None,
        Err(error) => panic!("{error:?} of {bytes:?}"),
    }
}

#[test]
fn stats_read_from_their_bytes_are_the_same() {
    for stats in kinds() {
        let read = Stats::from_bytes(&stats.to_bytes()).expect("just written");
        assert_same(&read, &stats);
        for other in kinds() {
            assert_same(&merged(&read, &other), &merged(&other, &stats));
        }
    }
}

#[test]
fn stats_from_bytes_refuses_other_lengths_and_versions() {
    for bytes in kinds().iter().map(Stats::to_bytes) {
        let refused = |bytes: &[u8]| matches!(Stats::from_bytes(bytes), Err(Error::Malformed(_)));
        let mut shorter = (0..bytes.len()).map(|len| &bytes[..len]);
        assert!(shorter.all(refused), "{bytes:?}");
        let mut longer = (0..=255).map(|more| [&bytes[..], &[more]].concat());
        assert!(longer.all(|bytes| refused(&bytes)), "{bytes:?}");
        let versions = (0..=255).filter(|version| *version != bytes[0]);
        let mut versions = versions.map(|version| [&[version], &bytes[1..]].concat());
        assert!(versions.all(|bytes| refused(&bytes)), "{bytes:?}");
    }
}

#[test]
fn stats_from_bytes_with_one_changed_are_refused_or_canonical() {
    for mut bytes in kinds().iter().map(Stats::to_bytes) {
        for at in 0..bytes.len() {
            for change in 1..=255 {
                bytes[at] ^= change;
                match change {
                    0x80 => assert_refused_or_canonical(&bytes),
                    _ => drop(assert_refused_or_rewritten(&bytes)),
                }
                bytes[at] ^= change;
            }
        }
    }
}

#[test]
fn stats_from_any_bytes_are_refused_or_canonical() {
    fn holds(bytes: Vec<u8>) -> bool {
        assert_refused_or_canonical(&bytes);
        assert_refused_or_canonical(&[&Stats::new().to_bytes()[..1], &bytes].concat());
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(200)).tests(2000);
    check.quickcheck(holds as fn(Vec<u8>) -> bool);
}

#[test]
fn stats_of_more_than_can_be_counted_are_refused_and_unchanged() {
    let values = [f64::MAX, -f64::MAX, 0.1, f64::from_bits(1)];
    let (mut stats, mut all) = (of(&values), Stats::new());
    let exact = Moments::of(values.map(Number::Float));
    for doublings in 0..62 {
        assert_eq!(stats.count(), 4 << doublings);
        for ddof in [0, 3] {
            let exact = exact.repeated(1 << doublings);
            assert_eq!(stats.variance(ddof), exact.variance(ddof));
            let expected = exact.standard_deviation(ddof);
            assert_eq!(stats.standard_deviation(ddof), expected);
        }
        all.merge(&stats).expect("less than 2^64");
        if doublings < 61 {
            stats = merged(&stats, &stats);
        }
    }
    all.merge(&of(&[0_u8; 3])).expect("exactly 2^64 - 1");
    assert_eq!(all.count(), u64::MAX);
    for other in [&stats, &all, &of(&[1_i8])] {
        let mut unchanged = all.clone();
        assert_eq!(unchanged.merge(other), Err(Error::TooMany));
        assert_same(&unchanged, &all);
        let mut unchanged = other.clone();
        assert_eq!(unchanged.merge(&all), Err(Error::TooMany));
        assert_same(&unchanged, other);
    }
    assert_same(&merged(&all, &of::<f32>(&[])), &all);
}

#[test]
fn stats_of_integers_whose_sum_has_no_place_are_refused_and_unchanged() {
    let mut half = Stats::new();
    let mut large = of(&[u64::MAX]);
    for _ in 0..63 {
        half = large.clone();
        large = merged(&large, &large);
    }
    assert_eq!(large.sum(), Number::Int((1 << 63) * i128::from(u64::MAX)));
    let mut unchanged = large.clone();
    assert_eq!(unchanged.merge(&half), Err(Error::TooMany));
    assert_same(&unchanged, &large);
}
