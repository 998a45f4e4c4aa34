//! Elements under a mask: what sums make of missing ones.
//!
//! A sum wants zeros in the place of missing elements, which is less work than closing the gaps. The
//! elements of a word of bits are loaded under a mask, and what is loaded is added up at once
//! ([`plain`](crate::plain) does so with floats). At level v4 the word itself is the mask of as many lanes;
//! at v3 the bits are compared with those of the lanes. At the baseline elements are copied to where the
//! sum of all can be taken. No branch depends on the bits.
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
    let has = level.choose(false, true, true);
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
    if let Some(level) = level.vectors() {
        return vectors::masked_sum(level, values, bits);
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
    use crate::Element;
    use crate::level::Vectors;

    /// At v4, too, which has all of v3.
    pub(super) fn copy_or_zero<T: Element>(
        _level: Vectors,
        values: &[T],
        bits: &[u64],
        out: &mut [T],
    ) {
        // SAFETY: the vectors are the proof that the CPU has these features.
        unsafe { v3::copy_or_zero(values, bits, out) }
    }

    pub(super) fn masked_sum<T: Element>(level: Vectors, values: &[T], bits: &[u64]) -> i128 {
        match level {
            // SAFETY: as above.
            Vectors::V3 => unsafe { v3::masked_sum(values, bits) },
            // SAFETY: as above.
            Vectors::V4 => unsafe { v4::masked_sum(values, bits) },
        }
    }

    /// What lies so many bytes ahead is asked for: between the blocks bits are looked at, and the CPU does
    /// not look ahead by itself.
    const AHEAD: usize = 2048;

    /// The sum of integers whose bit is set, by the vectors and instructions that are in scope: of
    /// `$bytes`, loaded under as many bits as elements.
    macro_rules! masked_sum {
        ($features:literal, $bytes:literal) => {
            masked_sum!(@total $features, total_epi32, i32, $bytes / 4);
            masked_sum!(@total $features, total_epi64, u64, $bytes / 8);

            #[target_feature(enable = $features)]
            pub(super) fn masked_sum<T: Element>(values: &[T], bits: &[u64]) -> i128 {
                /// The vectors of elements of `$size` in a word, `$load`ed under its bits.
                macro_rules! vectors {
                    ($values:ident, $word:ident, $size:literal, $load:ident) => {{
                        const LANES: usize = $bytes / $size;
                        let vectors = $values.as_chunks::<LANES>().0.iter().enumerate();
                        vectors.map(|(i, vector)| $load($word, i, vector))
                    }};
                }

                let (words, last) = values.as_chunks::<WORD>();
                let (bits, last_bits) = bits.split_at(words.len());
                // Pairs of bytes and of shorts are added up in lanes of twice the width, which for so few
                // cannot overflow: unsigned shorts as if they had a sign, moved there by turning the
                // highest bit, and the sum back. Numbers of 64 bits, or pairs of 32, are added up modulo
                // 2^64, and so are their high halves, as [`IntegerBlock`] explains: as if they had no sign.
                let mut sums = zero();
                let mut high = zero();
                let sign = match T::TYPE {
                    ElementType::I32 => set1_epi32(i32::MIN),
                    ElementType::I64 => set1_epi64(i64::MIN),
                    _ => zero(),
                };
                macro_rules! add_halves {
                    ($vectors:expr) => {
                        for vector in $vectors {
                            let unsigned = xor(vector, sign);
                            sums = add_epi64(sums, unsigned);
                            high = add_epi64(high, srli_epi64::<32>(unsigned));
                        }
                    };
                }
                for (values, &word) in words.iter().zip(bits) {
                    for line in 0..size_of_val(values) / LINE {
                        let start = values.as_ptr().cast::<u8>();
                        prefetch_line(start.wrapping_add(AHEAD + LINE * line));
                    }
                    match size_of::<T>() {
                        1 => {
                            let mut pairs = zero();
                            for next in vectors!(values, word, 1, sums_of_bytes) {
                                pairs = add_epi16(pairs, next);
                            }
                            sums = add_epi32(sums, madd_epi16(pairs, set1_epi16(1)));
                        }
                        2 => {
                            for pairs in vectors!(values, word, 2, sums_of_shorts) {
                                sums = add_epi32(sums, pairs);
                            }
                        }
                        4 => add_halves!(vectors!(values, word, 4, load_ints)),
                        _ => add_halves!(vectors!(values, word, 8, load_longs)),
                    }
                }
                let places = words.as_flattened().len() as i128;
                let sum = match (T::TYPE, size_of::<T>()) {
                    (ElementType::U16, _) => total_epi32(sums) + (places << 15),
                    (_, 1 | 2) => total_epi32(sums),
                    (element_type, size) => {
                        let (sum, high) = (total_epi64(sums), total_epi64(high));
                        let low = i128::from((sum - (high << 32)) as u64);
                        match (element_type, size) {
                            (ElementType::I32, _) => low + high - (places << 31),
                            (_, 4) => low + high,
                            (ElementType::I64, _) => low + (high << 32) - (places << 63),
                            _ => low + (high << 32),
                        }
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
        };
        (@total $features:literal, $name:ident, $lane:ty, $lanes:expr) => {
            #[target_feature(enable = $features)]
            #[inline]
            fn $name(sums: Vector) -> i128 {
                let mut lanes = [0 as $lane; $lanes];
                assert_eq!(size_of_val(&lanes), size_of::<Vector>());
                // SAFETY: as many places as lanes.
                unsafe { store(lanes.as_mut_ptr().cast(), sums) };
                lanes.into_iter().map(i128::from).sum()
            }
        };
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "as many bits as lanes; small numbers; the low half of the bits"
    )]
    mod v3 {
        use std::arch::x86_64::{
            __m256i as Vector, _mm256_add_epi16 as add_epi16, _mm256_add_epi32 as add_epi32,
            _mm256_add_epi64 as add_epi64, _mm256_and_si256 as and, _mm256_cmpeq_epi8,
            _mm256_cmpeq_epi16, _mm256_loadu_si256, _mm256_madd_epi16 as madd_epi16,
            _mm256_maddubs_epi16 as maddubs_epi16, _mm256_maskload_epi32, _mm256_maskload_epi64,
            _mm256_set1_epi8 as set1_epi8, _mm256_set1_epi16 as set1_epi16,
            _mm256_set1_epi32 as set1_epi32, _mm256_set1_epi64x as set1_epi64, _mm256_setr_epi32,
            _mm256_setr_epi64x, _mm256_setzero_si256 as zero, _mm256_shuffle_epi8,
            _mm256_sllv_epi32, _mm256_sllv_epi64, _mm256_srli_epi64 as srli_epi64,
            _mm256_storeu_si256 as store, _mm256_sub_epi16 as sub_epi16,
            _mm256_sub_epi32 as sub_epi32, _mm256_xor_si256 as xor,
        };

        use super::AHEAD;
        use crate::elements::WORD;
        use crate::engine::{LINE, prefetch_line};
        use crate::masked::walk;
        use crate::{Element, ElementType, Number};

        masked_sum!("avx2,bmi1,bmi2,lzcnt,popcnt", 32);

        /// Ones in the lanes of the vector `i` of a word whose bit is set.
        #[target_feature(enable = "avx2")]
        #[inline]
        fn mask_of_bytes(word: u64, i: usize) -> Vector {
            let bytes = |i| 0x0101_0101_0101_0101 * i;
            let i = 4 * i as i64;
            let places = _mm256_setr_epi64x(bytes(i), bytes(i + 1), bytes(i + 2), bytes(i + 3));
            let bits = _mm256_shuffle_epi8(set1_epi64(word.cast_signed()), places);
            let of_lanes = set1_epi64(0x8040_2010_0804_0201_u64.cast_signed());
            _mm256_cmpeq_epi8(and(bits, of_lanes), of_lanes)
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        fn mask_of_shorts(word: u64, i: usize) -> Vector {
            let places = set1_epi16(0x0100 + 0x0202 * i as i16);
            let bits = _mm256_shuffle_epi8(set1_epi64(word.cast_signed()), places);
            let of_lanes = _mm256_setr_epi64x(
                0x0008_0004_0002_0001,
                0x0080_0040_0020_0010,
                0x0800_0400_0200_0100,
                0x8000_4000_2000_1000_u64.cast_signed(),
            );
            _mm256_cmpeq_epi16(and(bits, of_lanes), of_lanes)
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        fn load<T: Element, const LANES: usize>(vector: &[T; LANES]) -> Vector {
            assert_eq!(size_of_val(vector), size_of::<Vector>());
            // SAFETY: as many elements as a vector has.
            unsafe { _mm256_loadu_si256(vector.as_ptr().cast()) }
        }

        /// Elements whose bit is set, and zeros: of the vector `i` of a word.
        #[target_feature(enable = "avx2")]
        #[inline]
        fn load_bytes<T: Element>(word: u64, i: usize, vector: &[T; 32]) -> Vector {
            and(load(vector), mask_of_bytes(word, i))
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        fn load_shorts<T: Element>(word: u64, i: usize, vector: &[T; 16]) -> Vector {
            and(load(vector), mask_of_shorts(word, i))
        }

        /// The bit of a lane is moved to where its sign is.
        #[target_feature(enable = "avx2")]
        #[inline]
        fn load_ints<T: Element>(word: u64, i: usize, vector: &[T; 8]) -> Vector {
            assert_eq!(size_of_val(vector), size_of::<Vector>());
            let bits = set1_epi32((word >> (i / 4 * 32)) as i32);
            let first = 31 - (8 * i as i32) % 32;
            let places = sub_epi32(set1_epi32(first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
            let mask = _mm256_sllv_epi32(bits, places);
            // SAFETY: as many elements as a vector has.
            unsafe { _mm256_maskload_epi32(vector.as_ptr().cast(), mask) }
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        fn load_longs<T: Element>(word: u64, i: usize, vector: &[T; 4]) -> Vector {
            assert_eq!(size_of_val(vector), size_of::<Vector>());
            let first = 63 - 4 * i as i64;
            let places = _mm256_setr_epi64x(first, first - 1, first - 2, first - 3);
            let mask = _mm256_sllv_epi64(set1_epi64(word.cast_signed()), places);
            // SAFETY: as many elements as a vector has.
            unsafe { _mm256_maskload_epi64(vector.as_ptr().cast(), mask) }
        }

        /// The sums of pairs. Where the other factor may have a sign it is the mask, minus one.
        #[target_feature(enable = "avx2")]
        #[inline]
        fn sums_of_bytes<T: Element>(word: u64, i: usize, vector: &[T; 32]) -> Vector {
            match T::TYPE {
                ElementType::I8 => maddubs_epi16(set1_epi8(1), load_bytes(word, i, vector)),
                _ => sub_epi16(zero(), maddubs_epi16(load(vector), mask_of_bytes(word, i))),
            }
        }

        #[target_feature(enable = "avx2")]
        #[inline]
        fn sums_of_shorts<T: Element>(word: u64, i: usize, vector: &[T; 16]) -> Vector {
            if let ElementType::I16 = T::TYPE {
                sub_epi32(zero(), madd_epi16(load(vector), mask_of_shorts(word, i)))
            } else {
                let shorts = xor(load_shorts(word, i, vector), set1_epi16(i16::MIN));
                madd_epi16(shorts, set1_epi16(1))
            }
        }

        #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
        pub(super) fn copy_or_zero<T: Element>(values: &[T], bits: &[u64], out: &mut [T]) {
            macro_rules! copy {
                ($values:ident, $word:ident, $out:ident, $lanes:literal, $load:ident) => {{
                    let vectors = $values.as_chunks::<$lanes>().0.iter();
                    let places = $out.as_chunks_mut::<$lanes>().0;
                    for (i, (vector, place)) in vectors.zip(places).enumerate() {
                        let vector = $load($word, i, vector);
                        // SAFETY: as many places as a vector has.
                        unsafe { store(place.as_mut_ptr().cast(), vector) };
                    }
                }};
            }
            walk(
                values,
                bits,
                out,
                |values: &[T; WORD], word, out| match size_of::<T>() {
                    1 => copy!(values, word, out, 32, load_bytes),
                    2 => copy!(values, word, out, 16, load_shorts),
                    4 => copy!(values, word, out, 8, load_ints),
                    _ => copy!(values, word, out, 4, load_longs),
                },
            );
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "as many bits as lanes; the low half of the bits"
    )]
    mod v4 {
        use std::arch::x86_64::{
            __m512i as Vector, _mm512_add_epi16 as add_epi16, _mm512_add_epi32 as add_epi32,
            _mm512_add_epi64 as add_epi64, _mm512_madd_epi16 as madd_epi16,
            _mm512_maddubs_epi16 as maddubs_epi16, _mm512_maskz_loadu_epi8,
            _mm512_maskz_loadu_epi16, _mm512_maskz_loadu_epi32, _mm512_maskz_loadu_epi64,
            _mm512_set1_epi8 as set1_epi8, _mm512_set1_epi16 as set1_epi16,
            _mm512_set1_epi32 as set1_epi32, _mm512_set1_epi64 as set1_epi64,
            _mm512_setzero_si512 as zero, _mm512_srli_epi64 as srli_epi64,
            _mm512_storeu_si512 as store, _mm512_xor_si512 as xor,
        };

        use super::AHEAD;
        use crate::elements::WORD;
        use crate::engine::{LINE, prefetch_line};
        use crate::{Element, ElementType, Number};

        masked_sum!(
            "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512cd,avx512dq,avx512vl",
            64
        );

        /// Elements whose bit is set, and zeros: of the vector `i` of a word.
        macro_rules! load {
            ($name:ident, $lanes:literal, $mask:ty, $load:ident) => {
                #[target_feature(enable = "avx512f,avx512bw")]
                #[inline]
                fn $name<T: Element>(word: u64, i: usize, vector: &[T; $lanes]) -> Vector {
                    assert_eq!(size_of_val(vector), size_of::<Vector>());
                    let bits = (word >> ($lanes * i)) as $mask;
                    // SAFETY: as many elements as a vector has.
                    unsafe { $load(bits, vector.as_ptr().cast()) }
                }
            };
        }

        load!(load_bytes, 64, u64, _mm512_maskz_loadu_epi8);
        load!(load_shorts, 32, u32, _mm512_maskz_loadu_epi16);
        load!(load_ints, 16, u16, _mm512_maskz_loadu_epi32);
        load!(load_longs, 8, u8, _mm512_maskz_loadu_epi64);

        /// The sums of pairs: bytes are multiplied with ones that have a sign if they have none, and the
        /// other way round.
        #[target_feature(enable = "avx512f,avx512bw")]
        #[inline]
        fn sums_of_bytes<T: Element>(word: u64, i: usize, vector: &[T; 64]) -> Vector {
            let (bytes, ones) = (load_bytes(word, i, vector), set1_epi8(1));
            match T::TYPE {
                ElementType::I8 => maddubs_epi16(ones, bytes),
                _ => maddubs_epi16(bytes, ones),
            }
        }

        #[target_feature(enable = "avx512f,avx512bw")]
        #[inline]
        fn sums_of_shorts<T: Element>(word: u64, i: usize, vector: &[T; 32]) -> Vector {
            let shorts = load_shorts(word, i, vector);
            let shorts = match T::TYPE {
                ElementType::I16 => shorts,
                _ => xor(shorts, set1_epi16(i16::MIN)),
            };
            madd_epi16(shorts, set1_epi16(1))
        }
    }
}
