//! `variance` and `standard_deviation`: exact, and rounded once.

use arrayops::{Element, Error, Moment, Number, standard_deviation, variance};
use quickcheck::{Arbitrary, Gen, QuickCheck};

use crate::elements::{Sample, integer_limits};
use crate::inputs;
use crate::reference::Moments;
use crate::ways::assert_result;

/// Asserts variance and standard deviation.
#[track_caller]
fn assert_both<T: Sample + Moment>(values: &[T], ddof: u64, expected: [Result<f64, Error>; 2]) {
    assert_result(values, &expected, |executor, values| {
        let variance = variance(executor, values, ddof);
        [variance, standard_deviation(executor, values, ddof)]
    });
}

/// Asserts that both are those of the oracle.
#[track_caller]
fn assert_moments<T: Sample + Moment>(values: &[T], ddof: u64) {
    let exact = Moments::of(values.iter().map(|value| value.number()));
    let expected = [exact.variance(ddof), exact.standard_deviation(ddof)];
    assert_both(values, ddof, expected);
}

/// [`assert_moments`] with the smallest and the largest `ddof`, and the usual two.
#[track_caller]
fn assert_moments_for_every_ddof<T: Sample + Moment>(values: &[T]) {
    let len = values.len() as u64;
    for ddof in [0, 1, len - 1] {
        assert_moments(values, ddof);
    }
}

/// The same values, but for the infinities and NaN.
pub(crate) fn finite<T: Sample>(mut values: Vec<T>) -> Vec<T> {
    for value in &mut values {
        if !matches!(value.number(), Number::Int(_)) && !float(*value).is_finite() {
            *value = T::from_int(3);
        }
    }
    values
}

fn float<T: Sample>(value: T) -> f64 {
    match value.number() {
        Number::Float(value) => value,
        Number::Int(value) => unreachable!("{value} is no float"),
    }
}

/// The exponent field of infinity.
pub(crate) fn exponents<T: Element>() -> u64 {
    if size_of::<T>() == 4 { 255 } else { 2047 }
}

/// A float with this exponent field, and sign and fraction from `bits`.
pub(crate) fn with_exponent<T: Sample>(exponent: u64, bits: u64) -> T {
    let fraction_bits = if size_of::<T>() == 4 { 23 } else { 52 };
    let sign = bits >> 63 << (8 * size_of::<T>() - 1);
    let fraction = bits % (1 << fraction_bits);
    T::from_random(sign | exponent << fraction_bits | fraction)
}

/// Finite floats in stretches of `len`: one for each way that they can be easy or hard to sum.
pub(crate) fn stretches<T: Sample>(len: usize) -> Vec<Vec<T>> {
    let top = exponents::<T>() - 1;
    let one = exponents::<T>() / 2;
    let offset = if top == 254 { one + 23 } else { one + 52 };
    let largest = with_exponent(top, u64::MAX >> 1);
    let smallest = T::from_random(1);
    let stretch = |of: &dyn Fn(u64, u64) -> T| -> Vec<T> {
        let numbered = (0..).zip(inputs::random_bits(len as u64));
        numbered.map(|(i, bits)| of(i, bits)).take(len).collect()
    };
    let with_one = |value: T| {
        let mut values = stretch(&|_, bits| with_exponent(one, bits >> 1));
        values[len / 2] = value;
        values
    };
    vec![
        stretch(&|_, bits| with_exponent(one, bits >> 1)),
        stretch(&|_, bits| with_exponent(one, bits)),
        stretch(&|_, bits| T::from_int(i128::from(bits % 1000))),
        with_one(largest),
        with_one(smallest),
        stretch(&|_, bits| with_exponent(0, bits)),
        vec![T::ZERO; len],
        vec![with_exponent(0, 1 << 63); len],
        stretch(&|i, bits| with_exponent(i % (top + 1), bits)),
        stretch(&|i, _| with_exponent(top, i << 63)), // cancels
        stretch(&|_, bits| with_exponent(offset, bits % 4)),
        stretch(&|_, bits| with_exponent(one * 11 / 20, bits)), // squares just fit a double
        stretch(&|_, bits| with_exponent(bits % (top + 1), bits & 1 << 63)),
    ]
}

/// Finite floats whose exponents span little or much, with many or few bits each.
#[derive(Clone, Debug)]
pub(crate) struct Finite<T>(pub(crate) Vec<T>);

impl<T: Sample> Arbitrary for Finite<T> {
    fn arbitrary(g: &mut Gen) -> Self {
        let range = g.choose(&[1, 2, 30, 200, 2047]).copied().unwrap_or(1);
        let mask = u64::MAX << (u32::arbitrary(g) % 53);
        let lowest = u64::arbitrary(g);
        let len = usize::arbitrary(g) % g.size();
        let value = |_| {
            let exponent = lowest.wrapping_add(u64::arbitrary(g) % range);
            with_exponent(exponent % exponents::<T>(), u64::arbitrary(g) & mask)
        };
        Finite((0..len).map(value).collect())
    }
}

#[test]
fn moments_of_nothing_are_an_error() {
    for_every_type!(T => assert_both::<T>(&[], 0, [Err(Error::Empty); 2]));
}

#[test]
fn moments_with_too_large_a_ddof_are_an_error() {
    for_every_type!(T => for len in [1, 2, 64, 65, 513] {
        for values in [inputs::special::<T>(len), inputs::moderate(len)] {
            let count = len as u64;
            for ddof in [count, count + 1, u64::MAX] {
                assert_both(&values, ddof, [Err(Error::TooFew { count, ddof }); 2]);
            }
        }
    });
}

#[test]
fn moments_around_every_seam_are_rounded_once() {
    for_every_type!(T => for len in inputs::small_lengths().into_iter().skip(1) {
        for (values, ddof) in inputs::mixtures::<T>(len).into_iter().zip([0, 1, len - 1]) {
            assert_moments(&finite(values), ddof.min(len - 1) as u64);
        }
    });
}

#[test]
fn moments_with_every_ddof_are_rounded_once() {
    for_every_type!(T => for len in [1, 2, 3, 20, 100] {
        for values in inputs::mixtures::<T>(len) {
            assert_moments_for_every_ddof(&finite(values));
        }
    });
}

#[test]
fn moments_around_one_block_are_rounded_once() {
    for_every_type!(T => for len in inputs::block_lengths::<T>() {
        assert_moments(&inputs::moderate::<T>(len), 1);
    });
}

#[test]
fn moments_of_many_blocks_of_integers_are_rounded_once() {
    for_every_integer!(T => {
        assert_moments(&inputs::random::<T>(inputs::parallel_length::<T>()), 1);
    });
}

#[test]
fn moments_of_integer_limits_never_wrap() {
    for_every_integer!(T => {
        let (min, max) = integer_limits::<T>();
        let limits = [min, max].map(T::from_int);
        for (first, rest) in [(0, 0), (1, 1), (0, 1), (1, 0)] {
            let mut values = vec![limits[rest]; 70_001];
            values[0] = limits[first];
            assert_moments(&values, 1);
        }
        let alternating: Vec<_> = limits.into_iter().cycle().take(70_001).collect();
        assert_moments(&alternating, 0);
    });
}

#[test]
fn moments_of_equal_floats_are_positive_zero() {
    for value in [0.0, -0.0, 0.1, -1e-300, f64::MAX, f64::from_bits(1)] {
        for len in [1, 2, 65, 513, 33_000] {
            assert_both(&vec![value; len], 0, [Ok(0.0); 2]);
        }
    }
    assert_moments(&[0.0, -0.0, 0.0], 1);
    assert_moments(&[0.1_f32; 1000], 1);
}

#[test]
fn moments_of_a_small_spread_at_a_large_offset_are_exact() {
    for offset in [1e9, 1e15, 9_007_199_254_740_990.0, -9_007_199_254_740_994.0] {
        let values = [1.0, 2.0, 3.0].map(|value| offset + value);
        assert_moments_for_every_ddof(&values);
        assert_moments(&values.repeat(10_000), 1);
    }
    assert_both(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0], 1, [Ok(1.0); 2]);
    let beside = |i| f64::from_bits(1e300_f64.to_bits() + i);
    assert_moments_for_every_ddof(&(0..999).map(beside).collect::<Vec<_>>());
    assert_moments_for_every_ddof(&[16_777_215.0_f32, 16_777_216.0, 16_777_214.0]);
    assert_moments_for_every_ddof(&[i64::MAX, i64::MAX - 1, i64::MAX - 3]);
    assert_moments_for_every_ddof(&[u64::MAX, u64::MAX - 1, u64::MAX - 3]);
}

#[test]
fn moments_beyond_the_range_of_double_are_rounded_once() {
    let edge = 2_f64.powi(512); // its square is the first to be infinite
    let values = [
        1e300,
        f64::MAX,
        1e154,
        edge,
        edge.next_down(),
        edge.next_up(),
    ];
    for value in values {
        assert_moments_for_every_ddof(&[value, -value]);
        assert_moments_for_every_ddof(&[value, -value, value, 1.0]);
        assert_moments_for_every_ddof(&[value, 1.0 / value, f64::from_bits(1)]);
        assert_moments(&[value, -value].repeat(40_000), 0);
    }
    assert_both(&[1e300, -1e300], 0, [Ok(f64::INFINITY), Ok(1e300)]);
    assert_moments_for_every_ddof(&[f32::MAX, -f32::MAX]);
}

#[test]
fn moments_below_the_range_of_double_are_rounded_once() {
    let tiny = f64::from_bits(1);
    let around = [1e-310, f64::MIN_POSITIVE, 1e-200, 1.5e-162, 1e-161, 1e-154];
    for value in around.into_iter().chain([tiny, 3.0 * tiny]) {
        assert_moments_for_every_ddof(&[value, -value]);
        assert_moments_for_every_ddof(&[0.0, value]);
        assert_moments_for_every_ddof(&[value, value, value.next_up()]);
        assert_moments(&[value, 0.0, -value].repeat(3_000), 1);
    }
    assert_moments_for_every_ddof(&[f32::from_bits(1), f32::from_bits(2), -f32::from_bits(9)]);
}

#[test]
fn moments_half_way_between_doubles_are_rounded_to_even() {
    for odd in (94_906_267..94_906_467).step_by(2) {
        // A square of 54 bits; then a little more than that.
        let value = f64::from(odd);
        assert_moments(&[0, odd], 0);
        assert_moments(&[0.0, value], 0);
        assert_moments(&[value, -value, 1e-300, -1e-300], 0);
    }
    for odd in [(1_i64 << 53) + 1, (1 << 53) + 3] {
        assert_moments(&[0, odd], 0);
        assert_moments(&[0, odd, 0, odd + 1], 0);
    }
    // In units of the smallest double, of which no square has a bit in reach.
    let odd = (1 << 53) - 3;
    for beside in [odd - 1, odd, odd + 1] {
        let mut values = [0, odd].repeat(25_000);
        values[1] = beside;
        let values: Vec<_> = values.into_iter().map(f64::from_bits).collect();
        assert_moments(&values, 0);
    }
}

#[test]
fn moments_of_data_of_every_size_are_rounded_once() {
    for (base, range) in [(10_f64, 30), (10.0, 300), (2.0, 500)] {
        for len in [3, 50, 2000, 70_000] {
            let values: Vec<_> = inputs::random_bits(len)
                .zip(0..len)
                .map(|(bits, _)| {
                    let exponent = i32::try_from(bits >> 40).expect("24 bits") % (2 * range + 1);
                    with_exponent::<f64>(1023, bits) * base.powi(exponent - range)
                })
                .collect();
            assert_moments(&values, 1);
        }
    }
}

#[test]
fn moments_with_an_infinity_or_nan_anywhere_are_nan() {
    for len in [1, 64, 65, 513, 9000] {
        for at in [0, len / 2, len - 1] {
            for special in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                let mut values: Vec<_> = inputs::moderate::<f64>(len);
                values[at] = special.into();
                assert_both(&values, 0, [Ok(f64::NAN); 2]);
                let mut values = vec![f32::MAX; len];
                values[at] = special;
                assert_both(&values, 0, [Ok(f64::NAN); 2]);
            }
        }
    }
    assert_both(&[f64::INFINITY, f64::NEG_INFINITY], 1, [Ok(f64::NAN); 2]);
}

#[test]
fn moments_across_unlike_stretches_are_rounded_once() {
    fn hold<T: Sample + Moment>() {
        for len in [1, 7, 64, 1000, 5000] {
            assert_moments(&stretches::<T>(len).concat(), 1);
        }
        let stretches = stretches::<T>(600);
        for first in &stretches {
            for second in &stretches {
                assert_moments(&[&first[..], second, first].concat(), 1);
            }
        }
    }
    hold::<f32>();
    hold::<f64>();
}

#[test]
fn moments_of_unlike_blocks_are_rounded_once() {
    // 13 blocks and some elements, enough for several threads.
    assert_moments(
        &stretches::<f32>(inputs::block_length::<f32>() + 1).concat(),
        0,
    );
    assert_moments(
        &stretches::<f64>(inputs::block_length::<f64>() + 1).concat(),
        0,
    );
}

#[test]
fn moments_of_any_values_are_rounded_once() {
    fn holds<T: Sample + Moment>(values: Vec<T>) -> bool {
        if !values.is_empty() {
            assert_moments(&values, values.len() as u64 / 2);
        }
        true
    }
    fn holds_for_finite<T: Sample + Moment>(values: Finite<T>) -> bool {
        holds(values.0)
    }
    let mut check = QuickCheck::new().rng(Gen::new(300)).tests(100);
    check.quickcheck(holds_for_finite as fn(Finite<f32>) -> bool);
    check.quickcheck(holds_for_finite as fn(Finite<f64>) -> bool);
    let mut check = check.tests(20);
    for_every_integer!(T => check.quickcheck(holds::<T> as fn(Vec<T>) -> bool));
    check.quickcheck(holds as fn(Vec<f64>) -> bool);
}
