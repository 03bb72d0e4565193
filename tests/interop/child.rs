//! Child processes that say when they are ready, and do not outlive their test.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

/// No line is waited for any longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(30);

/// Which of its streams a child speaks on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    Stdout,
    Stderr,
}

/// A child that speaks in lines.
pub struct Speaking {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Speaking {
    pub fn start(mut command: Command, speaks: Speaks) -> Self {
        command.stdin(Stdio::piped());
        match speaks {
            Speaks::Stdout => command.stdout(Stdio::piped()).stderr(Stdio::inherit()),
            Speaks::Stderr => command.stderr(Stdio::piped()).stdout(Stdio::null()),
        };
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take();
        let lines = match speaks {
            Speaks::Stdout => lines(child.stdout.take().unwrap()),
            Speaks::Stderr => lines(child.stderr.take().unwrap()),
        };
        Self { child, stdin, lines }
    }

    /// The next line.
    #[track_caller]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("the child says no more: {error}"))
    }

    /// The next line that has this in it.
    #[track_caller]
    pub fn line_with(&self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Says a line.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
        stdin.flush().unwrap();
    }
}

impl Drop for Speaking {
    fn drop(&mut self) {
        let _it_may_have_ended = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
