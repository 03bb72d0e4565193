//! Opening a ledger file, only if it is what it should be.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::super::{
    Head, Kind, LedgerError, Origin,
    format::{APPLICATION_ID, FORMAT_VERSION},
};
use super::{copy::PrivateCopy, walk};

/// How long a statement waits for a person's `sqlite3` that holds the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Pages in the write-ahead log before it is moved into the file: 32 MiB, the facts of some 5,000 transfers. Each move
/// costs two syncs and writes every changed page once more; the last one comes when the ledger is closed.
const LOG_PAGES: u32 = 8_192;

/// An error of SQLite's while reading: damage, or something that may pass.
pub(super) fn reading(path: &Path, error: &rusqlite::Error) -> LedgerError {
    let why = error.to_string().into();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::SchemaChanged) => {
            LedgerError::Damaged { path: path.to_owned(), what: why }
        }
        // A plain SQL error means that a table is not as we made it.
        Some(ErrorCode::Unknown) => LedgerError::Damaged { path: path.to_owned(), what: why },
        _ => LedgerError::CannotRead { path: path.to_owned(), why },
    }
}

/// An error of SQLite's while writing.
pub(super) fn writing(path: &Path, error: &rusqlite::Error) -> LedgerError {
    LedgerError::CannotWrite { path: path.to_owned(), why: error.to_string().into() }
}

pub(super) fn damaged(path: &Path, what: impl Into<String>) -> LedgerError {
    LedgerError::Damaged { path: path.to_owned(), what: what.into().into() }
}

/// Fails unless the ledger's file is there.
pub(super) fn require_file(dir: &Path, path: &Path) -> Result<(), LedgerError> {
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(LedgerError::Missing { dir: dir.to_owned() }),
        Err(error) => Err(LedgerError::CannotRead { path: path.to_owned(), why: error.to_string().into() }),
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A ledger to write to, from where it ends.
pub(super) struct Tail {
    pub connection: Connection,
    pub path: PathBuf,
    pub origin: Origin,
    pub head: Head,
}

/// The connection of a run's writer: every commit reaches the disk before it returns.
pub(super) fn writable(path: &Path, expected: Kind, max_pages: Option<u32>) -> Result<Tail, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| reading(path, &error))?;
    let origin = check(&connection, path)?;
    require_kind(path, origin.kind, expected)?;
    sound_pages(&connection, path, "quick_check")?;
    let head = walk::tail(&connection, path, &origin)?;
    prepare_to_write(&connection, max_pages).map_err(|error| writing(path, &error))?;
    Ok(Tail { connection, path: path.to_owned(), origin, head })
}

fn prepare_to_write(connection: &Connection, max_pages: Option<u32>) -> rusqlite::Result<()> {
    // In WAL mode only FULL syncs the log at every commit; macOS needs to be told to mean it.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    if let Some(pages) = max_pages {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    // Fails now, not at the first intent, where nothing can be written.
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
}

/// The connection for reading beside a run's writer. It could write, but for a pragma: the last connection
/// that closes moves the log into the file, which one opened as read-only could not.
pub(super) fn beside_writer(path: &Path) -> Result<Opened, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| reading(path, &error))?;
    connection.pragma_update(None, "query_only", true).map_err(|error| reading(path, &error))?;
    let origin = check(&connection, path)?;
    Ok(Opened { connection, origin, copy: None })
}

/// A connection to read by, and what the ledger says of itself.
pub(super) struct Opened {
    pub connection: Connection,
    pub origin: Origin,
    /// Where the files that are read were copied to. It must be let go of after the connection.
    pub copy: Option<PrivateCopy>,
}

/// The connection for looking on, beside a run or after it.
pub(super) fn readable(path: &Path) -> Result<Opened, LedgerError> {
    match plain(path, path) {
        Err(LedgerError::CannotRead { .. }) if !has_log(path) => frozen(path),
        // A run that is at work has shared memory there, and then nothing is copied from under it.
        Err(LedgerError::CannotRead { .. }) if !with_suffix(path, "-shm").exists() => copied(path),
        opened => opened,
    }
}

const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// `path` stands for `file` in messages.
fn plain(file: &Path, path: &Path) -> Result<Opened, LedgerError> {
    let connection = Connection::open_with_flags(file, READ_ONLY).map_err(|error| reading(path, &error))?;
    let origin = check(&connection, path)?;
    Ok(Opened { connection, origin, copy: None })
}

fn has_log(path: &Path) -> bool {
    fs::metadata(with_suffix(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Where SQLite cannot make its shared memory, and no log says that a run is at work, the file is read as it
/// lies there.
fn frozen(path: &Path) -> Result<Opened, LedgerError> {
    let uri = format!("file:{}?immutable=1", percent_encoded(path));
    let connection = Connection::open_with_flags(uri, READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
        .map_err(|error| reading(path, &error))?;
    let origin = check(&connection, path)?;
    Ok(Opened { connection, origin, copy: None })
}

/// Where it cannot make its shared memory and there is a log, both are copied to where it can: without the log the
/// newest facts would be missing.
pub(super) fn copied(path: &Path) -> Result<Opened, LedgerError> {
    let cannot =
        |error: io::Error| LedgerError::CannotRead { path: path.to_owned(), why: error.to_string().into() };
    let copy = PrivateCopy::of(path).map_err(cannot)?;
    let Opened { connection, origin, .. } = plain(&copy.file(), path)?;
    Ok(Opened { connection, origin, copy: Some(copy) })
}

fn percent_encoded(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

/// Makes sure that the file is a ledger of a format we know; says what it says of itself.
fn check(connection: &Connection, path: &Path) -> Result<Origin, LedgerError> {
    let read = |error: rusqlite::Error| reading(path, &error);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(read)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if number("application_id").map_err(read)? != APPLICATION_ID {
        return Err(damaged(path, "it is no ledger of meterferry"));
    }
    let format = number("user_version").map_err(read)?;
    if format != FORMAT_VERSION {
        let made_by =
            meta(connection, path, "tool_version").unwrap_or_else(|_| "of unknown version".to_owned());
        let (path, known, made_by) = (path.to_owned(), FORMAT_VERSION, made_by.into());
        return Err(LedgerError::OtherFormat { path, found: format, known, made_by });
    }
    let kind = meta(connection, path, "kind")?;
    Ok(Origin {
        kind: kind.parse().map_err(|what: String| damaged(path, what))?,
        created_at: meta(connection, path, "created_at")?,
        id: meta(connection, path, "id")?,
        tool_version: meta(connection, path, "tool_version")?,
    })
}

/// One of the things a ledger says of itself.
fn meta(connection: &Connection, path: &Path, name: &str) -> Result<String, LedgerError> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        .optional()
        .map_err(|error| reading(path, &error))?
        .ok_or_else(|| damaged(path, format!("it does not say its {name}")))
}

/// A ledger of the other kind is never opened by mistake.
pub(super) fn require_kind(path: &Path, found: Kind, expected: Kind) -> Result<(), LedgerError> {
    if found == expected {
        return Ok(());
    }
    Err(LedgerError::WrongKind { path: path.to_owned(), found, expected })
}

/// SQLite's own check of the file, `quick_check` or `integrity_check`.
pub(super) fn sound_pages(connection: &Connection, path: &Path, check: &str) -> Result<(), LedgerError> {
    let verdict = connection
        .query_row(&format!("PRAGMA {check}(1)"), (), |row| row.get::<_, String>(0))
        .map_err(|error| reading(path, &error))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(path, verdict)) }
}

#[cfg(test)]
mod tests {
    use super::super::{super::LEDGER_FILE, create::create};
    use super::*;

    #[test]
    fn a_file_is_read_as_it_lies_there_whatever_its_folder_is_called() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("100% état? #1&mode=rw");
        create(&odd, Kind::Simulated).unwrap();
        let opened = frozen(&odd.join(LEDGER_FILE)).unwrap();
        assert_eq!(opened.origin.kind, Kind::Simulated);
        let files: Vec<_> = fs::read_dir(&odd).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files.len(), 2, "the ledger and its lock: {files:?}");
    }
}
