//! Elements under a mask: what sums make of missing ones.
//!
//! A sum wants zeros in the place of missing elements, which is less work than closing the gaps. The
//! elements of a word of bits are loaded under a mask. At level v4 the word itself is the mask of as many
//! lanes, and what is loaded is added up at once ([`plain`](crate::plain) does so with floats). At v3 the
//! bits are compared with those of the lanes, and elements copied to where the sum of all can be taken. No
//! branch depends on the bits.
//!
//! (A million with one in ten missing, against a sum of all: `benches/arrow.py`.)

use crate::elements::{MASKED, WORD};
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
        if let Some(level) = level.vectors() {
            return vectors::copy_or_zero(level, values, bits, out);
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = level;
    walk(values, bits, out, copy_word);
}

/// Whether there are sums under masks.
#[inline(always)]
pub(crate) fn has_masked_sums(level: Level) -> bool {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    let has = level.choose(false, false, true);
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let has = {
        let _ = level;
        false
    };
    has
}

/// The sum of the integers whose bit is set.
///
/// Bits are as for [`copy_or_zero`]; of at most [`MASKED`] elements.
///
/// # Panics
/// Unless the level [has such sums](has_masked_sums).
#[inline(always)]
pub(crate) fn masked_sum<T: Element>(level: Level, values: &[T], bits: &[u64]) -> i128 {
    debug_assert!(values.len() <= MASKED);
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if let Some(sum) = level
        .vectors()
        .and_then(|level| vectors::masked_sum(level, values, bits))
    {
        return sum;
    }
    let _ = (values, bits);
    unreachable!("no sums under masks at level {}", level.name())
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
        _mm256_storeu_si256, _mm512_add_epi16, _mm512_add_epi32, _mm512_add_epi64,
        _mm512_and_si512, _mm512_madd_epi16, _mm512_maddubs_epi16, _mm512_maskz_loadu_epi8,
        _mm512_maskz_loadu_epi16, _mm512_maskz_loadu_epi32, _mm512_maskz_loadu_epi64,
        _mm512_reduce_add_epi32, _mm512_reduce_add_epi64, _mm512_set1_epi8, _mm512_set1_epi16,
        _mm512_set1_epi32, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srai_epi64,
        _mm512_srli_epi64, _mm512_xor_si512,
    };

    use super::{WORD, walk};
    use crate::engine::prefetch_line;
    use crate::level::Vectors;
    use crate::{Element, ElementType, Number};

    /// At v4, too, which has all of v3.
    pub(super) fn copy_or_zero<T: Element>(
        _level: Vectors,
        values: &[T],
        bits: &[u64],
        out: &mut [T],
    ) {
        // SAFETY: the vectors are the proof that the CPU has these features.
        unsafe { copy_or_zero_v3(values, bits, out) }
    }

    pub(super) fn masked_sum<T: Element>(
        level: Vectors,
        values: &[T],
        bits: &[u64],
    ) -> Option<i128> {
        match level {
            Vectors::V3 => None,
            // SAFETY: as above.
            Vectors::V4 => Some(unsafe { masked_sum_v4(values, bits) }),
        }
    }

    /// So many sums of two bytes are less than 2^15.
    const PAIRS: usize = 64;

    /// What lies so many bytes ahead is asked for: between the blocks bits are looked at, and the CPU does
    /// not look ahead by itself.
    const AHEAD: usize = 2048;

    /// The vectors of `$lanes` elements of a word, `$load`ed under its bits.
    macro_rules! vectors {
        ($values:ident, $word:ident, $lanes:literal, $load:ident as $mask:ty) => {
            $values
                .as_chunks::<$lanes>()
                .0
                .iter()
                .enumerate()
                .map(|(i, vector)| {
                    let bits = ($word >> ($lanes * i)) as $mask;
                    prefetch_line(vector.as_ptr().cast::<u8>().wrapping_add(AHEAD));
                    // SAFETY: as many elements as a vector has.
                    unsafe { $load(bits, vector.as_ptr().cast()) }
                })
        };
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as many bits as lanes; the low half of the bits"
    )]
    fn masked_sum_v4<T: Element>(values: &[T], bits: &[u64]) -> i128 {
        let (words, last) = values.as_chunks::<WORD>();
        let (bits, last_bits) = bits.split_at(words.len());
        // Pairs are added up in lanes of twice the width, which for so few cannot overflow: bytes with
        // ones that have a sign if they have none, and the other way round; shorts and longer ones as if
        // all had a sign or none, moved there by turning the highest bit, and the sum back. Numbers of 64
        // bits are added up modulo 2^64, and so are their high halves, as [`IntegerBlock`] explains.
        let mut sums = _mm512_setzero_si512();
        let mut high = _mm512_setzero_si512();
        for (words, bits) in words.chunks(PAIRS).zip(bits.chunks(PAIRS)) {
            let mut pairs = _mm512_setzero_si512();
            for (values, &word) in words.iter().zip(bits) {
                match size_of::<T>() {
                    1 => {
                        let ones = _mm512_set1_epi8(1);
                        for bytes in vectors!(values, word, 64, _mm512_maskz_loadu_epi8 as u64) {
                            let next = match T::TYPE {
                                ElementType::I8 => _mm512_maddubs_epi16(ones, bytes),
                                _ => _mm512_maddubs_epi16(bytes, ones),
                            };
                            pairs = _mm512_add_epi16(pairs, next);
                        }
                    }
                    2 => {
                        let ones = _mm512_set1_epi16(1);
                        for shorts in vectors!(values, word, 32, _mm512_maskz_loadu_epi16 as u32) {
                            let shorts = match T::TYPE {
                                ElementType::I16 => shorts,
                                _ => _mm512_xor_si512(shorts, _mm512_set1_epi16(i16::MIN)),
                            };
                            sums = _mm512_add_epi32(sums, _mm512_madd_epi16(shorts, ones));
                        }
                    }
                    4 => {
                        for ints in vectors!(values, word, 16, _mm512_maskz_loadu_epi32 as u16) {
                            let ints = match T::TYPE {
                                ElementType::I32 => {
                                    _mm512_xor_si512(ints, _mm512_set1_epi32(i32::MIN))
                                }
                                _ => ints,
                            };
                            let odd = _mm512_srli_epi64::<32>(ints);
                            let even = _mm512_and_si512(ints, _mm512_set1_epi64(u32::MAX.into()));
                            sums = _mm512_add_epi64(sums, odd);
                            high = _mm512_add_epi64(high, even);
                        }
                    }
                    _ => {
                        for longs in vectors!(values, word, 8, _mm512_maskz_loadu_epi64 as u8) {
                            let halves = match T::TYPE {
                                ElementType::I64 => _mm512_srai_epi64::<32>(longs),
                                _ => _mm512_srli_epi64::<32>(longs),
                            };
                            sums = _mm512_add_epi64(sums, longs);
                            high = _mm512_add_epi64(high, halves);
                        }
                    }
                }
            }
            if size_of::<T>() == 1 {
                sums = _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
            }
        }
        let places = words.as_flattened().len();
        let sum = match T::TYPE {
            ElementType::I8 | ElementType::U8 | ElementType::I16 => {
                _mm512_reduce_add_epi32(sums).into()
            }
            ElementType::U16 => i128::from(_mm512_reduce_add_epi32(sums)) + (places << 15) as i128,
            ElementType::I32 => {
                let sum = _mm512_reduce_add_epi64(_mm512_add_epi64(sums, high));
                i128::from(sum) - (places << 31) as i128
            }
            ElementType::U32 => _mm512_reduce_add_epi64(_mm512_add_epi64(sums, high)).into(),
            _ => {
                let (sum, high) = (_mm512_reduce_add_epi64(sums), _mm512_reduce_add_epi64(high));
                let low = sum.wrapping_sub(high << 32) as u64;
                (i128::from(high) << 32) + i128::from(low)
            }
        };
        let last = last
            .iter()
            .enumerate()
            .map(|(i, value)| match value.number() {
                Number::Int(value) if last_bits[0] >> i & 1 == 1 => value,
                _ => 0,
            });
        sum + last.sum::<i128>()
    }

    /// Copies a word of elements by vectors of `$lanes`; `$set` makes a mask of their bits.
    macro_rules! copy {
        ($values:ident, $word:ident, $out:ident, $lanes:literal, $set:expr) => {{
            let vectors = $values.as_chunks::<$lanes>().0.iter();
            let places = $out.as_chunks_mut::<$lanes>().0;
            for (i, (vector, place)) in vectors.zip(places).enumerate() {
                // SAFETY: as many elements as a vector has.
                let vector = unsafe { _mm256_loadu_si256(vector.as_ptr().cast()) };
                let vector = _mm256_and_si256(vector, $set($word >> ($lanes * i)));
                // SAFETY: as many places as a vector has.
                unsafe { _mm256_storeu_si256(place.as_mut_ptr().cast(), vector) };
            }
        }};
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
        let of_ints = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let of_longs = _mm256_setr_epi64x(1, 2, 4, 8);
        walk(
            values,
            bits,
            out,
            |values: &[T; WORD], word, out| match size_of::<T>() {
                1 => copy!(values, word, out, 32, |bits: u64| {
                    let bits = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), places);
                    _mm256_cmpeq_epi8(_mm256_and_si256(bits, of_bytes), of_bytes)
                }),
                2 => copy!(values, word, out, 16, |bits: u64| {
                    let bits = _mm256_and_si256(_mm256_set1_epi16(bits as i16), of_shorts);
                    _mm256_cmpeq_epi16(bits, of_shorts)
                }),
                4 => copy!(values, word, out, 8, |bits: u64| {
                    let bits = _mm256_and_si256(_mm256_set1_epi32(bits as i32), of_ints);
                    _mm256_cmpeq_epi32(bits, of_ints)
                }),
                _ => copy!(values, word, out, 4, |bits: u64| {
                    let bits = _mm256_and_si256(_mm256_set1_epi64x(bits.cast_signed()), of_longs);
                    _mm256_cmpeq_epi64(bits, of_longs)
                }),
            },
        );
    }
}
