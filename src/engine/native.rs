//! Chains as machine code: a loop without jumps to what each link does.
//!
//! A link costs a jump and the loads of what it is, more than most of the operations themselves; as
//! machine code a chain takes as long as its operations wait for each other. Making it takes some
//! microseconds, so it is made once for a type of columns, and when there were elements enough.
//! Where it is not made, at the baseline level, or where the system does not allow memory to be
//! executed, links do the same.
//!
//! The code is a straight translation, link by link, of [`Link::image`](super::link::Link): the
//! accumulator is in one register, or two, as an int and as a double; each operand is loaded into a
//! register of its own; what is saved has a register, too, while there are any. A step of one type
//! leaves the value of the other as it is. It writes to its stack and to the [`Value`] only.
//!
//! What is known of the values makes it shorter: what cannot leave 64 bits is not looked at, and a
//! rest by a constant is two products, with which others merge.

use memmap2::{Mmap, MmapMut};

use super::assembler::{
    Address, Assembler, Condition, Double, DoubleOp, Int, IntOp, Label, Loaded, Relation, Rounding,
    Shift, Unary,
};
use super::chain::{Action, Chain, From, Operand, Step};
use super::interval::{Interval, Range};
use super::kernels::SQRT;
use super::link::{Link, Value, Work};
use super::program::{Kind, Op};
use crate::ElementType;

/// The code of a chain.
#[derive(Debug)]
pub(super) struct Native {
    code: Mmap,
    /// By row: it is read from memory.
    reads: Vec<bool>,
}

/// Takes the value, the number of elements, and where elements and rows are; gives the number of
/// the element it stopped at.
type Entry = unsafe extern "sysv64" fn(*mut Value, usize, *const u8, *const *const u8) -> usize;

impl Native {
    /// None if there is a link that there is no code for.
    pub(super) fn of(chain: &Chain, operand: &dyn Fn(usize) -> Operand) -> Option<Self> {
        let code = Compiler::new(chain, operand).compile(&Link::single(chain))?;
        let mut memory = MmapMut::map_anon(code.len()).ok()?;
        memory[..code.len()].copy_from_slice(&code);
        let rows = 0..chain.rows.len();
        Some(Native {
            code: memory.make_exec().ok()?,
            reads: rows
                .map(|row| matches!(operand(row), Operand::Row(_)))
                .collect(),
        })
    }

    /// Whether a row is to be in memory.
    pub(super) fn reads(&self, row: usize) -> bool {
        self.reads[row]
    }

    /// Passes a value through the chain for `len` elements, or up to the first that it bails out
    /// for; how many that were.
    ///
    /// # Safety
    /// There are `len` elements of the type that the code was made for, if it reads them in place, and as many
    /// numbers in each row that it [reads](Native::reads).
    #[expect(unsafe_code, reason = "machine code is called")]
    pub(super) unsafe fn run(
        &self,
        value: &mut Value,
        len: usize,
        elements: *const u8,
        rows: &[*const u8],
    ) -> usize {
        if len == 0 {
            return 0;
        }
        // SAFETY: the memory begins with a function of this type, and lives as long as `self`.
        let entry = unsafe { std::mem::transmute::<*const u8, Entry>(self.code.as_ptr()) };
        // SAFETY: it reads what the caller vouches for, and writes the value.
        unsafe { entry(value, len, elements, rows.as_ptr()) }
    }
}

// The value, as either type; operands; what is computed with on the way.
const X: Int = Int(0);
const COUNT: Int = Int(1);
const REST: Int = Int(2);
const INDEX: Int = Int(6);
/// At the beginning and the end; between them, where the rows are.
const VALUE: Int = Int(7);
const ROWS: Int = VALUE;
const A: Int = Int(8);
const B: Int = Int(9);
const SCRATCH: Int = Int(10);
const BASE: Int = Int(11);
const STACK: Int = Int(4);
/// The accumulator before the element.
const BEFORE: Int = Int(5);
const LEN: Int = Int(3);
const ELEMENTS: Int = Int(12);
const SAVED: std::ops::Range<u8> = 13..16;
/// Those that a function gives back as they were, and the value's.
const KEPT: [Int; 7] = [LEN, BEFORE, ELEMENTS, Int(13), Int(14), Int(15), VALUE];

/// Of a blend, which takes no other.
const MASK: Double = Double(0);
const U: Double = Double(1);
const FLOAT_A: Double = Double(2);
const FLOAT_B: Double = Double(3);
const FLOAT_BEFORE: Double = Double(4);
const FLOAT_SAVED: std::ops::Range<u8> = 5..16;

/// Where a saved value is: in a register of its type, by its number, or on the stack.
#[derive(Clone, Copy, Debug)]
enum Place {
    Register(u8),
    Stack(i32),
}

/// No page of the stack is to be left out: there may be one at its end that guards it.
const LARGEST_STACK: i32 = 2048;

/// What is done where a guarded link would bail out.
struct Exit {
    entry: Label,
    back: Label,
    guard: From,
    kind: Kind,
}

struct Compiler<'a> {
    code: Assembler,
    kind: Kind,
    steps: &'a [Step],
    operand: &'a dyn Fn(usize) -> Operand,
    saved: Vec<Place>,
    /// By saved bool: the mask of the comparison that it is of, if it is kept, too.
    masks: Vec<Option<Double>>,
    doubles: std::ops::Range<u8>,
    stack: i32,
    stop: Label,
    /// The link at hand never bails out.
    is_certain: bool,
    /// Of the link at hand, if it is guarded; whether it is jumped to.
    exit: Option<Label>,
    has_exit: bool,
    exits: Vec<Exit>,
}

impl<'a> Compiler<'a> {
    fn new(chain: &'a Chain, operand: &'a dyn Fn(usize) -> Operand) -> Self {
        let mut code = Assembler::default();
        let stop = code.new_label();
        let (mut ints, mut doubles) = (SAVED, FLOAT_SAVED);
        let mut stack = 0;
        let mut kinds: Vec<(usize, Kind)> = chain
            .steps
            .iter()
            .filter_map(|step| Some((step.saves?, step.kind)))
            .collect();
        kinds.sort_by_key(|(place, _)| *place);
        let place = |(_, kind)| {
            let register = match kind {
                Kind::Float => doubles.next(),
                Kind::Int | Kind::Bool => ints.next(),
            };
            if let Some(register) = register {
                return Place::Register(register);
            }
            stack += 8;
            Place::Stack(stack - 8)
        };
        let saved: Vec<Place> = kinds.into_iter().map(place).collect();
        Compiler {
            code,
            kind: chain.kind,
            steps: &chain.steps,
            operand,
            masks: vec![None; saved.len()],
            saved,
            doubles,
            stack,
            stop,
            is_certain: false,
            exit: None,
            has_exit: false,
            exits: Vec::new(),
        }
    }

    fn compile(mut self, links: &[Link<From>]) -> Option<Vec<u8>> {
        if self.stack > LARGEST_STACK {
            return None;
        }
        let (start, end) = (self.code.new_label(), self.code.new_label());
        let (int, double) = (
            VALUE.plus(std::mem::offset_of!(Value, int)),
            VALUE.plus(std::mem::offset_of!(Value, double)),
        );
        for register in KEPT {
            self.code.push(register);
        }
        self.code.add_constant(STACK, -self.stack);
        self.code.int(IntOp::Move, LEN, INDEX);
        self.code.int(IntOp::Move, ELEMENTS, REST);
        self.code.constant(INDEX, 0);
        self.code.load(Loaded::I64, X, int);
        self.code.load_double(U, double);
        self.code.int(IntOp::Move, ROWS, COUNT);
        self.code.place(start);
        match self.kind {
            Kind::Float => self.code.double(DoubleOp::Move, FLOAT_BEFORE, U),
            Kind::Int | Kind::Bool => self.code.int(IntOp::Move, BEFORE, X),
        }
        let mut rest = links;
        while let [link, ..] = rest {
            let joined = self.add_joined(rest);
            rest = &rest[joined.unwrap_or(1)..];
            if joined.is_none() {
                self.add_guarded(link)?;
                self.keep_mask(link, rest);
            }
        }
        self.code.add_constant(INDEX, 1);
        self.code.int(IntOp::Compare, INDEX, LEN);
        self.code.jump_if(Condition::NotEqual, start);
        self.code.place(end);
        self.code.add_constant(STACK, self.stack);
        let [others @ .., value] = KEPT;
        self.code.pop(value);
        self.code.store(int, X);
        self.code.store_double(double, U);
        self.code.int(IntOp::Move, X, INDEX);
        for register in others.into_iter().rev() {
            self.code.pop(register);
        }
        self.code.ret();
        self.code.place(self.stop);
        match self.kind {
            Kind::Float => self.code.double(DoubleOp::Move, U, FLOAT_BEFORE),
            Kind::Int | Kind::Bool => self.code.int(IntOp::Move, X, BEFORE),
        }
        self.code.jump(end);
        for exit in std::mem::take(&mut self.exits) {
            self.code.place(exit.entry);
            self.load(A, exit.guard);
            self.code.int(IntOp::Test, A, A);
            self.code.jump_if(Condition::NotEqual, self.stop);
            match exit.kind {
                Kind::Float => self.code.double(DoubleOp::Xor, U, U),
                Kind::Int | Kind::Bool => self.code.constant(X, 0),
            }
            self.code.jump(exit.back);
        }
        self.code.finish()
    }

    /// Several links at once; how many, if there is shorter code for them than for each.
    fn add_joined(&mut self, links: &[Link<From>]) -> Option<usize> {
        if let [compare, select, ..] = links
            && self.add_choice(compare, select)
        {
            return Some(2);
        }
        self.add_half(links).or_else(|| self.add_rest(links))
    }

    fn is_certain(&self, link: &Link<From>) -> bool {
        self.steps[link.step].is_certain
    }

    /// The value that a link takes: that of the step before.
    fn before(&self, link: &Link<From>) -> Option<Interval> {
        match self.steps[link.step.checked_sub(1)?].range {
            Range::Int(interval) => Some(interval),
            Range::Float(_) | Range::Bool => None,
        }
    }

    /// An operation and the lower half of what it gives, if these links are such.
    fn add_half(&mut self, links: &[Link<From>]) -> Option<usize> {
        let [link, and, ..] = links else { return None };
        let [a, ..] = link.others;
        let is_half = and.work == Work::And && self.known(and.others[0]) == Some(u32::MAX.into());
        if !is_half || !self.is_certain(link) {
            return None;
        }
        match (link.work, self.known(a)) {
            (Work::Add, _) => self.half(IntOp::Add, a),
            (Work::Sub, _) => self.half(IntOp::Sub, a),
            (Work::Mul, _) => self.half(IntOp::Mul, a),
            (Work::Shl, Some(count @ 0..32)) => {
                let count = u8::try_from(count).unwrap_or(0);
                self.code.half_shift(Shift::Left, X, count);
            }
            _ => return None,
        }
        Some(2)
    }

    fn half(&mut self, op: IntOp, other: From) {
        self.load(A, other);
        self.code.half_int(op, X, A);
    }

    /// The rest by a constant, and the products, sums and differences before it.
    ///
    /// In its first product only the lower half counts (see [`Rest`]), as if all were modulo
    /// 2 ** 64: there the factor may as well be multiplied by what there is before, which may be
    /// ready earlier. What waits for the accumulator then is a product less.
    fn add_rest(&mut self, links: &[Link<From>]) -> Option<usize> {
        let is_before = |link: &&Link<From>| {
            matches!(link.work, Work::Add | Work::Sub)
                || link.work == Work::Mul && self.known(link.others[0]).is_some()
        };
        let count = links.iter().take_while(is_before).count();
        let (before, modulo) = (&links[..count], links.get(count)?);
        let divisor = self.known(modulo.others[0])?;
        let all_certain = before.iter().all(|link| self.is_certain(link));
        if modulo.work != Work::Mod || !all_certain {
            return None;
        }
        let rest = Rest::of(divisor, self.before(modulo)?)?;
        // By link: what it is multiplied by from there on.
        let mut factor = rest.reciprocal;
        let mut factors = vec![0; count];
        for (link, from_there) in before.iter().zip(&mut factors).rev() {
            *from_there = factor;
            if let (Work::Mul, Some(known)) = (link.work, self.known(link.others[0])) {
                factor = factor.wrapping_mul(known.cast_unsigned());
            }
        }
        let mut offset = rest.offset.wrapping_mul(rest.reciprocal);
        self.code.constant(B, factor.cast_signed());
        self.code.int(IntOp::Mul, X, B);
        for (link, factor) in before.iter().zip(factors) {
            if link.work == Work::Mul {
                continue;
            }
            self.load(A, link.others[0]);
            self.code.constant(B, factor.cast_signed());
            self.code.int(IntOp::Mul, A, B);
            if link.work == Work::Add && offset != 0 {
                self.code.constant(B, offset.cast_signed());
                self.code.int(IntOp::Add, A, B);
                offset = 0;
            }
            let op = if link.work == Work::Add {
                IntOp::Add
            } else {
                IntOp::Sub
            };
            self.code.int(op, X, A);
        }
        if offset != 0 {
            self.code.constant(B, offset.cast_signed());
            self.code.int(IntOp::Add, X, B);
        }
        self.code.constant(B, divisor);
        self.code.unary(Unary::WideMul, B);
        self.code.int(IntOp::Move, X, REST);
        Some(count + 1)
    }

    /// A link, and what is to be done where it bails out but for its guard.
    fn add_guarded(&mut self, link: &Link<From>) -> Option<()> {
        self.is_certain = self.is_certain(link);
        self.exit = link.guard.map(|_| self.code.new_label());
        self.has_exit = false;
        self.add(link)?;
        if self.has_exit
            && let (Some(entry), Some(guard)) = (self.exit, link.guard)
        {
            let back = self.code.new_label();
            self.code.place(back);
            self.exits.push(Exit {
                entry,
                back,
                guard,
                kind: link.kind,
            });
        }
        Some(())
    }

    fn bail_out_if(&mut self, condition: Condition) {
        if self.is_certain {
            return;
        }
        let exit = self.exit();
        self.code.jump_if(condition, exit);
    }

    fn bail_out(&mut self) {
        let exit = self.exit();
        self.code.jump(exit);
    }

    fn exit(&mut self) -> Label {
        self.has_exit = true;
        self.exit.unwrap_or(self.stop)
    }

    /// An int or a bool. Keeps the flags.
    fn load(&mut self, to: Int, from: From) {
        match from {
            From::None => {}
            From::Saved(place) => match self.saved[place] {
                Place::Register(saved) => self.code.int(IntOp::Move, to, Int(saved)),
                Place::Stack(offset) => self.code.load(Loaded::I64, to, STACK.plus_offset(offset)),
            },
            From::Row(row) => match (self.operand)(row) {
                Operand::Constant(constant) => self.code.constant(to, constant.bits()),
                Operand::Row(row) => {
                    self.code.load(Loaded::I64, BASE, ROWS.plus(8 * row));
                    self.code.load(Loaded::I64, to, BASE.at(INDEX, 8));
                }
                Operand::Element(of) => {
                    let loaded = loaded(of);
                    self.code.load(loaded, to, ELEMENTS.at(INDEX, of.size()));
                }
            },
        }
    }

    /// Keeps the flags.
    fn load_double(&mut self, to: Double, from: From) {
        match from {
            From::None => {}
            From::Saved(place) => match self.saved[place] {
                Place::Register(saved) => self.code.double(DoubleOp::Move, to, Double(saved)),
                Place::Stack(offset) => self.code.load_double(to, STACK.plus_offset(offset)),
            },
            From::Row(row) => match (self.operand)(row) {
                Operand::Constant(constant) => {
                    self.code.constant(SCRATCH, constant.bits());
                    self.code.bits_to_double(to, SCRATCH);
                }
                Operand::Row(row) => {
                    self.code.load(Loaded::I64, BASE, ROWS.plus(8 * row));
                    self.code.load_double(to, BASE.at(INDEX, 8));
                }
                Operand::Element(ElementType::F32) => {
                    self.code.double(DoubleOp::Xor, to, to);
                    self.code.load_float(to, ELEMENTS.at(INDEX, 4));
                }
                Operand::Element(_) => self.code.load_double(to, ELEMENTS.at(INDEX, 8)),
            },
        }
    }

    /// The number that an operand always is.
    fn known(&self, from: From) -> Option<i64> {
        match from {
            From::Row(row) => match (self.operand)(row) {
                Operand::Constant(constant) => Some(constant.bits()),
                Operand::Row(_) | Operand::Element(_) => None,
            },
            From::None | From::Saved(_) => None,
        }
    }

    /// A comparison and the choice by it, if these links are such.
    fn add_choice(&mut self, compare: &Link<From>, select: &Link<From>) -> bool {
        let [yes, no, _] = select.others;
        let other = compare.others[0];
        match (compared(compare.work), select.work) {
            (Some(condition), Work::SelectIf) => {
                self.load(A, other);
                self.code.int(IntOp::Compare, X, A);
                self.load(X, no);
                self.load(B, yes);
                self.code.move_if(condition, X, B);
            }
            (None, Work::FloatSelectIf) if is_comparison(compare.work) => {
                self.mask(compare.work, other);
                self.load_double(U, no);
                self.choose_where_set(yes);
            }
            _ => return false,
        }
        true
    }

    /// All bits of the mask where the value compares so with the operand, else none.
    fn mask(&mut self, work: Work, other: From) {
        use Relation::{Equal, Less, LessOrEqual, NotEqual};
        let (relation, is_swapped) = match work {
            Work::FloatLt => (Less, false),
            Work::FloatLe | Work::FloatKeepIfLe | Work::FloatTakeIfLe => (LessOrEqual, false),
            Work::FloatGt => (Less, true),
            Work::FloatGe | Work::FloatKeepIfGe | Work::FloatTakeIfGe => (LessOrEqual, true),
            Work::FloatEq => (Equal, false),
            Work::FloatNe => (NotEqual, false),
            _ => unreachable!("{work:?} compares no floats"),
        };
        if is_swapped {
            self.load_double(MASK, other);
            self.code.mask(relation, MASK, U);
        } else {
            self.load_double(FLOAT_A, other);
            self.code.double(DoubleOp::Move, MASK, U);
            self.code.mask(relation, MASK, FLOAT_A);
        }
    }

    /// The operand where the mask is set, else the value.
    fn choose_where_set(&mut self, other: From) {
        self.load_double(FLOAT_B, other);
        self.code.double(DoubleOp::Blend, U, FLOAT_B);
    }

    /// The other way round.
    fn keep_where_set(&mut self, other: From) {
        self.load_double(FLOAT_B, other);
        self.code.double(DoubleOp::Blend, FLOAT_B, U);
        self.code.double(DoubleOp::Move, U, FLOAT_B);
    }

    /// Keeps the mask of a comparison that is saved, and that doubles are chosen by: from there it
    /// is nearer.
    fn keep_mask(&mut self, compare: &Link<From>, rest: &[Link<From>]) {
        let [save, rest @ ..] = rest else { return };
        let chooses = |link: &Link<From>| {
            matches!(link.work, Work::FloatSelectThis | Work::FloatSelectElse)
                && link.others[0] == save.others[0]
        };
        if let (Work::Save, From::Saved(place)) = (save.work, save.others[0])
            && is_comparison(compare.work)
            && rest.iter().any(chooses)
            && let Some(kept) = self.doubles.next().map(Double)
        {
            self.code.double(DoubleOp::Move, kept, MASK);
            self.masks[place] = Some(kept);
        }
    }

    /// A link; none if there is no code for it.
    #[expect(clippy::too_many_lines, reason = "an arm for each work")]
    fn add(&mut self, link: &Link<From>) -> Option<()> {
        use Condition::{Equal, Greater, Less, NotEqual, Overflow};
        let [a, b, _] = link.others;
        match link.work {
            Work::Stay => {}
            Work::Save => self.save(a),
            Work::Load => self.load(X, a),
            Work::Add => self.checked(IntOp::Add, a),
            Work::Sub => self.checked(IntOp::Sub, a),
            Work::SubFrom => {
                self.load(A, a);
                self.code.int(IntOp::Sub, A, X);
                self.code.int(IntOp::Move, X, A);
                self.bail_out_if(Overflow);
            }
            Work::Mul => self.checked(IntOp::Mul, a),
            Work::And => self.with(IntOp::And, a),
            Work::Or => self.with(IntOp::Or, a),
            Work::Xor => self.with(IntOp::Xor, a),
            Work::Min => self.replace_if(Greater, a),
            Work::Max => self.replace_if(Less, a),
            Work::Shl => self.shift_left(a),
            Work::Shr => self.shift_right(a),
            Work::FloorDiv | Work::Mod => self.divide(link, a),
            Work::Neg => {
                self.code.unary(Unary::Neg, X);
                self.bail_out_if(Overflow);
            }
            Work::Abs => {
                self.code.int(IntOp::Move, SCRATCH, X);
                self.code.shift(Shift::Right, SCRATCH, 63);
                self.code.int(IntOp::Xor, X, SCRATCH);
                self.code.int(IntOp::Sub, X, SCRATCH);
                self.bail_out_if(Overflow);
            }
            Work::Not => {
                self.code.constant(SCRATCH, 1);
                self.code.int(IntOp::Xor, X, SCRATCH);
            }
            Work::Lt | Work::Le | Work::Gt | Work::Ge | Work::Eq | Work::Ne => {
                self.with(IntOp::Compare, a);
                self.code.set_if(compared(link.work)?, X);
            }
            Work::SelectIf => {
                self.code.int(IntOp::Test, X, X);
                self.load(X, a);
                self.load(B, b);
                self.code.move_if(Equal, X, B);
            }
            Work::SelectThis => self.replace_by_bool(Equal, a, b),
            Work::SelectElse => self.replace_by_bool(NotEqual, a, b),
            Work::FloatSave => self.save_double(a),
            Work::FloatLoad => self.load_double(U, a),
            Work::FloatAdd => self.with_double(DoubleOp::Add, a),
            Work::FloatSub => self.with_double(DoubleOp::Sub, a),
            Work::FloatSubFrom => self.of_double(DoubleOp::Sub, a),
            Work::FloatMul => self.with_double(DoubleOp::Mul, a),
            Work::FloatDiv => {
                self.load_double(FLOAT_A, a);
                if self.known(a).is_none_or(|bits| bits << 1 == 0) {
                    self.bail_out_if_zero(FLOAT_A);
                }
                self.code.double(DoubleOp::Div, U, FLOAT_A);
            }
            Work::FloatDivInto => {
                self.bail_out_if_zero(U);
                self.of_double(DoubleOp::Div, a);
            }
            Work::FloatNeg => self.with_bits(DoubleOp::Xor, i64::MIN),
            Work::FloatAbs => self.with_bits(DoubleOp::And, i64::MAX),
            Work::FloatSelectIf => {
                self.mask_of(X);
                self.load_double(U, b);
                self.choose_where_set(a);
            }
            Work::FloatSelectThis => {
                self.mask_by(a);
                self.keep_where_set(b);
            }
            Work::FloatSelectElse => {
                self.mask_by(a);
                self.choose_where_set(b);
            }
            // The instructions give their second operand where numbers are the same or do not
            // compare.
            Work::FloatKeepIfLt => self.with_double(DoubleOp::Min, a),
            Work::FloatKeepIfGt => self.with_double(DoubleOp::Max, a),
            Work::FloatTakeIfGt => self.of_double(DoubleOp::Min, a),
            Work::FloatTakeIfLt => self.of_double(DoubleOp::Max, a),
            Work::FloatKeepIfLe | Work::FloatKeepIfGe => {
                self.mask(link.work, a);
                self.keep_where_set(a);
            }
            Work::FloatTakeIfLe | Work::FloatTakeIfGe => {
                self.mask(link.work, a);
                self.choose_where_set(a);
            }
            work if is_comparison(work) => {
                self.mask(work, a);
                self.code.bits_to_int(X, MASK);
                self.code.unary(Unary::Neg, X);
            }
            Work::ToFloat => self.convert(X),
            Work::Other => self.add_other(link, a)?,
            // Joined links, of which there are none.
            _ => return None,
        }
        Some(())
    }

    fn add_other(&mut self, link: &Link<From>, a: From) -> Option<()> {
        match link.action {
            Action::First(Op::Invert) => self.code.unary(Unary::Not, X),
            Action::First(Op::ToFloatExact) => {
                self.bail_out_unless_exact(X);
                self.convert(X);
            }
            Action::First(Op::Trunc) => self.round(Rounding::Trunc),
            Action::First(Op::Round) => self.round(Rounding::TiesEven),
            Action::First(Op::Floor) => self.round(Rounding::Floor),
            Action::First(Op::Ceil) => self.round(Rounding::Ceil),
            Action::First(Op::TrueDiv) => {
                self.load(A, a);
                self.true_divide(X, A);
            }
            Action::Second(Op::TrueDiv) => {
                self.load(A, a);
                self.true_divide(A, X);
            }
            Action::First(Op::Call) if link.function == SQRT => {
                self.code.double(DoubleOp::Move, MASK, U);
                self.code.double(DoubleOp::Xor, FLOAT_A, FLOAT_A);
                self.code.mask(Relation::Less, MASK, FLOAT_A);
                self.bail_out_if_set(MASK);
                self.code.double(DoubleOp::Sqrt, U, U);
            }
            Action::First(Op::Bail) => self.bail_out(),
            _ => return None,
        }
        Some(())
    }

    fn save(&mut self, to: From) {
        match self.place(to) {
            Place::Register(saved) => self.code.int(IntOp::Move, Int(saved), X),
            Place::Stack(offset) => self.code.store(STACK.plus_offset(offset), X),
        }
    }

    fn save_double(&mut self, to: From) {
        match self.place(to) {
            Place::Register(saved) => self.code.double(DoubleOp::Move, Double(saved), U),
            Place::Stack(offset) => self.code.store_double(STACK.plus_offset(offset), U),
        }
    }

    fn place(&self, of: From) -> Place {
        match of {
            From::Saved(place) => self.saved[place],
            From::None | From::Row(_) => unreachable!("nothing is saved in {of:?}"),
        }
    }

    fn with(&mut self, op: IntOp, other: From) {
        self.load(A, other);
        self.code.int(op, X, A);
    }

    fn checked(&mut self, op: IntOp, other: From) {
        self.with(op, other);
        self.bail_out_if(Condition::Overflow);
    }

    /// The operand takes the place of the value that compares so with it.
    fn replace_if(&mut self, condition: Condition, other: From) {
        self.with(IntOp::Compare, other);
        self.code.move_if(condition, X, A);
    }

    /// The operand takes the place of the value if the bool compares so with zero.
    fn replace_by_bool(&mut self, condition: Condition, bool: From, other: From) {
        self.load(A, bool);
        self.load(B, other);
        self.code.int(IntOp::Test, A, A);
        self.code.move_if(condition, X, B);
    }

    fn with_double(&mut self, op: DoubleOp, other: From) {
        self.load_double(FLOAT_A, other);
        self.code.double(op, U, FLOAT_A);
    }

    /// The other operand is the first.
    fn of_double(&mut self, op: DoubleOp, other: From) {
        self.load_double(FLOAT_A, other);
        self.code.double(op, FLOAT_A, U);
        self.code.double(DoubleOp::Move, U, FLOAT_A);
    }

    fn with_bits(&mut self, op: DoubleOp, bits: i64) {
        self.code.constant(SCRATCH, bits);
        self.code.bits_to_double(FLOAT_A, SCRATCH);
        self.code.double(op, U, FLOAT_A);
    }

    /// All bits of the mask, or none, by a bool.
    fn mask_of(&mut self, bool: Int) {
        self.code.int(IntOp::Move, SCRATCH, bool);
        self.code.unary(Unary::Neg, SCRATCH);
        self.code.bits_to_double(MASK, SCRATCH);
    }

    fn mask_by(&mut self, bool: From) {
        if let From::Saved(place) = bool
            && let Some(kept) = self.masks[place]
        {
            self.code.double(DoubleOp::Move, MASK, kept);
        } else {
            self.load(A, bool);
            self.mask_of(A);
        }
    }

    fn convert(&mut self, int: Int) {
        self.code.double(DoubleOp::Xor, U, U);
        self.code.int_to_double(U, int);
    }

    fn bail_out_if_set(&mut self, mask: Double) {
        if self.is_certain {
            return;
        }
        self.code.bits_to_int(SCRATCH, mask);
        self.code.int(IntOp::Test, SCRATCH, SCRATCH);
        self.bail_out_if(Condition::NotEqual);
    }

    /// Whatever the sign of the zero.
    fn bail_out_if_zero(&mut self, double: Double) {
        if self.is_certain {
            return;
        }
        self.code.bits_to_int(SCRATCH, double);
        self.code.int(IntOp::Add, SCRATCH, SCRATCH);
        self.bail_out_if(Condition::Equal);
    }

    fn bail_out_unless_exact(&mut self, int: Int) {
        if self.is_certain {
            return;
        }
        self.code.constant(SCRATCH, 1 << 53);
        self.code.int(IntOp::Add, SCRATCH, int);
        self.code.constant(B, 1 << 54);
        self.code.int(IntOp::Compare, SCRATCH, B);
        self.bail_out_if(Condition::Above);
    }

    fn true_divide(&mut self, dividend: Int, divisor: Int) {
        self.code.int(IntOp::Test, divisor, divisor);
        self.bail_out_if(Condition::Equal);
        self.bail_out_unless_exact(dividend);
        self.bail_out_unless_exact(divisor);
        self.convert(dividend);
        self.code.double(DoubleOp::Xor, FLOAT_A, FLOAT_A);
        self.code.int_to_double(FLOAT_A, divisor);
        self.code.double(DoubleOp::Div, U, FLOAT_A);
    }

    fn round(&mut self, rounding: Rounding) {
        self.code.round(rounding, FLOAT_A, U);
        self.code.double_to_int(X, FLOAT_A);
        // What does not fit has become the least integer, which it is not.
        self.code.double(DoubleOp::Xor, FLOAT_B, FLOAT_B);
        self.code.int_to_double(FLOAT_B, X);
        self.code.mask(Relation::NotEqual, FLOAT_B, FLOAT_A);
        self.bail_out_if_set(FLOAT_B);
    }

    /// Bails out where bits are lost, and for negative counts.
    fn shift_left(&mut self, count: From) {
        let known = self.known(count);
        self.code.int(IntOp::Move, SCRATCH, X);
        if let Some(count @ 0..64) = known {
            let count = u8::try_from(count).unwrap_or(0);
            self.code.shift(Shift::Left, X, count);
            if self.is_certain {
                return;
            }
            self.code.int(IntOp::Move, B, X);
            self.code.shift(Shift::Right, B, count);
            self.code.int(IntOp::Compare, B, SCRATCH);
            self.bail_out_if(Condition::NotEqual);
            return;
        }
        let (end, all) = (self.code.new_label(), self.code.new_label());
        self.load(COUNT, count);
        self.code.compare_constant(COUNT, 63);
        self.code.jump_if(Condition::Above, all);
        self.code.shift_by_count(Shift::Left, X);
        self.code.int(IntOp::Move, B, X);
        self.code.shift_by_count(Shift::Right, B);
        self.code.int(IntOp::Compare, B, SCRATCH);
        self.bail_out_if(Condition::NotEqual);
        self.code.jump(end);
        // Zero is left, if the count is none of those that are negative.
        self.code.place(all);
        self.code.compare_constant(COUNT, 0);
        self.bail_out_if(Condition::Less);
        self.code.int(IntOp::Test, X, X);
        self.bail_out_if(Condition::NotEqual);
        self.code.place(end);
    }

    fn shift_right(&mut self, count: From) {
        match self.known(count) {
            Some(..0) => self.bail_out(),
            Some(count) => {
                let count = u8::try_from(count.min(63)).unwrap_or(63);
                self.code.shift(Shift::Right, X, count);
            }
            None => {
                self.load(COUNT, count);
                self.code.compare_constant(COUNT, 0);
                self.bail_out_if(Condition::Less);
                self.code.constant(SCRATCH, 63);
                self.code.compare_constant(COUNT, 63);
                self.code.move_if(Condition::Greater, COUNT, SCRATCH);
                self.code.shift_by_count(Shift::Right, X);
            }
        }
    }

    /// Rounds down, other than the instruction.
    fn divide(&mut self, link: &Link<From>, divisor: From) {
        let known = self.known(divisor);
        let is_quotient = link.work == Work::FloorDiv;
        if let Some(divisor @ 1..) = known {
            let rest = self.before(link).and_then(|range| Rest::of(divisor, range));
            return match rest.filter(|_| is_quotient) {
                Some(rest) => self.quotient(divisor, &rest),
                None => self.divide_by(divisor, is_quotient),
            };
        }
        let (end, other) = (self.code.new_label(), self.code.new_label());
        self.load(A, divisor);
        self.code.int(IntOp::Test, A, A);
        if self.is_certain {
            // Nobody wants the quotient where the divisor is zero: a mask does not hold there. To
            // divide would still be a trap.
            self.code.jump_if(Condition::Equal, end);
        } else {
            self.bail_out_if(Condition::Equal);
        }
        // And so would the least integer divided by this.
        self.code.compare_constant(A, -1);
        self.code.jump_if(Condition::NotEqual, other);
        if is_quotient {
            self.code.unary(Unary::Neg, X);
            self.bail_out_if(Condition::Overflow);
        } else {
            self.code.constant(X, 0);
        }
        self.code.jump(end);
        self.code.place(other);
        self.code.extend_sign();
        self.code.unary(Unary::Div, A);
        // All bits if there is a rest whose sign is not the divisor's.
        self.code.constant(B, 0);
        self.code.int(IntOp::Move, SCRATCH, REST);
        self.code.int(IntOp::Xor, SCRATCH, A);
        self.code.shift(Shift::Right, SCRATCH, 63);
        self.code.int(IntOp::Test, REST, REST);
        self.code.move_if(Condition::Equal, SCRATCH, B);
        if is_quotient {
            self.code.int(IntOp::Add, X, SCRATCH);
        } else {
            self.code.int(IntOp::And, SCRATCH, A);
            self.code.int(IntOp::Move, X, REST);
            self.code.int(IntOp::Add, X, SCRATCH);
        }
        self.code.place(end);
    }

    /// By a constant, of a number that the reciprocal is exact enough for.
    fn quotient(&mut self, divisor: i64, rest: &Rest) {
        let offset = rest.offset.cast_signed();
        if offset != 0 {
            self.code.constant(B, offset);
            self.code.int(IntOp::Add, X, B);
        }
        self.code.constant(B, rest.reciprocal.cast_signed());
        self.code.unary(Unary::WideMul, B);
        self.code.int(IntOp::Move, X, REST);
        if offset != 0 {
            self.code.constant(B, offset / divisor);
            self.code.int(IntOp::Sub, X, B);
        }
    }

    /// By a constant, without a division: by its reciprocal, of as many digits as 63 bits need
    /// (Granlund and Montgomery, Division by invariant integers using multiplication, 1994).
    fn divide_by(&mut self, divisor: i64, is_quotient: bool) {
        if divisor.count_ones() == 1 {
            if is_quotient {
                let count = u8::try_from(divisor.trailing_zeros()).unwrap_or(0);
                self.code.shift(Shift::Right, X, count);
            } else {
                self.code.constant(SCRATCH, divisor - 1);
                self.code.int(IntOp::And, X, SCRATCH);
            }
            return;
        }
        let (reciprocal, shift) = reciprocal(divisor);
        // A negative number is rounded down if what is not set in it is.
        self.code.int(IntOp::Move, SCRATCH, X);
        self.code.int(IntOp::Move, A, X);
        self.code.shift(Shift::Right, A, 63);
        self.code.int(IntOp::Xor, X, A);
        self.code.constant(B, reciprocal.cast_signed());
        self.code.unary(Unary::WideMul, B);
        self.code.shift(Shift::RightUnsigned, REST, shift);
        self.code.int(IntOp::Xor, REST, A);
        if is_quotient {
            self.code.int(IntOp::Move, X, REST);
        } else {
            self.code.constant(B, divisor);
            self.code.int(IntOp::Mul, REST, B);
            self.code.int(IntOp::Move, X, SCRATCH);
            self.code.int(IntOp::Sub, X, REST);
        }
    }
}

/// How numbers that are small enough are divided by a constant that is no power of two.
///
/// `(n + offset) * reciprocal` has the quotient in its upper half, plus that of the offset. The lower
/// half times the divisor has the rest in its upper half (Lemire, Kaser and Kurz, Faster remainder by
/// direct computation, 2019).
struct Rest {
    /// `2 ** 64 / divisor`, rounded up.
    reciprocal: u64,
    /// A multiple of the divisor that leaves no number negative; less than `2 ** 63`.
    offset: u64,
}

impl Rest {
    /// If it is exact for these numbers.
    fn of(divisor: i64, numbers: Interval) -> Option<Self> {
        if divisor < 3 || divisor.count_ones() == 1 {
            return None;
        }
        let divisor = i128::from(divisor);
        let offset = -numbers.low.min(0).div_euclid(divisor) * divisor;
        let offset = i64::try_from(offset).ok()?;
        let two_to_64 = 1_i128 << 64;
        let reciprocal = two_to_64 / divisor + 1;
        // Less than the divisor. The product is of 64 and 63 bits.
        let excess = reciprocal * divisor - two_to_64;
        let is_exact = (numbers.high + i128::from(offset)) * excess < two_to_64;
        is_exact.then(|| Rest {
            reciprocal: u64::try_from(reciprocal).unwrap_or(u64::MAX),
            offset: offset.cast_unsigned(),
        })
    }
}

/// The upper half of a product of 63 bits with the first, shifted to the right by the second, is
/// the quotient. The divisor is no power of two.
fn reciprocal(divisor: i64) -> (u64, u8) {
    let digits = i64::BITS - divisor.leading_zeros();
    // 2 ** (63 + digits) / divisor, rounded up: from 2 ** 63 to 2 ** 64.
    let power = 1_u128 << (63 + digits);
    let reciprocal = power / u128::from(divisor.unsigned_abs()) + 1;
    let reciprocal = u64::try_from(reciprocal).unwrap_or(u64::MAX);
    (reciprocal, u8::try_from(digits - 1).unwrap_or(0))
}

impl Int {
    fn plus(self, offset: usize) -> Address {
        self.plus_offset(i32::try_from(offset).unwrap_or(0))
    }

    fn plus_offset(self, offset: i32) -> Address {
        Address {
            base: self,
            index: None,
            offset,
        }
    }

    fn at(self, index: Int, size: usize) -> Address {
        Address {
            base: self,
            index: Some((index, u8::try_from(size).unwrap_or(0))),
            offset: 0,
        }
    }
}

/// Whether doubles are compared.
fn is_comparison(work: Work) -> bool {
    use Work::{FloatEq, FloatGe, FloatGt, FloatLe, FloatLt, FloatNe};
    matches!(
        work,
        FloatEq | FloatGe | FloatGt | FloatLe | FloatLt | FloatNe
    )
}

/// The condition of a comparison of ints.
fn compared(work: Work) -> Option<Condition> {
    Some(match work {
        Work::Lt => Condition::Less,
        Work::Le => Condition::LessOrEqual,
        Work::Gt => Condition::Greater,
        Work::Ge => Condition::GreaterOrEqual,
        Work::Eq => Condition::Equal,
        Work::Ne => Condition::NotEqual,
        _ => return None,
    })
}

fn loaded(of: ElementType) -> Loaded {
    match of {
        ElementType::I8 => Loaded::I8,
        ElementType::I16 => Loaded::I16,
        ElementType::I32 => Loaded::I32,
        ElementType::U8 => Loaded::U8,
        ElementType::U16 => Loaded::U16,
        ElementType::U32 => Loaded::U32,
        ElementType::I64 | ElementType::U64 | ElementType::F32 | ElementType::F64 => Loaded::I64,
    }
}
