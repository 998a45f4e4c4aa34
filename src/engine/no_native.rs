//! In place of machine code where none is made: another CPU, or an interpreter.

use super::chain::{Chain, Operand};
use super::link::Value;

/// The code of a chain, of which there is none.
#[derive(Debug)]
pub(super) enum Native {}

impl Native {
    pub(super) fn of(_chain: &Chain, _operand: &dyn Fn(usize) -> Operand) -> Option<Self> {
        None
    }

    pub(super) fn reads(&self, _row: usize) -> bool {
        match *self {}
    }

    #[expect(unsafe_code, reason = "as where there is code")]
    pub(super) unsafe fn run(
        &self,
        _value: &mut Value,
        _len: usize,
        _elements: *const u8,
        _rows: &[*const u8],
    ) -> usize {
        match *self {}
    }
}
