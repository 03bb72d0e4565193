//! Every exit code of DESIGN.md §5 that meters lead to, each reached by meters that misbehave accordingly.

use meterferry::simulator::{Device, Fault, Model, When};

use crate::{
    bench::{Bench, assert_adds_up, assert_all, transfer},
    job,
    meters::{COUNTED, Meters, SOURCE, TARGET, source, target},
};

/// Runs the single transfer, which must end like this, and gives its reason.
#[track_caller]
fn ends(bench: &Bench, job: &str, outcome: &str, code: i32) -> String {
    let result = bench.on_map("run", job, &[]).exits(code).json();
    assert_all(&result, outcome, 1);
    assert_eq!(result["exit_code"], code);
    let reason = transfer(&result, "only")["reason"].as_str().unwrap().to_owned();
    assert!(!reason.is_empty());
    reason
}

#[test]
fn done_is_0_and_so_is_done_already() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    ends(&bench, &job, "done", 0);
    ends(&bench, &job, "already_done", 0);
    meters.assert_carried_once();
}

#[test]
fn a_plan_with_something_to_do_is_2_if_that_is_asked_for_and_0_otherwise() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    let plan = bench.on_map("plan", &job, &["--detailed-exitcode"]).exits(2).json();
    assert_eq!(transfer(&plan, "only")["would"], "transfer");
    bench.on_map("plan", &job, &[]).exits(0);
    meters.assert_untouched();
    ends(&bench, &job, "done", 0);
    bench.on_map("plan", &job, &["--detailed-exitcode"]).exits(0);
}

#[test]
fn a_meter_that_rejects_the_command_fails_with_3_and_a_later_run_succeeds() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), target().always_answering(81));
    let job = bench.write("job.yaml", &job::single());
    ends(&bench, &job, "failed", 3);
    assert_eq!(meters.presets(), 0);
    meters.gateway.exchange(TARGET, target());
    ends(&bench, &job, "done", 0);
    meters.assert_carried_once();
}

#[test]
fn a_target_that_has_counted_is_refused_with_6_and_not_touched() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), target().with_energies([50_000, 0, 0, 0, 50_000, 0, 60_000]));
    let job = bench.write("job.yaml", &job::single());
    ends(&bench, &job, "refused", 6);
    bench.on_map("plan", &job, &[]).exits(6);
    meters.assert_untouched();
}

#[test]
fn another_meter_than_the_job_says_is_refused_with_6_and_not_touched() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), Device::new(Model::Pm800, 11_999_999));
    let job = bench.write("job.yaml", &job::single());
    let reason = ends(&bench, &job, "refused", 6);
    assert!(reason.contains("11999999") && reason.contains("11000002"), "{reason}");
    meters.assert_untouched();
}

#[test]
fn swapped_meters_are_refused_with_6_even_if_the_job_would_replace() {
    let bench = Bench::new();
    let meters = Meters::of(
        &bench,
        source().with_energies([2_000, 0, 0, 0, 2_000, 0, 2_000]),
        target().with_energies(COUNTED),
    );
    let job = bench.write("job.yaml", &job::single_with("target_energy: replace"));
    ends(&bench, &job, "refused", 6);
    meters.assert_untouched();
}

#[test]
fn a_source_at_zero_is_refused_with_6_unless_the_job_allows_it() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source().with_energies([0; 7]), target());
    let job = bench.write("job.yaml", &job::single());
    ends(&bench, &job, "refused", 6);
    meters.assert_untouched();
}

#[test]
fn a_dead_gateway_is_unreachable_with_7_and_a_later_run_succeeds() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.set_offline(true);
    ends(&bench, &job, "unreachable", 7);
    bench.on_map("plan", &job, &[]).exits(7);
    meters.gateway.set_offline(false);
    ends(&bench, &job, "done", 0);
    meters.assert_carried_once();
}

#[test]
fn a_silent_unit_is_unreachable_with_7() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.set_silent(TARGET, true);
    ends(&bench, &job, "unreachable", 7);
    meters.assert_untouched();
}

#[test]
fn a_commit_nobody_can_tell_about_is_unknown_with_5_until_somebody_can() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowResponse);
    meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
    ends(&bench, &job, "unknown", 5);
    // Running again only looks.
    ends(&bench, &job, "unknown", 5);
    assert_eq!(meters.gateway.audit(TARGET).commit_requests(), 1);
    meters.gateway.clear_faults(TARGET);
    ends(&bench, &job, "done", 0);
    meters.assert_carried_once();
    assert_eq!(meters.gateway.audit(TARGET).commit_requests(), 1);
}

#[test]
fn a_lost_answer_to_the_commit_is_settled_by_reading() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowResponse);
    ends(&bench, &job, "done", 0);
    meters.assert_carried_once();
    assert_eq!(meters.gateway.audit(TARGET).commit_requests(), 1, "the commit was repeated");
}

#[test]
fn a_target_that_shows_other_energies_afterwards_is_a_mismatch_with_8_and_stays_one() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    meters.gateway.inject(TARGET, When::energies().skip(1).always(), Fault::TornRead);
    ends(&bench, &job, "mismatch", 8);
    meters.gateway.clear_faults(TARGET);
    let requests = meters.gateway.audit(TARGET).requests_total();
    ends(&bench, &job, "mismatch", 8);
    assert_eq!(meters.gateway.audit(TARGET).requests_total(), requests, "a mismatch was touched again");
    assert_eq!(meters.presets(), 1);
}

#[test]
fn of_mixed_outcomes_the_one_a_person_must_look_at_first_decides() {
    let bench = Bench::new();
    let second = (3, Device::new(Model::Cm4000, 40_000_003).with_energies(COUNTED));
    // The second target has counted.
    let third = (4, Device::new(Model::Pm800, 11_000_004).with_energies([9_000_000; 7]));
    let meters = Meters::at_units(&bench, [(SOURCE, source()), (TARGET, target()), second, third]);
    let text = job::single()
        + "  - id: other
    source: { model: CM4000, host: 192.0.2.1, unit: 3, serial_number: 40000003 }
    target: { model: PM800, host: 192.0.2.1, unit: 4, serial_number: 11000004 }
";
    let job = bench.write("job.yaml", &text);
    let result = bench.on_map("run", &job, &[]).exits(6).json();
    assert_adds_up(&result);
    assert_eq!(transfer(&result, "only")["outcome"], "done");
    assert_eq!(transfer(&result, "other")["outcome"], "refused");
    meters.assert_carried_once();
    assert_eq!(meters.gateway.audit(4).writes(), []);
}

#[test]
fn a_job_that_was_changed_after_it_was_done_is_refused_with_6() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    ends(&bench, &job, "done", 0);
    // An address, an option and a comment are not the meaning.
    let same = job::single_with("settle: 70ms # shorter").replace("192.0.2.1", "\"192.0.2.1\"");
    bench.write("job.yaml", &same);
    ends(&bench, &job, "already_done", 0);
    let other = job::single().replace("serial_number: 11000002", "serial_number: 11000003");
    bench.write("job.yaml", &other);
    let reason = ends(&bench, &job, "refused", 6);
    assert!(reason.contains("11000002") && reason.contains("11000003"), "{reason}");
    meters.assert_carried_once();
}
