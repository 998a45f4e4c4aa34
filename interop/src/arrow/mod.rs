//! Arrow in and out, by the methods of Arrow's capsule interface.
//!
//! In come columns of any object that has them; out go objects that have them (`array`). What an
//! object gives are structs of Arrow's C data interface. They are owned by the types of
//! arrow-rs, which release each once; their fields are looked at before anything in them is believed.
//! Nothing is copied.

mod array;
mod bits;
mod capsule;
mod chunk;
mod column;
mod functions;
mod held;
mod schema;
mod stream;
mod view;

pub(crate) use array::new_array;
pub(crate) use chunk::Chunk;
pub(crate) use column::{Column, import};
pub(crate) use functions::add_to;

/// What else than a buffer an argument may be, for error messages.
pub(crate) const OR_COLUMN: &str = " or an Arrow column";
