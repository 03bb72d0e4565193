//! `simulate` in one process, everything else in others: as one rehearses a whole campaign.

use serde_json::Value;

use crate::{
    bench::{Bench, Simulator, assert_all, assert_preset_once, value},
    job,
    meters::Meters,
};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/demo.yaml");
const SERIAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/serial.yaml");

#[test]
fn plan_run_run_again_status_and_read_agree_with_what_the_meters_saw() {
    let bench = Bench::new();
    let simulator = Simulator::start(&bench, DEMO, "0s");

    let plan = bench.on_map("plan", DEMO, &[]).exits(0).json();
    assert_eq!(plan["counts"]["transfer"], 12, "{:#}", plan["counts"]);
    let run = bench.on_map("run", DEMO, &[]).exits(0).json();
    assert_all(&run, "done", 12);
    let again = bench.on_map("run", DEMO, &[]).exits(0).json();
    assert_all(&again, "already_done", 12);
    let plan = bench.on_map("plan", DEMO, &["--detailed-exitcode"]).exits(0).json();
    assert_eq!(plan["counts"]["total"], 12, "{:#}", plan["counts"]);

    let state = bench.at("ledger");
    let status = bench.run(&["status", DEMO, "--state-dir", &state, "--format", "json"]).exits(0).json();
    assert_all(&status, "already_done", 12);

    let map = bench.at("map.json");
    let meter = ["--host", "192.0.2.31", "--unit", "1", "--model", "CM4000", "--format", "json"];
    let mut arguments = vec!["read", "--simulated-gateways", &map];
    arguments.extend(meter);
    let read = bench.run(&arguments).exits(0).json();
    assert_eq!(read["serial_number"], 40_250_135);
    assert_eq!(read["registers"].as_array().map(Vec::len), Some(28));
    let staged = crate::bench::transfer(&run, "main-incomer")["staged"].clone();
    assert_eq!(value(&read["readings"], "real_energy_in"), value(&staged, "real_energy_in"));

    let audits = simulator.stop();
    assert_preset_once(&audits, &run);
    // Two runs, and the second wrote nothing: one commit was asked for at each target.
    let asked: u64 = audits.iter().map(|audit| audit["commit_requests"].as_u64().unwrap()).sum();
    assert_eq!(asked, 12);
}

#[test]
fn meters_on_serial_lines_are_reached_through_the_map_as_well() {
    let bench = Bench::new();
    let simulator = Simulator::start(&bench, SERIAL, "0s");
    let map: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("map.json")).unwrap()).unwrap();
    let lines: Vec<_> = map["gateways"].as_object().unwrap().keys().collect();
    assert_eq!(lines, ["/dev/ttyUSB0", "192.0.2.9:4001 RTU"]);
    let run = bench.on_map("run", SERIAL, &[]).exits(0).json();
    assert_all(&run, "done", 3);
    assert_preset_once(&simulator.stop(), &run);
}

#[test]
fn plan_validate_status_and_read_write_nothing() {
    let bench = Bench::new();
    let simulator = Simulator::start(&bench, DEMO, "0s");
    bench.run(&["validate", DEMO]).exits(0);
    bench.on_map("plan", DEMO, &[]).exits(0);
    bench.on_map("plan", DEMO, &["--detailed-exitcode"]).exits(2);
    let map = bench.at("map.json");
    let meter = ["--host", "192.0.2.32", "--unit", "1", "--model", "CM4000"];
    let mut arguments = vec!["read", "--simulated-gateways", &map];
    arguments.extend(meter);
    let read = bench.run(&arguments).exits(0);
    assert!(read.stdout.contains("serial_number: 40990032"), "{}", read.stdout);
    assert!(!bench.path("ledger").exists(), "a plan made a ledger");
    let audits = simulator.stop();
    assert_eq!(audits.len(), 24);
    for audit in audits {
        assert_eq!(audit["writes"], 0, "{audit:#}");
        assert_eq!(audit["audit"]["violations"], Value::Array(Vec::new()));
    }
}

#[test]
fn a_gateway_that_is_not_in_the_map_is_never_reached() {
    let bench = Bench::new();
    let map = bench.write("map.json", r#"{ "format_version": 1, "gateways": {} }"#);
    let meter = ["--host", "127.0.0.1:9", "--unit", "1", "--model", "PM800"];
    let mut arguments = vec!["read", "--simulated-gateways", &map];
    arguments.extend(meter);
    let ended = bench.run(&arguments).exits(7);
    assert!(ended.stderr.contains("not among the simulated gateways"), "{}", ended.stderr);
}

#[test]
fn a_map_that_leads_off_this_machine_is_refused() {
    let bench = Bench::new();
    let map = r#"{ "format_version": 1, "gateways": { "192.0.2.5:502": "192.0.2.5:502" } }"#;
    bench.write("map.json", map);
    let ended = bench.on_map("run", DEMO, &[]).exits(65);
    assert!(ended.stderr.contains("not on this machine"), "{}", ended.stderr);
}

#[test]
fn what_read_prints_can_be_pasted_into_a_job() {
    let bench = Bench::new();
    let _meters = Meters::new(&bench);
    let map = bench.at("map.json");
    let meter = ["--host", "192.0.2.1", "--unit", "1", "--model", "CM4000"];
    let printed = bench.run(&[&["read", "--simulated-gateways", &map][..], &meter].concat()).exits(0).stdout;
    let pasted: String = printed.lines().map(|line| format!("    {line}\n")).collect();
    let text = job::single();
    let job: String = text
        .lines()
        .map(|line| if line.contains("source:") { pasted.clone() } else { format!("{line}\n") })
        .collect();
    assert_ne!(job, text);
    let job = bench.write("job.yaml", &job);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
}
