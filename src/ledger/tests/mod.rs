//! Tests of the ledger from outside its implementations, and the legal records they store.

mod chain;
mod damage;
mod disk;
mod group;
mod kill;
mod memory;
mod opening;
mod properties;
mod sample;

use std::{path::Path, time::Duration};

use super::*;
use sample::{key, recorded};

fn fresh_dir(kind: Kind) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    SqliteLedger::init(dir.path(), kind).unwrap();
    dir
}

fn run_on(dir: &Path) -> SqliteLedger {
    SqliteLedger::open_for_run(dir, Kind::Real, Duration::ZERO).unwrap()
}

fn look_at(dir: &Path) -> LedgerReader {
    SqliteLedger::open_read_only(dir, None).unwrap()
}

/// A file of the ledger as somebody with SQLite at hand would open it.
fn by_hand(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join(LEDGER_FILE)).unwrap()
}

/// Puts a row behind all others as the program would, digest and all, whatever is in it.
fn append_by_hand(dir: &Path, key: &TransferKey, row: &format::StoredFact<'_>) {
    let head = look_at(dir).head().unwrap().unwrap();
    let digest = head.digest.then(&key.campaign, &key.id, row).to_string();
    let insert = "INSERT INTO facts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let name = (head.facts.cast_signed() + 1, &*key.campaign, &*key.id);
    let values = (name.0, name.1, name.2, row.seq, row.at, row.run, row.kind, row.version, row.fact, digest);
    by_hand(dir).execute(insert, values).unwrap();
}

/// What `kill -9` would leave at this instant: all files as they are, and nobody who holds them.
fn killed(dir: &Path) -> tempfile::TempDir {
    let left = tempfile::tempdir().unwrap();
    for name in [LEDGER_FILE, "ledger.sqlite3-wal", LOCK_FILE] {
        if dir.join(name).exists() {
            std::fs::copy(dir.join(name), left.path().join(name)).unwrap();
        }
    }
    left
}
