//! Limiting elements to an interval, in place.

use crate::element::{Element, Float, Integer, for_each_element};
use crate::environment::Standard;
use crate::error::Side;
use crate::scale::rewrite;
use crate::{ElementType, Error, Executor, ValuesMut};

/// An end of the interval given to [`clip`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// An integer.
    Int(i128),
    /// A double, infinities included.
    Float(f64),
    /// A finite number so large, or, if `negative`, so small, that neither form holds it.
    Beyond {
        /// Whether it is below zero.
        negative: bool,
    },
}

impl Bound {
    /// Whether this is greater than `other`, exactly. No NaN is, and of two that are beyond what
    /// can be held on the same side, neither.
    fn exceeds(self, other: Bound) -> bool {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded to integers, or saturated"
        )]
        match (self, other) {
            (Bound::Int(lhs), Bound::Int(rhs)) => lhs > rhs,
            (Bound::Float(lhs), Bound::Float(rhs)) => lhs > rhs,
            (Bound::Int(lhs), Bound::Float(rhs)) => lhs > rhs.floor() as i128,
            (Bound::Float(lhs), Bound::Int(rhs)) => lhs.ceil() as i128 > rhs,
            (Bound::Beyond { negative: true }, rhs) => rhs == Bound::Float(f64::NEG_INFINITY),
            (Bound::Beyond { negative: false }, Bound::Beyond { negative }) => negative,
            (Bound::Beyond { negative: false }, rhs) => rhs != Bound::Float(f64::INFINITY),
            (lhs, Bound::Beyond { negative: false }) => lhs == Bound::Float(f64::INFINITY),
            (lhs, Bound::Beyond { negative: true }) => lhs != Bound::Float(f64::NEG_INFINITY),
        }
    }
}

/// An element type that can be clipped: every one. Sealed by [`Element`].
pub trait Clip: Element {
    /// The element nearest to `bound` on the inner side, or none where `bound` excludes nothing.
    #[doc(hidden)]
    fn resolve(bound: Bound, side: Side) -> Result<Option<Self>, Error>;
}

/// Replaces, in place, every element below `min` by `min` and every one above `max` by `max`.
///
/// `None` does not bound. On integers a float bound means the integers inside it. A bound beyond
/// the range of the type on its own side does not bind. A NaN element stays.
///
/// # Errors
/// [`Error::BoundIsNan`]; [`Error::BoundsCrossed`] where `min > max`, or no integer lies between
/// them; [`Error::BoundUnreachable`] where all of the type's range lies outside a bound. Nothing is
/// changed then.
///
/// ```
/// use arrayops::{Bound, Executor, clip};
///
/// let mut values = [-5_i8, 0, 120];
/// let (min, max) = (Some(Bound::Int(-1)), Some(Bound::Float(99.5)));
/// clip(&Executor::sequential(), values[..].as_mut().into(), min, max)?;
/// assert_eq!(values, [-1, 0, 99]);
/// # Ok::<(), arrayops::Error>(())
/// ```
pub fn clip<T: Clip>(
    executor: &Executor<'_>,
    mut values: ValuesMut<'_, T>,
    min: Option<Bound>,
    max: Option<Bound>,
) -> Result<(), Error> {
    let _standard = Standard::enter();
    for (side, bound) in [(Side::Min, min), (Side::Max, max)] {
        if matches!(bound, Some(Bound::Float(bound)) if bound.is_nan()) {
            return Err(Error::BoundIsNan(side));
        }
    }
    let resolve = |bound: Option<Bound>, side| bound.map_or(Ok(None), |b| T::resolve(b, side));
    let (low, high) = (resolve(min, Side::Min)?, resolve(max, Side::Max)?);
    if min.zip(max).is_some_and(|(min, max)| min.exceeds(max)) {
        return Err(Error::BoundsCrossed);
    }
    match (low, high) {
        (None, None) => {}
        (Some(low), None) => rewrite(
            executor,
            values.reborrow(),
            #[inline(always)]
            move |value| if value < low { low } else { value },
        ),
        (None, Some(high)) => rewrite(
            executor,
            values.reborrow(),
            #[inline(always)]
            move |value| if value > high { high } else { value },
        ),
        (Some(low), Some(high)) if low <= high => rewrite(
            executor,
            values.reborrow(),
            #[inline(always)]
            move |value| {
                let value = if value < low { low } else { value };
                if value > high { high } else { value }
            },
        ),
        (Some(_), Some(_)) => return Err(Error::BoundsCrossed),
    }
    // A bound that rounds to zero still excludes the zeros: they become that zero.
    for (bound, end, side) in [(min, low, Side::Min), (max, high, Side::Max)] {
        if let (Some(Bound::Float(bound)), Some(zero)) = (bound, end)
            && zero == T::ZERO
            && (if side == Side::Min {
                bound > 0.0
            } else {
                bound < 0.0
            })
        {
            rewrite(
                executor,
                values.reborrow(),
                #[inline(always)]
                move |value| if value == zero { zero } else { value },
            );
        }
    }
    Ok(())
}

macro_rules! clips {
    ($($kind:ident $type:ident $variant:ident $name:literal,)*) => {$(
        impl Clip for $type {
            fn resolve(bound: Bound, side: Side) -> Result<Option<Self>, Error> {
                clips!(@ $kind bound, side)
            }
        }
    )*};
    (@int $bound:ident, $side:ident) => { resolve_integer($bound, $side) };
    (@float $bound:ident, $side:ident) => { resolve_float($bound, $side) };
}
for_each_element!(clips);

fn resolve_integer<T: Integer>(bound: Bound, side: Side) -> Result<Option<T>, Error> {
    let inside = match bound {
        Bound::Int(bound) => bound,
        // A conversion of a float saturates, infinities included.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "rounded to an integer, or saturated"
        )]
        Bound::Float(bound) => match side {
            Side::Min => bound.ceil() as i128,
            Side::Max => bound.floor() as i128,
        },
        Bound::Beyond { negative: true } => i128::MIN,
        Bound::Beyond { negative: false } => i128::MAX,
    };
    let below = inside < T::MIN.wide();
    let above = inside > T::MAX.wide();
    placed(below, above, T::truncated(inside), side, T::TYPE)
}

fn resolve_float<T: Float>(bound: Bound, side: Side) -> Result<Option<T>, Error> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an element equal to either decides the same"
    )]
    let value = match bound {
        Bound::Int(bound) => bound as f64,
        Bound::Float(bound) => bound,
        Bound::Beyond { negative } => return placed(negative, !negative, T::ZERO, side, T::TYPE),
    };
    // Comparing with the rounded bound decides as comparing with the bound does: an element between
    // the two could only be the rounded bound, which is what replaces it. (But zero: see `clip`.)
    let rounded = T::rounded(value);
    let out_of_range = value.is_finite() && !rounded.to_f64().is_finite();
    placed(
        out_of_range && value < 0.0,
        out_of_range && value > 0.0,
        rounded,
        side,
        T::TYPE,
    )
}

/// What a bound means that lies `below` or `above` all values of the type, or at `value`.
fn placed<T>(
    below: bool,
    above: bool,
    value: T,
    side: Side,
    element_type: ElementType,
) -> Result<Option<T>, Error> {
    match (side, below, above) {
        (_, false, false) => Ok(Some(value)),
        (Side::Min, true, _) | (Side::Max, _, true) => Ok(None),
        (Side::Min | Side::Max, ..) => Err(Error::BoundUnreachable { side, element_type }),
    }
}
