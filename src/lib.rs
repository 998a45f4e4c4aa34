//! Exact numeric kernels over slices, vectorised for the CPU found at run time.
//!
//! This crate is the core of the Python package of the same name and knows nothing of Python. Its
//! functions take an [`Executor`], which says how to run (CPU level, threads, when to stop), and
//! [`Values`] or [`ValuesMut`], a borrowed run of one of the ten machine types of [`Element`].
//! What they return never depends on the executor.
//!
//! ```
//! use arrayops::{Executor, Number};
//!
//! let executor = Executor::sequential();
//! assert_eq!(arrayops::sum(&executor, [i8::MAX; 1000][..].into()), Ok(Number::Int(127_000)));
//! assert_eq!(arrayops::sum(&executor, [1e16, 1.0, -1e16][..].into()), Ok(Number::Float(1.0)));
//! ```
//!
//! Feature `parallel` (on by default) brings in rayon; without it an executor uses one thread.

mod clip;
mod element;
mod elements;
mod engine;
mod environment;
mod error;
mod exact;
mod executor;
mod extrema;
mod fixed;
mod float_sum;
mod level;
mod masked;
mod moments;
mod plain;
#[cfg_attr(not(feature = "parallel"), path = "no_pool.rs")]
mod pool;
mod scale;
mod stats;
mod sum;
mod values;
mod window;

pub use clip::{Bound, Clip, clip};
pub use element::{Element, ElementType, Number};
pub use elements::{Elements, Part, Validity};
pub use engine::{
    Column, Filtered, Kind, Program, Stored, compact, count_ones, expand, filter, map, reduce,
    select,
};
pub use error::{Error, Side};
pub use exact::ExactSum;
pub use executor::{Executor, panic_in};
pub use extrema::{Extremum, max, min};
pub use level::Level;
pub use moments::{Moment, standard_deviation, variance};
pub use scale::{Factor, Overflow, Scale, scale};
pub use stats::Stats;
pub use sum::{Sum, mean, sum};
pub use values::{Values, ValuesMut};
