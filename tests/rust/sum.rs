//! `sum`: integers exactly, floats rounded once.

use arrayops::{Element, Elements, Executor, Level, Number, Part, Validity, Values, sum};
use quickcheck::{Gen, QuickCheck};

use crate::elements::{Sample, is_integer};
use crate::moments::{Finite, exponents, stretches, with_exponent};
use crate::ways::{assert_result, bitmap};
use crate::{inputs, reference};

/// The oracle.
fn total<T: Sample>(values: &[T]) -> Number {
    if is_integer::<T>() {
        Number::Int(values.iter().map(|value| integer(*value)).sum())
    } else {
        Number::Float(reference::sum(values.iter().map(|value| float(*value))))
    }
}

fn integer<T: Sample>(value: T) -> i128 {
    match value.number() {
        Number::Int(value) => value,
        Number::Float(value) => unreachable!("{value} is no integer"),
    }
}

fn float<T: Sample>(value: T) -> f64 {
    match value.number() {
        Number::Float(value) => value,
        Number::Int(value) => unreachable!("{value} is no float"),
    }
}

#[track_caller]
fn assert_sum<T: Sample>(values: &[T]) {
    assert_result(values, &Ok(total(values)), sum);
}

#[test]
fn sum_around_every_seam_equals_the_oracle() {
    for_every_type!(T => for len in inputs::small_lengths() {
        for values in inputs::mixtures::<T>(len) {
            assert_sum(&values);
        }
    });
}

#[test]
fn sum_around_one_block_equals_the_oracle() {
    for_every_type!(T => for len in inputs::block_lengths::<T>() {
        assert_sum(&inputs::moderate::<T>(len));
    });
}

#[test]
fn sum_of_many_blocks_equals_the_oracle() {
    for_every_type!(T => assert_sum(&inputs::random::<T>(inputs::parallel_length::<T>())));
}

#[test]
fn sum_of_limits_never_wraps() {
    for_every_type!(T => {
        let (min, max) = T::TYPE.limits();
        let is_limit = |value: &T| value.number() == min || value.number() == max;
        for limit in T::specials().into_iter().filter(is_limit) {
            assert_sum(&vec![limit; 70_001]);
        }
    });
}

/// As many as there can be in one block, and some more.
#[test]
fn sum_of_many_limits_some_of_which_are_missing_never_wraps() {
    let bits: Vec<bool> = (0..(1 << 18) + 70).map(|i| i % 1000 != 7).collect();
    let bytes = bitmap(&bits, 0);
    let validity = Validity::new(&bytes, 0, bits.len());
    for_every_type!(T => {
        let (min, max) = T::TYPE.limits();
        let is_limit = |value: &T| value.number() == min || value.number() == max;
        for limit in T::specials().into_iter().filter(is_limit) {
            if is_integer::<T>() {
                let values = vec![limit; bits.len()];
                let parts = [Part::new(Values::Aligned(&values[..]), Some(validity))];
                let there = bits.iter().filter(|bit| **bit).count();
                let expected = Number::Int(integer(limit) * there as i128);
                for level in Level::available() {
                    let executor = Executor::new(level, 1);
                    assert_eq!(sum(&executor, Elements::from(&parts[..])), Ok(expected));
                }
            }
        }
    });
}

#[test]
fn sum_of_floats_is_rounded_once() {
    assert_sum(&[0.1; 10]);
    assert_sum(&[1e16, 1.0, -1e16]);
    assert_sum(&[f64::MAX, f64::MAX, -f64::MAX]);
    assert_sum(&[f64::MAX, f64::MAX]);
    assert_sum(&[f64::MAX, f64::MAX.next_up() / 4.0, f64::EPSILON]);
    assert_sum(&[1.0, f64::EPSILON / 2.0, f64::from_bits(1)]);
    assert_sum(&[1.0, f64::EPSILON / 2.0]);
    assert_sum(&[16_777_216.0_f32, 1.0, 1e-30]);
}

#[test]
fn sum_of_zeros_is_positive() {
    for len in [0, 1, 2, 64, 65, 40_000] {
        assert_result(&vec![-0.0; len], &Ok(Number::Float(0.0)), sum);
        assert_result(&vec![-0.0_f32; len], &Ok(Number::Float(0.0)), sum);
    }
}

#[test]
fn sum_with_one_infinity_or_nan_anywhere_is_that() {
    for len in [1, 64, 65, 513] {
        for at in [0, len / 2, len - 1] {
            for special in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
                let mut values = vec![f64::MAX; len];
                values[at] = special;
                assert_result(&values, &Ok(Number::Float(special)), sum);
            }
        }
    }
}

#[test]
fn sum_of_infinities_of_both_signs_is_nan() {
    for len in [2, 64, 65, 100_000] {
        let mut values = vec![1.0; len];
        values[0] = f64::NEG_INFINITY;
        values[len - 1] = f64::INFINITY;
        assert_result(&values, &Ok(Number::Float(f64::NAN)), sum);
    }
}

/// Asserts that values and their negatives leave what else is among them: no bit is lost.
#[track_caller]
fn assert_cancels<T: Sample>(values: &[T]) {
    let negated = values.iter().map(|value| T::from_float(-float(*value)));
    let left = T::from_random(1);
    let all: Vec<_> = negated
        .chain([left])
        .chain(values.iter().copied())
        .collect();
    assert_result(&all, &Ok(left.number()), sum);
}

#[test]
fn sum_at_every_exponent_loses_no_bit() {
    fn holds<T: Sample>() {
        for exponent in 0..exponents::<T>() {
            let random = inputs::random_bits(exponent);
            let values = random.map(|bits| with_exponent(exponent, bits));
            let values: Vec<T> = values.take(150).collect();
            assert_sum(&values);
            assert_cancels(&values);
        }
    }
    holds::<f32>();
    holds::<f64>();
}

#[test]
fn sum_across_unlike_stretches_is_rounded_once() {
    fn holds<T: Sample>() {
        for len in [1, 7, 64, 1000, 5000, inputs::block_length::<T>()] {
            let values = stretches::<T>(len).concat();
            assert_sum(&values);
            assert_cancels(&values);
        }
        let stretches = stretches::<T>(500);
        for first in &stretches {
            for second in &stretches {
                assert_sum(&[&first[..], second, first].concat());
            }
        }
    }
    holds::<f32>();
    holds::<f64>();
}

#[test]
fn sum_of_any_finite_floats_is_rounded_once() {
    fn holds<T: Sample>(values: Finite<T>) -> bool {
        assert_sum(&values.0);
        assert_cancels(&values.0);
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(600)).tests(200);
    check.quickcheck(holds as fn(Finite<f32>) -> bool);
    check.quickcheck(holds as fn(Finite<f64>) -> bool);
}

#[test]
fn sum_of_any_values_equals_the_oracle() {
    fn holds<T: Sample>(values: Vec<T>) -> bool {
        assert_sum(&values);
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(600)).tests(20);
    for_every_type!(T => check.quickcheck(holds::<T> as fn(Vec<T>) -> bool));
    check.tests(100).quickcheck(holds as fn(Vec<f64>) -> bool);
}
