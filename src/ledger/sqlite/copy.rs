//! A copy of a ledger's files in a folder of this process's own, gone with it. Knows nothing of what is in them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use super::{super::LEDGER_FILE, open::with_suffix};

/// The files, until it is dropped.
#[derive(Debug)]
pub(super) struct PrivateCopy(PathBuf);

impl PrivateCopy {
    /// Copies the ledger and its log.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("meterferry-{}-{}", std::process::id(), MADE.fetch_add(1, Relaxed));
        let copy = Self(private_folder(&std::env::temp_dir().join(name))?);
        fs::copy(path, copy.file())?;
        fs::copy(with_suffix(path, "-wal"), with_suffix(&copy.file(), "-wal"))?;
        for file in [copy.file(), with_suffix(&copy.file(), "-wal")] {
            make_writable(&file)?;
        }
        Ok(copy)
    }

    /// The ledger's file.
    pub(super) fn file(&self) -> PathBuf {
        self.0.join(LEDGER_FILE)
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        // What is left in the folder for temporary files is cleared away by the system.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a folder that was not there, for this user alone where the platform can say so.
fn private_folder(path: &Path) -> io::Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    Ok(path.to_owned())
}

/// A copy takes over that its original cannot be written.
fn make_writable(path: &Path) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    #[cfg(not(unix))]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions)
}
