//! Reading a ledger back: rows in order, grouped by transfer, each checked before it is handed on.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Row, Rows};

use super::super::{
    Kind, LEDGER_FILE, LedgerError, Replay, Scope, TransferRecord,
    format::{StoredFact, decode},
};
use super::open;
use crate::campaign::TransferKey;

const COLUMNS: &str = "SELECT campaign, transfer, seq, at, run, kind, version, fact FROM facts";
const ORDER: &str = "ORDER BY campaign, transfer, seq";

/// A ledger that can only be read.
#[derive(Debug)]
pub struct LedgerReader {
    path: PathBuf,
    kind: Kind,
    connection: Mutex<Connection>,
}

impl LedgerReader {
    pub(super) fn open(dir: &Path, expected: Option<Kind>) -> Result<Self, LedgerError> {
        let path = dir.join(LEDGER_FILE);
        open::require_file(dir, &path)?;
        let (connection, kind) = open::readable(&path)?;
        if let Some(expected) = expected {
            open::require_kind(&path, kind, expected)?;
        }
        Ok(Self { path, kind, connection: Mutex::new(connection) })
    }

    /// The reader of a run, beside its writer.
    pub(super) fn beside_writer(path: &Path) -> Result<Self, LedgerError> {
        let (connection, kind) = open::beside_writer(path)?;
        Ok(Self { path: path.to_owned(), kind, connection: Mutex::new(connection) })
    }

    /// The ledger's file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Replay for LedgerReader {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn visit(&self, scope: Scope<'_>, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (filter, values): (_, Vec<&str>) = match scope {
            Scope::All => ("", vec![]),
            Scope::Campaign(campaign) => ("WHERE campaign = ?1", vec![campaign]),
            Scope::Transfer(key) => ("WHERE campaign = ?1 AND transfer = ?2", vec![&key.campaign, &key.id]),
        };
        let read = |error: rusqlite::Error| open::reading(&self.path, &error);
        let mut query = connection.prepare_cached(&format!("{COLUMNS} {filter} {ORDER}")).map_err(read)?;
        let rows = query.query(rusqlite::params_from_iter(values)).map_err(read)?;
        group(rows, &self.path, take)
    }
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

fn stored<'row>(row: &'row Row<'_>) -> Result<StoredFact<'row>, String> {
    Ok(StoredFact {
        seq: number(row, 2)?,
        at: text(row, 3)?,
        run: text(row, 4)?,
        kind: text(row, 5)?,
        version: number(row, 6)?,
        fact: text(row, 7)?,
    })
}

fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, String> {
    let value = row.get_ref(column).map_err(|error| error.to_string())?;
    value.as_str().map_err(|error| format!("column {column}: {error}"))
}

fn number(row: &Row<'_>, column: usize) -> Result<i64, String> {
    let value = row.get_ref(column).map_err(|error| error.to_string())?;
    value.as_i64().map_err(|error| format!("column {column}: {error}"))
}

fn damaged(path: &Path, what: &str) -> LedgerError {
    LedgerError::Damaged { path: path.to_owned(), what: what.into() }
}
