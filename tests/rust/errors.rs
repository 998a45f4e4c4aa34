//! What errors say: the argument or the element, and what was expected.

use arrayops::{
    Bound, Element, Error, Executor, Factor, Number, Overflow, Scale, Side, clip, scale,
};

fn scaling<T: Scale>(values: &mut [T], factor: Factor) -> String {
    let executor = Executor::sequential();
    scale(&executor, values.into(), factor, Overflow::Raise)
        .expect_err("it does not fit")
        .to_string()
}

#[test]
fn overflow_names_element_index_and_range() {
    assert_eq!(
        scaling(&mut [1_i8, -100], Factor::Int(2)),
        "-100 (at index 1) times the factor does not fit an element of type int8 (-128 to 127)"
    );
    assert_eq!(
        scaling(&mut [u64::MAX], Factor::Float(1.0)),
        "18446744073709551615 (at index 0) times the factor does not fit an element of type \
         uint64 (0 to 18446744073709551615)"
    );
}

#[test]
fn infinite_and_nan_products_name_the_index() {
    assert_eq!(
        scaling(&mut [1_u16], Factor::Float(f64::INFINITY)),
        "cannot convert float infinity to integer (at index 0)"
    );
    assert_eq!(
        scaling(&mut [1_u16], Factor::Float(f64::NAN)),
        "cannot convert float NaN to integer (at index 0)"
    );
}

#[test]
fn unreachable_bound_names_the_side_and_the_range() {
    let executor = Executor::sequential();
    let error = clip(
        &executor,
        [1_u8][..].as_mut().into(),
        None,
        Some(Bound::Int(-1)),
    );
    assert_eq!(
        error.map_err(|error| error.to_string()),
        Err("max is out of range for elements of type uint8 (0 to 255)".to_owned())
    );
    let error = clip(
        &executor,
        [1_f32][..].as_mut().into(),
        Some(Bound::Float(1e39)),
        None,
    );
    let limit = f64::from(f32::MAX);
    assert_eq!(
        error.map_err(|error| error.to_string()),
        Err(format!(
            "min is out of range for elements of type float32 ({:?} to {limit:?})",
            -limit
        ))
    );
}

#[test]
fn errors_without_data_name_the_argument() {
    let texts = [
        (Error::Empty, "at least one element"),
        (Error::BoundIsNan(Side::Max), "max must be a number"),
        (Error::BoundsCrossed, "min must not be greater than max"),
        (Error::Interrupted, "interrupted"),
        (Error::LevelUnavailable, "CPU level"),
    ];
    for (error, text) in texts {
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn numbers_are_shown_as_python_shows_them() {
    assert_eq!(Number::Int(-5).to_string(), "-5");
    assert_eq!(Number::Float(5.0).to_string(), "5.0");
    assert_eq!(0.1_f32.number().to_string(), "0.10000000149011612");
}
