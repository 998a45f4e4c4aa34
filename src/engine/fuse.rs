//! Which instructions become one step with another.

use super::kernels::Comparison;
use super::plan::{Analysis, TERMS};
use super::program::{Constant, Kind, Op};

/// How the instructions of an analysis are joined.
pub(super) struct Fusions {
    /// By value: it is computed within the one step that uses it.
    pub(super) inner: Vec<bool>,
    /// By value: how often it is used, as an operand, as a mask, or as the result.
    pub(super) uses: Vec<usize>,
}

/// `(... (x * c[0] + c[1]) * x + ...) * x + c[n]`, and maybe `x * d` added to it.
pub(super) struct Polynomial {
    /// The number of the value `x`.
    pub(super) variable: usize,
    pub(super) coefficients: Vec<Constant>,
    /// The last factor.
    pub(super) added: Option<Constant>,
    /// The values on the way.
    inner: Vec<usize>,
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
            if let Some(polynomial) = fusions.polynomial(analysis, value) {
                for inner in polynomial.inner {
                    fusions.inner[inner] = true;
                }
            } else if let Some(factor) = fusions.product(analysis, value) {
                fusions.inner[factor] = true;
            } else if let Some(condition) = fusions.condition(analysis, value) {
                fusions.inner[condition] = true;
                for arm in fusions.arms(analysis, value) {
                    if let (arm, Some(_)) = arm {
                        fusions.inner[arm] = true;
                    }
                }
            }
        }
        fusions
    }

    /// The product that this value adds something to, if they are one step.
    pub(super) fn product(&self, analysis: &Analysis<'_>, value: usize) -> Option<usize> {
        let program = analysis.shape.program;
        let instruction = program.instruction(value)?;
        let (product, operands) = match instruction.op {
            Op::Add | Op::Sub => (Op::Mul, &[1, 0][..]),
            Op::FloatAdd | Op::FloatSub => (Op::FloatMul, &[1, 0][..]),
            _ => return None,
        };
        if analysis.bails(value) {
            return None;
        }
        let is_constant = |value: usize| program.constant(value).is_some();
        let can_be_negated = |value: usize| {
            let constant = program.constant(value);
            constant.is_some_and(Constant::can_be_negated)
        };
        let is_difference = matches!(instruction.op, Op::Sub | Op::FloatSub);
        operands.iter().find_map(|i| {
            let factor = instruction.operand(*i);
            let factors = program.instruction(factor)?;
            let constants = factors
                .operands()
                .filter(|value| is_constant(*value))
                .count();
            // What is taken away is turned around, which only a constant can be without a step.
            let turned = match (is_difference, i) {
                (true, 0) => can_be_negated(instruction.operand(1)),
                (true, _) => constants == 1 && factors.operands().any(can_be_negated),
                (false, _) => true,
            };
            let fits = factors.op == product
                && constants < 2
                && turned
                && self.uses[factor] == 1
                && !analysis.bails(factor);
            fits.then_some(factor)
        })
    }

    /// The polynomial of one value that this is, of two terms or more besides the constant one.
    pub(super) fn polynomial(&self, analysis: &Analysis<'_>, value: usize) -> Option<Polynomial> {
        let polynomial = self
            .terms(analysis, value)
            .or_else(|| self.terms_and_product(analysis, value))?;
        let terms = polynomial.coefficients.len();
        (terms > 2 && terms <= TERMS).then_some(polynomial)
    }

    /// A polynomial to which a product of its variable is added, or from which one is taken away.
    fn terms_and_product(&self, analysis: &Analysis<'_>, value: usize) -> Option<Polynomial> {
        let program = analysis.shape.program;
        let product = self.product(analysis, value)?;
        let instruction = program.instruction(value)?;
        let is_difference = matches!(instruction.op, Op::Sub | Op::FloatSub);
        let [first, second] = [instruction.operand(0), instruction.operand(1)];
        let sum = match (product == second, is_difference) {
            (true, _) => first,
            (false, false) => second,
            (false, true) => return None,
        };
        if self.uses[sum] != 1 {
            return None;
        }
        let mut polynomial = self.terms(analysis, sum)?;
        let factors = program.instruction(product)?;
        let pair = [factors.operand(0), factors.operand(1)];
        let factor = match pair.map(|factor| program.constant(factor)) {
            [Some(constant), None] if pair[1] == polynomial.variable => constant,
            [None, Some(constant)] if pair[0] == polynomial.variable => constant,
            _ => return None,
        };
        polynomial.added = Some(if is_difference {
            factor.negated()
        } else {
            factor
        });
        polynomial.inner.extend([sum, product]);
        Some(polynomial)
    }

    /// As [`Fusions::polynomial`], of any number of terms.
    fn terms(&self, analysis: &Analysis<'_>, value: usize) -> Option<Polynomial> {
        let program = analysis.shape.program;
        let product = self.product(analysis, value)?;
        let instruction = program.instruction(value)?;
        let is_difference = matches!(instruction.op, Op::Sub | Op::FloatSub);
        let [first, second] = [instruction.operand(0), instruction.operand(1)];
        let last = match (product == first, is_difference) {
            (true, true) => program.constant(second)?.negated(),
            (true, false) => program.constant(second)?,
            (false, true) => return None,
            (false, false) => program.constant(first)?,
        };
        let factors = program.instruction(product)?;
        let pair = [factors.operand(0), factors.operand(1)];
        for [factor, variable] in [pair, [pair[1], pair[0]]] {
            if let Some(constant) = program.constant(factor) {
                return Some(Polynomial {
                    variable,
                    coefficients: vec![constant, last],
                    added: None,
                    inner: vec![product],
                });
            }
            if let Some(mut polynomial) = self.terms(analysis, factor)
                && polynomial.variable == variable
                && self.uses[factor] == 1
            {
                polynomial.coefficients.push(last);
                polynomial.inner.extend([factor, product]);
                return Some(polynomial);
            }
        }
        None
    }

    /// What a step that compares may select, and, where that is the negative of a value, which.
    pub(super) fn arms(
        &self,
        analysis: &Analysis<'_>,
        value: usize,
    ) -> [(usize, Option<usize>); 2] {
        let program = analysis.shape.program;
        [1, 2].map(|i| {
            let arm = program.instruction(value).map_or(0, |it| it.operand(i));
            let negated = program.instruction(arm).filter(|instruction| {
                matches!(instruction.op, Op::Neg | Op::FloatNeg)
                    && self.uses[arm] == 1
                    && !analysis.bails(arm)
            });
            (arm, negated.map(|instruction| instruction.operand(0)))
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
