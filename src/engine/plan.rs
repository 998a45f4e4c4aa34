//! Plans: a program made ready to run over blocks whose inputs lie in certain intervals.

use super::fuse::Fusions;
use super::interval::{Interval, Ranges};
use super::kernels::Comparison;
use super::program::{Constant, Instruction, Kind, Op, Program};
use super::schedule::Schedule;
use crate::{ElementType, Number};

/// The integers of the lanes of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneType {
    I16,
    I32,
    I64,
}

impl LaneType {
    const ALL: [LaneType; 3] = [LaneType::I16, LaneType::I32, LaneType::I64];

    pub(super) fn element_type(self) -> ElementType {
        match self {
            LaneType::I16 => ElementType::I16,
            LaneType::I32 => ElementType::I32,
            LaneType::I64 => ElementType::I64,
        }
    }

    fn interval(self) -> Interval {
        limits(self.element_type())
    }
}

/// All values of an integer type.
fn limits(element_type: ElementType) -> Interval {
    match element_type.limits() {
        (Number::Int(low), Number::Int(high)) => Interval::new(low, high),
        _ => Interval::I64,
    }
}

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// There is none.
    None,
    Register(usize),
    /// The elements of an input in place.
    Input(usize),
    /// The elements of an input, which the step converts.
    Elements(usize),
    Constant(Constant),
}

/// The terms that a polynomial can have which is one step.
pub(super) const TERMS: usize = 5;

/// The operands that a step can have: a polynomial's variable, coefficients, and added factor.
pub(super) const OPERANDS: usize = 1 + TERMS + 1;

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// There is none.
    None,
    Register(usize),
    Target,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    /// Loads the elements of an input.
    Load(usize),
    /// Cannot fail in any active lane.
    Plain(Op),
    /// May.
    Checked(Op),
    /// As `Checked`, of integers that doubles hold exactly.
    CheckedReal(Op),
    /// A function may fail.
    Call(u16),
    /// `a * b + c`
    MultiplyAdd,
    /// Of integers.
    Compare(Comparison),
    CompareFloats(Comparison),
    /// `(a * b + c) * a + d` ..., of constants, and maybe `a` times another added
    Horner,
    /// `c` where `a` and `b` compare, else `d`; the one or the other negated.
    CompareSelect(Comparison, [bool; 2]),
    /// `b` where `a`, else `c`.
    Select,
    /// Into the target; integers may have to be checked.
    Store {
        kind: Kind,
        check: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) action: Action,
    /// The type of what comes out.
    pub(super) kind: Kind,
    pub(super) out: Place,
    pub(super) operands: [Source; OPERANDS],
    pub(super) mask: Source,
}

/// What to do with a block.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) lane: LaneType,
    pub(super) steps: Vec<Step>,
    /// Registers that hold one constant in all lanes.
    pub(super) spread: Vec<(Constant, usize)>,
    /// The elements of a block.
    pub(super) block: usize,
    /// Integers may leave 64 bits, or not fit where they are stored.
    pub(super) overflows: bool,
}

/// What is known of all blocks: the program, and the types it is run over.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    pub(super) program: &'a Program,
    /// The types of the inputs, and whether their elements are in place.
    pub(super) inputs: Vec<(ElementType, bool)>,
    /// The type of the elements that are written; bits if none.
    pub(super) target: Option<ElementType>,
}

/// What is known of a program over intervals.
pub(super) struct Analysis<'a> {
    pub(super) shape: &'a Shape<'a>,
    pub(super) ranges: Ranges,
    /// By value: it must be computed; an input: loaded as an integer.
    pub(super) live: Vec<bool>,
    pub(super) lane: LaneType,
    /// The results must be checked as they are stored.
    pub(super) check: bool,
}

impl Shape<'_> {
    /// The intervals of the inputs that their types give.
    pub(super) fn static_intervals(&self) -> Vec<Interval> {
        let types = self.inputs.iter();
        types
            .map(|(element_type, _)| limits(*element_type))
            .collect()
    }

    pub(super) fn analyse(&self, inputs: &[Interval]) -> Analysis<'_> {
        let program = self.program;
        let ranges = Ranges::of(program, inputs);
        let check = program.result() == Kind::Int
            && self.target.is_some_and(|target| {
                !limits(target).contains(ranges.values[program.result_value()].int())
            });
        let mut analysis = Analysis {
            shape: self,
            live: live(program, &ranges),
            ranges,
            lane: LaneType::I64,
            check,
        };
        analysis.lane = analysis.cheapest_lane();
        analysis
    }

    /// The plan for blocks within intervals.
    pub(super) fn plan(&self, inputs: &[Interval]) -> Plan {
        let analysis = self.analyse(inputs);
        let fusions = Fusions::find(&analysis);
        Schedule::of(&analysis, &fusions).finish()
    }

    /// Whether an instruction loads an input as doubles: an integer that is used so only needs no
    /// lane of its own.
    pub(super) fn loads(&self, instruction: &Instruction, bails: bool) -> Option<usize> {
        let converts = matches!(instruction.op, Op::ToFloat | Op::ToFloatExact) && !bails;
        let inputs = self.program.inputs().len();
        (converts && instruction.operand(0) < inputs).then(|| instruction.operand(0))
    }
}

/// What must be computed, backwards from the result and from what may bail out.
pub(super) fn live(program: &Program, ranges: &Ranges) -> Vec<bool> {
    let mut live = vec![false; program.len()];
    live[program.result_value()] = true;
    let instructions = program.instructions().iter().zip(&ranges.bails);
    for (i, (instruction, bails)) in instructions.enumerate().rev() {
        if *bails {
            live[program.first_result() + i] = true;
            // Where nothing can fail, it does not matter which lanes are active.
            if let Some(mask) = instruction.mask {
                live[mask] = true;
            }
        }
        if live[program.first_result() + i] {
            for operand in instruction.operands() {
                live[operand] = true;
            }
        }
    }
    live
}

impl Analysis<'_> {
    pub(super) fn bails(&self, value: usize) -> bool {
        let index = value.checked_sub(self.shape.program.first_result());
        index.is_some_and(|index| self.ranges.bails[index])
    }

    /// The instructions that are run, and the values that they give.
    pub(super) fn instructions(&self) -> impl DoubleEndedIterator<Item = (usize, &Instruction)> {
        let first = self.shape.program.first_result();
        let all = self.shape.program.instructions().iter().enumerate();
        all.map(move |(i, instruction)| (first + i, instruction))
            .filter(|(value, _)| self.live[*value])
    }

    /// By value: an integer that lanes must hold.
    pub(super) fn integers(&self) -> Vec<bool> {
        let program = self.shape.program;
        let mut integers = vec![false; program.len()];
        let mut mark = |value| integers[value] |= program.kind(value) == Kind::Int;
        mark(program.result_value());
        for (value, instruction) in self.instructions() {
            mark(value);
            if self.shape.loads(instruction, self.bails(value)).is_none() {
                instruction.operands().for_each(&mut mark);
            }
        }
        integers
    }

    /// The type of lanes that holds every integer, and takes the least time.
    fn cheapest_lane(&self) -> LaneType {
        let integers = self.integers();
        let fits = |lane: &LaneType| {
            let mut values = integers.iter().zip(&self.ranges.values);
            !self.ranges.overflows
                && values.all(|(is, range)| !is || lane.interval().contains(range.int()))
        };
        let lanes = LaneType::ALL.into_iter().filter(fits);
        lanes
            .min_by_key(|lane| self.cost(*lane, &integers))
            .unwrap_or(LaneType::I64)
    }

    /// About how many bytes are moved for one element.
    fn cost(&self, lane: LaneType, integers: &[bool]) -> usize {
        let size = lane.element_type().size();
        let converted = |other: ElementType, aligned| {
            if other == lane.element_type() && aligned {
                0
            } else {
                2 * (other.size() + size)
            }
        };
        let inputs = self
            .shape
            .inputs
            .iter()
            .zip(integers)
            .filter(|(_, is)| **is);
        let loads: usize = inputs
            .map(|((element_type, aligned), _)| converted(*element_type, *aligned))
            .sum();
        let store = match self.shape.target {
            Some(target) if self.shape.program.result() == Kind::Int => converted(target, true),
            _ => 0,
        };
        let steps = self.instructions().map(|(_, instruction)| {
            let times = match (instruction.op, lane) {
                (Op::FloorDiv | Op::Mod, LaneType::I64) => 12,
                (Op::FloorDiv | Op::Mod, _) => 4,
                (Op::Mul, LaneType::I64) => 2,
                (op, _) if op.operands().contains(&Kind::Int) || op.result() == Kind::Int => 1,
                _ => 0,
            };
            times * size * 2
        });
        loads + store + steps.sum::<usize>()
    }
}
