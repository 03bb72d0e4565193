//! `adopt`: what was done by hand is recorded as done where the meters bear it out, and only there.

use meterferry::simulator::Energies;

use crate::{
    bench::{Bench, assert_all, value},
    job,
    meters::{COUNTED, Meters, SOURCE, TARGET, source, target},
    support::Ended,
};

/// A target that somebody set by hand, and that has counted so much since.
fn by_hand(since: i64, further: &str) -> (Bench, String, Meters) {
    let bench = Bench::new();
    let set: Energies = COUNTED.map(|energy| if energy == 0 { 0 } else { energy + since });
    let meters = Meters::of(&bench, source(), target().with_energies(set));
    let job = bench.write("job.yaml", &job::single_with(further));
    (bench, job, meters)
}

fn adopt(bench: &Bench, job: &str, further: &[&str]) -> Ended {
    bench.on_map("adopt", job, &[&["--id", "only", "--reason", "by the maker's program"], further].concat())
}

fn ago(hours: i64) -> String {
    (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string()
}

#[test]
fn a_target_set_by_hand_is_done_and_no_run_touches_it() {
    let (bench, job, meters) = by_hand(900, "");
    let adopted = adopt(&bench, &job, &[]).exits(0).json();
    assert_eq!(value(&adopted["adopted"]["target"]["readings"], "real_energy_in"), COUNTED[0] + 900);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "already_done", 1);
    let state = bench.at("ledger");
    let status = bench.run(&["status", &job, "--state-dir", &state]).exits(0).stdout;
    assert!(status.contains("already done"), "{status}");
    let again = adopt(&bench, &job, &[]).exits(6);
    assert!(again.stderr.contains("done already"), "{}", again.stderr);
    let undo = bench.on_map("undo", &job, &["--id", "only", "--reason", "seen"]).exits(6);
    assert!(undo.stderr.contains("adopted"), "{}", undo.stderr);
    meters.assert_untouched();
    // The target is taken.
    let other = bench.write("other.yaml", &job::single().replace("id: only", "id: other"));
    let refused = bench.on_map("adopt", &other, &["--id", "other", "--reason", "seen"]).exits(6);
    assert!(refused.stderr.contains("test/only"), "{}", refused.stderr);
    assert_all(&bench.on_map("run", &other, &[]).exits(6).json(), "refused", 1);
    meters.assert_untouched();
}

#[test]
fn without_proof_it_is_refused_with_the_numbers_and_nothing_is_recorded() {
    for since in [-1_100, 1_100, 40_000] {
        let (bench, job, meters) = by_hand(since, "");
        let refused = adopt(&bench, &job, &[]).exits(6);
        assert!(refused.stderr.contains("1,234.567 kWh"), "{}", refused.stderr);
        assert!(refused.stderr.contains("--done-at"), "{}", refused.stderr);
        let state = bench.at("ledger");
        let status = bench.run(&["status", &job, "--state-dir", &state, "--format", "json"]).exits(9).json();
        assert_all(&status, "not_run", 1);
        meters.assert_untouched();
    }
    // A target that nobody set.
    let (bench, job, meters) = by_hand(-1_000_000, "");
    adopt(&bench, &job, &["--max-growth", "2 MWh"]).exits(6);
    adopt(&bench, &job, &["--done-at", &ago(8)]).exits(6);
    meters.assert_untouched();
}

#[test]
fn when_it_was_done_or_how_much_it_can_have_counted_is_a_proof() {
    let (bench, job, _meters) = by_hand(400_000, "");
    adopt(&bench, &job, &["--done-at", &ago(1)]).exits(6);
    adopt(&bench, &job, &["--done-at", &ago(-1)]).exits(6);
    let nothing = adopt(&bench, &job, &["--done-at", &ago(24 * 365)]).exits(6);
    assert!(nothing.stderr.contains("nobody set"), "{}", nothing.stderr);
    adopt(&bench, &job, &["--done-at", &ago(2)]).exits(0);
    let (bench, job, _meters) = by_hand(400_000, "");
    adopt(&bench, &job, &["--max-growth", "399 kWh"]).exits(6);
    adopt(&bench, &job, &["--max-growth", "400 kWh"]).exits(0);
}

#[test]
fn typed_readings_bound_it_by_the_time_they_were_taken() {
    for (hours, code) in [(1, 6), (3, 0)] {
        let (bench, _, meters) = by_hand(400_000, "");
        let typed = format!(
            "{{ model: CM4000, serial_number: 40000001, taken: {}, readings: {{ real_energy_in: 1234.567 kWh, reactive_energy_in: 400 kVARh, apparent_energy_total: 1300 kVAh }}, others: keep }}",
            ago(hours)
        );
        let live = "{ model: CM4000, host: 192.0.2.1, unit: 1, serial_number: 40000001 }";
        let job = bench.write("job.yaml", &job::single().replace(live, &typed));
        adopt(&bench, &job, &[]).exits(code);
        assert_eq!(meters.gateway.audit(SOURCE).requests_total(), 0);
        meters.assert_untouched();
    }
}

#[test]
fn another_meter_or_none_is_said() {
    let (bench, job, meters) = by_hand(0, "");
    let wrong = bench.write("wrong.yaml", &job::single().replace("11000002", "11000003"));
    let ended = adopt(&bench, &wrong, &[]).exits(6);
    assert!(ended.stderr.contains("11000002"), "{}", ended.stderr);
    meters.gateway.set_silent(TARGET, true);
    adopt(&bench, &job, &[]).exits(7);
    meters.gateway.set_silent(TARGET, false);
    adopt(&bench, &job, &[]).exits(0);
}
