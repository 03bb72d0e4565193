//! What survives a crash: an append-only record of facts per transfer (DESIGN.md §3, ledger).
//!
//! This room stores and gives back facts, in order, and says when they are durable. It knows the next-state
//! table only to notice a record that cannot be true. It must not know what a fact is recorded *for*, and
//! nothing of meters, links, job files, tasks or terminals.
//!
//! Two implementations: [`SqliteLedger`] is one file in the state folder; [`MemoryLedger`] forgets what was
//! not acknowledged when it is told to crash. Opening, replaying and dropping block the calling thread;
//! appending does not, unless [`QUEUE_LIMIT`] facts are waiting.

mod chain;
mod code;
mod error;
mod format;
mod health;
mod memory;
mod place;
mod record;
mod sqlite;
#[cfg(test)]
mod tests;
mod ticket;

use crate::{campaign::TransferKey, transfer::Recorded};

pub use chain::{Break, ChainedFact, Digest, Head, Origin};
pub use code::LedgerCode;
pub use error::LedgerError;
pub use format::{FACT_LIMIT, FACT_VERSION, FORMAT_VERSION, Kind, LEDGER_FILE, LOCK_FILE};
pub use health::{is_held, network_file_system};
pub use memory::{Fault, MemoryLedger};
pub use place::default_state_dir;
pub use record::TransferRecord;
pub use sqlite::{LedgerReader, QUEUE_LIMIT, SqliteLedger, Stats, Verdict, Witness};
pub use ticket::Ticket;

/// Which transfers to replay.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// All of all campaigns.
    All,
    /// All of one campaign.
    Campaign(&'a str),
    /// One transfer.
    Transfer(&'a TransferKey),
}

/// A record that can be read. What it shows is durable: facts that are still on their way are not in it.
pub trait Replay: Send + Sync {
    /// Whether it is of real meters or of simulated ones.
    fn kind(&self) -> Kind;

    /// How far it has come; nothing for a ledger that keeps no chain, such as one in memory.
    fn head(&self) -> Result<Option<Head>, LedgerError> {
        Ok(None)
    }

    /// Hands over one transfer after the other, ordered by campaign and id, in one pass; at no time is more
    /// than one of them held. Every record is checked against the next-state table first. `take` must not
    /// call this ledger. Blocks. Fails at the first damaged record.
    fn visit(&self, scope: Scope<'_>, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError>;

    /// All facts of one transfer in order; none if it was never taken up.
    fn replay(&self, key: &TransferKey) -> Result<Vec<Recorded>, LedgerError> {
        Ok(self.record(key)?.facts)
    }

    /// One transfer; an empty record if it was never taken up.
    fn record(&self, key: &TransferKey) -> Result<TransferRecord, LedgerError> {
        let mut found = TransferRecord::empty(key.clone());
        self.visit(Scope::Transfer(key), &mut |record| found = record)?;
        Ok(found)
    }

    /// Every transfer of one campaign that was ever taken up.
    fn replay_campaign(&self, campaign: &str) -> Result<Vec<TransferRecord>, LedgerError> {
        let mut found = Vec::new();
        self.visit(Scope::Campaign(campaign), &mut |record| found.push(record))?;
        Ok(found)
    }
}

/// A record that can be added to, by one run at a time.
pub trait Ledger: Replay {
    /// Puts a fact behind everything appended before, by anybody, and returns at once. The ticket resolves
    /// when the fact is durable, or why it will not be. A fact is durable only together with all facts
    /// before it; a dropped ticket changes nothing.
    ///
    /// Fails with [`LedgerError::Conflict`] if `recorded.seq` is not the number of the transfer's last fact
    /// plus one; from the first failed write on, for ever, with what went wrong then:
    /// [`LedgerError::CannotWrite`], or [`LedgerError::Damaged`] if somebody else wrote to it.
    fn append(&self, key: &TransferKey, recorded: Recorded) -> Ticket;

    /// Resolves when everything appended before is durable.
    fn flush(&self) -> Ticket;
}
