//! A program that can be cut off: streams that count its requests, and stop when it is dead. Knows nothing of what is
//! in a request.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::world::World;
use crate::ledger::MemoryLedger;

/// Where the program is cut off, as kill −9 would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutAt {
    /// The request, counted from 1 in each run, over all gateways.
    pub request: usize,
    /// Whether it still leaves.
    pub leaves: bool,
}

/// Counts the requests of one run, and ends it at one of them.
#[derive(Debug, Default)]
pub(super) struct Cut(Mutex<CutState>);

/// How far a run has come.
#[derive(Debug, Default)]
pub(super) struct CutState {
    at: Option<CutAt>,
    ledger: Option<MemoryLedger>,
    /// Sent so far.
    pub requests: usize,
    /// The request at which the last armed fault struck, once the next one is sent.
    pub struck: Option<usize>,
}

impl Cut {
    pub(super) fn state(&self) -> MutexGuard<'_, CutState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the next run, which has this ledger: that dies with it.
    pub(super) fn arm(&self, at: Option<CutAt>, ledger: &MemoryLedger) {
        *self.state() = CutState { at, ledger: Some(ledger.clone()), requests: 0, struck: None };
    }

    /// A request is about to leave; whether it does. `armed` counts the faults that have not struck yet.
    fn lets_pass(&self, armed: impl FnOnce() -> usize) -> bool {
        let mut state = self.state();
        let Some(ledger) = state.ledger.clone() else { return true };
        if ledger.has_crashed() {
            return false;
        }
        if state.at.is_none() && state.struck.is_none() && armed() == 0 {
            state.struck = Some(state.requests);
        }
        state.requests += 1;
        match state.at.filter(|at| at.request == state.requests) {
            None => true,
            Some(at) => {
                ledger.crash();
                at.leaves
            }
        }
    }
}

/// A stream that counts the requests of the program, and stops when it is cut off. The client writes a request at once.
pub(super) struct Wire<S> {
    stream: S,
    world: World,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, world: World) -> Self {
        Self { stream, world }
    }
}

impl<S> std::fmt::Debug for Wire<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let passes = self.world.cut().lets_pass(|| self.world.armed());
        if passes { Pin::new(&mut self.stream).poll_write(cx, bytes) } else { Poll::Pending }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
