//! One transfer's facts as read back, checked against the next-state table on the way.

use crate::{
    campaign::TransferKey,
    transfer::{History, Recorded},
};

use super::LedgerError;

/// Everything recorded of one transfer.
#[derive(Debug, Clone)]
pub struct TransferRecord {
    /// Which transfer.
    pub key: TransferKey,
    /// In order: numbers 1, 2, 3, … without gaps.
    pub facts: Vec<Recorded>,
    /// What they add up to.
    pub history: History,
}

impl TransferRecord {
    /// The record of a transfer that was never taken up.
    pub fn empty(key: TransferKey) -> Self {
        Self { key, facts: Vec::new(), history: History::default() }
    }

    /// Adds the next fact; [`LedgerError::DamagedRecord`] if it cannot follow.
    pub(super) fn push(&mut self, recorded: Recorded) -> Result<(), LedgerError> {
        let seq = i64::try_from(recorded.seq).unwrap_or(i64::MAX);
        self.history.apply(recorded.clone()).map_err(|illegal| LedgerError::DamagedRecord {
            key: self.key.clone(),
            seq,
            what: illegal.to_string().into(),
        })?;
        self.facts.push(recorded);
        Ok(())
    }
}
