//! A folder for one test: its home, its ledger, its files; and the commands that are run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Ended, finish, meterferry, wait};

/// A test's own folder. Goes away with it.
pub struct Bench(TempDir);

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The same as text, for an argument.
    pub fn at(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.at(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        meterferry(self.0.path(), arguments)
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        finish(self.command(arguments))
    }

    /// Starts a command that the test goes on beside.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.command(arguments).spawn().unwrap().into()
    }

    /// The arguments that lead to the ledger of this test and the gateways in `map.json`.
    pub fn mapped<'a>(&'a self, command: &'a str, job: &'a str) -> Vec<String> {
        let state = self.at("ledger");
        let map = self.at("map.json");
        [command, job, "--state-dir", &state, "--simulated-gateways", &map, "--format", "json"]
            .map(str::to_owned)
            .to_vec()
    }

    /// `run` or `plan` on the gateways of `map.json`, with JSON.
    pub fn on_map(&self, command: &str, job: &str, further: &[&str]) -> Ended {
        let arguments = self.mapped(command, job);
        let all: Vec<_> = arguments.iter().map(String::as_str).chain(further.iter().copied()).collect();
        self.run(&all)
    }
}

/// A child process that does not outlive its test.
pub struct Running(Option<Child>);

impl Running {
    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        let id = self.0.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).stderr(Stdio::null()).status();
        assert!(sent.unwrap().success(), "kill -s {name} {id}");
    }

    /// SIGKILL. The child may have ended by itself.
    pub fn kill(mut self) {
        let mut child = self.0.take().unwrap();
        child.kill().unwrap();
        wait(child);
    }

    pub fn wait(mut self) -> Ended {
        wait(self.0.take().unwrap())
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_some()
    }
}

impl From<Child> for Running {
    fn from(child: Child) -> Self {
        Self(Some(child))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// `meterferry simulate` as a child process; its map is `map.json` of the bench.
pub struct Simulator {
    running: Running,
    audit: PathBuf,
}

impl Simulator {
    pub fn start(bench: &Bench, job: &str, latency: &str) -> Self {
        let (map, audit) = (bench.at("map.json"), bench.at("audit.json"));
        let arguments =
            ["simulate", job, "--map-out", &map, "--audit-out", &audit, "--simulated-latency", latency];
        let mut running = bench.start(&arguments);
        until("the map is written", || {
            assert!(!running.has_ended(), "the simulator ended");
            Path::new(&map).exists()
        });
        Self { running, audit: audit.into() }
    }

    /// Stops it and gives what it saw, a meter each.
    pub fn stop(self) -> Vec<Value> {
        self.running.signal("TERM");
        self.running.wait().exits(0);
        serde_json::from_str(&fs::read_to_string(self.audit).unwrap()).unwrap()
    }
}

/// Waits until something has become true, and fails where it never does.
#[track_caller]
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(30), "in vain: {what}");
        thread::sleep(Duration::from_millis(3));
    }
}

/// The transfer of this id in a result.
#[track_caller]
pub fn transfer<'a>(result: &'a Value, id: &str) -> &'a Value {
    let mut all = result["transfers"].as_array().unwrap().iter();
    all.find(|transfer| transfer["id"] == id).unwrap_or_else(|| panic!("{id} is not in {result:#}"))
}

/// That a result has this many of one outcome and nothing else, and that the counts add up.
#[track_caller]
pub fn assert_all(result: &Value, outcome: &str, number: usize) {
    assert_eq!(result["counts"][outcome], number, "{:#}\n{:#}", result["counts"], result["transfers"]);
    assert_adds_up(result);
    assert_eq!(result["counts"]["total"], number);
}

/// That every transfer has one outcome, and that the counts say the same.
#[track_caller]
pub fn assert_adds_up(result: &Value) {
    let transfers = result["transfers"].as_array().unwrap();
    assert_eq!(result["counts"]["total"], transfers.len());
    for (outcome, count) in result["counts"].as_object().unwrap().iter().filter(|(key, _)| *key != "total") {
        let number = transfers.iter().filter(|transfer| transfer["outcome"] == **outcome).count();
        assert_eq!(*count, number, "{outcome}");
    }
}

/// That every target of a job was preset exactly once, and that no client did what no client may.
#[track_caller]
pub fn assert_preset_once(audits: &[Value], transfers: &Value) {
    for audit in audits {
        assert_eq!(audit["audit"]["violations"], Value::Array(Vec::new()), "{audit:#}");
    }
    let transfers = transfers["transfers"].as_array().unwrap();
    assert_eq!(audits.len(), 2 * transfers.len());
    for transfer in transfers {
        let meter = |role: &str| {
            let (address, unit) = (&transfer[role]["address"], &transfer[role]["unit"]);
            let mut all = audits.iter();
            all.find(|audit| audit["gateway"] == *address && audit["unit"] == *unit).unwrap()
        };
        let (source, target) = (meter("source_meter"), meter("target_meter"));
        let id = &transfer["id"];
        assert_eq!(target["effective_commits"], 1, "{id}: {target:#}");
        assert_eq!(source["writes"], 0, "{id}: a source was written to");
        for (place, (was, is)) in energies(source).into_iter().zip(energies(target)).enumerate() {
            // Simulated targets consume 20 kW: in ten minutes that is 3.4 kWh.
            assert!((0..3_400).contains(&(is - was)), "{id}: energy {place} was {was}, is {is}");
        }
    }
}

fn energies(audit: &Value) -> Vec<i64> {
    audit["energies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|energy| energy.as_str().unwrap().parse().unwrap())
        .collect()
}

/// The value of one energy in readings.
#[track_caller]
pub fn value(readings: &Value, quantity: &str) -> i64 {
    readings[quantity]["value"].as_str().unwrap().parse().unwrap()
}
