//! The one thread that writes: it takes everything that waits, writes it in one transaction, and tells those
//! who wait once that is committed. It decides nothing but what goes together.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::super::{Head, LedgerError, Origin};
use super::{
    insert::RowWriter,
    open::{self, Tail},
    queue::Queue,
    walk,
};
use crate::{campaign::TransferKey, transfer::Recorded};

/// Where the answer to an append goes.
pub(super) type Reply = oneshot::Sender<Result<(), LedgerError>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Message {
    /// Write this fact.
    Append { key: TransferKey, recorded: Recorded, reply: Reply },
    /// Write everything before this now.
    Flush(Reply),
}

/// What a ledger has written since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions committed, each one sync of the disk.
    pub transactions: u64,
    /// Facts in them.
    pub facts: u64,
    /// Facts in the largest of them.
    pub largest: u64,
}

/// [`Stats`] as they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    transactions: AtomicU64,
    facts: AtomicU64,
    largest: AtomicU64,
}

impl Counters {
    pub(super) fn stats(&self) -> Stats {
        Stats {
            transactions: self.transactions.load(Relaxed),
            facts: self.facts.load(Relaxed),
            largest: self.largest.load(Relaxed),
        }
    }

    fn count(&self, facts: u64) {
        self.transactions.fetch_add(1, Relaxed);
        self.facts.fetch_add(facts, Relaxed);
        self.largest.fetch_max(facts, Relaxed);
    }
}

impl Message {
    /// Whether somebody waits for it to be durable.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Append { recorded, .. } => recorded.fact.must_be_durable(),
            Self::Flush(_) => true,
        }
    }
}

/// A queue whose writer ends, by a panic too, so that nobody waits for it in vain.
struct Abandoned(Arc<Queue>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Writes groups of facts, until the first failure.
pub(super) struct Writer {
    connection: Connection,
    path: PathBuf,
    origin: Origin,
    /// What the file ends with: nobody else writes to it.
    head: Head,
    counters: Arc<Counters>,
    /// The number of the last fact, of transfers that were written to.
    last: HashMap<TransferKey, u64>,
    /// What went wrong, once something did.
    broken: Option<LedgerError>,
}

impl Writer {
    pub(super) fn new(tail: Tail, counters: Arc<Counters>) -> Self {
        let Tail { connection, path, origin, head } = tail;
        Self { connection, path, origin, head, counters, last: HashMap::new(), broken: None }
    }

    /// Works until `queue` is closed and all is written.
    pub(super) fn spawn(self, queue: Arc<Queue>) -> Result<JoinHandle<()>, LedgerError> {
        let path = self.path.clone();
        thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || self.work(&Abandoned(queue)))
            .map_err(|error: io::Error| LedgerError::CannotWrite { path, why: error.to_string().into() })
    }

    fn work(mut self, Abandoned(queue): &Abandoned) {
        let mut group = Vec::new();
        while queue.take(&mut group) {
            let results = self.write(&group);
            for (message, result) in group.drain(..).zip(results) {
                let (Message::Append { reply, .. } | Message::Flush(reply)) = message;
                // Nobody has to wait for a ticket.
                let _ = reply.send(result);
            }
        }
    }

    /// One result per message; they are final.
    fn write(&mut self, messages: &[Message]) -> Vec<Result<(), LedgerError>> {
        if self.broken.is_none() {
            match self.transact(messages) {
                Ok(results) => return results,
                Err(error) => self.broken = Some(error),
            }
        }
        let broken = self.broken.clone().expect("it is broken");
        vec![Err(broken); messages.len()]
    }

    fn transact(&mut self, messages: &[Message]) -> Result<Vec<Result<(), LedgerError>>, LedgerError> {
        let writing = |error: rusqlite::Error| open::writing(&self.path, &error);
        // A transaction that is dropped is rolled back.
        let behavior = rusqlite::TransactionBehavior::Immediate;
        let transaction =
            rusqlite::Transaction::new_unchecked(&self.connection, behavior).map_err(writing)?;
        self.require_our_head(&transaction)?;
        let mut rows = RowWriter::new(&transaction, self.head, &mut self.last).map_err(writing)?;
        let mut results = Vec::with_capacity(messages.len());
        for message in messages {
            results.push(match message {
                Message::Append { key, recorded, .. } => rows.insert(key, recorded).map_err(writing)?,
                Message::Flush(_) => Ok(()),
            });
        }
        let head = rows.head;
        drop(rows);
        let written = head.facts - self.head.facts;
        if written > 0 {
            transaction.commit().map_err(writing)?;
            self.head = head;
            self.counters.count(written);
        }
        Ok(results)
    }

    /// What somebody without our lock, such as a person with `sqlite3`, put there is not followed by anything.
    fn require_our_head(&self, connection: &Connection) -> Result<(), LedgerError> {
        let found = walk::head(connection, &self.path, &self.origin)?;
        if found == self.head {
            return Ok(());
        }
        let what =
            format!("somebody else wrote to it: its head is {found}, and this run left it at {}", self.head);
        Err(LedgerError::Damaged { path: self.path.clone(), what: what.into() })
    }
}
