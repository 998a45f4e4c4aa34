//! `clip`: every element held between two bounds, in place.

use arrayops::{Bound, Error, Number, Side, clip};
use quickcheck::{Arbitrary, Gen, QuickCheck};

use crate::elements::{Sample, integer_limits, is_integer};
use crate::inputs;
use crate::ways::assert_in_place;

/// The oracle: `x if min <= x <= max`, else the nearer bound; NaN stays.
fn clipped<T: Sample>(value: T, min: End<T>, max: End<T>) -> T {
    match (Position::of(value.number()), min, max) {
        (Some(x), End::At(min, low), _) if x < min => low,
        (Some(x), _, End::At(max, high)) if x > max => high,
        (None | Some(_), ..) => value,
    }
}

/// Any number but NaN, exactly, in numerical order.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
struct Position {
    /// Cut off towards zero, and saturated.
    integer: i128,
    /// What was cut off.
    rest: f64,
}

impl Position {
    /// The place of a bound; what no double holds is not told from the largest one.
    fn of_bound(bound: Bound) -> Option<Position> {
        Position::of(match bound {
            Bound::Int(bound) => Number::Int(bound),
            Bound::Float(bound) => Number::Float(bound),
            Bound::Beyond { negative: true } => Number::Float(f64::MIN),
            Bound::Beyond { negative: false } => Number::Float(f64::MAX),
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "cut off and saturated")]
    fn of(number: Number) -> Option<Position> {
        let (integer, rest) = match number {
            Number::Int(value) => (value, 0.0),
            Number::Float(value) if value.is_nan() => return None,
            Number::Float(value) if value.abs() < 2_f64.powi(127) => (value as i128, value.fract()),
            Number::Float(value) => (value as i128, value),
        };
        Some(Position { integer, rest })
    }
}

/// What a bound means to an element type.
#[derive(Clone, Copy)]
enum End<T> {
    /// All of the range of the type is inside.
    Open,
    /// All of it is outside.
    Unreachable,
    /// The bound, and the element that is stored for it.
    At(Position, T),
    Nan,
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "as Python converts between int and float"
)]
fn end<T: Sample>(bound: Option<Bound>, side: Side) -> End<T> {
    let outside = |below: bool| match (side, below) {
        (Side::Min, true) | (Side::Max, false) => End::Open,
        (Side::Min, false) | (Side::Max, true) => End::Unreachable,
    };
    let exact = match (bound, side) {
        (None, _) => return End::Open,
        (Some(Bound::Beyond { negative }), _) => return outside(negative),
        (Some(Bound::Float(bound)), _) if bound.is_nan() => return End::Nan,
        (Some(Bound::Float(bound)), Side::Min) if is_integer::<T>() => {
            Number::Int(bound.ceil() as i128)
        }
        (Some(Bound::Float(bound)), Side::Max) if is_integer::<T>() => {
            Number::Int(bound.floor() as i128)
        }
        (Some(Bound::Float(bound)), _) => Number::Float(bound),
        (Some(Bound::Int(bound)), _) => Number::Int(bound),
    };
    let element = match exact {
        Number::Int(bound) if is_integer::<T>() => {
            let (min, max) = integer_limits::<T>();
            if bound < min || bound > max {
                return outside(bound < min);
            }
            T::from_int(bound)
        }
        Number::Int(bound) => T::from_float(bound as f64),
        Number::Float(bound) => {
            let element = T::from_float(bound);
            let overflows = matches!(element.number(), Number::Float(e) if e.is_infinite());
            if bound.is_finite() && overflows {
                return outside(bound < 0.0);
            }
            element
        }
    };
    Position::of(exact).map_or(End::Nan, |position| End::At(position, element))
}

/// What is wrong with the bounds, if anything is.
fn fault<T: Sample>(min: Option<Bound>, max: Option<Bound>) -> Option<Error> {
    let element_type = T::TYPE;
    let unreachable = |side| Some(Error::BoundUnreachable { side, element_type });
    let place = |bound: Option<Bound>| bound.and_then(Position::of_bound);
    match (end::<T>(min, Side::Min), end::<T>(max, Side::Max)) {
        (End::Nan, _) => Some(Error::BoundIsNan(Side::Min)),
        (_, End::Nan) => Some(Error::BoundIsNan(Side::Max)),
        (End::Unreachable, _) => unreachable(Side::Min),
        (_, End::Unreachable) => unreachable(Side::Max),
        (End::At(min, _), End::At(max, _)) if min > max => Some(Error::BoundsCrossed),
        _ if place(min)
            .zip(place(max))
            .is_some_and(|(min, max)| min > max) =>
        {
            Some(Error::BoundsCrossed)
        }
        _ => None,
    }
}

#[track_caller]
fn assert_clip<T: Sample>(values: &[T], min: Option<Bound>, max: Option<Bound>) {
    let (low, high) = (end(min, Side::Min), end(max, Side::Max));
    let clipped = values.iter().map(|value| clipped(*value, low, high));
    let expected = fault::<T>(min, max).map_or_else(|| Ok(clipped.collect()), Err);
    assert_in_place(values, &expected, |executor, values| {
        clip(executor, values, min, max)
    });
}

/// No bound, and bounds of every form: within, at, beside and beyond the limits of every type.
fn bounds() -> Vec<Option<Bound>> {
    let small = [0, 1, 3, 100, 127, 128, 129, 255, 256, 65_535, 65_536];
    let large = [31, 32, 53, 63, 64, 100, 126].map(|bits| 1 << bits);
    let integers = small.into_iter().chain(large).flat_map(|n| [n, n - 1]);
    let floats = [0.0, 0.3, 1.0, 2.5, 99.9, 127.5, 1e9, 1e18, 1e19, 1e39];
    let edges = [1e-300, 1e-50, f64::MAX, f64::INFINITY, f64::NAN];
    let singles = [f32::from_bits(1), f32::MIN_POSITIVE, f32::MAX].map(f64::from);
    let floats = floats.into_iter().chain(edges).chain(singles);
    let beyond = [true, false].map(|negative| Bound::Beyond { negative });

    let integers = integers.flat_map(|bound| [bound, -bound]).map(Bound::Int);
    let floats = floats.flat_map(|bound| [bound, -bound]).map(Bound::Float);
    let all = integers.chain(floats).chain(beyond).map(Some);
    [None].into_iter().chain(all).collect()
}

#[test]
fn clip_by_one_bound_of_any_form_equals_the_oracle() {
    for_every_type!(T => for bound in bounds() {
        for values in [T::specials(), inputs::random(40), vec![]] {
            assert_clip(&values, bound, None);
            assert_clip(&values, None, bound);
        }
    });
}

#[test]
fn clip_by_two_bounds_of_any_forms_equals_the_oracle() {
    for_every_type!(T => for min in bounds() {
        for max in bounds() {
            assert_clip(&T::specials()[..5], min, max);
        }
    });
}

#[test]
fn clip_between_bounds_that_round_to_the_same_float_is_refused_where_they_cross() {
    let just_above = Some(Bound::Float(1.0 + 1e-12));
    let one = Some(Bound::Int(1));
    assert_clip(&[0.5_f32, 1.0, 2.0], one, just_above);
    assert_clip(&[0.5_f32, 1.0, 2.0], just_above, one);
    let (lower, upper) = (Some(Bound::Int(1 << 53)), Some(Bound::Int((1 << 53) + 1)));
    assert_clip(&[0.5_f64, 1e16], lower, upper);
    assert_clip(&[0.5_f64, 1e16], upper, lower);
}

#[test]
fn clip_to_a_bound_that_rounds_to_zero_stores_that_zero() {
    let values = [-1.0_f32, -0.0, 0.0, f32::from_bits(1), 1.0, f32::NAN];
    let tiny = [-1e-50, -1e-60, -0.0, 0.0, 1e-60, 1e-50].map(|bound| Some(Bound::Float(bound)));
    for min in [None].into_iter().chain(tiny) {
        for max in [None].into_iter().chain(tiny) {
            assert_clip(&values, min, max);
        }
    }
}

#[test]
fn clip_without_an_integer_between_the_bounds_is_refused() {
    let (min, max) = (Some(Bound::Float(0.2)), Some(Bound::Float(0.8)));
    for_every_integer!(T => {
        assert_clip::<T>(&[], min, max);
        assert_clip(&T::specials(), min, max);
    });
}

#[test]
fn clip_leaves_the_payload_of_nan() {
    let nan = f64::from_bits(0x7ff8_0000_dead_beef);
    let mut values = vec![nan; 1000];
    let (min, max) = (Some(Bound::Int(-1)), Some(Bound::Float(1.0)));
    for level in arrayops::Level::available() {
        let executor = arrayops::Executor::new(level, 1);
        assert_eq!(
            clip(&executor, values[..].as_mut().into(), min, max),
            Ok(())
        );
        assert!(values.iter().all(|value| value.to_bits() == nan.to_bits()));
    }
}

#[test]
fn clip_around_every_seam_equals_the_oracle() {
    let (low, high) = (Some(Bound::Int(2)), Some(Bound::Float(19.5)));
    for_every_type!(T => for len in inputs::small_lengths() {
        for values in inputs::mixtures::<T>(len) {
            for (min, max) in [(low, high), (None, high), (low, None), (None, None)] {
                assert_clip(&values, min, max);
            }
        }
    });
}

#[test]
fn clip_around_one_block_equals_the_oracle() {
    let (min, max) = (Some(Bound::Int(1)), Some(Bound::Int(20)));
    for_every_type!(T => for len in inputs::block_lengths::<T>() {
        assert_clip(&inputs::moderate::<T>(len), min, max);
    });
}

#[test]
fn clip_of_many_blocks_equals_the_oracle() {
    let (min, max) = (Some(Bound::Float(1.5)), Some(Bound::Int(99)));
    for_every_type!(T => {
        assert_clip(&inputs::random::<T>(inputs::parallel_length::<T>()), min, max);
    });
}

#[derive(Clone, Debug)]
struct AnyBound(Option<Bound>);

impl Arbitrary for AnyBound {
    fn arbitrary(g: &mut Gen) -> Self {
        AnyBound(match u8::arbitrary(g) % 6 {
            0 => None,
            1 => Some(Bound::Int(i8::arbitrary(g).into())),
            2 => Some(Bound::Int(i128::from(i64::arbitrary(g)) * 3)),
            3 => Some(Bound::Float(f64::arbitrary(g))),
            4 => Some(Bound::Float(f64::from(f32::arbitrary(g)))),
            _ => Some(Bound::Float(f64::from(i16::arbitrary(g)) / 8.0)),
        })
    }
}

#[test]
fn clip_of_any_values_equals_the_oracle() {
    fn holds<T: Sample>(values: Vec<T>, AnyBound(min): AnyBound, AnyBound(max): AnyBound) -> bool {
        assert_clip(&values, min, max);
        true
    }
    let mut check = QuickCheck::new().rng(Gen::new(60)).tests(100);
    for_every_type!(T => {
        check.quickcheck(holds::<T> as fn(Vec<T>, AnyBound, AnyBound) -> bool);
    });
}
