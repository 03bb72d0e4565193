//! A person says what a run could not find out.

use meterferry::simulator::{Fault, When};

use crate::{
    bench::{Bench, assert_all, transfer},
    job,
    meters::{Meters, TARGET},
    support::Ended,
};

/// A commit that was sent, an answer that never came, and a fence that cannot be put up.
fn unknown(commit: Fault) -> (Bench, String, Meters) {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.inject(TARGET, When::commit(), commit);
    meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
    let result = bench.on_map("run", &job, &[]).exits(5).json();
    assert_all(&result, "unknown", 1);
    assert!(transfer(&result, "only")["hint"].is_string(), "{result:#}");
    meters.gateway.clear_faults(TARGET);
    (bench, job, meters)
}

fn resolve(bench: &Bench, job: &str, decision: &str, reason: &str) -> Ended {
    let state = bench.at("ledger");
    let arguments =
        ["resolve", job, "--state-dir", &state, "--id", "only", "--as", decision, "--reason", reason];
    bench.run(&arguments)
}

#[track_caller]
fn status(bench: &Bench, job: &str, outcome: &str, code: i32) {
    let state = bench.at("ledger");
    let status = bench.run(&["status", job, "--state-dir", &state, "--format", "json"]).exits(code).json();
    assert_all(&status, outcome, 1);
}

#[test]
fn what_is_unknown_is_shown_by_status_without_touching_a_meter() {
    let (bench, job, meters) = unknown(Fault::SwallowResponse);
    let requests = meters.gateway.audit(TARGET).requests_total();
    status(&bench, &job, "unknown", 5);
    assert_eq!(meters.gateway.audit(TARGET).requests_total(), requests);
}

#[test]
fn resolved_as_committed_it_is_verified_by_the_next_run_and_not_sent_again() {
    let (bench, job, meters) = unknown(Fault::SwallowResponse);
    let told = resolve(&bench, &job, "committed", "the display shows 1 234 kWh").exits(0);
    assert!(told.stdout.contains("the next run verifies it"), "{}", told.stdout);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.assert_carried_once();
    assert_eq!(meters.gateway.audit(TARGET).commit_requests(), 1);
    status(&bench, &job, "already_done", 0);
}

#[test]
fn resolved_as_committed_though_it_was_not_is_found_out_and_never_silently_done() {
    let (bench, job, meters) = unknown(Fault::SwallowRequest);
    resolve(&bench, &job, "committed", "a mistake").exits(0);
    assert_all(&bench.on_map("run", &job, &[]).exits(8).json(), "mismatch", 1);
    assert_eq!(meters.presets(), 0);
    // A mismatch can be resolved too, and then starts again with all guards.
    resolve(&bench, &job, "not-committed", "the display shows 0 kWh").exits(0);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.assert_carried_once();
}

#[test]
fn resolved_as_not_committed_it_starts_again() {
    let (bench, job, meters) = unknown(Fault::SwallowRequest);
    let told = resolve(&bench, &job, "not-committed", "the display shows 0 kWh").exits(0);
    assert!(told.stdout.contains("starts again"), "{}", told.stdout);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.assert_carried_once();
}

#[test]
fn resolved_as_not_committed_though_it_was_is_not_preset_a_second_time() {
    let (bench, job, meters) = unknown(Fault::SwallowResponse);
    resolve(&bench, &job, "not-committed", "a mistake").exits(0);
    // Guards see a target that holds what the source holds.
    assert_all(&bench.on_map("run", &job, &[]).exits(6).json(), "refused", 1);
    meters.assert_carried_once();
    assert_eq!(meters.gateway.audit(TARGET).commit_requests(), 1);
}

#[test]
fn resolved_as_accepted_it_is_done_and_no_meter_is_touched_again() {
    let (bench, job, meters) = unknown(Fault::SwallowResponse);
    let requests = meters.gateway.audit(TARGET).requests_total();
    resolve(&bench, &job, "accepted", "set by hand").exits(0);
    status(&bench, &job, "already_done", 0);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "already_done", 1);
    assert_eq!(meters.gateway.audit(TARGET).requests_total(), requests);
}

#[test]
fn what_is_done_cannot_be_resolved() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    bench.on_map("run", &job, &[]).exits(0);
    for decision in ["committed", "not-committed", "accepted"] {
        let ended = resolve(&bench, &job, decision, "seen").exits(6);
        assert!(ended.stderr.contains("it is done"), "{}", ended.stderr);
    }
    status(&bench, &job, "already_done", 0);
    meters.assert_carried_once();
}

#[test]
fn what_nothing_is_open_of_cannot_be_resolved() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.set_offline(true);
    bench.on_map("run", &job, &[]).exits(7);
    resolve(&bench, &job, "accepted", "seen").exits(6);
}

#[test]
fn a_resolution_needs_a_reason_and_a_transfer_of_the_job() {
    let (bench, job, _meters) = unknown(Fault::SwallowResponse);
    for reason in ["", "  \t"] {
        resolve(&bench, &job, "committed", reason).exits(64);
    }
    let state = bench.at("ledger");
    let other =
        ["resolve", &job, "--state-dir", &state, "--id", "other", "--as", "accepted", "--reason", "x"];
    bench.run(&other).exits(4);
    let without = ["resolve", &job, "--state-dir", &state, "--id", "only", "--as", "accepted"];
    bench.run(&without).exits(64);
    status(&bench, &job, "unknown", 5);
}
