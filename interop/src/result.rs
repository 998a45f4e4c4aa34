//! Results: memory that becomes an array without having been written twice.
//!
//! NumPy makes an array of memory that is yet to be filled. That is preferred for results in its
//! form whose length is known: it owns its memory. Large memory is asked for in huge pages, as NumPy
//! does.
//!
//! `array` has no public constructor for uninitialised memory: `array(tc, [0]) * n` writes it once
//! before the result is, `frombytes` copies what has been computed elsewhere. So the memory is
//! allocated here, by the allocator that `array` uses, filled, and then given to an empty array by
//! setting its three fields, as Cython's array support does (`docs/design.md` has the figures).
//! That rests on the layout of the array object, the same in CPython 3.11 to 3.15. It is tried
//! out before its first use; where anything is not as expected, and in free-threaded builds, the
//! bytes are handed over by `frombytes`.
#![expect(
    unsafe_code,
    reason = "an array is given memory that it did not allocate"
)]

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::slice;

use arrayops::Element;
#[cfg(feature = "arrow")]
use arrayops::Values;
use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyType};

use crate::convert::Writer;
use crate::ndarray::Ndarray;
use crate::operand::Operand;
#[cfg(feature = "arrow")]
use crate::runtime;
use crate::runtime::kept;
use crate::typecode::Typecode;

/// `array.array`.
pub(crate) fn array_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let import = || {
        let array = py.import("array")?.getattr("array")?;
        Ok(array.cast_into::<PyType>()?.unbind())
    };
    Ok(kept(py, &TYPE, import)?.bind(py))
}

/// `array(typecode, items)`.
pub(crate) fn new_array<'py>(
    py: Python<'py>,
    typecode: Typecode,
    items: &[i32],
) -> PyResult<Bound<'py, PyAny>> {
    array_type(py)?.call1((typecode.as_str(), PyList::new(py, items)?))
}

/// `array(typecode)`.
fn new_empty_array(py: Python<'_>, typecode: Typecode) -> PyResult<Bound<'_, PyAny>> {
    array_type(py)?.call1((typecode.as_str(),))
}

/// What kind of array a result becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Array,
    #[cfg_attr(not(feature = "numpy"), expect(dead_code, reason = "never asked for"))]
    Ndarray,
    /// Its memory may be freed on threads that Python does not know, and after Python's end.
    #[cfg(feature = "arrow")]
    Arrow,
}

impl Form {
    /// As C's `realloc`, by the allocator of `array`, or by one that needs no Python.
    fn reallocate(self, _attached: Python<'_>, old: *mut c_void, bytes: usize) -> *mut c_void {
        match self {
            // SAFETY: this thread is attached; `old` is null or was allocated here.
            Form::Array | Form::Ndarray => unsafe { ffi::PyMem_Realloc(old, bytes) },
            #[cfg(feature = "arrow")]
            // SAFETY: `old` is null or was allocated here.
            Form::Arrow => unsafe { ffi::PyMem_RawRealloc(old, bytes) },
        }
    }

    /// Frees what [`Form::reallocate`] gave.
    ///
    /// # Safety
    /// It has, for this form, and this is not used again; this thread is attached, but for Arrow.
    unsafe fn free(self, memory: NonNull<u8>) {
        let memory = memory.as_ptr().cast();
        match self {
            // SAFETY: by the caller.
            Form::Array | Form::Ndarray => unsafe { ffi::PyMem_Free(memory) },
            #[cfg(feature = "arrow")]
            // SAFETY: by the caller.
            Form::Arrow => unsafe { ffi::PyMem_RawFree(memory) },
        }
    }
}

/// As many bytes as NumPy asks for huge pages from.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 22;

/// Lets the system give large memory in huge pages where it does so on request: most of the time of a
/// large result is else spent on the first access to each page.
fn prefer_huge_pages(memory: NonNull<u8>, bytes: usize) {
    #[cfg(target_os = "linux")]
    if bytes >= LARGE {
        // A multiple of the size of pages everywhere.
        let skipped = memory.align_offset(1 << 16);
        if let Some(rest) = bytes.checked_sub(skipped) {
            // SAFETY: the memory goes on for so many bytes.
            let start = unsafe { memory.add(skipped) };
            // SAFETY: this changes no content; an error leaves all as it is.
            unsafe { libc::madvise(start.as_ptr().cast(), rest, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (memory, bytes);
}

/// Memory that is filled with elements and ends up in an array.
pub(crate) struct ResultMemory {
    memory: Option<NonNull<u8>>,
    /// Whose memory it is, if it is that of an array already.
    owner: Option<Ndarray>,
    form: Form,
    typecode: Typecode,
    /// How many elements there is room for, and how many have been written.
    capacity: usize,
    len: usize,
}

impl Drop for ResultMemory {
    fn drop(&mut self) {
        if let (Some(memory), None) = (self.memory, &self.owner) {
            // SAFETY: allocated by `resize`, and not given away. A result is local to a call that
            // Python made, hence this thread is attached.
            unsafe { self.form.free(memory) };
        }
    }
}

/// The elements of a result, until it is dropped, on any thread.
#[cfg(feature = "arrow")]
pub(crate) struct Owned(Option<NonNull<u8>>);

#[cfg(feature = "arrow")]
impl Owned {
    pub(crate) fn address(&self) -> *const u8 {
        self.0.map_or(std::ptr::null(), |memory| memory.as_ptr())
    }
}

// SAFETY: plain memory, whose allocator may be used from any thread.
#[cfg(feature = "arrow")]
unsafe impl Send for Owned {}

// SAFETY: as above.
#[cfg(feature = "arrow")]
unsafe impl Sync for Owned {}

#[cfg(feature = "arrow")]
impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(memory) = self.0 {
            // SAFETY: so it was allocated; this allocator needs no attached thread.
            unsafe { Form::Arrow.free(memory) };
        }
    }
}

impl ResultMemory {
    pub(crate) const fn new(form: Form, typecode: Typecode) -> Self {
        ResultMemory {
            memory: None,
            owner: None,
            form,
            typecode,
            capacity: 0,
            len: 0,
        }
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Makes room for so many more elements, most likely the last ones.
    pub(crate) fn allocate(&mut self, py: Python<'_>, additional: usize) -> PyResult<()> {
        if !matches!(self.form, Form::Ndarray) || self.capacity > 0 {
            return self.reserve(py, additional);
        }
        let owner = Ndarray::new(py, self.typecode, additional)?;
        self.memory = owner.address();
        self.owner = Some(owner);
        self.capacity = additional;
        Ok(())
    }

    /// How many elements have been written.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Makes room for at least so many more elements; at least half as much again if any.
    pub(crate) fn reserve(&mut self, py: Python<'_>, additional: usize) -> PyResult<()> {
        let needed = self.len.saturating_add(additional);
        if needed <= self.capacity {
            return Ok(());
        }
        self.resize(py, needed.max(self.capacity / 2 * 3))
    }

    fn resize(&mut self, py: Python<'_>, capacity: usize) -> PyResult<()> {
        let too_large = || {
            PyMemoryError::new_err(format!(
                "no memory for a result of {capacity} elements of typecode '{}'",
                self.typecode
            ))
        };
        let size = self.typecode.element_type().size();
        let bytes = capacity.checked_mul(size).ok_or_else(too_large)?;
        let own = self.memory.filter(|_| self.owner.is_none());
        let old = own.map_or(std::ptr::null_mut(), |memory| memory.as_ptr().cast());
        let new = self.form.reallocate(py, old, bytes);
        let new = NonNull::new(new.cast()).ok_or_else(too_large)?;
        prefer_huge_pages(new, bytes);
        if let (Some(_), Some(memory)) = (&self.owner, self.memory) {
            // SAFETY: what an array owns has so many bytes, and the new memory has as many or more.
            unsafe { memory.copy_to_nonoverlapping(new, self.len * size) };
        }
        self.memory = Some(new);
        self.owner = None;
        self.capacity = capacity;
        Ok(())
    }

    /// Lets `fill` write elements behind those that are there, up to what is reserved.
    pub(crate) fn fill<'py, R>(
        &mut self,
        fill: impl FnOnce(&mut Writer<'_, 'py>) -> PyResult<R>,
    ) -> PyResult<R> {
        // Without memory the capacity is zero.
        let address = self.memory.map_or(std::ptr::null_mut(), NonNull::as_ptr);
        // SAFETY: so many elements were allocated, and are borrowed here.
        let mut writer = unsafe { Writer::new(address, self.len, self.capacity, self.typecode) };
        let done = fill(&mut writer);
        self.len = writer.position();
        done
    }

    /// As [`ResultMemory::fill`], from `start` on; what is before has been written.
    pub(crate) fn fill_at<'py, R>(
        &mut self,
        start: usize,
        fill: impl FnOnce(&mut Writer<'_, 'py>) -> PyResult<R>,
    ) -> PyResult<R> {
        assert!(start <= self.capacity);
        self.len = start;
        self.fill(fill)
    }

    /// The memory behind the elements that are there, up to what is reserved, to be written natively.
    pub(crate) fn spare<T: Element>(&mut self) -> &mut [MaybeUninit<T>] {
        assert_eq!(self.typecode.element_type(), T::TYPE);
        let Some(memory) = self.memory else {
            return &mut [];
        };
        // SAFETY: no more are there than were allocated.
        let start = unsafe { memory.cast::<MaybeUninit<T>>().add(self.len) };
        // SAFETY: so many elements were allocated, aligned for any type, and are borrowed here.
        unsafe { slice::from_raw_parts_mut(start.as_ptr(), self.capacity - self.len) }
    }

    /// Copies elements behind those that are there, into what is reserved.
    #[cfg(feature = "arrow")]
    pub(crate) fn extend<T: Element>(
        &mut self,
        py: Python<'_>,
        values: Values<'_, T>,
    ) -> PyResult<()> {
        let room = &mut self.spare::<T>()[..values.len()];
        runtime::in_parts(py, values.len(), false, |range| {
            let room = &mut room[range.clone()];
            match values.part(range) {
                Values::Aligned(values) => {
                    for (place, value) in room.iter_mut().zip(values) {
                        place.write(*value);
                    }
                }
                Values::Packed(values) => {
                    for (place, value) in room.iter_mut().zip(values) {
                        place.write(T::from_bytes(*value));
                    }
                }
            }
        })?;
        self.len += values.len();
        Ok(())
    }

    /// All elements, to be changed in place.
    #[cfg(feature = "arrow")]
    pub(crate) fn written<T: Element>(&mut self) -> &mut [T] {
        assert_eq!(self.typecode.element_type(), T::TYPE);
        match self.memory {
            // SAFETY: so many elements have been written, aligned for any type.
            Some(memory) => unsafe {
                slice::from_raw_parts_mut(memory.cast::<T>().as_ptr(), self.len)
            },
            None => &mut [],
        }
    }

    pub(crate) const fn typecode(&self) -> Typecode {
        self.typecode
    }

    /// The elements written, of a result in Arrow's form.
    #[cfg(feature = "arrow")]
    pub(crate) fn into_owned(mut self, py: Python<'_>) -> PyResult<Owned> {
        assert!(self.form == Form::Arrow);
        if self.len < self.capacity {
            self.resize(py, self.len)?;
        }
        Ok(Owned(self.memory.take()))
    }

    /// Copies all elements to `out`, which has as many, of the same type.
    pub(crate) fn copy_to(&self, out: &mut Operand<'_, '_>) {
        assert_eq!(
            (self.len, self.typecode.element_type()),
            (out.len(), out.element_type())
        );
        if let Some(memory) = self.memory {
            // SAFETY: both have so many bytes, and are of different owners; `out` is writable, or
            // it would not be borrowed mutably.
            unsafe {
                memory
                    .as_ptr()
                    .copy_to_nonoverlapping(out.address_mut(), out.len_bytes());
            };
        }
    }

    /// An array of the elements written.
    pub(crate) fn into_array(mut self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.form {
            Form::Array => self.into_array_array(py),
            Form::Ndarray => {
                if let Some(owner) = self.owner.take_if(|_| self.len == self.capacity) {
                    self.memory = None;
                    return Ok(owner.into_bound(py));
                }
                // The length was not known. (NumPy's own way to shrink an array is deprecated.)
                let owner = Ndarray::new(py, self.typecode, self.len)?;
                if let (Some(from), Some(to)) = (self.memory, owner.address()) {
                    let bytes = self.len * self.typecode.element_type().size();
                    // SAFETY: both have so many bytes, and are of different owners.
                    unsafe { from.copy_to_nonoverlapping(to, bytes) };
                }
                Ok(owner.into_bound(py))
            }
            #[cfg(feature = "arrow")]
            Form::Arrow => crate::arrow::new_array(py, self, None),
        }
    }

    fn into_array_array(mut self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let array = new_empty_array(py, self.typecode)?;
        if self.len == 0 {
            return Ok(array);
        }
        if self.len < self.capacity {
            self.resize(py, self.len)?;
        }
        if layout_is_known(py) {
            // SAFETY: an empty array, just made, of a layout that was tried out.
            unsafe { adopt(&array, self) };
        } else {
            self.copy_to_array(&array)?;
        }
        Ok(array)
    }

    /// The public way: the array copies the bytes.
    fn copy_to_array(&self, array: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = self.len * self.typecode.element_type().size();
        let start = self
            .memory
            .map_or(std::ptr::null_mut(), |memory| memory.as_ptr().cast());
        // SAFETY: so many bytes have been written there; the view is released before they go.
        let view =
            unsafe { ffi::PyMemoryView_FromMemory(start, bytes.cast_signed(), ffi::PyBUF_READ) };
        // SAFETY: a new reference, or null with an exception set.
        let view = unsafe { Bound::from_owned_ptr_or_err(array.py(), view) }?;
        let done = array.call_method1("frombytes", (&view,));
        view.call_method0("release")?;
        done.map(drop)
    }
}

/// The array object of CPython 3.11 to 3.15, GIL builds.
#[repr(C)]
struct ArrayObject {
    head: ffi::PyVarObject,
    items: *mut u8,
    allocated: ffi::Py_ssize_t,
    descriptor: *const c_void,
    weak_references: *mut ffi::PyObject,
    exports: ffi::Py_ssize_t,
}

/// Gives the memory to an array.
///
/// # Safety
/// The array is empty, of the same typecode, known to nobody else, and laid out as `ArrayObject`.
unsafe fn adopt(array: &Bound<'_, PyAny>, mut memory: ResultMemory) {
    let object = array.as_ptr().cast::<ArrayObject>();
    // SAFETY: laid out so, and known to nobody else, by the caller.
    let object = unsafe { &mut *object };
    if let Some(items) = memory.memory.take() {
        object.items = items.as_ptr();
        object.allocated = memory.capacity.cast_signed();
        object.head.ob_size = memory.len.cast_signed();
    }
}

/// Whether arrays are laid out as [`ArrayObject`], tried out once.
fn layout_is_known(py: Python<'_>) -> bool {
    static KNOWN: PyOnceLock<bool> = PyOnceLock::new();
    *KNOWN.get_or_init(py, || {
        // A free-threaded build has a larger object head, and reclaims array memory in its own way.
        let free_threaded = size_of::<ffi::PyObject>() > 2 * size_of::<usize>();
        !free_threaded && py.version_info() < (3, 16) && try_layout(py).unwrap_or(false)
    })
}

/// Whether the fields are where they are expected, and an array made by [`adopt`] behaves.
fn try_layout(py: Python<'_>) -> PyResult<bool> {
    let Some(typecode) = Typecode::from_letter(b'i') else {
        return Ok(false);
    };
    let array = new_array(py, typecode, &[1, 2, 3])?;
    let basic_size: usize = array_type(py)?.getattr("__basicsize__")?.extract()?;
    if basic_size != size_of::<ArrayObject>() {
        return Ok(false);
    }
    let info = |array: &Bound<'_, PyAny>| -> PyResult<(usize, isize)> {
        array.call_method0("buffer_info")?.extract()
    };
    // SAFETY: an object of this size, alive.
    let object = unsafe { &*array.as_ptr().cast::<ArrayObject>() };
    let as_expected = info(&array)? == (object.items.addr(), object.head.ob_size)
        && (3..32).contains(&object.allocated)
        && object.weak_references.is_null()
        && object.exports == 0;
    let empty = new_empty_array(py, typecode)?;
    // SAFETY: an object of this size, alive.
    let object = unsafe { &*empty.as_ptr().cast::<ArrayObject>() };
    let empty_as_expected = object.items.is_null() && object.allocated == 0;
    if !as_expected || !empty_as_expected {
        return Ok(false);
    }
    let mut memory = ResultMemory::new(Form::Array, typecode);
    memory.reserve(py, 3)?;
    memory.fill(|writer| {
        for item in new_array(py, typecode, &[4, 5, 6])?.try_iter()? {
            writer.push(&item?)?;
        }
        Ok(())
    })?;
    let address = memory.memory.map_or(0, |memory| memory.addr().get());
    // SAFETY: empty, just made, and looking like an `ArrayObject`.
    unsafe { adopt(&empty, memory) };
    Ok(info(&empty)? == (address, 3) && empty.eq(new_array(py, typecode, &[4, 5, 6])?)?)
}
