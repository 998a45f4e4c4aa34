//! Running a chain: the part of a reduction that is done element by element.

use std::cell::Cell;
use std::ops::Range;

use super::chain::{Chain, From, Row, Step};
use super::column::Column;
use super::link::{Lanes, Link, Passed, Value, Way, Work, step};
use super::map::{Setup, Worker};
use super::program::{Constant, Kind};
use super::slot::Slot;
use super::target::Target;
use crate::Level;

/// What is needed to run a chain over blocks.
pub(super) struct Links<'a> {
    chain: &'a Chain,
    /// Of each row that is computed.
    workers: Vec<Option<Worker<'a>>>,
    /// By row, of one of both types. Bools are one or zero.
    integers: Vec<Vec<i64>>,
    doubles: Vec<Vec<f64>>,
}

impl<'a> Links<'a> {
    /// `setups` are those of the chain's programs. For blocks of at most so many elements.
    pub(super) fn new(chain: &'a Chain, setups: &'a [Setup<'a>], block: usize) -> Self {
        let mut setups = setups.iter();
        let mut links = Links {
            chain,
            workers: Vec::new(),
            integers: Vec::new(),
            doubles: Vec::new(),
        };
        for row in &chain.rows {
            let (worker, int, double) = match row {
                Row::Constant(Constant::Int(value)) => (None, *value, 0.0),
                Row::Constant(Constant::Float(value)) => (None, 0, *value),
                Row::Constant(Constant::Bool(value)) => (None, i64::from(*value), 0.0),
                Row::Program(_) => (setups.next().map(Worker::new), 0, 0.0),
            };
            let is_float = row.kind() == Kind::Float;
            links.workers.push(worker);
            links
                .doubles
                .push(vec![double; if is_float { block } else { 0 }]);
            links
                .integers
                .push(vec![int; if is_float { 0 } else { block }]);
        }
        links
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
        let rows = self.integers.iter_mut().zip(&mut self.doubles);
        for (worker, (integers, doubles)) in self.workers.iter_mut().zip(rows) {
            if let Some(worker) = worker {
                let target = if integers.is_empty() {
                    Target::F64(Slot::of(&mut doubles[..len]))
                } else {
                    Target::I64(Slot::of(&mut integers[..len]))
                };
                let columns = std::slice::from_ref(column);
                if worker.run(columns, range.start, level, target) {
                    return None;
                }
            }
        }
        let mut saved = vec![(0, 0.0); self.chain.saved];
        let saved: Vec<Lanes<'_>> = saved
            .iter_mut()
            .map(|(int, double)| Lanes {
                integers: std::slice::from_ref(Cell::from_mut(int)),
                doubles: std::slice::from_ref(Cell::from_mut(double)),
                mask: 0,
            })
            .collect();
        let rows: Vec<Lanes<'_>> = self
            .integers
            .iter_mut()
            .zip(&mut self.doubles)
            .map(|(integers, doubles)| Lanes {
                integers: Cell::from_mut(&mut integers[..]).as_slice_of_cells(),
                doubles: Cell::from_mut(&mut doubles[..]).as_slice_of_cells(),
                mask: usize::MAX,
            })
            .collect();
        let lanes = |from: From| match from {
            From::None => Lanes::default(),
            From::Row(row) => rows[row],
            From::Saved(place) => saved[place],
        };
        let link = |step: &Step| Link {
            action: step.action,
            work: Work::of(step.action),
            way: Way::of(step),
            kind: step.kind,
            function: step.function,
            others: step.others.map(lanes),
            guard: (step.guard != From::None).then(|| lanes(step.guard)),
            saves: step.saves.map(|place| saved[place]),
        };
        // The first step only has a meaning if the accumulator is saved.
        let start = usize::from(self.chain.steps[0].saves.is_none());
        let links: Vec<Link<'_>> = self.chain.steps[start..].iter().map(link).collect();
        let count;
        if self.chain.kind == Kind::Float {
            let (passed, done) = pass_doubles(&links, f64::from_bits(*accumulator), len);
            (*accumulator, count) = (passed.to_bits(), done);
        } else {
            let (passed, done) = pass_integers(&links, accumulator.cast_signed(), len);
            (*accumulator, count) = (passed.cast_unsigned(), done);
        }
        Some(count)
    }
}

/// Chains of a few links are loops of their own: nothing is decided element by element.
fn pass_integers(links: &[Link<'_>], start: i64, len: usize) -> (i64, usize) {
    use Work::{Add, And, Mul, Xor};
    let commuting = commuting(links, |lanes| &lanes.integers[..len]);
    match commuting[..] {
        [(Add, a)] => pass(start, len, move |x, i| x.checked_add(a[i].get())),
        [(Mul, a), (Add, b)] => pass(start, len, move |x, i| {
            x.checked_mul(a[i].get())?.checked_add(b[i].get())
        }),
        [(Mul, a), (Add, b), (And, c)] => pass(start, len, move |x, i| {
            Some(x.checked_mul(a[i].get())?.checked_add(b[i].get())? & c[i].get())
        }),
        [(Xor, a), (Mul, b), (And, c)] => pass(start, len, move |x, i| {
            Some((x ^ a[i].get()).checked_mul(b[i].get())? & c[i].get())
        }),
        _ if links.iter().all(|link| link.way == Way::Int) => pass_through(links, start, len),
        _ => pass(start, len, move |int, i| {
            let value = Value { int, double: 0.0 };
            Some(through(links, value, i)?.int)
        }),
    }
}

/// As [`pass_integers`].
fn pass_doubles(links: &[Link<'_>], start: f64, len: usize) -> (f64, usize) {
    use Work::{Add, Mul};
    if let Some([a, b]) = smoothing(links, len) {
        return pass(start, len, move |x, i| {
            Some(x + (a[i].get() - x) * b[i].get())
        });
    }
    let commuting = commuting(links, |lanes| &lanes.doubles[..len]);
    match commuting[..] {
        [(Add, a)] => pass(start, len, move |x, i| Some(x + a[i].get())),
        [(Mul, a)] => pass(start, len, move |x, i| Some(x * a[i].get())),
        [(Mul, a), (Add, b)] => pass(start, len, move |x, i| Some(x * a[i].get() + b[i].get())),
        _ if links.iter().all(|link| link.way == Way::Double) => pass_through(links, start, len),
        _ => pass(start, len, move |double, i| {
            let value = Value { int: 0, double };
            Some(through(links, value, i)?.double)
        }),
    }
}

/// The rows a and b where the next value is `x + (a - x) * b`.
fn smoothing<'r>(links: &[Link<'r>], len: usize) -> Option<[&'r [Cell<f64>]; 2]> {
    let [start, difference, product, sum] = links else {
        return None;
    };
    let work = [start, difference, product, sum].map(|link| link.work);
    let [a, b, c] = [difference, product, sum].map(|link| link.others[0]);
    let is = matches!(work, [Work::Start, Work::SubFrom, Work::Mul, Work::Add])
        && links[1..].iter().all(|link| link.saves.is_none())
        && [a, b].iter().all(|row| row.mask != 0)
        && c.mask == 0;
    is.then(|| [a, b].map(|row| &row.doubles[..len]))
}

/// What links do with rows, if in all of them it does not matter which operand is which, none is
/// guarded, and nothing is saved.
fn commuting<'r, T>(
    links: &[Link<'r>],
    row: impl Fn(Lanes<'r>) -> &'r [Cell<T>],
) -> Vec<(Work, &'r [Cell<T>])> {
    let plain = links.iter().map(|link| {
        let commutes = matches!(
            link.work,
            Work::Add | Work::Mul | Work::And | Work::Or | Work::Xor
        );
        let of_row = link.guard.is_none() && link.saves.is_none() && link.others[0].mask != 0;
        (commutes && of_row).then(|| (link.work, row(link.others[0])))
    });
    plain.collect::<Option<_>>().unwrap_or_default()
}

/// Passes a value through all elements, or to the first that it does not pass.
///
/// A function for each image: among other loops the compiler does not keep the value in a register.
#[inline(never)]
fn pass<T: Copy>(mut x: T, len: usize, image: impl Fn(T, usize) -> Option<T>) -> (T, usize) {
    for i in 0..len {
        match image(x, i) {
            Some(image) => x = image,
            None => return (x, i),
        }
    }
    (x, len)
}

/// Passes a value through all links, for one element; none where one bails out.
#[inline(always)]
fn through<T: Passed>(links: &[Link<'_>], mut value: T, i: usize) -> Option<T> {
    for link in links {
        value = step(link, value, i)?;
    }
    Some(value)
}

/// Passes a value of one type through all elements, as [`pass`].
///
/// Each link has a copy of the code for itself, so that the jump to what it does always goes the same
/// way, which the CPU foresees: a link then takes a third of the time.
fn pass_through<T: Passed>(links: &[Link<'_>], start: T, len: usize) -> (T, usize) {
    macro_rules! pass_all {
        ($($count:literal: $($link:ident)*;)*) => {
            match links.len() {
                $($count => {
                    if let Some(links) = links.first_chunk::<$count>() {
                        return pass(
                            start,
                            len,
                            #[inline(always)]
                            move |value, i| {
                                // Out of one array, whose address takes one register.
                                let [$($link),*] = links;
                                $(let value = step($link, value, i)?;)*
                                Some(value)
                            },
                        );
                    }
                })*
                _ => {}
            }
        };
    }
    pass_all! {
        1: one;
        2: one two;
        3: one two three;
        4: one two three four;
        5: one two three four five;
        6: one two three four five six;
    }
    pass(start, len, move |value, i| through(links, value, i))
}
