//! Rows into the table, inside somebody else's transaction: each with the next place in the chain. It decides what
//! follows; not when, nor what goes together.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection};

use super::super::{
    FACT_LIMIT, FACT_VERSION, Head, LedgerError,
    format::{StoredFact, encode},
};
use crate::{campaign::TransferKey, transfer::Recorded};

const LAST: &str = "SELECT coalesce(max(seq), 0) FROM facts WHERE campaign = ?1 AND transfer = ?2";
const INSERT: &str = "INSERT INTO facts (campaign, transfer, seq, at, run, kind, version, fact, number, digest) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// Writes rows inside a transaction. The outer error breaks the ledger, the inner one is that fact's alone.
pub(super) struct RowWriter<'a> {
    insert: CachedStatement<'a>,
    find_last: CachedStatement<'a>,
    last: &'a mut HashMap<TransferKey, u64>,
    /// After the rows written so far.
    pub(super) head: Head,
}

impl<'a> RowWriter<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        head: Head,
        last: &'a mut HashMap<TransferKey, u64>,
    ) -> rusqlite::Result<Self> {
        let insert = connection.prepare_cached(INSERT)?;
        let find_last = connection.prepare_cached(LAST)?;
        Ok(Self { insert, find_last, last, head })
    }

    pub(super) fn insert(
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
        if let Some(last) = self.last.get_mut(key) {
            *last = found;
        }
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
