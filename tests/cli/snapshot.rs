//! Snapshots: taken by cron, kept in a folder, carried when a meter died or lost its energies. What the simulated meters
//! hold and saw is the judge.

use std::{fs, path::PathBuf};

use meterferry::{
    meter::{Model, Readings},
    simulator::{self, Device, Energies},
    snapshot::{self, MeterKind, Proof, Snapshot},
};
use serde_json::Value;

use crate::{
    bench::{Bench, assert_all, transfer},
    job::{OPTIONS, single},
    meters::{COUNTED, Meters, SOURCE, TARGET, source, target},
    support::Ended,
};

/// What the meter has counted a day later.
const LATER: Energies = [1_244_567, 403_000, 0, 0, 1_244_567, 403_000, 1_310_000];

/// Takes snapshots into the folder `kept` of the bench.
fn take(bench: &Bench, job: &str, further: &[&str]) -> Ended {
    let (map, to) = (bench.at("map.json"), bench.at("kept"));
    let arguments = ["snapshot", job, "--to", &to, "--simulated-gateways", &map];
    bench.run(&[&arguments[..], further].concat())
}

/// The snapshots in the folder, sorted by name.
fn kept(bench: &Bench) -> Vec<PathBuf> {
    let Ok(entries) = bench.path("kept").read_dir() else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read(path: &PathBuf) -> Snapshot {
    snapshot::read(&fs::read(path).unwrap()).unwrap().0
}

/// A snapshot of the target that nobody took, as of a time.
fn made(bench: &Bench, taken: &str, energies: Energies) -> String {
    let taken = taken.parse().unwrap();
    let snapshot = Snapshot {
        tool_version: "0.1.0".to_owned(),
        meter: MeterKind::Simulated,
        model: Model::Pm800,
        serial_number: Some(11_000_002),
        identity: Proof::Proved,
        place: "192.0.2.1:502 unit 2".to_owned(),
        taken,
        written: taken,
        readings: Readings::from_energies(energies).unwrap(),
    };
    bench.write("made.json", &snapshot::written(&snapshot).0)
}

/// A job whose transfer `only` takes its readings from a snapshot, into the meter at unit 2.
fn carrying(bench: &Bench, source: &str, further: &str) -> String {
    let text = format!(
        "{OPTIONS}transfers:
  - id: only
    source: {{ {source} }}
    target: {{ model: PM800, host: 192.0.2.1, unit: 2, serial_number: 11000002 }}
    {further}
"
    );
    bench.write("carrying.yaml", &text)
}

const LATEST: &str = "snapshot: latest, folder: kept, model: CM4000, serial_number: 40000001, max_age: 1h";

fn reason(result: &Value) -> String {
    transfer(result, "only")["reason"].as_str().unwrap().to_owned()
}

#[test]
fn the_latest_snapshot_of_a_meter_that_died_goes_into_its_replacement_once() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &single());
    let first = take(&bench, &job, &[]).exits(0);
    assert_eq!(first.stdout, "", "cron is not to mail about what went well");
    assert!(first.stderr.contains("1 snapshot of 1 meter"), "{}", first.stderr);
    meters.gateway.set_energies(SOURCE, LATER);
    take(&bench, &job, &[]).exits(0);
    let files = kept(&bench);
    assert_eq!(files.len(), 2, "each has a file of its own: {files:?}");
    assert_eq!(
        meters.gateway.audit(SOURCE).requests_total(),
        6,
        "identity, and the energies twice, each time"
    );
    meters.assert_untouched();

    meters.gateway.set_silent(SOURCE, true);
    let carrying_latest = carrying(&bench, LATEST, "");
    let plan = bench.on_map("plan", &carrying_latest, &[]).exits(0).json();
    let verdicts = transfer(&plan, "only")["verdicts"].as_array().unwrap();
    let age = verdicts.iter().find(|verdict| verdict["guard"] == "age").unwrap();
    assert!(age["says"].as_str().unwrap().contains("counted after that is not carried"), "{age}");
    let run = bench.on_map("run", &carrying_latest, &[]).exits(0).json();
    assert_all(&run, "done", 1);
    assert_eq!(meters.gateway.energies(TARGET), LATER);
    assert_eq!(meters.presets(), 1);
    let from = &transfer(&run, "only")["source_meter"]["snapshot"];
    let newest = files.iter().find(|file| read(file).readings.energies() == LATER).unwrap();
    let digest = snapshot::read(&fs::read(newest).unwrap()).unwrap().1;
    assert_eq!(from["digest"], digest);
    let state = bench.at("ledger");
    let export = bench.run(&["ledger", "export", "--state-dir", &state]).exits(0).stdout;
    let intent = export.lines().find(|line| line.contains("\"intended\"")).unwrap();
    assert!(intent.contains(&digest), "the intent says where its readings came from: {intent}");

    // The next night: a new snapshot of the same meter changes nothing about what is done.
    meters.gateway.set_silent(SOURCE, false);
    take(&bench, &job, &[]).exits(0);
    assert_eq!(kept(&bench).len(), 3);
    assert_all(&bench.on_map("run", &carrying_latest, &[]).exits(0).json(), "already_done", 1);
    // A file that the job names is what it means, as typed readings are.
    let named = format!("snapshot: {}", files[0].display());
    let refused = bench.on_map("run", &carrying(&bench, &named, ""), &[]).exits(6).json();
    assert!(reason(&refused).contains("was done as"), "{}", reason(&refused));
    assert_eq!(meters.presets(), 1);
}

#[test]
fn a_meter_that_was_cleared_gets_its_own_snapshot_back_and_keeps_what_it_counted_since() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), target().with_energies(COUNTED));
    let job = bench.write("job.yaml", &single());
    take(&bench, &job, &["--of", "targets"]).exits(0);
    let named = format!("snapshot: {}", kept(&bench)[0].display());

    meters.gateway.set_energies(TARGET, LATER);
    let restore = carrying(&bench, &named, "target_energy: replace");
    let refused = bench.on_map("run", &restore, &[]).exits(6).json();
    assert!(reason(&refused).contains("has not lost that energy"), "{}", reason(&refused));
    // Somebody cleared the real energies alone: the others would be set back.
    meters.gateway.set_energies(TARGET, [0, 403_000, 0, 0, 0, 403_000, 1_310_000]);
    let refused = bench.on_map("run", &restore, &[]).exits(6).json();
    assert!(reason(&refused).contains("reactive energy in"), "{}", reason(&refused));
    assert_eq!(meters.gateway.audit(TARGET).writes(), []);

    let since = [5_000, 0, 0, 0, 5_000, 0, 5_000];
    meters.gateway.set_energies(TARGET, since);
    let unsaid = bench.on_map("run", &carrying(&bench, &named, ""), &[]).exits(6).json();
    assert!(reason(&unsaid).contains("has already counted"), "{}", reason(&unsaid));
    assert_eq!(meters.gateway.audit(TARGET).writes(), []);
    let add = carrying(&bench, &named, "target_energy: add");
    assert_all(&bench.on_map("run", &add, &[]).exits(0).json(), "done", 1);
    let sum: Energies = std::array::from_fn(|place| COUNTED[place] + since[place]);
    assert_eq!(meters.gateway.energies(TARGET), sum);
    assert_all(&bench.on_map("run", &add, &[]).exits(0).json(), "already_done", 1);
    assert_eq!(meters.presets(), 1);
}

#[test]
fn a_meter_that_a_person_pinned_to_where_it_is_may_be_set_back_to_its_snapshot() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), target().with_energies(LATER));
    let file = made(&bench, "2025-06-30T22:00:00Z", COUNTED);
    let text = format!(
        "{OPTIONS}transfers:
  - id: only
    source: {{ snapshot: {file} }}
    target:
      {{ model: PM800, host: 192.0.2.1, unit: 2, serial_number: 11000002, expect: {{ real_energy_in: {{ min: 1240 kWh, max: 1250 kWh }} }} }}
    target_energy: replace
"
    );
    let job = bench.write("job.yaml", &text);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    assert_eq!(meters.gateway.energies(TARGET), COUNTED);
}

#[test]
fn the_age_of_a_snapshot_is_judged_when_it_is_carried() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let file = made(&bench, "2025-06-30T22:00:00Z", COUNTED);
    let old = carrying(&bench, &format!("snapshot: {file}, max_age: 36h"), "");
    bench.run(&["validate", &old]).exits(0);
    for command in ["plan", "run"] {
        let refused = bench.on_map(command, &old, &[]).exits(6).json();
        for said in [&*file, "the job allows 36 h 00 min", "2025-06-30T22:00:00Z"] {
            assert!(reason(&refused).contains(said), "{said}: {}", reason(&refused));
        }
        let hint = transfer(&refused, "only")["hint"].as_str().unwrap();
        assert!(hint.contains("meterferry snapshot"), "{hint}");
    }
    made(&bench, "2999-06-30T22:00:00Z", COUNTED);
    let future = carrying(&bench, &format!("snapshot: {file}"), "");
    let refused = bench.on_map("run", &future, &[]).exits(6).json();
    assert!(reason(&refused).contains("after now"), "{}", reason(&refused));
    meters.assert_untouched();
    // Nobody limits the age: a person named the file.
    made(&bench, "2025-06-30T22:00:00Z", COUNTED);
    assert_all(&bench.on_map("run", &future, &[]).exits(0).json(), "done", 1);
    assert_eq!(meters.gateway.energies(TARGET), COUNTED);
}

#[test]
fn a_snapshot_that_was_changed_is_named_with_its_line_and_nothing_is_touched() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let file = made(&bench, "2025-06-30T22:00:00Z", COUNTED);
    let text = fs::read_to_string(&file).unwrap();
    // Somebody makes it younger.
    fs::write(&file, text.replace("2025-06-30", "2026-06-30")).unwrap();
    let job = carrying(&bench, &format!("snapshot: {file}"), "");
    for command in ["validate", "plan", "run"] {
        let ended = match command {
            "validate" => bench.run(&[command, &job]),
            _ => bench.on_map(command, &job, &[]),
        }
        .exits(65);
        assert!(
            ended.stderr.contains("snapshot_damaged") && ended.stderr.contains(&file),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("carrying.yaml:"), "{}", ended.stderr);
    }
    assert_eq!(meters.gateway.audit(TARGET).requests_total(), 0);
}

#[test]
fn of_a_stranger_nothing_is_kept() {
    let bench = Bench::new();
    let stranger = Device::new(simulator::Model::Cm4000, 40_000_009).with_energies(COUNTED);
    let _meters = Meters::of(&bench, stranger, target());
    let job = bench.write("job.yaml", &single());
    let ended = take(&bench, &job, &["--format", "json"]).exits(6);
    let said = ended.json();
    assert_eq!(said["counts"]["refused"], 1, "{said:#}");
    assert_eq!(said["snapshots"][0]["snapshot"], Value::Null);
    assert!(ended.stderr.contains("40000009"), "{}", ended.stderr);
    assert_eq!(kept(&bench), Vec::<PathBuf>::new());
}

#[test]
fn a_meter_without_a_pinned_serial_number_is_marked_as_unproved() {
    let bench = Bench::new();
    let _meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &single().replacen("40000001", "any", 1));
    take(&bench, &job, &[]).exits(0);
    let snapshot = read(&kept(&bench)[0]);
    assert_eq!((snapshot.identity, snapshot.serial_number), (Proof::Unproved, Some(40_000_001)));
    assert_eq!(snapshot.readings.energies(), COUNTED);
}

#[test]
fn a_meter_that_does_not_answer_costs_no_other_its_snapshot() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    meters.gateway.set_silent(SOURCE, true);
    let job = bench.write("job.yaml", &single());
    let said = take(&bench, &job, &["--of", "all", "--format", "json"]).exits(7).json();
    assert_eq!((&said["counts"]["unreachable"], &said["counts"]["stored"]), (&1.into(), &1.into()));
    assert_eq!(kept(&bench).len(), 1);
    assert_eq!(read(&kept(&bench)[0]).model, Model::Pm800);
    meters.assert_untouched();
}

#[test]
fn where_old_and_new_meter_take_turns_whoever_is_there_is_kept() {
    let bench = Bench::new();
    let meters = Meters::at_units(&bench, [(SOURCE, target().with_energies(COUNTED))]);
    let swap = single().replace("unit: 2", "unit: 1");
    let job = bench.write("job.yaml", &swap);
    take(&bench, &job, &[]).exits(0);
    meters.gateway.exchange(SOURCE, source());
    take(&bench, &job, &["--of", "all"]).exits(0);
    let serials: Vec<_> = kept(&bench).iter().map(|file| read(file).serial_number).collect();
    assert_eq!(serials, [Some(40_000_001), Some(11_000_002)]);
    meters.gateway.exchange(SOURCE, Device::new(simulator::Model::Pm800, 99));
    take(&bench, &job, &[]).exits(6);
    assert_eq!(kept(&bench).len(), 2);
}

#[test]
fn snapshots_taken_at_the_same_time_lose_no_file() {
    const AT_ONCE: usize = 4;
    let bench = Bench::new();
    let _meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &single());
    let (map, to) = (bench.at("map.json"), bench.at("kept"));
    let arguments = ["snapshot", &job, "--of", "all", "--to", &to, "--simulated-gateways", &map];
    let running: Vec<_> = (0..AT_ONCE).map(|_| bench.start(&arguments)).collect();
    for one in running {
        one.wait().exits(0);
    }
    let files = kept(&bench);
    assert_eq!(files.len(), 2 * AT_ONCE, "{files:?}");
    let sources = files.iter().filter(|file| read(file).readings.energies() == COUNTED).count();
    assert_eq!(sources, AT_ONCE);
}

#[test]
fn readings_of_simulated_meters_never_go_near_a_real_one() {
    let bench = Bench::new();
    let file = made(&bench, "2025-06-30T22:00:00Z", COUNTED);
    let job = carrying(&bench, &format!("snapshot: {file}"), "").replace("192.0.2.1", "127.0.0.1");
    bench.run(&["ledger", "init"]).exits(0);
    for arguments in [vec!["plan", &*job], vec!["run", &*job, "--yes"]] {
        let ended = bench.run(&arguments).exits(65);
        assert!(ended.stderr.contains("simulated meter"), "{}", ended.stderr);
    }
}
