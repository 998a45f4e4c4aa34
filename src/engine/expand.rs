//! Expansion: elements that are side by side, at the places whose bit is set.
//!
//! The inverse of [`compact`](super::compact()). A word of bits is for 64 places; the last word is done
//! first, so that elements can stay in the memory that they are spread in. At level v4 the elements are
//! moved by the instruction that expands, narrow ones widened to 32 bits where the CPU has it for those only.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::elements::WORD;
#[cfg(all(target_arch = "x86_64", not(miri)))]
use crate::level::Vectors;
use crate::{Element, Level, Validity};

/// So many elements may be read behind those of a word.
const LANES: usize = 16;

/// Moves elements, which end before `end`, to those of the `places` whose bit is set, with zeros at the
/// others. Returns where the elements begin that are left for the places before.
///
/// # Panics
/// If there are no such places, or there are fewer elements before `end` than bits set.
///
/// ```
/// use std::mem::MaybeUninit;
///
/// use arrayops::{Level, Validity, expand};
///
/// let mut values = [7_i16, 8, 0, 0].map(MaybeUninit::new);
/// let validity = Validity::new(&[0b1010], 0, 4);
/// assert_eq!(expand(Level::detect(), &mut values, 2, 0..4, validity), 0);
/// ```
pub fn expand<T: Element>(
    level: Level,
    out: &mut [MaybeUninit<T>],
    end: usize,
    places: Range<usize>,
    validity: Validity<'_>,
) -> usize {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if let Some(vectors @ Vectors::V4) = level.vectors() {
        let expand = if size_of::<T>() <= 2 && vectors.compress_narrow() {
            vectors::expand_narrow
        } else {
            vectors::expand_v4
        };
        // SAFETY: the level is the proof that the CPU has these features, but for the narrow ones, for
        // which it was asked.
        #[expect(unsafe_code, reason = "no loop is vectorised into an expansion")]
        return unsafe { expand(out, end, places, validity) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = level;
    walk(out, end, places, validity, expand_word)
}

/// From the last word to the first; `expand_word` moves elements to all of 64 places, and may read
/// some behind them.
#[inline(always)]
fn walk<T: Element>(
    out: &mut [MaybeUninit<T>],
    mut end: usize,
    places: Range<usize>,
    validity: Validity<'_>,
    expand_word: impl Fn(&[MaybeUninit<T>; WORD + LANES], u64, &mut [MaybeUninit<T>; WORD]),
) -> usize {
    // Behind it there may be memory that has never been written.
    let written = end;
    // What is copied out of the way, so that no place depends on another; and what was, before.
    let mut elements = [MaybeUninit::new(T::ZERO); WORD + LANES];
    let mut rest = places.end;
    while rest > places.start {
        if end == rest {
            return places.start; // there are no others before
        }
        let start = places.start + (rest - places.start - 1) / WORD * WORD;
        let bits = validity.word(start) & u64::MAX >> (WORD - (rest - start));
        let count = bits.count_ones() as usize;
        end -= count;
        if count == WORD {
            out.copy_within(end..end + WORD, start);
        } else {
            if end + WORD <= written {
                elements[..WORD].copy_from_slice(&out[end..end + WORD]);
            } else {
                elements[..count].copy_from_slice(&out[end..end + count]);
            }
            let to = &mut out[start..rest];
            if let Some(to) = to.first_chunk_mut() {
                expand_word(&elements, bits, to);
            } else {
                let mut all = [MaybeUninit::new(T::ZERO); WORD];
                expand_word(&elements, bits, &mut all);
                to.copy_from_slice(&all[..rest - start]);
            }
        }
        rest = start;
    }
    end
}

/// Without a branch on the bits.
#[inline(always)]
fn expand_word<T: Element>(
    elements: &[MaybeUninit<T>; WORD + LANES],
    bits: u64,
    to: &mut [MaybeUninit<T>; WORD],
) {
    let mut next = 0;
    for (i, place) in to.iter_mut().enumerate() {
        let is_set = bits >> i & 1 == 1;
        // Read before it is chosen.
        let element = elements[next % WORD];
        *place = if is_set {
            element
        } else {
            MaybeUninit::new(T::ZERO)
        };
        next += usize::from(is_set);
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(unsafe_code, reason = "no loop is vectorised into an expansion")]
mod vectors {
    use std::arch::x86_64::{
        _mm_loadu_si128, _mm_storeu_si128, _mm256_loadu_si256, _mm256_storeu_si256,
        _mm512_cvtepi32_epi8, _mm512_cvtepi32_epi16, _mm512_cvtepu8_epi32, _mm512_cvtepu16_epi32,
        _mm512_loadu_si512, _mm512_maskz_expand_epi8, _mm512_maskz_expand_epi16,
        _mm512_maskz_expand_epi32, _mm512_maskz_expand_epi64, _mm512_storeu_si512,
    };
    use std::mem::MaybeUninit;
    use std::ops::Range;

    use super::walk;
    use crate::{Element, Validity};

    /// Moves elements by vectors of `$lanes`: `$load` reads one, `$store` writes the elements whose bits
    /// are set at their lanes.
    macro_rules! by_vectors {
        ($elements:ident, $bits:ident, $to:ident, $lanes:literal, $load:expr, $store:expr) => {{
            let mut next = 0;
            for (i, to) in $to.as_chunks_mut::<$lanes>().0.iter_mut().enumerate() {
                let bits = $bits >> ($lanes * i) & (u64::MAX >> (64 - $lanes));
                if let Some(from) = $elements[next..].first_chunk::<$lanes>() {
                    $store(to.as_mut_ptr(), bits, $load(from.as_ptr()));
                }
                next += bits.count_ones() as usize;
            }
        }};
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    pub(super) fn expand_v4<T: Element>(
        out: &mut [MaybeUninit<T>],
        end: usize,
        places: Range<usize>,
        validity: Validity<'_>,
    ) -> usize {
        walk(out, end, places, validity, |elements, bits, to| {
            match size_of::<T>() {
                1 => by_vectors!(
                    elements,
                    bits,
                    to,
                    16,
                    |from: *const MaybeUninit<T>| {
                        // SAFETY: 16 elements of one byte.
                        let narrow = unsafe { _mm_loadu_si128(from.cast()) };
                        _mm512_cvtepu8_epi32(narrow)
                    },
                    |to: *mut MaybeUninit<T>, bits: u64, wide| {
                        let narrow =
                            _mm512_cvtepi32_epi8(_mm512_maskz_expand_epi32(bits as u16, wide));
                        // SAFETY: 16 places of one byte.
                        unsafe { _mm_storeu_si128(to.cast(), narrow) };
                    }
                ),
                2 => by_vectors!(
                    elements,
                    bits,
                    to,
                    16,
                    |from: *const MaybeUninit<T>| {
                        // SAFETY: 16 elements of two bytes.
                        let narrow = unsafe { _mm256_loadu_si256(from.cast()) };
                        _mm512_cvtepu16_epi32(narrow)
                    },
                    |to: *mut MaybeUninit<T>, bits: u64, wide| {
                        let narrow =
                            _mm512_cvtepi32_epi16(_mm512_maskz_expand_epi32(bits as u16, wide));
                        // SAFETY: 16 places of two bytes.
                        unsafe { _mm256_storeu_si256(to.cast(), narrow) };
                    }
                ),
                4 => by_vectors!(
                    elements,
                    bits,
                    to,
                    16,
                    |from: *const MaybeUninit<T>| {
                        // SAFETY: 16 elements of four bytes.
                        unsafe { _mm512_loadu_si512(from.cast()) }
                    },
                    |to: *mut MaybeUninit<T>, bits: u64, vector| {
                        let vector = _mm512_maskz_expand_epi32(bits as u16, vector);
                        // SAFETY: 16 places of four bytes.
                        unsafe { _mm512_storeu_si512(to.cast(), vector) };
                    }
                ),
                _ => by_vectors!(
                    elements,
                    bits,
                    to,
                    8,
                    |from: *const MaybeUninit<T>| {
                        // SAFETY: 8 elements of eight bytes.
                        unsafe { _mm512_loadu_si512(from.cast()) }
                    },
                    |to: *mut MaybeUninit<T>, bits: u64, vector| {
                        let vector = _mm512_maskz_expand_epi64(bits as u8, vector);
                        // SAFETY: 8 places of eight bytes.
                        unsafe { _mm512_storeu_si512(to.cast(), vector) };
                    }
                ),
            }
        })
    }

    /// Elements of one or two bytes.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vbmi2")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    pub(super) fn expand_narrow<T: Element>(
        out: &mut [MaybeUninit<T>],
        end: usize,
        places: Range<usize>,
        validity: Validity<'_>,
    ) -> usize {
        let load = |from: *const MaybeUninit<T>| {
            // SAFETY: as many elements as a vector has.
            unsafe { _mm512_loadu_si512(from.cast()) }
        };
        let store = |to: *mut MaybeUninit<T>, vector| {
            // SAFETY: as many places as a vector has.
            unsafe { _mm512_storeu_si512(to.cast(), vector) };
        };
        walk(out, end, places, validity, |elements, bits, to| {
            if size_of::<T>() == 1 {
                by_vectors!(elements, bits, to, 64, load, |to, bits: u64, vector| {
                    store(to, _mm512_maskz_expand_epi8(bits, vector));
                });
            } else {
                by_vectors!(elements, bits, to, 32, load, |to, bits: u64, vector| {
                    store(to, _mm512_maskz_expand_epi16(bits as u32, vector));
                });
            }
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::Level;
        use crate::level::Vectors;

        /// Other CPUs of the level have only the one.
        #[test]
        fn expand_of_narrow_elements_is_the_same_with_and_without_instructions_for_them() {
            fn assert_same<T: Element>(values: &[T], bytes: &[u8], offset: usize) {
                let validity = Validity::new(bytes, offset, values.len());
                let expanded = |narrow: bool| {
                    let mut out: Vec<_> = values.iter().copied().map(MaybeUninit::new).collect();
                    let expand = if narrow { expand_narrow } else { expand_v4 };
                    let count = validity.count();
                    // SAFETY: the CPU has them, as was asked.
                    let left = unsafe { expand(&mut out, count, 0..values.len(), validity) };
                    assert_eq!(left, 0);
                    // SAFETY: all of it was initialised.
                    let read = |slot: &MaybeUninit<T>| unsafe { slot.assume_init() }.number();
                    out.iter().map(read).collect::<Vec<_>>()
                };
                assert_eq!(expanded(true), expanded(false));
            }
            if !Level::detect()
                .vectors()
                .is_some_and(Vectors::compress_narrow)
            {
                return;
            }
            for len in (0..300).chain([1000, 4096]) {
                for (step, offset) in [(7_usize, 0), (31, 3), (255, 5), (64, 1)] {
                    let byte = |i: usize| (i * i * step + i / 3).to_le_bytes()[0];
                    let bytes: Vec<u8> = (0..=len / 8 + 2).map(byte).collect();
                    let narrow: Vec<u8> = (0..len).map(|i| i.to_le_bytes()[0]).collect();
                    let shorts: Vec<i16> =
                        (0_i16..).take(len).map(|i| i.wrapping_mul(77)).collect();
                    assert_same(&narrow, &bytes, offset);
                    assert_same(&shorts, &bytes, offset);
                }
            }
        }
    }
}
