//! Where a ledger lives by default, and where it must not. Reads the environment and the mount table,
//! touches nothing.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::LedgerError;

/// The name of our folder in the platform's place for state.
const FOLDER: &str = "meterferry";

/// Types in Linux's mount table whose locks or write order cannot be trusted between machines.
#[cfg(any(target_os = "linux", test))]
const NETWORK_FILE_SYSTEMS: [&str; 20] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "fuse.ceph",
    "fuse.curlftpfs",
    "fuse.davfs2",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
];

/// The platform's folder for the state of meterferry; none if the environment names no home.
/// Linux and other Unix: `$XDG_STATE_HOME/meterferry` or `~/.local/state/meterferry`; macOS:
/// `~/Library/Application Support/meterferry`; Windows: `%LOCALAPPDATA%\meterferry`.
pub fn default_state_dir() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name);
    let base = if cfg!(windows) {
        windows_base(variable)
    } else if cfg!(target_os = "macos") {
        macos_base(variable)
    } else {
        xdg_base(variable)
    };
    base.map(|base| base.join(FOLDER))
}

fn absolute(value: Option<OsString>) -> Option<PathBuf> {
    value.map(PathBuf::from).filter(|path| path.is_absolute())
}

fn xdg_base(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative XDG_STATE_HOME is to be ignored, says the XDG base directory specification.
    absolute(variable("XDG_STATE_HOME"))
        .or_else(|| absolute(variable("HOME")).map(|home| home.join(".local/state")))
}

fn macos_base(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    absolute(variable("HOME")).map(|home| home.join("Library/Application Support"))
}

fn windows_base(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    absolute(variable("LOCALAPPDATA"))
}

/// Refuses a folder on a network file system, where it can be told: on Linux. The folder need not exist.
#[cfg(target_os = "linux")]
pub(super) fn refuse_network(dir: &Path) -> Result<(), LedgerError> {
    use std::os::unix::fs::MetadataExt as _;
    let Some(metadata) = dir.ancestors().find_map(|existing| std::fs::metadata(existing).ok()) else {
        return Ok(());
    };
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else {
        return Ok(());
    };
    match file_system_of(&mounts, metadata.dev()) {
        Some(found) if NETWORK_FILE_SYSTEMS.contains(&found) => {
            Err(LedgerError::NetworkFileSystem { dir: dir.to_owned(), file_system: found.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Elsewhere it cannot be told without a library of the platform: the documentation warns instead.
#[cfg(not(target_os = "linux"))]
pub(super) fn refuse_network(_dir: &Path) -> Result<(), LedgerError> {
    Ok(())
}

/// The type of the file system with this device number, from the text of `/proc/self/mountinfo`
/// (proc_pid_mountinfo(5): the third field is `major:minor`, the type follows a lone `-`).
#[cfg(any(target_os = "linux", test))]
fn file_system_of(mounts: &str, device: u64) -> Option<&str> {
    let wanted = device_name(device);
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ');
        (fields.nth(2)? == wanted).then_some(())?;
        fields.skip_while(|field| *field != "-").nth(1)
    })
}

/// A device number as the mount table prints it (the split is that of Linux's makedev(3)).
#[cfg(any(target_os = "linux", test))]
fn device_name(device: u64) -> String {
    let major = ((device >> 8) & 0xFFF) | ((device >> 32) & !0xFFF);
    let minor = (device & 0xFF) | ((device >> 12) & !0xFF & 0xFFFF_FFFF);
    format!("{major}:{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
21 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
90 21 0:55 / /srv/site rw,relatime shared:5 master:2 - nfs4 server:/export rw,vers=4.2
91 21 259:3000 / /fast rw - xfs /dev/nvme0n1p3 rw
92 21 0:60 / /far rw - fuse.sshfs me@there: rw
";

    #[test]
    fn the_file_system_is_found_by_its_device_number() {
        let device = |major: u64, minor: u64| {
            ((major & 0xFFF) << 8) | ((major & !0xFFF) << 32) | (minor & 0xFF) | ((minor & !0xFF) << 12)
        };
        let found = |major, minor| file_system_of(MOUNTS, device(major, minor));
        assert_eq!(found(8, 2), Some("ext4"));
        assert_eq!(found(0, 55), Some("nfs4"));
        assert_eq!(found(259, 3000), Some("xfs"));
        assert_eq!(found(0, 60), Some("fuse.sshfs"));
        assert_eq!(found(9, 9), None);
        assert!(NETWORK_FILE_SYSTEMS.contains(&"nfs4"));
    }

    #[test]
    fn a_mount_table_cut_short_names_nothing() {
        for cut in 0..40 {
            file_system_of(&MOUNTS[..cut], 0x802);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_state_folder_follows_the_platform() {
        let only = |name: &'static str, value: &'static str| {
            move |asked: &str| (asked == name).then(|| OsString::from(value))
        };
        assert_eq!(xdg_base(only("HOME", "/home/me")), Some("/home/me/.local/state".into()));
        assert_eq!(xdg_base(only("XDG_STATE_HOME", "/state")), Some("/state".into()));
        assert_eq!(xdg_base(only("XDG_STATE_HOME", "state")), None, "relative");
        assert_eq!(
            macos_base(only("HOME", "/Users/me")),
            Some("/Users/me/Library/Application Support".into())
        );
        assert_eq!(windows_base(only("HOME", "/home/me")), None);
    }
}
