//! One play: a fresh fleet of meters in a process of its own, and somebody who does the transfers.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    fleet::Testimony,
    frames,
    measure::{self, Took},
    shape::{self, Place, Shape},
};

/// A folder on a disk, and the site that is played in it.
pub struct Stage {
    shape: Shape,
    folder: TempDir,
}

/// What `run --format json` says, as far as it matters here.
#[derive(Debug, Deserialize)]
pub struct Run {
    pub elapsed_ms: f64,
    pub transfers: Vec<Transfer>,
}

#[derive(Debug, Deserialize)]
pub struct Transfer {
    pub id: String,
    pub outcome: String,
}

impl Run {
    pub fn of(took: &Took) -> Self {
        serde_json::from_reader(BufReader::new(fs::File::open(&took.stdout).unwrap())).unwrap()
    }

    pub fn done(&self) -> usize {
        self.transfers.iter().filter(|transfer| transfer.outcome == "done").count()
    }
}

/// What the ledger wrote in a run, by its own log line.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Ledger {
    pub transactions: u64,
    pub facts: u64,
    pub largest: u64,
}

impl Ledger {
    pub fn of(took: &Took) -> Self {
        let lines = BufReader::new(fs::File::open(&took.stderr).unwrap()).lines();
        let mut found = lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
        found.next().expect("the ledger logs what it wrote when it is closed")
    }
}

impl Stage {
    pub fn new(shape: Shape) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::write(folder.path().join("job.yaml"), shape.job()).unwrap();
        Self { shape, folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The bare client, on fresh meters. Also how long it worked once its frames were made, ms.
    pub fn bare(&self, at_a_time: usize) -> (Took, f64) {
        let fleet = Fleet::start(self);
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("bare").arg(self.shape_text()).arg(self.path("map.json")).arg(at_a_time.to_string());
        let took = measure::run(&mut command, self.folder.path(), &[0]);
        fleet.end(&self.shape);
        let worked = fs::read_to_string(&took.stdout).unwrap().trim().parse().unwrap();
        (took, worked)
    }

    /// meterferry, on fresh meters and with a fresh ledger.
    pub fn run(&self, at_a_time: Option<usize>, further: &[&str], codes: &[i32]) -> (Took, Testimony) {
        let state = self.path("state");
        let _ = fs::remove_dir_all(&state);
        let init =
            meterferry(&["ledger", "init", "--simulated", "--state-dir"]).arg(&state).output().unwrap();
        assert!(init.status.success(), "{init:?}");
        let fleet = Fleet::start(self);
        let mut command = meterferry(&["run", "--quiet", "--format", "json", "--log-format", "json"]);
        command.args(["--log", "error,meterferry::ledger=debug"]).args(further);
        command.arg(self.path("job.yaml")).arg("--state-dir").arg(&state);
        command.arg("--simulated-gateways").arg(self.path("map.json"));
        if let Some(number) = at_a_time {
            command.args(["-j", &number.to_string()]);
        }
        let took = measure::run(&mut command, self.folder.path(), codes);
        (took, fleet.end(&self.shape))
    }

    /// Another command of meterferry's, on the job.
    pub fn offline(&self, command: &str) -> Took {
        let mut command = meterferry(&[command]);
        command.arg(self.path("job.yaml"));
        measure::run(&mut command, self.folder.path(), &[0])
    }

    /// That the bare client's frames are those that meterferry sends: by its trace of some transfers, meter by meter and
    /// apart from the transaction number.
    pub fn check_frames() {
        let shape = Shape { transfers: 3, gateways: 2, ..Shape::default() };
        let stage = Self::new(shape);
        let trace = stage.path("trace");
        stage.run(None, &["--trace", trace.to_str().unwrap()], &[0]);
        let text = fs::read_to_string(trace).unwrap();
        let sent = |host: &str, place: Place| -> Vec<String> {
            let unit = place.unit.to_string();
            let words = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
            let to = words.filter(|words| words[1].starts_with(host) && words[3] == unit && words[4] == ">");
            to.map(|words| words[5][4..].to_owned()).collect()
        };
        for transfer in 0..shape.transfers {
            let requests = frames::of(&shape, transfer);
            for place in [shape.source(transfer), shape.target(transfer)] {
                let ours = sent(&shape::host(place.gateway), place);
                let bare = requests.iter().filter(|request| request.to == place);
                let bare: Vec<_> = bare.map(|request| hex(&request.frame[2..])).collect();
                assert_eq!(ours, bare, "frames to {place:?}");
            }
        }
    }

    fn shape_text(&self) -> String {
        serde_json::to_string(&self.shape).unwrap()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn meterferry(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meterferry"));
    command.args(arguments).env_remove("METERFERRY_LOG");
    command
}

/// The meters' process.
struct Fleet(Child);

impl Fleet {
    fn start(stage: &Stage) -> Self {
        let map = stage.path("map.json");
        let _ = fs::remove_file(&map);
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg("fleet").arg(stage.shape_text()).arg(&map);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        wait_for(&map, &mut child);
        Self(child)
    }

    /// Ends it. Every healthy target must have been preset, once, with the right energies.
    fn end(mut self, shape: &Shape) -> Testimony {
        drop(self.0.stdin.take());
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        self.0.wait().unwrap();
        let testimony: Testimony = serde_json::from_str(&text).unwrap();
        assert_eq!((testimony.right, testimony.wrong), (shape.healthy(), 0), "{testimony:?}");
        assert_eq!(testimony.violations, 0, "{testimony:?}");
        testimony
    }
}

/// A bench that fails leaves no meters behind.
impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for(file: &Path, child: &mut Child) {
    while !file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the meters' process ended");
        thread::sleep(Duration::from_millis(2));
    }
}
