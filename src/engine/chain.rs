//! Reductions in which the accumulator passes through one operation after the other.
//!
//! Each of these has an operand that does not depend on the accumulator. Those are computed block by
//! block, as [`map`](super::map()) does, so that what must be done element by element is short.

use std::ops::Range;

use super::block::BLOCK;
use super::column::Column;
use super::fuse::comparison;
use super::kernels::Comparison;
use super::map::{Setup, Worker};
use super::plan::Shape;
use super::program::{Constant, Kind, Op, Program};
use super::slot::Slot;
use super::target::Target;
use crate::{ElementType, Level};

/// What is done with the accumulator and an operand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Link {
    Add,
    Sub,
    /// The operand minus the accumulator.
    SubFrom,
    Mul,
    And,
    Or,
    Xor,
    Min,
    Max,
    /// The accumulator stays if it compares so with the operand, which else takes its place.
    KeepIf(Comparison),
    /// The other way round.
    TakeIf(Comparison),
}

/// The links, and their operands.
pub(super) struct Chain {
    kind: Kind,
    links: Vec<(Link, Operand)>,
    /// Programs of the element alone.
    rows: Vec<Program>,
}

#[derive(Clone, Copy, Debug)]
enum Operand {
    Row(usize),
    Constant(Constant),
}

impl Chain {
    /// The chain that a program is, if it is one.
    pub(super) fn of(program: &Program, live: &[bool], bails: &[bool]) -> Option<Chain> {
        let first = program.first_result();
        let mut chain = Chain {
            kind: program.result(),
            links: Vec::new(),
            rows: Vec::new(),
        };
        let mut depends = vec![false; program.len()];
        depends[0] = true;
        let mut needed = vec![false; program.len()];
        // The last value that depends on the accumulator, and how it compares with another one.
        let mut current = 0;
        let mut compared: Option<(usize, Comparison, usize)> = None;
        for (i, instruction) in program.instructions().iter().enumerate() {
            let value = first + i;
            let mask = instruction.mask.filter(|_| bails[i]);
            depends[value] = instruction
                .operands()
                .chain(mask)
                .any(|operand| depends[operand]);
            if !live[value] || !depends[value] {
                continue;
            }
            let operands: Vec<usize> = instruction.operands().collect();
            let (operand, is_left) = match operands[..] {
                _ if mask.is_some() => return None,
                [a, b] if a == current && !depends[b] => (b, true),
                [a, b] if b == current && !depends[a] => (a, false),
                [condition, yes, no] => {
                    let (value, comparison, other) = compared.take()?;
                    let link = match (yes, no) {
                        _ if value != condition => return None,
                        _ if (yes, no) == (current, other) => Link::KeepIf(comparison),
                        _ if (yes, no) == (other, current) => Link::TakeIf(comparison),
                        _ => return None,
                    };
                    chain.add(program, link, other, (&depends, &mut needed));
                    current = first + i;
                    continue;
                }
                _ => return None,
            };
            if compared.is_some() {
                return None;
            }
            if let Some((_, comparison)) = comparison(instruction.op) {
                let comparison = if is_left {
                    comparison
                } else {
                    comparison.swapped()
                };
                compared = Some((value, comparison, operand));
                continue;
            }
            let link = match instruction.op {
                Op::Add | Op::FloatAdd => Link::Add,
                Op::Sub | Op::FloatSub if is_left => Link::Sub,
                Op::Sub | Op::FloatSub => Link::SubFrom,
                Op::Mul | Op::FloatMul => Link::Mul,
                Op::And => Link::And,
                Op::Or => Link::Or,
                Op::Xor => Link::Xor,
                Op::Min => Link::Min,
                Op::Max => Link::Max,
                _ => return None,
            };
            chain.add(program, link, operand, (&depends, &mut needed));
            current = value;
        }
        // What may bail out is computed even if nothing else needs it.
        let all_needed =
            (first..program.len()).all(|value| !live[value] || depends[value] || needed[value]);
        let ends = compared.is_none() && current == program.result_value() && all_needed;
        (ends && !chain.links.is_empty()).then_some(chain)
    }

    fn add(
        &mut self,
        program: &Program,
        link: Link,
        operand: usize,
        (depends, needed): (&[bool], &mut [bool]),
    ) {
        let operand = if let Some(constant) = program.constant(operand) {
            Operand::Constant(constant)
        } else {
            self.rows.push(program.of_element(operand, depends, needed));
            Operand::Row(self.rows.len() - 1)
        };
        self.links.push((link, operand));
    }

    /// What is known of the programs of the rows.
    pub(super) fn shapes(&self, column: &Column<'_>) -> Vec<Shape<'_>> {
        let shape = |program| Shape {
            program,
            inputs: vec![(column.element_type(), column.is_aligned())],
            target: Some(match self.kind {
                Kind::Float => ElementType::F64,
                Kind::Int | Kind::Bool => ElementType::I64,
            }),
        };
        self.rows.iter().map(shape).collect()
    }
}

/// What is needed to run a chain over blocks.
pub(super) struct Rows<'a> {
    chain: &'a Chain,
    workers: Vec<Worker<'a>>,
    /// The operands of each link; of one of both types.
    integers: Vec<Vec<i64>>,
    doubles: Vec<Vec<f64>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(chain: &'a Chain, setups: &'a [Setup<'a>]) -> Self {
        let mut rows = Rows {
            chain,
            workers: setups.iter().map(Worker::new).collect(),
            integers: Vec::new(),
            doubles: Vec::new(),
        };
        for (_, operand) in &chain.links {
            let (integer, double) = match *operand {
                Operand::Constant(Constant::Int(value)) => (value, 0.0),
                Operand::Constant(Constant::Float(value)) => (0, value),
                Operand::Constant(Constant::Bool(_)) | Operand::Row(_) => (0, 0.0),
            };
            if chain.kind == Kind::Float {
                rows.doubles.push(vec![double; BLOCK]);
            } else {
                rows.integers.push(vec![integer; BLOCK]);
            }
        }
        rows
    }

    /// Passes the accumulator through the elements of a block; how many there were before it bailed
    /// out, or none if an operand did.
    pub(super) fn run(
        &mut self,
        accumulator: &mut u64,
        column: &Column<'_>,
        level: Level,
        range: Range<usize>,
    ) -> Option<usize> {
        let len = range.len();
        for (i, (_, operand)) in self.chain.links.iter().enumerate() {
            if let Operand::Row(row) = *operand {
                let target = match self.chain.kind {
                    Kind::Float => Target::F64(Slot::of(&mut self.doubles[i][..len])),
                    Kind::Int | Kind::Bool => Target::I64(Slot::of(&mut self.integers[i][..len])),
                };
                let columns = std::slice::from_ref(column);
                if self.workers[row].run(columns, range.start, level, target) {
                    return None;
                }
            }
        }
        Some(if self.chain.kind == Kind::Float {
            let rows: Vec<&[f64]> = self.doubles.iter().map(|row| &row[..len]).collect();
            let passed = pass_doubles(&self.links(&rows), f64::from_bits(*accumulator), len);
            *accumulator = passed.to_bits();
            len
        } else {
            let rows: Vec<&[i64]> = self.integers.iter().map(|row| &row[..len]).collect();
            let (passed, count) = pass_integers(&self.links(&rows), accumulator.cast_signed(), len);
            *accumulator = passed.cast_unsigned();
            count
        })
    }

    fn links<'r, T>(&self, rows: &[&'r [T]]) -> Vec<(Link, &'r [T])> {
        let links = self.chain.links.iter().map(|(link, _)| *link);
        links.zip(rows.iter().copied()).collect()
    }
}

/// Chains of a few links are loops of their own: nothing is decided element by element.
fn pass_integers(links: &[(Link, &[i64])], accumulator: i64, len: usize) -> (i64, usize) {
    match links {
        [(Link::Add, a)] => pass(accumulator, len, |x, i| x.checked_add(a[i])),
        [(Link::Mul, a), (Link::Add, b)] => pass(accumulator, len, |x, i| {
            x.checked_mul(a[i])?.checked_add(b[i])
        }),
        [(Link::Mul, a), (Link::Add, b), (Link::And, c)] => pass(accumulator, len, |x, i| {
            Some(x.checked_mul(a[i])?.checked_add(b[i])? & c[i])
        }),
        [(Link::Xor, a), (Link::Mul, b), (Link::And, c)] => pass(accumulator, len, |x, i| {
            Some((x ^ a[i]).checked_mul(b[i])? & c[i])
        }),
        _ => pass(accumulator, len, |x, i| {
            let mut links = links.iter();
            links.try_fold(x, |x, (link, row)| link.integers(x, row[i]))
        }),
    }
}

#[inline(always)]
fn pass(mut x: i64, len: usize, image: impl Fn(i64, usize) -> Option<i64>) -> (i64, usize) {
    for i in 0..len {
        match image(x, i) {
            Some(image) => x = image,
            None => return (x, i),
        }
    }
    (x, len)
}

fn pass_doubles(links: &[(Link, &[f64])], accumulator: f64, len: usize) -> f64 {
    let all = 0..len;
    match links {
        [(Link::Add, a)] => all.fold(accumulator, |x, i| x + a[i]),
        [(Link::Mul, a)] => all.fold(accumulator, |x, i| x * a[i]),
        [(Link::Mul, a), (Link::Add, b)] => all.fold(accumulator, |x, i| x * a[i] + b[i]),
        [(link, a)] => all.fold(accumulator, |x, i| link.doubles(x, a[i])),
        _ => all.fold(accumulator, |x, i| {
            links
                .iter()
                .fold(x, |x, (link, row)| link.doubles(x, row[i]))
        }),
    }
}

impl Comparison {
    #[inline(always)]
    fn holds<T: PartialOrd + Copy>(self, a: T, b: T) -> bool {
        match self {
            Comparison::Lt => a < b,
            Comparison::Le => a <= b,
            Comparison::Gt => a > b,
            Comparison::Ge => a >= b,
            Comparison::Eq => a == b,
            Comparison::Ne => a != b,
        }
    }
}

impl Link {
    #[inline(always)]
    fn integers(self, x: i64, y: i64) -> Option<i64> {
        match self {
            Link::Add => x.checked_add(y),
            Link::Sub => x.checked_sub(y),
            Link::SubFrom => y.checked_sub(x),
            Link::Mul => x.checked_mul(y),
            Link::And => Some(x & y),
            Link::Or => Some(x | y),
            Link::Xor => Some(x ^ y),
            Link::Min => Some(x.min(y)),
            Link::Max => Some(x.max(y)),
            Link::KeepIf(comparison) => Some(if comparison.holds(x, y) { x } else { y }),
            Link::TakeIf(comparison) => Some(if comparison.holds(x, y) { y } else { x }),
        }
    }

    #[inline(always)]
    fn doubles(self, x: f64, y: f64) -> f64 {
        match self {
            Link::Add => x + y,
            Link::Sub => x - y,
            Link::SubFrom => y - x,
            Link::Mul => x * y,
            Link::KeepIf(comparison) => {
                if comparison.holds(x, y) {
                    x
                } else {
                    y
                }
            }
            Link::TakeIf(comparison) => {
                if comparison.holds(x, y) {
                    y
                } else {
                    x
                }
            }
            Link::And | Link::Or | Link::Xor | Link::Min | Link::Max => {
                unreachable!("{self:?} of floats")
            }
        }
    }
}
