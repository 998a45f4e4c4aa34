//! Plain sums of floats that the CPU vouches for.
//!
//! A CPU notes in a flag whether any operation since the flag was cleared has rounded. So floats
//! are added in vector lanes as if there were no rounding, and the flag is looked at once for many
//! of them: if it is not set, every addition was exact, and so is the sum.
//!
//! Doubles are cut in two before, by masking: the upper 27 bits of the significand, and the rest,
//! which is the difference and exact. A lane adds up both parts for themselves, so that each has
//! some 20 bits to spare for numbers of different size and for a growing sum. An `f32` has no more than
//! 24 bits and is not cut.
//!
//! NaN does not set the flag, but stays in the lane that it came into. With infinities (less
//! themselves, where one is cut, or of both signs) another flag is set, which is read too.
//!
//! Rust leaves open what becomes of the flags between its own operations. Therefore all of it,
//! from clearing the flags to reading them, is one block of assembly, for each of the widths of vectors
//! on x86-64. Elsewhere, and in emulators that do not know the flag (valgrind), there are no plain
//! sums; [`vouches`] tells.
//!
//! Benefit against the sums in windows, which need no assembly ([`crate::window`]), a million
//! doubles: 0.7 of the time at level v4, 0.55 at v3, 0.4 at baseline; a thousand: 0.6, 0.5, 0.3.

use crate::Level;
use crate::element::Float;

/// The sums that are computed side by side.
pub(crate) const LANES: usize = 16;

/// What the lanes hold.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Lanes {
    /// Sums of the upper parts of doubles, or of whole `f32`.
    high: [f64; LANES],
    /// Sums of the lower parts.
    low: [f64; LANES],
}

impl Lanes {
    pub(crate) const ZERO: Lanes = Lanes {
        high: [0.0; LANES],
        low: [0.0; LANES],
    };

    /// All the numbers whose sum is the sum.
    pub(crate) fn parts(&self) -> impl Iterator<Item = f64> {
        self.high.into_iter().chain(self.low)
    }

    /// The sum, rounded once, if it can be had without a long number.
    #[inline(always)]
    pub(crate) fn round(&self) -> Option<f64> {
        let (high, low) = (folded(self.high)?, folded(self.low)?);
        let sum = high + low;
        sum.is_finite().then_some(sum)
    }
}

/// The sum of all lanes, if it is exact.
#[inline(always)]
fn folded(mut lanes: [f64; LANES]) -> Option<f64> {
    let mut lost = 0;
    for width in [8, 4, 2, 1] {
        for lane in 0..width {
            let (sum, error) = crate::exact::two_sum(lanes[lane], lanes[lane + width]);
            lanes[lane] = sum;
            // NaN, where anything overflowed, is not zero either.
            lost |= error.to_bits() << 1;
        }
    }
    (lost == 0).then_some(lanes[0])
}

/// An element type whose rows can be added to lanes.
pub(crate) trait Plain: Float {
    /// The lanes after the rows were added to them, or None if anything has been rounded.
    ///
    /// With `bits`, only elements whose bit is set are added, the first one's being the lowest of the
    /// first word. None, too, if the level has no sums under masks.
    ///
    /// # Panics
    /// If there are not so many bits as elements.
    fn add(
        level: Level,
        lanes: &Lanes,
        rows: &[[Self; LANES]],
        bits: Option<&[u64]>,
    ) -> Option<Lanes>;
}

/// Whether the CPU tells when it rounds, tried out once.
#[inline(always)]
pub(crate) fn vouches() -> bool {
    use std::sync::atomic::{AtomicU8, Ordering};
    static KNOWN: AtomicU8 = AtomicU8::new(0);
    const YES: u8 = 1;
    const NO: u8 = 2;
    match KNOWN.load(Ordering::Relaxed) {
        YES => true,
        NO => false,
        _ => {
            let vouches = is_refused_where_rounded();
            KNOWN.store(if vouches { YES } else { NO }, Ordering::Relaxed);
            vouches
        }
    }
}

/// Whether rows are refused if an addition to any one lane is rounded, or of infinities, and only
/// then.
#[cold]
fn is_refused_where_rounded() -> bool {
    fn holds<T: Plain>(first: T, exact: T, others: &[T]) -> bool {
        Level::available().into_iter().all(|level| {
            (0..LANES).all(|lane| {
                let is_exact = |second: T| {
                    let mut rows = [[T::ZERO; LANES]; 2];
                    (rows[0][lane], rows[1][lane]) = (first, second);
                    T::add(level, &Lanes::ZERO, &rows, None).is_some()
                };
                is_exact(exact) && !others.iter().any(|other| is_exact(*other))
            })
        })
    }
    // Here only the lower parts round.
    let first = 1.0 + 2_f64.powi(-27);
    let second = (1.0 + f64::EPSILON) * 2_f64.powi(-30);
    holds(1_f32, 2.0, &[1e-30])
        && holds(f32::INFINITY, 1.0, &[f32::NEG_INFINITY])
        && holds(1_f64, 2.0, &[1e-30, f64::INFINITY])
        && holds(first, 2.0, &[second])
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[expect(
    unsafe_code,
    reason = "only in assembly is it certain what sets the flags that are read"
)]
mod kernels {
    use super::{LANES, Lanes, Plain};
    use crate::Level;
    use crate::elements::WORD;
    use std::arch::asm;

    /// To nearest, no exception trapped, no flag set.
    const CLEARED: u32 = 0x1f80;
    /// The flags of an invalid operation and of a rounded result.
    const ROUNDED: u32 = 0x21;
    /// The sign, the exponent, and the upper 26 bits of the mantissa.
    const UPPER: u64 = !((1 << 26) - 1);

    /// What is read from memory: [`UPPER`] for all lanes, and how far away the bit of each is from the sign.
    #[repr(C, align(64))]
    struct Constants {
        upper: [u64; 8],
        distances: [u64; LANES],
    }

    static CONSTANTS: Constants = {
        let mut constants = Constants {
            upper: [UPPER; 8],
            distances: [63; LANES],
        };
        let mut lane = 1;
        while lane < LANES {
            constants.distances[lane] = constants.distances[lane - 1] - 1;
            lane += 1;
        }
        constants
    };

    /// What lies so many bytes ahead is asked for: reading the flags makes the CPU wait, and stop
    /// looking ahead by itself. Any address may be asked for, there need not be memory.
    ///
    /// Benefit: 0.8 of the time where the elements are in memory, 0.9 in the third-level cache, none
    /// in the second (`benches/kernels.rs`, group `float sum`).
    const PREFETCHED: usize = 4096;

    type Kernel<T> = unsafe fn(&Lanes, &[[T; LANES]], &[u64]) -> Option<Lanes>;

    /// A function that adds rows, of which there is at least one, to lanes.
    ///
    /// `$load` and `$kind` move and name the vectors, of which number 0 holds [`UPPER`]; `$sum` are
    /// those that hold lanes, and where in [`Lanes`]; `$step` are the instructions for a row. With
    /// `$bits`, the two bytes there say which elements of the row are added.
    macro_rules! kernel {
        ($(#[$doc:meta])* $name:ident($element:ty $(, $bits:ident)?), $load:literal $kind:literal,
         [$($sum:literal at $place:literal),*], [$($step:expr),*], $end:literal) => {
            $(#[$doc])*
            #[inline(never)]
            unsafe fn $name(lanes: &Lanes, rows: &[[$element; LANES]], bits: &[u64]) -> Option<Lanes> {
                let bits = bits.as_ptr();
                $(let $bits = bits;)?
                let _ = bits;
                let mut sums = *lanes;
                let mut saved = 0_u32;
                let mut flags = CLEARED;
                // SAFETY: the caller has the CPU's instructions, a row at least and bits for all.
                // Memory is read from the rows, the bits and a constant, and written to the locals.
                // The control register is given back as it was.
                unsafe {
                    asm!(
                        "stmxcsr [{saved}]",
                        "ldmxcsr [{flags}]",
                        concat!($load, " ", $kind, "0, [{constants}]"),
                        $(concat!($load, " ", $kind, $sum, ", [{sums} + ", $place, "]"),)*
                        "2:",
                        "prefetcht0 [{rows} + {ahead}]",
                        "prefetcht0 [{rows} + {ahead} + 64]",
                        $($step,)*
                        "add {rows}, {size}",
                        "dec {count}",
                        "jnz 2b",
                        $(concat!($load, " [{sums} + ", $place, "], ", $kind, $sum),)*
                        $end,
                        "stmxcsr [{flags}]",
                        "ldmxcsr [{saved}]",
                        saved = in(reg) &raw mut saved,
                        flags = in(reg) &raw mut flags,
                        constants = in(reg) &raw const CONSTANTS,
                        sums = in(reg) &raw mut sums,
                        size = const size_of::<[$element; LANES]>(),
                        ahead = const PREFETCHED,
                        rows = inout(reg) rows.as_ptr() => _,
                        count = inout(reg) rows.len() => _,
                        $($bits = inout(reg) $bits => _, out("k1") _, out("k2") _, out("xmm11") _,)?
                        out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                        out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
                        out("xmm8") _, out("xmm9") _, out("xmm10") _,
                        options(nostack),
                    );
                }
                (flags & ROUNDED == 0).then_some(sums)
            }
        };
    }

    /// Reads the masks of the two halves of a row.
    macro_rules! masks {
        () => {
            "kmovb k1, [{bits}]\nkmovb k2, [{bits} + 1]\nadd {bits}, 2\n"
        };
    }

    /// Reads the bits of a row, for all lanes.
    macro_rules! masks_v3 {
        () => {
            "vpbroadcastw ymm11, [{bits}]\nadd {bits}, 2\n"
        };
    }

    /// As `masks_v3`; and zeros, for `whole_masked_v3`.
    macro_rules! masks_and_zeros_v3 {
        () => {
            concat!(masks_v3!(), "vpxor xmm7, xmm7, xmm7\n")
        };
    }

    /// Adds a vector of doubles, cut in two.
    macro_rules! cut {
        ($kind:literal, $place:literal, $high:literal, $low:literal $(, $mask:literal)?) => {
            concat!(
                concat!("vmovupd ", $kind, "1", $($mask,)? ", [{rows} + ", $place, "]\n"),
                cut!($kind, $high, $low),
            )
        };
        ($kind:literal, $high:literal, $low:literal) => {
            concat!(
                concat!("vandpd ", $kind, "2, ", $kind, "1, ", $kind, "0\n"),
                concat!("vsubpd ", $kind, "1, ", $kind, "1, ", $kind, "2\n"),
                concat!(
                    "vaddpd ", $kind, $high, ", ", $kind, $high, ", ", $kind, "2\n"
                ),
                concat!(
                    "vaddpd ", $kind, $low, ", ", $kind, $low, ", ", $kind, "1\n"
                ),
            )
        };
    }

    /// As `cut`, in instructions that have two operands.
    macro_rules! cut_sse2 {
        ($place:literal, $high:literal, $low:literal) => {
            concat!(
                concat!("movupd xmm1, [{rows} + ", $place, "]\n"),
                "movapd xmm2, xmm1\n",
                "andpd xmm2, xmm0\n",
                "subpd xmm1, xmm2\n",
                concat!("addpd xmm", $high, ", xmm2\n"),
                concat!("addpd xmm", $low, ", xmm1\n"),
            )
        };
    }

    /// Adds a vector of `f32` as doubles.
    macro_rules! whole {
        ($kind:literal, $place:literal, $sum:literal $(, $mask:literal)?) => {
            concat!(
                concat!("vcvtps2pd ", $kind, "1", $($mask,)? ", [{rows} + ", $place, "]\n"),
                concat!("vaddpd ", $kind, $sum, ", ", $kind, $sum, ", ", $kind, "1\n"),
            )
        };
    }

    /// As `cut`, of the elements whose bit is set: these are moved to where signs are.
    macro_rules! cut_masked_v3 {
        ($place:literal, $high:literal, $low:literal, $distances:literal) => {
            concat!(
                concat!("vpsllvq ymm1, ymm11, [{constants} + ", $distances, "]\n"),
                concat!("vmaskmovpd ymm1, ymm1, [{rows} + ", $place, "]\n"),
                cut!("ymm", $high, $low),
            )
        };
    }

    /// As `whole`, of the elements whose bit is set: these are moved to where signs are. What is left out
    /// is converted too, so that a signalling NaN there counts as rounded.
    macro_rules! whole_masked_v3 {
        ($place:literal, $sum:literal, $distances:literal) => {
            concat!(
                concat!("vpsllvq ymm2, ymm11, [{constants} + ", $distances, "]\n"),
                concat!("vcvtps2pd ymm1, [{rows} + ", $place, "]\n"),
                "vblendvpd ymm1, ymm7, ymm1, ymm2\n",
                concat!("vaddpd ymm", $sum, ", ymm", $sum, ", ymm1\n"),
            )
        };
    }

    /// As `whole`, with two.
    macro_rules! whole_sse2 {
        ($place:literal, $sum:literal) => {
            concat!(
                concat!("cvtps2pd xmm1, [{rows} + ", $place, "]\n"),
                concat!("addpd xmm", $sum, ", xmm1\n"),
            )
        };
    }

    kernel! {
        f64_v4(f64), "vmovupd" "zmm",
        ["3" at "0", "4" at "64", "5" at "128", "6" at "192"],
        [cut!("zmm", "0", "3", "5"), cut!("zmm", "64", "4", "6")],
        "vzeroupper"
    }
    kernel! {
        f64_masked_v4(f64, bits), "vmovupd" "zmm",
        ["3" at "0", "4" at "64", "5" at "128", "6" at "192"],
        [masks!(), cut!("zmm", "0", "3", "5", "{{k1}}{{z}}"), cut!("zmm", "64", "4", "6", "{{k2}}{{z}}")],
        "vzeroupper"
    }
    kernel! {
        f64_v3(f64), "vmovupd" "ymm",
        ["3" at "0", "4" at "32", "5" at "64", "6" at "96", "7" at "128", "8" at "160", "9" at "192", "10" at "224"],
        [cut!("ymm", "0", "3", "7"), cut!("ymm", "32", "4", "8"), cut!("ymm", "64", "5", "9"), cut!("ymm", "96", "6", "10")],
        "vzeroupper"
    }
    kernel! {
        f64_masked_v3(f64, bits), "vmovupd" "ymm",
        ["3" at "0", "4" at "32", "5" at "64", "6" at "96", "7" at "128", "8" at "160", "9" at "192", "10" at "224"],
        [masks_v3!(), cut_masked_v3!("0", "3", "7", "64"), cut_masked_v3!("32", "4", "8", "96"),
         cut_masked_v3!("64", "5", "9", "128"), cut_masked_v3!("96", "6", "10", "160")],
        "vzeroupper"
    }
    kernel! {
        /// With the registers there are, two numbers of a row share a lane.
        f64_baseline(f64), "movupd" "xmm",
        ["3" at "0", "4" at "16", "5" at "32", "6" at "48", "7" at "128", "8" at "144", "9" at "160", "10" at "176"],
        [cut_sse2!("0", "3", "7"), cut_sse2!("16", "4", "8"), cut_sse2!("32", "5", "9"), cut_sse2!("48", "6", "10"),
         cut_sse2!("64", "3", "7"), cut_sse2!("80", "4", "8"), cut_sse2!("96", "5", "9"), cut_sse2!("112", "6", "10")],
        ""
    }
    kernel! {
        /// Wider vectors are slower: the conversion takes two of them.
        f32_v3(f32), "vmovupd" "ymm",
        ["3" at "0", "4" at "32", "5" at "64", "6" at "96"],
        [whole!("ymm", "0", "3"), whole!("ymm", "16", "4"), whole!("ymm", "32", "5"), whole!("ymm", "48", "6")],
        "vzeroupper"
    }
    kernel! {
        f32_masked_v4(f32, bits), "vmovupd" "zmm",
        ["3" at "0", "4" at "64"],
        [masks!(), whole!("zmm", "0", "3", "{{k1}}{{z}}"), whole!("zmm", "32", "4", "{{k2}}{{z}}")],
        "vzeroupper"
    }
    kernel! {
        f32_masked_v3(f32, bits), "vmovupd" "ymm",
        ["3" at "0", "4" at "32", "5" at "64", "6" at "96"],
        [masks_and_zeros_v3!(), whole_masked_v3!("0", "3", "64"), whole_masked_v3!("16", "4", "96"),
         whole_masked_v3!("32", "5", "128"), whole_masked_v3!("48", "6", "160")],
        "vzeroupper"
    }
    kernel! {
        f32_baseline(f32), "movupd" "xmm",
        ["3" at "0", "4" at "16", "5" at "32", "6" at "48"],
        [whole_sse2!("0", "3"), whole_sse2!("8", "4"), whole_sse2!("16", "5"), whole_sse2!("24", "6"),
         whole_sse2!("32", "3"), whole_sse2!("40", "4"), whole_sse2!("48", "5"), whole_sse2!("56", "6")],
        ""
    }

    macro_rules! plain {
        ($element:ty, $baseline:ident, $v3:ident, $v4:ident, $masked_v3:ident, $masked_v4:ident) => {
            impl Plain for $element {
                #[inline(always)]
                fn add(
                    level: Level,
                    lanes: &Lanes,
                    rows: &[[Self; LANES]],
                    bits: Option<&[u64]>,
                ) -> Option<Lanes> {
                    if rows.is_empty() {
                        return Some(*lanes);
                    }
                    let (add, bits) = match bits {
                        None => (
                            level.choose::<Kernel<$element>>($baseline, $v3, $v4),
                            [].as_slice(),
                        ),
                        Some(bits) => {
                            assert!(
                                bits.len() * WORD >= rows.len() * LANES,
                                "a bit for each element"
                            );
                            (
                                level.choose::<Option<Kernel<$element>>>(
                                    None,
                                    Some($masked_v3),
                                    Some($masked_v4),
                                )?,
                                bits,
                            )
                        }
                    };
                    // SAFETY: the level has the instructions, there is a row, and bits if they are read.
                    unsafe { add(lanes, rows, bits) }
                }
            }
        };
    }
    plain!(
        f64,
        f64_baseline,
        f64_v3,
        f64_v4,
        f64_masked_v3,
        f64_masked_v4
    );
    plain!(
        f32,
        f32_baseline,
        f32_v3,
        f32_v3,
        f32_masked_v3,
        f32_masked_v4
    );
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
mod kernels {
    use super::{LANES, Lanes, Plain};
    use crate::Level;

    impl<T: crate::element::Float> Plain for T {
        fn add(_: Level, _: &Lanes, _: &[[Self; LANES]], _: Option<&[u64]>) -> Option<Lanes> {
            None
        }
    }
}

#[cfg(all(test, target_arch = "x86_64", not(miri)))]
mod tests {
    #[test]
    fn vouches_on_a_real_cpu_is_true() {
        assert!(super::vouches());
    }
}
