//! What there is instead of Arrow without the feature `arrow`: no columns.

use arrayops::{Element, ElementType, Part};
use pyo3::prelude::*;

use crate::operand::Argument;
use crate::typecode::Typecode;

pub(crate) const OR_COLUMN: &str = "";

#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) const fn import(_: &Bound<'_, PyAny>, _: Argument) -> PyResult<Option<Column>> {
    Ok(None)
}

/// Adds nothing, which `arrayops/arrow.py` notices.
#[expect(clippy::unnecessary_wraps, reason = "as with the feature")]
pub(crate) const fn add_to(_: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}

/// There is none.
pub(crate) enum Column {}

impl Column {
    pub(crate) const fn typecode(&self) -> Typecode {
        match *self {}
    }

    pub(crate) const fn element_type(&self) -> ElementType {
        match *self {}
    }

    pub(crate) const fn len(&self) -> usize {
        match *self {}
    }

    pub(crate) const fn nulls(&self) -> usize {
        match *self {}
    }

    pub(crate) const fn chunks(&self) -> &[Chunk] {
        match *self {}
    }
}

/// There is none.
pub(crate) enum Chunk {}

impl Chunk {
    pub(crate) const fn len(&self) -> usize {
        match *self {}
    }

    pub(crate) const fn nulls(&self) -> usize {
        match *self {}
    }

    pub(crate) const fn address(&self) -> *const u8 {
        match *self {}
    }

    pub(crate) const fn part<T: Element>(&self) -> Part<'_, T> {
        match *self {}
    }
}
