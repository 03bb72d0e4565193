//! Files that are there whole or not at all, and that take no other file's place.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{Exit, failure::Failure};

/// Bytes of a file that tell whether it is one of ours.
const BEGINNING: u64 = 64 * 1024;

/// Writes a file. One that is there already is replaced only if it is empty or `is_ours` says so of its beginning;
/// another one stays as it is. Readers see the old text or the new one, never a part.
pub(super) fn write(path: &Path, text: &str, is_ours: impl Fn(&str) -> bool) -> Result<(), Failure> {
    refuse_foreign(path, is_ours)?;
    let beside = beside(path);
    let written = fill(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // What is left of it helps nobody; that it cannot be removed is no further news.
        let _ = fs::remove_file(&beside);
        failed(path, &error)
    })
}

/// Refuses a path where a file is that [`write`] would leave as it is.
pub(super) fn refuse_foreign(path: &Path, is_ours: impl Fn(&str) -> bool) -> Result<(), Failure> {
    match beginning(path) {
        Ok(Some(there)) if !there.is_empty() && !is_ours(&there) => Err(Failure::new(
            Exit::Usage,
            format!(
                "{} is there already, and is no earlier file of this command; it was left as it is",
                path.display()
            ),
        )
        .hint("choose another name, or remove that file first")),
        Ok(_) => Ok(()),
        Err(error) => Err(failed(path, &error)),
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::NotFound, format!("{} cannot be written: {error}", path.display()))
        .hint("check that its folder is there and may be written to; `-` is standard output")
}

/// The beginning of the file as text. Nothing if there is no such file.
fn beginning(path: &Path) -> io::Result<Option<String>> {
    match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
        }
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(BEGINNING).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A name of our own in the same folder, so that renaming stays on one disk.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(text: &str) -> bool {
        text.starts_with("ours")
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_of_ours_is_replaced_and_another_one_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        write(&path, "ours 1", ours).unwrap();
        write(&path, "ours 2", ours).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours 2");
        fs::write(&path, "theirs").unwrap();
        assert_eq!(write(&path, "ours 3", ours).unwrap_err().exit, Exit::Usage);
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let missing = write(&folder.path().join("no/such.csv"), "ours", ours).unwrap_err();
        assert_eq!(missing.exit, Exit::NotFound);
        assert_eq!(write(folder.path(), "ours", ours).unwrap_err().exit, Exit::NotFound, "a folder");
        assert!(names(folder.path()).is_empty());
    }
}
