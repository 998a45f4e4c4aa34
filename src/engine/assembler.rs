//! Machine code of x86-64: the instructions that reductions are made of
//! ([`native`](super::native)).
//!
//! Encodings are those of the manuals of Intel (volume 2) and AMD (volume 3). Operands in memory
//! always have an offset of four bytes: so no base and no index is an exception.

/// A general register, by its number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Int(pub(super) u8);

/// A vector register, by its number, of which only the lowest double is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Double(pub(super) u8);

/// An address: a base, eight or fewer bytes times an index, an offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address {
    pub(super) base: Int,
    /// With the size of what there is, a power of two.
    pub(super) index: Option<(Int, u8)>,
    pub(super) offset: i32,
}

/// A place in the code that is jumped to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

/// What an earlier instruction has found, by its number in the code.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(super) enum Condition {
    Overflow = 0x0,
    /// Of unsigned numbers.
    Above = 0x7,
    Equal = 0x4,
    NotEqual = 0x5,
    Less = 0xc,
    GreaterOrEqual = 0xd,
    LessOrEqual = 0xe,
    Greater = 0xf,
}

/// An operation of two general registers, the first of which it is stored in.
#[derive(Clone, Copy, Debug)]
pub(super) enum IntOp {
    Move,
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    /// Only flags are stored.
    Compare,
    Test,
}

/// An operation of one general register.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unary {
    Not,
    Neg,
    /// `rax` by it, unsigned: the lower half goes to `rax`, the upper one to `rdx`.
    WideMul,
    /// `rdx:rax` by it: the quotient goes to `rax`, the rest to `rdx`.
    Div,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Shift {
    Left,
    /// Copies the sign.
    Right,
    /// Zeros come in.
    RightUnsigned,
}

/// An operation of two doubles, the first of which it is stored in.
#[derive(Clone, Copy, Debug)]
pub(super) enum DoubleOp {
    Add,
    Sub,
    Mul,
    Div,
    /// The first if it is less, else the second.
    Min,
    /// The first if it is greater, else the second.
    Max,
    Sqrt,
    Move,
    And,
    Xor,
    /// The bits of the second where the sign of `xmm0` is set.
    Blend,
}

/// How doubles compare for a mask.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Relation {
    Equal = 0,
    Less = 1,
    LessOrEqual = 2,
    NotEqual = 4,
}

#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Rounding {
    TiesEven = 0x8,
    Floor = 0x9,
    Ceil = 0xa,
    Trunc = 0xb,
}

/// What is loaded from memory, extended to eight bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loaded {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
}

/// Code as it is written.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    bytes: Vec<u8>,
    /// By label: where it is.
    labels: Vec<usize>,
    /// The offsets that are to be told, where in the code, and of which label.
    jumps: Vec<(usize, Label)>,
}

const INDEX_IN_RM: u8 = 0b100;
const NO_INDEX: Int = Int(0b100);

impl Assembler {
    /// The code, if all its jumps are near enough.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        for (at, label) in self.jumps {
            let end = i64::try_from(at + 4).ok()?;
            let distance = i64::try_from(self.labels[label.0]).ok()? - end;
            let distance = i32::try_from(distance).ok()?;
            self.bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        Some(self.bytes)
    }

    pub(super) fn new_label(&mut self) -> Label {
        self.labels.push(0);
        Label(self.labels.len() - 1)
    }

    /// The label is here.
    pub(super) fn place(&mut self, label: Label) {
        self.labels[label.0] = self.bytes.len();
    }

    pub(super) fn jump(&mut self, label: Label) {
        self.bytes.push(0xe9);
        self.offset_of(label);
    }

    pub(super) fn jump_if(&mut self, condition: Condition, label: Label) {
        self.bytes.extend([0x0f, 0x80 + condition as u8]);
        self.offset_of(label);
    }

    fn offset_of(&mut self, label: Label) {
        self.jumps.push((self.bytes.len(), label));
        self.bytes.extend([0; 4]);
    }

    pub(super) fn push(&mut self, register: Int) {
        self.rex(false, 0, 0, register.0);
        self.bytes.push(0x50 + register.0 % 8);
    }

    pub(super) fn pop(&mut self, register: Int) {
        self.rex(false, 0, 0, register.0);
        self.bytes.push(0x58 + register.0 % 8);
    }

    pub(super) fn ret(&mut self) {
        self.bytes.push(0xc3);
    }

    pub(super) fn constant(&mut self, to: Int, value: i64) {
        if let Ok(value) = i32::try_from(value) {
            self.registers(None, true, &[0xc7], 0, to.0);
            self.bytes.extend(value.to_le_bytes());
        } else {
            self.rex(true, 0, 0, to.0);
            self.bytes.push(0xb8 + to.0 % 8);
            self.bytes.extend(value.to_le_bytes());
        }
    }

    pub(super) fn add_constant(&mut self, to: Int, value: i32) {
        self.registers(None, true, &[0x81], 0, to.0);
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn compare_constant(&mut self, register: Int, value: i32) {
        self.registers(None, true, &[0x81], 7, register.0);
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn int(&mut self, op: IntOp, to: Int, from: Int) {
        self.int_of(true, op, to, from);
    }

    /// Of the lower halves; the upper half of the result is zero.
    pub(super) fn half_int(&mut self, op: IntOp, to: Int, from: Int) {
        self.int_of(false, op, to, from);
    }

    fn int_of(&mut self, wide: bool, op: IntOp, to: Int, from: Int) {
        let opcode: &[u8] = match op {
            IntOp::Move => &[0x8b],
            IntOp::Add => &[0x03],
            IntOp::Sub => &[0x2b],
            IntOp::Mul => &[0x0f, 0xaf],
            IntOp::And => &[0x23],
            IntOp::Or => &[0x0b],
            IntOp::Xor => &[0x33],
            IntOp::Compare => &[0x3b],
            IntOp::Test => &[0x85],
        };
        self.registers(None, wide, opcode, to.0, from.0);
    }

    pub(super) fn unary(&mut self, op: Unary, register: Int) {
        let extension = match op {
            Unary::Not => 2,
            Unary::Neg => 3,
            Unary::WideMul => 4,
            Unary::Div => 7,
        };
        self.registers(None, true, &[0xf7], extension, register.0);
    }

    /// The sign of `rax` in all bits of `rdx`.
    pub(super) fn extend_sign(&mut self) {
        self.bytes.extend([0x48, 0x99]);
    }

    /// By less than 64.
    pub(super) fn shift(&mut self, shift: Shift, register: Int, count: u8) {
        self.registers(None, true, &[0xc1], shift.extension(), register.0);
        self.bytes.push(count);
    }

    /// Of the lower half, by less than 32; the upper half of the result is zero.
    pub(super) fn half_shift(&mut self, shift: Shift, register: Int, count: u8) {
        self.registers(None, false, &[0xc1], shift.extension(), register.0);
        self.bytes.push(count);
    }

    /// By the lowest six bits of `rcx`.
    pub(super) fn shift_by_count(&mut self, shift: Shift, register: Int) {
        self.registers(None, true, &[0xd3], shift.extension(), register.0);
    }

    pub(super) fn move_if(&mut self, condition: Condition, to: Int, from: Int) {
        self.registers(None, true, &[0x0f, 0x40 + condition as u8], to.0, from.0);
    }

    /// One where the condition holds, else zero.
    pub(super) fn set_if(&mut self, condition: Condition, to: Int) {
        debug_assert!(to.0 < 4, "others need a prefix for their lowest byte");
        self.bytes
            .extend([0x0f, 0x90 + condition as u8, 0xc0 + to.0]);
        self.registers(None, false, &[0x0f, 0xb6], to.0, to.0);
    }

    pub(super) fn load(&mut self, kind: Loaded, to: Int, from: Address) {
        let (wide, opcode): (bool, &[u8]) = match kind {
            Loaded::I8 => (true, &[0x0f, 0xbe]),
            Loaded::I16 => (true, &[0x0f, 0xbf]),
            Loaded::I32 => (true, &[0x63]),
            Loaded::I64 => (true, &[0x8b]),
            Loaded::U8 => (false, &[0x0f, 0xb6]),
            Loaded::U16 => (false, &[0x0f, 0xb7]),
            Loaded::U32 => (false, &[0x8b]),
        };
        self.memory(None, wide, opcode, to.0, from);
    }

    pub(super) fn store(&mut self, to: Address, from: Int) {
        self.memory(None, true, &[0x89], from.0, to);
    }

    pub(super) fn load_double(&mut self, to: Double, from: Address) {
        self.memory(Some(0xf2), false, &[0x0f, 0x10], to.0, from);
    }

    pub(super) fn store_double(&mut self, to: Address, from: Double) {
        self.memory(Some(0xf2), false, &[0x0f, 0x11], from.0, to);
    }

    /// A float in memory, as a double. The register is to be zero: else it is waited for.
    pub(super) fn load_float(&mut self, to: Double, from: Address) {
        self.memory(Some(0xf3), false, &[0x0f, 0x5a], to.0, from);
    }

    pub(super) fn double(&mut self, op: DoubleOp, to: Double, from: Double) {
        let (prefix, opcode): (u8, &[u8]) = match op {
            DoubleOp::Add => (0xf2, &[0x0f, 0x58]),
            DoubleOp::Mul => (0xf2, &[0x0f, 0x59]),
            DoubleOp::Sub => (0xf2, &[0x0f, 0x5c]),
            DoubleOp::Min => (0xf2, &[0x0f, 0x5d]),
            DoubleOp::Div => (0xf2, &[0x0f, 0x5e]),
            DoubleOp::Max => (0xf2, &[0x0f, 0x5f]),
            DoubleOp::Sqrt => (0xf2, &[0x0f, 0x51]),
            DoubleOp::Move => (0x66, &[0x0f, 0x28]),
            DoubleOp::And => (0x66, &[0x0f, 0x54]),
            DoubleOp::Xor => (0x66, &[0x0f, 0x57]),
            DoubleOp::Blend => (0x66, &[0x0f, 0x38, 0x15]),
        };
        self.registers(Some(prefix), false, opcode, to.0, from.0);
    }

    /// All bits set where the relation holds, else none.
    pub(super) fn mask(&mut self, relation: Relation, to: Double, from: Double) {
        self.registers(Some(0xf2), false, &[0x0f, 0xc2], to.0, from.0);
        self.bytes.push(relation as u8);
    }

    pub(super) fn round(&mut self, rounding: Rounding, to: Double, from: Double) {
        self.registers(Some(0x66), false, &[0x0f, 0x3a, 0x0b], to.0, from.0);
        self.bytes.push(rounding as u8);
    }

    /// The nearest double. The register is to be zero: else it is waited for.
    pub(super) fn int_to_double(&mut self, to: Double, from: Int) {
        self.registers(Some(0xf2), true, &[0x0f, 0x2a], to.0, from.0);
    }

    /// Without what is behind the point; the least integer if there is none.
    pub(super) fn double_to_int(&mut self, to: Int, from: Double) {
        self.registers(Some(0xf2), true, &[0x0f, 0x2c], to.0, from.0);
    }

    pub(super) fn bits_to_double(&mut self, to: Double, from: Int) {
        self.registers(Some(0x66), true, &[0x0f, 0x6e], to.0, from.0);
    }

    pub(super) fn bits_to_int(&mut self, to: Int, from: Double) {
        self.registers(Some(0x66), true, &[0x0f, 0x7e], from.0, to.0);
    }

    /// The prefix for wide operations and for the upper eight registers.
    fn rex(&mut self, wide: bool, reg: u8, index: u8, base: u8) {
        let bits = u8::from(wide) << 3 | reg >> 3 << 2 | index >> 3 << 1 | base >> 3;
        if bits != 0 {
            self.bytes.push(0x40 | bits);
        }
    }

    fn registers(&mut self, prefix: Option<u8>, wide: bool, opcode: &[u8], reg: u8, rm: u8) {
        self.bytes.extend(prefix);
        self.rex(wide, reg, 0, rm);
        self.bytes.extend(opcode);
        self.operands(0b11, reg, rm);
    }

    /// A byte of two bits, and of the lowest three of two registers.
    fn operands(&mut self, mode: u8, reg: u8, rm: u8) {
        self.bytes.push((mode << 6) | ((reg % 8) << 3) | (rm % 8));
    }

    fn memory(&mut self, prefix: Option<u8>, wide: bool, opcode: &[u8], reg: u8, address: Address) {
        let (index, size) = address.index.unwrap_or((NO_INDEX, 1));
        self.bytes.extend(prefix);
        self.rex(wide, reg, index.0, address.base.0);
        self.bytes.extend(opcode);
        self.operands(0b10, reg, INDEX_IN_RM);
        let scale = u8::try_from(size.trailing_zeros()).unwrap_or(0);
        self.operands(scale, index.0, address.base.0);
        self.bytes.extend(address.offset.to_le_bytes());
    }
}

impl Shift {
    fn extension(self) -> u8 {
        match self {
            Shift::Left => 4,
            Shift::Right => 7,
            Shift::RightUnsigned => 5,
        }
    }
}
