//! Reading a ledger back: rows in order, grouped by transfer, each checked before it is handed on.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, Row, Rows};

use super::super::{
    ChainedFact, Head, Kind, LEDGER_FILE, LedgerError, Origin, Replay, Scope, TransferRecord, format::decode,
};
use super::{
    copy::PrivateCopy,
    open::{self, Opened},
    row::{stored, text},
    verify::{self, Verdict},
    walk,
};
use crate::campaign::TransferKey;

const COLUMNS: &str = "SELECT campaign, transfer, seq, at, run, kind, version, fact FROM facts";
const ORDER: &str = "ORDER BY campaign, transfer, seq";

/// A ledger that can only be read.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    origin: Origin,
    connection: Mutex<Connection>,
    /// Fields drop in order: the files are let go of last.
    _copy: Option<PrivateCopy>,
}

impl LedgerReader {
    pub(super) fn open(dir: &Path, expected: Option<Kind>) -> Result<Self, LedgerError> {
        let path = dir.join(LEDGER_FILE);
        open::require_file(dir, &path)?;
        let reader = Self::open_file(&path)?;
        if let Some(expected) = expected {
            open::require_kind(&path, reader.origin.kind, expected)?;
        }
        Ok(reader)
    }

    /// A look at a ledger's file wherever it is and whatever it is called: a backup, say, with its `-wal` beside it
    /// if it has one. Nothing need be writable there.
    pub fn open_file(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self::new(path, open::readable(path)?))
    }

    /// As if nothing could be written beside the file.
    #[cfg(test)]
    pub(in crate::ledger) fn open_copied(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self::new(path, open::copied(path)?))
    }

    /// The reader of a run, beside its writer.
    pub(super) fn beside_writer(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self::new(path, open::beside_writer(path)?))
    }

    fn new(path: &Path, opened: Opened) -> Self {
        let Opened { connection, origin, copy } = opened;
        Self { path: path.to_owned(), origin, connection: Mutex::new(connection), _copy: copy }
    }

    /// The ledger's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the ledger says of itself.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Hands over every fact in the order of the chain, of all transfers, and gives the head; at no time is more
    /// than one of them held. `take` must not call this ledger. Blocks. Each digest is computed anew:
    /// [`LedgerError::BrokenChain`] at the first fact that does not fit. Facts that are recorded meanwhile are not
    /// in it.
    pub fn walk(&self, take: &mut dyn FnMut(&ChainedFact<'_>)) -> Result<Head, LedgerError> {
        walk::walk(&self.held(), &self.path, &self.origin, take)
    }

    /// Checks all there is to check, as it is at this instant, beside a run too. `kept` is a head that somebody kept
    /// elsewhere. Fails only if the file cannot be read: what is wrong with the ledger is in the verdict.
    pub fn verify(&self, kept: Option<Head>) -> Result<Verdict, LedgerError> {
        verify::verify(&self.held(), &self.path, &self.origin, kept)
    }

    /// The same, and then the transfers of a scope, as they are at that same instant: what is handed over is what was
    /// checked, and the head in the verdict is its head. `take` must not call this ledger.
    pub fn verify_and_visit(
        &self,
        scope: Scope<'_>,
        take: &mut dyn FnMut(TransferRecord),
    ) -> Result<Verdict, LedgerError> {
        verify::verify_and_visit(&self.held(), &self.path, &self.origin, scope, take)
    }

    fn held(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replay for LedgerReader {
    fn kind(&self) -> Kind {
        self.origin.kind
    }

    fn head(&self) -> Result<Option<Head>, LedgerError> {
        walk::head(&self.held(), &self.path, &self.origin).map(Some)
    }

    fn visit(&self, scope: Scope<'_>, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError> {
        visit(&self.held(), &self.path, scope, take)
    }
}

/// All transfers of a scope, from one connection.
pub(super) fn visit(
    connection: &Connection,
    path: &Path,
    scope: Scope<'_>,
    take: &mut dyn FnMut(TransferRecord),
) -> Result<(), LedgerError> {
    let (filter, values): (_, Vec<&str>) = match scope {
        Scope::All => ("", vec![]),
        Scope::Campaign(campaign) => ("WHERE campaign = ?1", vec![campaign]),
        Scope::Transfer(key) => ("WHERE campaign = ?1 AND transfer = ?2", vec![&key.campaign, &key.id]),
    };
    let read = |error: rusqlite::Error| open::reading(path, &error);
    let mut query = connection.prepare_cached(&format!("{COLUMNS} {filter} {ORDER}")).map_err(read)?;
    let rows = query.query(rusqlite::params_from_iter(values)).map_err(read)?;
    group(rows, path, take)
}

fn group(mut rows: Rows<'_>, path: &Path, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError> {
    let mut current: Option<TransferRecord> = None;
    while let Some(row) = rows.next().map_err(|error| open::reading(path, &error))? {
        let campaign = text(row, 0).map_err(|what| damaged(path, &what))?;
        let transfer = text(row, 1).map_err(|what| damaged(path, &what))?;
        let same = |record: &TransferRecord| *record.key.campaign == *campaign && *record.key.id == *transfer;
        if !current.as_ref().is_some_and(same) {
            let key = TransferKey { campaign: shared(campaign, current.as_ref()), id: transfer.into() };
            if let Some(complete) = current.replace(TransferRecord::empty(key)) {
                take(complete);
            }
        }
        let record = current.as_mut().expect("it was just filled");
        add(record, row)?;
    }
    current.into_iter().for_each(take);
    Ok(())
}

/// Twenty thousand transfers of one campaign share its name.
fn shared(campaign: &str, last: Option<&TransferRecord>) -> Arc<str> {
    match last {
        Some(record) if *record.key.campaign == *campaign => Arc::clone(&record.key.campaign),
        _ => campaign.into(),
    }
}

fn add(record: &mut TransferRecord, row: &Row<'_>) -> Result<(), LedgerError> {
    let seq = row.get_ref(2).ok().and_then(|value| value.as_i64().ok()).unwrap_or(0);
    let recorded = stored(row).and_then(decode).map_err(|what| LedgerError::DamagedRecord {
        key: record.key.clone(),
        seq,
        what: what.into(),
    })?;
    record.push(recorded)
}

fn damaged(path: &Path, what: &str) -> LedgerError {
    LedgerError::Damaged { path: path.to_owned(), what: what.into() }
}
