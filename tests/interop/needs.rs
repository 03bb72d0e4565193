//! The programs from elsewhere: which there are, where they are found, and what to say where they are not.
//! `setup.sh` beside this file installs them.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A program from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A client on top of libmodbus.
    Mbpoll,
    /// A client and a server in Python.
    Pymodbus,
    /// Makes pseudo-terminals.
    Socat,
}

impl Need {
    fn is_there(self) -> bool {
        match self {
            Self::Mbpoll => runs("mbpoll", "-V"),
            Self::Pymodbus => python().exists() && venv().join("requirements.txt").exists(),
            Self::Socat => runs("socat", "-V"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Mbpoll => "mbpoll",
            Self::Pymodbus => "pymodbus",
            Self::Socat => "socat",
        }
    }
}

/// Those that are not installed.
pub fn missing(needed: &[Need]) -> Vec<Need> {
    needed.iter().copied().filter(|need| !need.is_there()).collect()
}

/// Whether a test that cannot be run has failed.
pub fn required() -> bool {
    env::var_os("METERFERRY_INTEROP").is_some_and(|value| value == "required")
}

/// What to do about those that are missing.
pub fn wanted(missing: &[Need]) -> String {
    let names: Vec<_> = missing.iter().map(|need| need.name()).collect();
    format!("needs {}; tests/interop/setup.sh installs it", names.join(" and "))
}

/// A script of this folder, with the interpreter that has pymodbus.
pub fn script(name: &str) -> Command {
    let mut command = Command::new(python());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name));
    command
}

fn python() -> PathBuf {
    venv().join("bin/python")
}

/// Below the target folder, where `setup.sh` puts it.
fn venv() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("interop").join("venv")
}

fn runs(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}
