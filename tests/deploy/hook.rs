//! The git hook, in a repository of its own: a wrong job is not committed, and what counts is what would be committed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::files::root;

struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        assert!(repository.git(&["init", "--quiet"]));
        let hooks = repository.0.path().join(".git/hooks");
        fs::create_dir_all(&hooks).unwrap();
        fs::copy(root().join("deploy/git/pre-commit"), hooks.join("pre-commit")).unwrap();
        repository
    }

    fn git(&self, arguments: &[&str]) -> bool {
        let program = Path::new(env!("CARGO_BIN_EXE_meterferry")).parent().unwrap().to_path_buf();
        let others = env::var_os("PATH").unwrap_or_default();
        let path: Vec<PathBuf> = [program].into_iter().chain(env::split_paths(&others)).collect();
        Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.com"])
            .args(arguments)
            .current_dir(self.0.path())
            .env("PATH", env::join_paths(path).unwrap())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self) -> bool {
        self.git(&["commit", "--quiet", "--message", "jobs"])
    }
}

fn job() -> String {
    fs::read_to_string(root().join("jobs/single.yaml")).unwrap()
}

fn wrong() -> String {
    let wrong = job().replace("unit: 1", "unit: 0");
    assert_ne!(wrong, job());
    wrong
}

#[test]
fn a_wrong_job_is_not_committed_and_a_right_one_is() {
    let repository = Repository::new();
    repository.write("site/one.yaml", &wrong());
    assert!(repository.git(&["add", "."]));
    assert!(!repository.commit());
    repository.write("site/one.yaml", &job());
    assert!(!repository.commit(), "what is in the index is still wrong");
    assert!(repository.git(&["add", "."]));
    repository.write("site/one.yaml", &wrong());
    assert!(repository.commit(), "what is in the index is right");
}

#[test]
fn other_files_and_a_folder_that_goes_away_are_not_its_business() {
    let repository = Repository::new();
    repository.write("notes.yaml", "- a\n");
    assert!(repository.git(&["add", "."]) && repository.commit());
    repository.write("meters/one.yaml", &wrong());
    assert!(repository.git(&["config", "meterferry.jobs", "meters"]) && repository.git(&["add", "."]));
    assert!(!repository.commit(), "the folder is the one that git was told");
    repository.write("meters/one.yaml", &job());
    assert!(repository.git(&["add", "."]) && repository.commit());
    assert!(repository.git(&["rm", "-r", "--quiet", "meters"]) && repository.commit());
}
