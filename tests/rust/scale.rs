//! `scale`: every element times a factor, in place.

use arrayops::{Error, Factor, Number, Overflow, scale};
use quickcheck::{Arbitrary, Gen, QuickCheck};

use crate::elements::{Sample, integer_limits};
use crate::inputs;
use crate::ways::assert_in_place;

const OVERFLOWS: [Overflow; 3] = [Overflow::Raise, Overflow::Saturate, Overflow::Wrap];

fn factors() -> impl Iterator<Item = Factor> {
    let integers = [
        0,
        1,
        2,
        3,
        127,
        128,
        255,
        256,
        (1 << 31) - 1,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        (1 << 64) - 1,
        1 << 64,
        1 << 100,
        i128::MAX,
    ];
    let floats = [
        0.0,
        1.0,
        0.5,
        1.5,
        3.7,
        1e-3,
        1.0 - f64::EPSILON / 2.0,
        1.0 + f64::EPSILON,
        1e10,
        1e19,
        1e30,
        1e300,
        f64::MAX,
        f64::from_bits(1),
        f64::INFINITY,
        f64::NAN,
    ];
    let integers = integers.into_iter().flat_map(|factor| [factor, -factor]);
    let floats = floats.into_iter().flat_map(|factor| [factor, -factor]);
    integers
        .chain([i128::MIN])
        .map(Factor::Int)
        .chain(floats.map(Factor::Float))
}

/// The oracle: `x * factor`, or `int(x * factor)`, fitted to the type; the first error if any.
fn products<T: Sample>(values: &[T], factor: Factor, overflow: Overflow) -> Result<Vec<T>, Error> {
    let values = values.iter().copied().enumerate();
    values
        .map(|(index, value)| product(index, value, factor, overflow))
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "as Python converts between int and float"
)]
fn product<T: Sample>(
    index: usize,
    value: T,
    factor: Factor,
    overflow: Overflow,
) -> Result<T, Error> {
    let product = match (value.number(), factor) {
        (Number::Float(x), Factor::Int(factor)) => return Ok(T::from_float(x * factor as f64)),
        (Number::Float(x), Factor::Float(factor)) => return Ok(T::from_float(x * factor)),
        (Number::Int(x), Factor::Int(factor)) => match x.checked_mul(factor) {
            Some(product) => Product::Known(product),
            None => Product::Huge {
                negative: (x < 0) != (factor < 0),
                low_bits: x.wrapping_mul(factor),
            },
        },
        (Number::Int(x), Factor::Float(factor)) => {
            let product = x as f64 * factor;
            if product.is_nan() {
                return Err(Error::NotANumber { index });
            }
            let raises = overflow == Overflow::Raise && factor.is_finite();
            if product.is_infinite() && !raises {
                return Err(Error::Infinite { index });
            }
            if product.abs() < 2_f64.powi(127) {
                Product::Known(product as i128)
            } else {
                Product::Huge {
                    negative: product < 0.0,
                    low_bits: 0, // of a double so large
                }
            }
        }
    };
    product.fitted(overflow).ok_or(Error::Overflow {
        index,
        value: value.number(),
        element_type: T::TYPE,
    })
}

/// An integer, of which not all need be known if it is far outside every element type.
enum Product {
    Known(i128),
    Huge { negative: bool, low_bits: i128 },
}

impl Product {
    fn fitted<T: Sample>(self, overflow: Overflow) -> Option<T> {
        let (min, max) = integer_limits::<T>();
        let (value, low_bits) = match self {
            Product::Known(value) => (value, value),
            Product::Huge { negative, low_bits } => {
                (if negative { i128::MIN } else { i128::MAX }, low_bits)
            }
        };
        match overflow {
            Overflow::Raise => (min..=max).contains(&value).then(|| T::from_int(value)),
            Overflow::Saturate => Some(T::from_int(value.clamp(min, max))),
            Overflow::Wrap => Some(T::from_int(low_bits)),
        }
    }
}

#[track_caller]
pub(crate) fn assert_scale<T: Sample>(values: &[T], factor: Factor, overflow: Overflow) {
    let expected = products(values, factor, overflow);
    assert_in_place(values, &expected, |executor, values| {
        scale(executor, values, factor, overflow)
    });
}

#[test]
fn scale_by_any_factor_equals_the_oracle() {
    for_every_type!(T => for factor in factors() {
        for overflow in OVERFLOWS {
            assert_scale(&T::specials(), factor, overflow);
            assert_scale(&inputs::moderate::<T>(33), factor, overflow);
        }
    });
}

#[test]
fn scale_of_each_special_value_equals_the_oracle() {
    for_every_type!(T => for factor in factors() {
        for value in T::specials() {
            for overflow in OVERFLOWS {
                assert_scale(&[value], factor, overflow);
            }
        }
    });
}

#[test]
fn scale_of_every_small_integer_equals_the_oracle() {
    let bytes: Vec<_> = (i8::MIN..=i8::MAX).collect();
    let unsigned_bytes: Vec<_> = (u8::MIN..=u8::MAX).collect();
    for factor in factors() {
        for overflow in [Overflow::Saturate, Overflow::Wrap] {
            assert_scale(&bytes, factor, overflow);
            assert_scale(&unsigned_bytes, factor, overflow);
        }
    }
}

#[test]
fn scale_around_every_seam_equals_the_oracle() {
    for_every_type!(T => for len in inputs::small_lengths() {
        for factor in [Factor::Int(3), Factor::Float(-0.7)] {
            for overflow in OVERFLOWS {
                assert_scale(&inputs::random::<T>(len), factor, overflow);
                assert_scale(&inputs::moderate::<T>(len), factor, overflow);
            }
        }
    });
}

#[test]
fn scale_around_the_parts_of_a_block_equals_the_oracle() {
    for_every_type!(T => for len in inputs::part_lengths::<T>() {
        assert_scale(&inputs::moderate::<T>(len), Factor::Int(3), Overflow::Raise);
    });
}

#[test]
fn scale_around_one_block_equals_the_oracle() {
    for_every_type!(T => for len in inputs::block_lengths::<T>() {
        assert_scale(&inputs::moderate::<T>(len), Factor::Int(3), Overflow::Raise);
    });
}

#[test]
fn scale_of_many_blocks_equals_the_oracle() {
    for_every_type!(T => {
        let values = inputs::moderate::<T>(inputs::parallel_length::<T>());
        assert_scale(&values, Factor::Int(4), Overflow::Raise);
    });
}

#[test]
fn scale_of_many_blocks_by_a_float_equals_the_oracle() {
    let values = inputs::random::<i32>(inputs::parallel_length::<i32>());
    assert_scale(&values, Factor::Float(-0.7), Overflow::Raise);
    assert_scale(&values, Factor::Float(1e5), Overflow::Saturate);
    let values = inputs::random::<u64>(inputs::parallel_length::<u64>());
    assert_scale(&values, Factor::Float(0.99), Overflow::Raise);
    assert_scale(&values, Factor::Float(1e5), Overflow::Wrap);
}

#[test]
fn scale_by_a_double_that_single_precision_lacks_is_rounded_from_the_double_product() {
    let values: Vec<_> = inputs::random::<f32>(5000);
    for factor in [0.1, 1.0 + f64::EPSILON, 1e300, 1e-300, 16_777_217.0] {
        assert_scale(&values, Factor::Float(factor), Overflow::Raise);
    }
    assert_scale(&values, Factor::Int(16_777_217), Overflow::Raise);
}

#[derive(Clone, Debug)]
struct AnyFactor(Factor);

impl Arbitrary for AnyFactor {
    fn arbitrary(g: &mut Gen) -> Self {
        AnyFactor(match u8::arbitrary(g) % 5 {
            0 => Factor::Int(i8::arbitrary(g).into()),
            1 => Factor::Int(i128::arbitrary(g)),
            2 => Factor::Float(f64::arbitrary(g)),
            3 => Factor::Float(f64::from(i32::arbitrary(g)) / f64::from(1 << 24)),
            _ => Factor::Float(f64::from_bits(u64::arbitrary(g))),
        })
    }
}

#[test]
fn scale_of_any_values_equals_the_oracle() {
    fn holds<T: Sample>(values: Vec<T>, AnyFactor(factor): AnyFactor) -> bool {
        for overflow in OVERFLOWS {
            assert_scale(&values, factor, overflow);
        }
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(40)).tests(60);
    for_every_type!(T => check.quickcheck(holds::<T> as fn(Vec<T>, AnyFactor) -> bool));
}
