//! Elements that come in parts, some of which may be missing: what a column of Arrow is.
//!
//! Kernels see dense blocks only. [`Dense`] makes them: a block whose elements are all there is passed
//! on as it is; short parts, parts that are not aligned, and those with missing elements are gathered
//! in a small buffer that stays in the nearest cache.

use std::ops::{ControlFlow, Range};

use crate::engine::compact_words;
use crate::executor::BLOCK_BYTES;
use crate::masked::copy_or_zero;
use crate::{Element, Level, Values};

/// The elements of a word of bits.
pub(crate) const WORD: usize = 64;

/// So many words are looked at in one go.
const WORDS: usize = 256;

/// The most elements that come with their bits.
pub(crate) const MASKED: usize = BLOCK_BYTES;

/// So many elements are gathered at a time.
const GATHERED_BYTES: usize = 16 << 10;

/// Aligned elements without a missing one are passed on as they are if there are so many.
const DIRECT_BYTES: usize = 2 << 10;

/// Which of some elements are there: a bit for each, in the order of Arrow's validity bitmaps.
///
/// ```
/// use arrayops::Validity;
///
/// let validity = Validity::new(&[0b1011_0000], 4, 4);
/// assert_eq!((0..4).map(|i| validity.get(i)).collect::<Vec<_>>(), [true, true, false, true]);
/// assert_eq!(validity.count(), 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Validity<'a> {
    bytes: &'a [u8],
    /// The place of the first bit.
    offset: usize,
    len: usize,
}

impl<'a> Validity<'a> {
    /// The bits from the place `offset` on, the lowest bit of a byte being the first one.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn new(bytes: &'a [u8], offset: usize, len: usize) -> Self {
        let (from, offset) = (offset / 8, offset % 8);
        let bytes = &bytes[from..];
        assert!(
            (offset + len).div_ceil(8) <= bytes.len(),
            "a bit for each element"
        );
        Validity { bytes, offset, len }
    }

    /// The number of elements, there or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no bits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether an element is there.
    ///
    /// # Panics
    /// If `index` is none of an element.
    #[must_use]
    pub fn get(&self, index: usize) -> bool {
        assert!(index < self.len, "an index of an element");
        let place = self.offset + index;
        self.bytes[place / 8] >> (place % 8) & 1 == 1
    }

    /// The bits of the elements at these places, all of which there are.
    ///
    /// # Panics
    /// Where there are not.
    ///
    /// ```
    /// let validity = arrayops::Validity::new(&[0b1011_0000], 4, 4);
    /// assert_eq!(validity.part(2..4).count(), 1);
    /// ```
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        assert!(range.end <= self.len, "places that there are");
        Validity::new(self.bytes, self.offset + range.start, range.len())
    }

    /// How many elements are there.
    #[must_use]
    pub fn count(&self) -> usize {
        if self.len == 0 {
            return 0;
        }
        // All of the bytes, vectorised, but for the bits before the first element and behind the last one.
        let end = self.offset + self.len;
        let bytes = &self.bytes[..end.div_ceil(8)];
        let before = bytes[0] & !(u8::MAX << self.offset);
        let behind = u32::from(bytes[bytes.len() - 1]) >> (end - 8 * (bytes.len() - 1));
        let ones = Level::detect().run(
            #[inline(always)]
            |_| {
                let (words, rest) = bytes.as_chunks();
                let words = words
                    .iter()
                    .map(|word| u64::from_le_bytes(*word).count_ones() as usize);
                let rest = rest.iter().map(|byte| byte.count_ones() as usize);
                words.sum::<usize>() + rest.sum::<usize>()
            },
        );
        ones - (before.count_ones() + behind.count_ones()) as usize
    }

    /// The bits of all elements as they are, if they fill words and lie as words do.
    fn words_in_place(&self) -> Option<&'a [u64]> {
        if self.offset != 0 || !self.len.is_multiple_of(WORD) || cfg!(target_endian = "big") {
            return None;
        }
        #[expect(unsafe_code, reason = "a view of bytes as words")]
        // SAFETY: any bytes are a word, and the words are aligned.
        let (before, words, _) = unsafe { self.bytes.align_to::<u64>() };
        if before.is_empty() {
            words.get(..self.len / WORD)
        } else {
            None
        }
    }

    /// The bits of all elements, in as many words as these fill.
    fn words(&self, level: Level, out: &mut [u64]) {
        debug_assert_eq!(out.len(), self.len.div_ceil(WORD));
        let (words, _) = self.bytes.as_chunks();
        // A loop that is vectorised; the last bits may be in a word that is not full.
        let shift = self.offset;
        let whole = words.len().saturating_sub(1).min(out.len());
        level.run(
            #[inline(always)]
            |_| {
                for (out, words) in out.iter_mut().zip(words.windows(2)) {
                    let [low, high] = [words[0], words[1]].map(u64::from_le_bytes);
                    *out = low >> shift | high << (WORD - 1 - shift) << 1;
                }
            },
        );
        for (i, out) in out.iter_mut().enumerate().skip(whole) {
            *out = self.word(i * WORD);
        }
        let rest = self.len % WORD;
        if let Some(last) = out.last_mut()
            && rest > 0
        {
            *last &= (1 << rest) - 1;
        }
    }

    /// The bits of up to 64 elements from `at` on, the first one lowest; zeros behind the last one.
    ///
    /// # Panics
    /// If `at` is beyond the last element.
    ///
    /// ```
    /// let validity = arrayops::Validity::new(&[0b1011_0000], 4, 4);
    /// assert_eq!(validity.word(1), 0b101);
    /// ```
    #[inline(always)]
    #[must_use]
    pub fn word(&self, at: usize) -> u64 {
        let rest = self.len - at;
        let place = self.offset + at;
        let (bytes, shift) = (&self.bytes[place / 8..], place % 8);
        let bits = if let Some([low @ .., high]) = bytes.first_chunk::<9>() {
            // In two steps, since there are no shifts by the width.
            let high = u64::from(*high) << (WORD - 1 - shift) << 1;
            u64::from_le_bytes(*low) >> shift | high
        } else {
            let mut all = [0; 8];
            all[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(all) >> shift
        };
        if rest < WORD {
            bits & ((1 << rest) - 1)
        } else {
            bits
        }
    }
}

/// A run of elements of which some may be missing; what is in the place of one is never looked at.
///
/// ```
/// use arrayops::{Executor, Number, Part, Validity, sum};
///
/// let values = [1_i32, 0, 3];
/// let parts = [Part::new(values[..].into(), Some(Validity::new(&[0b101], 0, 3)))];
/// assert_eq!(sum(&Executor::sequential(), parts[..].into()), Ok(Number::Int(4)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Part<'a, T: Element> {
    values: Values<'a, T>,
    validity: Option<Validity<'a>>,
    /// How many are there.
    len: usize,
}

impl<'a, T: Element> Part<'a, T> {
    /// Values of which those are there whose bit is set; all, without bits.
    ///
    /// # Panics
    /// If there are not as many bits as values.
    #[must_use]
    pub fn new(values: Values<'a, T>, validity: Option<Validity<'a>>) -> Self {
        let Some(bits) = validity else {
            let len = values.len();
            return Part {
                values,
                validity,
                len,
            };
        };
        Part::counted(values, bits, bits.count())
    }

    /// As [`Part::new`], where it is known how many are there.
    ///
    /// # Panics
    /// If there are not as many bits as values.
    #[must_use]
    pub fn counted(values: Values<'a, T>, validity: Validity<'a>, len: usize) -> Self {
        assert_eq!(validity.len(), values.len(), "a bit for each value");
        debug_assert_eq!(validity.count(), len, "as many as there are");
        Part {
            values,
            validity: (len < values.len()).then_some(validity),
            len,
        }
    }

    /// How many elements are there.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no element is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values, with anything in the place of a missing one.
    #[must_use]
    pub const fn values(&self) -> Values<'a, T> {
        self.values
    }

    /// How many places there are, those of missing elements among them.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.values.len()
    }

    /// Copies the elements that are there at some places to `out`, side by side; how many those are.
    ///
    /// What else is in `out` may be overwritten. It is faster with room for 64 elements more.
    ///
    /// # Panics
    /// If there are no such places, or `out` is too short.
    ///
    /// ```
    /// use arrayops::{Level, Part, Validity};
    ///
    /// let validity = Validity::new(&[0b1101], 0, 4);
    /// let part = Part::new([5_i16, 6, 7, 8][..].into(), Some(validity));
    /// let mut out = [0; 2];
    /// assert_eq!(part.copy_to(Level::detect(), 1..4, &mut out), 2);
    /// assert_eq!(out, [7, 8]);
    /// ```
    pub fn copy_to(&self, level: Level, places: Range<usize>, out: &mut [T]) -> usize {
        assert!(places.end <= self.places(), "places that there are");
        let mut words = [u64::MAX; WORDS];
        let mut done = 0;
        for start in places.clone().step_by(WORDS * WORD) {
            let next = start..places.end.min(start + WORDS * WORD);
            let words = self.words(level, next.clone(), &mut words);
            done += self.compact(level, next, words, &mut out[done..]);
        }
        done
    }

    /// The bits of up to [`WORDS`] words; `words` are all ones, if there are none.
    fn words<'w>(
        &self,
        level: Level,
        places: Range<usize>,
        words: &'w mut [u64; WORDS],
    ) -> &'w [u64]
    where
        'a: 'w,
    {
        if let Some(words) = self.words_in_place(places.clone()) {
            return words;
        }
        let words = &mut words[..places.len().div_ceil(WORD)];
        if let Some(validity) = self.validity {
            validity.part(places).words(level, words);
        }
        words
    }

    /// The bits of the elements at some places as they are, if they fill words and lie as words do.
    fn words_in_place(&self, places: Range<usize>) -> Option<&'a [u64]> {
        self.validity?.part(places).words_in_place()
    }

    /// Copies the elements at some places whose bits are set; how many those are.
    fn compact(&self, level: Level, places: Range<usize>, words: &[u64], out: &mut [T]) -> usize {
        match self.values {
            Values::Aligned(values) if self.validity.is_none() => {
                out[..places.len()].copy_from_slice(&values[places.clone()]);
                places.len()
            }
            Values::Aligned(values) => compact_words(level, &values[places], words, out),
            Values::Packed(values) => {
                let mut done = 0;
                for (i, bytes) in values[places].iter().enumerate() {
                    if words[i / WORD] >> (i % WORD) & 1 == 1 {
                        out[done] = T::from_bytes(*bytes);
                        done += 1;
                    }
                }
                done
            }
        }
    }

    fn first(&self) -> Option<T> {
        let Some(validity) = self.validity else {
            return self.values.get(0);
        };
        let mut words = (0..self.places()).step_by(WORD);
        let at = words.find(|at| validity.word(*at) != 0)?;
        self.values
            .get(at + validity.word(at).trailing_zeros() as usize)
    }
}

/// What a reduction goes over: elements in one place, or in parts.
///
/// ```
/// use arrayops::{Elements, Executor, Number, Part, sum};
///
/// let parts = [Part::new([1_u8, 2][..].into(), None), Part::new([3][..].into(), None)];
/// let elements = Elements::from(&parts[..]);
/// assert_eq!(elements.len(), 3);
/// assert_eq!(sum(&Executor::sequential(), elements), Ok(Number::Int(6)));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Elements<'a, T: Element> {
    /// All there, in one place.
    Values(Values<'a, T>),
    /// In parts, one after the other.
    Parts(&'a [Part<'a, T>]),
}

impl<'a, T: Element> From<Values<'a, T>> for Elements<'a, T> {
    fn from(values: Values<'a, T>) -> Self {
        Elements::Values(values)
    }
}

impl<'a, T: Element> From<&'a [T]> for Elements<'a, T> {
    fn from(values: &'a [T]) -> Self {
        Elements::Values(values.into())
    }
}

impl<'a, T: Element> From<&'a [Part<'a, T>]> for Elements<'a, T> {
    fn from(parts: &'a [Part<'a, T>]) -> Self {
        Elements::Parts(parts)
    }
}

impl<T: Element> Elements<'_, T> {
    /// The number of elements that are there.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Elements::Values(values) => values.len(),
            Elements::Parts(parts) => parts.iter().map(Part::len).sum(),
        }
    }

    /// Whether no element is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Elements::Values(values) => values.is_empty(),
            Elements::Parts(parts) => parts.iter().all(Part::is_empty),
        }
    }

    /// The first element that is there.
    #[must_use]
    pub fn first(&self) -> Option<T> {
        match self {
            Elements::Values(values) => values.get(0),
            Elements::Parts(parts) => parts.iter().find_map(Part::first),
        }
    }

    /// How many places there are, those of missing elements among them.
    pub(crate) fn places(&self) -> usize {
        match self {
            Elements::Values(values) => values.len(),
            Elements::Parts(parts) => parts.iter().map(Part::places).sum(),
        }
    }
}

/// What becomes of missing elements in the blocks that kernels see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// They are left out.
    LeftOut,
    /// There may be zeros in their place.
    Zeros,
    /// As [`Missing::Zeros`]; or anything is, and the block comes with the bits of those that are there.
    Masked,
}

/// Some places of some parts.
#[derive(Clone, Copy)]
pub(crate) struct Group<'a, T: Element> {
    parts: &'a [Part<'a, T>],
    /// Places of the first part that are not of this group.
    skipped: usize,
    places: usize,
}

/// All places of some parts, in groups of so many each but for the last.
pub(crate) struct Groups<'a, T: Element> {
    parts: &'a [Part<'a, T>],
    skipped: usize,
    group_len: usize,
}

impl<'a, T: Element> Groups<'a, T> {
    pub(crate) const fn new(parts: &'a [Part<'a, T>], group_len: usize) -> Self {
        Groups {
            parts,
            skipped: 0,
            group_len,
        }
    }
}

impl<'a, T: Element> Iterator for Groups<'a, T> {
    type Item = Group<'a, T>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut group = Group {
            parts: self.parts,
            skipped: self.skipped,
            places: 0,
        };
        while let Some((first, others)) = self.parts.split_first() {
            let rest = first.places() - self.skipped;
            let wanted = self.group_len - group.places;
            if rest > wanted {
                self.skipped += wanted;
                group.places += wanted;
                break;
            }
            group.places += rest;
            self.skipped = 0;
            self.parts = others;
        }
        (group.places > 0).then_some(group)
    }
}

impl<T: Element> Group<'_, T> {
    /// Calls `step` for blocks of the elements that are there, in order, and of what becomes of the
    /// others.
    ///
    /// With each goes a place, counted from `start` on: that of the first element or one before it,
    /// behind those of the block before. And with the masked ones, of at most [`MASKED`] places, the bits.
    pub(crate) fn for_each_block(
        &self,
        level: Level,
        missing: Missing,
        start: usize,
        step: &mut Step<'_, T>,
    ) -> ControlFlow<()> {
        let capacity = self.places.min(GATHERED_BYTES / size_of::<T>());
        let mut dense = Dense {
            level,
            missing,
            capacity,
            gathered: Vec::new(),
            len: 0,
            start,
            at: start,
            step,
        };
        let (mut skipped, mut rest) = (self.skipped, self.places);
        for part in self.parts {
            let places = rest.min(part.places() - skipped);
            dense.add(part, skipped..skipped + places)?;
            rest -= places;
            skipped = 0;
            if rest == 0 {
                break;
            }
        }
        dense.flush()
    }
}

/// What is done with a block. Not a type of its own for each kernel, so that this is compiled once.
type Step<'a, T> = dyn FnMut(usize, &[T], Option<&[u64]>) -> ControlFlow<()> + 'a;

/// Gathers elements until there are enough for a block.
struct Dense<'a, 'b, T> {
    level: Level,
    missing: Missing,
    capacity: usize,
    /// Where there is anything to gather: the capacity, and a word to spare, as compaction wants it.
    gathered: Vec<T>,
    len: usize,
    /// The place of the first one gathered, or before it.
    start: usize,
    /// The place of what comes next.
    at: usize,
    step: &'a mut Step<'b, T>,
}

impl<T: Element> Dense<'_, '_, T> {
    fn flush(&mut self) -> ControlFlow<()> {
        let block = &self.gathered[..std::mem::take(&mut self.len)];
        let start = std::mem::replace(&mut self.start, self.at);
        if block.is_empty() {
            ControlFlow::Continue(())
        } else {
            (self.step)(start, block, None)
        }
    }

    fn pass_on(&mut self, block: &[T], words: Option<&[u64]>) -> ControlFlow<()> {
        self.flush()?;
        let start = self.at;
        self.at += block.len();
        self.start = self.at;
        (self.step)(start, block, words)
    }

    fn add(&mut self, part: &Part<'_, T>, range: Range<usize>) -> ControlFlow<()> {
        let direct = DIRECT_BYTES / size_of::<T>();
        if let (Values::Aligned(values), None) = (part.values, part.validity)
            && range.len() >= direct
        {
            return self.pass_on(&values[range], None);
        }
        let mut words = [u64::MAX; WORDS];
        let mut i = range.start;
        while i < range.end {
            let rest = range.end - i;
            if let (Missing::Masked, Values::Aligned(values)) = (self.missing, part.values)
                && rest >= direct
            {
                let whole = i..range.end - rest % WORD;
                let in_place = part.words_in_place(whole.clone());
                let (next, words) = if let Some(words) = in_place {
                    (whole, words)
                } else {
                    let next = i..i + rest.min(WORDS * WORD);
                    let words = part.words(self.level, next.clone(), &mut words);
                    (next, words)
                };
                i = next.end;
                self.pass_on(&values[next], Some(words))?;
                continue;
            }
            let room = self.capacity - self.len;
            let places = rest.min(room).min(WORDS * WORD);
            if places < WORD.min(rest) {
                self.flush()?;
                continue;
            }
            let next = i..i + places;
            i += places;
            let words = part.words(self.level, next.clone(), &mut words);
            if let Values::Aligned(values) = part.values
                && places >= direct
                && words.iter().all(|word| *word == u64::MAX)
            {
                self.pass_on(&values[next], None)?;
                continue;
            }
            if self.gathered.is_empty() {
                self.gathered = vec![T::ZERO; self.capacity + WORD];
            }
            let out = &mut self.gathered[self.len..];
            self.len += match (self.missing, part.values) {
                (Missing::Zeros | Missing::Masked, Values::Aligned(values)) => {
                    copy_or_zero(self.level, &values[next], words, out);
                    places
                }
                _ => part.compact(self.level, next, words, out),
            };
            self.at += places;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_any_places_are_the_bits_of_these() {
        let bytes: Vec<u8> = (0..400_u32)
            .map(|i| ((i * i * 37) >> 3).to_le_bytes()[0])
            .collect();
        let values = [0_u8; 2000];
        for offset in 0..140 {
            for len in [0, 1, 63, 64, 65, 128, 640, 1000] {
                let validity = Validity::new(&bytes, offset, len);
                let part = Part::new(Values::Aligned(&values[..len]), Some(validity));
                for from in [0, 1, 8, 64].into_iter().filter(|from| *from <= len) {
                    for level in Level::available() {
                        let mut words = [u64::MAX; WORDS];
                        let words = part.words(level, from..len, &mut words);
                        assert_eq!(words.len(), (len - from).div_ceil(WORD));
                        for i in 0..len - from {
                            let expected = validity.get(from + i);
                            assert_eq!(
                                words[i / WORD] >> (i % WORD) & 1 == 1,
                                expected,
                                "{offset} {len} {from} {i}"
                            );
                        }
                    }
                }
            }
        }
    }
}
