//! How a kernel is run: cut into blocks, at a CPU level, on some threads, until told to stop.
//!
//! This is the only place that knows of blocks and threads. A kernel is a closure over one block;
//! the participants (the calling thread and, for large inputs, pool threads) take blocks in order
//! from one shared iterator, fold each into a state of their own, and the states are merged at the
//! end. So a slow thread takes fewer blocks, and a kernel whose merge does not depend on
//! order gives one result for any number of threads.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::elements::{Group, Groups, Missing};
use crate::pool;
use crate::{Element, Elements, Error, Level, Values, ValuesMut};

/// What a participant takes at a time: small against the work of a thread, large against the cost
/// of taking it, and within every L2 cache.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// Unaligned elements are copied to the stack in pieces of this many.
const PACKED_BLOCK: usize = 512;

/// A thread is worth waking for so much input (measured: `benches/kernels.rs`, group `threads`).
///
/// The second one then begins at twice as much, where two take 0.7 to 0.75 of the time of one if
/// both CPUs are idle. With less input there is less to gain, and as much to lose: if another
/// program keeps the second CPU busy, up to a third.
const BYTES_PER_THREAD: usize = 2 << 20;

/// Two of the widest vectors. (A call of `sum` or `min` on eight elements takes 0.7 to 1 of the time
/// that it takes at level v4.)
const TINY_BYTES: usize = 128;

/// How often the calling thread asks whether to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How to run: the CPU level, the number of threads, and when to stop.
///
/// No result depends on it.
#[derive(Clone, Copy)]
pub struct Executor<'a> {
    level: Level,
    threads: usize,
    bytes_per_thread: usize,
    interrupted: Option<&'a dyn Fn() -> bool>,
}

/// Told how the last block ended, says whether to go on.
type GoOn<'a> = dyn FnMut(ControlFlow<()>) -> bool + 'a;

/// Where a block is, and how it is worked on.
#[derive(Clone, Copy)]
pub(crate) struct At {
    /// The index of its first element.
    pub(crate) start: usize,
    /// The CPU level that the code is compiled for.
    pub(crate) level: Level,
}

/// What a participant works on.
enum Block<'a, T: Element> {
    Aligned(&'a [T]),
    Packed(&'a [T::Bytes]),
    Group(Group<'a, T>),
}

impl std::fmt::Debug for Executor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor")
            .field("level", &self.level)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl<'a> Executor<'a> {
    /// The best level of this machine, on the calling thread only, never interrupted.
    #[must_use]
    pub fn sequential() -> Self {
        Executor::new(Level::detect(), 1)
    }

    /// A level and a bound on the number of threads, of which the calling thread is one.
    ///
    /// Zero threads count as one. Few are used for small inputs.
    #[must_use]
    pub const fn new(level: Level, threads: usize) -> Self {
        Executor {
            level,
            threads,
            bytes_per_thread: BYTES_PER_THREAD,
            interrupted: None,
        }
    }

    /// Uses one of the threads for so many bytes of input; 2 MiB unless told.
    #[must_use]
    pub const fn bytes_per_thread(self, bytes: NonZeroUsize) -> Self {
        Executor {
            bytes_per_thread: bytes.get(),
            ..self
        }
    }

    /// Stops with [`Error::Interrupted`] soon after `interrupted` gives true.
    ///
    /// It is called now and then, on the calling thread only, and never while elements are being
    /// written in place.
    #[must_use]
    pub const fn interrupted_by(self, interrupted: &'a dyn Fn() -> bool) -> Self {
        Executor {
            interrupted: Some(interrupted),
            ..self
        }
    }

    /// The level, for what is not cut into blocks.
    pub(crate) const fn level(&self) -> Level {
        self.level
    }

    /// Folds every block of `elements` into a state that starts as `init()`.
    ///
    /// `step` gets the state, where the block is and at which level it runs, and the block. Blocks are
    /// begun in order; after a `Break` no further block is begun. `merge` joins the states.
    ///
    /// Where elements are missing, those of a block come from places further apart than they are in
    /// it; but all are behind the places of the block before.
    #[inline(always)]
    pub(crate) fn fold<T: Element, A: Send>(
        &self,
        elements: Elements<'_, T>,
        init: impl Fn() -> A + Sync,
        step: impl Fn(&mut A, At, &[T]) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> Result<A, Error> {
        self.fold_masked(
            elements,
            Missing::LeftOut,
            init,
            #[inline(always)]
            |state, at, block, _| step(state, at, block),
            merge,
        )
    }

    /// As [`Executor::fold`], and what becomes of missing elements is up to the kernel. With blocks
    /// that are [`Missing::Masked`] come the bits of those elements that are there.
    #[inline(always)]
    pub(crate) fn fold_masked<T: Element, A: Send>(
        &self,
        elements: Elements<'_, T>,
        missing: Missing,
        init: impl Fn() -> A + Sync,
        step: impl Fn(&mut A, At, &[T], Option<&[u64]>) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> Result<A, Error> {
        match elements {
            Elements::Values(Values::Aligned(block)) if size_of_val(block) <= BLOCK_BYTES => {
                let mut state = init();
                let _ = self.level_for(size_of_val(block)).run(
                    #[inline(always)]
                    |level| step(&mut state, At { start: 0, level }, block, None),
                );
                Ok(state)
            }
            _ => self.fold_blocks(elements, missing, init, step, merge),
        }
    }

    /// The level for a single block: entering the code of a higher one does not pay for few bytes.
    #[inline(always)]
    const fn level_for(&self, bytes: usize) -> Level {
        if bytes <= TINY_BYTES {
            Level::BASELINE
        } else {
            self.level
        }
    }

    /// As [`Executor::fold_masked`], for more than one aligned block.
    #[inline(never)]
    fn fold_blocks<T: Element, A: Send>(
        &self,
        elements: Elements<'_, T>,
        missing: Missing,
        init: impl Fn() -> A + Sync,
        step: impl Fn(&mut A, At, &[T], Option<&[u64]>) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> Result<A, Error> {
        let level = self.level;
        let enter = |state: &mut A, start: usize, block: &[T], words: Option<&[u64]>| {
            level.run(
                #[inline(always)]
                |level| step(state, At { start, level }, block, words),
            )
        };
        let visit = |state: &mut A, (start, block): (usize, Block<'_, T>)| match block {
            Block::Aligned(block) => enter(state, start, block, None),
            Block::Packed(block) => {
                let mut scratch = [T::ZERO; PACKED_BLOCK];
                for (i, piece) in block.chunks(PACKED_BLOCK).enumerate() {
                    for (value, bytes) in scratch.iter_mut().zip(piece) {
                        *value = T::from_bytes(*bytes);
                    }
                    let start = start + i * PACKED_BLOCK;
                    enter(state, start, &scratch[..piece.len()], None)?;
                }
                ControlFlow::Continue(())
            }
            Block::Group(group) => {
                group.for_each_block(level, missing, start, &mut |start, block, words| {
                    enter(state, start, block, words)
                })
            }
        };
        let len = BLOCK_BYTES / size_of::<T>();
        let bytes = elements.places() * size_of::<T>();
        match elements {
            Elements::Values(Values::Aligned(values)) => {
                let blocks = &mut values.chunks(len).map(Block::Aligned);
                self.drive(bytes, self.interrupted, blocks, len, init, visit, merge)
            }
            Elements::Values(Values::Packed(values)) => {
                let blocks = &mut values.chunks(len).map(Block::Packed);
                self.drive(bytes, self.interrupted, blocks, len, init, visit, merge)
            }
            Elements::Parts(parts) => {
                let blocks = &mut Groups::new(parts, len).map(Block::Group);
                self.drive(bytes, self.interrupted, blocks, len, init, visit, merge)
            }
        }
    }

    /// As [`Executor::fold`], over pieces of whatever there is, each of `piece_len` elements but for
    /// the last. `step` enters the code of the level itself.
    ///
    /// `bytes` says how much work it is.
    pub(crate) fn fold_pieces<P: Send, A: Send>(
        &self,
        bytes: usize,
        mut pieces: impl Iterator<Item = P> + Send,
        piece_len: usize,
        init: impl Fn() -> A + Sync,
        step: impl Fn(&mut A, At, P) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> Result<A, Error> {
        let level = self.level;
        let visit = |state: &mut A, (start, piece)| step(state, At { start, level }, piece);
        self.drive(
            bytes,
            self.interrupted,
            &mut pieces,
            piece_len,
            init,
            visit,
            merge,
        )
    }

    /// As [`Executor::fold`], with blocks that `step` may write. Is not interrupted.
    ///
    /// `step` is called exactly once for each start it is called with, so that a second `update`
    /// of the same values sees the same blocks.
    #[inline(always)]
    pub(crate) fn update<T: Element, A: Send>(
        &self,
        values: ValuesMut<'_, T>,
        init: impl Fn() -> A + Sync,
        step: impl Fn(&mut A, usize, &mut [T]) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A {
        match values {
            ValuesMut::Aligned(block) if size_of_val(block) <= BLOCK_BYTES => {
                let mut state = init();
                let _ = self.level_for(size_of_val(block)).run(
                    #[inline(always)]
                    |_| step(&mut state, 0, block),
                );
                state
            }
            _ => self.update_blocks(values, init, step, merge),
        }
    }

    /// As [`Executor::update`], for more than one aligned block.
    #[inline(never)]
    fn update_blocks<T: Element, A: Send>(
        &self,
        values: ValuesMut<'_, T>,
        init: impl Fn() -> A + Sync,
        step: impl Fn(&mut A, usize, &mut [T]) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A {
        let level = self.level;
        let enter = |state: &mut A, start: usize, block: &mut [T]| {
            level.run(
                #[inline(always)]
                |_| step(state, start, block),
            )
        };
        let visit = |state: &mut A, (start, block): (usize, ValuesMut<'_, T>)| match block {
            ValuesMut::Aligned(block) => enter(state, start, block),
            ValuesMut::Packed(block) => {
                let mut scratch = [T::ZERO; PACKED_BLOCK];
                for (i, piece) in block.chunks_mut(PACKED_BLOCK).enumerate() {
                    for (value, bytes) in scratch.iter_mut().zip(&*piece) {
                        *value = T::from_bytes(*bytes);
                    }
                    let flow = enter(state, start + i * PACKED_BLOCK, &mut scratch[..piece.len()]);
                    for (bytes, value) in piece.iter_mut().zip(&scratch) {
                        *bytes = value.to_bytes();
                    }
                    flow?;
                }
                ControlFlow::Continue(())
            }
        };
        let len = BLOCK_BYTES / size_of::<T>();
        let bytes = values.as_values().len() * size_of::<T>();
        let done = match values {
            ValuesMut::Aligned(values) => {
                let blocks = &mut values.chunks_mut(len).map(ValuesMut::Aligned);
                self.drive(bytes, None, blocks, len, init, visit, merge)
            }
            ValuesMut::Packed(values) => {
                let blocks = &mut values.chunks_mut(len).map(ValuesMut::Packed);
                self.drive(bytes, None, blocks, len, init, visit, merge)
            }
        };
        match done {
            Ok(state) => state,
            Err(_) => unreachable!("nothing interrupts an update"),
        }
    }

    /// The first element that satisfies `wanted`, and its index where none are missing.
    pub(crate) fn find<T: Element>(
        &self,
        elements: Elements<'_, T>,
        wanted: impl Fn(T) -> bool + Sync,
    ) -> Result<Option<(usize, T)>, Error> {
        self.fold(
            elements,
            || None,
            #[inline(always)]
            |found: &mut Option<(usize, T)>, at, block: &[T]| {
                // Whole pieces first: a test for any is a vector operation, a position is not.
                for (i, piece) in block.chunks(256).enumerate() {
                    if piece.iter().fold(false, |any, value| any | wanted(*value)) {
                        let position = piece.iter().position(|value| wanted(*value));
                        *found = position
                            .map(|position| (at.start + i * 256 + position, piece[position]));
                        return ControlFlow::Break(());
                    }
                }
                ControlFlow::Continue(())
            },
            |found, other| {
                let both = found.iter().copied().chain(other);
                *found = both.min_by_key(|(index, _)| *index);
            },
        )
    }

    /// Lets the participants take blocks until there are none, one breaks, or one is interrupted.
    ///
    /// This is compiled for each kernel, so there is no more in it than must be.
    #[expect(
        clippy::too_many_arguments,
        reason = "the two public forms are thin fronts of this"
    )]
    fn drive<B: Send, A: Send>(
        &self,
        bytes: usize,
        interrupted: Option<&dyn Fn() -> bool>,
        blocks: &mut (dyn Iterator<Item = B> + Send),
        block_len: usize,
        init: impl Fn() -> A + Sync,
        visit: impl Fn(&mut A, (usize, B)) -> ControlFlow<()> + Sync,
        merge: impl Fn(&mut A, A),
    ) -> Result<A, Error> {
        let queue = Mutex::new(blocks.enumerate());
        let participate = |state: &mut A, go_on: &mut GoOn<'_>| {
            let mut flow = ControlFlow::Continue(());
            while go_on(flow) {
                let Some((i, block)) = lock(&queue).next() else {
                    break;
                };
                flow = visit(state, (i * block_len, block));
            }
        };
        let mut state = init();
        let helped = Mutex::new(Vec::new());
        self.participants(
            bytes,
            interrupted,
            &|go_on| {
                let mut state = init();
                participate(&mut state, go_on);
                lock(&helped).push(state);
            },
            &mut |go_on| participate(&mut state, go_on),
        )?;
        for other in helped.into_inner().unwrap_or_else(PoisonError::into_inner) {
            merge(&mut state, other);
        }
        Ok(state)
    }

    /// Runs `lead` on this thread and `help` on as many others as so many bytes are worth. Either
    /// asks before each block whether to go on.
    fn participants(
        &self,
        bytes: usize,
        interrupted: Option<&dyn Fn() -> bool>,
        help: &(dyn Fn(&mut GoOn<'_>) + Sync),
        lead: &mut dyn FnMut(&mut GoOn<'_>),
    ) -> Result<(), Error> {
        let stop = AtomicBool::new(false);
        let go_on = |flow: ControlFlow<()>| {
            if flow.is_break() {
                stop.store(true, Ordering::Relaxed);
            }
            !stop.load(Ordering::Relaxed)
        };
        let mut was_interrupted = false;
        let mut last_poll = Instant::now();
        let mut poll = |flow| {
            if let Some(interrupted) = interrupted
                && last_poll.elapsed() >= POLL_INTERVAL
            {
                was_interrupted = interrupted();
                last_poll = Instant::now();
            }
            go_on(if was_interrupted {
                ControlFlow::Break(())
            } else {
                flow
            })
        };
        let threads = self.threads.min(bytes / self.bytes_per_thread);
        pool::run(
            threads.saturating_sub(1),
            &|| help(&mut |flow| go_on(flow)),
            &mut || lead(&mut poll),
        );
        if was_interrupted {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }
}

/// Panics on a thread of the caller's choice, so that tests can see what becomes of a panic.
///
/// # Panics
/// Always, unless `on_helper` is asked for and no helper thread comes in time.
#[doc(hidden)]
pub fn panic_in(executor: &Executor<'_>, on_helper: bool) {
    let executor = executor.bytes_per_thread(NonZeroUsize::MIN);
    let caller = std::thread::current().id();
    let values = vec![0_u8; 64 * BLOCK_BYTES];
    let _ = executor.fold(
        values[..].into(),
        || (),
        |(), _, _| {
            let is_helper = std::thread::current().id() != caller;
            assert!(is_helper != on_helper, "provoked for a test");
            std::thread::sleep(Duration::from_millis(5));
            ControlFlow::Continue(())
        },
        |(), ()| (),
    );
}

/// Nothing guarded so is left half changed by a panic, which is passed on to the caller anyway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use std::sync::Barrier;

    use super::*;

    const THREADS: usize = 4;

    /// The starts and lengths of blocks: none twice, none left out.
    fn assert_complete(mut seen: Vec<(usize, usize)>, len: usize) {
        seen.sort_unstable();
        let end = seen.into_iter().fold(0, |end, (start, len)| {
            assert_eq!(start, end);
            start + len
        });
        assert_eq!(end, len);
    }

    #[test]
    fn fold_on_several_threads_merges_what_each_has_seen() {
        let executor = Executor::new(Level::detect(), THREADS);
        let values = vec![0_u8; THREADS * BYTES_PER_THREAD + 5];
        // Nobody goes on before all have begun.
        let begun = Barrier::new(THREADS);
        let seen = executor.fold(
            values[..].into(),
            Vec::new,
            |seen, at, block| {
                if seen.is_empty() {
                    begun.wait();
                }
                seen.push((at.start, block.len()));
                ControlFlow::Continue(())
            },
            Extend::extend,
        );
        assert_complete(seen.unwrap_or_default(), values.len());
    }

    #[test]
    fn update_on_several_threads_writes_every_block_once() {
        let executor = Executor::new(Level::detect(), THREADS);
        let mut values = vec![0_u8; THREADS * BYTES_PER_THREAD + 5];
        let begun = Barrier::new(THREADS);
        let seen = executor.update(
            values[..].as_mut().into(),
            Vec::new,
            |seen, start, block: &mut [u8]| {
                if seen.is_empty() {
                    begun.wait();
                }
                seen.push((start, block.len()));
                for value in block {
                    *value += 1;
                }
                ControlFlow::Continue(())
            },
            Extend::extend,
        );
        assert_complete(seen, values.len());
        assert!(values.iter().all(|value| *value == 1));
    }

    #[test]
    fn fold_after_a_break_begins_no_block() {
        let executor = Executor::new(Level::detect(), 1);
        let values = vec![[0_u8; 2]; 3 * BLOCK_BYTES];
        let seen = executor.fold(
            Values::<u16>::Packed(&values).into(),
            || 0,
            |seen, at, _| {
                *seen = at.start;
                if at.start < BLOCK_BYTES {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            },
            |_, _| (),
        );
        assert_eq!(seen, Ok(BLOCK_BYTES));
    }
}
