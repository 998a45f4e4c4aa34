//! Running a chain: the part of a reduction that is done element by element.

use std::cell::Cell;
use std::ops::Range;

use super::block::BLOCK;
use super::chain::{Chain, From, Row, Step};
use super::column::Column;
use super::link::{Link, Numbers, Value, Work};
use super::map::{Setup, Worker};
use super::native::{Native, Operand};
use super::program::{Constant, Kind};
use super::slot::Slot;
use super::target::Target;
use crate::Level;

/// The memory of [`Numbers`].
enum Memory {
    Integers(Box<[i64; BLOCK]>),
    Doubles(Box<[f64; BLOCK]>),
}

impl Memory {
    /// All of them one constant. Bools are one or zero.
    fn of(constant: Constant) -> Self {
        match constant {
            Constant::Int(value) => Memory::Integers(Box::new([value; BLOCK])),
            Constant::Bool(value) => Memory::Integers(Box::new([value.into(); BLOCK])),
            Constant::Float(value) => Memory::Doubles(Box::new([value; BLOCK])),
        }
    }

    /// To be written to.
    fn empty(kind: Kind) -> Self {
        Memory::of(match kind {
            Kind::Float => Constant::Float(0.0),
            Kind::Int | Kind::Bool => Constant::Int(0),
        })
    }

    fn address(&self) -> usize {
        match self {
            Memory::Integers(values) => values.as_ptr().expose_provenance(),
            Memory::Doubles(values) => values.as_ptr().expose_provenance(),
        }
    }

    fn target(&mut self, len: usize) -> Target<'_> {
        match self {
            Memory::Integers(values) => Target::I64(Slot::of(&mut values[..len])),
            Memory::Doubles(values) => Target::F64(Slot::of(&mut values[..len])),
        }
    }

    /// `none` are those of the other type.
    fn numbers<'r>(&'r mut self, none: Numbers<'r>) -> Numbers<'r> {
        match self {
            Memory::Integers(values) => Numbers {
                integers: cells(values),
                ..none
            },
            Memory::Doubles(values) => Numbers {
                doubles: cells(values),
                ..none
            },
        }
    }
}

fn cells<T>(values: &mut [T; BLOCK]) -> &[Cell<T>; BLOCK] {
    let cells = Cell::from_mut(&mut values[..]).as_slice_of_cells();
    cells.first_chunk().expect("as many cells as values")
}

/// What is needed to run a chain over blocks.
pub(super) struct Links<'a> {
    kind: Kind,
    chain: Vec<Link<From>>,
    /// Of each row that is computed.
    workers: Vec<Option<Worker<'a>>>,
    /// By row; then of the values that are saved.
    memory: Vec<Memory>,
    /// In the place of what is not there.
    no_integers: Box<[i64; BLOCK]>,
    no_doubles: Box<[f64; BLOCK]>,
    /// What does the same as the links. It reads elements in place: there are no workers for such rows.
    native: Option<Native>,
}

impl<'a> Links<'a> {
    /// `setups` are those of the chain's programs.
    pub(super) fn new(chain: &'a Chain, setups: &'a [Setup<'a>]) -> Self {
        let mut setups = setups.iter();
        let rows = chain.rows.iter().map(|row| match row {
            Row::Constant(constant) => (None, Memory::of(*constant)),
            Row::Program(program) => (
                setups.next().map(Worker::new),
                Memory::empty(program.result()),
            ),
        });
        let (workers, mut memory): (Vec<_>, Vec<_>) = rows.unzip();
        let saving = |step: &&Step| step.saves.is_some();
        let mut saving: Vec<&Step> = chain.steps.iter().filter(saving).collect();
        saving.sort_by_key(|step| step.saves);
        memory.extend(saving.iter().map(|step| Memory::empty(step.kind)));
        Links {
            kind: chain.kind,
            chain: Link::all(chain),
            workers,
            memory,
            no_integers: Box::new([0; BLOCK]),
            no_doubles: Box::new([0.0; BLOCK]),
            native: None,
        }
    }

    /// As [`Links::new`], in machine code if there is such.
    pub(super) fn native(chain: &'a Chain, setups: &'a [Setup<'a>], column: &Column<'_>) -> Self {
        let mut links = Links::new(chain, setups);
        let operand = |row: usize| match &chain.rows[row] {
            Row::Constant(constant) => Operand::Constant(*constant),
            Row::Program(program) if program.is_identity() && column.is_in_place() => {
                Operand::Element(column.element_type())
            }
            Row::Program(_) => Operand::Row(links.memory[row].address()),
        };
        let native = Native::of(chain, &operand);
        if native.is_some() {
            for (row, worker) in links.workers.iter_mut().enumerate() {
                if let Operand::Element(_) = operand(row) {
                    *worker = None;
                }
            }
        }
        Links { native, ..links }
    }

    /// Passes the accumulator through the elements of a block; how many there were before it bailed
    /// out, or none if a row did.
    pub(super) fn run(
        &mut self,
        accumulator: &mut u64,
        column: &Column<'_>,
        level: Level,
        range: Range<usize>,
    ) -> Option<usize> {
        let len = range.len();
        for (worker, memory) in self.workers.iter_mut().zip(&mut self.memory) {
            if let Some(worker) = worker {
                let columns = std::slice::from_ref(column);
                if worker.run(columns, range.start, level, memory.target(len)) {
                    return None;
                }
            }
        }
        let mut value = Value {
            int: accumulator.cast_signed(),
            double: f64::from_bits(*accumulator),
        };
        let count = match &self.native {
            Some(native) => {
                #[expect(unsafe_code, reason = "machine code is called")]
                // SAFETY: there is memory for all elements of a block in each row, and the elements are
                // in place.
                unsafe {
                    native.run(&mut value, len, column.address(range))
                }
            }
            None => self.pass(&mut value, len),
        };
        *accumulator = match self.kind {
            Kind::Float => value.double.to_bits(),
            Kind::Int | Kind::Bool => value.int.cast_unsigned(),
        };
        Some(count)
    }

    fn pass(&mut self, value: &mut Value, len: usize) -> usize {
        let none = Numbers {
            integers: cells(&mut self.no_integers),
            doubles: cells(&mut self.no_doubles),
        };
        let memory = self.memory.iter_mut();
        let numbers: Vec<Numbers<'_>> = memory.map(|memory| memory.numbers(none)).collect();
        let (rows, saved) = numbers.split_at(self.workers.len());
        let of = |from: From| match from {
            From::None => none,
            From::Row(row) => rows[row],
            From::Saved(place) => saved[place],
        };
        let links: Vec<_> = self.chain.iter().map(|link| link.with(of)).collect();
        let count;
        (*value, count) = pass(&links, *value, len);
        count
    }
}

/// Passes a value through all links for each element, or up to the first that one bails out for, and
/// how many elements that were.
///
/// Each link has a copy of the code for itself, so that the jump to what it does always goes the same
/// way, which the CPU foresees: a link then takes a third of the time. Chains for which there are no
/// copies of their own are made longer, by links that do nothing.
fn pass(links: &[Link<Numbers<'_>>], start: Value, len: usize) -> (Value, usize) {
    macro_rules! pass_all {
        ($($count:literal: $($link:ident)*;)*) => {
            match links {
                [] => (start, len),
                [link] => pass_alone(link, start, len),
                $(_ if links.len() <= $count => {
                    let links: [Link<Numbers<'_>>; $count] = std::array::from_fn(|i| match links.get(i) {
                        Some(link) => *link,
                        None => links[0].stay(),
                    });
                    pass_each(
                        start,
                        len,
                        #[inline(always)]
                        |value, i| {
                            // Out of one array, whose address takes one register.
                            let [$($link),*] = &links;
                            $(let (value, is_certain) = $link.image(value, i);
                            if !is_certain {
                                return (value, false);
                            })*
                            (value, true)
                        },
                    )
                })*
                _ => pass_each(start, len, |mut value, i| {
                    for link in links {
                        let (image, is_certain) = link.image(value, i);
                        if !is_certain {
                            return (value, false);
                        }
                        value = image;
                    }
                    (value, true)
                }),
            }
        };
    }
    pass_all! {
        2: one two;
        3: one two three;
        4: one two three four;
        5: one two three four five;
        6: one two three four five six;
        7: one two three four five six seven;
        8: one two three four five six seven eight;
        10: one two three four five six seven eight nine ten;
        12: one two three four five six seven eight nine ten eleven twelve;
    }
}

/// As [`pass`], through one link: what it does is decided once for all elements, if it is one of the
/// works that are often alone.
fn pass_alone(link: &Link<Numbers<'_>>, start: Value, len: usize) -> (Value, usize) {
    macro_rules! pass_by {
        ($($work:ident)*) => {
            match link.work {
                $(Work::$work => pass_each(
                    start,
                    len,
                    #[inline(always)]
                    |value, i| link.image_by(Work::$work, value, i),
                ),)*
                _ => pass_each(start, len, |value, i| link.image(value, i)),
            }
        };
    }
    pass_by! {
        Add Sub Mul Xor Min Max MulAdd AddAnd MulAnd XorMul AddIf AddUnless MulAddAnd MulXorAnd
        XorMulAnd MulAddMod FloatAdd FloatSub FloatMul FloatKeepIfLt FloatKeepIfGt FloatTakeIfLt
        FloatTakeIfGt FloatMulAdd FloatAddMul FloatAddIf FloatAddUnless FloatSmooth
    }
}

/// A function for each image: among other loops the compiler does not keep the value in registers.
#[inline(never)]
fn pass_each(
    mut value: Value,
    len: usize,
    image: impl Fn(Value, usize) -> (Value, bool),
) -> (Value, usize) {
    for i in 0..len {
        let (image, is_certain) = image(value, i);
        if !is_certain {
            return (value, i);
        }
        value = image;
    }
    (value, len)
}
