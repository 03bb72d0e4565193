//! The usual swap: old and new meter take turns at one address, on a panel of their own or on a portable gateway.

use meterferry::simulator::{Device, Energies, Model};
use std::fmt::Write as _;

use crate::{
    bench::{Bench, assert_adds_up, assert_all, transfer},
    job::OPTIONS,
    meters::{COUNTED, Meters, source, target},
};

const UNIT: u8 = 1;

fn swap() -> String {
    format!(
        "{OPTIONS}transfers:
  - id: only
    source: {{ model: CM4000, host: 192.0.2.1, unit: 1, serial_number: 40000001 }}
    target: {{ model: PM800, host: 192.0.2.1, unit: 1, serial_number: 11000002 }}
"
    )
}

#[test]
fn a_swap_at_one_address_is_captured_waits_with_9_and_is_done_after_the_exchange() {
    let bench = Bench::new();
    let meters = Meters::at_units(&bench, [(UNIT, source())]);
    let job = bench.write("job.yaml", &swap());
    for _ in 0..2 {
        let waiting = bench.on_map("run", &job, &[]).exits(9).json();
        assert_all(&waiting, "waiting", 1);
        let captured = &transfer(&waiting, "only")["source"]["real_energy_in"]["value"];
        assert_eq!(captured, &COUNTED[0].to_string());
        assert_eq!(meters.gateway.audit(UNIT).writes(), []);
    }
    meters.gateway.exchange(UNIT, target());
    let plan = bench.on_map("plan", &job, &[]).exits(0).json();
    assert_eq!(transfer(&plan, "only")["would"], "transfer");
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.assert_carried_once_at(UNIT);
    let requests = meters.gateway.audit(UNIT).requests_total();
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "already_done", 1);
    assert_eq!(meters.gateway.audit(UNIT).requests_total(), requests);
}

#[test]
fn a_replacement_that_came_before_its_reading_was_captured_is_refused_with_6() {
    let bench = Bench::new();
    let meters = Meters::at_units(&bench, [(UNIT, target())]);
    let job = bench.write("job.yaml", &swap());
    let refused = bench.on_map("run", &job, &[]).exits(6).json();
    let hint = transfer(&refused, "only")["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("type its last readings"), "{hint}");
    assert_eq!(meters.gateway.audit(UNIT).writes(), []);
}

const PANELS: u32 = 20;

/// Twenty panels, each reached in its turn through the same cable, every meter at unit 1.
fn kit() -> String {
    let mut text = format!(
        "{OPTIONS}gateways:
  kit: {{ transport: tcp, host: 192.0.2.1, portable: true }}
transfers:
"
    );
    for n in 0..PANELS {
        let (old, new) = (40_000_000 + n, 11_000_000 + n);
        write!(
            text,
            "  - id: panel-{n}
    source: {{ model: CM4000, gateway: kit, unit: 1, serial_number: {old} }}
    target: {{ model: PM800, gateway: kit, unit: 1, serial_number: {new} }}
"
        )
        .unwrap();
    }
    text
}

fn counted(panel: u32) -> Energies {
    COUNTED.map(|energy| energy + i64::from(panel) * 10_000)
}

#[test]
fn twenty_panels_on_one_portable_gateway_in_any_order() {
    let bench = Bench::new();
    let meters = Meters::at_units(&bench, [(UNIT, Device::new(Model::Pm800, 99))]);
    let job = bench.write("job.yaml", &kit());
    assert_all(&bench.on_map("run", &job, &[]).exits(9).json(), "waiting", PANELS as usize);
    // Old meters are read in one order, and replaced in another; the first one is replaced half-way.
    let old_order = (0..PANELS).map(|step| step * 7 % PANELS);
    let new_order = (0..PANELS).map(|step| step * 3 % PANELS);
    for panel in old_order {
        meters
            .gateway
            .exchange(UNIT, Device::new(Model::Cm4000, 40_000_000 + panel).with_energies(counted(panel)));
        let result = bench.on_map("run", &job, &[]).exits(9).json();
        assert_adds_up(&result);
        assert_eq!(result["counts"]["waiting"], PANELS);
    }
    for (done, panel) in (1..).zip(new_order) {
        meters.gateway.exchange(UNIT, Device::new(Model::Pm800, 11_000_000 + panel));
        let code = if done == PANELS { 0 } else { 9 };
        let result = bench.on_map("run", &job, &[]).exits(code).json();
        assert_eq!(transfer(&result, &format!("panel-{panel}"))["outcome"], "done");
        assert_eq!(meters.gateway.energies(UNIT), counted(panel));
        assert_eq!(meters.gateway.audit(UNIT).effective_commits(), 1);
    }
    assert_eq!(meters.gateway.violations(), []);
}

#[test]
fn readings_of_a_dead_meter_are_typed_into_the_job() {
    let bench = Bench::new();
    let meters = Meters::at_units(&bench, [(UNIT, target())]);
    let job = bench.write(
        "job.yaml",
        &format!(
            "{OPTIONS}transfers:
  - id: only
    source:
      model: CM4000
      serial_number: 40000001
      taken: 2026-07-14T09:30:00+02:00
      readings: {{ real_energy_in: 1234.567 MWh, reactive_energy_in: 400.001 kVARh }}
      others: zero
    target: {{ model: PM800, host: 192.0.2.1, unit: 1, serial_number: 11000002 }}
"
        ),
    );
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    let expected = [1_234_567_000, 400_001, 0, 0, 1_234_567_000, 400_001, 0];
    assert_eq!(meters.gateway.energies(UNIT), expected);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "already_done", 1);
}

#[test]
fn until_check_ends_with_9_and_never_commits() {
    let bench = Bench::new();
    let meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &crate::job::single());
    assert_all(&bench.on_map("run", &job, &["--until", "check"]).exits(9).json(), "not_run", 1);
    assert_eq!(meters.gateway.audit(2).commit_requests(), 0);
    assert_eq!(meters.gateway.mailbox(2, 8022), 0x8000);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 1);
    meters.assert_carried_once();
}

#[test]
fn what_was_never_sent_cannot_be_resolved() {
    let bench = Bench::new();
    let _meters = Meters::new(&bench);
    let job = bench.write("job.yaml", &crate::job::single());
    bench.on_map("run", &job, &["--until", "check"]).exits(9);
    for decision in ["accepted", "committed", "not-committed"] {
        let state = bench.at("ledger");
        let resolve =
            ["resolve", &job, "--id", "only", "--as", decision, "--reason", "guess", "--state-dir", &state];
        bench.run(&resolve).exits(6);
    }
    bench.on_map("run", &job, &[]).exits(0);
}
