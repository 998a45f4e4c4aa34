//! All or nothing: a `scale` that fails leaves every element as it was and names the first at fault.

use arrayops::{Element, Error, Factor, Overflow, scale};

use crate::elements::{Sample, integer_limits};
use crate::inputs;
use crate::ways::assert_in_place;

/// Moderate values, with the largest of the type in some places.
fn with_largest_at<T: Sample>(len: usize, places: &[usize]) -> Vec<T> {
    let mut values = inputs::moderate(len);
    for at in places {
        values[*at] = T::from_int(integer_limits::<T>().1);
    }
    values
}

/// Asserts that scaling fails at `index` and changes nothing.
#[track_caller]
fn assert_refused<T: Sample>(values: &[T], factor: Factor, index: usize) {
    let expected = Err(Error::Overflow {
        index,
        value: values[index].number(),
        element_type: T::TYPE,
    });
    assert_in_place(values, &expected, |executor, values| {
        scale(executor, values, factor, Overflow::Raise)
    });
}

#[test]
fn refused_scale_of_one_element_anywhere_changes_nothing() {
    for_every_integer!(T => for len in [1, 2, 33, 129, 513, 1025] {
        for at in [0, len / 2, len - 1] {
            let values = with_largest_at::<T>(len, &[at]);
            assert_refused(&values, Factor::Int(2), at);
            assert_refused(&values, Factor::Float(1.5), at);
        }
    });
}

#[test]
fn refused_scale_of_several_elements_names_the_first() {
    for_every_integer!(T => for len in [40, 600, 20_000] {
        let values = with_largest_at::<T>(len, &[len - 1, len / 2, len / 3]);
        assert_refused(&values, Factor::Int(3), len / 3);
        assert_refused(&values, Factor::Float(2.5), len / 3);
    });
}

#[test]
fn refused_scale_beside_the_seams_of_parts_changes_nothing() {
    for_every_integer!(T => for at in inputs::part_lengths::<T>() {
        for len in [at + 1, 3 * at] {
            assert_refused(&with_largest_at::<T>(len, &[at]), Factor::Int(2), at);
        }
    });
}

#[test]
fn refused_scale_beside_the_seams_of_a_block_changes_nothing() {
    for_every_integer!(T => {
        let block = inputs::block_length::<T>();
        for at in [block - 1, block] {
            assert_refused(&with_largest_at::<T>(block + 1, &[at]), Factor::Int(2), at);
        }
    });
}

#[test]
fn refused_scale_in_a_late_block_changes_nothing() {
    for_every_integer!(T => {
        let len = inputs::parallel_length::<T>();
        for at in [0, len / 2, len - 1] {
            let values = with_largest_at::<T>(len, &[at]);
            assert_refused(&values, Factor::Int(2), at);
        }
        let values = with_largest_at::<T>(len, &[len - 1]);
        assert_refused(&values, Factor::Float(1.5), len - 1);
    });
}

#[test]
fn refused_scale_in_several_blocks_names_the_first() {
    for_every_integer!(T => {
        let len = inputs::parallel_length::<T>();
        let first = len / 4;
        let places: Vec<_> = (first..len).step_by(len / 20).collect();
        let values = with_largest_at::<T>(len, &places);
        assert_refused(&values, Factor::Int(3), first);
        assert_refused(&values, Factor::Float(1.5), first);
    });
}

#[test]
fn refused_scale_by_a_negative_factor_restores_the_smallest() {
    for_every_integer!(T => {
        let (min, _) = integer_limits::<T>();
        let mut values = vec![T::ZERO; 20_000];
        // Zero times minus one fits every type; of the smallest values, only zero does.
        let refused = if min == 0 { T::from_int(1) } else { T::from_int(min) };
        values[19_000] = refused;
        assert_refused(&values, Factor::Int(-1), 19_000);
    });
}

#[test]
fn refused_scale_by_an_infinite_factor_changes_nothing() {
    for_every_integer!(T => for first in [0, 1] {
        let mut values = inputs::moderate::<T>(100);
        values[0] = T::from_int(first);
        let error = if first == 0 { Error::NotANumber { index: 0 } } else { Error::Infinite { index: 0 } };
        for overflow in [Overflow::Raise, Overflow::Saturate, Overflow::Wrap] {
            assert_in_place(&values, &Err(error), |executor, values| {
                scale(executor, values, Factor::Float(f64::INFINITY), overflow)
            });
        }
    });
}

#[test]
fn refused_scale_to_an_infinite_product_names_the_first() {
    let mut values = vec![1_i32; 200_000];
    values[150_000] = 2;
    values[190_000] = -2;
    for overflow in [Overflow::Saturate, Overflow::Wrap] {
        let expected = Err(Error::Infinite { index: 150_000 });
        assert_in_place(&values, &expected, |executor, values| {
            scale(executor, values, Factor::Float(f64::MAX), overflow)
        });
    }
}
