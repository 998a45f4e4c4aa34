//! What can go wrong in a kernel.

use std::fmt;

use crate::{ElementType, Number};

/// An end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The lower end.
    Min,
    /// The upper end.
    Max,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Min => "min",
            Side::Max => "max",
        })
    }
}

/// Why a function gave no result. The data it worked on is then as it was before.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The function needs at least one element.
    Empty,
    /// An integer result does not fit its element type.
    Overflow {
        /// The position of the first such element.
        index: usize,
        /// The element.
        value: Number,
        /// The type the result does not fit.
        element_type: ElementType,
    },
    /// An element times the factor is infinite, which no integer is.
    Infinite {
        /// The position of the first such element.
        index: usize,
    },
    /// An element times the factor is not a number, which no integer is.
    NotANumber {
        /// The position of the first such element.
        index: usize,
    },
    /// A bound is not a number.
    BoundIsNan(Side),
    /// No element can lie within the bounds.
    BoundsCrossed,
    /// No value of the type satisfies this bound.
    BoundUnreachable {
        /// Which bound.
        side: Side,
        /// The type of the elements.
        element_type: ElementType,
    },
    /// There must be more elements than degrees of freedom taken away.
    TooFew {
        /// How many elements there are.
        count: u64,
        /// How many degrees of freedom are taken away.
        ddof: u64,
    },
    /// More elements than can be counted: 2^64 and more, or a sum of integers beyond 128 bits.
    TooMany,
    /// Bytes that are no serialised statistics, and why not.
    Malformed(&'static str),
    /// The executor was told to stop.
    Interrupted,
    /// There is no CPU level of this name, or this machine lacks it.
    LevelUnavailable,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty => f.write_str("at least one element is needed, the buffer is empty"),
            Error::Overflow {
                index,
                value,
                element_type,
            } => {
                let (min, max) = element_type.limits();
                write!(
                    f,
                    "{value} (at index {index}) times the factor does not fit an element of type \
                     {element_type} ({min} to {max})"
                )
            }
            Error::Infinite { index } => {
                write!(
                    f,
                    "cannot convert float infinity to integer (at index {index})"
                )
            }
            Error::NotANumber { index } => {
                write!(f, "cannot convert float NaN to integer (at index {index})")
            }
            Error::BoundIsNan(side) => write!(f, "{side} must be a number, not NaN"),
            Error::BoundsCrossed => f.write_str(
                "min must not be greater than max, and an element must fit between them",
            ),
            Error::BoundUnreachable { side, element_type } => {
                let (min, max) = element_type.limits();
                write!(
                    f,
                    "{side} is out of range for elements of type {element_type} ({min} to {max})"
                )
            }
            Error::TooFew { count, ddof } => write!(
                f,
                "ddof must be less than the number of elements, but it is {ddof} of {count}"
            ),
            Error::TooMany => {
                f.write_str("so many elements, or so large a sum of integers, cannot be counted")
            }
            Error::Malformed(why) => {
                write!(f, "these bytes are not what to_bytes() gave: {why}")
            }
            Error::Interrupted => f.write_str("interrupted"),
            Error::LevelUnavailable => f.write_str("no such CPU level on this machine"),
        }
    }
}

impl std::error::Error for Error {}
