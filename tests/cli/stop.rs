//! SIGINT and SIGTERM: a run comes to rest, says so, and the next one finishes.

use std::{fs, time::Duration};

use serde_json::Value;

use crate::{
    bench::{Bench, Running, Simulator, assert_adds_up, assert_all, assert_preset_once, until},
    job,
};

const TRANSFERS: usize = 12;

/// A fact of this step says that an intent is recorded: it may not be left open.
const INTENDED: &str = "intend";
/// A fact of this step says that the commit was sent: it has to be followed to its end.
const SENT: &str = "status";

/// A run with two transfers at a time, of which the first has come to this step.
fn run_at(step: &str, bench: &Bench, job: &str) -> Running {
    let log = bench.path("log");
    let arguments = bench.mapped("run", job);
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["-j", "2", "--log", "debug", "--log-format", "json"]);
    let mut command = bench.command(&arguments);
    command.stderr(fs::File::create(&log).unwrap());
    let mut running = Running::from(command.spawn().unwrap());
    until("the step is in the log", || {
        assert!(!running.has_ended(), "{}", fs::read_to_string(&log).unwrap());
        fs::read_to_string(&log).unwrap().contains(&format!("\"step\":\"{step}\""))
    });
    running
}

fn stopped_by(signal: &str, code: i32) {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(TRANSFERS));
    let simulator = Simulator::start(&bench, &job, "20ms");
    let running = run_at(INTENDED, &bench, &job);
    running.signal(signal);
    let result = running.wait().exits(code).json();
    assert_adds_up(&result);
    assert_eq!(result["counts"]["total"], TRANSFERS);
    assert_eq!(result["stopped"], true);
    assert_eq!(result["exit_code"], code);
    // At rest: done, or not begun; nothing is left half-way.
    let count = |outcome: &str| result["counts"][outcome].as_u64().unwrap();
    assert_eq!(count("done") + count("not_run"), TRANSFERS as u64, "{:#}", result["counts"]);
    assert!(count("not_run") > 0, "the signal came too late to stop anything");
    finish_and_check(&bench, &job, simulator);
}

fn finish_and_check(bench: &Bench, job: &str, simulator: Simulator) {
    let last: Value = bench.on_map("run", job, &[]).exits(0).json();
    assert_adds_up(&last);
    let done = last["counts"]["done"].as_u64().unwrap() + last["counts"]["already_done"].as_u64().unwrap();
    assert_eq!(done, TRANSFERS as u64, "{:#}", last["counts"]);
    assert_preset_once(&simulator.stop(), &last);
}

#[test]
fn sigint_ends_a_run_at_rest_with_130_and_the_next_run_finishes() {
    stopped_by("INT", 130);
}

#[test]
fn sigterm_ends_a_run_at_rest_with_143_and_the_next_run_finishes() {
    stopped_by("TERM", 143);
}

#[test]
fn a_second_signal_ends_a_run_at_once_and_the_next_run_finishes() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(TRANSFERS));
    let simulator = Simulator::start(&bench, &job, "20ms");
    let running = run_at(INTENDED, &bench, &job);
    running.signal("INT");
    std::thread::sleep(Duration::from_millis(40));
    running.signal("INT");
    let ended = running.wait();
    // An intent that was open at that moment makes it 5; everything else was stopped.
    assert!(matches!(ended.code, Some(5 | 130)), "{ended:#?}");
    let result = ended.json();
    assert_adds_up(&result);
    assert_eq!(result["counts"]["total"], TRANSFERS);
    finish_and_check(&bench, &job, simulator);
}

#[test]
fn a_signal_to_a_plan_ends_it_and_nothing_was_written() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(TRANSFERS));
    let simulator = Simulator::start(&bench, &job, "60ms");
    let arguments = bench.mapped("plan", &job);
    let trace = bench.at("trace");
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["-j", "1", "--trace", &trace]);
    let running = bench.start(&arguments);
    until("the plan looks at meters", || fs::read_to_string(&trace).is_ok_and(|text| !text.is_empty()));
    running.signal("TERM");
    let plan = running.wait().exits(143).json();
    assert_eq!(plan["transfers"].as_array().map(Vec::len), Some(TRANSFERS));
    for audit in simulator.stop() {
        assert_eq!(audit["writes"], 0);
    }
}

#[test]
fn a_commit_that_was_sent_is_followed_to_its_end_and_if_that_was_all_the_run_is_done_with_0() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(1));
    let simulator = Simulator::start(&bench, &job, "60ms");
    let running = run_at(SENT, &bench, &job);
    running.signal("TERM");
    let result = running.wait().exits(0).json();
    assert_all(&result, "done", 1);
    assert_preset_once(&simulator.stop(), &result);
}
