//! The Python extension module `arrayops._arrayops`: all of the package that knows Python.

#[cfg_attr(not(feature = "arrow"), path = "no_arrow.rs")]
mod arrow;
mod buffer;
mod callbacks;
mod convert;
mod in_place;
#[cfg_attr(not(feature = "numpy"), path = "no_ndarray.rs")]
mod ndarray;
mod numpy_operand;
mod operand;
mod pieces;
mod reductions;
mod result;
mod runtime;
mod stats;
mod traced;
mod typecode;
mod vectorcall;

use pyo3::prelude::*;

/// The cargo features that this module was built with.
const FEATURES: &[&str] = &[
    #[cfg(feature = "arrow")]
    "arrow",
    #[cfg(feature = "numpy")]
    "numpy",
    #[cfg(feature = "parallel")]
    "parallel",
];

/// Numeric operations on Python's own buffers.
#[pymodule(name = "_arrayops")]
mod module {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_export]
    use super::{cpu_level, cpu_levels, panic};
    #[pymodule_export]
    use crate::callbacks::{filter, map, map_inplace, reduce};
    #[pymodule_export]
    use crate::in_place::{clip, scale};
    #[pymodule_export]
    use crate::reductions::{max, mean, min, sum};
    #[pymodule_export]
    use crate::runtime::{get_num_threads, set_num_threads};
    #[pymodule_export]
    use crate::stats::{Stats, std, var};
    #[pymodule_export]
    use crate::traced::explain;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::runtime::configure()?;
        crate::arrow::add_to(module)?;
        crate::ndarray::add_to(module)?;
        module.add("_features", PyTuple::new(module.py(), crate::FEATURES)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Returns the name of the CPU level in use: ``baseline``, ``v3`` or ``v4``.
#[pyfunction]
fn cpu_level() -> &'static str {
    runtime::level().name()
}

/// Returns the names of the CPU levels this machine has, lowest first.
#[pyfunction]
fn cpu_levels() -> Vec<&'static str> {
    arrayops::Level::available()
        .into_iter()
        .map(arrayops::Level::name)
        .collect()
}

/// Panics on the calling thread or on a worker, to test what becomes of it.
#[pyfunction(name = "_panic")]
fn panic(py: Python<'_>, thread: &str) -> PyResult<()> {
    let on_helper = thread == "worker";
    runtime::run(py, "_panic", usize::MAX, |executor| {
        arrayops::panic_in(executor, on_helper);
        Ok(())
    })
}
