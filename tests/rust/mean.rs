//! `mean`: the sum, divided and rounded once more.

use arrayops::{Error, Executor, Number, mean, sum};
use quickcheck::{Gen, QuickCheck};

use crate::elements::Sample;
use crate::ways::assert_result;
use crate::{inputs, reference};

/// Holds the mean against the exact sum, and all ways to find it against one.
#[track_caller]
fn assert_mean<T: Sample>(values: &[T]) {
    let executor = Executor::sequential();
    let found = mean(&executor, values.into()).expect("there are elements");
    match sum(&executor, values.into()) {
        Ok(Number::Int(sum)) => assert!(
            reference::is_nearest_quotient(found, sum, values.len() as u64),
            "{found:?} is not nearest to {sum} / {}",
            values.len(),
        ),
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        Ok(Number::Float(sum)) => assert!(found.same(sum / values.len() as f64)),
        Err(error) => panic!("{error}"),
    }
    assert_result(values, &Ok(found), mean);
}

#[test]
fn mean_of_nothing_is_an_error() {
    for_every_type!(T => assert_result::<T, _>(&[], &Err(Error::Empty), mean));
}

#[test]
fn mean_around_every_seam_is_rounded_once() {
    for_every_type!(T => for len in inputs::small_lengths().into_iter().skip(1) {
        for values in inputs::mixtures::<T>(len) {
            assert_mean(&values);
        }
    });
}

#[test]
fn mean_around_one_block_is_rounded_once() {
    for_every_type!(T => for len in inputs::block_lengths::<T>() {
        assert_mean(&inputs::special::<T>(len));
    });
}

#[test]
fn mean_of_many_blocks_is_rounded_once() {
    for_every_type!(T => assert_mean(&inputs::moderate::<T>(inputs::parallel_length::<T>())));
}

#[test]
fn mean_beyond_the_integers_of_double_is_rounded_to_even() {
    assert_mean(&[(1_i64 << 53) + 1]);
    assert_mean(&[(1_i64 << 53) + 3]);
    assert_mean(&[-(1_i64 << 53) - 1]);
    assert_mean(&[(1_u64 << 53) + 1, 1 << 53]);
    assert_mean(&[(1_u64 << 54) + 3, (1 << 54) + 1, 1]);
}

#[test]
fn mean_of_sums_beyond_64_bits_is_rounded_once() {
    for len in [1, 2, 3, 1023, 1024, 70_001] {
        assert_mean(&vec![u64::MAX; len]);
        assert_mean(&vec![i64::MIN; len]);
        let mut values = vec![i64::MAX; len];
        values[0] = 1;
        assert_mean(&values);
    }
}

#[test]
fn mean_of_integers_that_cancel_is_rounded_once() {
    assert_mean(&[i64::MIN, i64::MAX]);
    assert_mean(&[i64::MIN, i64::MAX, 1]);
    assert_mean(&[-1_i8, 0, 0]);
    let mut values = vec![0_u8; 300_001];
    values[150_000] = 1;
    assert_mean(&values);
}

#[test]
fn mean_of_any_values_is_rounded_once() {
    fn holds<T: Sample>(values: Vec<T>) -> bool {
        if !values.is_empty() {
            assert_mean(&values);
        }
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(100)).tests(30);
    for_every_type!(T => check.quickcheck(holds::<T> as fn(Vec<T>) -> bool));
    let mut check = check.tests(200);
    check.quickcheck(holds as fn(Vec<i64>) -> bool);
    check.quickcheck(holds as fn(Vec<u64>) -> bool);
}
