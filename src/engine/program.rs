//! Programs: straight-line lists of typed operations, decoded and validated.

use super::reduction::Reductions;
use crate::Error;

/// The type of a value of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A Python int that 64 bits hold.
    Int,
    /// A double.
    Float,
    /// True or false.
    Bool,
}

macro_rules! operations {
    ($($code:literal $name:ident ($($operand:ident)*) $result:ident,)*) => {
        /// An operation on one lane.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Op { $($name,)* }

        impl Op {
            fn decode(code: u8) -> Option<Op> {
                match code { $($code => Some(Op::$name),)* _ => None }
            }

            /// The types of its operands.
            pub(super) fn operands(self) -> &'static [Kind] {
                match self { $(Op::$name => &[$(Kind::$operand,)*],)* }
            }

            /// The type of its result.
            pub(super) fn result(self) -> Kind {
                match self { $(Op::$name => Kind::$result,)* }
            }
        }
    };
}
operations! {
    0x01 Add(Int Int) Int, 0x02 Sub(Int Int) Int, 0x03 Mul(Int Int) Int,
    0x04 FloorDiv(Int Int) Int, 0x05 Mod(Int Int) Int, 0x06 Pow(Int Int) Int,
    0x07 Shl(Int Int) Int, 0x08 Shr(Int Int) Int,
    0x09 And(Int Int) Int, 0x0a Or(Int Int) Int, 0x0b Xor(Int Int) Int,
    0x0c Neg(Int) Int, 0x0d Abs(Int) Int, 0x0e Invert(Int) Int,
    0x0f Min(Int Int) Int, 0x10 Max(Int Int) Int,
    0x20 FloatAdd(Float Float) Float, 0x21 FloatSub(Float Float) Float,
    0x22 FloatMul(Float Float) Float, 0x23 FloatDiv(Float Float) Float,
    0x24 FloatFloorDiv(Float Float) Float, 0x25 FloatMod(Float Float) Float,
    0x26 FloatNeg(Float) Float, 0x27 FloatAbs(Float) Float,
    0x28 FloatPow(Float Float) Float, 0x2a Copysign(Float Float) Float,
    0x2b Fmod(Float Float) Float, 0x2c Atan2(Float Float) Float,
    0x2d KeepingAtan2(Float Float) Float,
    0x30 Lt(Int Int) Bool, 0x31 Le(Int Int) Bool, 0x32 Eq(Int Int) Bool, 0x33 Ne(Int Int) Bool,
    0x38 FloatLt(Float Float) Bool, 0x39 FloatLe(Float Float) Bool,
    0x3a FloatEq(Float Float) Bool, 0x3b FloatNe(Float Float) Bool,
    0x40 BoolAnd(Bool Bool) Bool, 0x41 BoolOr(Bool Bool) Bool, 0x42 BoolXor(Bool Bool) Bool,
    0x43 Not(Bool) Bool,
    0x50 ToFloat(Int) Float, 0x51 ToFloatExact(Int) Float, 0x52 BoolToInt(Bool) Int,
    0x53 Trunc(Float) Int, 0x54 Round(Float) Int, 0x55 Floor(Float) Int, 0x56 Ceil(Float) Int,
    0x57 TrueDiv(Int Int) Float,
    0x60 Select(Bool Int Int) Int, 0x61 FloatSelect(Bool Float Float) Float,
    0x62 BoolSelect(Bool Bool Bool) Bool,
    0x70 Bail() Bool,
    0x80 Call(Float) Float,
}

/// The functions that [`Op::Call`] knows.
pub(super) const FUNCTIONS: u16 = 23;

/// Where there is no operand, or no mask.
const ABSENT: u16 = 0xffff;

#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    pub(super) op: Op,
    /// Numbers of values; those that there are.
    operands: [u16; 3],
    /// The function, of a call.
    pub(super) function: u16,
    /// The number of a bool; it may bail out only where this is true.
    pub(super) mask: Option<usize>,
}

impl Instruction {
    pub(super) fn operands(&self) -> impl Iterator<Item = usize> {
        self.operands
            .into_iter()
            .take(self.op.operands().len())
            .map(usize::from)
    }

    pub(super) fn operand(&self, i: usize) -> usize {
        usize::from(self.operands[i])
    }
}

/// A constant of a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Constant {
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Constant {
    pub(super) fn kind(self) -> Kind {
        match self {
            Constant::Int(_) => Kind::Int,
            Constant::Float(_) => Kind::Float,
            Constant::Bool(_) => Kind::Bool,
        }
    }

    /// As eight bytes. Bools are one or zero.
    pub(super) fn bits(self) -> i64 {
        match self {
            Constant::Int(value) => value,
            Constant::Float(value) => value.to_bits().cast_signed(),
            Constant::Bool(value) => value.into(),
        }
    }

    /// Whether to add the negative number is to take this one away. It is not with a NaN, which has a
    /// sign that nothing else looks at.
    pub(super) fn can_be_negated(self) -> bool {
        !matches!(self, Constant::Float(value) if value.is_nan())
    }

    /// The negative number; of integers, of as many bits.
    pub(super) fn negated(self) -> Self {
        match self {
            Constant::Int(value) => Constant::Int(value.wrapping_neg()),
            Constant::Float(value) => Constant::Float(-value),
            Constant::Bool(value) => Constant::Bool(value),
        }
    }
}

/// A pure function of one element of each input, as a list of typed operations.
///
/// Values are numbered: the inputs, the constants, the results of instructions, in this order.
/// Whatever an instruction does not reproduce exactly as Python has it makes it *bail out*.
#[derive(Clone, Debug)]
pub struct Program {
    inputs: Vec<Kind>,
    constants: Vec<Constant>,
    instructions: Vec<Instruction>,
    result: usize,
    pub(super) reductions: Reductions,
}

impl Program {
    /// Reads a program, and proves it well-formed.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it is not.
    ///
    /// ```
    /// use arrayops::{Kind, Program};
    ///
    /// // x + x of one int.
    /// let bytes = [1, 1, 0, 0, 0, 1, 0, 0x01, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0];
    /// let program = Program::decode(&bytes)?;
    /// assert_eq!((program.inputs(), program.result()), (&[Kind::Int][..], Kind::Int));
    /// assert!(Program::decode(&bytes[1..]).is_err());
    /// # Ok::<(), arrayops::Error>(())
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Program, Error> {
        let mut reader = Reader(bytes);
        if reader.u8()? != 1 {
            return Err(Error::Malformed("a program of an unknown version"));
        }
        let mut inputs = Vec::new();
        for _ in 0..reader.u8()? {
            inputs.push(match reader.u8()? {
                0 => Kind::Int,
                1 => Kind::Float,
                _ => return Err(Error::Malformed("an input of an unknown type")),
            });
        }
        let mut kinds = inputs.clone();
        let mut constants = Vec::new();
        for _ in 0..reader.u16()? {
            let constant = match (reader.u8()?, u64::from_le_bytes(reader.take()?)) {
                (0, bits) => Constant::Int(bits.cast_signed()),
                (1, bits) => Constant::Float(f64::from_bits(bits)),
                (2, bits @ (0 | 1)) => Constant::Bool(bits == 1),
                _ => return Err(Error::Malformed("a constant of an unknown type")),
            };
            kinds.push(constant.kind());
            constants.push(constant);
        }
        let mut instructions = Vec::new();
        for _ in 0..reader.u16()? {
            let instruction = reader.instruction(&kinds)?;
            kinds.push(instruction.op.result());
            instructions.push(instruction);
        }
        let result = usize::from(reader.u16()?);
        if result >= kinds.len() {
            return Err(Error::Malformed("a result that is no value"));
        }
        if kinds.len() > usize::from(ABSENT) {
            return Err(Error::Malformed("too many values"));
        }
        if !reader.0.is_empty() {
            return Err(Error::Malformed("more bytes than a program has"));
        }
        Ok(Program {
            inputs,
            constants,
            instructions,
            result,
            reductions: Reductions::default(),
        })
    }

    /// The types of the inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Kind] {
        &self.inputs
    }

    /// Instructions that call the C library.
    pub(super) fn calls(&self) -> usize {
        let is_call = |instruction: &&Instruction| {
            matches!(
                instruction.op,
                Op::Call
                    | Op::FloatPow
                    | Op::Fmod
                    | Op::Atan2
                    | Op::KeepingAtan2
                    | Op::FloatMod
                    | Op::FloatFloorDiv
                    | Op::Pow
            )
        };
        self.instructions.iter().filter(is_call).count()
    }

    /// The type of the result.
    #[must_use]
    pub fn result(&self) -> Kind {
        self.kind(self.result)
    }

    /// The program of a value that depends on the second input only, as what `depends` on the first
    /// does not; marks what it needs.
    ///
    /// A mask that depends on the first input is left out: it then bails out more often. A bool is
    /// turned into an int.
    pub(super) fn of_element(
        &self,
        value: usize,
        depends: &[bool],
        needed: &mut [bool],
    ) -> Program {
        let mask = |instruction: &Instruction| instruction.mask.filter(|mask| !depends[*mask]);
        let first = self.first_result();
        let mut used = vec![false; self.len()];
        used[value] = true;
        for (i, instruction) in self.instructions.iter().enumerate().rev() {
            if used[first + i] {
                for operand in instruction.operands().chain(mask(instruction)) {
                    used[operand] = true;
                }
            }
        }
        // Numbers, without the first input and the instructions that are left out.
        let mut numbers: Vec<usize> = (0..first).map(|number| number.saturating_sub(1)).collect();
        let mut program = Program {
            inputs: self.inputs[1..].to_vec(),
            constants: self.constants.clone(),
            instructions: Vec::new(),
            result: 0,
            reductions: Reductions::default(),
        };
        for (i, instruction) in self.instructions.iter().enumerate() {
            numbers.push(program.len());
            if used[first + i] {
                needed[first + i] = true;
                let number = |value: u16| match numbers.get(usize::from(value)) {
                    Some(number) => u16::try_from(*number).unwrap_or(ABSENT),
                    None => ABSENT,
                };
                program.instructions.push(Instruction {
                    operands: instruction.operands.map(number),
                    mask: mask(instruction).map(|mask| numbers[mask]),
                    ..*instruction
                });
            }
        }
        program.result = numbers[value];
        if program.result() == Kind::Bool {
            program.instructions.push(Instruction {
                op: Op::BoolToInt,
                operands: [
                    u16::try_from(program.result).unwrap_or(ABSENT),
                    ABSENT,
                    ABSENT,
                ],
                function: 0,
                mask: None,
            });
            program.result = program.len() - 1;
        }
        program
    }

    pub(super) fn constants(&self) -> &[Constant] {
        &self.constants
    }

    /// Whether it gives its first input as it is.
    pub(super) fn is_identity(&self) -> bool {
        self.instructions.is_empty() && self.result == 0
    }

    pub(super) fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The number of the value that is the result.
    pub(super) fn result_value(&self) -> usize {
        self.result
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.first_result() + self.instructions.len()
    }

    /// The number of the result of the first instruction.
    pub(super) fn first_result(&self) -> usize {
        self.inputs.len() + self.constants.len()
    }

    /// The constant that a value is.
    pub(super) fn constant(&self, value: usize) -> Option<Constant> {
        let index = value.checked_sub(self.inputs.len())?;
        self.constants.get(index).copied()
    }

    /// The instruction that a value is the result of.
    pub(super) fn instruction(&self, value: usize) -> Option<&Instruction> {
        let index = value.checked_sub(self.first_result())?;
        self.instructions.get(index)
    }

    pub(super) fn kind(&self, value: usize) -> Kind {
        match (self.inputs.get(value), self.constant(value)) {
            (Some(kind), _) => *kind,
            (None, Some(constant)) => constant.kind(),
            (None, None) => self.instructions[value - self.first_result()].op.result(),
        }
    }
}

/// What is left of the bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self
            .0
            .split_first_chunk()
            .ok_or(Error::Malformed("a program that is cut off"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, Error> {
        self.take().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, Error> {
        self.take().map(u16::from_le_bytes)
    }

    /// An instruction over values of these types.
    fn instruction(&mut self, kinds: &[Kind]) -> Result<Instruction, Error> {
        let unknown = Error::Malformed("an unknown operation");
        let op = Op::decode(self.u8()?).ok_or(unknown)?;
        let mut operands = [self.u16()?, self.u16()?, self.u16()?];
        let mask = self.u16()?;
        let mut function = 0;
        if op == Op::Call {
            function = std::mem::replace(&mut operands[2], ABSENT);
            if function >= FUNCTIONS {
                return Err(Error::Malformed("an unknown function"));
            }
        }
        let is = |value: u16, kind| kinds.get(usize::from(value)) == Some(&kind);
        let (present, absent) = operands.split_at(op.operands().len());
        let mut typed = present.iter().zip(op.operands());
        if !typed.all(|(value, kind)| is(*value, *kind)) {
            return Err(Error::Malformed("an operand of another type"));
        }
        if absent.iter().any(|value| *value != ABSENT) {
            return Err(Error::Malformed("an operand too many"));
        }
        if mask != ABSENT && !is(mask, Kind::Bool) {
            return Err(Error::Malformed("a mask that is no bool"));
        }
        Ok(Instruction {
            op,
            operands,
            function,
            mask: (mask != ABSENT).then_some(usize::from(mask)),
        })
    }
}
