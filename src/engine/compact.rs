//! Compaction: the elements whose bit is set, side by side.
//!
//! Elements are moved, not looked at, so that only their width matters; but for floats of 32 bits, which
//! are looked at afterwards.
//!
//! 1. A word of bits stands for 64 elements. Runs of words that are all ones are copied, of words
//!    that are all zeros skipped.
//! 2. Otherwise elements are moved a vector at a time: at level v4 by the instruction that
//!    compresses, narrow elements widened to 32 bits where the CPU has it for those only; at v3 by
//!    a permutation out of a table. A vector is stored whole, and the next one over what was too much of it; so this is done only where the
//!    output has room for 64 more elements, and not for its last ones.
//! 3. Elsewhere, and for the last ones, element by element without a branch.

use std::mem::MaybeUninit;

use crate::elements::WORD;
use crate::{Element, ElementType, Executor, Level, Values};

/// Copies the elements whose bit is set to `out`, in order, as Python has them: a signalling NaN of
/// 32 bits becomes quiet, as by way of a double.
///
/// Bit `i % 64` of the word `i / 64` is that of element `i`.
///
/// # Panics
/// If there are not as many words as the elements fill, if a bit beyond the last element is set, or
/// if `out` has another length than there are bits set.
///
/// ```
/// use std::mem::MaybeUninit;
///
/// use arrayops::{Executor, compact};
///
/// let mut out = [MaybeUninit::new(0_i16); 2];
/// compact(&Executor::sequential(), [7_i16, 8, 9][..].into(), &[0b101], &mut out);
/// ```
pub fn compact<T: Element>(
    executor: &Executor<'_>,
    values: Values<'_, T>,
    bits: &[u64],
    out: &mut [MaybeUninit<T>],
) {
    let len = values.len();
    assert_eq!(bits.len(), len.div_ceil(WORD), "a bit for each element");
    let set = count_ones(executor, bits);
    assert_eq!(set, out.len(), "a place for each element whose bit is set");
    if let Some(last) = bits.last()
        && !len.is_multiple_of(WORD)
    {
        assert_eq!(last >> (len % WORD), 0, "no bit beyond the last element");
    }
    let level = executor.level();
    match values {
        Values::Aligned(values) => {
            compact_aligned(level, values, bits, out);
        }
        Values::Packed(values) => {
            let mut scratch = [T::ZERO; 16 * WORD];
            let mut rest = &mut *out;
            for (values, bits) in values.chunks(16 * WORD).zip(bits.chunks(16)) {
                for (value, bytes) in scratch.iter_mut().zip(values) {
                    *value = T::from_bytes(*bytes);
                }
                let written = compact_aligned(level, &scratch[..values.len()], bits, rest);
                rest = &mut rest[written..];
            }
        }
    }
    if T::TYPE == ElementType::F32 {
        #[expect(unsafe_code, reason = "a view of the same layout")]
        // SAFETY: `T` is `f32`, and all elements have been written.
        let out = unsafe { &mut *(std::ptr::from_mut(out) as *mut [u32]) };
        level.run(
            #[inline(always)]
            |_| quieten(out),
        );
    }
}

/// Sets the bit of those NaNs of 32 bits that are signalling.
#[inline(always)]
fn quieten(floats: &mut [u32]) {
    const QUIET: u32 = 1 << 22;
    let is_signalling = |bits: u32| {
        let magnitude = bits & (u32::MAX >> 1);
        magnitude > f32::INFINITY.to_bits() && magnitude & QUIET == 0
    };
    // Most have none, and are only read.
    if floats
        .iter()
        .fold(false, |any, bits| any | is_signalling(*bits))
    {
        for bits in floats {
            *bits |= if is_signalling(*bits) { QUIET } else { 0 };
        }
    }
}

/// How many bits are set: of [`compact`], how many elements it copies.
///
/// ```
/// use arrayops::{Executor, count_ones};
///
/// assert_eq!(count_ones(&Executor::sequential(), &[0b101, u64::MAX]), 66);
/// ```
#[must_use]
pub fn count_ones(executor: &Executor<'_>, bits: &[u64]) -> usize {
    executor.level().run(
        #[inline(always)]
        |_| bits.iter().map(|word| word.count_ones() as usize).sum(),
    )
}

/// As [`compact`], to elements of which there may be more; how many there were.
pub(crate) fn compact_words<T: Element>(
    level: Level,
    values: &[T],
    bits: &[u64],
    out: &mut [T],
) -> usize {
    let out = std::ptr::from_mut(out) as *mut [MaybeUninit<T>];
    #[expect(unsafe_code, reason = "a view of the same layout")]
    // SAFETY: the layout is that of `T`; only elements are written through it.
    let out = unsafe { &mut *out };
    compact_aligned(level, values, bits, out)
}

/// As [`compact`], and `out` may be longer; how many elements there were.
fn compact_aligned<T: Element>(
    level: Level,
    values: &[T],
    bits: &[u64],
    out: &mut [MaybeUninit<T>],
) -> usize {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let vectors = level.vectors();
        if let Some(vectors) = vectors {
            return vectors.compact(values, bits, out);
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = level;
    walk(values, bits, out, compact_word)
}

/// Word by word; `compact_word` moves the elements of one to the first of 64 places.
#[inline(always)]
fn walk<T: Element>(
    values: &[T],
    bits: &[u64],
    out: &mut [MaybeUninit<T>],
    compact_word: impl Fn(&[T; WORD], u64, &mut [MaybeUninit<T>; WORD]),
) -> usize {
    let (mut done, mut i) = (0, 0);
    while let Some(word) = bits.get(i) {
        let values = &values[i * WORD..];
        if *word == 0 || *word == u64::MAX {
            let words = bits[i..].iter().take_while(|other| *other == word).count();
            if *word != 0 {
                for (slot, value) in out[done..].iter_mut().zip(&values[..words * WORD]) {
                    slot.write(*value);
                }
                done += words * WORD;
            }
            i += words;
            continue;
        }
        match (values.first_chunk(), out[done..].first_chunk_mut()) {
            (Some(values), Some(out)) => compact_word(values, *word, out),
            _ => compact_ends(values, *word, &mut out[done..]),
        }
        done += word.count_ones() as usize;
        i += 1;
    }
    done
}

/// As many elements as there are, to as many places.
#[inline(always)]
fn compact_ends<T: Element>(values: &[T], mut word: u64, out: &mut [MaybeUninit<T>]) {
    for slot in &mut out[..word.count_ones() as usize] {
        slot.write(values[word.trailing_zeros() as usize]);
        word &= word - 1;
    }
}

/// 64 elements to the first of 64 places, all of which may be written.
#[inline(always)]
fn compact_word<T: Element>(values: &[T; WORD], word: u64, out: &mut [MaybeUninit<T>; WORD]) {
    let mut done = 0;
    for (i, value) in values.iter().enumerate() {
        // Not more than came before: always within.
        out[done % WORD].write(*value);
        done += (word >> i & 1) as usize;
    }
}

/// Benefit against the branch-free loop, half of a million elements at random: see `benches/kernels.rs`,
/// group `compact`.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(unsafe_code, reason = "no loop is vectorised into a compression")]
mod vectors {
    use std::arch::x86_64::{
        _mm_add_epi8, _mm_cvtsi64_si128, _mm_loadl_epi64, _mm_loadu_si128, _mm_set1_epi8,
        _mm_shuffle_epi8, _mm_storel_epi64, _mm_storeu_si128, _mm_unpacklo_epi8,
        _mm256_cvtepu8_epi32, _mm256_loadu_si256, _mm256_permutevar8x32_epi32, _mm256_storeu_si256,
        _mm512_cvtepi32_epi8, _mm512_cvtepi32_epi16, _mm512_cvtepu8_epi32, _mm512_cvtepu16_epi32,
        _mm512_loadu_si512, _mm512_maskz_compress_epi8, _mm512_maskz_compress_epi16,
        _mm512_maskz_compress_epi32, _mm512_maskz_compress_epi64, _mm512_storeu_si512,
    };
    use std::mem::MaybeUninit;

    use super::walk;
    use crate::Element;
    use crate::level::Vectors;

    impl Vectors {
        pub(super) fn compact<T: Element>(
            self,
            values: &[T],
            bits: &[u64],
            out: &mut [MaybeUninit<T>],
        ) -> usize {
            match self {
                // SAFETY: from a `Level`, the proof that the CPU has these features.
                Vectors::V3 => unsafe { compact_v3(values, bits, out) },
                Vectors::V4 if size_of::<T>() <= 2 && self.compress_narrow() => {
                    // SAFETY: as above, and the CPU has these ones.
                    unsafe { compact_narrow(values, bits, out) }
                }
                // SAFETY: as above.
                Vectors::V4 => unsafe { compact_v4(values, bits, out) },
            }
        }
    }

    /// For each byte of bits, the positions of those that are set.
    static POSITIONS: [[u8; 8]; 256] = positions();

    const fn positions() -> [[u8; 8]; 256] {
        let mut all = [[0; 8]; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut count, mut bit) = (0, 0);
            while bit < 8 {
                if byte >> bit & 1 == 1 {
                    all[byte][count] = bit;
                    count += 1;
                }
                bit += 1;
            }
            byte += 1;
        }
        all
    }

    /// For each four bits, the positions of the halves of 64-bit elements.
    static HALVES: [[u32; 8]; 16] = halves();

    const fn halves() -> [[u32; 8]; 16] {
        let mut all = [[0; 8]; 16];
        let mut bits = 0;
        while bits < 16 {
            let mut i = 0;
            while i < 4 {
                let position = POSITIONS[bits][i] as u32;
                all[bits][2 * i] = 2 * position;
                all[bits][2 * i + 1] = 2 * position + 1;
                i += 1;
            }
            bits += 1;
        }
        all
    }

    /// Moves elements by vectors of `$lanes`: `$image` makes of the bits for a vector, and of where it
    /// is, the vector to store.
    macro_rules! by_vectors {
        ($values:ident, $word:ident, $out:ident, $lanes:literal, $image:expr, $store:expr) => {{
            let mut done = 0;
            for (i, vector) in $values.as_chunks::<$lanes>().0.iter().enumerate() {
                let bits = $word >> ($lanes * i) & (u64::MAX >> (64 - $lanes));
                // Not more than came before: always within.
                let to = $out[done..].first_chunk_mut::<$lanes>();
                if let Some(to) = to {
                    $store(to.as_mut_ptr(), $image(vector.as_ptr(), bits));
                }
                done += bits.count_ones() as usize;
            }
        }};
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    fn compact_v4<T: Element>(values: &[T], bits: &[u64], out: &mut [MaybeUninit<T>]) -> usize {
        walk(values, bits, out, |values, word, out| {
            match size_of::<T>() {
                1 => by_vectors!(
                    values,
                    word,
                    out,
                    16,
                    |from: *const T, bits: u64| {
                        // SAFETY: 16 elements of one byte.
                        let narrow = unsafe { _mm_loadu_si128(from.cast()) };
                        let wide =
                            _mm512_maskz_compress_epi32(bits as u16, _mm512_cvtepu8_epi32(narrow));
                        _mm512_cvtepi32_epi8(wide)
                    },
                    // SAFETY: 16 places of one byte.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm_storeu_si128(to.cast(), vector);
                    }
                ),
                2 => by_vectors!(
                    values,
                    word,
                    out,
                    16,
                    |from: *const T, bits: u64| {
                        // SAFETY: 16 elements of two bytes.
                        let narrow = unsafe { _mm256_loadu_si256(from.cast()) };
                        let wide =
                            _mm512_maskz_compress_epi32(bits as u16, _mm512_cvtepu16_epi32(narrow));
                        _mm512_cvtepi32_epi16(wide)
                    },
                    // SAFETY: 16 places of two bytes.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm256_storeu_si256(to.cast(), vector);
                    }
                ),
                4 => by_vectors!(
                    values,
                    word,
                    out,
                    16,
                    |from: *const T, bits: u64| {
                        // SAFETY: 16 elements of four bytes.
                        let vector = unsafe { _mm512_loadu_si512(from.cast()) };
                        _mm512_maskz_compress_epi32(bits as u16, vector)
                    },
                    // SAFETY: 16 places of four bytes.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm512_storeu_si512(to.cast(), vector);
                    }
                ),
                _ => by_vectors!(
                    values,
                    word,
                    out,
                    8,
                    |from: *const T, bits: u64| {
                        // SAFETY: 8 elements of eight bytes.
                        let vector = unsafe { _mm512_loadu_si512(from.cast()) };
                        _mm512_maskz_compress_epi64(bits as u8, vector)
                    },
                    // SAFETY: 8 places of eight bytes.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm512_storeu_si512(to.cast(), vector);
                    }
                ),
            }
        })
    }

    /// Elements of one or two bytes.
    ///
    /// Benefit against `compact_v4`, in all that `filter` does with a million at random: 0.8 of the time for
    /// bytes, 0.9 for shorts.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi2")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    fn compact_narrow<T: Element>(values: &[T], bits: &[u64], out: &mut [MaybeUninit<T>]) -> usize {
        let load = |from: *const T| {
            // SAFETY: as many elements as a vector has.
            unsafe { _mm512_loadu_si512(from.cast()) }
        };
        let store = |to: *mut MaybeUninit<T>, vector| {
            // SAFETY: as many places as a vector has.
            unsafe { _mm512_storeu_si512(to.cast(), vector) };
        };
        walk(values, bits, out, |values, word, out| {
            if size_of::<T>() == 1 {
                by_vectors!(
                    values,
                    word,
                    out,
                    64,
                    |from, bits: u64| _mm512_maskz_compress_epi8(bits, load(from)),
                    store
                );
            } else {
                by_vectors!(
                    values,
                    word,
                    out,
                    32,
                    |from, bits: u64| _mm512_maskz_compress_epi16(bits as u32, load(from)),
                    store
                );
            }
        })
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    fn compact_v3<T: Element>(values: &[T], bits: &[u64], out: &mut [MaybeUninit<T>]) -> usize {
        let positions = |bits: u64| {
            let positions = u64::from_le_bytes(POSITIONS[bits as usize]);
            _mm_cvtsi64_si128(positions.cast_signed())
        };
        walk(values, bits, out, |values, word, out| {
            match size_of::<T>() {
                1 => by_vectors!(
                    values,
                    word,
                    out,
                    8,
                    |from: *const T, bits: u64| {
                        // SAFETY: 8 elements of one byte.
                        let vector = unsafe { _mm_loadl_epi64(from.cast()) };
                        _mm_shuffle_epi8(vector, positions(bits))
                    },
                    // SAFETY: 8 places of one byte.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm_storel_epi64(to.cast(), vector);
                    }
                ),
                2 => by_vectors!(
                    values,
                    word,
                    out,
                    8,
                    |from: *const T, bits: u64| {
                        // SAFETY: 8 elements of two bytes.
                        let vector = unsafe { _mm_loadu_si128(from.cast()) };
                        let low = positions(bits);
                        let low = _mm_add_epi8(low, low);
                        let high = _mm_add_epi8(low, _mm_set1_epi8(1));
                        _mm_shuffle_epi8(vector, _mm_unpacklo_epi8(low, high))
                    },
                    // SAFETY: 8 places of two bytes.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm_storeu_si128(to.cast(), vector);
                    }
                ),
                4 => by_vectors!(
                    values,
                    word,
                    out,
                    8,
                    |from: *const T, bits: u64| {
                        // SAFETY: 8 elements of four bytes.
                        let vector = unsafe { _mm256_loadu_si256(from.cast()) };
                        _mm256_permutevar8x32_epi32(vector, _mm256_cvtepu8_epi32(positions(bits)))
                    },
                    // SAFETY: 8 places of four bytes.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm256_storeu_si256(to.cast(), vector);
                    }
                ),
                _ => by_vectors!(
                    values,
                    word,
                    out,
                    4,
                    |from: *const T, bits: u64| {
                        // SAFETY: 4 elements of eight bytes.
                        let vector = unsafe { _mm256_loadu_si256(from.cast()) };
                        // SAFETY: 8 positions of four bytes.
                        let halves =
                            unsafe { _mm256_loadu_si256(HALVES[bits as usize].as_ptr().cast()) };
                        _mm256_permutevar8x32_epi32(vector, halves)
                    },
                    // SAFETY: 4 places of eight bytes.
                    |to: *mut MaybeUninit<T>, vector| unsafe {
                        _mm256_storeu_si256(to.cast(), vector);
                    }
                ),
            }
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::Level;
        use crate::elements::WORD;

        /// Other CPUs of the level have only the one.
        #[test]
        fn compact_of_narrow_elements_is_the_same_with_and_without_instructions_for_them() {
            fn assert_same<T: Element>(values: &[T], bits: &[u64]) {
                let compacted = |narrow: bool| {
                    let mut out = vec![MaybeUninit::new(T::ZERO); values.len()];
                    let compact = if narrow { compact_narrow } else { compact_v4 };
                    // SAFETY: the CPU has them, as was asked.
                    let count = unsafe { compact(values, bits, &mut out) };
                    // SAFETY: all of it was initialised.
                    let read = |slot: &MaybeUninit<T>| unsafe { slot.assume_init() }.number();
                    out[..count].iter().map(read).collect::<Vec<_>>()
                };
                assert_eq!(compacted(true), compacted(false));
            }
            if !Level::detect()
                .vectors()
                .is_some_and(Vectors::compress_narrow)
            {
                return;
            }
            let mut state = 1_u64;
            let mut next = || {
                state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                state >> 17
            };
            for words in 1..12 {
                let len = words * WORD;
                let bits: Vec<u64> = (0..words)
                    .map(|i| match i % 5 {
                        0 => 0,
                        1 => u64::MAX,
                        2 => next() << 17 & next(),
                        _ => next() << 20 ^ next(),
                    })
                    .collect();
                let bytes: Vec<u8> = (0..len).map(|_| next().to_le_bytes()[0]).collect();
                let shorts: Vec<i16> = (0..len)
                    .map(|i| i16::try_from(i * 7).unwrap_or(0))
                    .collect();
                assert_same(&bytes, &bits);
                assert_same(&shorts, &bits);
            }
        }
    }
}
