//! A machine as the README supposes it, in a folder: a home, job files, programs by their names, and meters that are
//! simulated. Knows nothing of the examples.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{Ended, finish, wait};

const PROGRAM: &str = env!("CARGO_BIN_EXE_meterferry");

/// Folders of job files in the examples, and what of `jobs/` is in them.
const FOLDERS: [(&str, &str); 3] =
    [("site", "demo.yaml"), ("etc/meterferry/jobs", "single.yaml"), ("etc/meterferry/north", "typed.yaml")];

/// A serial number that the demo job shares with the job that the reader writes: here each meter is in one of them.
const SHARED: (&str, &str) = ("11000126", "11000199");

pub struct Scratch {
    folder: tempfile::TempDir,
    served: Vec<Child>,
}

impl Scratch {
    pub fn new() -> Self {
        let scratch = Self { folder: tempfile::tempdir().unwrap(), served: Vec::new() };
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&repository.join("jobs"), &scratch.path("jobs"));
        copy(&repository.join("tests/evidence"), &scratch.path("tests/evidence"));
        for (folder, file) in FOLDERS {
            let text = fs::read_to_string(repository.join("jobs").join(file)).unwrap();
            fs::create_dir_all(scratch.path(folder)).unwrap();
            fs::write(scratch.path(folder).join(file), text.replace(SHARED.0, SHARED.1)).unwrap();
        }
        for folder in ["bin", "var/lib/meterferry", "var/lib/node_exporter", "etc/meterferry"] {
            fs::create_dir_all(scratch.path(folder)).unwrap();
        }
        for name in ["meterferry", "cargo"] {
            fs::copy(repository.join(format!("tests/readme/{name}.sh")), scratch.path("bin").join(name))
                .unwrap();
        }
        scratch.shell("meterferry ledger init --state-dir var/lib/meterferry").exits(0);
        scratch.shell("cd /etc/meterferry && git init -q && git config user.name r && git config user.email r@example.com").exits(0);
        scratch
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Serves the meters of these jobs, each apart, for the commands that want real ones.
    pub fn serve(&mut self, jobs: &[&str]) {
        let mut gateways = serde_json::Map::new();
        for (number, job) in jobs.iter().enumerate() {
            let map = self.path(&format!("served-{number}.json"));
            let mut command = Command::new(PROGRAM);
            command.arg("simulate").arg(self.path(job)).arg("--map-out").arg(&map);
            command.arg("--audit-out").arg(self.path(&format!("audit-{number}.json")));
            self.served.push(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
            let begun = Instant::now();
            while !map.exists() {
                assert!(begun.elapsed() < Duration::from_secs(30), "the meters of {job} are not served");
                thread::sleep(Duration::from_millis(10));
            }
            let map: Value = serde_json::from_str(&fs::read_to_string(map).unwrap()).unwrap();
            gateways.extend(map["gateways"].as_object().unwrap().clone());
        }
        let map = serde_json::json!({ "format_version": 1, "gateways": gateways });
        fs::write(self.path("served.json"), map.to_string()).unwrap();
    }

    /// Stops the served meters: how many presets took effect in each, and whether anything forbidden was asked.
    pub fn presets(&mut self) -> Vec<u64> {
        let children = std::mem::take(&mut self.served);
        let audits = children.into_iter().enumerate().map(|(number, child)| {
            finish({
                let mut kill = Command::new("kill");
                kill.arg(child.id().to_string());
                kill
            })
            .exits(0);
            wait(child).exits(0);
            let audit = fs::read_to_string(self.path(&format!("audit-{number}.json"))).unwrap();
            serde_json::from_str::<Vec<Value>>(&audit).unwrap()
        });
        let meters: Vec<_> = audits.flatten().collect();
        for meter in &meters {
            assert_eq!(meter["audit"]["violations"], Value::Array(Vec::new()), "{meter:#}");
        }
        meters.iter().map(|meter| meter["effective_commits"].as_u64().unwrap()).collect()
    }

    /// Runs a script in the folder. Absolute paths of the examples are below it.
    pub fn shell(&self, script: &str) -> Ended {
        let below = |path: &str| format!("{}{path}", self.folder.path().display());
        let script = ["/etc/meterferry", "/var/lib/"].iter().fold(script.to_owned(), |script, path| {
            script.replace(&format!(" {path}"), &format!(" {}", below(path)))
        });
        let others = env::var_os("PATH").unwrap_or_default();
        let path = [self.path("bin")].into_iter().chain(env::split_paths(&others));
        let mut command = Command::new("bash");
        command
            .args(["-c", &script])
            .current_dir(self.folder.path())
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("README_PROGRAM", PROGRAM)
            .env("README_METERS", self.path("served.json"))
            .env("README_PIDS", self.path("pids"))
            .env_remove("XDG_STATE_HOME")
            .env_remove("METERFERRY_STATE_DIR")
            .env_remove("METERFERRY_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(command)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for child in &mut self.served {
            let _ = child.kill();
            let _ = child.wait();
        }
        for pid in fs::read_to_string(self.path("pids")).unwrap_or_default().lines() {
            if let Ok(child) = Command::new("kill").arg(pid).spawn() {
                wait(child);
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}
