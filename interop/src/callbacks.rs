//! `map`, `map_inplace`, `filter`, `reduce`: native code where the function has a program, else a
//! Python call for each element.
//!
//! A program leaves blocks out that it cannot vouch for. Their elements are then passed to the
//! function in order, which gives Python's results or raises Python's exception: the first one that
//! calling it for every element would have met, since blocks that were not left out raise none.

use std::convert::Infallible;
use std::iter::once;
use std::mem::MaybeUninit;
use std::ops::Range;

use arrayops::{Program, Stored, with_element};

use pyo3::Borrowed;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::buffer::Slot;
use crate::convert::{Reader, Writer, python_number};
use crate::operand::{Argument, Operand};
use crate::pieces::{Piece, for_each_piece};
use crate::result::{Form, ResultMemory};
use crate::runtime;
use crate::traced::{self, Kind, Target, Traced};
use crate::typecode::Typecode;
use crate::vectorcall::Call;

/// Signals are looked for after so many calls, since a function written in C never does. (A
/// Python function does at every call.)
const CALLS_PER_SIGNAL_CHECK: usize = 64;

/// After more calls than this, a reduction looks for a program for what is left.
const MOST_CALLS: usize = 4096;

/// Calls for less than so many elements take no longer than to find a program, and to begin it.
const FEW: usize = 64;

/// Room is made for so many elements at a time by a filter that runs natively.
const FILTER_PART: usize = 16 << 20;

/// So many elements are marked at a time where some may have to be passed to the predicate.
const MARKED_PART: usize = 64 << 10;

/// How many elements of a filter's result room is made for at a time.
const FILTER_BLOCK: usize = 4096;

/// Applies *fn* to every element and returns the results as an array.
///
/// Equals ``array(typecode, map(fn, arr, *arrays))``: *fn* gets one element of each array, in
/// order, and its result is stored as ``array`` stores it before the next call. *typecode* is that
/// of the result, by default that of *arr* (``'B'`` for ``bytes`` and the like). *out* receives
/// the results instead of a new array and is returned: any writable buffer of the same length,
/// the input itself included.
///
/// Raises whatever *fn* raises, and what ``array`` raises where a result does not fit. Inputs are
/// then as they were; an *out* that shares no memory with them may hold some of the results.
/// ``ValueError`` where lengths or typecodes do not match, ``BufferError`` where *out* is
/// read-only, ``TypeError`` where an array is no buffer of numbers.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> celsius = array("h", [-40, 0, 100])
/// >>> ao.map(celsius, lambda c: c * 1.8 + 32, typecode="f")
/// array('f', [-40.0, 32.0, 212.0])
/// >>> ao.map(celsius, lambda c, d: c + d, array("h", [1, 2, 3]), out=celsius)
/// array('h', [-39, 2, 103])
#[pyfunction]
#[pyo3(signature = (arr, r#fn, *arrays, typecode=None, out=None))]
pub(crate) fn map<'py>(
    arr: &Bound<'py, PyAny>,
    r#fn: &Bound<'py, PyAny>,
    arrays: &Bound<'py, PyTuple>,
    typecode: Option<&str>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let typecode = typecode.map(parse_typecode).transpose()?;
    map_to(Form::Array, arr, r#fn, arrays, typecode, out)
}

/// How the inputs of a call become operands.
pub(crate) type NewOperand<'py> =
    for<'a> fn(&'a mut Slot, &Bound<'py, PyAny>, Argument) -> PyResult<Operand<'a, 'py>>;

/// Calls `work` with the inputs of `map`, which are of one length.
pub(crate) fn with_inputs<'py, R>(
    arr: &Bound<'py, PyAny>,
    arrays: &Bound<'py, PyTuple>,
    new: NewOperand<'py>,
    work: impl FnOnce(&[&Operand<'_, 'py>]) -> PyResult<R>,
) -> PyResult<R> {
    let mut slot = Slot::new();
    let first = new(&mut slot, arr, Argument::new("map", "arr"))?;
    let mut slots: Vec<Slot> = arrays.iter().map(|_| Slot::new()).collect();
    let mut others = Vec::with_capacity(slots.len());
    for (position, (slot, array)) in slots.iter_mut().zip(arrays).enumerate() {
        let argument = Argument {
            position: Some(position),
            ..Argument::new("map", "arrays")
        };
        let other = new(slot, &array, argument)?;
        same_length(argument, &other, &first)?;
        others.push(other);
    }
    let inputs: Vec<&Operand<'_, '_>> = once(&first).chain(&others).collect();
    work(&inputs)
}

/// [`map`], whose result is of any form.
pub(crate) fn map_to<'py>(
    form: Form,
    arr: &Bound<'py, PyAny>,
    r#fn: &Bound<'py, PyAny>,
    arrays: &Bound<'py, PyTuple>,
    typecode: Option<Typecode>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let new: NewOperand<'py> =
        |slot, object, argument| Operand::without_nulls(slot, object, argument);
    with_inputs(arr, arrays, new, |inputs| {
        let Some(out) = out else {
            let typecode = typecode.unwrap_or(inputs[0].typecode());
            return map_apart(form, r#fn, inputs, typecode)?.into_array(arr.py());
        };
        let argument = Argument::new("map", "out");
        let mut out_slot = Slot::new();
        let mut target = Operand::writable(&mut out_slot, out, argument)?;
        same_length(argument, &target, inputs[0])?;
        if let Some(typecode) = typecode
            && typecode.element_type() != target.element_type()
        {
            return Err(PyValueError::new_err(format!(
                "map() argument 'typecode' is '{typecode}', but 'out' holds elements of typecode \
                 '{}'",
                target.typecode()
            )));
        }
        if inputs.iter().any(|input| overlap(input, &target)) {
            map_apart(Form::Array, r#fn, inputs, target.typecode())?.copy_to(&mut target);
        } else {
            map_into(r#fn, inputs, &mut target)?;
        }
        Ok(out.clone())
    })
}

/// The results of `function` in memory of their own.
pub(crate) fn map_apart<'py>(
    form: Form,
    function: &Bound<'py, PyAny>,
    inputs: &[&Operand<'_, 'py>],
    typecode: Typecode,
) -> PyResult<ResultMemory> {
    let py = function.py();
    let len = inputs[0].len();
    let mut memory = ResultMemory::new(form, typecode);
    memory.allocate(py, len)?;
    let traced = program_of(function, inputs, typecode)?;
    for_each_piece(py, inputs, |start, pieces| {
        map_piece(function, traced.as_ref(), start, pieces, &mut memory)
    })?;
    Ok(memory)
}

/// Writes the results for a piece of the inputs to the memory, from the element `start` on.
pub(crate) fn map_piece<'py>(
    function: &Bound<'py, PyAny>,
    traced: Option<&Bound<'py, Traced>>,
    start: usize,
    pieces: &[Piece<'_>],
    memory: &mut ResultMemory,
) -> PyResult<()> {
    let len = pieces[0].len();
    let left_out = match traced {
        None => everything(len),
        Some(traced) => with_element!(memory.typecode().element_type(), T => {
            let out = &mut memory.spare::<T>()[..len];
            map_natively(function.py(), traced.get().program(), pieces, out)?
        }),
    };
    let readers: Vec<_> = pieces.iter().map(Reader::new).collect();
    for range in left_out {
        memory.fill_at(start + range.start, |writer| {
            map_elements(function, &readers, writer, range)
        })?;
    }
    memory.fill_at(start + len, |_| Ok(()))
}

/// The results of `function` in a buffer that shares no memory with the inputs.
fn map_into<'py>(
    function: &Bound<'py, PyAny>,
    inputs: &[&Operand<'_, 'py>],
    target: &mut Operand<'_, 'py>,
) -> PyResult<()> {
    let py = function.py();
    let traced = program_of(function, inputs, target.typecode())?;
    for_each_piece(py, inputs, |start, pieces| {
        let len = pieces[0].len();
        let mut left_out = everything(len);
        if let Some(traced) = &traced {
            with_element!(target.element_type(), T => if let Some(out) = target.spare::<T>() {
                let out = &mut out[start..start + len];
                left_out = map_natively(py, traced.get().program(), pieces, out)?;
            });
        }
        let readers: Vec<_> = pieces.iter().map(Reader::new).collect();
        for range in left_out {
            let mut writer = target.writer_at(start + range.start);
            map_elements(function, &readers, &mut writer, range)?;
        }
        Ok(())
    })
}

/// The program of a function whose results are stored in an array of this typecode.
pub(crate) fn program_of<'py>(
    function: &Bound<'py, PyAny>,
    inputs: &[&Operand<'_, 'py>],
    typecode: Typecode,
) -> PyResult<Option<Bound<'py, Traced>>> {
    let target = if typecode.is_float() {
        Target::Floats
    } else {
        Target::Integers
    };
    let arguments: Vec<_> = inputs.iter().map(|input| Kind::of(input)).collect();
    traced::find(function, &arguments, target, inputs[0].len())
}

/// All elements, as what a program leaves out that does not exist.
fn everything(len: usize) -> Vec<Range<usize>> {
    once(0..len).collect()
}

/// Runs a program and returns what it leaves out.
fn map_natively<T: Stored>(
    py: Python<'_>,
    program: &Program,
    pieces: &[Piece<'_>],
    out: &mut [MaybeUninit<T>],
) -> PyResult<Vec<Range<usize>>> {
    let columns: Vec<_> = pieces.iter().map(Piece::column).collect();
    let read: usize = pieces.iter().map(Piece::len_bytes).sum();
    runtime::run(py, "map", read + size_of_val(out), |executor| {
        arrayops::map(executor, program, &columns, out)
    })
}

fn same_length(
    argument: Argument,
    operand: &Operand<'_, '_>,
    first: &Operand<'_, '_>,
) -> PyResult<()> {
    if operand.len() == first.len() {
        return Ok(());
    }
    Err(PyValueError::new_err(format!(
        "{argument} has {} elements, but 'arr' has {}; the lengths must be equal",
        operand.len(),
        first.len()
    )))
}

fn overlap(lhs: &Operand<'_, '_>, rhs: &Operand<'_, '_>) -> bool {
    lhs.spans().any(|lhs| {
        rhs.spans()
            .any(|rhs| lhs.start < rhs.end && rhs.start < lhs.end)
    })
}

pub(crate) fn parse_typecode(given: &str) -> PyResult<Typecode> {
    let typecode = match *given.as_bytes() {
        [letter] => Typecode::from_letter(letter),
        _ => None,
    };
    typecode.ok_or_else(|| {
        PyValueError::new_err(format!(
            "map() argument 'typecode' must be one of the letters {}, not '{given}'",
            Typecode::ALL
        ))
    })
}

/// Applies *fn* to every element in place.
///
/// Equals ``arr[:] = array(typecode, map(fn, arr))``: the results are stored when the last one is
/// known.
///
/// Raises whatever *fn* raises, and what ``array`` raises where a result does not fit;
/// ``BufferError`` where *arr* is read-only, ``TypeError`` where it is no buffer of numbers. *arr*
/// is then as it was before.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> bits = array("B", [0, 1, 255])
/// >>> ao.map_inplace(bits, lambda x: x ^ 0xFF)
/// >>> bits
/// array('B', [255, 254, 0])
#[pyfunction]
pub(crate) fn map_inplace<'py>(arr: &Bound<'py, PyAny>, r#fn: &Bound<'py, PyAny>) -> PyResult<()> {
    let mut slot = Slot::new();
    let mut operand = Operand::writable(&mut slot, arr, Argument::new("map_inplace", "arr"))?;
    let results = map_apart(Form::Array, r#fn, &[&operand], operand.typecode())?;
    results.copy_to(&mut operand);
    Ok(())
}

/// Returns an array of the elements for which *predicate* is true.
///
/// Equals ``array(typecode, filter(predicate, arr))``: any truthy result keeps the element, and
/// with ``None`` for *predicate* the elements that are truthy themselves are kept.
///
/// Raises whatever *predicate* raises; ``TypeError`` or ``BufferError`` where *arr* is no buffer
/// of numbers.
///
/// >>> from array import array
/// >>> import arrayops as ao
/// >>> ao.filter(array("d", [0.5, -1.5, 2.5]), lambda x: x > 0)
/// array('d', [0.5, 2.5])
#[pyfunction]
pub(crate) fn filter<'py>(
    arr: &Bound<'py, PyAny>,
    predicate: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    filter_to(Form::Array, arr, predicate)
}

/// [`filter`], whose result is of any form.
pub(crate) fn filter_to<'py>(
    form: Form,
    arr: &Bound<'py, PyAny>,
    predicate: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = arr.py();
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("filter", "arr"))?;
    let traced = if predicate.is_none() {
        Some(traced::truthy(py, Kind::of(&operand))?)
    } else {
        traced::find(
            predicate,
            &[Kind::of(&operand)],
            Target::Truth,
            operand.len(),
        )?
    };
    let mut memory = ResultMemory::new(form, operand.typecode());
    for_each_piece(py, &[&operand], |_, pieces| match &traced {
        Some(traced) => filter_natively(predicate, &pieces[0], traced.get().program(), &mut memory),
        None => filter_by_calls(predicate, &pieces[0], &mut memory),
    })?;
    memory.into_array(py)
}

/// Filters natively as far as that goes, and by marks from there on for a part.
fn filter_natively(
    predicate: &Bound<'_, PyAny>,
    piece: &Piece<'_>,
    program: &Program,
    memory: &mut ResultMemory,
) -> PyResult<()> {
    if matches!(memory.form(), Form::Ndarray) {
        // Is best made when its length is known.
        return filter_by_marks(predicate, piece, program, memory, 0..piece.len());
    }
    let py = predicate.py();
    let mut start = 0;
    while start < piece.len() {
        let part = start..piece.len().min(start + FILTER_PART);
        // For all of them. What is not written to takes no memory, and is given back. If there is none
        // for so many, it is asked for by what is kept.
        let _ = memory.reserve(py, part.len());
        start = part.end;
        let done = with_element!(piece.element_type(), T => {
            let bytes = part.len() * size_of::<T>();
            let values = piece.values::<T>().part(part.clone());
            let out = memory.spare::<T>();
            runtime::run(py, "filter", bytes, |executor| {
                arrayops::filter(executor, program, values, out)
            })?
        });
        memory.fill_at(memory.len() + done.kept, |_| Ok(()))?;
        if done.seen < part.len() {
            let left = part.start + done.seen;
            start = part.end.min(left + MARKED_PART);
            filter_by_marks(predicate, piece, program, memory, left..start)?;
        }
        // A part may take less time than it takes to look for a signal.
        py.check_signals()?;
    }
    Ok(())
}

/// Marks those of the elements that are kept with a bit each, and then copies them.
fn filter_by_marks(
    predicate: &Bound<'_, PyAny>,
    piece: &Piece<'_>,
    program: &Program,
    memory: &mut ResultMemory,
    part: Range<usize>,
) -> PyResult<()> {
    let py = predicate.py();
    let input = Reader::new(piece);
    let mut bits = vec![0_u64; part.len().div_ceil(64)];
    with_element!(piece.element_type(), T => {
        let values = piece.values::<T>().part(part.clone());
        let bytes = part.len() * size_of::<T>();
        let left_out = runtime::run(py, "filter", bytes, |executor| {
            arrayops::select(executor, program, &[values.into()], &mut bits)
        })?;
        for range in left_out {
            mark_elements(predicate, &input, &mut bits, part.start, range)?;
        }
        let kept = runtime::run(py, "filter", 0, |executor| {
            Ok(arrayops::count_ones(executor, &bits))
        })?;
        memory.allocate(py, kept)?;
        let before = memory.len();
        let out = &mut memory.spare::<T>()[..kept];
        runtime::run(py, "filter", bytes, |executor| {
            arrayops::compact(executor, values, &bits, out);
            Ok(())
        })?;
        memory.fill_at(before + kept, |_| Ok(()))
    })
}

fn filter_by_calls(
    predicate: &Bound<'_, PyAny>,
    piece: &Piece<'_>,
    memory: &mut ResultMemory,
) -> PyResult<()> {
    let py = predicate.py();
    let input = Reader::new(piece);
    let mut start = 0;
    while start < piece.len() {
        let end = piece.len().min(start + FILTER_BLOCK);
        memory.reserve(py, end - start)?;
        memory.fill(|writer| filter_elements(predicate, &input, writer, start..end))?;
        start = end;
    }
    Ok(())
}

/// Combines the elements by *fn*, from left to right, into one value.
///
/// Equals ``functools.reduce(fn, arr[, initial])``: the accumulator may be any object.
///
/// Raises whatever *fn* raises; ``TypeError`` where *arr* is empty and there is no *initial*;
/// ``TypeError`` or ``BufferError`` where *arr* is no buffer of numbers.
///
/// >>> import arrayops as ao
/// >>> ao.reduce(b"abc", lambda checksum, byte: (checksum * 31 + byte) & 0xFFFF, 7)
/// 42747
#[pyfunction]
#[pyo3(signature = (arr, r#fn, initial=Initial(None)), text_signature = "(arr, fn, initial=...)")]
pub(crate) fn reduce<'py>(
    arr: &Bound<'py, PyAny>,
    r#fn: &Bound<'py, PyAny>,
    initial: Initial<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut slot = Slot::new();
    let operand = Operand::new(&mut slot, arr, Argument::new("reduce", "arr"))?;
    let Initial(mut accumulator) = initial;
    let mut reduction = Reduction {
        function: r#fn,
        kind: Kind::of(&operand),
        rest: operand.len() - operand.nulls(),
        calls: 1,
    };
    for_each_piece(arr.py(), &[&operand], |_, pieces| {
        accumulator = reduction.add(accumulator.take(), &pieces[0])?;
        Ok(())
    })?;
    accumulator
        .ok_or_else(|| PyTypeError::new_err("reduce() of an empty buffer with no initial value"))
}

/// A reduction on its way through the pieces of its input.
struct Reduction<'a, 'py> {
    function: &'a Bound<'py, PyAny>,
    kind: Kind,
    /// The number of elements that are not reduced yet.
    rest: usize,
    /// So many elements are passed to the function where its program gave up, or there is none.
    calls: usize,
}

impl<'py> Reduction<'_, 'py> {
    /// The accumulator after all elements of a piece.
    fn add(
        &mut self,
        accumulator: Option<Bound<'py, PyAny>>,
        piece: &Piece<'_>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.function.py();
        let input = Reader::new(piece);
        let (mut index, mut accumulator) = match accumulator {
            Some(accumulator) => (0, accumulator),
            None if piece.len() == 0 => return Ok(None),
            None => (1, input.get(0, py)),
        };
        while index < piece.len() {
            if let Some((kind, number)) = traced::accumulator(&accumulator)
                && let Some(traced) = traced::find(
                    self.function,
                    &[kind, self.kind],
                    Target::Accumulator,
                    self.rest - index,
                )?
            {
                let (program, column) = (traced.get().program(), piece.column());
                let (number, stopped) =
                    runtime::run(py, "reduce", piece.len_bytes(), |executor| {
                        arrayops::reduce(executor, program, number, column, index)
                    })?;
                if stopped > index {
                    accumulator = python_number(py, number)?;
                    if stopped - index >= FEW {
                        self.calls = 1;
                    }
                    index = stopped;
                }
            }
            let end = piece.len().min(index + self.calls);
            accumulator = reduce_elements(self.function, &input, accumulator, index..end)?;
            index = end;
            self.calls = (4 * self.calls).min(MOST_CALLS);
        }
        self.rest -= piece.len();
        Ok(Some(accumulator))
    }
}

/// An argument for which `None` is a value like any other.
pub(crate) struct Initial<'py>(pub(crate) Option<Bound<'py, PyAny>>);

impl<'a, 'py> FromPyObject<'a, 'py> for Initial<'py> {
    type Error = Infallible;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Initial(Some(object.to_owned())))
    }
}

/// Calls `function` for the elements in `range` and writes the results.
fn map_elements<'py>(
    function: &Bound<'py, PyAny>,
    inputs: &[Reader<'_>],
    writer: &mut Writer<'_, 'py>,
    range: Range<usize>,
) -> PyResult<()> {
    let py = function.py();
    let mut call = Call::new(function, inputs.len());
    for index in range {
        for (place, input) in inputs.iter().enumerate() {
            call.set_argument(place, input.get(index, py));
        }
        writer.push(&call.call()?)?;
        check_signals(py, index)?;
    }
    Ok(())
}

/// Calls `predicate` for the elements in `range` and writes those it is true of.
fn filter_elements<'py>(
    predicate: &Bound<'py, PyAny>,
    input: &Reader<'_>,
    writer: &mut Writer<'_, 'py>,
    range: Range<usize>,
) -> PyResult<()> {
    let py = predicate.py();
    let mut call = Call::new(predicate, 1);
    for index in range {
        let element = input.get(index, py);
        call.set_argument(0, element.clone());
        if call.call()?.is_truthy()? {
            writer.push(&element)?;
        }
        check_signals(py, index)?;
    }
    Ok(())
}

/// Calls `predicate` for the elements in `range`, counted from `start`, and marks those it is true
/// of.
fn mark_elements(
    predicate: &Bound<'_, PyAny>,
    input: &Reader<'_>,
    bits: &mut [u64],
    start: usize,
    range: Range<usize>,
) -> PyResult<()> {
    let py = predicate.py();
    let mut call = Call::new(predicate, 1);
    for index in range {
        let element = input.get(start + index, py);
        let kept = if predicate.is_none() {
            element.is_truthy()?
        } else {
            call.set_argument(0, element);
            call.call()?.is_truthy()?
        };
        bits[index / 64] |= u64::from(kept) << (index % 64);
        check_signals(py, index)?;
    }
    Ok(())
}

/// Calls `function` with the accumulator and each element in `range`.
fn reduce_elements<'py>(
    function: &Bound<'py, PyAny>,
    input: &Reader<'_>,
    mut accumulator: Bound<'py, PyAny>,
    range: Range<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    let mut call = Call::new(function, 2);
    for index in range {
        call.set_argument(0, accumulator);
        call.set_argument(1, input.get(index, py));
        accumulator = call.call()?;
        check_signals(py, index)?;
    }
    Ok(accumulator)
}

#[inline]
fn check_signals(py: Python<'_>, index: usize) -> PyResult<()> {
    if index.is_multiple_of(CALLS_PER_SIGNAL_CHECK) {
        py.check_signals()
    } else {
        Ok(())
    }
}
