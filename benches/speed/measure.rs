//! A process from its start to its end: how long, how much CPU, how much memory, and what it wrote.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use wait4::Wait4;

/// What a process took.
#[derive(Debug, Clone)]
pub struct Took {
    pub wall: Duration,
    /// User and system together.
    pub cpu: Duration,
    /// Bytes, at the most.
    pub memory: u64,
    pub stdout: PathBuf,
    pub stderr: PathBuf,
}

/// Runs a command to its end. Its output goes to files in `folder`, so that nobody has to read along. It must exit with
/// one of `codes`.
pub fn run(command: &mut Command, folder: &Path, codes: &[i32]) -> Took {
    let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
    command
        .stdin(Stdio::null())
        .stdout(File::create(&stdout).unwrap())
        .stderr(File::create(&stderr).unwrap());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    let end = child.wait4().unwrap();
    let wall = began.elapsed();
    let code = end.status.code();
    assert!(
        code.is_some_and(|code| codes.contains(&code)),
        "{code:?} from {command:?}:\n{}",
        fs::read_to_string(&stderr).unwrap()
    );
    let cpu = end.rusage.utime + end.rusage.stime;
    Took { wall, cpu, memory: end.rusage.maxrss, stdout, stderr }
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
