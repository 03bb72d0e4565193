//! The one thread that writes: it takes everything that waits, writes it in one transaction, and tells those
//! who wait once that is committed. It decides nothing but what goes together.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::Receiver,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Connection};
use tokio::sync::oneshot;

use super::super::{
    FACT_LIMIT, FACT_VERSION, Head, LedgerError, Origin,
    format::{StoredFact, encode},
};
use super::{
    open::{self, Tail},
    walk,
};
use crate::{campaign::TransferKey, transfer::Recorded};

/// How long facts wait that nobody needs durable yet. Short enough that `status` shows what goes on.
const LAZY_WAIT: Duration = Duration::from_millis(100);
/// How long a commit waits for more, once at least two facts came together: a tenth of what a commit takes
/// on a disk, and nothing against a meter's answer. A lone transfer never pays it.
const GATHER_WAIT: Duration = Duration::from_millis(1);
/// Facts in one transaction; bounds the memory and the time until the first of them is told.
const GROUP_LIMIT: usize = 4_096;

const LAST: &str = "SELECT coalesce(max(seq), 0) FROM facts WHERE campaign = ?1 AND transfer = ?2";
const INSERT: &str = "INSERT INTO facts (campaign, transfer, seq, at, run, kind, version, fact, number, digest) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// Where the answer to an append goes.
pub(super) type Reply = oneshot::Sender<Result<(), LedgerError>>;

/// What the writer is asked to do.
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

/// What goes into one transaction.
#[derive(Default)]
struct Group {
    messages: Vec<Message>,
    urgent: bool,
}

impl Group {
    fn push(&mut self, message: Message) {
        self.urgent |= match &message {
            Message::Append { recorded, .. } => recorded.fact.must_be_durable(),
            Message::Flush(_) => true,
        };
        self.messages.push(message);
    }

    fn is_full(&self) -> bool {
        self.messages.len() >= GROUP_LIMIT
    }

    /// Collects what belongs with `first`: everything that waits already, and what comes until the group is
    /// full, or is urgent and has waited its moment, or has waited long enough.
    fn gather(first: Message, waiting: &Receiver<Message>) -> Self {
        let mut group = Self::default();
        group.push(first);
        let mut deadline = Instant::now() + LAZY_WAIT;
        let mut hurried = false;
        while !group.is_full() {
            if let Ok(message) = waiting.try_recv() {
                group.push(message);
                continue;
            }
            if group.urgent && !hurried {
                if group.messages.len() == 1 {
                    break;
                }
                hurried = true;
                deadline = deadline.min(Instant::now() + GATHER_WAIT);
            }
            match waiting.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(message) => group.push(message),
                Err(_late_or_last) => break,
            }
        }
        group
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

    /// Works until every sender of `waiting` is gone and all is written.
    pub(super) fn spawn(self, waiting: Receiver<Message>) -> Result<JoinHandle<()>, LedgerError> {
        let path = self.path.clone();
        thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || self.work(&waiting))
            .map_err(|error: io::Error| LedgerError::CannotWrite { path, why: error.to_string().into() })
    }

    fn work(mut self, waiting: &Receiver<Message>) {
        while let Ok(first) = waiting.recv() {
            let group = Group::gather(first, waiting);
            let results = self.write(&group.messages);
            for (message, result) in group.messages.into_iter().zip(results) {
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

/// Writes rows inside a transaction. The outer error breaks the ledger, the inner one is that fact's alone.
struct RowWriter<'a> {
    insert: CachedStatement<'a>,
    find_last: CachedStatement<'a>,
    last: &'a mut HashMap<TransferKey, u64>,
    /// After the rows written so far.
    head: Head,
}

impl<'a> RowWriter<'a> {
    fn new(
        connection: &'a Connection,
        head: Head,
        last: &'a mut HashMap<TransferKey, u64>,
    ) -> rusqlite::Result<Self> {
        let insert = connection.prepare_cached(INSERT)?;
        let find_last = connection.prepare_cached(LAST)?;
        Ok(Self { insert, find_last, last, head })
    }

    fn insert(
        &mut self,
        key: &TransferKey,
        recorded: &Recorded,
    ) -> rusqlite::Result<Result<(), LedgerError>> {
        let found = recorded.seq;
        let expected = self.last_seq(key)? + 1;
        if found != expected {
            return Ok(Err(LedgerError::Conflict { key: key.clone(), expected, found }));
        }
        let fact = match text(key, recorded) {
            Ok(fact) => fact,
            Err(refused) => return Ok(Err(refused)),
        };
        self.insert_row(key, recorded, &fact)?;
        self.last.insert(key.clone(), found);
        Ok(Ok(()))
    }

    fn insert_row(&mut self, key: &TransferKey, recorded: &Recorded, fact: &str) -> rusqlite::Result<()> {
        let row = StoredFact {
            seq: recorded.seq.cast_signed(),
            at: &recorded.at.to_string(),
            run: &recorded.run,
            kind: recorded.fact.kind(),
            version: FACT_VERSION,
            fact,
        };
        let digest = self.head.digest.then(&key.campaign, &key.id, &row);
        let number = self.head.facts + 1;
        self.insert.execute((
            &*key.campaign,
            &*key.id,
            row.seq,
            row.at,
            row.run,
            row.kind,
            row.version,
            row.fact,
            number.cast_signed(),
            digest.to_string(),
        ))?;
        self.head = Head { facts: number, digest };
        Ok(())
    }

    fn last_seq(&mut self, key: &TransferKey) -> rusqlite::Result<u64> {
        if let Some(last) = self.last.get(key) {
            return Ok(*last);
        }
        let last: i64 = self.find_last.query_row((&*key.campaign, &*key.id), |row| row.get(0))?;
        let last = u64::try_from(last).unwrap_or(0);
        self.last.insert(key.clone(), last);
        Ok(last)
    }
}

/// The text of a fact, if a reader would accept it. A fact without a text is refused in the same words.
fn text(key: &TransferKey, recorded: &Recorded) -> Result<String, LedgerError> {
    let too_large = |bytes| LedgerError::TooLarge { key: key.clone(), seq: recorded.seq, bytes };
    let fact = encode(&recorded.fact).map_err(|_| too_large(0))?;
    if fact.len() > FACT_LIMIT { Err(too_large(fact.len())) } else { Ok(fact) }
}
