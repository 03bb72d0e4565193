//! What can be told of a state folder from outside, for who looks after a machine. Writes nothing and takes no lock:
//! a look must never be in a run's way.

use std::path::Path;

use super::{LedgerError, place};

/// The network file system that the folder is on, where it can be told (on Linux); the folder need not exist.
pub fn network_file_system(dir: &Path) -> Option<String> {
    match place::refuse_network(dir) {
        Err(LedgerError::NetworkFileSystem { file_system, .. }) => Some(file_system),
        _ => None,
    }
}

/// Whether a process of this machine holds the ledger in `dir`; nothing where it cannot be told.
#[cfg(target_os = "linux")]
pub fn is_held(dir: &Path) -> Option<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(lock) = std::fs::metadata(dir.join(super::LOCK_FILE)) else { return Some(false) };
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    Some(holds(&locks, lock.ino()))
}

/// Elsewhere only taking the lock would tell.
#[cfg(not(target_os = "linux"))]
pub fn is_held(_dir: &Path) -> Option<bool> {
    None
}

/// Whether a file with this inode is locked for one holder alone (proc_locks(5): the sixth field is
/// `major:minor:inode`). Devices are left out: some file systems show another one there than to stat(2).
#[cfg(any(target_os = "linux", test))]
fn holds(locks: &str, inode: u64) -> bool {
    let inode = inode.to_string();
    locks.lines().any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (kind, file) = (fields.next(), fields.nth(3));
        kind == Some("FLOCK") && file.and_then(|file| file.rsplit(':').next()) == Some(&*inode)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "\
1: POSIX  ADVISORY  WRITE 811 00:1b:4711 0 EOF
2: FLOCK  ADVISORY  WRITE 812 fd:01:4712 0 EOF
3: FLOCK  ADVISORY
";

    #[test]
    fn a_lock_is_told_by_its_inode_and_kind() {
        assert!(holds(LOCKS, 4712));
        assert!(!holds(LOCKS, 4711), "SQLite's own locks are another kind");
        assert!(!holds(LOCKS, 12));
    }
}
