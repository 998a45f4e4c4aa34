//! In place of the pool where the feature `parallel` is off: no helpers.

/// Runs `lead` on this thread, alone.
pub(crate) fn run<A: Send>(
    _helpers: usize,
    _help: impl Fn() -> A + Sync,
    lead: impl FnOnce() -> A,
) -> (A, Vec<A>) {
    (lead(), Vec::new())
}
