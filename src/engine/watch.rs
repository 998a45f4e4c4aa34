//! Steps that look where the integers of an input lie while they run.
//!
//! What a block was guessed to hold is checked afterwards. A step that reads the input anyway does so
//! at next to no cost, where another pass over the block would be noticed.

use super::block::{Block, Files};
use super::interval::Interval;
use super::kernels;
use super::lane::Lane;
use super::plan::{Action, Source, Step};
use super::program::{Constant, Op};
use super::slot::Slot;

/// An input, and the smallest and the largest of its integers in a block.
pub(super) type Watched = (usize, Interval);

impl Files {
    /// Runs a step that can look at its input, which it reads in place; none other is run.
    pub(super) fn watched_step<L: Lane>(
        step: &Step,
        block: &Block<'_>,
        out: &mut [Slot<L>],
    ) -> Option<Watched> {
        let level = block.level;
        let [Source::Input(input), b, c, d, ..] = step.operands else {
            return None;
        };
        let a = &L::direct(&block.columns[input])?[block.range.clone()];
        if let Action::Plain(Op::Abs) = step.action {
            let (low, high) = kernels::unary_watched(level, out, a, kernels::absolute);
            return Some((input, Interval::new(low.wide(), high.wide())));
        }
        let b_constant = constant::<L>(b)?;
        let (low, high) = match step.action {
            Action::MultiplyAdd => {
                let c = constant::<L>(c)?;
                kernels::unary_watched(
                    level,
                    out,
                    a,
                    #[inline(always)]
                    move |a| a.wrapping_mul(b_constant).add(c),
                )
            }
            Action::Plain(Op::Add) => kernels::unary_watched(
                level,
                out,
                a,
                #[inline(always)]
                move |a| a.add(b_constant),
            ),
            Action::Plain(Op::Mul) => kernels::unary_watched(
                level,
                out,
                a,
                #[inline(always)]
                move |a| a.wrapping_mul(b_constant),
            ),
            Action::CompareSelect(comparison, negates) if c == d && c == step.operands[0] => {
                let signs = negates.map(|negates| if negates { !L::ZERO } else { L::ZERO });
                kernels::compare_select_watched(
                    level,
                    comparison,
                    out,
                    (a, b_constant),
                    #[inline(always)]
                    move |value| {
                        (
                            (value ^ signs[0]).sub(signs[0]),
                            (value ^ signs[1]).sub(signs[1]),
                        )
                    },
                )
            }
            _ => return None,
        };
        Some((input, Interval::new(low.wide(), high.wide())))
    }
}

fn constant<L: Lane>(source: Source) -> Option<L> {
    match source {
        Source::Constant(Constant::Int(value)) => Some(L::of(value)),
        _ => None,
    }
}
