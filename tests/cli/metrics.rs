//! `--metrics-file`, and what JSON says of requests and time, against what the meters counted.

use std::fs;

use serde_json::Value;

use crate::{
    bench::{Bench, Running, Simulator, assert_all, until},
    job,
    meters::{self, Meters},
};

/// The value of a sample of the campaign, by its name and a further label.
#[track_caller]
fn sample(text: &str, name: &str, label: &str) -> f64 {
    let line = text.lines().find(|line| {
        line.starts_with(&format!("{name}{{")) && line.contains("campaign=\"test\"") && line.contains(label)
    });
    let line = line.unwrap_or_else(|| panic!("no {name} with {label} in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// That the nine outcomes add up to what was selected, and are those of the result.
#[track_caller]
fn assert_outcomes(text: &str, result: &Value) {
    let mut sum = 0.0;
    for (outcome, count) in result["counts"].as_object().unwrap().iter().filter(|(word, _)| *word != "total")
    {
        let number = sample(text, "meterferry_transfers", &format!("outcome=\"{outcome}\""));
        assert_eq!(Some(number), count.as_f64(), "{outcome}");
        sum += number;
    }
    assert_eq!(sum, sample(text, "meterferry_transfers_selected", ""));
}

#[test]
fn a_run_that_is_done_leaves_its_success_and_one_that_fails_early_keeps_it() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let file = bench.at("test.prom");
    let result = bench.on_map("run", &job, &["--metrics-file", &file]).exits(0).json();
    let text = fs::read_to_string(&file).unwrap();
    assert_outcomes(&text, &result);
    assert_eq!(sample(&text, "meterferry_run_exit_code", ""), 0.0);
    let asked = [meters::SOURCE, meters::TARGET].map(|unit| meters.gateway.audit(unit).requests_total());
    let asked: u64 = asked.iter().sum();
    assert_eq!(sample(&text, "meterferry_requests_total", ""), asked as f64);
    let forecast = &result["forecast"];
    assert_eq!((&forecast["requests_expected"], &forecast["requests_sent"]), (&asked.into(), &asked.into()));
    assert!(forecast["expected_ms"].as_u64() <= forecast["elapsed_ms"].as_u64(), "{forecast:#}");
    assert_eq!(forecast["busiest"]["gateway"], "192.0.2.1:502");
    let succeeded = sample(&text, "meterferry_last_success_timestamp_seconds", "");
    assert!(succeeded > 1.7e9, "{succeeded}");
    // The job file is gone: there is no run, and the file says so.
    bench.on_map("run", &bench.at("missing.yaml"), &["--metrics-file", &file]).exits(66);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(sample(&text, "meterferry_run_exit_code", ""), 66.0);
    assert_eq!(sample(&text, "meterferry_last_success_timestamp_seconds", ""), succeeded);
    assert_eq!(sample(&text, "meterferry_transfers", "outcome=\"done\""), 1.0);
    meters.assert_carried_once();
}

#[test]
fn a_file_that_cannot_be_written_is_a_usage_error_and_no_meter_is_asked() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let ended = bench.on_map("run", &job, &["--metrics-file", &bench.at("missing/test.prom")]).exits(64);
    assert!(ended.stderr.contains("--metrics-file") && ended.stderr.contains("hint"), "{}", ended.stderr);
    assert_eq!(meters.gateway.audit(meters::SOURCE).requests_total(), 0);
    let ended = bench.on_map("run", &job, &["--metrics-file", &bench.at("test.txt")]).exits(0);
    assert!(ended.stderr.contains(".prom"), "{}", ended.stderr);
}

#[test]
fn a_run_that_is_stopped_by_a_signal_leaves_its_end_and_numbers_that_add_up() {
    const TRANSFERS: usize = 12;
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(TRANSFERS));
    let simulator = Simulator::start(&bench, &job, "20ms");
    let (file, trace) = (bench.at("test.prom"), bench.at("trace"));
    let arguments = bench.mapped("run", &job);
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["-j", "1", "--metrics-file", &file, "--trace", &trace]);
    let running: Running = bench.start(&arguments);
    until("meters are asked", || fs::read_to_string(&trace).is_ok_and(|text| !text.is_empty()));
    assert_eq!(sample(&fs::read_to_string(&file).unwrap(), "meterferry_run_running", ""), 1.0);
    running.signal("INT");
    let result = running.wait().exits(130).json();
    let text = fs::read_to_string(&file).unwrap();
    assert_outcomes(&text, &result);
    assert_eq!(sample(&text, "meterferry_run_running", ""), 0.0);
    assert_eq!(sample(&text, "meterferry_run_exit_code", ""), 130.0);
    assert_eq!(sample(&text, "meterferry_last_success_timestamp_seconds", ""), 0.0);
    // The next run does the rest, and that is a success.
    let result = bench.on_map("run", &job, &["--metrics-file", &file]).exits(0).json();
    let text = fs::read_to_string(&file).unwrap();
    assert_outcomes(&text, &result);
    assert!(sample(&text, "meterferry_last_success_timestamp_seconds", "") > 1.7e9);
    simulator.stop();
}

#[test]
fn a_dead_gateway_shows_in_the_failures_and_in_the_forecast() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    meters.gateway.set_silent(meters::TARGET, true);
    let job = bench.write("job.yaml", &job::single());
    let file = bench.at("test.prom");
    let result = bench.on_map("run", &job, &["--metrics-file", &file]).exits(7).json();
    assert_all(&result, "unreachable", 1);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(sample(&text, "meterferry_request_failures_total", "cause=\"no_answer\""), 2.0);
    assert_eq!(sample(&text, "meterferry_retries_total", ""), 1.0);
    assert_eq!(sample(&text, "meterferry_transfers", "outcome=\"unreachable\""), 1.0);
    let forecast = &result["forecast"];
    assert_eq!(forecast["requests_expected"], 11);
    // Three to the source and one to the target, twice.
    assert_eq!((&forecast["requests_sent"], &forecast["more"]["further_tries"]), (&8.into(), &4.into()));
    meters.assert_untouched();
}
