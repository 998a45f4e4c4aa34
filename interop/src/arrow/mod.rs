//! Arrow in: columns of any object that has the methods of Arrow's capsule interface.
//!
//! What such an object gives are structs of Arrow's C data interface. They are owned by the types of
//! arrow-rs, which release each once; their fields are looked at before anything in them is believed.
//! Nothing is copied.

mod capsule;
mod chunk;
mod column;
mod schema;
mod stream;

pub(crate) use chunk::Chunk;
pub(crate) use column::{Column, import};

/// What else than a buffer an argument may be, for error messages.
pub(crate) const OR_COLUMN: &str = " or an Arrow column";
