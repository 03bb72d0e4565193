//! Makes panics of spawned tasks count: a runtime catches them, and a test would never hear of them.

use std::{cell::Cell, panic, sync::Once};

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Runs `act`, and fails if anything on this thread panicked meanwhile, caught or not. Tasks of a current-thread
/// runtime run here.
pub fn none_during<T>(act: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.with(|panics| panics.set(panics.get() + 1));
            before(info);
        }));
    });
    let before = PANICS.with(Cell::get);
    let result = act();
    assert_eq!(PANICS.with(Cell::get), before, "a task panicked");
    result
}
