//! Which Git commit a job is from, as far as `git` says. It knows no job and no ledger; whatever goes wrong, there
//! is no revision, and no error: a run must not depend on it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{process::Command, time::timeout};

/// How long `git` may take for all folders together: a run waits for it before it begins.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where another `git` that started us, a hook say, has told its children to look.
const ITS_OWN: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"];

/// The commit that these files are from, in 40 (or 64) hexadecimal digits, with `-dirty` behind it if one of them is
/// not as it is there; several with `, ` between them. Nothing if one of the files is in no repository.
pub(super) async fn of_files(files: &[PathBuf]) -> Option<String> {
    timeout(PATIENCE, all(files)).await.ok().flatten()
}

async fn all(files: &[PathBuf]) -> Option<String> {
    let mut folders: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
    for file in files {
        // A link is followed: what was read is where it leads.
        let file = file.canonicalize().ok()?;
        folders.entry(file.parent()?.to_owned()).or_default().insert(file);
    }
    let mut commits: BTreeMap<String, bool> = BTreeMap::new();
    for (folder, files) in &folders {
        let (commit, dirty) = told(&ask(folder, files).await?)?;
        *commits.entry(commit).or_default() |= dirty;
    }
    let words = |(commit, dirty)| if dirty { format!("{commit}-dirty") } else { commit };
    let revision = commits.into_iter().map(words).collect::<Vec<_>>().join(", ");
    (!revision.is_empty()).then_some(revision)
}

/// What `git status` says of some files of one folder. It changes nothing, runs no hook and fetches nothing.
async fn ask(folder: &Path, files: &BTreeSet<PathBuf>) -> Option<String> {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(["--no-optional-locks", "--literal-pathspecs"])
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
        .args(["status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--ignore-submodules=all"])
        // A file that is ignored is in no commit either.
        .args(["--untracked-files=all", "--ignored=matching", "--"])
        .args(files)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    for name in ITS_OWN {
        command.env_remove(name);
    }
    let output = command.output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The commit, and whether a file differs from it. Nothing before the first commit.
fn told(status: &str) -> Option<(String, bool)> {
    let commit = status.lines().find_map(|line| line.strip_prefix("# branch.oid "))?;
    let is_commit = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let dirty = status.lines().any(|line| !line.starts_with("# "));
    is_commit.then(|| (commit.to_owned(), dirty))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "c3576598f0c6d1a4c9f3a5f1a4d1e2b3c4d5e6f7";

    #[test]
    fn a_status_without_files_is_clean_and_any_file_in_it_is_not() {
        let head = format!("# branch.oid {COMMIT}\n# branch.head main\n");
        assert_eq!(told(&head), Some((COMMIT.to_owned(), false)));
        for line in ["1 .M N... 100644 100644 100644 a b job.yaml", "? job.yaml", "! job.yaml"] {
            assert_eq!(told(&format!("{head}{line}\n")), Some((COMMIT.to_owned(), true)), "{line}");
        }
    }

    #[test]
    fn before_the_first_commit_there_is_no_revision() {
        for text in ["", "# branch.oid (initial)\n# branch.head main\n? job.yaml\n", "# branch.oid \n"] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
