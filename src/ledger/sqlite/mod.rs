//! The ledger in one SQLite file in the state folder: opened, locked, appended to. How rows are written and
//! read is in the files below; nothing outside this folder names SQLite.

mod copy;
mod create;
mod insert;
mod lock;
mod open;
mod queue;
mod reader;
mod row;
mod verify;
mod walk;
mod writer;

use std::{path::Path, sync::Arc, thread::JoinHandle, time::Duration};

use tokio::sync::oneshot;

use super::{Head, Kind, LEDGER_FILE, Ledger, LedgerError, Replay, Scope, Ticket, TransferRecord, place};
use crate::{campaign::TransferKey, transfer::Recorded};
use lock::RunLock;
use queue::Queue;
use writer::{Counters, Message, Reply, Writer};

pub use queue::QUEUE_LIMIT;
pub use reader::LedgerReader;
pub use verify::{Verdict, Witness};
pub use writer::Stats;

/// A ledger held by one run: it can be appended to, and no other run can open it until this is dropped.
///
/// Dropping it writes what still waits, and blocks until that is done.
#[derive(Debug)]
pub struct SqliteLedger {
    reader: LedgerReader,
    queue: Arc<Queue>,
    writer: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
    /// Fields drop in order, after `Drop::drop`: let go of last.
    _lock: RunLock,
}

impl SqliteLedger {
    /// Makes an empty ledger in `dir`, and `dir` if need be. [`LedgerError::AlreadyExists`] if there is one.
    pub fn init(dir: &Path, kind: Kind) -> Result<(), LedgerError> {
        place::refuse_network(dir)?;
        create::create(dir, kind)
    }

    /// Takes the ledger in `dir` for one run. Blocks for up to `lock_wait` if another run holds it, then
    /// fails with [`LedgerError::Busy`]. Fails also if there is none, if it is of another kind or format,
    /// if it is damaged, if its last fact does not follow from the one before, or if it cannot be written.
    pub fn open_for_run(dir: &Path, expected: Kind, lock_wait: Duration) -> Result<Self, LedgerError> {
        Self::open_with(dir, expected, lock_wait, None)
    }

    /// `max_pages` stands for a disk of that size.
    pub(super) fn open_with(
        dir: &Path,
        expected: Kind,
        lock_wait: Duration,
        max_pages: Option<u32>,
    ) -> Result<Self, LedgerError> {
        place::refuse_network(dir)?;
        let path = dir.join(LEDGER_FILE);
        open::require_file(dir, &path)?;
        let lock = RunLock::take(dir, lock_wait)?;
        let tail = open::writable(&path, expected, max_pages)?;
        let reader = LedgerReader::beside_writer(&path)?;
        let queue = Arc::new(Queue::default());
        let counters = Arc::new(Counters::default());
        let writer = Writer::new(tail, Arc::clone(&counters)).spawn(Arc::clone(&queue))?;
        Ok(Self { reader, queue, writer: Some(writer), counters, _lock: lock })
    }

    /// A read-only look at the ledger in `dir`: works while a run goes on, and where nothing can be written
    /// as long as no run was cut off there. With `expected`, fails if the ledger is of the other kind.
    pub fn open_read_only(dir: &Path, expected: Option<Kind>) -> Result<LedgerReader, LedgerError> {
        LedgerReader::open(dir, expected)
    }

    /// What was written since it was opened.
    pub fn stats(&self) -> Stats {
        self.counters.stats()
    }

    fn send(&self, message: impl FnOnce(Reply) -> Message) -> Ticket {
        let (reply, answer) = oneshot::channel();
        // If the writer is gone, so is the reply, which the ticket then tells.
        self.queue.push(message(reply));
        let path = self.reader.path().to_owned();
        Ticket::new(async move {
            answer.await.unwrap_or_else(|_| {
                Err(LedgerError::CannotWrite { path, why: "its writer has stopped".into() })
            })
        })
    }
}

impl Ledger for SqliteLedger {
    fn append(&self, key: &TransferKey, recorded: Recorded) -> Ticket {
        let key = key.clone();
        self.send(|reply| Message::Append { key, recorded, reply })
    }

    fn flush(&self) -> Ticket {
        self.send(Message::Flush)
    }
}

impl Replay for SqliteLedger {
    fn kind(&self) -> Kind {
        self.reader.kind()
    }

    fn head(&self) -> Result<Option<Head>, LedgerError> {
        self.reader.head()
    }

    fn visit(&self, scope: Scope<'_>, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError> {
        self.reader.visit(scope, take)
    }
}

impl Drop for SqliteLedger {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told its tickets; there is nobody left to tell.
            let _ = writer.join();
        }
        let Stats { transactions, facts, largest } = self.stats();
        tracing::debug!(transactions, facts, largest, "the ledger is closed");
    }
}
