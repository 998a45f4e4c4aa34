//! The CPU levels of this machine.

use std::env;

use arrayops::{Error, Level};

/// The names of the levels that the machine must have, for the runner of the tests to set.
const EXPECTED_LEVELS: &str = "ARRAYOPS_TEST_LEVELS";

#[test]
fn levels_named_by_the_environment_are_available() {
    let Ok(expected) = env::var(EXPECTED_LEVELS) else {
        return;
    };
    let available: Vec<_> = Level::available().into_iter().map(Level::name).collect();
    let missing: Vec<_> = expected
        .split(',')
        .map(str::trim)
        .filter(|name| !available.contains(name))
        .collect();
    assert!(
        missing.is_empty(),
        "{EXPECTED_LEVELS} names {missing:?}, this machine has {available:?}"
    );
}

#[test]
fn levels_begin_with_the_baseline_and_rise() {
    let available = Level::available();
    assert_eq!(available.first(), Some(&Level::BASELINE));
    assert!(available.is_sorted_by(|lower, higher| lower < higher));
}

#[test]
fn level_of_an_unknown_name_is_an_error() {
    for name in ["", "V3", "v5", "baseline ", "avx2"] {
        assert_eq!(Level::from_name(name), Err(Error::LevelUnavailable));
    }
}
