//! The CPU's vector level: found once, passed as a value, entered in one place.

use crate::Error;

/// A vector extension level that this machine is known to have.
///
/// Holding a value is the proof: there is no way to make one that the CPU lacks. On x86-64 the
/// levels are those of the psABI; elsewhere the baseline, which on aarch64 includes NEON, is the
/// only one. Every kernel gives the same bits at every level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    V3,
    #[cfg(target_arch = "x86_64")]
    V4,
}

/// Vectors beyond those of the baseline, for code in intrinsics. To be had from [`Level::vectors`] only.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[derive(Clone, Copy)]
pub(crate) enum Vectors {
    V3,
    V4,
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
impl Vectors {
    /// Whether bytes and shorts can be compressed, beyond what all CPUs of level v4 can: those since 2019
    /// (Ice Lake) and 2022 (Zen 4).
    pub(crate) fn compress_narrow(self) -> bool {
        matches!(self, Vectors::V4) && is_x86_feature_detected!("avx512vbmi2")
    }
}

impl Level {
    /// What every CPU of this architecture has.
    pub const BASELINE: Level = Level(Kind::Baseline);

    /// The levels this machine has, lowest first.
    #[must_use]
    pub fn available() -> Vec<Level> {
        #[cfg_attr(
            not(target_arch = "x86_64"),
            expect(unused_mut, reason = "one level only")
        )]
        let mut levels = vec![Level::BASELINE];
        #[cfg(target_arch = "x86_64")]
        {
            let v3 = is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("f16c")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("movbe")
                && is_x86_feature_detected!("popcnt");
            let v4 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512cd")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if v3 {
                levels.push(Level(Kind::V3));
            }
            if v3 && v4 {
                levels.push(Level(Kind::V4));
            }
        }
        levels
    }

    /// The highest level this machine has.
    #[must_use]
    pub fn detect() -> Level {
        Level::available()
            .into_iter()
            .max()
            .unwrap_or(Level::BASELINE)
    }

    /// The level called `baseline`, `v3` or `v4`.
    ///
    /// # Errors
    /// [`Error::LevelUnavailable`] where the name is another one or the machine lacks the level.
    pub fn from_name(name: &str) -> Result<Level, Error> {
        let found = Level::available()
            .into_iter()
            .find(|level| level.name() == name);
        found.ok_or(Error::LevelUnavailable)
    }

    /// `baseline`, `v3` or `v4`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kind::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Kind::V3 => "v3",
            #[cfg(target_arch = "x86_64")]
            Kind::V4 => "v4",
        }
    }

    /// Whether `a * b + c`, rounded once, is one instruction.
    #[inline(always)]
    pub(crate) fn has_fused_multiply_add(self) -> bool {
        cfg!(target_arch = "aarch64") || self > Level::BASELINE
    }

    /// What there is for this level.
    #[inline(always)]
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    pub(crate) fn choose<T>(self, baseline: T, v3: T, v4: T) -> T {
        match self.0 {
            Kind::Baseline => baseline,
            Kind::V3 => v3,
            Kind::V4 => v4,
        }
    }

    /// The vectors of this level, where it has more than the baseline: the proof that the CPU has
    /// their instructions.
    #[inline(always)]
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    pub(crate) fn vectors(self) -> Option<Vectors> {
        self.choose(None, Some(Vectors::V3), Some(Vectors::V4))
    }

    /// Runs `kernel` compiled for this level, and tells it which one that is.
    ///
    /// To the kernel the level is a constant, so that only the code for it is compiled. Only what is inlined into `kernel` is: kernels and the closures on the way to them are
    /// `#[inline(always)]`.
    #[inline(always)]
    pub(crate) fn run<R>(self, kernel: impl FnOnce(Level) -> R) -> R {
        match self.0 {
            Kind::Baseline => kernel(Level::BASELINE),
            #[cfg(target_arch = "x86_64")]
            #[expect(
                unsafe_code,
                reason = "the one place where code for a CPU level is entered"
            )]
            // SAFETY: a `Level` exists only where `available` found the CPU features.
            Kind::V3 => unsafe { run_v3(kernel) },
            #[cfg(target_arch = "x86_64")]
            #[expect(
                unsafe_code,
                reason = "the one place where code for a CPU level is entered"
            )]
            // SAFETY: a `Level` exists only where `available` found the CPU features.
            Kind::V4 => unsafe { run_v4(kernel) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,f16c,fma,lzcnt,movbe,popcnt")]
fn run_v3<R>(kernel: impl FnOnce(Level) -> R) -> R {
    kernel(Level(Kind::V3))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,f16c,fma,lzcnt,movbe,popcnt")]
#[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
fn run_v4<R>(kernel: impl FnOnce(Level) -> R) -> R {
    kernel(Level(Kind::V4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_name_every_available_level_round_trips() {
        for level in Level::available() {
            assert_eq!(Level::from_name(level.name()), Ok(level));
        }
        assert_eq!(Level::from_name("v5"), Err(Error::LevelUnavailable));
    }

    #[test]
    fn detect_is_the_highest_available() {
        assert_eq!(Some(&Level::detect()), Level::available().last());
    }
}
