//! JSON lines on stdout, JSON lines on stderr, and readers that go away.

use std::{collections::BTreeSet, process::Stdio};

use serde_json::Value;

use crate::{
    bench::{Bench, assert_adds_up, assert_all},
    job,
    support::{finish, wait},
};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/jobs/demo.yaml");

#[track_caller]
fn lines(text: &str) -> Vec<Value> {
    let parse = |line| match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Value::Object(object),
        other => panic!("{other:?}: {line}"),
    };
    text.lines().map(parse).collect()
}

#[test]
fn json_lines_have_a_transfer_each_and_the_summary_last() {
    let bench = Bench::new();
    for (command, key, word) in [("run", "outcome", "done"), ("plan", "would", "transfer")] {
        let ended = bench.run(&[command, "--simulate", DEMO, "--format", "jsonl"]).exits(0);
        let lines = lines(&ended.stdout);
        let (summary, transfers) = lines.split_last().unwrap();
        assert_eq!(transfers.len(), 12);
        for transfer in transfers {
            assert_eq!(transfer["type"], "transfer");
            assert_eq!(transfer[key], word);
        }
        let ids: BTreeSet<_> = transfers.iter().map(|transfer| transfer["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 12);
        assert_eq!(summary["type"], "summary");
        assert_eq!(summary["counts"]["total"], 12);
        assert_eq!(summary["exit_code"], 0);
        assert!(summary.get("transfers").is_none());
    }
}

#[test]
fn a_line_is_written_when_its_transfer_ends_not_when_the_run_does() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(3));
    let latency = ["--simulated-latency", "15ms", "-j", "1"];
    let mut command =
        bench.command(&["run", "--simulate", &job, "--format", "jsonl", "--log-format", "json"]);
    // Both streams into one file: the kernel keeps the order in which they were written.
    let file = std::fs::File::create(bench.path("both")).unwrap();
    command.args(latency).args(["--log", "debug"]);
    command.stdout(file.try_clone().unwrap()).stderr(file);
    finish(command).exits(0);
    let text = std::fs::read_to_string(bench.path("both")).unwrap();
    let all = lines(&text);
    let first_result = all.iter().position(|line| line["type"] == "transfer").unwrap();
    let facts_after = all[first_result..]
        .iter()
        .filter(|line| line["step"].is_string() && line["transfer"] != all[first_result]["id"])
        .count();
    assert!(facts_after > 5, "nothing happened after the first line:\n{text}");
}

#[test]
fn the_one_object_of_json_and_its_lines_say_the_same() {
    let bench = Bench::new();
    let state = bench.at("ledger");
    bench.run(&["run", "--simulate", DEMO, "--state-dir", &state]).exits(0);
    let status = |format| bench.run(&["status", DEMO, "--state-dir", &state, "--format", format]).exits(0);
    let whole = status("json").json();
    assert_all(&whole, "already_done", 12);
    let lines = lines(&status("jsonl").stdout);
    for (transfer, line) in whole["transfers"].as_array().unwrap().iter().zip(&lines) {
        let mut line = line.clone();
        assert_eq!(line.as_object_mut().unwrap().remove("type").unwrap(), "transfer");
        assert_eq!(line, *transfer);
    }
}

#[test]
fn a_json_log_is_json_to_the_last_line_with_stable_fields() {
    let bench = Bench::new();
    let ended = bench.run(&["run", "--simulate", DEMO, "--log-format", "json", "--log", "debug"]).exits(0);
    let log = lines(&ended.stderr);
    for line in &log {
        for field in ["timestamp", "level", "message", "target"] {
            assert!(line[field].is_string(), "{field} is missing: {line}");
        }
    }
    let ends: Vec<_> = log.iter().filter(|line| line["outcome"].is_string()).collect();
    assert_eq!(ends.len(), 12);
    for line in ends {
        assert_eq!(line["outcome"], "done");
        assert_eq!(line["campaign"], "demo");
        for field in ["run_id", "transfer", "gateway"] {
            assert!(line[field].is_string(), "{field} is missing: {line}");
        }
        for field in ["unit", "attempt"] {
            assert!(line[field].is_u64(), "{field} is missing: {line}");
        }
    }
    assert!(log.iter().any(|line| line["step"].is_string()));
    assert!(log.last().unwrap()["message"].as_str().unwrap().contains("the simulated meters say"));
}

#[test]
fn a_json_log_is_json_where_the_command_fails_as_well() {
    let bench = Bench::new();
    let bad = bench.write("bad.yaml", "version: 1\ncampaign: test\ntransfers: 7\n");
    let job = bench.write("job.yaml", &job::single());
    for (arguments, code) in [(["run", "--simulate", &bad], 65), (["run", "--yes", &job], 74)] {
        let ended = bench.run(&[&arguments[..], &["--log-format", "json"]].concat()).exits(code);
        let log = lines(&ended.stderr);
        let last = log.last().unwrap();
        assert_eq!(last["level"], "ERROR", "{last}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_the_run_goes_on() {
    for format in ["human", "json", "jsonl"] {
        let bench = Bench::new();
        let state = bench.at("ledger");
        let arguments = ["run", "--simulate", DEMO, "--state-dir", &state, "--format", format];
        let mut child = bench.command(&arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ended = wait(child).exits(0);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        let status = bench.run(&["status", DEMO, "--state-dir", &state, "--format", "json"]).exits(0).json();
        assert_all(&status, "already_done", 12);
    }
}

#[test]
fn short_answers_bear_a_closed_reader_too() {
    let bench = Bench::new();
    for arguments in [&["--help"][..], &["schema"], &["validate", DEMO], &["plan", "--simulate", DEMO]] {
        let mut child = bench.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = wait(child).exits(0);
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    }
}

#[test]
fn a_log_that_nobody_reads_does_not_stop_a_run() {
    let bench = Bench::new();
    let mut child = bench.command(&["run", "--simulate", DEMO, "--format", "json"]).spawn().unwrap();
    drop(child.stderr.take());
    let result = wait(child).exits(0).json();
    assert_all(&result, "done", 12);
    assert_adds_up(&result);
}

#[test]
fn results_that_are_lost_on_a_full_disk_are_not_lost_silently() {
    let bench = Bench::new();
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    for arguments in [&["run", "--simulate", DEMO][..], &["schema"]] {
        let mut command = bench.command(arguments);
        command.stdout(full.try_clone().unwrap());
        let ended = finish(command).exits(0);
        assert!(ended.stderr.contains("results could not be written"), "{arguments:?}: {}", ended.stderr);
    }
}
