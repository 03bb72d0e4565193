//! From path arguments to texts: files, folders and standard input, within limits. Knows nothing of YAML.

use std::{
    collections::HashSet,
    convert::Infallible,
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use super::{
    diagnostic::{Code, Diagnostic, Spot},
    diagnostics::Diagnostics,
};

/// More than a million transfers; what is larger is not a job.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Folders in folders; a tree of jobs is not deeper.
const MAX_FOLDERS: usize = 32;

/// A path argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobPath {
    /// `-`: standard input.
    Stdin,
    /// A job file, or a folder: all `*.yaml` and `*.yml` below it, sorted, names that begin with a dot left out.
    Path(PathBuf),
}

impl From<OsString> for JobPath {
    fn from(argument: OsString) -> Self {
        Self::from(PathBuf::from(argument))
    }
}

impl From<PathBuf> for JobPath {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path) }
    }
}

impl From<&Path> for JobPath {
    fn from(path: &Path) -> Self {
        Self::from(path.to_owned())
    }
}

impl FromStr for JobPath {
    type Err = Infallible;

    fn from_str(argument: &str) -> Result<Self, Infallible> {
        Ok(OsString::from(argument).into())
    }
}

/// A file to be read as a job.
#[derive(Debug)]
pub(super) struct JobFile {
    /// Nothing for standard input.
    pub path: Option<PathBuf>,
    /// Named by the user, rather than found in a folder.
    pub named: bool,
}

impl JobFile {
    /// The name in messages.
    pub fn name(&self) -> Arc<str> {
        match &self.path {
            Some(path) => path.display().to_string().into(),
            None => "<stdin>".into(),
        }
    }
}

/// All files the arguments mean, each once.
pub(super) fn collect(paths: &[JobPath], found: &mut Diagnostics) -> Vec<JobFile> {
    let mut walk = Walk { files: Vec::new(), seen: HashSet::new(), found };
    for path in paths {
        match path {
            JobPath::Stdin => walk.stdin(),
            JobPath::Path(path) => walk.argument(path),
        }
    }
    walk.files
}

struct Walk<'a> {
    files: Vec<JobFile>,
    seen: HashSet<PathBuf>,
    found: &'a mut Diagnostics,
}

impl Walk<'_> {
    fn stdin(&mut self) {
        if self.seen.insert(PathBuf::from("-")) {
            self.files.push(JobFile { path: None, named: true });
        }
    }

    fn argument(&mut self, path: &Path) {
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => self.top_folder(path),
            Ok(_) => self.file(path, true),
            Err(error) => self.found.push(unreadable(path, &error)),
        }
    }

    fn top_folder(&mut self, path: &Path) {
        let (before, known) = (self.files.len(), self.seen.len());
        self.folder(path, 0);
        if self.files.len() == before && self.seen.len() <= known + 1 {
            let message = format!("{} holds no job file", path.display());
            let hint = "job files end in .yaml or .yml; names that begin with a dot are skipped";
            self.found.push(Diagnostic::error(Code::NoJobFiles, message).hint(hint));
        }
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        if depth > MAX_FOLDERS || !self.is_new(path) {
            return;
        }
        let entries = match path.read_dir().and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => return self.found.push(unreadable(path, &error)),
        };
        let mut paths: Vec<_> =
            entries.iter().filter(|entry| !is_hidden(&entry.file_name())).map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                self.folder(&path, depth + 1);
            } else if is_job_name(&path) {
                self.file(&path, false);
            }
        }
    }

    fn file(&mut self, path: &Path, named: bool) {
        if self.is_new(path) {
            self.files.push(JobFile { path: Some(path.to_owned()), named });
        }
    }

    fn is_new(&mut self, path: &Path) -> bool {
        self.seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_job_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    if error.kind() == io::ErrorKind::NotFound {
        return Diagnostic::error(Code::PathNotFound, format!("{} does not exist", path.display()))
            .hint("check the path; it is read relative to the current folder");
    }
    Diagnostic::error(Code::PathUnreadable, format!("{} cannot be read: {error}", path.display()))
        .hint("check the permissions of the file and of the folders above it")
}

/// The text of a file, or of standard input.
pub(super) fn read_text(path: Option<&Path>, name: &Arc<str>) -> Result<Arc<str>, Box<Diagnostic>> {
    decode(read_all(path, name)?, name)
}

/// The bytes of a file, or of standard input, within the limit.
pub(super) fn read_all(path: Option<&Path>, name: &Arc<str>) -> Result<Vec<u8>, Box<Diagnostic>> {
    let bytes = match path {
        Some(path) => {
            File::open(path).and_then(read_bytes).map_err(|error| Box::new(unreadable(path, &error)))?
        }
        None => read_bytes(io::stdin().lock())
            .map_err(|error| Box::new(unreadable(Path::new(&**name), &error)))?,
    };
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Box::new(
            Diagnostic::error(Code::FileTooLarge, format!("{name} is larger than 64 MiB"))
                .hint("spread the transfers over several files of the same campaign"),
        ));
    }
    Ok(bytes)
}

/// Bytes as text.
pub(super) fn decode(bytes: Vec<u8>, name: &Arc<str>) -> Result<Arc<str>, Box<Diagnostic>> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(Box::new(not_utf8(error.utf8_error().valid_up_to(), error.as_bytes(), name))),
    }
}

fn read_bytes(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(offset: usize, bytes: &[u8], name: &Arc<str>) -> Diagnostic {
    let text = String::from_utf8_lossy(bytes);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let spot = Spot {
        file: Arc::clone(name),
        line: u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
        column: u32::try_from(before[line_start..].chars().count() + 1).unwrap_or(u32::MAX),
        offset,
        header: None,
        len: char::REPLACEMENT_CHARACTER.len_utf8(),
        text: text.as_ref().into(),
    };
    Diagnostic::error(Code::NotUtf8, format!("the byte 0x{:02X} is not UTF-8 text", bytes[offset]))
        .at(spot)
        .expected("text in UTF-8")
        .hint("save the file as UTF-8; older editors on Windows save in other encodings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_input_however_it_is_given() {
        assert_eq!(JobPath::from(OsString::from("-")), JobPath::Stdin);
        assert_eq!(JobPath::from(PathBuf::from("-")), JobPath::Stdin);
        assert_eq!(JobPath::from(Path::new("-")), JobPath::Stdin);
        assert_eq!("-".parse(), Ok(JobPath::Stdin));
        assert_eq!(JobPath::from(Path::new("./-")), JobPath::Path("./-".into()), "a file of that name");
    }
}
