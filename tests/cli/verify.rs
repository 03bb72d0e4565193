//! `verify`: finished meters are read again, and held against what is recorded of them.

use std::time::Duration;

use meterferry::{
    ledger::{Kind, SqliteLedger},
    simulator::{Device, Model},
};
use serde_json::Value;

use crate::{
    bench::{Bench, transfer},
    job,
    meters::{COUNTED, Meters, TARGET},
};

fn done() -> (Bench, String, Meters) {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &job::single());
    bench.on_map("run", &job, &[]).exits(0);
    (bench, job, meters)
}

#[track_caller]
fn verify(bench: &Bench, job: &str, code: i32, standing: &str) -> Value {
    let found = bench.on_map("verify", job, &[]).exits(code).json();
    assert_eq!(transfer(&found, "only")["standing"], standing, "{found:#}");
    assert_eq!((&found["counts"][standing], &found["counts"]["total"]), (&1.into(), &1.into()));
    found
}

#[test]
fn a_meter_that_goes_on_counting_is_plausible_and_nothing_is_written_or_recorded() {
    let (bench, job, meters) = done();
    let still = verify(&bench, &job, 0, "plausible");
    assert!(transfer(&still, "only")["hint"].as_str().unwrap().contains("nothing since"), "{still:#}");
    meters.gateway.set_energies(TARGET, COUNTED.map(|energy| energy + 500));
    let (audit, state) = (meters.gateway.audit(TARGET).writes().len(), bench.at("ledger"));
    let head = || bench.run(&["ledger", "verify", "--state-dir", &state]).exits(0).stdout;
    let before = head();
    let found = verify(&bench, &job, 0, "plausible");
    assert_eq!(transfer(&found, "only")["grown"]["real_energy_in"], "500");
    assert_eq!(transfer(&found, "only")["hint"], Value::Null);
    assert_eq!(meters.gateway.audit(TARGET).writes().len(), audit);
    assert_eq!(head(), before);
}

#[test]
fn a_meter_that_was_reset_or_jumped_is_8_and_another_one_6() {
    let (bench, job, meters) = done();
    for (energies, says) in [([0; 7], "went back"), (COUNTED.map(|energy| energy + 9_000_000), "`max_load`")]
    {
        meters.gateway.set_energies(TARGET, energies);
        let found = verify(&bench, &job, 8, "implausible");
        let reason = transfer(&found, "only")["reason"].as_str().unwrap();
        assert!(reason.contains(says), "{reason}");
    }
    let other = Device::new(Model::Pm800, 42).with_energies(COUNTED);
    meters.gateway.exchange(TARGET, other);
    let found = verify(&bench, &job, 6, "other_meter");
    let reason = transfer(&found, "only")["reason"].as_str().unwrap();
    assert!(reason.contains("42") && reason.contains("11000002"), "{reason}");
    meters.gateway.set_silent(TARGET, true);
    verify(&bench, &job, 7, "unreachable");
}

#[test]
fn what_is_not_done_is_said_and_what_was_undone_or_adopted_is_read_too() {
    let (bench, job, meters) = done();
    meters.gateway.set_energies(TARGET, COUNTED.map(|energy| energy + 500));
    bench.on_map("undo", &job, &["--id", "only", "--reason", "the wrong feeder"]).exits(0);
    let found = verify(&bench, &job, 0, "plausible");
    assert_eq!(crate::bench::value(&transfer(&found, "only")["now"]["readings"], "real_energy_in"), 500);
    meters.gateway.set_energies(TARGET, COUNTED);
    verify(&bench, &job, 8, "implausible");

    let bench = Bench::new();
    let meters = Meters::new(&bench);
    meters.gateway.set_energies(TARGET, COUNTED);
    let job = bench.write("job.yaml", &job::single());
    bench.on_map("verify", &job, &[]).exits(74);
    bench.run(&["ledger", "init", "--simulated", "--state-dir", &bench.at("ledger")]).exits(0);
    verify(&bench, &job, 9, "not_done");
    bench.on_map("adopt", &job, &["--id", "only", "--reason", "by hand"]).exits(0);
    verify(&bench, &job, 0, "plausible");
    meters.assert_untouched();
}

#[test]
fn it_works_beside_a_run_that_holds_the_ledger_and_people_get_a_table() {
    let (bench, job, _meters) = done();
    let _held = SqliteLedger::open_for_run(&bench.path("ledger"), Kind::Simulated, Duration::ZERO).unwrap();
    verify(&bench, &job, 0, "plausible");
    let (state, map) = (bench.at("ledger"), bench.at("map.json"));
    let table =
        bench.run(&["verify", &job, "--state-dir", &state, "--simulated-gateways", &map]).exits(0).stdout;
    for part in ["standing", "1,234.567", "1 plausible", "nothing was written"] {
        assert!(table.contains(part), "{part:?} is not in\n{table}");
    }
    bench.on_map("verify", &job, &["--only", "id=nobody"]).exits(4);
    bench.run(&["verify", &job, "--simulate"]).exits(64);
}
