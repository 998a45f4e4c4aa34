//! `min` and `max`, by the rules of Python's.

use arrayops::{Error, max, min};
use quickcheck::{Gen, QuickCheck};

use crate::elements::Sample;
use crate::inputs;
use crate::ways::assert_result;

/// The oracle: the first stays unless a later one compares smaller.
fn first_smallest<T: Sample>(values: &[T]) -> Result<T, Error> {
    let values = values.iter().copied();
    let best = values.reduce(|best, value| if value < best { value } else { best });
    best.ok_or(Error::Empty)
}

/// The oracle: the first stays unless a later one compares larger.
fn first_largest<T: Sample>(values: &[T]) -> Result<T, Error> {
    let values = values.iter().copied();
    let best = values.reduce(|best, value| if value > best { value } else { best });
    best.ok_or(Error::Empty)
}

#[track_caller]
fn assert_extrema<T: Sample>(values: &[T]) {
    assert_result(values, &first_smallest(values), min);
    assert_result(values, &first_largest(values), max);
}

#[test]
fn extrema_of_nothing_are_an_error() {
    for_every_type!(T => {
        assert_result::<T, _>(&[], &Err(Error::Empty), min);
        assert_result::<T, _>(&[], &Err(Error::Empty), max);
    });
}

#[test]
fn extrema_around_every_seam_equal_the_oracle() {
    for_every_type!(T => for len in inputs::small_lengths() {
        for values in inputs::mixtures::<T>(len) {
            assert_extrema(&values);
        }
    });
}

#[test]
fn extrema_around_one_block_equal_the_oracle() {
    for_every_type!(T => for len in inputs::block_lengths::<T>() {
        assert_extrema(&inputs::moderate::<T>(len));
    });
}

#[test]
fn extrema_in_many_blocks_equal_the_oracle() {
    for_every_type!(T => assert_extrema(&inputs::random::<T>(inputs::parallel_length::<T>())));
}

#[test]
fn extrema_in_any_place_are_found() {
    for_every_type!(T => for len in [1, 33, 257] {
        for at in 0..len {
            let mut values = vec![T::from_int(5); len];
            values[at] = T::from_int(3);
            assert_result(&values, &first_smallest(&values), min);
            values[at] = T::from_int(7);
            assert_result(&values, &first_largest(&values), max);
        }
    });
}

#[test]
fn extrema_in_the_last_place_of_many_blocks_are_found() {
    for_every_type!(T => {
        let mut values = vec![T::from_int(5); inputs::parallel_length::<T>()];
        *values.last_mut().expect("many") = T::from_int(4);
        assert_result(&values, &Ok(T::from_int(4)), min);
        *values.last_mut().expect("many") = T::from_int(6);
        assert_result(&values, &Ok(T::from_int(6)), max);
    });
}

#[test]
fn extrema_with_nan_in_first_place_are_nan() {
    for_every_type!(T => for len in inputs::small_lengths().into_iter().skip(1) {
        let mut values = inputs::moderate::<T>(len);
        values[0] = T::from_float(f64::NAN);
        assert_extrema(&values);
    });
}

#[test]
fn extrema_with_nan_in_later_places_pass_over_it() {
    for len in [2, 64, 65, 300, 70_000] {
        let mut values = vec![f64::NAN; len];
        values[0] = 1.0;
        assert_result(&values, &Ok(1.0), min);
        assert_result(&values, &Ok(1.0), max);
        values[len - 1] = f64::NEG_INFINITY;
        assert_result(&values, &Ok(f64::NEG_INFINITY), min);
        values[len / 2] = f64::INFINITY;
        assert_extrema(&values);
    }
}

#[test]
fn extrema_among_zeros_are_the_first_met() {
    for len in inputs::small_lengths().into_iter().skip(2) {
        for at in [0, 1, len / 2, len - 1] {
            for zero in [0.0, -0.0] {
                let mut values = vec![zero; len];
                values[at] = -zero;
                assert_extrema(&values);
                let mut values = vec![f64::NAN; len];
                values[0] = 1.0;
                values[len - 1] = -zero;
                values[at] = zero;
                assert_result(&values, &first_smallest(&values), min);
                values[0] = values[0].min(-1.0);
                assert_result(&values, &first_largest(&values), max);
            }
        }
    }
}

#[test]
fn extrema_of_two_zeros_in_any_lanes_are_the_first() {
    fn check<T: Sample>() {
        for first in 1..140 {
            for apart in [1, 7, 31, 33, 63, 65, 127] {
                let mut values = vec![T::from_int(1); 300];
                values[first] = T::from_float(-0.0);
                values[first + apart] = T::from_float(0.0);
                assert_result(&values, &Ok(T::from_float(-0.0)), min);
                values.fill(T::from_int(-1));
                values[first] = T::from_float(0.0);
                values[first + apart] = T::from_float(-0.0);
                assert_result(&values, &Ok(T::from_float(0.0)), max);
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn extrema_among_zeros_of_many_blocks_are_the_first_met() {
    for zero in [0.0_f32, -0.0] {
        let mut values = vec![1.0; inputs::parallel_length::<f32>()];
        let len = values.len();
        values[len / 3] = zero;
        values[len / 2..].fill(-zero);
        assert_result(&values, &Ok(zero), min);
        for value in &mut values {
            *value = -*value;
        }
        assert_result(&values, &Ok(-zero), max);
    }
}

#[test]
fn extrema_of_any_values_equal_the_oracle() {
    fn holds<T: Sample>(values: Vec<T>) -> bool {
        assert_extrema(&values);
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(600)).tests(30);
    for_every_type!(T => check.quickcheck(holds::<T> as fn(Vec<T>) -> bool));
}
