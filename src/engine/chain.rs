//! Reductions as chains: what depends on the accumulator, one operation after the other.
//!
//! All that does not depend on it is computed block by block, as [`map`](super::map()) does: the
//! *rows*. What is left is passed through element by element ([`links`](super::links)), so it is kept
//! short. Each step goes on with the value of the step before; a value that is needed later, too, is
//! saved.

use super::column::Column;
use super::fuse::comparison;
use super::interval::{Range, Ranges};
use super::kernels::Comparison;
use super::plan::Shape;
use super::program::{Constant, Instruction, Kind, Op, Program};
use crate::ElementType;

/// What a step does with the value of the step before, and with others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    /// Nothing: the accumulator is the value.
    Start,
    /// Another operand takes its place.
    Load,
    /// An operation of which it is the first operand, or that has none.
    First(Op),
    /// An operation of which it is the second operand.
    Second(Op),
    /// An operation of which it is the third operand.
    Third(Op),
    /// It stays if it compares so with the operand, which else takes its place.
    KeepIf(Comparison),
    /// The other way round.
    TakeIf(Comparison),
}

/// Where an operand is from that is not the value of the step before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum From {
    None,
    Row(usize),
    Saved(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) action: Action,
    /// The type of the value afterwards.
    pub(super) kind: Kind,
    /// The function, of a call.
    pub(super) function: u16,
    /// The other operands, in their order.
    pub(super) others: [From; 2],
    /// A bool; where it is false, the step gives zero instead of bailing out.
    pub(super) guard: From,
    /// Where the value is saved.
    pub(super) saves: Option<usize>,
    /// What is known of the value afterwards, where the program wants it.
    pub(super) range: Range,
    /// It never bails out, where the program wants the value.
    pub(super) is_certain: bool,
}

/// Values for each element of a block.
#[derive(Debug)]
pub(super) enum Row {
    Constant(Constant),
    /// A program of the element alone.
    Program(Program),
}

/// Where machine code has a row from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Constant(Constant),
    /// The row of this number, in memory, of eight bytes each.
    Row(usize),
    /// The element itself.
    Element(ElementType),
}

/// A reduction: its steps, and the rows that these want.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) kind: Kind,
    pub(super) steps: Vec<Step>,
    pub(super) rows: Vec<Row>,
    /// How many values are saved.
    pub(super) saved: usize,
}

impl Chain {
    /// The chain with as few steps as there are.
    pub(super) fn short(program: &Program, live: &[bool], ranges: &Ranges) -> Chain {
        let mut depends = vec![false; program.len()];
        depends[0] = true;
        for (i, instruction) in program.instructions().iter().enumerate() {
            let mask = instruction.mask.filter(|_| ranges.bails[i]);
            let mut operands = instruction.operands().chain(mask);
            depends[program.first_result() + i] = operands.any(|operand| depends[operand]);
        }
        Builder::new(program, live, ranges, depends).build()
    }

    /// The chain whose only row is the element, so that no row bails out.
    pub(super) fn long(program: &Program, live: &[bool], ranges: &Ranges) -> Chain {
        let first = program.first_result();
        let depends = (0..program.len()).map(|value| value == 0 || value >= first);
        Builder::new(program, live, ranges, depends.collect()).build()
    }

    /// What is known of the programs of the rows that are computed: of all but those that say no.
    pub(super) fn shapes(
        &self,
        column: &Column<'_>,
        is_computed: impl Fn(usize) -> bool,
    ) -> Vec<Shape<'_>> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(i, row)| match row {
            Row::Program(program) if is_computed(i) => Some(Shape {
                program,
                inputs: vec![(column.element_type(), column.is_aligned())],
                target: Some(match program.result() {
                    Kind::Float => ElementType::F64,
                    Kind::Int | Kind::Bool => ElementType::I64,
                }),
            }),
            _ => None,
        })
        .collect()
    }
}

struct Builder<'a> {
    program: &'a Program,
    live: &'a [bool],
    ranges: &'a Ranges,
    /// By value: it depends on the accumulator.
    depends: Vec<bool>,
    /// By value: a row has it, or it is part of one.
    needed: Vec<bool>,
    /// By value: how many steps want it.
    uses: Vec<usize>,
    /// By value: the step that gives it.
    steps: Vec<Option<usize>>,
    /// By value: its row.
    rows: Vec<Option<usize>>,
    chain: Chain,
}

impl<'a> Builder<'a> {
    fn new(program: &'a Program, live: &'a [bool], ranges: &'a Ranges, depends: Vec<bool>) -> Self {
        let len = program.len();
        Builder {
            program,
            live,
            ranges,
            depends,
            needed: vec![false; len],
            uses: vec![0; len],
            steps: vec![None; len],
            rows: vec![None; len],
            chain: Chain {
                kind: program.result(),
                steps: Vec::new(),
                rows: Vec::new(),
                saved: 0,
            },
        }
    }

    fn build(mut self) -> Chain {
        let program = self.program;
        let first = program.first_result();
        let all = program.instructions().iter().enumerate();
        let dependent: Vec<(usize, &Instruction)> = all
            .map(|(i, instruction)| (first + i, instruction))
            .filter(|(value, _)| self.live[*value] && self.depends[*value])
            .collect();
        for (value, instruction) in &dependent {
            for operand in instruction.operands().chain(self.mask(*value, instruction)) {
                self.uses[operand] += 1;
            }
        }
        self.uses[program.result_value()] += 1;
        self.push(Action::Start, 0, [From::None; 2], 0, From::None);
        let mut current = 0;
        let mut rest = &dependent[..];
        while let [(value, instruction), others @ ..] = rest {
            if let Some(selected) = self.add_fused(current, rest) {
                current = selected;
                rest = &others[1..];
            } else {
                self.add(current, *value, instruction);
                current = *value;
                rest = others;
            }
        }
        let result = program.result_value();
        if current != result {
            let from = self.from(result);
            self.push(Action::Load, result, [from, From::None], 0, From::None);
        }
        // What may bail out is computed even if nothing else wants it.
        for value in first..program.len() {
            let is_wanted = self.live[value] && !self.depends[value] && !self.needed[value];
            if is_wanted && self.bails(value) {
                self.from(value);
            }
        }
        self.chain
    }

    /// The condition for bailing out, where that can be.
    fn mask(&self, value: usize, instruction: &Instruction) -> Option<usize> {
        instruction.mask.filter(|_| self.bails(value))
    }

    fn bails(&self, value: usize) -> bool {
        let instruction = value.checked_sub(self.program.first_result());
        instruction.is_some_and(|instruction| self.ranges.bails[instruction])
    }

    fn push(
        &mut self,
        action: Action,
        value: usize,
        others: [From; 2],
        function: u16,
        guard: From,
    ) {
        self.steps[value] = Some(self.chain.steps.len());
        self.chain.steps.push(Step {
            action,
            kind: self.program.kind(value),
            function,
            others,
            guard,
            saves: None,
            range: self.ranges.values[value],
            is_certain: !self.bails(value),
        });
    }

    /// An operand that is not the value of the step before.
    fn from(&mut self, value: usize) -> From {
        if let Some(step) = self.steps[value] {
            let saved = &mut self.chain.steps[step].saves;
            return From::Saved(*saved.get_or_insert_with(|| {
                self.chain.saved += 1;
                self.chain.saved - 1
            }));
        }
        let row = *self.rows[value].get_or_insert_with(|| {
            let program = self.program;
            self.chain.rows.push(match program.constant(value) {
                Some(constant) => Row::Constant(constant),
                None => Row::Program(program.of_element(value, &self.depends, &mut self.needed)),
            });
            self.chain.rows.len() - 1
        });
        From::Row(row)
    }

    /// What an instruction multiplies by that divides by a power of two.
    fn reciprocal(&self, instruction: &Instruction) -> Option<f64> {
        if instruction.op != Op::FloatDiv {
            return None;
        }
        match self.program.constant(instruction.operand(1)) {
            Some(Constant::Float(divisor)) => exact_reciprocal(divisor),
            _ => None,
        }
    }

    /// Adds the steps of an instruction.
    fn add(&mut self, current: usize, value: usize, instruction: &Instruction) {
        let operands: Vec<usize> = instruction.operands().collect();
        let guard = match self.mask(value, instruction) {
            Some(mask) => self.from(mask),
            None => From::None,
        };
        let at = operands.iter().position(|operand| *operand == current);
        if at.is_none()
            && let Some(first) = operands.first()
        {
            // Not a step that gives the value, which has been saved where it was computed.
            let from = self.from(*first);
            let given = self.steps[*first];
            self.push(Action::Load, *first, [from, From::None], 0, From::None);
            self.steps[*first] = given;
        }
        let at = at.unwrap_or(0);
        let mut op = instruction.op;
        let mut others = [From::None; 2];
        if let Some(reciprocal) = self.reciprocal(instruction).filter(|_| at == 0) {
            op = Op::FloatMul;
            others[0] = From::Row(self.chain.rows.len());
            let constant = Constant::Float(reciprocal);
            self.chain.rows.push(Row::Constant(constant));
        } else {
            let rest = operands.iter().enumerate().filter(|(i, _)| *i != at);
            for (other, (_, operand)) in others.iter_mut().zip(rest) {
                *other = self.from(*operand);
            }
        }
        let action = match at {
            0 => Action::First(op),
            1 => Action::Second(op),
            _ => Action::Third(op),
        };
        self.push(action, value, others, instruction.function, guard);
    }

    /// Adds a comparison and the selection that is all it is for as one step; the value it gives.
    fn add_fused(&mut self, current: usize, rest: &[(usize, &Instruction)]) -> Option<usize> {
        let [(condition, compare), (selected, select), ..] = rest else {
            return None;
        };
        let (_, comparison) = comparison(compare.op)?;
        if matches!(comparison, Comparison::Eq | Comparison::Ne) {
            return None;
        }
        let (a, b) = (compare.operand(0), compare.operand(1));
        let (comparison, other) = match (a == current, b == current) {
            (true, false) => (comparison, b),
            (false, true) => (comparison.swapped(), a),
            _ => return None,
        };
        let is_selection = matches!(select.op, Op::Select | Op::FloatSelect);
        if !is_selection || select.operand(0) != *condition || self.uses[*condition] > 1 {
            return None;
        }
        let chosen = (select.operand(1), select.operand(2));
        let action = if chosen == (current, other) {
            Action::KeepIf(comparison)
        } else if chosen == (other, current) {
            Action::TakeIf(comparison)
        } else {
            return None;
        };
        let from = self.from(other);
        self.push(action, *selected, [from, From::None], 0, From::None);
        Some(*selected)
    }
}

/// The reciprocal of a power of two: a product with it is rounded as the quotient is, as both are
/// of the same number.
fn exact_reciprocal(divisor: f64) -> Option<f64> {
    let reciprocal = 1.0 / divisor;
    let has_mantissa = divisor.to_bits() << 12 != 0;
    (!has_mantissa && divisor.is_normal() && reciprocal.is_normal()).then_some(reciprocal)
}
