//! The floating-point environment: the rounding mode, and what becomes of subnormal numbers.
//!
//! A program may have changed both, for its speed or without knowing (a library linked with
//! `-ffast-math` does so as it is loaded). Rust, and all that is proven here about exact sums, takes
//! for granted that operations round to nearest and that subnormal numbers are what they are.

/// The standard environment on this thread, until dropped; then what was before.
pub(crate) struct Standard {
    /// None: it was the standard one.
    before: Option<control::Word>,
}

impl Standard {
    #[inline(always)]
    pub(crate) fn enter() -> Self {
        let word = control::read();
        let standard = control::standardised(word);
        if word == standard {
            return Standard { before: None };
        }
        control::write(standard);
        Standard { before: Some(word) }
    }
}

impl Drop for Standard {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(word) = self.before {
            control::write(word);
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "the intrinsics for the control register are deprecated in favour of assembly"
)]
mod control {
    use std::arch::asm;

    pub(super) type Word = u32;

    /// MXCSR.
    #[inline(always)]
    pub(super) fn read() -> Word {
        let mut word: Word = 0;
        // SAFETY: stores four bytes where `word` is.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags)) };
        word
    }

    #[inline(always)]
    pub(super) fn write(word: Word) {
        // SAFETY: a word that was read, or one with valid bits set in it; loads four bytes. The
        // environment is either brought to what Rust expects, or given back as the caller had it.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags)) };
    }

    /// Without flush to zero, rounding mode, denormals are zero; all exceptions masked.
    #[inline(always)]
    pub(super) const fn standardised(word: Word) -> Word {
        const FLAGS: Word = 0x3f;
        const MASKS: Word = 0x1f80;
        word & FLAGS | MASKS
    }
}

#[cfg(target_arch = "aarch64")]
#[expect(
    unsafe_code,
    reason = "the control register is reached by assembly only"
)]
mod control {
    use std::arch::asm;

    pub(super) type Word = u64;

    /// FPCR.
    #[inline(always)]
    pub(super) fn read() -> Word {
        let word;
        // SAFETY: reads a register that every thread may read.
        unsafe { asm!("mrs {}, fpcr", out(reg) word, options(nostack, preserves_flags)) };
        word
    }

    #[inline(always)]
    pub(super) fn write(word: Word) {
        // SAFETY: a word that was read, or one with bits cleared. The environment is either brought
        // to what Rust expects, or given back as the caller had it.
        unsafe { asm!("msr fpcr, {}", in(reg) word, options(nostack, preserves_flags)) };
    }

    /// Without flush to zero, rounding mode, trapping.
    #[inline(always)]
    pub(super) const fn standardised(word: Word) -> Word {
        const STRIDES: Word = 0x0037_0000; // vector lengths of 32-bit code
        word & STRIDES & !0x00c0_0000
    }
}

/// Elsewhere it is not known how to ask.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod control {
    pub(super) type Word = ();

    pub(super) const fn read() -> Word {}

    pub(super) const fn write((): Word) {}

    pub(super) const fn standardised((): Word) -> Word {}
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;
    use crate::{Executor, Level, Number};

    #[test]
    fn enter_whatever_is_set_gives_the_standard_and_back() {
        let before = control::read();
        for changed in [0x8000, 0x0040, 0x2000, 0x4000, 0x6000, 0xe040] {
            control::write(before | changed);
            let inside = {
                let _standard = Standard::enter();
                control::read()
            };
            let after = control::read();
            control::write(before);
            assert_eq!(inside & !0x3f, 0x1f80);
            assert_eq!(after & !0x3f, (before | changed) & !0x3f);
        }
    }

    #[test]
    fn other_results_do_not_depend_on_what_is_set() {
        let tiny = f64::from_bits(3);
        let results = || {
            let mut results = Vec::new();
            for level in Level::available() {
                let executor = Executor::new(level, 2).bytes_per_thread(NonZeroUsize::MIN);
                let mean = crate::mean(&executor, [1_i64, 0, 0][..].into());
                results.push(mean.map_or(0, f64::to_bits));
                let mut stats = crate::Stats::of(&executor, [tiny][..].into()).expect("it ends");
                let zero = crate::Stats::of(&executor, [0_u8][..].into()).expect("it ends");
                stats.merge(&zero).expect("two can be counted");
                results.push(u64::from(stats.max() == Ok(Number::Float(tiny))));
                // Several blocks, so that other threads take part.
                let mut values = vec![1.0 / 3.0; 100_000];
                values[99_999] = tiny;
                crate::scale(
                    &executor,
                    (&mut values[..]).into(),
                    crate::Factor::Float(1.0 / 3.0),
                    crate::Overflow::Raise,
                )
                .expect("doubles do not overflow here");
                let bound = Some(crate::Bound::Float(f64::from_bits(2)));
                crate::clip(&executor, (&mut values[..]).into(), bound, None)
                    .expect("a bound like others");
                let changed = values
                    .iter()
                    .filter(|value| value.to_bits() != values[0].to_bits());
                results.push(values[0].to_bits());
                results.extend(changed.map(|value| value.to_bits()));
            }
            results
        };
        let expected = results();
        let before = control::read();
        for changed in [0x8000, 0x0040, 0x8040, 0x2000, 0x4000, 0x6000] {
            control::write(before | changed);
            let found = results();
            control::write(before);
            assert_eq!(found, expected, "with {changed:x}");
        }
    }

    #[test]
    fn sums_and_variances_do_not_depend_on_what_is_set() {
        let tiny = f64::from_bits(3);
        let long: Vec<f64> = (1..2000)
            .map(|i| 1.0 / f64::from(i))
            .chain([tiny, -tiny])
            .collect();
        let subnormal: Vec<f64> = (0..700).map(f64::from_bits).collect();
        let results = || {
            let mut results = Vec::new();
            for level in Level::available() {
                let executor = Executor::new(level, 2).bytes_per_thread(NonZeroUsize::MIN);
                for values in [&long[..], &long[..5], &subnormal[..], &subnormal[1..4]] {
                    let values = crate::Elements::from(values);
                    // As bits: the digits of subnormals are not what they are, either.
                    let sum = match crate::sum(&executor, values) {
                        Ok(Number::Float(sum)) => Ok(sum),
                        other => panic!("a sum of floats is {other:?}"),
                    };
                    let mean = crate::mean(&executor, values);
                    let variance = crate::variance(&executor, values, 1);
                    let (min, max) = (crate::min(&executor, values), crate::max(&executor, values));
                    let rounded = [sum, mean, variance, min, max];
                    let rounded = rounded.map(|result| result.map(f64::to_bits));
                    let stats = crate::Stats::of(&executor, values);
                    results.push((rounded, stats.map(|stats| stats.to_bytes())));
                }
            }
            results
        };
        let expected = results();
        let before = control::read();
        for changed in [0x8000, 0x0040, 0x8040, 0x2000, 0x4000, 0x6000] {
            control::write(before | changed);
            let found = results();
            control::write(before);
            assert_eq!(found, expected, "with {changed:x}");
        }
    }
}
