//! Which instructions become one step with another.

use super::kernels::Comparison;
use super::plan::Analysis;
use super::program::{Kind, Op};

/// How the instructions of an analysis are joined.
pub(super) struct Fusions {
    /// By value: it is computed within the one step that uses it.
    pub(super) inner: Vec<bool>,
    /// By value: how often it is used, as an operand, as a mask, or as the result.
    pub(super) uses: Vec<usize>,
}

impl Fusions {
    pub(super) fn find(analysis: &Analysis<'_>) -> Self {
        let program = analysis.shape.program;
        let mut uses = vec![0; program.len()];
        uses[program.result_value()] += 1;
        for (value, instruction) in analysis.instructions() {
            for operand in instruction.operands() {
                uses[operand] += 1;
            }
            if let Some(mask) = instruction.mask
                && analysis.bails(value)
            {
                uses[mask] += 1;
            }
        }
        let mut fusions = Fusions {
            inner: vec![false; program.len()],
            uses,
        };
        for (value, _) in analysis.instructions() {
            if let Some(factor) = fusions.product(analysis, value) {
                fusions.inner[factor] = true;
            } else if let Some(condition) = fusions.condition(analysis, value) {
                fusions.inner[condition] = true;
            }
        }
        fusions
    }

    /// The product that this value adds something to, if they are one step.
    pub(super) fn product(&self, analysis: &Analysis<'_>, value: usize) -> Option<usize> {
        let program = analysis.shape.program;
        let instruction = program.instruction(value)?;
        let (product, operands) = match instruction.op {
            Op::Add => (Op::Mul, &[1, 0][..]),
            Op::Sub => (Op::Mul, &[0][..]),
            Op::FloatAdd => (Op::FloatMul, &[1, 0][..]),
            Op::FloatSub => (Op::FloatMul, &[0][..]),
            _ => return None,
        };
        if analysis.bails(value) {
            return None;
        }
        let is_constant = |value: usize| program.constant(value).is_some();
        // What is taken away is turned around, which only a constant can be without a step.
        if operands.len() == 1 && !is_constant(instruction.operand(1)) {
            return None;
        }
        operands
            .iter()
            .map(|i| instruction.operand(*i))
            .find(|factor| {
                program.instruction(*factor).is_some_and(|instruction| {
                    instruction.op == product && !instruction.operands().all(is_constant)
                }) && self.uses[*factor] == 1
                    && !analysis.bails(*factor)
            })
    }

    /// The comparison that this value is selected by, if they are one step.
    pub(super) fn condition(&self, analysis: &Analysis<'_>, value: usize) -> Option<usize> {
        let program = analysis.shape.program;
        let instruction = program.instruction(value)?;
        let compared = match instruction.op {
            Op::Select => Kind::Int,
            Op::FloatSelect => Kind::Float,
            _ => return None,
        };
        let condition = instruction.operand(0);
        let fits = program.instruction(condition).is_some_and(|instruction| {
            comparison(instruction.op).is_some_and(|(kind, _)| kind == compared)
                && !instruction
                    .operands()
                    .all(|value| program.constant(value).is_some())
        });
        (fits && self.uses[condition] == 1).then_some(condition)
    }
}

/// What kind of values an operation compares, and how.
pub(super) fn comparison(op: Op) -> Option<(Kind, Comparison)> {
    Some(match op {
        Op::Lt => (Kind::Int, Comparison::Lt),
        Op::Le => (Kind::Int, Comparison::Le),
        Op::Eq => (Kind::Int, Comparison::Eq),
        Op::Ne => (Kind::Int, Comparison::Ne),
        Op::FloatLt => (Kind::Float, Comparison::Lt),
        Op::FloatLe => (Kind::Float, Comparison::Le),
        Op::FloatEq => (Kind::Float, Comparison::Eq),
        Op::FloatNe => (Kind::Float, Comparison::Ne),
        _ => return None,
    })
}
