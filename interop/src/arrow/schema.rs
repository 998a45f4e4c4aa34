//! Schemas: the element type that one stands for, or the name of another type, in Arrow's words.
#![expect(unsafe_code, reason = "the C data interface is one")]

use std::ffi::{CStr, c_char};
use std::fmt::Write;

use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::operand::Argument;
use crate::typecode::Typecode;

/// How deep types are described that are made of others.
const MOST_LEVELS: usize = 4;

/// How many fields of a struct are described.
const MOST_FIELDS: usize = 8;

/// The beginning of `ArrowSchema`, as far as it is of interest.
///
/// The methods of arrow-rs panic where a string is missing or no UTF-8.
#[repr(C)]
struct Fields {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *const *const Fields,
    dictionary: *const Fields,
}

impl Fields {
    fn of(schema: &FFI_ArrowSchema) -> &Self {
        let fields: *const Fields = std::ptr::from_ref(schema).cast();
        // SAFETY: both are laid out as Arrow's C data interface says.
        unsafe { &*fields }
    }

    fn format(&self) -> Option<&[u8]> {
        if self.format.is_null() {
            return None;
        }
        // SAFETY: a string that lives as long as the schema.
        Some(unsafe { CStr::from_ptr(self.format) }.to_bytes())
    }

    fn name(&self) -> String {
        if self.name.is_null() {
            return String::new();
        }
        // SAFETY: a string that lives as long as the schema.
        let name = unsafe { CStr::from_ptr(self.name) };
        name.to_string_lossy().into_owned()
    }

    /// The typecode of the elements of a column of numbers.
    fn typecode(&self) -> Option<Typecode> {
        let letter = match self.format()? {
            b"c" => b'b',
            b"s" => b'h',
            b"i" => b'i',
            b"l" => b'q',
            b"C" => b'B',
            b"S" => b'H',
            b"I" => b'I',
            b"L" => b'Q',
            b"f" => b'f',
            b"g" => b'd',
            _ => return None,
        };
        match self.dictionary() {
            None => Typecode::from_letter(letter),
            Some(_) => None,
        }
    }

    /// The column of a table that has one.
    ///
    /// A table comes as a struct; a column of structs as one that says it may be null.
    fn only_column(&self) -> Option<&Self> {
        const NULLABLE: i64 = 2;
        let is_table = self.format()? == b"+s" && self.flags & NULLABLE == 0;
        if is_table && self.n_children == 1 {
            self.child(0)
        } else {
            None
        }
    }

    fn dictionary(&self) -> Option<&Self> {
        // SAFETY: null, or a schema that lives as long as this one.
        unsafe { self.dictionary.as_ref() }
    }

    fn child(&self, index: usize) -> Option<&Self> {
        let there_are = usize::try_from(self.n_children).unwrap_or(0);
        if index >= there_are || self.children.is_null() {
            return None;
        }
        // SAFETY: so many children are there.
        let child = unsafe { self.children.add(index) };
        // SAFETY: as above.
        let child = unsafe { *child };
        // SAFETY: null, or a schema that lives as long as this one.
        unsafe { child.as_ref() }
    }
}

/// What arrays of a schema are.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A column.
    Column,
    /// A table, or a batch of one, that has one column.
    Table,
}

/// What a schema says its arrays are, and the typecode of their elements.
pub(super) fn read(schema: &FFI_ArrowSchema, argument: Argument) -> PyResult<(Shape, Typecode)> {
    let fields = Fields::of(schema);
    let (shape, column) = match fields.only_column() {
        Some(column) => (Shape::Table, column),
        None => (Shape::Column, fields),
    };
    if let Some(typecode) = column.typecode() {
        return Ok((shape, typecode));
    }
    let Some(format) = fields.format() else {
        return Err(PyValueError::new_err(format!(
            "{argument} gave an Arrow schema without a format"
        )));
    };
    let way_out = match format {
        b"+s" => "; select one of its columns",
        _ if fields.dictionary().is_some() => "; decode the dictionary first",
        _ => "",
    };
    Err(PyTypeError::new_err(format!(
        "{argument} is of the Arrow type {}; expected integers or floats, int8 to int64, uint8 to \
         uint64, float or double{way_out}",
        described(fields, MOST_LEVELS)
    )))
}

/// The name of a type, as pyarrow writes it.
fn described(fields: &Fields, levels: usize) -> String {
    let Some(format) = fields.format() else {
        return "without a format".to_owned();
    };
    let format = String::from_utf8_lossy(format);
    if levels == 0 {
        return "...".to_owned();
    }
    if let Some(values) = fields.dictionary() {
        return format!(
            "dictionary<values={}, indices={}, ordered={}>",
            described(values, levels - 1),
            simple(&format).unwrap_or_else(|| unknown(&format)),
            fields.flags & 1
        );
    }
    let child = || match fields.child(0) {
        Some(child) => field(child, levels),
        None => String::new(),
    };
    let all = || {
        let children = (0..MOST_FIELDS).map_while(|index| fields.child(index));
        let mut all: Vec<_> = children.map(|child| field(child, levels)).collect();
        if fields.child(MOST_FIELDS).is_some() {
            all.push("...".to_owned());
        }
        all.join(", ")
    };
    match &*format {
        "+l" => format!("list<{}>", child()),
        "+L" => format!("large_list<{}>", child()),
        "+vl" => format!("list_view<{}>", child()),
        "+vL" => format!("large_list_view<{}>", child()),
        "+s" => format!("struct<{}>", all()),
        "+m" => format!("map<{}>", child()),
        "+r" => format!("run_end_encoded<{}>", all()),
        nested => match nested.split_once(':') {
            Some(("+w", size)) => format!("fixed_size_list<{}>[{size}]", child()),
            Some(("+ud", _)) => format!("dense_union<{}>", all()),
            Some(("+us", _)) => format!("sparse_union<{}>", all()),
            _ => simple(&format).unwrap_or_else(|| unknown(&format)),
        },
    }
}

fn field(fields: &Fields, levels: usize) -> String {
    format!("{}: {}", fields.name(), described(fields, levels - 1))
}

fn unknown(format: &str) -> String {
    format!("with the unknown format '{format}'")
}

/// The name of a type that is not made of others.
fn simple(format: &str) -> Option<String> {
    let name = match format {
        "n" => "null",
        "b" => "bool",
        "c" => "int8",
        "C" => "uint8",
        "s" => "int16",
        "S" => "uint16",
        "i" => "int32",
        "I" => "uint32",
        "l" => "int64",
        "L" => "uint64",
        "e" => "halffloat",
        "f" => "float",
        "g" => "double",
        "z" => "binary",
        "Z" => "large_binary",
        "vz" => "binary_view",
        "u" => "string",
        "U" => "large_string",
        "vu" => "string_view",
        "tdD" => "date32[day]",
        "tdm" => "date64[ms]",
        "tts" => "time32[s]",
        "ttm" => "time32[ms]",
        "ttu" => "time64[us]",
        "ttn" => "time64[ns]",
        "tDs" => "duration[s]",
        "tDm" => "duration[ms]",
        "tDu" => "duration[us]",
        "tDn" => "duration[ns]",
        "tiM" => "month_interval",
        "tiD" => "day_time_interval",
        "tin" => "month_day_nano_interval",
        _ => return parametric(format),
    };
    Some(name.to_owned())
}

/// The name of a type with parameters.
fn parametric(format: &str) -> Option<String> {
    let (kind, parameters) = format.split_once(':')?;
    let unit = match kind {
        "w" => return Some(format!("fixed_size_binary[{parameters}]")),
        "d" => return Some(decimal(parameters)),
        "tss" => "s",
        "tsm" => "ms",
        "tsu" => "us",
        "tsn" => "ns",
        _ => return None,
    };
    let mut name = format!("timestamp[{unit}");
    if !parameters.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(name, ", tz={parameters}");
    }
    name.push(']');
    Some(name)
}

fn decimal(parameters: &str) -> String {
    let mut parts = parameters.split(',');
    let (precision, scale) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let bits = parts.next().unwrap_or("128");
    format!("decimal{bits}({precision}, {scale})")
}
