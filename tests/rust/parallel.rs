//! Inputs that keep a thread busy for so long that the others do take part.
//!
//! Elsewhere the calling thread may be done before a helper has woken; here what the helpers find
//! must be merged, whichever of them found what.

use std::num::NonZeroUsize;

use arrayops::{
    Element, Error, Executor, Factor, Level, Number, Overflow, Values, ValuesMut, max, min, scale,
    sum,
};

use crate::inputs;

/// After so many blocks every thread is awake.
const AWAKE: usize = 32;

/// Blocks in an input.
const BLOCKS: usize = AWAKE + 16;

fn executors() -> [Executor<'static>; 2] {
    [2, 4]
        .map(|threads| Executor::new(Level::detect(), threads).bytes_per_thread(NonZeroUsize::MIN))
}

/// Packed bytes, since those take the longest.
fn bytes(value: i8) -> Vec<[u8; 1]> {
    vec![value.to_bytes(); BLOCKS * inputs::block_length::<i8>() + 5]
}

#[test]
fn reductions_on_several_threads_merge_what_each_has_found() {
    let mut values = bytes(1);
    let len = values.len();
    let total = i128::try_from(len).expect("a length") - 2 - 3 + 7;
    values[AWAKE * inputs::block_length::<i8>()] = (-3_i8).to_bytes();
    values[len - 1] = 7_i8.to_bytes();
    for executor in executors() {
        for _ in 0..3 {
            let values = Values::<i8>::Packed(&values).into();
            assert_eq!(sum(&executor, values), Ok(Number::Int(total)));
            assert_eq!(min(&executor, values), Ok(-3));
            assert_eq!(max(&executor, values), Ok(7));
        }
    }
}

#[test]
fn extrema_on_several_threads_are_the_first_zero_whoever_found_it() {
    let block = inputs::block_length::<f32>();
    for at in AWAKE..AWAKE + 8 {
        let mut values = vec![1_f32.to_bytes(); BLOCKS * block];
        let first = (at + 1) * block - 1;
        values[first] = (-0.0_f32).to_bytes();
        values[first + 1..].fill(0_f32.to_bytes());
        for executor in executors() {
            let least = min::<f32>(&executor, Values::Packed(&values).into());
            assert_eq!(least.map(f32::to_bits), Ok((-0.0_f32).to_bits()));
        }
    }
}

#[test]
fn scale_refused_on_several_threads_restores_what_each_has_written() {
    let mut values = bytes(5);
    let len = values.len();
    values[len - 1] = 100_i8.to_bytes();
    let expected = values.clone();
    for executor in executors() {
        let packed = ValuesMut::<i8>::Packed(&mut values);
        let result = scale(&executor, packed, Factor::Int(3), Overflow::Raise);
        assert_eq!(result, Err(refused(len - 1)));
        let changed = values.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(changed, None);
    }
}

#[test]
fn scale_refused_on_several_threads_names_the_first_whoever_found_it() {
    let block = inputs::block_length::<i8>();
    for at in AWAKE..AWAKE + 8 {
        // Whoever takes the second of these blocks is the first to find one.
        let mut values = bytes(5);
        let first = (at + 1) * block - 1;
        values[first] = 100_i8.to_bytes();
        values[first + 1] = 100_i8.to_bytes();
        for executor in executors() {
            for factor in [Factor::Int(3), Factor::Float(2.5)] {
                let packed = ValuesMut::<i8>::Packed(&mut values);
                let result = scale(&executor, packed, factor, Overflow::Raise);
                assert_eq!(result, Err(refused(first)));
            }
        }
    }
}

fn refused(index: usize) -> Error {
    Error::Overflow {
        index,
        value: Number::Int(100),
        element_type: i8::TYPE,
    }
}
