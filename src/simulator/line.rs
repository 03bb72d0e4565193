//! The serial line behind a gateway that speaks RTU, and the clients who share it as those of a serial device server
//! do: what any of them sends goes onto the line, what comes from the line goes to all who are connected then.
//! Knows nothing of frames.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::link::Slot;

/// Pieces of what clients said that wait for the line; then they have to wait.
const MOST_WAITING: usize = 16;
/// Room for one read.
const ROOM: usize = 512;

/// What comes from the line, for one client.
type Answers = mpsc::UnboundedReceiver<Arc<[u8]>>;

/// What the clients have of the line.
#[derive(Debug)]
pub(super) struct Line {
    said: mpsc::Sender<Said>,
    clients: Mutex<Vec<mpsc::UnboundedSender<Arc<[u8]>>>>,
    joined: AtomicU64,
    /// The client whose bytes were taken last.
    speaker: AtomicU64,
}

/// What a client said.
#[derive(Debug)]
struct Said {
    client: u64,
    bytes: Vec<u8>,
}

/// The meters' end of the line. It never ends, and takes whatever is written to it.
#[derive(Debug)]
pub(super) struct LineEnd {
    line: Arc<Line>,
    said: mpsc::Receiver<Said>,
    rest: Vec<u8>,
}

impl Line {
    /// A line that nobody is connected to.
    pub(super) fn new() -> (Arc<Self>, LineEnd) {
        let (sender, said) = mpsc::channel(MOST_WAITING);
        let line = Arc::new(Self {
            said: sender,
            clients: Mutex::default(),
            joined: AtomicU64::new(0),
            speaker: AtomicU64::new(0),
        });
        (Arc::clone(&line), LineEnd { line, said, rest: Vec::new() })
    }

    /// Connects a client's stream in a task of its own, until either end closes it.
    pub(super) fn connect<S>(self: &Arc<Self>, slot: Arc<Slot>, online: CancellationToken, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (line, client, answers) = (Arc::clone(self), self.next_client(), self.join());
        tokio::spawn(async move {
            let carried = online.run_until_cancelled(line.carry(client, answers, &slot, stream)).await;
            if let Some(Err(error)) = carried {
                tracing::trace!(%error, "a connection broke");
            }
        });
    }

    /// Closes every connection, once what came before is sent.
    pub(super) fn hang_up(&self) {
        self.clients().clear();
    }

    /// The client whose bytes were taken last, counted from 1.
    pub(super) fn speaker(&self) -> u64 {
        self.speaker.load(Ordering::Relaxed)
    }

    async fn carry<S>(&self, client: u64, mut answers: Answers, slot: &Slot, mut stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            let mut bytes = Vec::with_capacity(ROOM);
            tokio::select! {
                biased;
                read = stream.read_buf(&mut bytes) => {
                    if read? == 0 {
                        slot.release();
                        return Ok(());
                    }
                    let _gateway_is_gone = self.said.send(Said { client, bytes }).await;
                }
                answer = answers.recv() => match answer {
                    Some(bytes) => stream.write_all(&bytes).await?,
                    None => return Ok(()),
                }
            }
        }
    }

    fn next_client(&self) -> u64 {
        1 + self.joined.fetch_add(1, Ordering::Relaxed)
    }

    fn join(&self) -> Answers {
        let (sender, answers) = mpsc::unbounded_channel();
        self.clients().push(sender);
        answers
    }

    fn say(&self, bytes: &[u8]) {
        let bytes: Arc<[u8]> = bytes.into();
        self.clients().retain(|client| client.send(Arc::clone(&bytes)).is_ok());
    }

    /// Nobody panics while holding it.
    fn clients(&self) -> MutexGuard<'_, Vec<mpsc::UnboundedSender<Arc<[u8]>>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for LineEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            let said = ready!(self.said.poll_recv(context)).expect("the line itself holds a sender");
            self.line.speaker.store(said.client, Ordering::Relaxed);
            self.rest = said.bytes;
        }
        let taken = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..taken]);
        self.rest.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineEnd {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.line.say(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
