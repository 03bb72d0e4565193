//! What the program says when the ledger is missing, taken, damaged or of the other kind.

use std::{fs, time::Duration};

use meterferry::ledger::{Kind, LEDGER_FILE, SqliteLedger};

use crate::{
    bench::{Bench, assert_all, until},
    job,
    meters::Meters,
};

fn bench() -> (Bench, String) {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::single());
    (bench, job)
}

#[test]
fn a_real_run_without_a_ledger_is_74_and_says_how_to_make_one() {
    let (bench, job) = bench();
    let ended = bench.run(&["run", &job, "--yes"]).exits(74);
    assert!(ended.stderr.contains("meterferry ledger init"), "{}", ended.stderr);
    let ended = bench.run(&["status", &job]).exits(74);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    let resolve = ["resolve", &job, "--id", "only", "--as", "accepted", "--reason", "seen"];
    bench.run(&resolve).exits(74);
    assert!(!bench.path("state").exists(), "a ledger was made unasked");
}

#[test]
fn a_ledger_is_made_once() {
    let (bench, _) = bench();
    let ended = bench.run(&["ledger", "init"]).exits(0);
    assert!(ended.stdout.contains("real"), "{}", ended.stdout);
    assert!(bench.path("state").join(LEDGER_FILE).exists());
    bench.run(&["ledger", "init"]).exits(74);
    bench.run(&["ledger", "init", "--simulated"]).exits(74);
    bench.run(&["ledger", "init", "--simulated", "--state-dir", &bench.at("other")]).exits(0);
}

#[test]
fn a_real_run_with_nobody_to_ask_needs_yes_and_is_64() {
    let (bench, job) = bench();
    bench.run(&["ledger", "init"]).exits(0);
    let ended = bench.run(&["run", &job]).exits(64);
    assert!(ended.stderr.contains("1 transfer, 1 meter will be written"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--yes"), "{}", ended.stderr);
}

#[test]
fn a_real_ledger_is_not_used_for_simulated_meters_nor_the_other_way_round() {
    let (bench, job) = bench();
    let (real, simulated) = (bench.at("real"), bench.at("simulated"));
    bench.run(&["ledger", "init", "--state-dir", &real]).exits(0);
    let ended = bench.run(&["run", &job, "--simulate", "--state-dir", &real]).exits(74);
    assert!(ended.stderr.contains("simulated"), "{}", ended.stderr);
    bench.run(&["plan", &job, "--simulate", "--state-dir", &real]).exits(74);

    bench.run(&["run", &job, "--simulate", "--state-dir", &simulated]).exits(0);
    bench.run(&["run", &job, "--yes", "--state-dir", &simulated]).exits(74);
    bench.run(&["plan", &job, "--state-dir", &simulated]).exits(74);
}

#[test]
fn a_damaged_ledger_is_74_and_no_meter_is_touched() {
    let (bench, job) = bench();
    let meters = Meters::new(&bench);
    fs::create_dir(bench.path("ledger")).unwrap();
    fs::write(
        bench.path("ledger").join(LEDGER_FILE),
        "this is no database, and long enough for a header".repeat(9),
    )
    .unwrap();
    for command in ["run", "plan"] {
        let ended = bench.on_map(command, &job, &[]).exits(74);
        assert!(ended.stderr.contains(LEDGER_FILE), "{}", ended.stderr);
    }
    bench.run(&["status", &job, "--state-dir", &bench.at("ledger")]).exits(74);
    meters.assert_untouched();
}

#[test]
fn a_second_run_at_the_same_time_is_11_and_touches_nothing() {
    let (bench, job) = bench();
    let meters = Meters::new(&bench);
    let dir = bench.path("ledger");
    SqliteLedger::init(&dir, Kind::Simulated).unwrap();
    let held = SqliteLedger::open_for_run(&dir, Kind::Simulated, Duration::ZERO).unwrap();
    bench.on_map("run", &job, &[]).exits(11);
    bench.on_map("run", &job, &["--lock-wait", "50ms"]).exits(11);
    let state = bench.at("ledger");
    let resolve = ["resolve", &job, "--id", "only", "--as", "accepted", "--reason", "seen"];
    bench.run(&[&resolve[..], &["--state-dir", &state]].concat()).exits(11);
    // To look is allowed beside a run.
    bench.on_map("plan", &job, &[]).exits(0);
    bench.run(&["status", &job, "--state-dir", &state]).exits(9);
    meters.assert_untouched();
    drop(held);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
}

#[test]
fn a_run_waits_for_the_other_one_as_long_as_it_is_told_to() {
    let (bench, job) = bench();
    let meters = Meters::new(&bench);
    let dir = bench.path("ledger");
    SqliteLedger::init(&dir, Kind::Simulated).unwrap();
    let held = SqliteLedger::open_for_run(&dir, Kind::Simulated, Duration::ZERO).unwrap();
    let arguments = bench.mapped("run", &job);
    let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--lock-wait", "30s"]);
    let mut waiting = bench.start(&arguments);
    std::thread::sleep(Duration::from_millis(150));
    assert!(!waiting.has_ended());
    meters.assert_untouched();
    drop(held);
    until("the run ends", || waiting.has_ended());
    assert_all(&waiting.wait().exits(0).json(), "done", 1);
    meters.assert_carried_once();
}

#[test]
fn status_of_what_was_never_run_is_unfinished_with_9() {
    let (bench, job) = bench();
    bench.run(&["ledger", "init"]).exits(0);
    let status = bench.run(&["status", &job, "--format", "json"]).exits(9).json();
    assert_all(&status, "not_run", 1);
}

#[test]
fn a_real_run_carries_once_writes_down_that_it_did_and_does_nothing_the_next_time() {
    let bench = Bench::new();
    // Meters that do not know they are simulated: the job itself names their loopback address.
    let meters = Meters::new(&bench);
    let socket = meters.socket.to_string();
    let (host, port) = socket.split_once(':').unwrap();
    let text = job::single().replace("host: 192.0.2.1", &format!("host: {host}, port: {port}"));
    let job = bench.write("job.yaml", &text);
    bench.run(&["ledger", "init"]).exits(0);
    bench.run(&["plan", &job]).exits(0);
    let run = || bench.run(&["run", &job, "--yes", "--format", "json"]).exits(0).json();
    assert_all(&run(), "done", 1);
    assert_all(&run(), "already_done", 1);
    meters.assert_carried_once();
    // Nothing is left to be written to, so that nobody has to be asked.
    bench.run(&["run", &job]).exits(0);
    bench.run(&["status", &job]).exits(0);
    // A lost ledger is no fresh start, and even with a new one the meters themselves say no.
    fs::remove_dir_all(bench.path("state")).unwrap();
    bench.run(&["run", &job, "--yes"]).exits(74);
    bench.run(&["ledger", "init"]).exits(0);
    bench.run(&["run", &job, "--yes"]).exits(6);
    meters.assert_carried_once();
}
