//! `undo`, from one process to the next: what it shows, what it writes, and what the others say afterwards.

use meterferry::simulator::{Energies, Fault, When};
use serde_json::Value;

use crate::{
    bench::{Bench, assert_all, transfer, value},
    job,
    meters::{COUNTED, Meters, TARGET},
    support::Ended,
};

/// What the target counts after the transfer: within the tolerance and beyond it.
const SINCE: Energies = [777, 120, 4, 0, 773, 120, 800];

fn sum(one: Energies, other: Energies) -> Energies {
    std::array::from_fn(|place| one[place] + other[place])
}

/// A transfer that was done, and a target that has counted since.
fn done(since: Energies) -> (Bench, String, Meters) {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.gateway.set_energies(TARGET, sum(COUNTED, since));
    (bench, job, meters)
}

fn undo(bench: &Bench, job: &str, further: &[&str]) -> Ended {
    bench.on_map("undo", job, &[&["--id", "only"], further].concat())
}

fn status(bench: &Bench, job: &str, code: i32) -> Value {
    let state = bench.at("ledger");
    bench.run(&["status", job, "--state-dir", &state, "--format", "json"]).exits(code).json()
}

#[test]
fn it_is_shown_first_then_done_and_then_nobody_calls_the_transfer_done() {
    let (bench, job, meters) = done(SINCE);
    let shown = undo(&bench, &job, &["--dry-run"]).exits(0).json();
    assert_eq!(shown["would"], "transfer", "{shown:#}");
    assert_eq!(shown["counted"][0], "777");
    assert_eq!(value(&shown["staged"], "real_energy_in"), 777);
    assert_eq!(value(&shown["after"], "real_energy_in"), COUNTED[0]);
    assert_eq!(meters.presets(), 1, "a dry run wrote");

    let undone = undo(&bench, &job, &["--reason", "the wrong feeder"]).exits(0).json();
    assert_eq!(transfer(&undone, "only~undo1")["outcome"], "done", "{undone:#}");
    assert_eq!(meters.gateway.energies(TARGET), SINCE);
    assert_eq!(meters.presets(), 2);

    let status = status(&bench, &job, 6);
    assert_all(&status, "refused", 1);
    let reason = transfer(&status, "only")["reason"].as_str().unwrap();
    assert!(reason.contains("undone") && reason.contains("the wrong feeder"), "{reason}");
    assert_eq!(bench.on_map("plan", &job, &[]).exits(6).json()["counts"]["refuse"], 1);
    assert_all(&bench.on_map("run", &job, &[]).exits(6).json(), "refused", 1);
    let again = undo(&bench, &job, &["--reason", "once more"]).exits(0);
    assert!(again.stdout.contains("undone before"), "{}", again.stdout);
    assert_eq!(meters.presets(), 2);

    let generation = bench.write("again.yaml", &job::single_with("generation: 2"));
    assert_all(&bench.on_map("run", &generation, &[]).exits(0).json(), "done", 1);
    assert_eq!(meters.gateway.energies(TARGET), COUNTED);
}

#[test]
fn people_see_each_energy_as_it_is_and_as_it_would_be() {
    let (bench, job, _meters) = done(SINCE);
    let (state, map) = (bench.at("ledger"), bench.at("map.json"));
    let shown = bench
        .run(&[
            "undo",
            &job,
            "--id",
            "only",
            "--dry-run",
            "--state-dir",
            &state,
            "--simulated-gateways",
            &map,
        ])
        .exits(0)
        .stdout;
    for part in ["would be set back", "counted since", "0.777", "1,235.344", "nothing was written"] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
}

#[test]
fn a_meter_that_was_reset_or_jumped_is_refused_with_the_numbers() {
    for since in [sum(SINCE, [9_000_000_000; 7]), COUNTED.map(|energy| -energy)] {
        let (bench, job, meters) = done(since);
        assert_eq!(undo(&bench, &job, &["--dry-run"]).exits(6).json()["would"], "refuse");
        let refused = undo(&bench, &job, &["--reason", "why not"]).exits(6).json();
        let reason = transfer(&refused, "only~undo1")["reason"].as_str().unwrap();
        assert!(reason.contains("is not where test/only left it"), "{reason}");
        assert_eq!(meters.presets(), 1);
        assert_all(&status(&bench, &job, 0), "already_done", 1);
    }
}

#[test]
fn what_a_person_says_narrows_what_the_load_allows() {
    let (bench, job, meters) = done(SINCE);
    undo(&bench, &job, &["--dry-run", "--max-growth", "0.7 kWh"]).exits(6);
    undo(&bench, &job, &["--reason", "seen", "--max-growth", "a lot"]).exits(64);
    undo(&bench, &job, &["--reason", "seen", "--max-growth", "0.8 kWh"]).exits(0);
    assert_eq!(meters.gateway.energies(TARGET), SINCE);
}

#[test]
fn an_undo_that_cannot_be_settled_is_unknown_everywhere_until_it_is_finished() {
    let (bench, job, meters) = done(SINCE);
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowResponse);
    meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
    undo(&bench, &job, &["--reason", "the wrong feeder"]).exits(5);
    meters.gateway.clear_faults(TARGET);
    let requests = meters.gateway.audit(TARGET).requests_total();
    let unknown = status(&bench, &job, 5);
    let hint = transfer(&unknown, "only")["hint"].as_str().unwrap();
    assert!(hint.contains("meterferry undo JOB --id only"), "{hint}");
    assert_all(&bench.on_map("run", &job, &[]).exits(5).json(), "unknown", 1);
    assert_eq!(bench.on_map("plan", &job, &[]).exits(5).json()["counts"]["unknown"], 1);
    assert_eq!(meters.gateway.audit(TARGET).requests_total(), requests, "a meter was asked");
    undo(&bench, &job, &["--reason", "the wrong feeder"]).exits(0);
    assert_eq!((meters.presets(), meters.gateway.energies(TARGET)), (2, SINCE));
    assert_all(&status(&bench, &job, 6), "refused", 1);
}

#[test]
fn a_person_may_say_what_became_of_an_undo() {
    for (decision, outcome, code) in [("not-committed", "already_done", 0), ("accepted", "refused", 6)] {
        let (bench, job, meters) = done(SINCE);
        meters.gateway.inject(TARGET, When::commit(), Fault::SwallowRequest);
        meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
        undo(&bench, &job, &["--reason", "the wrong feeder"]).exits(5);
        let state = bench.at("ledger");
        let resolve = [
            "resolve",
            &job,
            "--state-dir",
            &state,
            "--id",
            "only~undo1",
            "--as",
            decision,
            "--reason",
            "seen",
        ];
        bench.run(&resolve).exits(0);
        assert_all(&status(&bench, &job, code), outcome, 1);
    }
}

#[test]
fn what_cannot_be_undone_is_said_and_nothing_is_touched() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    bench.on_map("plan", &job, &[]).exits(0);
    let ended = undo(&bench, &job, &["--reason", "seen"]).exits(74);
    assert!(ended.stderr.contains("ledger"), "{}", ended.stderr);
    undo(&bench, &job, &["--dry-run"]).exits(6);
    let ended = undo(&bench, &job, &[]).exits(64);
    assert!(ended.stderr.contains("--reason"), "{}", ended.stderr);
    undo(&bench, &job, &["--reason", "  "]).exits(64);
    bench.on_map("undo", &job, &["--id", "nobody", "--reason", "seen"]).exits(4);
    let ended = bench.run(&["undo", &job, "--simulate", "--id", "only", "--reason", "seen"]).exits(64);
    assert!(ended.stderr.contains("--state-dir"), "{}", ended.stderr);
    bench.run(&["ledger", "init"]).exits(0);
    let ended = bench.run(&["undo", &job, "--id", "only", "--reason", "seen", "--yes"]).exits(6);
    assert!(ended.stderr.contains("nothing to undo"), "{}", ended.stderr);
    meters.assert_untouched();
}
