//! Reductions: a program of an accumulator and an element, over all elements in order.

use std::ops::{ControlFlow, Range};

use super::block::BLOCK;
use super::chain::Chain;
use super::column::{Column, Typed};
use super::links::Links;
use super::map::Setup;
use super::program::{Kind, Op, Program};
use crate::element::Integer;
use crate::environment::Standard;
use crate::extrema::{Extremum, max, min};
use crate::sum::{Sum, sum};
use crate::{Error, Executor, Level, Number, Values};

/// Folds the elements from the index `from` on, in order, into an accumulator.
///
/// The program's first input is the accumulator, its second the element, its result the next
/// accumulator. Gives the accumulator, and the index it stopped at: the length of the column, or
/// that of the first element for which the program bails out. Sums of integers need not fit 64
/// bits; any other accumulator that does not makes it stop at once, as does a signalling NaN.
///
/// # Errors
/// [`Error::Interrupted`] only.
///
/// # Panics
/// If the program has not two inputs, the result is of another kind than the accumulator, or the
/// column is of another kind than the second input.
///
/// ```
/// use arrayops::{Column, Executor, Number, Program, Values, reduce};
///
/// // a + x of two ints.
/// let bytes = [1, 2, 0, 0, 0, 0, 1, 0, 0x01, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 2, 0];
/// let program = Program::decode(&bytes)?;
/// let column = Column::from(Values::Aligned(&[1_i8, 2, 100][..]));
/// let done = reduce(&Executor::sequential(), &program, Number::Int(7), column, 1)?;
/// assert_eq!(done, (Number::Int(109), 3));
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn reduce(
    executor: &Executor<'_>,
    program: &Program,
    accumulator: Number,
    column: Column<'_>,
    from: usize,
) -> Result<(Number, usize), Error> {
    let kind = match accumulator {
        Number::Int(_) => Kind::Int,
        Number::Float(_) => Kind::Float,
    };
    assert_eq!(program.inputs().len(), 2, "an accumulator and an element");
    assert_eq!(program.inputs()[0], kind, "an accumulator of another kind");
    assert_eq!(program.result(), kind, "a result of another kind");
    let is_int = matches!(column.element_type().limits().0, Number::Int(_));
    assert_eq!(
        program.inputs()[1] == Kind::Int,
        is_int,
        "a column of another kind"
    );

    let _standard = Standard::enter();
    let len = column.len();
    if from >= len {
        return Ok((accumulator, len));
    }
    if let (Number::Int(accumulator), Some(op)) = (accumulator, known(program)) {
        let folded =
            with_values!(column, values => by_kernel(executor, op, accumulator, values, from))?;
        return Ok(folded.map_or((Number::Int(accumulator), from), |folded| {
            (Number::Int(folded), len)
        }));
    }
    let bits = match accumulator {
        Number::Int(value) => match i64::try_from(value) {
            Ok(value) => value.cast_unsigned(),
            Err(_) => return Ok((accumulator, from)),
        },
        // Operations that leave a number as it is make such a NaN quiet.
        Number::Float(value) if is_signalling(value) => return Ok((accumulator, from)),
        Number::Float(value) => value.to_bits(),
    };
    let level = executor.level();
    let reduction = program
        .reductions
        .of(program, accumulator, &column, level, len - from);
    let native = reduction.native(level);
    let chain = &reduction.chain;
    let is_wanted = |row| native.is_none_or(|native| native.reads(row));
    let shapes = chain.shapes(&column, is_wanted);
    let setups: Vec<Setup<'_>> = shapes.iter().map(Setup::new).collect();
    let pieces = (from..len)
        .step_by(BLOCK)
        .map(|start| start..(start + BLOCK).min(len));
    let state = executor.fold_pieces(
        0,
        pieces,
        BLOCK,
        || State {
            accumulator: bits,
            at: from,
            links: Links::new(chain, &setups, native),
        },
        |state, at, piece| state.run(at.level, &column, piece, || reduction.long(program)),
        |_, _| (),
    )?;
    let accumulator = match kind {
        Kind::Float => Number::Float(f64::from_bits(state.accumulator)),
        Kind::Int | Kind::Bool => Number::Int(state.accumulator.cast_signed().into()),
    };
    Ok((accumulator, state.at))
}

fn is_signalling(value: f64) -> bool {
    value.is_nan() && value.to_bits() & 1 << 51 == 0
}

/// The operation of integers that a program is, if there is a kernel for it.
fn known(program: &Program) -> Option<Op> {
    let operands = |instruction: &super::program::Instruction| {
        instruction
            .mask
            .is_none()
            .then(|| (instruction.operand(0), instruction.operand(1)))
    };
    if program.inputs() != [Kind::Int, Kind::Int] || program.result_value() + 1 != program.len() {
        return None;
    }
    match program.instructions() {
        [only] => {
            let pair = matches!(operands(only)?, (0, 1) | (1, 0));
            let has_kernel = matches!(
                only.op,
                Op::Add | Op::Min | Op::Max | Op::And | Op::Or | Op::Xor
            );
            (pair && has_kernel).then_some(only.op)
        }
        [compare, select] => {
            let (a, b) = operands(compare)?;
            let pair = matches!((a, b), (0, 1) | (1, 0)) && matches!(compare.op, Op::Lt | Op::Le);
            let selects = select.op == Op::Select && select.operand(0) == program.first_result();
            let chosen = (select.operand(1), select.operand(2));
            match chosen {
                _ if !pair || !selects => None,
                (yes, no) if (yes, no) == (a, b) => Some(Op::Min),
                (yes, no) if (yes, no) == (b, a) => Some(Op::Max),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What the kernels for integers are for; floats are here for the macro only.
trait Folded: Sum + Extremum {
    fn bits(executor: &Executor<'_>, op: Op, values: Values<'_, Self>) -> Result<i128, Error>;
}

macro_rules! folded {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {$(
        impl Folded for $type {
            fn bits(executor: &Executor<'_>, op: Op, values: Values<'_, Self>) -> Result<i128, Error> {
                folded!(@$kind executor, op, values)
            }
        }
    )*};
    (@int $executor:ident, $op:ident, $values:ident) => {
        match $op {
            Op::And => fold_bits($executor, $values, -1, |a, b| a & b),
            Op::Or => fold_bits($executor, $values, 0, |a, b| a | b),
            _ => fold_bits($executor, $values, 0, |a, b| a ^ b),
        }
    };
    (@float $executor:ident, $op:ident, $values:ident) => {{
        let _ = ($executor, $op, $values);
        unreachable!("no bits of floats are combined")
    }};
}
crate::element::for_each_element!(folded);

fn fold_bits<T: Integer>(
    executor: &Executor<'_>,
    values: Values<'_, T>,
    neutral: i128,
    combine: impl Fn(i64, i64) -> i64 + Sync,
) -> Result<i128, Error> {
    let bits = executor.fold(
        values.into(),
        || i64::truncated(neutral),
        #[inline(always)]
        |bits, _, block: &[T]| {
            for value in block {
                *bits = combine(*bits, i64::truncated(value.wide()));
            }
            ControlFlow::Continue(())
        },
        |bits, other| *bits = combine(*bits, other),
    )?;
    // There was an element, so that these are the bits of one.
    Ok(T::truncated(bits.into()).wide())
}

/// The accumulator after all elements; none if it is beyond what can be held.
fn by_kernel<T: Folded>(
    executor: &Executor<'_>,
    op: Op,
    accumulator: i128,
    values: Values<'_, T>,
    from: usize,
) -> Result<Option<i128>, Error> {
    let values = match values {
        Values::Aligned(values) => Values::Aligned(&values[from..]),
        Values::Packed(values) => Values::Packed(&values[from..]),
    };
    let int = |number| match number {
        Number::Int(value) => value,
        Number::Float(_) => unreachable!("a column of integers"),
    };
    Ok(match op {
        Op::Add => accumulator.checked_add(int(sum(executor, values.into())?)),
        Op::Min => Some(accumulator.min(int(min(executor, values.into())?.number()))),
        Op::Max => Some(accumulator.max(int(max(executor, values.into())?.number()))),
        _ => {
            let bits = T::bits(executor, op, values)?;
            Some(match op {
                Op::And => accumulator & bits,
                Op::Or => accumulator | bits,
                _ => accumulator ^ bits,
            })
        }
    })
}

struct State<'a> {
    accumulator: u64,
    at: usize,
    links: Links<'a>,
}

impl State<'_> {
    /// Folds the elements of a piece; if a row bails out, by the `long` chain.
    fn run(
        &mut self,
        level: Level,
        column: &Column<'_>,
        piece: Range<usize>,
        long: impl Fn() -> Chain,
    ) -> ControlFlow<()> {
        let (accumulator, mut range) = (&mut self.accumulator, piece.clone());
        let done = self.links.run(accumulator, column, level, range.clone());
        let count = done.or_else(|| {
            // Some element is one to bail out for, but it is open which, and with which
            // accumulator.
            if let Typed::U64(values) = column.0 {
                let beyond = |i: &usize| values.get(*i).is_some_and(|x| i64::try_from(x).is_err());
                range.end = range.clone().find(beyond).unwrap_or(range.end);
            }
            let chain = long();
            let shapes = chain.shapes(column, |_| true);
            let setups: Vec<Setup<'_>> = shapes.iter().map(Setup::new).collect();
            let mut links = Links::new(&chain, &setups, None);
            links.run(accumulator, column, level, range)
        });
        // The element is no row to bail out, where there are only such as 64 bits hold.
        let count = count.unwrap_or(0);
        self.at = piece.start + count;
        if self.at == piece.end {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
