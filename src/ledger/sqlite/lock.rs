//! One run holds the ledger: a lock file next to it, locked by the operating system, so that it is free
//! again however the holder ended. Knows nothing of what is in the ledger.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::super::{LEDGER_FILE, LOCK_FILE, LedgerError};

/// How often a waiting run looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What a holder writes about itself is one line; more is not shown.
const HOLDER_LIMIT: u64 = 300;

/// The lock of one run, until it is dropped.
#[derive(Debug)]
pub(super) struct RunLock {
    file: File,
}

impl RunLock {
    /// Takes the lock in `dir`, waiting for up to `patience`, and writes down who holds it.
    pub(super) fn take(dir: &Path, patience: Duration) -> Result<Self, LedgerError> {
        let path = dir.join(LOCK_FILE);
        let cannot =
            |error: io::Error| LedgerError::CannotWrite { path: path.clone(), why: error.to_string().into() };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(cannot)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
                Err(TryLockError::WouldBlock) if began.elapsed() >= patience => {
                    return Err(LedgerError::Busy { path: dir.join(LEDGER_FILE), holder: holder(&mut file) });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(LOOK_AGAIN),
            }
        }
        sign(&mut file).map_err(cannot)?;
        Ok(Self { file })
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing alone is not enough for a process that is just being started: until it runs its program it
        // holds the same open file. If this fails the end of the process lets go.
        let _ = self.file.unlock();
    }
}

fn sign(file: &mut File) -> io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    writeln!(file, "process {} on {} since {:.0}", std::process::id(), host_name(), Timestamp::now())
}

/// Who holds the lock, as far as can be told: where a lock is mandatory (Windows) the file cannot be read.
fn holder(file: &mut File) -> String {
    let mut line = Vec::new();
    let read = file.rewind().and_then(|()| file.take(HOLDER_LIMIT).read_to_end(&mut line));
    let line: String = String::from_utf8_lossy(&line).lines().next().unwrap_or_default().into();
    match read {
        Ok(_) if !line.is_empty() => line.chars().filter(|char| !char.is_control()).collect(),
        _ => "a process that cannot be told".to_owned(),
    }
}

/// The machine's name, which tells containers on one disk apart.
fn host_name() -> String {
    let from_kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let from_environment = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let name = from_kernel().or_else(from_environment).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "this machine".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_at_once_though_a_process_being_started_still_has_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let lock = RunLock::take(dir.path(), Duration::ZERO).unwrap();
        let _inherited = lock.file.try_clone().unwrap();
        drop(lock);
        RunLock::take(dir.path(), Duration::ZERO).unwrap();
    }
}
