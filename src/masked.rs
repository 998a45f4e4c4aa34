//! Elements under a mask: what sums make of missing ones.
//!
//! A sum wants zeros in the place of missing elements, which is less work than closing the gaps. The
//! elements of a word of bits are loaded under a mask: at level v4 the word itself is the mask of as many
//! lanes; at v3 its bits are compared with those of the lanes. No branch depends on the bits.
//!
//! Integers of one and two bytes are added up as they are loaded, at v4, where a copy would take
//! longer than the sum. (A million with one in ten missing, against a sum of all: `benches/arrow.py`.)

use crate::elements::WORD;
use crate::{Element, Level};

/// Copies elements to the same places of `out`, with zeros where the bit of an element is not set.
///
/// Bit `i % 64` of the word `i / 64` is that of element `i`.
///
/// # Panics
/// If there are fewer words than the elements fill, or fewer places than elements.
pub(crate) fn copy_or_zero<T: Element>(level: Level, values: &[T], bits: &[u64], out: &mut [T]) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let vectors = level.vectors();
        if let Some(vectors) = vectors {
            return vectors.copy_or_zero(values, bits, out);
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = level;
    walk(values, bits, out, copy_word);
}

/// Whether [`masked_sum`] has instructions for elements of this type.
#[inline(always)]
pub(crate) fn has_masked_sum<T: Element>(level: Level) -> bool {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    let has = size_of::<T>() <= 2 && level.choose(false, false, true);
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let has = {
        let _ = level;
        false
    };
    has
}

/// The sum of the integers whose bit is set, if [`has_masked_sum`].
///
/// Bits are as for [`copy_or_zero`]; of at most 2^12 elements.
#[inline(always)]
pub(crate) fn masked_sum<T: Element>(level: Level, values: &[T], bits: &[u64]) -> Option<i64> {
    debug_assert!(values.len() <= 1 << 12);
    if !has_masked_sum::<T>(level) {
        return None;
    }
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    let sum = level
        .vectors()
        .and_then(|vectors| vectors.masked_sum(values, bits));
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let sum = {
        let _ = (values, bits);
        None
    };
    sum
}

/// Word by word, of which `copy_word` copies all but the last one if that is not full.
#[inline(always)]
fn walk<T: Element>(
    values: &[T],
    bits: &[u64],
    out: &mut [T],
    copy_word: impl Fn(&[T; WORD], u64, &mut [T; WORD]),
) {
    let out = &mut out[..values.len()];
    let (whole, bits) = bits.split_at(values.len() / WORD);
    let (values, last_values) = values.as_chunks();
    let (out, last_out) = out.as_chunks_mut();
    for ((values, word), out) in values.iter().zip(whole).zip(out) {
        copy_word(values, *word, out);
    }
    if !last_values.is_empty() {
        let word = bits[0];
        for (i, (value, out)) in last_values.iter().zip(last_out).enumerate() {
            *out = if word >> i & 1 == 1 { *value } else { T::ZERO };
        }
    }
}

/// As vectors where the compiler finds a way.
#[inline(always)]
fn copy_word<T: Element>(values: &[T; WORD], word: u64, out: &mut [T; WORD]) {
    let eights = values.as_chunks::<8>().0.iter();
    for ((values, byte), out) in eights
        .zip(word.to_le_bytes())
        .zip(out.as_chunks_mut::<8>().0)
    {
        for (i, (value, out)) in values.iter().zip(out).enumerate() {
            *out = if byte & 1 << i == 0 { T::ZERO } else { *value };
        }
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(unsafe_code, reason = "no loop is vectorised into loads under a mask")]
mod vectors {
    use std::arch::x86_64::{
        _mm256_and_si256, _mm256_cmpeq_epi8, _mm256_cmpeq_epi16, _mm256_cmpeq_epi32,
        _mm256_cmpeq_epi64, _mm256_loadu_si256, _mm256_set1_epi16, _mm256_set1_epi32,
        _mm256_set1_epi64x, _mm256_setr_epi32, _mm256_setr_epi64x, _mm256_shuffle_epi8,
        _mm256_storeu_si256, _mm512_add_epi16, _mm512_add_epi32, _mm512_madd_epi16,
        _mm512_maddubs_epi16, _mm512_maskz_loadu_epi8, _mm512_maskz_loadu_epi16,
        _mm512_maskz_loadu_epi32, _mm512_maskz_loadu_epi64, _mm512_reduce_add_epi32,
        _mm512_set1_epi8, _mm512_set1_epi16, _mm512_setzero_si512, _mm512_storeu_si512,
        _mm512_xor_si512,
    };

    use super::{WORD, walk};
    use crate::level::Vectors;
    use crate::{Element, ElementType, Number};

    impl Vectors {
        pub(super) fn copy_or_zero<T: Element>(self, values: &[T], bits: &[u64], out: &mut [T]) {
            match self {
                // SAFETY: from a `Level`, the proof that the CPU has these features.
                Vectors::V3 => unsafe { copy_or_zero_v3(values, bits, out) },
                // SAFETY: as above.
                Vectors::V4 => unsafe { copy_or_zero_v4(values, bits, out) },
            }
        }

        /// As above, of integers of one or two bytes.
        pub(super) fn masked_sum<T: Element>(self, values: &[T], bits: &[u64]) -> Option<i64> {
            match self {
                Vectors::V3 => None,
                // SAFETY: as above.
                Vectors::V4 => Some(unsafe { masked_sum_v4(values, bits) }),
            }
        }
    }

    /// Copies a word of elements by vectors of `$lanes`: `$masked` makes of where one is, and of the
    /// bits for it, the vector to store.
    macro_rules! by_vectors {
        ($values:ident, $word:ident, $out:ident, $lanes:literal, $masked:expr, $store:expr) => {{
            let vectors = $values.as_chunks::<$lanes>().0.iter();
            let places = $out.as_chunks_mut::<$lanes>().0;
            for (i, (vector, place)) in vectors.zip(places).enumerate() {
                let bits = $word >> ($lanes * i);
                let vector = $masked(vector.as_ptr(), bits);
                // SAFETY: as many places as a vector has.
                unsafe { $store(place.as_mut_ptr().cast(), vector) };
            }
        }};
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    fn copy_or_zero_v4<T: Element>(values: &[T], bits: &[u64], out: &mut [T]) {
        walk(
            values,
            bits,
            out,
            |values: &[T; WORD], word, out| match size_of::<T>() {
                1 => by_vectors!(
                    values,
                    word,
                    out,
                    64,
                    |from: *const T, bits: u64| {
                        // SAFETY: as many elements as a vector has.
                        unsafe { _mm512_maskz_loadu_epi8(bits, from.cast()) }
                    },
                    _mm512_storeu_si512
                ),
                2 => by_vectors!(
                    values,
                    word,
                    out,
                    32,
                    |from: *const T, bits: u64| {
                        // SAFETY: as many elements as a vector has.
                        unsafe { _mm512_maskz_loadu_epi16(bits as u32, from.cast()) }
                    },
                    _mm512_storeu_si512
                ),
                4 => by_vectors!(
                    values,
                    word,
                    out,
                    16,
                    |from: *const T, bits: u64| {
                        // SAFETY: as many elements as a vector has.
                        unsafe { _mm512_maskz_loadu_epi32(bits as u16, from.cast()) }
                    },
                    _mm512_storeu_si512
                ),
                _ => by_vectors!(
                    values,
                    word,
                    out,
                    8,
                    |from: *const T, bits: u64| {
                        // SAFETY: as many elements as a vector has.
                        unsafe { _mm512_maskz_loadu_epi64(bits as u8, from.cast()) }
                    },
                    _mm512_storeu_si512
                ),
            },
        );
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "as many bits as lanes; at most 2^12 elements"
    )]
    fn masked_sum_v4<T: Element>(values: &[T], bits: &[u64]) -> i64 {
        let (words, last) = values.as_chunks::<WORD>();
        let (bits, last_bits) = bits.split_at(words.len());
        // Pairs are added up in lanes of twice the width, which for so few cannot overflow: bytes with
        // ones that have a sign if they have none, and the other way round; shorts as if they had a
        // sign, so that those without are moved there by turning the highest bit, and the sum back.
        let (ones, flipped) = (_mm512_set1_epi16(1), _mm512_set1_epi16(i16::MIN));
        let byte_ones = _mm512_set1_epi8(1);
        let mut sums = _mm512_setzero_si512();
        for (values, word) in words.iter().zip(bits) {
            if size_of::<T>() == 1 {
                let from = values.as_ptr().cast();
                // SAFETY: 64 elements of one byte.
                let bytes = unsafe { _mm512_maskz_loadu_epi8(*word, from) };
                let pairs = match T::TYPE {
                    ElementType::I8 => _mm512_maddubs_epi16(byte_ones, bytes),
                    _ => _mm512_maddubs_epi16(bytes, byte_ones),
                };
                sums = _mm512_add_epi16(sums, pairs);
            } else {
                let halves = [*word as u32, (*word >> (WORD / 2)) as u32];
                for (values, bits) in values.as_chunks::<{ WORD / 2 }>().0.iter().zip(halves) {
                    let from = values.as_ptr().cast();
                    // SAFETY: 32 elements of two bytes.
                    let shorts = unsafe { _mm512_maskz_loadu_epi16(bits, from) };
                    let shorts = match T::TYPE {
                        ElementType::I16 => shorts,
                        _ => _mm512_xor_si512(shorts, flipped),
                    };
                    sums = _mm512_add_epi32(sums, _mm512_madd_epi16(shorts, ones));
                }
            }
        }
        if size_of::<T>() == 1 {
            sums = _mm512_madd_epi16(sums, ones);
        }
        let moved = match T::TYPE {
            ElementType::U16 => (words.as_flattened().len() << 15) as i64,
            _ => 0,
        };
        let sum = i64::from(_mm512_reduce_add_epi32(sums));
        let last = last
            .iter()
            .enumerate()
            .map(|(i, value)| match value.number() {
                Number::Int(value) if last_bits[0] >> i & 1 == 1 => value as i64,
                _ => 0,
            });
        sum + moved + last.sum::<i64>()
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[expect(clippy::cast_possible_truncation, reason = "as many bits as lanes")]
    fn copy_or_zero_v3<T: Element>(values: &[T], bits: &[u64], out: &mut [T]) {
        // For each lane its bit; and for lanes of bytes the byte of bits that it is in.
        let places = _mm256_setr_epi64x(
            0,
            0x0101_0101_0101_0101,
            0x0202_0202_0202_0202,
            0x0303_0303_0303_0303,
        );
        let of_bytes = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64.cast_signed());
        let of_shorts = _mm256_setr_epi64x(
            0x0008_0004_0002_0001,
            0x0080_0040_0020_0010,
            0x0800_0400_0200_0100,
            0x8000_4000_2000_1000_u64.cast_signed(),
        );
        let of_words = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let of_longs = _mm256_setr_epi64x(1, 2, 4, 8);
        walk(
            values,
            bits,
            out,
            |values: &[T; WORD], word, out| match size_of::<T>() {
                1 => by_vectors!(
                    values,
                    word,
                    out,
                    32,
                    |from: *const T, bits: u64| {
                        let bits = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), places);
                        let set = _mm256_cmpeq_epi8(_mm256_and_si256(bits, of_bytes), of_bytes);
                        // SAFETY: as many elements as a vector has.
                        let vector = unsafe { _mm256_loadu_si256(from.cast()) };
                        _mm256_and_si256(vector, set)
                    },
                    _mm256_storeu_si256
                ),
                2 => by_vectors!(
                    values,
                    word,
                    out,
                    16,
                    |from: *const T, bits: u64| {
                        let bits = _mm256_and_si256(_mm256_set1_epi16(bits as i16), of_shorts);
                        let set = _mm256_cmpeq_epi16(bits, of_shorts);
                        // SAFETY: as many elements as a vector has.
                        let vector = unsafe { _mm256_loadu_si256(from.cast()) };
                        _mm256_and_si256(vector, set)
                    },
                    _mm256_storeu_si256
                ),
                4 => by_vectors!(
                    values,
                    word,
                    out,
                    8,
                    |from: *const T, bits: u64| {
                        let bits = _mm256_and_si256(_mm256_set1_epi32(bits as i32), of_words);
                        let set = _mm256_cmpeq_epi32(bits, of_words);
                        // SAFETY: as many elements as a vector has.
                        let vector = unsafe { _mm256_loadu_si256(from.cast()) };
                        _mm256_and_si256(vector, set)
                    },
                    _mm256_storeu_si256
                ),
                _ => by_vectors!(
                    values,
                    word,
                    out,
                    4,
                    |from: *const T, bits: u64| {
                        let bits =
                            _mm256_and_si256(_mm256_set1_epi64x(bits.cast_signed()), of_longs);
                        let set = _mm256_cmpeq_epi64(bits, of_longs);
                        // SAFETY: as many elements as a vector has.
                        let vector = unsafe { _mm256_loadu_si256(from.cast()) };
                        _mm256_and_si256(vector, set)
                    },
                    _mm256_storeu_si256
                ),
            },
        );
    }
}
