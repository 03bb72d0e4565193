//! A headless Chromium of one test's own, spoken to by its DevTools protocol. Knows nothing of reports.

use std::{
    io::{BufRead, BufReader},
    net::TcpStream,
    process::{Child, ChildStderr, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket, client};

/// No answer takes longer, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

const PROGRAM: &str = "chromium";

/// No window, no first-run pages, and nothing of its own to ask the network.
const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
];

/// Whether there is one.
pub fn is_there() -> bool {
    let mut command = Command::new(PROGRAM);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The browser. It does not outlive its test.
pub struct Chromium {
    child: Child,
    socket: WebSocket<TcpStream>,
    last: u64,
    /// What it told without being asked.
    pub events: Vec<Value>,
    _profile: TempDir,
}

impl Chromium {
    pub fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(PROGRAM)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let address = address(child.stderr.take().unwrap());
        let host = address.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap();
        let stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let (socket, _) = client(&address, stream).unwrap();
        Self { child, socket, last: 0, events: Vec::new(), _profile: profile }
    }

    /// Calls a method and gives its result.
    #[track_caller]
    pub fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut request = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = session {
            request["sessionId"] = session.into();
        }
        self.socket.send(Message::text(request.to_string())).unwrap();
        loop {
            let mut message = self.next();
            if message["id"] == self.last {
                assert!(message.get("error").is_none(), "{method}: {message:#}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Waits for an event, which may have been told already.
    pub fn wait_for(&mut self, method: &str) {
        while !self.events.iter().any(|event| event["method"] == method) {
            let event = self.next();
            self.events.push(event);
        }
    }

    fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("an answer within the deadline") {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where it listens, which is the first thing it says; what it says later is read and dropped.
fn address(stderr: ChildStderr) -> String {
    let mut lines = BufReader::new(stderr).lines();
    let said = "DevTools listening on ";
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix(said).map(str::to_owned))
        .expect("Chromium says where it listens");
    thread::spawn(move || lines.for_each(drop));
    address
}
