//! Pseudo-terminals by socat, in place of serial lines.

use std::{
    fs::{File, OpenOptions},
    net::SocketAddr,
    path::PathBuf,
    process::Command,
};

use tempfile::TempDir;

use crate::child::{Speaking, Speaks};

/// A terminal that leads somewhere.
pub struct Pty {
    _socat: Speaking,
    /// A line stays when a program closes its port; socat would end.
    _kept_open: Vec<File>,
    folder: TempDir,
}

impl Pty {
    /// A terminal that leads to a socket: a serial device server, seen from the other side.
    pub fn to(socket: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let far = format!("TCP:{socket},nodelay");
        Self::start(folder, &far, &["near"])
    }

    /// Two terminals that lead to each other: one line.
    pub fn pair() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let far = terminal(folder.path().join("far"));
        Self::start(folder, &far, &["near", "far"])
    }

    fn start(folder: TempDir, far: &str, ends: &[&str]) -> Self {
        let mut command = Command::new("socat");
        command.args(["-d", "-d", &terminal(folder.path().join("near")), far]);
        let socat = Speaking::start(command, Speaks::Stderr);
        socat.line_with("starting data transfer loop");
        let open =
            |end: &&str| OpenOptions::new().read(true).write(true).open(folder.path().join(end)).unwrap();
        Self { _socat: socat, _kept_open: ends.iter().map(open).collect(), folder }
    }

    /// The terminal for the program that asks.
    pub fn near(&self) -> PathBuf {
        self.folder.path().join("near")
    }

    /// The terminal for the program that answers.
    pub fn far(&self) -> PathBuf {
        self.folder.path().join("far")
    }
}

fn terminal(link: PathBuf) -> String {
    format!("PTY,raw,echo=0,link={}", link.display())
}
