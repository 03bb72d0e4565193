//! Making a ledger file: a whole one, or none. Knows the tables, and nothing of what will stand in them.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::Connection;

use super::super::{
    Kind, LEDGER_FILE, LedgerError,
    format::{APPLICATION_ID, FORMAT_VERSION, SCHEMA},
};
use super::{
    lock::RunLock,
    open::{damaged, with_suffix, writing},
};

/// A ledger in the making; becomes one by a single rename.
const UNFINISHED_FILE: &str = "ledger.sqlite3.new";

/// Makes an empty ledger: complete under another name first, so that a crash leaves none or a whole one.
pub(super) fn create(dir: &Path, kind: Kind) -> Result<(), LedgerError> {
    let path = dir.join(LEDGER_FILE);
    fs::create_dir_all(dir).map_err(|error| cannot_write(dir, &error))?;
    let _lock = RunLock::take(dir, Duration::ZERO)?;
    if fs::symlink_metadata(&path).is_ok() {
        return Err(LedgerError::AlreadyExists { path });
    }
    refuse_orphans(&path)?;
    let unfinished = dir.join(UNFINISHED_FILE);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot_write(&unfinished, &error));
        }
        _ => {}
    }
    fill(&unfinished, kind).map_err(|error| writing(&unfinished, &error))?;
    fs::rename(&unfinished, &path)
        .and_then(|()| sync_folder(dir))
        .map_err(|error| cannot_write(&path, &error))
}

/// A write-ahead log without its ledger holds facts of a ledger that was lost. SQLite would delete it or
/// mistake it for the new file's.
fn refuse_orphans(path: &Path) -> Result<(), LedgerError> {
    let log = with_suffix(path, "-wal");
    let orphaned = fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    if orphaned {
        return Err(damaged(path, format!("it is gone, and {} is still there", log.display())));
    }
    Ok(())
}

fn fill(path: &Path, kind: Kind) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("BEGIN")?;
    connection.execute_batch(SCHEMA)?;
    let mut meta = connection.prepare("INSERT INTO meta (name, value) VALUES (?1, ?2)")?;
    meta.execute(("kind", kind.word()))?;
    meta.execute(("created_at", Timestamp::now().to_string()))?;
    meta.execute(("tool_version", env!("CARGO_PKG_VERSION")))?;
    // SQLite's generator is seeded by the operating system.
    let id: String = connection.query_row("SELECT lower(hex(randomblob(16)))", (), |row| row.get(0))?;
    meta.execute(("id", id))?;
    drop(meta);
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT_VERSION)?;
    connection.execute_batch("COMMIT")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)
}

/// A new name is durable only when its folder is. Other platforms cannot sync a folder, nor need to.
fn sync_folder(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

fn cannot_write(path: &Path, error: &io::Error) -> LedgerError {
    LedgerError::CannotWrite { path: path.to_owned(), why: error.to_string().into() }
}
