//! Running a chain: the part of a reduction that is done element by element.

use std::cell::Cell;
use std::ops::Range;
use std::ptr::null;

use super::block::BLOCK;
use super::chain::{Chain, From, Row, Step};
use super::column::Column;
use super::link::{Link, Numbers, Value, Work};
use super::map::{Setup, Worker};
use super::native::Native;
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

    fn address(&self) -> *const u8 {
        match self {
            Memory::Integers(values) => values.as_ptr().cast(),
            Memory::Doubles(values) => values.as_ptr().cast(),
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
    /// Of each row that is computed.
    workers: Vec<Option<Worker<'a>>>,
    /// By row; then of the values that are saved. None that machine code does not want.
    memory: Vec<Option<Memory>>,
    way: Way<'a>,
}

enum Way<'a> {
    Links(Box<Interpreted>),
    Native(&'a Native),
}

struct Interpreted {
    links: Vec<Link<From>>,
    /// In the place of what is not there.
    no_integers: [i64; BLOCK],
    no_doubles: [f64; BLOCK],
}

impl<'a> Links<'a> {
    /// `setups` are those of the chain's programs: with machine code, of those that it reads the
    /// rows of.
    pub(super) fn new(
        chain: &'a Chain,
        setups: &'a [Setup<'a>],
        native: Option<&'a Native>,
    ) -> Self {
        let mut setups = setups.iter();
        let rows = chain.rows.iter().enumerate().map(|(i, row)| {
            if native.is_some_and(|native| !native.reads(i)) {
                return (None, None);
            }
            match row {
                Row::Constant(constant) => (None, Some(Memory::of(*constant))),
                Row::Program(program) => (
                    setups.next().map(Worker::new),
                    Some(Memory::empty(program.result())),
                ),
            }
        });
        let (workers, mut memory): (Vec<_>, Vec<_>) = rows.unzip();
        let way = if let Some(native) = native {
            Way::Native(native)
        } else {
            let saving = |step: &&Step| step.saves.is_some();
            let mut saving: Vec<&Step> = chain.steps.iter().filter(saving).collect();
            saving.sort_by_key(|step| step.saves);
            memory.extend(saving.iter().map(|step| Some(Memory::empty(step.kind))));
            Way::Links(Box::new(Interpreted {
                links: Link::all(chain),
                no_integers: [0; BLOCK],
                no_doubles: [0.0; BLOCK],
            }))
        };
        Links {
            kind: chain.kind,
            workers,
            memory,
            way,
        }
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
            if let (Some(worker), Some(memory)) = (worker, memory) {
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
        let count = match &mut self.way {
            Way::Links(links) => links.pass(&mut self.memory, self.workers.len(), &mut value, len),
            Way::Native(native) => {
                let address =
                    |memory: &Option<Memory>| memory.as_ref().map_or(null(), Memory::address);
                let rows: Vec<*const u8> = self.memory.iter().map(address).collect();
                #[expect(unsafe_code, reason = "machine code is called")]
                // SAFETY: there is memory for all elements of a block in each row that is read, and
                // the elements are in place if they are.
                unsafe {
                    native.run(&mut value, len, column.address(range), &rows)
                }
            }
        };
        *accumulator = match self.kind {
            Kind::Float => value.double.to_bits(),
            Kind::Int | Kind::Bool => value.int.cast_unsigned(),
        };
        Some(count)
    }
}

impl Interpreted {
    fn pass(
        &mut self,
        memory: &mut [Option<Memory>],
        rows: usize,
        value: &mut Value,
        len: usize,
    ) -> usize {
        let none = Numbers {
            integers: cells(&mut self.no_integers),
            doubles: cells(&mut self.no_doubles),
        };
        let memory = memory.iter_mut().flatten();
        let numbers: Vec<Numbers<'_>> = memory.map(|memory| memory.numbers(none)).collect();
        let (rows, saved) = numbers.split_at(rows);
        let of = |from: From| match from {
            From::None => none,
            From::Row(row) => rows[row],
            From::Saved(place) => saved[place],
        };
        let links: Vec<_> = self.links.iter().map(|link| link.with(of)).collect();
        let count;
        (*value, count) = pass(&links, *value, len);
        count
    }
}

/// Passes a value through all links for each element, or up to the first that one bails out for,
/// and how many elements that were.
///
/// Each link has a copy of the code for itself, so that the jump to what it does always goes the
/// same way, which the CPU foresees: a link then takes a third of the time. Chains for which there
/// are no copies of their own are made longer, by links that do nothing.
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

/// As [`pass`], through one link: what it does is decided once for all elements, if it is one of
/// the works that are often alone.
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
