//! Pieces: runs of elements side by side, which is what programs and callbacks go over.
//!
//! A buffer is one piece. Of a column, long chunks without nulls are pieces as they are; the elements
//! of others are copied to a piece of memory that is used over and over.
#![expect(unsafe_code, reason = "memory of any type is read as elements")]

use std::marker::PhantomData;
#[cfg(feature = "arrow")]
use std::ops::Range;
use std::slice;

use arrayops::{Element, ElementType, Part, Validity, Values, with_element};
use pyo3::prelude::*;

use crate::arrow::Chunk;
use crate::buffer::values_at;
use crate::operand::Operand;
use crate::runtime;

/// Shorter runs are copied together.
const IN_PLACE_MIN: usize = 4096;

/// So many places of a column are copied at a time.
const COPIED: usize = 32 << 10;

/// With so much room behind the elements, copying is faster.
const SLACK: usize = 64;

/// Elements side by side.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    address: *const u8,
    len: usize,
    element_type: ElementType,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Piece<'a> {
    /// # Safety
    /// So many elements are at `address` for as long as the piece lives.
    pub(crate) const unsafe fn new(
        address: *const u8,
        len: usize,
        element_type: ElementType,
    ) -> Self {
        Piece {
            address,
            len,
            element_type,
            memory: PhantomData,
        }
    }

    pub(crate) const fn address(&self) -> *const u8 {
        self.address
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn element_type(&self) -> ElementType {
        self.element_type
    }

    /// The size of all elements in bytes.
    pub(crate) const fn len_bytes(&self) -> usize {
        self.len * self.element_type.size()
    }

    /// The elements, of the type that [`Piece::element_type`] names.
    pub(crate) fn values<T: Element>(&self) -> Values<'a, T> {
        assert_eq!(self.element_type, T::TYPE);
        // SAFETY: so many elements are there, by the constructor.
        unsafe { values_at(self.address, self.len) }
    }

    /// The elements, as programs take them.
    pub(crate) fn column(&self) -> arrayops::Column<'a> {
        with_element!(self.element_type, T => self.values::<T>().into())
    }
}

/// Calls `each` for the pieces of the inputs, in order: as many of each input as of the others.
///
/// Of one input only, nulls are left out; several have none. With the pieces goes their first place.
pub(crate) fn for_each_piece(
    py: Python<'_>,
    inputs: &[&Operand<'_, '_>],
    mut each: impl FnMut(usize, &[Piece<'_>]) -> PyResult<()>,
) -> PyResult<()> {
    if let [input] = inputs
        && let Some(piece) = input.piece()
    {
        return each(0, &[piece]);
    }
    let whole: Option<Vec<_>> = inputs.iter().map(|input| input.piece()).collect();
    if let Some(pieces) = whole {
        return each(0, &pieces);
    }
    let mut cursors: Vec<_> = inputs.iter().map(|input| Cursor::new(input)).collect();
    let mut memories: Vec<Vec<u64>> = vec![Vec::new(); inputs.len()];
    let mut at = 0;
    while at < inputs[0].len() {
        let rest = inputs[0].len() - at;
        let run = cursors.iter().map(Cursor::run).min().unwrap_or(rest);
        let places = if run >= IN_PLACE_MIN.min(rest) {
            run
        } else {
            rest.min(COPIED)
        };
        let pieces: Vec<_> = cursors
            .iter_mut()
            .zip(&mut memories)
            .map(|(cursor, memory)| cursor.take(places, memory))
            .collect();
        each(at, &pieces)?;
        at += places;
        py.check_signals()?;
    }
    Ok(())
}

/// Calls `each` for the elements of the inputs at the places that are valid, some places at a time.
///
/// No input has a null at any of them. With the pieces go the places that they are of.
#[cfg(feature = "arrow")]
pub(crate) fn for_each_valid_piece(
    py: Python<'_>,
    inputs: &[&Operand<'_, '_>],
    valid: Validity<'_>,
    mut each: impl FnMut(Range<usize>, &[Piece<'_>]) -> PyResult<()>,
) -> PyResult<()> {
    let mut cursors: Vec<_> = inputs.iter().map(|input| Cursor::new(input)).collect();
    let mut memories: Vec<Vec<u64>> = vec![Vec::new(); inputs.len()];
    for start in (0..valid.len()).step_by(COPIED) {
        let places = start..valid.len().min(start + COPIED);
        let valid = Some(valid.part(places.clone()));
        let pieces: Vec<_> = cursors
            .iter_mut()
            .zip(&mut memories)
            .map(|(cursor, memory)| {
                with_element!(cursor.element_type, T => {
                    cursor.copy::<T>(places.len(), valid, memory)
                })
            })
            .collect();
        each(places, &pieces)?;
        py.check_signals()?;
    }
    Ok(())
}

/// Where the next piece of an operand begins.
struct Cursor<'a> {
    source: Source<'a>,
    element_type: ElementType,
    /// The place in the buffer, or in the first chunk.
    at: usize,
}

enum Source<'a> {
    Buffer(Piece<'a>),
    Chunks(&'a [Chunk]),
}

impl<'a> Cursor<'a> {
    fn new(operand: &'a Operand<'_, '_>) -> Self {
        let source = match (operand.piece(), operand.column()) {
            (Some(piece), _) => Source::Buffer(piece),
            (None, column) => Source::Chunks(column.map_or(&[], |column| column.chunks())),
        };
        Cursor {
            source,
            element_type: operand.element_type(),
            at: 0,
        }
    }

    /// For how many places elements are side by side from here on.
    fn run(&self) -> usize {
        match &self.source {
            Source::Buffer(piece) => piece.len() - self.at,
            Source::Chunks([first, ..]) if first.nulls() == 0 => first.len() - self.at,
            Source::Chunks(_) => 0,
        }
    }

    /// The elements of so many places, in `memory` if they are not side by side.
    fn take<'m>(&mut self, places: usize, memory: &'m mut Vec<u64>) -> Piece<'m>
    where
        'a: 'm,
    {
        if places > self.run() {
            return with_element!(self.element_type, T => self.copy::<T>(places, None, memory));
        }
        let start = match &mut self.source {
            Source::Buffer(piece) => piece.address(),
            Source::Chunks(chunks) => chunks[0].address(),
        };
        let address = start.wrapping_add(self.at * self.element_type.size());
        self.skip(places);
        // SAFETY: so many elements are side by side from here on.
        unsafe { Piece::new(address, places, self.element_type) }
    }

    /// The elements of so many places that are there, or at those that are valid, in `memory`.
    fn copy<'m, T: Element>(
        &mut self,
        places: usize,
        valid: Option<Validity<'_>>,
        memory: &'m mut Vec<u64>,
    ) -> Piece<'m> {
        let room = places + SLACK;
        memory.resize((room * size_of::<T>()).div_ceil(size_of::<u64>()), 0);
        let address: *mut T = memory.as_mut_ptr().cast();
        // SAFETY: there is room for so many, aligned for any type, and zeros are elements.
        let out = unsafe { slice::from_raw_parts_mut(address, room) };
        let (mut done, mut len) = (0, 0);
        while done < places {
            let part = match &self.source {
                Source::Buffer(piece) => Part::new(piece.values::<T>(), None),
                Source::Chunks([first, ..]) => first.part::<T>(),
                Source::Chunks([]) => unreachable!("there are so many places"),
            };
            let next = (places - done).min(part.places() - self.at);
            let mut range = self.at..self.at + next;
            let part = match valid {
                None => part,
                Some(valid) => {
                    let values = part.values().part(range);
                    range = 0..next;
                    Part::new(values, Some(valid.part(done..done + next)))
                }
            };
            len += part.copy_to(runtime::level(), range, &mut out[len..]);
            self.skip(next);
            done += next;
        }
        // SAFETY: so many have been copied there.
        unsafe { Piece::new(address.cast(), len, T::TYPE) }
    }

    /// Goes on by so many places, which are not more than those of a chunk.
    fn skip(&mut self, places: usize) {
        self.at += places;
        if let Source::Chunks(chunks) = &mut self.source
            && let [first, others @ ..] = *chunks
            && self.at == first.len()
        {
            (*chunks, self.at) = (others, 0);
        }
    }
}
