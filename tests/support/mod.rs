//! Runs the program as a user would: a child process with a deadline, and an environment of its own.
//! Knows nothing of meters.

use std::{
    ffi::OsStr,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// No command of these tests takes longer, however busy the machine is: a hang fails instead of blocking.
const DEADLINE: Duration = Duration::from_secs(60);

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; nothing if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Ended {
    /// That it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// What it wrote to stdout as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

/// The program with these arguments; everything it may write by default goes into `home`.
pub fn meterferry(home: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterferry"));
    command
        .args(arguments)
        .env("HOME", home)
        .env("XDG_STATE_HOME", home.join("xdg"))
        .env("METERFERRY_STATE_DIR", home.join("state"))
        .env("NO_COLOR", "1")
        .env_remove("METERFERRY_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it to its end.
#[track_caller]
pub fn finish(mut command: Command) -> Ended {
    wait(command.spawn().expect("the program was built"))
}

/// Waits for the end of a child, and kills it when its time is over.
#[track_caller]
pub fn wait(mut child: Child) -> Ended {
    let stdout = child.stdout.take().map(|pipe| thread::spawn(|| read(pipe)));
    let stderr = child.stderr.take().map(|pipe| thread::spawn(|| read(pipe)));
    let begun = Instant::now();
    let mut overdue = false;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        if begun.elapsed() > DEADLINE && !overdue {
            overdue = true;
            child.kill().expect("a child can be killed");
        }
        thread::sleep(Duration::from_millis(3));
    };
    let text = |reader: Option<thread::JoinHandle<String>>| {
        reader.map(|reader| reader.join().expect("the reader reads")).unwrap_or_default()
    };
    let ended = Ended { code: status.code(), stdout: text(stdout), stderr: text(stderr) };
    assert!(!overdue, "killed after {DEADLINE:?}: {ended:#?}");
    ended
}

fn read(mut pipe: impl Read) -> String {
    let mut bytes = Vec::new();
    // What could be read until then is all there is.
    let _ = pipe.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
