//! What the operating system says of files, without opening them. The only file that names `rustix`.

use std::path::Path;

/// Bytes that this user may still write to the file system of `path`; nothing where it cannot be told.
#[cfg(unix)]
pub(super) fn free_space(path: &Path) -> Option<u64> {
    let volume = rustix::fs::statvfs(path).ok()?;
    volume.f_bavail.checked_mul(volume.f_frsize)
}

/// Elsewhere it takes a library of the platform.
#[cfg(not(unix))]
pub(super) fn free_space(_path: &Path) -> Option<u64> {
    None
}

/// Whether this user may read and write `path`.
///
/// # Errors
/// What the system says: it is not there, or may not be used.
#[cfg(unix)]
pub(super) fn may_use(path: &Path) -> Result<(), String> {
    use rustix::fs::{Access, access};
    access(path, Access::READ_OK | Access::WRITE_OK).map_err(|error| std::io::Error::from(error).to_string())
}

/// Elsewhere only whether it is there.
#[cfg(not(unix))]
pub(super) fn may_use(path: &Path) -> Result<(), String> {
    std::fs::metadata(path).map(|_| ()).map_err(|error| error.to_string())
}
