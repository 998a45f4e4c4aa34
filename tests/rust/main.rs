//! The core against one-line oracles: every kernel, on every element type, in every way it can run.
//!
//! A test states an input and what plain arithmetic makes of it; [`ways`] runs the kernel at every
//! CPU level of this machine, on one, two and four threads, over aligned and over packed memory,
//! and compares each outcome to the bit. With `ARRAYOPS_TEST_LEVELS=baseline,v3,v4` the run fails
//! where one of these levels is missing, so that a machine cannot quietly test less.

#![expect(
    clippy::needless_pass_by_value,
    reason = "quickcheck hands over values"
)]

#[macro_use]
mod elements;
mod inputs;
mod reference;
mod ways;

mod clip;
mod engine;
mod errors;
mod exact;
mod executor;
mod extrema;
mod levels;
mod mean;
mod moments;
#[cfg(feature = "parallel")]
mod parallel;
mod refusal;
mod scale;
mod stats;
mod sum;
