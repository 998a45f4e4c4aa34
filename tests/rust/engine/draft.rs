//! Programs as tests write them, their bytes, and what they give, element by element.

use arrayops::{Kind, Program};

/// One value of a program, of one element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Int(i128),
    Float(f64),
    Bool(bool),
}

pub(crate) const NONE: u16 = 0xffff;

/// A program that is being written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) inputs: Vec<Kind>,
    pub(crate) constants: Vec<Value>,
    /// The code, the operands, the mask.
    pub(crate) instructions: Vec<(u8, [u16; 3], u16)>,
    pub(crate) result: u16,
}

/// What an element gives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// None where it bails out, or nobody says what it is.
    pub(crate) value: Option<Value>,
    pub(crate) bails: bool,
    /// The engine may bail out here and need not.
    pub(crate) may_bail: bool,
}

pub(crate) fn signature(code: u8) -> Option<(&'static [Kind], Kind)> {
    use Kind::{Bool, Float, Int};
    Some(match code {
        0x01..=0x0b | 0x0f | 0x10 => (&[Int, Int], Int),
        0x0c..=0x0e => (&[Int], Int),
        0x20..=0x25 | 0x28 | 0x2a..=0x2d => (&[Float, Float], Float),
        0x26 | 0x27 | 0x80 => (&[Float], Float),
        0x30..=0x33 => (&[Int, Int], Bool),
        0x38..=0x3b => (&[Float, Float], Bool),
        0x40..=0x42 => (&[Bool, Bool], Bool),
        0x43 => (&[Bool], Bool),
        0x50 | 0x51 => (&[Int], Float),
        0x52 => (&[Bool], Int),
        0x53..=0x56 => (&[Float], Int),
        0x57 => (&[Int, Int], Float),
        0x60 => (&[Bool, Int, Int], Int),
        0x61 => (&[Bool, Float, Float], Float),
        0x62 => (&[Bool, Bool, Bool], Bool),
        0x70 => (&[], Bool),
        _ => return None,
    })
}

impl Draft {
    pub(crate) fn new(inputs: &[Kind]) -> Self {
        Draft {
            inputs: inputs.to_vec(),
            ..Draft::default()
        }
    }

    /// Before any instruction.
    pub(crate) fn constant(&mut self, value: Value) -> u16 {
        assert!(self.instructions.is_empty());
        self.constants.push(value);
        self.len() - 1
    }

    pub(crate) fn push(&mut self, code: u8, operands: &[u16]) -> u16 {
        self.push_masked(code, operands, NONE)
    }

    pub(crate) fn push_masked(&mut self, code: u8, operands: &[u16], mask: u16) -> u16 {
        let mut all = [NONE; 3];
        all[..operands.len()].copy_from_slice(operands);
        self.instructions.push((code, all, mask));
        self.result = self.len() - 1;
        self.result
    }

    pub(crate) fn call(&mut self, function: u16, operand: u16, mask: u16) -> u16 {
        self.push_masked(0x80, &[operand, NONE, function], mask)
    }

    pub(crate) fn len(&self) -> u16 {
        (self.inputs.len() + self.constants.len() + self.instructions.len()) as u16
    }

    pub(crate) fn kind(&self, value: u16) -> Kind {
        let value = usize::from(value);
        let (inputs, constants) = (self.inputs.len(), self.constants.len());
        if value < inputs {
            return self.inputs[value];
        }
        match self.constants.get(value - inputs) {
            Some(Value::Int(_)) => Kind::Int,
            Some(Value::Float(_)) => Kind::Float,
            Some(Value::Bool(_)) => Kind::Bool,
            None => {
                let (code, ..) = self.instructions[value - inputs - constants];
                signature(code).expect("a known operation").1
            }
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![1, self.inputs.len() as u8];
        bytes.extend(
            self.inputs
                .iter()
                .map(|kind| u8::from(*kind == Kind::Float)),
        );
        bytes.extend((self.constants.len() as u16).to_le_bytes());
        for constant in &self.constants {
            let (kind, bits) = match *constant {
                Value::Int(value) => (0, value as u64),
                Value::Float(value) => (1, value.to_bits()),
                Value::Bool(value) => (2, u64::from(value)),
            };
            bytes.push(kind);
            bytes.extend(bits.to_le_bytes());
        }
        bytes.extend((self.instructions.len() as u16).to_le_bytes());
        for (code, operands, mask) in &self.instructions {
            bytes.push(*code);
            bytes.extend(
                operands
                    .iter()
                    .chain([mask])
                    .flat_map(|value| value.to_le_bytes()),
            );
        }
        bytes.extend(self.result.to_le_bytes());
        bytes
    }

    pub(crate) fn program(&self) -> Program {
        Program::decode(&self.bytes()).expect("a well-formed program")
    }

    /// What the program gives for one element of each input.
    pub(crate) fn outcome(&self, inputs: &[Value]) -> Outcome {
        let mut outcome = Outcome::default();
        let mut values: Vec<Option<Value>> = inputs.iter().copied().map(Some).collect();
        values.extend(self.constants.iter().copied().map(Some));
        for value in &values {
            outcome.may_bail |= matches!(value, Some(Value::Int(value)) if value.abs() > 1 << 53);
        }
        for (code, operands, mask) in &self.instructions {
            let operand = |i: usize| values.get(usize::from(operands[i])).copied().flatten();
            let active = match mask {
                &NONE => true,
                mask => {
                    let mask = values[usize::from(*mask)];
                    outcome.may_bail |= mask.is_none();
                    mask == Some(Value::Bool(true))
                }
            };
            let (kinds, _) = signature(*code).expect("a known operation");
            let known = match *code {
                0x60..=0x62 => match operand(0) {
                    Some(Value::Bool(true)) => operand(1),
                    Some(_) => operand(2),
                    None => None,
                },
                0x70 => {
                    outcome.bails |= active;
                    None
                }
                _ if !active => None,
                code => {
                    let all: Option<Vec<Value>> = (0..kinds.len()).map(operand).collect();
                    match all {
                        None => {
                            outcome.may_bail = true;
                            None
                        }
                        Some(all) => {
                            let value = super::oracle::evaluate(code, &all, operands[2]);
                            outcome.bails |= value.is_none();
                            value
                        }
                    }
                }
            };
            outcome.may_bail |= matches!(known, Some(Value::Int(value)) if value.abs() > 1 << 53);
            values.push(known.filter(|_| active));
        }
        outcome.value = values[usize::from(self.result)].filter(|_| !outcome.bails);
        outcome
    }
}
