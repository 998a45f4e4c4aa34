//! The expression engine: programs run over whole columns.
//!
//! A [`Program`] is run block by block: each of its instructions is a loop over the lanes of a block,
//! vectorised for the CPU level, whose operands are registers in the first-level cache. For each
//! block the extent of its integers decides, by interval arithmetic over the program, in lanes of
//! which width nothing can overflow; loops that wrap are then exact. What is not proven is checked,
//! and whatever Python would do otherwise makes the block *bail out*: it is left to the caller.

#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
mod assembler;
mod block;
mod chain;
#[macro_use]
mod column;
mod compact;
mod evaluate;
mod expand;
mod filter;
mod fuse;
mod interval;
mod join;
mod kernels;
mod lane;
mod link;
mod links;
mod map;
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
mod native;
#[cfg(not(all(target_arch = "x86_64", target_pointer_width = "64", not(miri))))]
#[path = "no_native.rs"]
mod native;
mod pack;
mod plan;
mod prefetch;
mod program;
mod reduce;
mod reduction;
mod schedule;
mod slot;
mod target;
mod watch;

pub use column::{Column, Stored};
pub(crate) use compact::compact_words;
pub use compact::{compact, count_ones};
pub use expand::expand;
pub use filter::{Filtered, filter};
pub use map::{map, select};
pub(crate) use prefetch::{LINE, prefetch_line};
pub use program::{Kind, Program};
pub use reduce::reduce;
