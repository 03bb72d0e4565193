//! What helps the person at the keyboard: codes and their explanations, completions and manual pages, and a look at
//! what a run needs.

use std::{fs, process::Command};

use meterferry::simulator::{Device, Model};
use serde_json::Value;

use crate::{
    bench::{Bench, transfer},
    job,
    meters::{COUNTED, Meters, SOURCE, source, target},
    support::Ended,
};

/// A command on the gateways of `map.json`, for people.
fn human(bench: &Bench, command: &str, job: &str) -> Ended {
    let (state, map) = (bench.at("ledger"), bench.at("map.json"));
    bench.run(&[command, job, "--state-dir", &state, "--simulated-gateways", &map])
}

#[test]
fn every_code_that_is_listed_is_explained() {
    let bench = Bench::new();
    let all = bench.run(&["explain", "--format", "json"]).exits(0).json();
    let codes = all["codes"].as_array().unwrap();
    assert!(codes.len() > 120, "{}", codes.len());
    let list = bench.run(&["explain"]).exits(0).stdout;
    for code in codes {
        let code = code["code"].as_str().unwrap();
        assert!(list.contains(&format!("\n  {code} ")), "{code} is not listed");
    }
    for code in ["unknown_key", "refused[target-has-counted]", "ledger_missing", "unknown", "74"] {
        let said = bench.run(&["explain", code]).exits(0).stdout;
        assert!(said.contains("What to do:") && said.contains("Source:"), "{said}");
    }
    let ended = bench.run(&["explain", "target_has_countd"]).exits(64);
    assert!(ended.stderr.contains("did you mean `target_has_counted`?"), "{}", ended.stderr);
}

#[test]
fn what_is_refused_or_wrong_prints_its_code_everywhere_and_the_target_is_untouched() {
    let bench = Bench::new();
    let counted = target().with_energies([5_000_000, 0, 0, 0, 5_000_000, 0, 5_000_000]);
    let meters = Meters::of(&bench, source().with_energies(COUNTED.map(|energy| energy * 100)), counted);
    let job = bench.write("job.yaml", &job::single());
    for (command, exit) in [("plan", 6), ("run", 6)] {
        let said = bench.on_map(command, &job, &[]).exits(exit).json();
        assert_eq!(transfer(&said, "only")["code"], "target_has_counted");
        let human = human(&bench, command, &job);
        assert!(human.stdout.contains("refused[target_has_counted]"), "{}", human.stdout);
        let text = job::single();
        let line = |of: &str| text.lines().position(|line| line.contains(of)).unwrap() + 1;
        let (id, old, new) = (line("id: only"), line("source:"), line("target:"));
        let place = format!("job.yaml:{id} (source: line {old}, target: line {new})");
        assert!(human.stdout.contains(&place), "{place}: {}", human.stdout);
        assert!(transfer(&said, "only")["written_at"].as_str().unwrap().ends_with(&place));
    }
    let status = bench.at("ledger");
    let status = bench.run(&["status", &job, "--state-dir", &status, "--format", "json"]).exits(6).json();
    assert_eq!(transfer(&status, "only")["code"], "target_has_counted");
    meters.assert_untouched();

    let nowhere = bench.at("nowhere");
    let ended = bench.run(&["status", &job, "--state-dir", &nowhere, "--log-format", "json"]).exits(74);
    let line: Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(line["code"], "ledger_missing");
    let ended = bench.run(&["status", &job, "--state-dir", &nowhere]).exits(74);
    assert!(ended.stderr.contains("error[ledger_missing]: "), "{}", ended.stderr);
}

#[test]
fn what_does_not_end_by_a_refusal_has_its_outcome_as_code() {
    let bench = Bench::new();
    let _meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let said = bench.on_map("run", &job, &[]).exits(0).json();
    assert_eq!(transfer(&said, "only")["code"], "done");
}

#[test]
fn completions_are_scripts_that_know_every_command_and_bash_can_read_them() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = bench.run(&["completions", shell]).exits(0).stdout;
        for command in ["validate", "doctor", "simulated-gateways", "completions"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
        if shell == "bash" {
            let file = bench.write("meterferry.bash", &script);
            let checked = Command::new("bash").args(["-n", &file]).status();
            // A machine without bash has nothing to complete with either.
            assert!(checked.map_or(true, |status| status.success()), "bash cannot read it");
        }
    }
    bench.run(&["completions", "tcsh"]).exits(64);
}

#[test]
fn every_command_has_a_manual_page() {
    let bench = Bench::new();
    let folder = bench.at("man/man1");
    bench.run(&["man", "--to", &folder]).exits(0);
    let help = bench.run(&["--help"]).exits(0).stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<_> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() > 12, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help").chain(["ledger-init"]) {
        let page = fs::read_to_string(bench.path(&format!("man/man1/meterferry-{name}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains("log"), "{name}");
    }
    let top = fs::read_to_string(bench.path("man/man1/meterferry.1")).unwrap();
    assert!(top.contains(".TH meterferry 1"), "{}", &top[..200]);
    // A page that a formatter complains about is not one; where there is none, the text above must do.
    if let Ok(formatted) = Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(&folder).output() {
        assert!(formatted.status.code() != Some(5), "{}", String::from_utf8_lossy(&formatted.stdout));
    }
    bench.write("file", "");
    bench.run(&["man", "--to", &bench.at("file/below")]).exits(66);
}

#[test]
fn doctor_reaches_every_gateway_and_writes_nothing() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let state = bench.at("ledger");
    bench.run(&["ledger", "init", "--simulated", "--state-dir", &state]).exits(0);
    let said = bench.on_map("doctor", &job, &[]).exits(0).json();
    let gateway = &said["gateways"][0];
    assert!(gateway["connect_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(gateway["meters"].as_array().unwrap().len(), 1, "one meter a gateway");
    assert_eq!(gateway["meters"][0]["serial_number"], 40_000_001);
    assert_eq!(gateway["meters"][0]["reads_28"], true);
    assert!(gateway["meters"][0]["median_ms"].as_f64() >= gateway["meters"][0]["fastest_ms"].as_f64());
    let checks: Vec<_> = said["machine"].as_array().unwrap().iter().map(|check| &check["what"]).collect();
    for what in
        ["version", "wall clock", "steady clock", "time zone", "descriptors", "state folder", "ledger"]
    {
        assert!(checks.iter().any(|check| **check == *what), "{what} is not in {checks:?}");
    }
    let all = bench.on_map("doctor", &job, &["--all"]).exits(0).json();
    assert_eq!(all["gateways"][0]["meters"][1]["serial_number"], 11_000_002);
    let human = human(&bench, "doctor", &job).exits(0).stdout;
    assert!(human.contains("1 gateway: 1 answer"), "{human}");
    meters.assert_untouched();
    let status = bench.run(&["status", &job, "--state-dir", &state, "--format", "json"]).exits(9).json();
    assert_eq!(transfer(&status, "only")["attempts"], 0, "nothing is in the ledger");
}

#[test]
fn doctor_tells_a_missing_gateway_a_wrong_meter_and_a_missing_ledger_apart() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    let map = r#"{ "format_version": 1, "gateways": {} }"#;
    bench.write("map.json", map);
    bench.run(&["ledger", "init", "--simulated", "--state-dir", &bench.at("ledger")]).exits(0);
    let said = bench.on_map("doctor", &job, &[]).exits(7).json();
    assert_eq!(said["gateways"][0]["connect_ms"], Value::Null);

    let stranger = target().with_energies(COUNTED);
    let meters = Meters::of(&bench, Device::new(Model::Cm4000, 40_000_009), stranger);
    let said = bench.on_map("doctor", &job, &["--all"]).exits(6).json();
    assert_eq!(said["gateways"][0]["meters"][0]["code"], "wrong_meter");
    assert_eq!(said["gateways"][0]["meters"][1].get("code"), None);
    meters.assert_untouched();

    let words = [0x8000_u16.cast_signed(); 28];
    let meters = Meters::of(&bench, source().with_raw_words(words), target());
    let said = bench.on_map("doctor", &job, &["--all"]).exits(3).json();
    assert_eq!(said["gateways"][0]["meters"][0]["code"], "bad_readings");
    meters.gateway.set_silent(SOURCE, true);
    let said = bench.on_map("doctor", &job, &["--all"]).exits(7).json();
    assert_eq!(said["gateways"][0]["meters"][0]["code"], "no_answer");
    assert_eq!(
        said["gateways"][0]["meters"][1]["serial_number"], 11_000_002,
        "its neighbour is asked all the same"
    );
    meters.gateway.set_silent(SOURCE, false);

    let _meters = Meters::new(&bench);
    let elsewhere = bench.at("elsewhere");
    let map = bench.at("map.json");
    let ended =
        bench.run(&["doctor", &job, "--simulated-gateways", &map, "--state-dir", &elsewhere]).exits(74);
    assert!(ended.stdout.contains("meterferry ledger init"), "{}", ended.stdout);
    assert!(!bench.path("elsewhere").exists(), "a look made a folder");
    bench.run(&["doctor", &job, "--simulate"]).exits(0);
}
