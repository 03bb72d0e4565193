//! Puts a snapshot into a folder: whole or not at all, under a name that nothing has yet. Two programs at once lose
//! nothing.

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use tempfile::Builder;

use crate::snapshot::{self, Snapshot};

/// Snapshots of one meter within one second; who takes more has another problem.
const MOST_COPIES: u32 = 1_000;

/// A snapshot that is stored.
#[derive(Debug)]
pub(super) struct Stored {
    pub path: PathBuf,
    pub digest: String,
}

/// Writes a snapshot. When this returns, it survives a power failure.
pub(super) fn store(folder: &Path, snapshot: &Snapshot) -> io::Result<Stored> {
    let (text, digest) = snapshot::written(snapshot);
    // What does not end in .json is no snapshot to anybody who finds it after a crash.
    let mut file = Builder::new().prefix(".meterferry-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    readable_for_all(file.as_file())?;
    file.as_file().sync_all()?;
    for copy in 1..=MOST_COPIES {
        let path = folder.join(snapshot::file_name(snapshot, copy));
        match file.persist_noclobber(&path) {
            Ok(_) => {
                sync_folder(folder)?;
                return Ok(Stored { path, digest });
            }
            Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => file = taken.file,
            Err(other) => return Err(other.error),
        }
    }
    Err(io::Error::other(format!("{MOST_COPIES} snapshots of this meter and second are there already")))
}

#[cfg(unix)]
fn readable_for_all(file: &File) -> io::Result<()> {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_for_all(_: &File) -> io::Result<()> {
    Ok(())
}

/// The name of a file is the folder's to lose.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, thread};

    use super::*;
    use crate::{
        meter::{Model, Readings},
        snapshot::{MeterKind, Proof},
    };

    fn snapshot(place: &str) -> Snapshot {
        let taken = "2026-07-14T07:30:00Z".parse().unwrap();
        Snapshot {
            tool_version: "0.1.0".to_owned(),
            meter: MeterKind::Real,
            model: Model::Pm800,
            serial_number: Some(7),
            identity: Proof::Proved,
            place: place.to_owned(),
            taken,
            written: taken,
            readings: Readings::ZERO,
        }
    }

    #[test]
    fn snapshots_of_one_second_get_names_of_their_own_whoever_writes_them() {
        const WRITERS: usize = 8;
        const EACH: usize = 10;
        let folder = tempfile::tempdir().unwrap();
        let stored: Vec<Stored> = thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let folder = folder.path();
                    scope.spawn(move || {
                        (0..EACH)
                            .map(|n| store(folder, &snapshot(&format!("{writer}/{n}"))).unwrap())
                            .collect()
                    })
                })
                .collect();
            writers.into_iter().flat_map(|writer| -> Vec<Stored> { writer.join().unwrap() }).collect()
        });
        let places: BTreeSet<String> = stored
            .iter()
            .map(|stored| {
                let (snapshot, digest) = snapshot::read(&std::fs::read(&stored.path).unwrap()).unwrap();
                assert_eq!(digest, stored.digest);
                snapshot.place
            })
            .collect();
        assert_eq!(places.len(), WRITERS * EACH, "every one is there, and none took another's place");
        assert_eq!(folder.path().read_dir().unwrap().count(), WRITERS * EACH, "nothing else is left behind");
    }
}
