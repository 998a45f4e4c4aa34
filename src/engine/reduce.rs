//! Reductions: a program of an accumulator and an element, over all elements in order.

use std::ops::{ControlFlow, Range};

use super::block::BLOCK;
use super::chain::{Chain, Rows};
use super::column::{Column, Typed};
use super::interval::{Interval, Ranges};
use super::kernels::scalar;
use super::map::Setup;
use super::plan::live;
use super::program::{Constant, Kind, Op, Program};
use super::slot::Slot;
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
/// bits; any other accumulator that does not makes it stop at once.
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
        Number::Float(value) => value.to_bits(),
    };
    let ranges = Ranges::of(program, &[Interval::I64, column.interval()]);
    let live = live(program, &ranges);
    let chain = Chain::of(program, &live, &ranges.bails);
    let shapes = chain
        .as_ref()
        .map_or_else(Vec::new, |chain| chain.shapes(&column));
    let setups: Vec<Setup<'_>> = shapes.iter().map(Setup::new).collect();
    let code = Code::of(program, &ranges, &live);
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
            slots: code.slots.clone(),
            elements: vec![0; BLOCK],
            doubles: vec![0.0; BLOCK],
            rows: chain.as_ref().map(|chain| Rows::new(chain, &setups)),
        },
        |state, at, piece| code.run(state, at.level, &column, piece),
        |_, _| (),
    )?;
    let accumulator = match kind {
        Kind::Float => Number::Float(f64::from_bits(state.accumulator)),
        Kind::Int | Kind::Bool => Number::Int(state.accumulator.cast_signed().into()),
    };
    Ok((accumulator, state.at))
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

/// Where a step has an operand from: registers, where it can.
#[derive(Clone, Copy, Debug)]
enum From {
    Accumulator,
    Element,
    /// The result of the step before.
    Last,
    Slot(usize),
    Constant(u64),
}

#[derive(Clone, Copy, Debug)]
struct Step {
    op: Op,
    operands: [From; 3],
    function: u16,
    mask: From,
    /// Where the result is needed later than in the next step.
    keep: Option<usize>,
}

struct Code {
    steps: Vec<Step>,
    /// What every slot begins as.
    slots: Vec<u64>,
    result: From,
    is_int: bool,
}

struct State<'a> {
    accumulator: u64,
    at: usize,
    slots: Vec<u64>,
    elements: Vec<i64>,
    doubles: Vec<f64>,
    /// Of a chain.
    rows: Option<Rows<'a>>,
}

impl Code {
    fn of(program: &Program, ranges: &Ranges, live: &[bool]) -> Self {
        let first = program.first_result();
        let numbers: Vec<usize> = (first..program.len())
            .filter(|value| live[*value])
            .collect();
        let from = |value: usize, last: Option<usize>| match (value, program.constant(value)) {
            (0, _) => From::Accumulator,
            (1, _) => From::Element,
            (_, Some(Constant::Int(value))) => From::Constant(value.cast_unsigned()),
            (_, Some(Constant::Float(value))) => From::Constant(value.to_bits()),
            (_, Some(Constant::Bool(value))) => From::Constant(value.into()),
            (value, None) if Some(value) == last => From::Last,
            (value, None) => From::Slot(value),
        };
        let mut steps: Vec<Step> = Vec::new();
        let mut last = None;
        for value in &numbers {
            let instruction = &program.instructions()[value - first];
            let mut operands = [From::Constant(0); 3];
            for (operand, value) in operands.iter_mut().zip(instruction.operands()) {
                *operand = from(value, last);
            }
            steps.push(Step {
                op: instruction.op,
                operands,
                function: instruction.function,
                mask: match instruction.mask {
                    Some(mask) if ranges.bails[value - first] => from(mask, last),
                    _ => From::Constant(1),
                },
                keep: None,
            });
            last = Some(*value);
        }
        let result = from(program.result_value(), last);
        let read: Vec<usize> = steps
            .iter()
            .flat_map(|step| step.operands.into_iter().chain([step.mask]))
            .chain([result])
            .filter_map(|from| {
                if let From::Slot(slot) = from {
                    Some(slot)
                } else {
                    None
                }
            })
            .collect();
        for (step, value) in steps.iter_mut().zip(&numbers) {
            step.keep = read.contains(value).then_some(*value);
        }
        Code {
            steps,
            slots: vec![0; program.len()],
            result,
            is_int: program.inputs()[1] == Kind::Int,
        }
    }

    fn run(
        &self,
        state: &mut State<'_>,
        level: Level,
        column: &Column<'_>,
        piece: Range<usize>,
    ) -> ControlFlow<()> {
        if let Some(rows) = &mut state.rows
            && let Some(count) = rows.run(&mut state.accumulator, column, level, piece.clone())
        {
            state.at = piece.start + count;
            return if state.at == piece.end {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            };
        }
        let mut range = piece.clone();
        if self.is_int {
            if let Typed::U64(values) = column.0
                && !Interval::I64.contains(column.scan(level, range.clone()))
            {
                let beyond = |i: &usize| values.get(*i).is_some_and(|x| i64::try_from(x).is_err());
                range.end = range.clone().find(beyond).unwrap_or(range.end);
            }
            let out = Slot::of(&mut state.elements[..range.len()]);
            column.load::<i64>(level, range.clone(), out);
        } else {
            let out = Slot::of(&mut state.doubles[..range.len()]);
            column.load_doubles(level, range.clone(), out);
        }
        let elements = std::mem::take(&mut state.elements);
        let doubles = std::mem::take(&mut state.doubles);
        let done = if self.is_int {
            let elements = elements[..range.len()].iter();
            self.fold(state, elements.map(|element| element.cast_unsigned()))
        } else {
            let doubles = doubles[..range.len()].iter();
            self.fold(state, doubles.map(|double| double.to_bits()))
        };
        (state.elements, state.doubles) = (elements, doubles);
        state.at = range.start + done;
        if state.at == piece.end {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    /// How many elements there were before it bailed out.
    fn fold(&self, state: &mut State<'_>, elements: impl Iterator<Item = u64>) -> usize {
        let slots = &mut state.slots[..];
        let mut accumulator = state.accumulator;
        let mut count = 0;
        'elements: for element in elements {
            let mut last = 0;
            let fetch = |from, slots: &[u64], last| match from {
                From::Accumulator => accumulator,
                From::Element => element,
                From::Last => last,
                From::Slot(slot) => slots[slot],
                From::Constant(bits) => bits,
            };
            for step in &self.steps {
                let [a, b, c] = step.operands.map(|from| fetch(from, slots, last));
                last = match evaluate(step.op, step.function, [a, b, c]) {
                    Some(value) => value,
                    None if fetch(step.mask, slots, last) == 0 => 0,
                    None => break 'elements,
                };
                if let Some(slot) = step.keep {
                    slots[slot] = last;
                }
            }
            accumulator = fetch(self.result, slots, last);
            count += 1;
        }
        state.accumulator = accumulator;
        count
    }
}

#[expect(
    clippy::many_single_char_names,
    reason = "each operand as bits, int and double"
)]
/// The operation on one element, by bits; none where it bails out.
#[inline(always)]
fn evaluate(op: Op, function: u16, [a, b, c]: [u64; 3]) -> Option<u64> {
    use super::kernels::{power, whole};
    let (x, y) = (a.cast_signed(), b.cast_signed());
    let (u, v) = (f64::from_bits(a), f64::from_bits(b));
    let exact = |x: i64| x.unsigned_abs() <= 1 << 53;
    let int = |value: Option<i64>| value.map(i64::cast_unsigned);
    let float = |value: f64| Some(value.to_bits());
    let bool = |value: bool| Some(u64::from(value));
    let divisor = (y != 0).then_some(y);
    match op {
        Op::Add => int(x.checked_add(y)),
        Op::Sub => int(x.checked_sub(y)),
        Op::Mul => int(x.checked_mul(y)),
        Op::FloorDiv => int(divisor.and_then(|y| {
            let quotient = x.checked_div(y)?;
            let rest = x.wrapping_rem(y);
            Some(quotient - i64::from(rest != 0 && (rest < 0) != (y < 0)))
        })),
        Op::Mod => int(divisor.map(|y| {
            let rest = x.wrapping_rem(y);
            if rest != 0 && (rest < 0) != (y < 0) {
                rest + y
            } else {
                rest
            }
        })),
        Op::Pow => int(power(x, y)),
        Op::Shl => match x.checked_shl(u32::try_from(y).ok()?) {
            _ if x == 0 => Some(0),
            Some(shifted) => int((shifted >> y == x).then_some(shifted)),
            None => None,
        },
        Op::Shr => int((y >= 0).then(|| x >> y.min(63))),
        Op::And | Op::BoolAnd => Some(a & b),
        Op::Or | Op::BoolOr => Some(a | b),
        Op::Xor | Op::BoolXor => Some(a ^ b),
        Op::Neg => int(x.checked_neg()),
        Op::Abs => int(x.checked_abs()),
        Op::Invert => Some(!a),
        Op::Min => int(Some(x.min(y))),
        Op::Max => int(Some(x.max(y))),
        Op::FloatAdd => float(u + v),
        Op::FloatSub => float(u - v),
        Op::FloatMul => float(u * v),
        Op::FloatDiv => (v != 0.0).then(|| (u / v).to_bits()),
        Op::FloatNeg => float(-u),
        Op::FloatAbs => float(u.abs()),
        Op::Copysign => (!u.is_nan() && !v.is_nan()).then(|| u.copysign(v).to_bits()),
        Op::FloatFloorDiv | Op::FloatMod | Op::FloatPow | Op::Fmod | Op::Atan2 => {
            scalar(op)(u, v).map(f64::to_bits)
        }
        Op::Call => super::kernels::call(function, u).map(f64::to_bits),
        Op::Lt => bool(x < y),
        Op::Le => bool(x <= y),
        Op::Eq => bool(x == y),
        Op::Ne => bool(x != y),
        Op::FloatLt => bool(u < v),
        Op::FloatLe => bool(u <= v),
        #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
        Op::FloatEq => bool(u == v),
        #[expect(clippy::float_cmp, reason = "it is what the program asks for")]
        Op::FloatNe => bool(u != v),
        Op::Not => Some(a ^ 1),
        Op::ToFloat => float(x.to_f64()),
        Op::ToFloatExact => exact(x).then(|| x.to_f64().to_bits()),
        Op::BoolToInt => Some(a),
        Op::Trunc => int(whole(u.trunc())),
        Op::Round => int(whole(u.round_ties_even())),
        Op::Floor => int(whole(u.floor())),
        Op::Ceil => int(whole(u.ceil())),
        Op::TrueDiv => {
            (y != 0 && exact(x) && exact(y)).then(|| (x.to_f64() / y.to_f64()).to_bits())
        }
        Op::Select | Op::FloatSelect | Op::BoolSelect => Some(if a != 0 { b } else { c }),
        Op::Bail => None,
    }
}
