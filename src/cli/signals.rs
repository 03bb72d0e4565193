//! SIGINT and SIGTERM: the first asks a run to come to rest, the second to let go.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use crate::run::{Stop, Stopper};

/// A signal that stops a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, as by Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// Which signal came first, if any.
#[derive(Debug, Clone, Default)]
pub(super) struct Caught(Arc<AtomicU8>);

impl Caught {
    pub(super) fn signal(&self) -> Option<Signal> {
        match self.0.load(Ordering::SeqCst) {
            1 => Some(Signal::Interrupt),
            2 => Some(Signal::Terminate),
            _ => None,
        }
    }

    fn note(&self, signal: Signal) {
        let number = match signal {
            Signal::Interrupt => 1,
            Signal::Terminate => 2,
        };
        let _ = self.0.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
    }
}

/// Passes signals on to a run, from now until the runtime ends.
pub(super) fn heed() -> (Stop, Caught) {
    let (stopper, stop) = Stopper::new();
    let caught = Caught::default();
    let noted = caught.clone();
    tokio::spawn(async move {
        loop {
            let signal = next().await;
            noted.note(signal);
            stopper.press();
        }
    });
    (stop, caught)
}

/// The next signal.
#[cfg(unix)]
pub(super) async fn next() -> Signal {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => Signal::Interrupt,
        _ = terminate.recv() => Signal::Terminate,
    }
}

/// The next signal.
#[cfg(not(unix))]
pub(super) async fn next() -> Signal {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Signal::Interrupt,
        Err(_) => std::future::pending().await,
    }
}
