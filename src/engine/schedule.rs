//! From an analysis to steps: which kernel each instruction is, and which register each value has.

use super::block::{BLOCK, LARGEST_BLOCK, block_len};
use super::column::Column;
use super::fuse::{Fusions, comparison};
use super::interval::Interval;
use super::kernels::Comparison;
use super::plan::{Action, Analysis, LaneType, OPERANDS, Place, Plan, Source, Step, TERMS};
use super::program::{Constant, Instruction, Kind, Op, Program};
use crate::ElementType;

/// An operand of a step that has no register yet.
#[derive(Clone, Copy)]
enum Arg {
    None,
    Value(usize),
    /// Of an input.
    Elements(usize),
    Constant(Constant),
}

/// A step whose values have no registers yet.
struct Node {
    action: Action,
    kind: Kind,
    out: Option<usize>,
    args: [Arg; OPERANDS],
    mask: Arg,
}

pub(super) struct Schedule<'a> {
    analysis: &'a Analysis<'a>,
    fusions: &'a Fusions,
    program: &'a Program,
    nodes: Vec<Node>,
    /// By value: it is an input in place, or a step gives it, or a register is filled with it.
    ready: Vec<bool>,
    /// The constants that fill a register.
    spread: Vec<usize>,
}

impl<'a> Schedule<'a> {
    pub(super) fn of(analysis: &'a Analysis<'a>, fusions: &'a Fusions) -> Self {
        let program = analysis.shape.program;
        let mut schedule = Schedule {
            analysis,
            fusions,
            program,
            nodes: Vec::new(),
            ready: vec![false; program.len()],
            spread: Vec::new(),
        };
        for input in 0..program.inputs().len() {
            schedule.ready[input] = schedule.is_direct(input);
        }
        for (value, instruction) in analysis.instructions() {
            if !fusions.inner[value] {
                schedule.add(value, instruction);
            }
        }
        schedule.store();
        schedule.convert_on_the_way();
        schedule
    }

    /// Leaves out loads of elements that only a polynomial wants, which then converts them itself.
    fn convert_on_the_way(&mut self) {
        let mut i = 0;
        while i < self.nodes.len() {
            match self.polynomial_of(i) {
                Some((user, input)) => {
                    self.nodes[user].args[0] = Arg::Elements(input);
                    self.nodes.remove(i);
                }
                None => i += 1,
            }
        }
    }

    /// The only node that wants the doubles of a load, if it is a polynomial of these; and the input.
    fn polynomial_of(&self, load: usize) -> Option<(usize, usize)> {
        let Node {
            action: Action::Load(input),
            kind: Kind::Float,
            out: Some(value),
            ..
        } = self.nodes[load]
        else {
            return None;
        };
        let (element_type, is_aligned) = self.analysis.shape.inputs[input];
        let wants = |arg: &Arg| matches!(arg, Arg::Value(wanted) if *wanted == value);
        let mut users = self.nodes.iter().enumerate().filter(|(_, node)| {
            let mut args = node.args.iter().chain([&node.mask]);
            args.any(wants)
        });
        let (user, node) = users.next()?;
        let is_polynomial = matches!(node.action, Action::Horner) && wants(&node.args[0]);
        let converts = Column::has_polynomials(element_type, is_aligned);
        (is_polynomial && converts && users.next().is_none()).then_some((user, input))
    }

    /// Whether the elements of an input are lanes as they are.
    fn is_direct(&self, input: usize) -> bool {
        let (element_type, aligned) = self.analysis.shape.inputs[input];
        let lane = match self.program.kind(input) {
            Kind::Int => self.analysis.lane.element_type(),
            Kind::Float | Kind::Bool => ElementType::F64,
        };
        aligned && element_type == lane
    }

    /// The operand as lanes: loaded or filled where it is not yet.
    fn lanes(&mut self, value: usize) -> Arg {
        if !self.ready[value] {
            self.ready[value] = true;
            if value < self.program.inputs().len() {
                let kind = self.program.kind(value);
                self.push(Action::Load(value), kind, Some(value), &[], Arg::None);
            } else {
                debug_assert!(self.program.constant(value).is_some(), "not computed yet");
                self.spread.push(value);
            }
        }
        Arg::Value(value)
    }

    /// The operand as it is: a constant stays one.
    fn any(&mut self, value: usize) -> Arg {
        match self.program.constant(value) {
            Some(constant) => Arg::Constant(constant),
            None => self.lanes(value),
        }
    }

    fn push(&mut self, action: Action, kind: Kind, out: Option<usize>, args: &[Arg], mask: Arg) {
        let mut all = [Arg::None; OPERANDS];
        all[..args.len()].copy_from_slice(args);
        if let Some(out) = out {
            self.ready[out] = true;
        }
        self.nodes.push(Node {
            action,
            kind,
            out,
            args: all,
            mask,
        });
    }

    fn is_constant(&self, value: usize) -> bool {
        self.program.constant(value).is_some()
    }

    /// A pair of operands, of which the second may be a constant, and whether they are swapped.
    fn pair(&mut self, a: usize, b: usize) -> ([Arg; 2], bool) {
        let swapped = self.is_constant(a) && !self.is_constant(b);
        let (a, b) = if swapped { (b, a) } else { (a, b) };
        ([self.lanes(a), self.any(b)], swapped)
    }

    /// Adds the step of an instruction, after what it needs.
    fn add(&mut self, value: usize, instruction: &Instruction) {
        let analysis = self.analysis;
        let (op, kind) = (instruction.op, instruction.op.result());
        if let Some(polynomial) = self.fusions.polynomial(analysis, value) {
            let mut args = [Arg::None; OPERANDS];
            args[0] = self.lanes(polynomial.variable);
            for (arg, coefficient) in args[1..].iter_mut().zip(polynomial.coefficients) {
                *arg = Arg::Constant(coefficient);
            }
            args[1 + TERMS] = polynomial.added.map_or(Arg::None, Arg::Constant);
            return self.push(Action::Horner, kind, Some(value), &args, Arg::None);
        }
        if let Some(product) = self.fusions.product(analysis, value) {
            return self.add_product(value, instruction, product);
        }
        if let Some(condition) = self.fusions.condition(analysis, value)
            && let Some(compared) = self.program.instruction(condition)
            && let Some((_, comparison)) = comparison(compared.op)
        {
            let ([a, b], swapped) = self.pair(compared.operand(0), compared.operand(1));
            let comparison = if swapped {
                comparison.swapped()
            } else {
                comparison
            };
            let arms = self.fusions.arms(analysis, value);
            if matches!(b, Arg::Constant(Constant::Int(0)))
                && matches!(a, Arg::Value(a) if is_magnitude(comparison, arms, a))
            {
                return self.push(Action::Plain(Op::Abs), kind, Some(value), &[a], Arg::None);
            }
            let [yes, no] = arms.map(|(arm, negated)| self.lanes(negated.unwrap_or(arm)));
            let negates = arms.map(|(_, negated)| negated.is_some());
            let action = Action::CompareSelect(comparison, negates);
            return self.push(action, kind, Some(value), &[a, b, yes, no], Arg::None);
        }
        if let Some((compared, comparison)) = comparison(op) {
            let (args, swapped) = self.pair(instruction.operand(0), instruction.operand(1));
            let comparison = if swapped {
                comparison.swapped()
            } else {
                comparison
            };
            let action = match compared {
                Kind::Float => Action::CompareFloats(comparison),
                Kind::Int | Kind::Bool => Action::Compare(comparison),
            };
            return self.push(action, kind, Some(value), &args, Arg::None);
        }
        let bails = analysis.bails(value);
        if let Some(input) = analysis.shape.loads(instruction, bails) {
            return self.push(Action::Load(input), kind, Some(value), &[], Arg::None);
        }
        if bails {
            return self.add_checked(value, instruction);
        }
        match op {
            Op::Add
            | Op::Mul
            | Op::And
            | Op::Or
            | Op::Xor
            | Op::Min
            | Op::Max
            | Op::FloatAdd
            | Op::FloatMul => {
                let (args, _) = self.pair(instruction.operand(0), instruction.operand(1));
                self.push(Action::Plain(op), kind, Some(value), &args, Arg::None);
            }
            Op::Sub | Op::FloatSub => {
                let a = if self.is_constant(instruction.operand(1)) {
                    self.lanes(instruction.operand(0))
                } else {
                    self.any(instruction.operand(0))
                };
                let b = self.any(instruction.operand(1));
                self.push(Action::Plain(op), kind, Some(value), &[a, b], Arg::None);
            }
            Op::Shl | Op::Shr | Op::FloatDiv | Op::Copysign => {
                let a = self.lanes(instruction.operand(0));
                let b = self.any(instruction.operand(1));
                self.push(Action::Plain(op), kind, Some(value), &[a, b], Arg::None);
            }
            Op::FloorDiv | Op::Mod => self.add_division(value, instruction),
            Op::Pow => self.add_checked(value, instruction),
            Op::Select | Op::FloatSelect | Op::BoolSelect => {
                let args = [0, 1, 2].map(|i| self.lanes(instruction.operand(i)));
                self.push(Action::Select, kind, Some(value), &args, Arg::None);
            }
            _ => {
                let args: Vec<Arg> = instruction
                    .operands()
                    .map(|value| self.lanes(value))
                    .collect();
                self.push(Action::Plain(op), kind, Some(value), &args, Arg::None);
            }
        }
    }

    fn add_product(&mut self, value: usize, instruction: &Instruction, product: usize) {
        let kind = instruction.op.result();
        let Some(factors) = self.program.instruction(product) else {
            return;
        };
        let ([a, mut b], _) = self.pair(factors.operand(0), factors.operand(1));
        let [first, second] = [instruction.operand(0), instruction.operand(1)];
        let is_difference = matches!(instruction.op, Op::Sub | Op::FloatSub);
        let mut c = self.any(if product == second { first } else { second });
        if is_difference {
            let turned = if product == second { &mut b } else { &mut c };
            if let Arg::Constant(constant) = turned {
                *constant = constant.negated();
            }
        }
        self.push(
            Action::MultiplyAdd,
            kind,
            Some(value),
            &[a, b, c],
            Arg::None,
        );
    }

    /// A division that cannot fail.
    fn add_division(&mut self, value: usize, instruction: &Instruction) {
        let op = instruction.op;
        let [a, b] = [instruction.operand(0), instruction.operand(1)];
        let exact = Interval::REAL.contains(self.analysis.ranges.values[a].int());
        let plain = match self.program.constant(b) {
            Some(Constant::Int(divisor)) if divisor > 0 && divisor & (divisor - 1) == 0 => {
                Some(if op == Op::FloorDiv {
                    (Op::Shr, i64::from(divisor.trailing_zeros()))
                } else {
                    (Op::And, divisor - 1)
                })
            }
            Some(Constant::Int(divisor))
                if divisor > 0
                    && (self.analysis.lane != LaneType::I64
                        || exact && i128::from(divisor) <= super::interval::EXACT) =>
            {
                Some((op, divisor))
            }
            _ => None,
        };
        if let Some((op, constant)) = plain {
            let args = [self.lanes(a), Arg::Constant(Constant::Int(constant))];
            self.push(Action::Plain(op), Kind::Int, Some(value), &args, Arg::None);
        } else {
            self.add_checked(value, instruction);
        }
    }

    /// A step that tells whether it fails in an active lane.
    fn add_checked(&mut self, value: usize, instruction: &Instruction) {
        let op = instruction.op;
        let mask = match instruction.mask {
            Some(mask) if self.analysis.bails(value) => self.lanes(mask),
            _ => Arg::None,
        };
        let mut args: Vec<Arg> = instruction
            .operands()
            .map(|value| self.lanes(value))
            .collect();
        if let [only] = args[..] {
            args.push(only);
        }
        let ranges = &self.analysis.ranges.values;
        let exact = |value: usize| Interval::REAL.contains(ranges[value].int());
        let action = match op {
            Op::Call => Action::Call(instruction.function),
            Op::FloorDiv | Op::Mod if instruction.operands().all(exact) => Action::CheckedReal(op),
            _ => Action::Checked(op),
        };
        self.push(action, op.result(), Some(value), &args, mask);
    }

    /// The step that stores the result, where the step that gives it cannot do so itself.
    fn store(&mut self) {
        let result = self.program.result_value();
        let kind = self.program.result();
        let lane = match kind {
            Kind::Int => Some(self.analysis.lane.element_type()),
            Kind::Float => Some(ElementType::F64),
            Kind::Bool => None,
        };
        let computed = self.nodes.iter().any(|node| node.out == Some(result));
        let direct = computed && lane.is_some() && lane == self.analysis.shape.target;
        if direct && self.fusions.uses[result] == 1 {
            return;
        }
        let arg = self.lanes(result);
        let check = self.analysis.check;
        self.push(Action::Store { kind, check }, kind, None, &[arg], Arg::None);
    }

    /// Gives registers to values, each until the last step that uses it.
    pub(super) fn finish(self) -> Plan {
        let mut registers = Registers::default();
        let mut sources = vec![Source::None; self.program.len()];
        for (input, source) in sources[..self.program.inputs().len()]
            .iter_mut()
            .enumerate()
        {
            if self.is_direct(input) {
                *source = Source::Input(input);
            }
        }
        let mut spread = Vec::new();
        for value in &self.spread {
            if let Some(constant) = self.program.constant(*value) {
                let register = registers.take(constant.kind());
                sources[*value] = Source::Register(register);
                spread.push((constant, register));
            }
        }
        let mut last = vec![usize::MAX; self.program.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            for arg in node.args.iter().chain([&node.mask]) {
                if let Arg::Value(value) = arg {
                    last[*value] = i;
                }
            }
        }
        let stored = matches!(
            self.nodes.last(),
            Some(Node {
                action: Action::Store { .. },
                ..
            })
        );
        let mut steps = Vec::with_capacity(self.nodes.len());
        for (i, node) in self.nodes.iter().enumerate() {
            let source = |arg: Arg| match arg {
                Arg::None => Source::None,
                Arg::Value(value) => sources[value],
                Arg::Elements(input) => Source::Elements(input),
                Arg::Constant(constant) => Source::Constant(constant),
            };
            let (operands, mask) = (node.args.map(source), source(node.mask));
            let out = match node.out {
                None => Place::None,
                Some(value) if value == self.program.result_value() && !stored => Place::Target,
                Some(value) => {
                    let register = registers.take(node.kind);
                    sources[value] = Source::Register(register);
                    if last[value] == usize::MAX {
                        registers.free(node.kind, register);
                    }
                    Place::Register(register)
                }
            };
            steps.push(Step {
                action: node.action,
                kind: node.kind,
                out,
                operands,
                mask,
            });
            let mut values: Vec<usize> = Vec::new();
            for arg in node.args.iter().chain([&node.mask]) {
                if let Arg::Value(value) = arg
                    && last[*value] == i
                    && !values.contains(value)
                    && !self.is_constant(*value)
                {
                    values.push(*value);
                    if let Source::Register(register) = sources[*value] {
                        registers.free(self.program.kind(*value), register);
                    }
                }
            }
        }
        Plan {
            block: self.block_len(&steps, &spread),
            overflows: self.analysis.ranges.overflows || self.analysis.check,
            lane: self.analysis.lane,
            steps,
            spread,
        }
    }

    /// The elements of a block: as many as keep its registers in the cache.
    fn block_len(&self, steps: &[Step], spread: &[(Constant, usize)]) -> usize {
        let analysis = self.analysis;
        if analysis.check || analysis.ranges.bails.contains(&true) {
            return BLOCK; // as few elements as possible are to be passed to a function
        }
        let written = steps
            .iter()
            .filter(|step| matches!(step.out, Place::Register(_)))
            .map(|step| step.kind);
        let filled = spread.iter().map(|(constant, _)| constant.kind());
        let widest = written.chain(filled).map(|kind| match kind {
            Kind::Int => analysis.lane.element_type().size(),
            Kind::Float => size_of::<f64>(),
            Kind::Bool => size_of::<u8>(),
        });
        // Without registers, two blocks at a time: it is only inputs and results that a cache holds.
        let inputs = analysis.shape.inputs.iter().map(|(input, _)| input.size());
        let block = widest
            .max()
            .map_or_else(|| 2 * block_len(inputs.max().unwrap_or(8)), block_len);
        block.min(LARGEST_BLOCK)
    }
}

/// Whether it is the magnitude of an integer that is selected by how this compares with zero.
fn is_magnitude(comparison: Comparison, arms: [(usize, Option<usize>); 2], value: usize) -> bool {
    let [yes, no] = match comparison {
        Comparison::Gt | Comparison::Ge => arms,
        Comparison::Lt | Comparison::Le => [arms[1], arms[0]],
        Comparison::Eq | Comparison::Ne => return false,
    };
    yes == (value, None) && no.1 == Some(value)
}

/// Which registers of each type are free.
#[derive(Default)]
struct Registers {
    free: [Vec<usize>; 3],
    count: [usize; 3],
}

impl Registers {
    fn take(&mut self, kind: Kind) -> usize {
        let kind = kind as usize;
        self.free[kind].pop().unwrap_or_else(|| {
            self.count[kind] += 1;
            self.count[kind] - 1
        })
    }

    fn free(&mut self, kind: Kind, register: usize) {
        self.free[kind as usize].push(register);
    }
}
