//! A source that is a snapshot: the file that a job names, or the newest one of a meter in a folder. Everything that is
//! wrong with the file is told at the line that asks for it. How old it may be is judged when it is carried, not here.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    live,
    raw::{self, LATEST, SerialText},
    tree::Document,
};
use crate::{
    campaign::{Chosen, SnapshotOrigin, SnapshotSource},
    meter::Model,
    snapshot::{self, MAX_BYTES, MeterKind, Proof, Snapshot},
};

/// Snapshots of one meter that are read to find the newest; one an hour for a year.
const MOST_OF_A_METER: usize = 10_000;

/// The snapshots that one job file asks for.
pub(super) struct Snapshots {
    /// Paths in the job are relative to it.
    base: PathBuf,
    /// Names in folders, each folder listed once and sorted.
    listed: BTreeMap<PathBuf, Arc<Vec<String>>>,
}

/// What a job says of the meter.
struct Asked {
    model: Option<Model>,
    serial_number: Option<SerialText>,
}

impl Asked {
    fn pinned(&self) -> Option<u32> {
        match self.serial_number {
            Some(SerialText::Pinned(number)) => Some(number),
            Some(SerialText::Any(_)) | None => None,
        }
    }
}

/// A file that was read and found whole.
struct Kept {
    path: PathBuf,
    snapshot: Snapshot,
    digest: String,
}

impl Snapshots {
    /// For the job file at this path; relative to the current folder where it has none.
    pub fn of_job(path: Option<&Path>) -> Self {
        let base = path.and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        Self { base, listed: BTreeMap::new() }
    }

    /// Reads what the source asks for. Nothing if something about it is bad, which is reported.
    pub fn resolve(
        &mut self,
        raw: raw::Source,
        pointer: &str,
        document: &Document,
        found: &mut Diagnostics,
    ) -> Option<SnapshotSource> {
        let raw::Source { endpoint, more } = raw;
        let asked = Asked { model: endpoint.model, serial_number: endpoint.serial_number };
        let file = more.snapshot?.0;
        let max_age = match more.max_age {
            Some(text) => Some(live::age("max_age", &text, pointer, document, found)?),
            None => None,
        };
        let spot = |key: &str| document.spot(&format!("{pointer}/{key}"));
        let (chosen, kept) = if file == LATEST {
            // The schema wants them; what is bad is taken out of it, and reported.
            let (model, folder) = (asked.model?, more.folder?.0);
            let Some(SerialText::Pinned(number)) = asked.serial_number else {
                let any =
                    asked.serial_number.as_ref().map(|_| needs_serial_number().at(spot("serial_number")));
                found.extend(any);
                return None;
            };
            let folder = self.base.join(folder);
            let newest = self.newest(&folder, model, number);
            (Chosen::Latest, newest.map_err(|complaint| complaint.at(spot("folder"))))
        } else {
            (Chosen::Named, read(&self.base.join(file)).map_err(|complaint| complaint.at(spot("snapshot"))))
        };
        let kept = kept.map_err(|complaint| found.push(complaint)).ok()?;
        let complaint = disagreement(&asked, &kept).map(|(key, complaint)| complaint.at(spot(key)));
        if let Some(complaint) = complaint {
            found.push(complaint);
            return None;
        }
        Some(SnapshotSource {
            model: kept.snapshot.model,
            serial_number: kept.snapshot.serial_number,
            origin: SnapshotOrigin {
                path: kept.path.display().to_string(),
                digest: kept.digest,
                taken: kept.snapshot.taken,
            },
            readings: kept.snapshot.readings,
            chosen,
            max_age,
            simulated: kept.snapshot.meter == MeterKind::Simulated,
        })
    }

    /// The newest snapshot of a meter, by when it was taken. All of the meter's are read: one that is damaged might have
    /// been the newest.
    fn newest(&mut self, folder: &Path, model: Model, number: u32) -> Result<Kept, Box<Complaint>> {
        let names = self.names(folder)?;
        let prefix = snapshot::prefix(model, number);
        let of_the_meter = names.partition_point(|name| *name < prefix);
        let of_the_meter: Vec<_> =
            names[of_the_meter..].iter().take_while(|name| name.starts_with(&prefix)).collect();
        if of_the_meter.len() > MOST_OF_A_METER {
            return Err(Box::new(too_many(folder, model, number, of_the_meter.len())));
        }
        let mut newest: Option<Kept> = None;
        for name in of_the_meter {
            let kept = read(&folder.join(name))?;
            if (kept.snapshot.model, kept.snapshot.serial_number) != (model, Some(number)) {
                return Err(Box::new(misnamed(&kept)));
            }
            if newest.as_ref().is_none_or(|newest| kept.snapshot.taken >= newest.snapshot.taken) {
                newest = Some(kept);
            }
        }
        newest.ok_or_else(|| Box::new(none_of(folder, model, number)))
    }

    fn names(&mut self, folder: &Path) -> Result<Arc<Vec<String>>, Box<Complaint>> {
        if let Some(names) = self.listed.get(folder) {
            return Ok(Arc::clone(names));
        }
        let entries = folder.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| Box::new(unreadable(folder, &error)))?;
        let names = entries.iter().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".json")).collect();
        names.sort();
        let names = Arc::new(names);
        self.listed.insert(folder.to_owned(), Arc::clone(&names));
        Ok(names)
    }
}

/// A diagnostic that has no place yet.
type Complaint = Diagnostic;

fn read(path: &Path) -> Result<Kept, Box<Complaint>> {
    let bytes = bytes(path).map_err(|error| Box::new(unreadable(path, &error)))?;
    let (snapshot, digest) = snapshot::read(&bytes).map_err(|damage| {
        let message = format!("{} cannot be used as a snapshot: {damage}", path.display());
        let complaint = Diagnostic::error(Code::SnapshotDamaged, message);
        Box::new(complaint.expected("a file as `meterferry snapshot` wrote it").hint(damage.hint()))
    })?;
    Ok(Kept { path: path.to_owned(), snapshot, digest })
}

/// At most one byte more than a snapshot may have. What is no plain file (a pipe, say) might never end, and is not opened.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The key at which the job says something else than the snapshot, and what is wrong.
fn disagreement(asked: &Asked, kept: &Kept) -> Option<(&'static str, Complaint)> {
    let Kept { path, snapshot, .. } = kept;
    let (path, model) = (path.display(), snapshot.model);
    let complaint = |message: String| {
        Diagnostic::error(Code::SnapshotOfAnother, message)
            .hint("correct the job, or give the file of the meter that is meant")
    };
    if let Some(asked) = asked.model.filter(|asked| *asked != model) {
        let message = format!("the job says {asked}, and {path} is the snapshot of a {model}");
        return Some(("model", complaint(message)));
    }
    match (asked.pinned(), snapshot.serial_number) {
        (Some(asked), Some(number)) if asked == number => None,
        (Some(asked), Some(number)) => {
            let message =
                format!("the job says serial number {asked}, and {path} is the snapshot of {number}");
            Some(("serial_number", complaint(message)))
        }
        (Some(asked), None) => {
            let message =
                format!("the job says serial number {asked}, and the meter of {path} did not say its own");
            Some(("serial_number", complaint(message)))
        }
        (None, _) if asked.serial_number.is_none() && snapshot.identity == Proof::Unproved => {
            let message =
                format!("nothing proves whose readings {path} holds: it was taken with `serial_number: any`");
            let complaint = Diagnostic::error(Code::NeedsSerialNumber, message);
            Some((
                "snapshot",
                complaint.hint("add `serial_number:` from the meter's label, or `any` to go without proof"),
            ))
        }
        (None, _) => None,
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Complaint {
    let path = path.display();
    if error.kind() == io::ErrorKind::NotFound {
        return Diagnostic::error(Code::SnapshotNotFound, format!("{path} does not exist"))
            .expected("a path relative to the job file")
            .hint("take one while the meter can be read: `meterferry snapshot JOB --to FOLDER`");
    }
    Diagnostic::error(Code::SnapshotUnreadable, format!("{path} cannot be read: {error}"))
        .hint("check what it is, and the permissions of it and of the folders above it")
}

fn none_of(folder: &Path, model: Model, number: u32) -> Complaint {
    let message = format!("{} holds no snapshot of {model} {number}", folder.display());
    let prefix = snapshot::prefix(model, number);
    Diagnostic::error(Code::SnapshotNotFound, message)
        .expected(format!("files named `{prefix}….json`, as `meterferry snapshot` names them"))
        .hint("take one while the meter can be read: `meterferry snapshot JOB --to FOLDER`")
}

fn too_many(folder: &Path, model: Model, number: u32, found: usize) -> Complaint {
    let message = format!("{} holds {found} snapshots of {model} {number}", folder.display());
    Diagnostic::error(Code::SnapshotUnreadable, message)
        .expected(format!("at most {MOST_OF_A_METER} of one meter"))
        .hint("move old ones to another folder, or name the file that is meant")
}

fn misnamed(kept: &Kept) -> Complaint {
    let Snapshot { model, serial_number, .. } = &kept.snapshot;
    let number =
        serial_number.map_or_else(|| "of unknown serial number".to_owned(), |number| number.to_string());
    let message = format!("{} is the snapshot of another meter: {model} {number}", kept.path.display());
    Diagnostic::error(Code::SnapshotOfAnother, message).hint("give the file its own name back, or remove it")
}

fn needs_serial_number() -> Complaint {
    Diagnostic::error(Code::NeedsSerialNumber, "`snapshot: latest` needs the serial number of the meter")
        .expected("a number")
        .hint("write the number from the meter's label, or name the file that is meant")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::meter::Readings;

    fn stored(folder: &Path, number: u32, taken: &str) -> PathBuf {
        let taken: Timestamp = taken.parse().unwrap();
        let snapshot = Snapshot {
            tool_version: "0.1.0".to_owned(),
            meter: MeterKind::Simulated,
            model: Model::Pm800,
            serial_number: Some(number),
            identity: Proof::Proved,
            place: "a".to_owned(),
            taken,
            written: taken,
            readings: Readings::ZERO,
        };
        let path = folder.join(snapshot::file_name(&snapshot, 1));
        std::fs::write(&path, snapshot::written(&snapshot).0).unwrap();
        path
    }

    fn newest(folder: &Path, number: u32) -> Result<PathBuf, Code> {
        let newest = Snapshots::of_job(None).newest(folder, Model::Pm800, number);
        newest.map(|kept| kept.path).map_err(|complaint| complaint.code)
    }

    #[test]
    fn the_newest_is_the_one_that_was_taken_last_whatever_its_name_and_file_time() {
        let folder = tempfile::tempdir().unwrap();
        let last = stored(folder.path(), 7, "2026-07-14T09:00:00Z");
        let renamed = folder.path().join("PM800-7-1.json");
        std::fs::rename(last, &renamed).unwrap();
        stored(folder.path(), 7, "2026-07-13T09:00:00Z");
        stored(folder.path(), 70, "2026-07-15T09:00:00Z");
        assert_eq!(newest(folder.path(), 7), Ok(renamed));
        assert_eq!(newest(folder.path(), 8), Err(Code::SnapshotNotFound));
    }

    #[test]
    fn a_damaged_or_misnamed_snapshot_of_the_meter_is_never_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (
            stored(folder.path(), 7, "2026-07-13T09:00:00Z"),
            stored(folder.path(), 7, "2026-07-14T09:00:00Z"),
        );
        let text = std::fs::read_to_string(&old).unwrap();
        std::fs::write(&old, text.replacen('0', "1", 1)).unwrap();
        assert_eq!(newest(folder.path(), 7), Err(Code::SnapshotDamaged));
        std::fs::write(&old, text).unwrap();
        assert_eq!(newest(folder.path(), 7), Ok(new.clone()));
        let other = stored(folder.path(), 8, "2026-07-15T09:00:00Z");
        std::fs::rename(other, folder.path().join("PM800-7-20260715T090000Z.json")).unwrap();
        assert_eq!(newest(folder.path(), 7), Err(Code::SnapshotOfAnother));
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one.json"), folder.path().join("other.json"));
        std::os::unix::fs::symlink(&one, &other).unwrap();
        std::os::unix::fs::symlink(&other, &one).unwrap();
        let huge = folder.path().join("huge.json");
        File::create(&huge).unwrap().set_len(1 << 40).unwrap();
        for (path, code) in [
            (one.as_path(), Code::SnapshotUnreadable),
            (Path::new("/dev/zero"), Code::SnapshotUnreadable),
            (folder.path(), Code::SnapshotUnreadable),
            (&huge, Code::SnapshotDamaged),
        ] {
            let complaint = read(path).map(|_| ()).unwrap_err();
            assert_eq!(complaint.code, code, "{complaint:?}");
            assert!(complaint.message.contains(&path.display().to_string()), "{complaint:?}");
        }
    }
}
