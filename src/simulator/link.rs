//! Connections as a gateway counts them: a slot that is taken and given back, and the client's end of an in-memory
//! stream. Knows nothing of what is said over them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use super::shared::Shared;

/// One of a gateway's connections. Given back once, by whichever end notices first.
#[derive(Debug)]
pub(super) struct Slot {
    shared: Arc<Shared>,
    released: AtomicBool,
}

impl Slot {
    /// For a connection that the gateway has just counted.
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, released: AtomicBool::new(false) }
    }

    pub(super) fn release(&self) {
        if !self.released.swap(true, Ordering::Relaxed) {
            self.shared.connection_ended();
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.release();
    }
}

/// The client's end of an in-memory connection. Dropping it gives the connection back at once, before the gateway's
/// task gets to run: a client with one connection allowed may drop it and connect again, as on a wire.
#[derive(Debug)]
pub struct MemoryStream {
    stream: DuplexStream,
    slot: Arc<Slot>,
}

impl MemoryStream {
    pub(super) fn new(stream: DuplexStream, slot: Arc<Slot>) -> Self {
        Self { stream, slot }
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.slot.release();
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
