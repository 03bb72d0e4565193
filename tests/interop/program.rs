//! Our program against two meters that pymodbus serves: what those hold afterwards is the witness.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Test,
    child::{Speaking, Speaks},
    needs::{self, Need},
    pty::Pty,
    support::{Ended, finish, meterferry},
};

/// What the old meter shows: 1,234,567 Wh and so on, with a negative total among them.
const COUNTED: [i16; 28] = [
    4567, 123, 0, 0, 89, 40, 0, 0, 1, 200, 0, 0, 0, 0, 0, 0, -5434, -76, 0, 0, 89, 40, 0, 0, 7890, 3456, 1, 0,
];

/// The write of 6209, and the old meter's energies, as `meters.py` names requests.
const COMMAND: &str = "write:2:8000";
const READING: &str = "read:1:1700";
/// How long our program waits for an answer.
const REQUEST_TIMEOUT: &str = "400ms";
/// Later than that: while our program listens whether the line is silent.
const SOON: f32 = 0.6;
/// Later still: when it has begun to ask again.
const LATER: f32 = 1.0;

pub fn tests() -> Vec<Test> {
    use Transport::{Rtu, RtuOverTcp, Tcp};
    vec![
        whole("program::a_whole_transfer_over_tcp", Tcp),
        whole("program::a_whole_transfer_over_rtu_over_tcp", RtuOverTcp),
        whole("program::a_whole_transfer_on_a_serial_line", Rtu),
        late("program::a_late_echo_of_the_command_over_tcp", Tcp, COMMAND, SOON),
        late("program::a_late_reading_over_tcp", Tcp, READING, SOON),
        late("program::a_late_echo_of_the_command_over_rtu_over_tcp", RtuOverTcp, COMMAND, SOON),
        late("program::a_late_echo_of_the_command_on_a_serial_line", Rtu, COMMAND, SOON),
        late("program::a_late_reading_on_a_serial_line", Rtu, READING, SOON),
        late("program::a_very_late_echo_of_the_command_on_a_serial_line", Rtu, COMMAND, LATER),
        late("program::a_very_late_reading_on_a_serial_line", Rtu, READING, LATER),
    ]
}

fn whole(name: &'static str, transport: Transport) -> Test {
    Test(name, transport.needs(), Box::new(move || reads_plans_and_runs(transport)))
}

fn late(name: &'static str, transport: Transport, request: &str, seconds: f32) -> Test {
    let late = format!("{request}={seconds}");
    Test(name, transport.needs(), Box::new(move || survives_a_late_answer(transport, &late)))
}

/// How our program reaches the meters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Tcp,
    RtuOverTcp,
    Rtu,
}

impl Transport {
    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Tcp | Self::RtuOverTcp => &[Need::Pymodbus],
            Self::Rtu => &[Need::Pymodbus, Need::Socat],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::RtuOverTcp => "rtu-over-tcp",
            Self::Rtu => "rtu",
        }
    }
}

/// The meters, and a folder for our program.
struct Scene {
    meters: Speaking,
    transport: Transport,
    /// A port of 127.0.0.1, or a device.
    place: String,
    home: TempDir,
    _line: Option<Pty>,
}

impl Scene {
    fn new(transport: Transport, late: Option<&str>) -> Self {
        let line = (transport == Transport::Rtu).then(Pty::pair);
        let mut command = needs::script("meters.py");
        command.args([transport.name(), "--energies", &json!(COUNTED.map(i16::cast_unsigned)).to_string()]);
        command.args(late.iter().flat_map(|late| ["--late", late]));
        command.args(line.iter().flat_map(|line| ["--device".into(), line.far()]));
        let meters = Speaking::start(command, Speaks::Stdout);
        let ready = meters.line();
        let place = match &line {
            Some(line) => line.near().to_str().unwrap().to_owned(),
            None => ready.strip_prefix("ready ").unwrap().to_owned(),
        };
        let scene = Self { meters, transport, place, home: tempfile::tempdir().unwrap(), _line: line };
        fs::write(scene.job(), scene.job_text()).unwrap();
        scene
    }

    fn job(&self) -> PathBuf {
        self.home.path().join("job.yaml")
    }

    fn job_text(&self) -> String {
        let place = &self.place;
        let gateway = match self.transport {
            Transport::Tcp => format!("transport: tcp, host: 127.0.0.1, port: {place}"),
            Transport::RtuOverTcp => format!("transport: rtu-over-tcp, host: 127.0.0.1, port: {place}"),
            Transport::Rtu => format!("transport: rtu, device: {place}, baud: 19200, parity: none"),
        };
        format!(
            "
version: 1
campaign: elsewhere
defaults:
  verify: {{ tolerance: 0 Wh, max_load: 250 kVA }}
  retry: {{ attempts: 4, backoff: 10ms, max_backoff: 20ms }}
  settle: 500ms
  gateway: {{ request_timeout: {REQUEST_TIMEOUT} }}
gateways:
  line: {{ {gateway} }}
transfers:
  - id: only
    source: {{ model: CM4000, gateway: line, unit: 1, serial_number: 40000001 }}
    target: {{ model: PM800, gateway: line, unit: 2, serial_number: 11000002 }}
"
        )
    }

    /// A command on the job, with a ledger of this scene's own.
    fn on_job(&self, command: &str, further: &[&str]) -> Ended {
        let state = self.home.path().join("ledger");
        let mut command = meterferry(self.home.path(), [command]);
        command.arg(self.job()).args(further).args(["--format", "json", "--state-dir"]).arg(state);
        finish(command)
    }

    fn make_ledger(&self) {
        let mut command = meterferry(self.home.path(), ["ledger", "init", "--state-dir"]);
        command.arg(self.home.path().join("ledger"));
        finish(command).exits(0);
    }

    /// A command on one meter.
    fn read(&self, unit: u8, model: &str) -> Value {
        let (place, unit) = (self.place.as_str(), unit.to_string());
        let socket = format!("127.0.0.1:{place}");
        let mut command = meterferry(self.home.path(), ["read", "--unit", &unit, "--model", model]);
        match self.transport {
            Transport::Tcp => command.args(["--host", &socket]),
            Transport::RtuOverTcp => command.args(["--host", &socket, "--transport", "rtu-over-tcp"]),
            Transport::Rtu => command.args(["--device", place, "--baud", "19200", "--parity", "none"]),
        };
        command.args(["--format", "json"]);
        finish(command).exits(0).json()
    }

    /// What the meters themselves say.
    fn dump(&mut self) -> Value {
        self.meters.say("dump");
        serde_json::from_str(&self.meters.line()).unwrap()
    }

    /// That the target holds what the source shows, by one command, and that nobody wrote to the source or outside
    /// the mailbox.
    #[track_caller]
    fn assert_carried_once(&mut self) {
        let all = self.dump();
        let (source, target) = (&all["meters"]["1"], &all["meters"]["2"]);
        let counted = json!(COUNTED.map(i16::cast_unsigned));
        assert_eq!((&source["energies"], &target["energies"]), (&counted, &counted));
        assert_eq!(source["writes"], json!([]));
        assert_eq!(target["commands"], json!([[6209, 0]]));
        for write in target["writes"].as_array().unwrap() {
            let (first, count) = (write[0].as_u64().unwrap(), write[1].as_u64().unwrap());
            assert!(first >= 8000 && first + count <= 8150, "{write}");
        }
    }
}

fn reads_plans_and_runs(transport: Transport) {
    let mut scene = Scene::new(transport, None);
    let old = scene.read(1, "CM4000");
    assert_eq!(old["serial_number"], 40_000_001, "{old:#}");
    assert_eq!(old["registers"], json!(COUNTED), "{old:#}");
    let plan = scene.on_job("plan", &[]).exits(0).json();
    assert_eq!(plan["transfers"][0]["would"], "transfer", "{plan:#}");
    assert_eq!(scene.dump()["meters"]["2"]["writes"], json!([]), "a plan only looks");
    scene.make_ledger();
    let run = scene.on_job("run", &["--yes"]).exits(0).json();
    assert_eq!(run["counts"]["done"], 1, "{run:#}");
    scene.assert_carried_once();
    let again = scene.on_job("run", &["--yes"]).exits(0).json();
    assert_eq!(again["counts"]["already_done"], 1, "{again:#}");
    scene.assert_carried_once();
}

fn survives_a_late_answer(transport: Transport, late: &str) {
    let mut scene = Scene::new(transport, Some(late));
    scene.make_ledger();
    let run = scene.on_job("run", &["--yes"]).exits(0).json();
    assert_eq!(run["counts"]["done"], 1, "{run:#}");
    assert_eq!(scene.dump()["late"], Value::Null, "the answer was late");
    scene.assert_carried_once();
}
