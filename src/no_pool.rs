//! In place of the pool where the feature `parallel` is off: no helpers.

/// Runs `lead` on this thread, alone.
pub(crate) fn run(_helpers: usize, _help: &(dyn Fn() + Sync), lead: &mut dyn FnMut()) {
    lead();
}
