//! Validity bitmaps of results.

use std::ops::Range;

use arrayops::{Element, Validity};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use pyo3::prelude::*;

use super::{Chunk, Column};
use crate::operand::Operand;
use crate::runtime;

const WORD: usize = 64;

/// The bits of the places at which no input has a null; none if that is all of them.
pub(super) fn common_validity(
    py: Python<'_>,
    inputs: &[&Operand<'_, '_>],
) -> PyResult<Option<NullBuffer>> {
    let columns = inputs.iter().filter_map(|input| input.column());
    validity_of(py, inputs[0].len(), columns.map(Column::chunks))
}

/// The bits of `len` places, at which each column may have a null.
pub(super) fn validity_of<'a>(
    py: Python<'_>,
    len: usize,
    columns: impl Iterator<Item = &'a [Chunk]>,
) -> PyResult<Option<NullBuffer>> {
    let mut words = Vec::new();
    for chunks in columns {
        let mut start = 0;
        for chunk in chunks {
            if let Some(validity) = chunk.validity() {
                if words.is_empty() {
                    words = vec![u64::MAX; len.div_ceil(WORD)];
                }
                runtime::in_parts(py, chunk.len(), false, |places| {
                    let first = start + places.start;
                    clear_nulls(&mut words, first, validity.part(places));
                })?;
            }
            py.check_signals()?;
            start += chunk.len();
        }
    }
    if words.is_empty() {
        return Ok(None);
    }
    for word in &mut words {
        *word = word.to_le();
    }
    let bits = BooleanBuffer::new(Buffer::from_vec(words), 0, len);
    Ok(Some(NullBuffer::new(bits)))
}

/// Clears the bits of nulls among the places from `start` on.
fn clear_nulls(words: &mut [u64], start: usize, validity: Validity<'_>) {
    let mut at = 0;
    while at < validity.len() {
        let (word, shift) = ((start + at) / WORD, (start + at) % WORD);
        let count = (WORD - shift).min(validity.len() - at);
        let all = u64::MAX >> (WORD - count);
        words[word] &= !((!validity.word(at) & all) << shift);
        at += count;
    }
}

/// The bits of some places, as the core takes them.
pub(super) fn validity(nulls: &NullBuffer) -> Validity<'_> {
    Validity::new(nulls.buffer().as_slice(), nulls.offset(), nulls.len())
}

/// Puts `null` in the place of nulls among some places.
pub(super) fn fill<T: Element>(
    elements: &mut [T],
    null: T,
    places: Range<usize>,
    validity: Validity<'_>,
) {
    for start in places.clone().step_by(WORD) {
        let count = WORD.min(places.end - start);
        let mut nulls = !validity.word(start) & u64::MAX >> (WORD - count);
        while nulls != 0 {
            elements[start + nulls.trailing_zeros() as usize] = null;
            nulls &= nulls - 1;
        }
    }
}
