//! Inputs: lengths around every seam of the kernels, and mixtures of values.

use std::num::NonZeroUsize;

use arrayops::Element;

use crate::elements::Sample;

/// The executor's block.
const BLOCK_BYTES: usize = 256 << 10;

/// The part of a block that `scale` tests before it writes it.
const PART_BYTES: usize = 8 << 10;

/// Lengths around one and two times every number of lanes, and around the block of packed memory.
pub(crate) fn small_lengths() -> Vec<usize> {
    let mut lengths = vec![0, 1, 2, 3];
    for lanes in [8, 16, 32, 64, 128, 256, 512, 1024] {
        lengths.extend([lanes - 1, lanes, lanes + 1]);
    }
    lengths
}

/// Lengths around one and two parts of a block.
pub(crate) fn part_lengths<T: Element>() -> [usize; 6] {
    let part = PART_BYTES / size_of::<T>();
    let both = 2 * part;
    [part - 1, part, part + 1, both - 1, both, both + 1]
}

/// Lengths around one block.
pub(crate) fn block_lengths<T: Element>() -> [usize; 3] {
    let block = block_length::<T>();
    [block - 1, block, block + 1]
}

/// Less than by default, so that inputs that several threads share are not large.
pub(crate) const BYTES_PER_THREAD: NonZeroUsize = NonZeroUsize::new(1 << 20).unwrap();

/// The elements of one block.
pub(crate) fn block_length<T: Element>() -> usize {
    BLOCK_BYTES / size_of::<T>()
}

/// Enough for four threads, with a last block that is not full.
pub(crate) fn parallel_length<T: Element>() -> usize {
    17 * block_length::<T>() + 5
}

/// Pseudo-random bits (`SplitMix64`), the same on every run.
pub(crate) fn random_bits(seed: u64) -> impl Iterator<Item = u64> {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    (1..).map(move |i: u64| {
        let mut bits = seed.wrapping_add(i.wrapping_mul(STEP));
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    })
}

/// Special values in turn; which of them comes first depends on the length.
pub(crate) fn special<T: Sample>(len: usize) -> Vec<T> {
    let specials = T::specials();
    let start = len % specials.len();
    specials
        .iter()
        .copied()
        .cycle()
        .skip(start)
        .take(len)
        .collect()
}

/// Any values of the type.
pub(crate) fn random<T: Sample>(len: usize) -> Vec<T> {
    random_bits(len as u64)
        .map(T::from_random)
        .take(len)
        .collect()
}

/// Values that stay within the type when they are multiplied by as much as four.
pub(crate) fn moderate<T: Sample>(len: usize) -> Vec<T> {
    random_bits(len as u64).map(T::moderate).take(len).collect()
}

/// One input of each mixture.
pub(crate) fn mixtures<T: Sample>(len: usize) -> [Vec<T>; 3] {
    [special(len), random(len), moderate(len)]
}
