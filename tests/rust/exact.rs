//! `ExactSum`: any doubles, added in any order and from any parts.

use arrayops::ExactSum;
use quickcheck::{Gen, QuickCheck};

use crate::elements::Sample;
use crate::{inputs, reference};

fn summed(values: &[f64]) -> ExactSum {
    let mut sum = ExactSum::new();
    for value in values {
        sum.add(*value);
    }
    sum
}

#[track_caller]
fn assert_rounds(values: &[f64]) {
    let (found, expected) = (
        summed(values).round(),
        reference::sum(values.iter().copied()),
    );
    assert!(
        found.same(expected),
        "sum of {} values {:?}...: {found:?}, expected {expected:?}",
        values.len(),
        &values[..values.len().min(20)],
    );
}

/// Values of every size that sum to almost nothing.
fn cancelling(len: usize) -> Vec<f64> {
    let values: Vec<f64> = inputs::moderate(len);
    let negated = values.iter().rev().map(|value| -value);
    let rest = [1e-300, -f64::from_bits(3), 1.0, -1.0];
    values.iter().copied().chain(negated).chain(rest).collect()
}

#[test]
fn exact_sum_of_nothing_is_positive_zero() {
    assert!(ExactSum::new().round().same(0.0));
    assert!(ExactSum::default().round().same(0.0));
    assert!(summed(&[-0.0, -0.0]).round().same(0.0));
    assert!(summed(&[1e300, -1e300]).round().same(0.0));
}

#[test]
fn exact_sum_of_one_value_is_that_value() {
    let mut values = f64::specials();
    for exponent in 0..2047_u64 {
        for fraction in [0, 1, (1 << 52) - 1, 0x000a_bcde_f012_3456] {
            values.push(f64::from_bits(exponent << 52 | fraction));
        }
    }
    for value in values {
        let expected = if value == 0.0 { 0.0 } else { value };
        assert!(summed(&[value]).round().same(expected), "{value:?}");
        assert!(summed(&[-value]).round().same(0.0 - expected), "-{value:?}");
    }
}

#[test]
fn exact_sum_of_two_values_is_their_ieee_sum() {
    for lhs in f64::specials() {
        for rhs in f64::specials() {
            assert!(
                summed(&[lhs, rhs]).round().same(lhs + rhs + 0.0),
                "{lhs:?} + {rhs:?}"
            );
        }
    }
}

#[test]
fn exact_sum_at_every_exponent_rounds_half_to_even() {
    for exponent in 1..=2046_u64 {
        for fraction in [0, 1, 2, (1 << 52) - 1] {
            let value = f64::from_bits(exponent << 52 | fraction);
            let half = (value.next_up() - value) / 2.0;
            for half in [half, -half] {
                for beside in [0.0, f64::from_bits(1), -f64::from_bits(1)] {
                    assert_rounds(&[value, half, beside]);
                    assert_rounds(&[-value, half, beside]);
                }
            }
        }
    }
}

#[test]
fn exact_sum_of_subnormals_is_exact() {
    let tiny = f64::from_bits(1);
    let largest = f64::MIN_POSITIVE - tiny;
    assert_rounds(&[tiny; 1000]);
    assert_rounds(&[-tiny; 3]);
    assert_rounds(&[largest, tiny]);
    assert_rounds(&[largest, largest, largest]);
    assert_rounds(&[f64::MIN_POSITIVE, -tiny]);
    assert_rounds(&[1.0, tiny, -1.0]);
}

#[test]
fn exact_sum_that_overflows_on_the_way_only_is_finite() {
    let max = f64::MAX;
    assert_rounds(&[max, max, -max]);
    assert_rounds(&[max, max, max, -max, -max, -max, 1e-300]);
    let mut values = vec![max; 10_000];
    values.extend(vec![-max; 9_999]);
    assert_rounds(&values);
}

#[test]
fn exact_sum_beyond_the_largest_double_is_infinite() {
    let max = f64::MAX;
    let half_unit = 2_f64.powi(970);
    assert_rounds(&[max, max]);
    assert_rounds(&[-max, -max]);
    assert_rounds(&[-max; 1000]);
    assert_rounds(&[max, half_unit]);
    assert_rounds(&[max, half_unit.next_down()]);
    assert_rounds(&[max, half_unit, -f64::from_bits(1)]);
    assert!(summed(&[max, half_unit]).round().same(f64::INFINITY));
    assert!(summed(&[max, half_unit.next_down()]).round().same(max));
}

#[test]
fn exact_sum_with_infinities_and_nan_follows_ieee() {
    let (infinity, nan) = (f64::INFINITY, f64::NAN);
    assert!(summed(&[1.0, infinity, -f64::MAX]).round().same(infinity));
    assert!(summed(&[-infinity, f64::MAX]).round().same(-infinity));
    assert!(summed(&[infinity, -infinity]).round().is_nan());
    assert!(summed(&[infinity, nan]).round().is_nan());
    assert!(summed(&[nan, 1.0]).round().is_nan());
    // Where the sum of the finite ones would overflow the other way.
    assert!(
        summed(&[f64::MAX, f64::MAX, -infinity])
            .round()
            .same(-infinity)
    );
    let mut merged = summed(&[infinity]);
    merged.merge(&summed(&[-infinity]));
    assert!(merged.round().is_nan());
}

#[test]
fn exact_sum_does_not_depend_on_order() {
    let mut values = cancelling(500);
    let expected = reference::sum(values.iter().copied());
    let mut random = inputs::random_bits(1);
    for _ in 0..10 {
        assert!(summed(&values).round().same(expected));
        for i in (1..values.len()).rev() {
            let j = random.next().expect("endless") % (i as u64 + 1);
            values.swap(i, usize::try_from(j).expect("an index"));
        }
    }
    values.sort_by(f64::total_cmp);
    assert!(summed(&values).round().same(expected));
    values.reverse();
    assert!(summed(&values).round().same(expected));
}

#[test]
fn exact_sum_merged_from_any_parts_is_the_sum_of_all() {
    for values in [
        cancelling(300),
        inputs::special(31).repeat(3)[..14].to_vec(),
    ] {
        let expected = reference::sum(values.iter().copied());
        for parts in 1..40 {
            let mut merged = ExactSum::new();
            for part in values.chunks(values.len().div_ceil(parts)).rev() {
                merged.merge(&summed(part));
            }
            assert!(merged.round().same(expected), "{parts} parts");
        }
    }
}

#[test]
fn exact_sum_goes_on_after_rounding_and_merging() {
    let mut sum = summed(&[1e16, 1.0]);
    assert!(sum.round().same(1e16));
    sum.add(1.0);
    assert!(sum.round().same(1e16 + 2.0));
    let other = sum.clone();
    sum.merge(&other);
    assert!(sum.round().same(2e16 + 4.0));
    sum.add(-1e16);
    assert!(sum.round().same(1e16 + 4.0));
}

#[test]
fn exact_sum_of_any_values_equals_the_reference() {
    fn holds(values: Vec<f64>, bits: Vec<u64>, cut: usize) -> bool {
        let finite = bits.into_iter().map(f64::from_bits);
        let values: Vec<_> = values.into_iter().chain(finite).collect();
        assert_rounds(&values);
        let (head, tail) = values.split_at(cut % (values.len() + 1));
        let mut merged = summed(tail);
        merged.merge(&summed(head));
        merged.round().same(summed(&values).round())
    }
    let mut check = QuickCheck::new().rng(Gen::new(200)).tests(300);
    check.quickcheck(holds as fn(Vec<f64>, Vec<u64>, usize) -> bool);
}
