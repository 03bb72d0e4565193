//! The demonstration job, as somebody tries it who has no meter.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bench::{Bench, assert_all, transfer, value};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/demo.yaml");
const QUANTITIES: [&str; 7] = [
    "real_energy_in",
    "reactive_energy_in",
    "real_energy_out",
    "reactive_energy_out",
    "real_energy_total",
    "reactive_energy_total",
    "apparent_energy_total",
];

fn demo(bench: &Bench) -> Value {
    bench.run(&["run", "--simulate", DEMO, "--format", "json"]).exits(0).json()
}

#[test]
fn the_demonstration_runs_to_the_end_and_its_counts_add_up() {
    let result = demo(&Bench::new());
    assert_all(&result, "done", 12);
    assert_eq!(result["exit_code"], 0);
    assert_eq!(result["format_version"], 1);
    assert_eq!(result["tool_version"], env!("CARGO_PKG_VERSION"));
    for transfer in result["transfers"].as_array().unwrap() {
        for quantity in QUANTITIES {
            let staged = value(&transfer["staged"], quantity);
            assert_eq!(staged, value(&transfer["source"], quantity), "{quantity} of {}", transfer["id"]);
            let grown = value(&transfer["target_after"], quantity) - staged;
            // 20 kW for less than a minute, and what is allowed anyway.
            assert!((0..1_334).contains(&grown), "{quantity} of {} grew by {grown}", transfer["id"]);
        }
    }
}

#[test]
fn a_negative_total_and_sixteen_digits_survive_and_every_model_is_a_source() {
    let result = demo(&Bench::new());
    let solar = &transfer(&result, "solar-roof-east")["target_after"];
    assert!(value(solar, "real_energy_total") < -1_000_000);
    assert!(value(solar, "reactive_energy_total") < -1_000_000);
    let words = solar["real_energy_total"]["registers"].as_array().unwrap();
    assert!(words.iter().all(|word| (-9999..=0).contains(&word.as_i64().unwrap())), "{words:?}");
    let incomer = transfer(&result, "main-incomer")["target_after"]["real_energy_in"]["value"].as_str();
    assert_eq!(incomer.map(str::len), Some(16), "{incomer:?}");
    let all = result["transfers"].as_array().unwrap();
    let models: BTreeSet<_> =
        all.iter().map(|transfer| transfer["source_meter"]["model"].as_str().unwrap()).collect();
    assert_eq!(models, BTreeSet::from(["CM2000", "CM3000", "CM4000", "PM800"]));
}

#[test]
fn a_second_run_does_nothing_and_touches_no_meter() {
    let bench = Bench::new();
    let state = bench.at("ledger");
    let arguments = ["run", "--simulate", DEMO, "--state-dir", &state, "--format", "json"];
    assert_all(&bench.run(&arguments).exits(0).json(), "done", 12);
    let again = bench.run(&arguments).exits(0);
    let result = again.json();
    assert_all(&result, "already_done", 12);
    for transfer in result["transfers"].as_array().unwrap() {
        assert_eq!(transfer["attempts"], 0, "{}", transfer["id"]);
    }
    let testimony = "0 presets took effect, 0 of 24 meters written to";
    assert!(again.stderr.contains(testimony), "{}", again.stderr);
}

#[test]
fn without_a_state_folder_a_rehearsal_leaves_nothing_behind() {
    let bench = Bench::new();
    demo(&bench);
    let left: Vec<_> =
        std::fs::read_dir(bench.path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn people_are_told_in_words_on_stdout_and_the_rest_goes_to_stderr() {
    let ended = Bench::new().run(&["run", "--simulate", DEMO]).exits(0);
    assert!(ended.stdout.contains("12"), "{}", ended.stdout);
    assert!(ended.stdout.contains("feeder-01") || ended.stdout.contains("done"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("the simulated meters say"), "{}", ended.stdout);
    assert!(ended.stderr.contains("12 presets took effect, 12 of 24 meters"), "{}", ended.stderr);
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains('\u{1b}'), "colour without a terminal: {text}");
    }
}
