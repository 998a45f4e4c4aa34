//! What an executor promises beside results: that it stops when told to, and what panics become.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use arrayops::{
    Bound, Error, Executor, Factor, Level, Overflow, Values, ValuesMut, clip, max, panic_in, scale,
    sum,
};

use crate::inputs;

/// More than any machine reads between two questions whether to stop. Zeros, so that most of it
/// is never touched.
const LARGE: usize = 2 << 30;

#[test]
fn reduction_told_to_stop_gives_interrupted() {
    let values = vec![[0_u8; 8]; LARGE / 8];
    for threads in [1, 2, 4] {
        let asked = Cell::new(0);
        let interrupted = || {
            asked.set(asked.get() + 1);
            true
        };
        let executor = Executor::new(Level::detect(), threads).interrupted_by(&interrupted);
        let result = sum::<f64>(&executor, Values::Packed(&values).into());
        assert_eq!(result, Err(Error::Interrupted));
        let result = max::<i64>(&executor, Values::Packed(&values).into());
        assert_eq!(result, Err(Error::Interrupted));
        assert_eq!(asked.get(), 2, "it was asked again after it had said yes");
    }
}

#[test]
fn reduction_not_told_to_stop_is_finished() {
    let caller = std::thread::current().id();
    let asked_elsewhere = Cell::new(false);
    let interrupted = || {
        asked_elsewhere.set(asked_elsewhere.get() || std::thread::current().id() != caller);
        false
    };
    let values = vec![1_i32; inputs::parallel_length::<i32>()];
    let executor = Executor::new(Level::detect(), 4)
        .bytes_per_thread(inputs::BYTES_PER_THREAD)
        .interrupted_by(&interrupted);
    let total = sum(&executor, values[..].into());
    assert_eq!(total, sum(&Executor::sequential(), values[..].into()));
    assert!(!asked_elsewhere.get());
}

#[test]
fn writing_in_place_never_asks_whether_to_stop() {
    let asked = Cell::new(false);
    let interrupted = || {
        asked.set(true);
        true
    };
    // Bytes are the slowest to write.
    let mut aligned = vec![3_u8; 64 << 20];
    let mut packed = vec![[3_u8]; 64 << 20];
    let (min, max) = (Some(Bound::Int(1)), Some(Bound::Int(100)));
    for threads in [1, 2] {
        let executor = Executor::new(Level::detect(), threads).interrupted_by(&interrupted);
        for values in [
            ValuesMut::Aligned(&mut aligned),
            ValuesMut::Packed(&mut packed),
        ] {
            assert_eq!(clip(&executor, values, min, max), Ok(()));
        }
        for values in [
            ValuesMut::Aligned(&mut aligned),
            ValuesMut::Packed(&mut packed),
        ] {
            let result = scale(&executor, values, Factor::Int(3), Overflow::Raise);
            assert_eq!(result, Ok(()));
        }
    }
    assert!(!asked.get());
    assert!(aligned.iter().all(|value| *value == 27));
    assert!(packed.iter().all(|value| *value == [27]));
}

#[test]
fn scale_told_to_stop_before_it_writes_changes_nothing() {
    let interrupted = || true;
    let executor = Executor::new(Level::detect(), 2).interrupted_by(&interrupted);
    // Whether they fit must be read first; a fast machine may be done before it asks.
    let mut values = vec![[2_u8]; 10 << 20];
    let packed = ValuesMut::Packed(&mut values);
    let result = scale::<u8>(&executor, packed, Factor::Float(3.5), Overflow::Raise);
    let expected = match result {
        Err(Error::Interrupted) => [2],
        other => {
            assert_eq!(other, Ok(()));
            [7]
        }
    };
    assert!(values.iter().all(|value| *value == expected));
}

fn is_passed_on(threads: usize, on_helper: bool) -> bool {
    let panicking = || panic_in(&Executor::new(Level::detect(), threads), on_helper);
    catch_unwind(panicking).is_err()
}

#[test]
fn panic_on_the_calling_thread_reaches_the_caller() {
    for threads in [1, 2] {
        assert!(is_passed_on(threads, false));
    }
}

#[cfg(feature = "parallel")]
#[test]
fn panic_on_a_helper_reaches_the_caller_and_the_next_call_works() {
    for threads in [2, 4] {
        // The helpers may be at work for other tests, and not come in time.
        assert!((0..100).any(|_| is_passed_on(threads, true)));
        let executor =
            Executor::new(Level::detect(), threads).bytes_per_thread(inputs::BYTES_PER_THREAD);
        let values = vec![1_u8; inputs::parallel_length::<u8>()];
        let total = sum(&executor, values[..].into());
        assert_eq!(total, sum(&Executor::sequential(), values[..].into()));
    }
}

#[test]
fn calls_from_many_threads_at_once_do_not_disturb_each_other() {
    let values = inputs::random::<f64>(inputs::parallel_length::<f64>());
    let expected = sum(&Executor::sequential(), values[..].into());
    std::thread::scope(|scope| {
        for threads in [1, 2, 3, 4] {
            let (values, expected) = (&values, &expected);
            scope.spawn(move || {
                let executor = Executor::new(Level::detect(), threads)
                    .bytes_per_thread(inputs::BYTES_PER_THREAD);
                for _ in 0..2 {
                    let total = sum(&executor, values[..].into());
                    assert_eq!(format!("{total:?}"), format!("{expected:?}"));
                    std::thread::sleep(Duration::from_millis(1));
                }
            });
        }
    });
}

#[test]
fn zero_threads_count_as_one() {
    let executor = Executor::new(Level::BASELINE, 0);
    let values = vec![2_u16; inputs::parallel_length::<u16>()];
    let total = sum(&executor, values[..].into());
    assert_eq!(total, sum(&Executor::sequential(), values[..].into()));
}
