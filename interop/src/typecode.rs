//! Typecodes: the letters of `array.array`, and what buffer formats mean by them.

use std::ffi::{c_int, c_long, c_longlong, c_short};
use std::fmt;

use arrayops::ElementType;

/// One of the twelve letters of [`Typecode::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Typecode(u8);

/// Why a buffer format is none of the twelve types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unsupported {
    Type,
    ByteOrder,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    Float,
}

impl Typecode {
    pub(crate) const ALL: &str = "bBhHiIlLqQfd";

    /// The typecode of this letter.
    pub(crate) fn from_letter(letter: u8) -> Option<Self> {
        let known = matches!(
            letter,
            b'b' | b'B' | b'h' | b'H' | b'i' | b'I' | b'l' | b'L' | b'q' | b'Q' | b'f' | b'd'
        );
        known.then_some(Typecode(letter))
    }

    /// The typecode of elements with this buffer format and size.
    ///
    /// Kind and size decide; the letter is kept where it means that size on this platform.
    pub(crate) fn from_format(format: &[u8], item_size: usize) -> Result<Self, Unsupported> {
        let (order, letter) = match *format {
            [letter] => (b'@', letter),
            [order @ (b'@' | b'=' | b'<' | b'>' | b'!'), letter] => (order, letter),
            _ => return Err(Unsupported::Type),
        };
        let named = Typecode::from_letter(letter).ok_or(Unsupported::Type)?;
        let foreign = if cfg!(target_endian = "little") {
            b">!"
        } else {
            b"<<"
        };
        if item_size > 1 && foreign.contains(&order) {
            return Err(Unsupported::ByteOrder);
        }
        if named.element_type().size() == item_size {
            return Ok(named);
        }
        let letter = match (named.kind(), item_size) {
            (Kind::Signed, 2) => b'h',
            (Kind::Signed, 4) => b'i',
            (Kind::Signed, 8) => b'q',
            (Kind::Unsigned, 2) => b'H',
            (Kind::Unsigned, 4) => b'I',
            (Kind::Unsigned, 8) => b'Q',
            _ => return Err(Unsupported::Type),
        };
        Ok(Typecode(letter))
    }

    /// The letter.
    pub(crate) fn as_str(self) -> &'static str {
        let position = Self::ALL
            .bytes()
            .position(|letter| letter == self.0)
            .unwrap_or(0);
        &Self::ALL[position..=position]
    }

    pub(crate) fn is_float(self) -> bool {
        self.kind() == Kind::Float
    }

    fn kind(self) -> Kind {
        match self.0 {
            b'f' | b'd' => Kind::Float,
            letter if letter.is_ascii_lowercase() => Kind::Signed,
            _ => Kind::Unsigned,
        }
    }

    /// The machine type of an element, which for `i` and `l` depends on the platform's C types.
    pub(crate) fn element_type(self) -> ElementType {
        let size = match self.0.to_ascii_lowercase() {
            b'b' => 1,
            b'h' => size_of::<c_short>(),
            b'i' => size_of::<c_int>(),
            b'l' => size_of::<c_long>(),
            b'q' => size_of::<c_longlong>(),
            b'f' => 4,
            _ => 8,
        };
        match (self.kind(), size) {
            (Kind::Signed, 1) => ElementType::I8,
            (Kind::Signed, 2) => ElementType::I16,
            (Kind::Signed, 4) => ElementType::I32,
            (Kind::Signed, _) => ElementType::I64,
            (Kind::Unsigned, 1) => ElementType::U8,
            (Kind::Unsigned, 2) => ElementType::U16,
            (Kind::Unsigned, 4) => ElementType::U32,
            (Kind::Unsigned, _) => ElementType::U64,
            (Kind::Float, 4) => ElementType::F32,
            (Kind::Float, _) => ElementType::F64,
        }
    }
}

impl fmt::Display for Typecode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
