//! Copying the elements for which a program is true, by pieces that the caches keep.
//!
//! A participant marks the elements of a piece with a bit each and counts them; when the pieces
//! before it have been counted, it knows where its elements go, lets the next one know, and copies
//! them. So memory is read once, and pieces are marked and copied at the same time by all
//! participants, who wait for nothing but a count.

use std::hint;
use std::mem::MaybeUninit;
use std::ops::{ControlFlow, Range};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::column::{Column, Stored};
use super::compact::{compact, count_ones};
use super::map::{Setup, Worker, assert_columns, shape, work};
use super::program::{Kind, Program};
use super::target::Target;
use crate::elements::WORD;
use crate::environment::Standard;
use crate::executor::lock;
use crate::{Error, Executor, Values};

/// What a participant takes at a time, in bytes: what is kept of it is still in the second-level cache
/// when it is copied.
const PIECE_BYTES: usize = 128 << 10;

/// So often a participant looks whether it is its turn before it lets others have the CPU.
const SPINS: usize = 256;

/// The turn of nobody: a piece could not be finished.
const ENDED: usize = usize::MAX;

/// How far [`filter`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filtered {
    /// So many elements have been looked at, from the first on.
    pub seen: usize,
    /// So many of them have been kept.
    pub kept: usize,
}

/// Copies the elements for which a program is true to the first of `out`, in order.
///
/// Goes on to the first piece of elements in which a lane bails out, or for which there is no room.
/// Those places of `out` that hold what is kept are then initialised; the others may have been
/// written to.
///
/// # Errors
/// [`Error::Interrupted`] only.
///
/// # Panics
/// If the program gives no bool, or takes anything but one input of the kind of the elements.
///
/// ```
/// use std::mem::MaybeUninit;
///
/// use arrayops::{Executor, Filtered, Program, Values, filter};
///
/// // x < 5 of one int.
/// let bytes = [
///     &[1, 1, 0, 1, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0][..],
///     &[1, 0, 0x30, 0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff, 2, 0],
/// ];
/// let bytes = bytes.concat();
/// let program = Program::decode(&bytes)?;
/// let mut out = [MaybeUninit::<i8>::uninit(); 3];
/// let values = Values::Aligned(&[1_i8, 100, 2][..]);
/// let done = filter(&Executor::sequential(), &program, values, &mut out)?;
/// assert_eq!(done, Filtered { seen: 3, kept: 2 });
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn filter<T: Stored>(
    executor: &Executor<'_>,
    program: &Program,
    values: Values<'_, T>,
    out: &mut [MaybeUninit<T>],
) -> Result<Filtered, Error> {
    assert_eq!(program.result(), Kind::Bool, "the result is no bool");
    let columns = [Column::from(values)];
    let (len, room) = (values.len(), out.len());
    assert_columns(program, &columns, len);
    let _standard = Standard::enter();
    let shape = shape(program, &columns, None);
    let setup = Setup::new(&shape);
    let piece = PIECE_BYTES / size_of::<T>();
    let places = Places {
        turn: AtomicUsize::new(0),
        rest: Mutex::new(Rest { out, seen: 0 }),
    };
    executor.fold_pieces(
        // Elements are read, and as many may be written.
        len.saturating_mul(work(program, 2 * size_of::<T>())),
        (0..len).step_by(piece),
        piece,
        || (Worker::new(&setup), vec![0; piece.min(len).div_ceil(WORD)]),
        |(worker, bits), at, start| {
            let range = start..len.min(start + piece);
            let bits = &mut bits[..range.len().div_ceil(WORD)];
            let executor = Executor::new(at.level, 1);
            let out = places.take(&range, || {
                let target = Target::Bits(bits, range.len());
                let bails = worker.run(&columns, start, at.level, target);
                (!bails).then(|| count_ones(&executor, bits))
            });
            match out {
                Some(out) => {
                    compact(&executor, values.part(range), bits, out);
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(()),
            }
        },
        |_, _| (),
    )?;
    let rest = lock(&places.rest);
    Ok(Filtered {
        seen: rest.seen,
        kept: room - rest.out.len(),
    })
}

/// The places for what is kept, which are given to the pieces in order.
struct Places<'a, T> {
    /// Where the piece begins whose turn it is.
    turn: AtomicUsize,
    rest: Mutex<Rest<'a, T>>,
}

struct Rest<'a, T> {
    out: &'a mut [MaybeUninit<T>],
    /// Where the piece begins that is the next to be given places.
    seen: usize,
}

impl<'a, T> Places<'a, T> {
    /// The places of a piece, of whose elements `count` says how many are kept if that is known; when
    /// all pieces before it have been given theirs.
    ///
    /// None where it is not known, or there are not as many, and for all pieces behind.
    fn take(
        &self,
        piece: &Range<usize>,
        count: impl FnOnce() -> Option<usize>,
    ) -> Option<&'a mut [MaybeUninit<T>]> {
        let mut turn = Turn {
            now: &self.turn,
            piece: piece.clone(),
            is_passed_on: false,
        };
        let count = count();
        for tries in 1.. {
            match self.turn.load(Ordering::Acquire) {
                ENDED => return None,
                start if start == piece.start => break,
                _ if tries % SPINS == 0 => thread::yield_now(),
                _ => hint::spin_loop(),
            }
        }
        let mut rest = lock(&self.rest);
        let count = count.filter(|count| *count <= rest.out.len())?;
        let (places, others) = std::mem::take(&mut rest.out).split_at_mut(count);
        *rest = Rest {
            out: others,
            seen: piece.end,
        };
        turn.is_passed_on = true;
        Some(places)
    }
}

/// What a piece does to the turn in the end, even by a panic: nobody waits for it in vain.
struct Turn<'a> {
    now: &'a AtomicUsize,
    piece: Range<usize>,
    /// Whether the next piece is given places.
    is_passed_on: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Range { start, end } = self.piece;
        if self.is_passed_on {
            // Unless a later piece has ended it meanwhile.
            let (done, failed) = (Ordering::Release, Ordering::Relaxed);
            let _ = self.now.compare_exchange(start, end, done, failed);
        } else {
            self.now.store(ENDED, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use super::*;

    fn places(out: &mut [MaybeUninit<u8>]) -> Places<'_, u8> {
        Places {
            turn: AtomicUsize::new(0),
            rest: Mutex::new(Rest { out, seen: 0 }),
        }
    }

    #[test]
    fn places_are_given_in_order_whoever_comes_first() {
        let mut out = [MaybeUninit::new(0); 6];
        let all = places(&mut out);
        thread::scope(|scope| {
            for i in (0..4).rev() {
                let all = &all;
                scope.spawn(move || {
                    let taken = all.take(&(10 * i..10 * i + 10), || Some(i));
                    for place in taken.into_iter().flatten() {
                        place.write(u8::try_from(i).unwrap_or(u8::MAX));
                    }
                });
                thread::sleep(Duration::from_millis(1));
            }
        });
        assert_eq!(lock(&all.rest).seen, 40);
        #[expect(unsafe_code, reason = "what was initialised still is")]
        // SAFETY: all were initialised.
        let out = out.map(|place| unsafe { place.assume_init() });
        assert_eq!(out, [1, 2, 2, 3, 3, 3]);
    }

    #[test]
    fn nobody_waits_for_a_piece_that_ended_by_a_panic() {
        let mut out = [MaybeUninit::new(0); 6];
        let all = places(&mut out);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| all.take(&(20..30), || Some(1)).is_some());
            let panics = || {
                all.take(&(10..20), || panic!("provoked for a test"))
                    .is_some()
            };
            assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
            assert_eq!(waiting.join().ok(), Some(false));
        });
        // Nor does one before it give the turn to one that will not come.
        assert!(all.take(&(0..10), || Some(1)).is_none());
    }
}
