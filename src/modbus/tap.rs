//! A stream that two hold: the Modbus library, which reads frames from it, and the owner of the connection, who sees
//! every byte that passes and can look at the line while no frame is due. Knows nothing of frames.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Stream;

/// Bytes of an exchange that are kept: several times the longest frame (260 bytes). Of a flood, the beginning is enough.
const KEPT: usize = 2_048;

/// What passed since [`Tap::begin`].
#[derive(Debug, Default)]
pub(super) struct Bytes {
    pub(super) sent: Vec<u8>,
    pub(super) received: Vec<u8>,
}

#[derive(Debug)]
struct Tapped {
    stream: Box<dyn Stream>,
    bytes: Bytes,
}

/// A handle to a stream. Its clones share the stream and the bytes.
#[derive(Debug, Clone)]
pub(super) struct Tap(Arc<Mutex<Tapped>>);

impl Tap {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self(Arc::new(Mutex::new(Tapped { stream, bytes: Bytes::default() })))
    }

    /// Forgets what passed.
    pub(super) fn begin(&self) {
        self.tapped().bytes = Bytes::default();
    }

    /// Looks at what passed since [`begin`](Self::begin).
    pub(super) fn look<T>(&self, look: impl FnOnce(&Bytes) -> T) -> T {
        look(&self.tapped().bytes)
    }

    /// Waits for bytes that no frame claims, and takes them out of the stream. Their number; 0 at its end.
    pub(super) async fn stray(&self) -> io::Result<usize> {
        poll_fn(|cx| {
            let mut space = [0; 256];
            let mut buffer = ReadBuf::new(&mut space);
            ready!(self.tapped().poll_read(cx, &mut buffer))?;
            Poll::Ready(Ok(buffer.filled().len()))
        })
        .await
    }

    /// One task uses all handles of a stream, so nobody ever waits here; and a panic in the library leaves whole
    /// bytes behind.
    fn tapped(&self) -> MutexGuard<'_, Tapped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tapped {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        keep(&mut self.bytes.received, &buffer.filled()[before..]);
        result
    }
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEPT.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

impl AsyncRead for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.tapped().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut tapped = self.tapped();
        let result = Pin::new(&mut tapped.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(written)) = result {
            keep(&mut tapped.bytes.sent, &bytes[..written]);
        }
        result
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tapped().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tapped().stream).poll_shutdown(cx)
    }
}
