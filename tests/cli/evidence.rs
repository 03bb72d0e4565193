//! The ledger as evidence: heads that are printed, `ledger verify` and `ledger export`;
//! and the chain computed anew by a program that shares no code with ours.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use meterferry::{
    ledger::LEDGER_FILE,
    simulator::{Fault, When},
};
use serde_json::Value;

use crate::{
    bench::{Bench, Simulator, assert_all, assert_preset_once},
    job,
    meters::{Meters, TARGET},
    support::Ended,
};

/// One transfer, carried, in the ledger of the bench.
fn carried() -> (Bench, String, Meters) {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.assert_carried_once();
    (bench, job, meters)
}

fn ledger(bench: &Bench, command: &str, further: &[&str]) -> Ended {
    let state = bench.at("ledger");
    bench.run(&[&["ledger", command, "--state-dir", &state], further].concat())
}

fn head_of(json: &Value) -> String {
    let head = &json["ledger_head"];
    format!("{}:{}", head["facts"], head["digest"].as_str().unwrap())
}

/// The head in a text for people.
fn told_head(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("ledger head: ")).expect(text);
    line.split(';').next().unwrap().to_owned()
}

fn by_hand(file: &Path, sql: &str) {
    let hand = rusqlite::Connection::open(file).unwrap();
    hand.execute_batch("DROP TRIGGER facts_never_change; DROP TRIGGER facts_are_never_dropped").unwrap();
    assert!(hand.execute(sql, ()).unwrap() > 0, "{sql}");
}

#[test]
fn every_command_that_records_prints_the_head_and_all_of_them_stay_in_the_chain() {
    let bench = Bench::new();
    let state = bench.at("ledger");
    let init = bench.run(&["ledger", "init", "--simulated", "--state-dir", &state]).exits(0);
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let run = bench.on_map("run", &job, &[]).exits(0).json();
    let map = bench.at("map.json");
    let again = bench.run(&["run", &job, "--state-dir", &state, "--simulated-gateways", &map]).exits(0);
    let status = bench.run(&["status", &job, "--state-dir", &state, "--format", "json"]).exits(0).json();
    let heads = [told_head(&init.stdout), head_of(&run), told_head(&again.stdout), head_of(&status)];
    assert!(heads[0].starts_with("0:"), "{heads:?}");
    assert_eq!(heads[1], heads[2], "a run that has nothing to do records nothing");
    assert_eq!(heads[1], heads[3]);
    for head in &heads {
        let verified = ledger(&bench, "verify", &["--head", head]).exits(0);
        assert!(verified.stdout.contains(&format!("{head} is in the chain")), "{}", verified.stdout);
    }
    meters.assert_carried_once();
    let simulated = bench.run(&["run", &job, "--simulate", "--format", "json"]).exits(0).json();
    assert_eq!(simulated["ledger_head"], Value::Null, "what is thrown away proves nothing");
}

#[test]
fn a_person_who_decides_gets_a_head_too() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowResponse);
    meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
    bench.on_map("run", &job, &[]).exits(5);
    let state = bench.at("ledger");
    let resolve =
        ["resolve", &job, "--id", "only", "--as", "accepted", "--reason", "seen", "--state-dir", &state];
    let head = told_head(&bench.run(&resolve).exits(0).stdout);
    let json = ledger(&bench, "verify", &["--head", &head, "--format", "json"]).exits(0).json();
    assert_eq!((&json["sound"], &json["kept_head"]["since"]), (&true.into(), &0.into()));
    assert_eq!(head_of(&json), head);
}

#[test]
fn a_ledger_that_was_changed_cut_or_made_anew_is_74_and_says_where() {
    let (bench, job, meters) = carried();
    let whole = ledger(&bench, "verify", &["--format", "json"]).exits(0).json();
    let head = head_of(&whole);
    let (file, facts) = (bench.path("copy.db"), whole["ledger_head"]["facts"].as_u64().unwrap());
    let copy = || fs::copy(bench.path("ledger").join(LEDGER_FILE), &file).unwrap();
    let verify = |further: &[&str]| {
        let file = bench.at("copy.db");
        bench.run(&[&["ledger", "verify", "--ledger", &file], further].concat())
    };
    copy();
    verify(&["--head", &head]).exits(0);

    by_hand(&file, "UPDATE facts SET at = '2020-01-01T00:00:00Z' WHERE number = 3");
    let ended = verify(&[]).exits(74);
    assert!(ended.stderr.contains("fact 3 of the ledger (test/only, its fact 3)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    let json = verify(&["--format", "json"]).exits(74).json();
    let at = &json["fault"]["chain"];
    assert_eq!((&json["sound"], &at["number"], &at["transfer"]), (&false.into(), &3.into(), &"only".into()));
    assert!(at["expected"].as_str() != at["found"].as_str(), "{at:#}");
    assert_eq!(json["ledger_head"]["facts"], 2, "up to there it holds");
    assert_eq!(
        bench.run(&["ledger", "export", "--ledger", &bench.at("copy.db")]).exits(74).stdout.lines().count(),
        3
    );

    copy();
    by_hand(&file, &format!("DELETE FROM facts WHERE number = {facts}"));
    let ended = verify(&["--head", &head]).exits(74);
    assert!(ended.stderr.contains("`facts_never_change` is not as meterferry made it"), "{}", ended.stderr);
    let triggers = "CREATE TRIGGER facts_never_change BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'a recorded fact never changes'); END;
CREATE TRIGGER facts_are_never_dropped BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'a recorded fact is never dropped'); END;";
    rusqlite::Connection::open(&file).unwrap().execute_batch(triggers).unwrap();
    verify(&[]).exits(0);
    let ended = verify(&["--head", &head]).exits(74);
    assert!(ended.stderr.contains("was cut off"), "{}", ended.stderr);

    let other = bench.at("other");
    bench.run(&["ledger", "init", "--simulated", "--state-dir", &other]).exits(0);
    bench.run(&["ledger", "verify", "--state-dir", &other, "--head", &head]).exits(74);

    // No run begins on what is not what it was.
    by_hand(
        &bench.path("ledger").join(LEDGER_FILE),
        &format!("UPDATE facts SET run = 'x' WHERE number = {facts}"),
    );
    let before = meters.gateway.audit(TARGET).requests_total();
    let ended = bench.on_map("run", &job, &[]).exits(74);
    assert!(ended.stderr.contains("chain"), "{}", ended.stderr);
    assert_eq!(meters.gateway.audit(TARGET).requests_total(), before);
}

#[test]
fn what_is_typed_wrong_is_told() {
    let (bench, ..) = carried();
    ledger(&bench, "verify", &["--head", "12"]).exits(64);
    ledger(&bench, "verify", &["--head", "12:abc"]).exits(64);
    bench.run(&["ledger", "verify", "--ledger", &bench.at("nowhere.db")]).exits(66);
    bench.run(&["ledger", "verify", "--ledger", &bench.at("job.yaml")]).exits(74);
    bench.run(&["ledger", "verify"]).exits(74);
    ledger(&bench, "export", &["--campaign", "tset"]).exits(4);
    bench.run(&["run", &bench.at("job.yaml"), "--simulate", "--operator", " "]).exits(64);
}

/// Exports, and lets the other program compute the chain; nothing if there is no Python here.
fn recomputed(export: &str, head: &str) -> Option<bool> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/evidence/check_export.py");
    let spawned = Command::new("python3")
        .arg(script)
        .arg(head)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        eprintln!("skipped: there is no python3");
        return None;
    };
    // A program that has seen enough does not read to the end.
    let _ = child.stdin.take().unwrap().write_all(export.as_bytes());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() || told.trim() == head, "{told}");
    Some(output.status.success())
}

#[test]
fn an_export_is_whole_and_another_program_comes_to_the_same_head() {
    let (bench, ..) = carried();
    let head = head_of(&ledger(&bench, "verify", &["--format", "json"]).exits(0).json());
    let export = ledger(&bench, "export", &[]).exits(0).stdout;
    let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!((types[0], types[types.len() - 1]), ("ledger", "head"));
    assert!(types[1..types.len() - 1].iter().all(|kind| *kind == "fact"));
    let of = |kind: &str| lines.iter().find(|line| line["kind"] == kind).unwrap();
    assert_eq!(
        of("source_read")["fact"]["readings"]["real_energy_in"]["value"].as_str().map(str::is_empty),
        Some(false)
    );
    assert_eq!(of("verified")["transfer"], "only");
    let Some(sound) = recomputed(&export, &head) else { return };
    assert!(sound);
    // What was done with the export afterwards is found without the ledger.
    let run = of("intended")["run"].as_str().unwrap();
    for (from, to) in
        [(run, "another"), ("\"seq\":4", "\"seq\":5"), ("\"kind\":\"fenced\"", "\"kind\":\"looked\"")]
    {
        let forged = export.replacen(from, to, 1);
        assert!(forged == export || recomputed(&forged, &head) == Some(false), "{from}");
    }
    let cut: String = export.split_inclusive('\n').take(lines.len() - 1).collect();
    assert_eq!(recomputed(&cut, &head), Some(false));
    let campaign = ledger(&bench, "export", &["--campaign", "test"]).exits(0).stdout;
    assert_eq!(campaign, export, "there is no other campaign");
}

#[test]
fn a_ledger_whose_runs_were_killed_is_sound_and_every_head_before_is_in_it() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(12));
    let simulator = Simulator::start(&bench, &job, "5ms");
    let mut kept: Vec<String> = Vec::new();
    for pause in [120, 200, 300, 90] {
        let arguments = bench.mapped("run", &job);
        let running = bench.start(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        std::thread::sleep(std::time::Duration::from_millis(pause));
        running.kill();
        // Killed before it made its ledger.
        if !bench.path("ledger").join(LEDGER_FILE).exists() {
            continue;
        }
        for head in &kept {
            ledger(&bench, "verify", &["--head", head]).exits(0);
        }
        kept.push(head_of(&ledger(&bench, "verify", &["--format", "json"]).exits(0).json()));
    }
    println!("{kept:?}");
    let last = bench.on_map("run", &job, &[]).exits(0).json();
    for head in kept.iter().chain([&head_of(&last)]) {
        ledger(&bench, "verify", &["--head", head]).exits(0);
    }
    assert_preset_once(&simulator.stop(), &last);
}
