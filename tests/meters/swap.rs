//! Old and new meter take turns at one address; old meters that are gone; readings that were written down.

use std::{sync::Arc, time::Duration};

use meterferry::{
    campaign::{Endpoint, Gateway, Given, LiveSource, Others, Source, TargetEnergy, Transfer, TypedSource},
    ledger::{Kind, MemoryLedger},
    meter::{Model, Readings},
    simulator::{self, Device, When},
    transfer::Outcome,
};

use crate::world::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn old() -> Device {
    Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD)
}

fn live(endpoint: Endpoint, captured_within: Option<Duration>) -> Source {
    Source::Live(LiveSource { endpoint, captured_within })
}

/// Old and new at one address.
fn swap(captured_within: Duration) -> Transfer {
    let source = live(endpoint(Model::Cm4000, "panel", 5, SOURCE_SERIAL), Some(captured_within));
    let mut transfer = transfer();
    transfer.source = source;
    transfer.target = endpoint(Model::Pm800, "panel", 5, TARGET_SERIAL);
    transfer
}

fn panel(device: Device) -> World {
    let world = World::default();
    world.meter("panel", 5, device);
    world
}

#[tokio::test(start_paused = true)]
async fn a_swap_captures_waits_and_carries_over() {
    let world = panel(old());
    let ledger = MemoryLedger::new(Kind::Simulated);
    let waiting = world.run_again(&swap(DAY), &ledger).await;
    assert_outcome(&waiting, Outcome::Waiting);
    assert_eq!(waiting.source.as_ref().map(Readings::energies), Some(OLD));
    let gateway = world.gateway("panel");
    assert!(gateway.audit(5).writes().is_empty());

    gateway.exchange(5, fresh());
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    let done = world.run_again(&swap(DAY), &ledger).await;
    assert_outcome(&done, Outcome::Done);
    assert_eq!(gateway.energies(5), OLD);
    assert_eq!(gateway.audit(5).effective_commits(), 1);
    assert_outcome(&world.run_again(&swap(DAY), &ledger).await, Outcome::AlreadyDone);
}

#[tokio::test(start_paused = true)]
async fn a_swap_between_families_finds_the_old_one_at_its_own_registers() {
    let world = panel(Device::new(simulator::Model::Cm2000, SOURCE_SERIAL).with_energies(OLD));
    let mut transfer = swap(DAY);
    transfer.source = live(endpoint(Model::Cm2000, "panel", 5, SOURCE_SERIAL), Some(DAY));
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Waiting);
    world.gateway("panel").exchange(5, fresh());
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    assert_eq!(world.gateway("panel").energies(5), OLD);
}

#[tokio::test(start_paused = true)]
async fn a_replacement_without_a_captured_reading_is_refused() {
    let world = panel(fresh());
    let result = world.run_one(&swap(DAY)).await;
    assert_outcome(&result, Outcome::Refused);
    assert!(
        result.hint.as_ref().is_some_and(|hint| hint.contains("type its last readings")),
        "{:?}",
        result.hint
    );
    assert!(world.gateway("panel").audit(5).writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_captured_reading_that_is_too_old_is_refused() {
    let world = panel(old());
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.run_again(&swap(DAY), &ledger).await;
    world.gateway("panel").exchange(5, fresh());
    tokio::time::sleep(DAY + Duration::from_secs(60)).await;
    let result = world.run_again(&swap(DAY), &ledger).await;
    assert_outcome(&result, Outcome::Refused);
    assert!(result.reason.contains("24 h 01 min"), "{}", result.reason);
    assert_outcome(&world.run_again(&swap(2 * DAY), &ledger).await, Outcome::Done);
}

#[tokio::test(start_paused = true)]
async fn a_third_meter_at_the_address_is_refused() {
    let world = panel(Device::new(simulator::Model::Pm800, 777));
    let result = world.run_one(&swap(DAY)).await;
    assert_outcome(&result, Outcome::Refused);
    assert!(result.reason.contains("777"), "{}", result.reason);
}

#[tokio::test(start_paused = true)]
async fn a_silent_address_is_unreachable_not_refused() {
    for source in [Model::Cm4000, Model::Cm2000] {
        let world = panel(old());
        world.gateway("panel").set_silent(5, true);
        let mut transfer = swap(DAY);
        transfer.source = live(endpoint(source, "panel", 5, SOURCE_SERIAL), Some(DAY));
        assert_outcome(&world.run_one(&transfer).await, Outcome::Unreachable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_gone_may_be_carried_from_its_captured_reading() {
    let mut transfer = transfer();
    transfer.source = live(endpoint(Model::Cm4000, "old", 1, SOURCE_SERIAL), Some(DAY));
    let world = World::pair();
    world.target().set_silent(2, true);
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Unreachable);
    // The old meter is taken away; the new one answers now.
    world.gateway("old").set_offline(true);
    world.target().set_silent(2, false);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn a_captured_reading_is_never_used_silently() {
    let world = World::pair();
    world.target().set_silent(2, true);
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.run_again(&transfer(), &ledger).await;
    world.gateway("old").set_offline(true);
    world.target().set_silent(2, false);
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Unreachable);
    world.assert_untouched();
}

/// Twenty panels, one after the other on one portable gateway, every meter at unit 1.
fn kit(number: u32) -> Transfer {
    let on_the_kit = |model, serial| {
        let mut endpoint = endpoint(model, "kit", 1, serial);
        let gateway = Gateway { portable: true, ..(*endpoint.gateway).clone() };
        endpoint.gateway = Arc::new(gateway);
        endpoint
    };
    transfer_between_sources(
        &format!("panel-{number}"),
        live(on_the_kit(Model::Cm4000, 1000 + number), Some(DAY)),
        on_the_kit(Model::Pm800, 2000 + number),
    )
}

fn transfer_between_sources(id: &str, source: Source, target: Endpoint) -> Transfer {
    let mut transfer = Transfer::new(
        meterferry::campaign::TransferKey { campaign: "north".into(), id: id.into() },
        source,
        target,
    );
    transfer.options.verify.max_load = Some(250_000);
    transfer
}

fn old_panel(number: u32) -> Device {
    let mut energies = OLD;
    energies[0] += i64::from(number);
    Device::new(simulator::Model::Cm4000, 1000 + number).with_energies(energies)
}

#[tokio::test(start_paused = true)]
async fn twenty_panels_on_one_portable_gateway_in_any_order() {
    const PANELS: u32 = 20;
    let transfers: Vec<_> = (0..PANELS).map(kit).collect();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let world = World::default();
    world.meter("kit", 1, Device::new(simulator::Model::Pm800, 99));
    let gateway = world.gateway("kit");
    let nobody = world.run(&transfers, &ledger).await;
    assert!(nobody.results.iter().all(|result| result.outcome == Outcome::Waiting));
    assert_eq!(gateway.audit(1).requests_total(), 1, "the address is asked once for all who are not there");
    // Old meters in one order; each new one at another time, in another order.
    for number in (0..PANELS).map(|step| step * 7 % PANELS) {
        gateway.exchange(1, old_panel(number));
        let report = world.run(&transfers, &ledger).await;
        assert_eq!(report.defect, None);
        assert!(report.results.iter().all(|result| result.outcome == Outcome::Waiting));
    }
    let mut finished = 0;
    for number in (0..PANELS).map(|step| step * 3 % PANELS) {
        gateway.exchange(1, Device::new(simulator::Model::Pm800, 2000 + number));
        let report = world.run(&transfers, &ledger).await;
        let asked = gateway.audit(1).requests_total();
        assert!(asked <= 11, "{asked} requests: one for all others, and what the one transfer needs");
        finished += 1;
        let done = report.results.iter().filter(|result| result.outcome.is_done()).count();
        assert_eq!(done, finished, "panel {number}");
        assert_eq!(gateway.energies(1)[0], OLD[0] + i64::from(number));
        assert_eq!(gateway.audit(1).effective_commits(), 1);
    }
    assert!(gateway.violations().is_empty());
}

fn typed(given: Given) -> Source {
    Source::Typed(Box::new(TypedSource {
        model: Model::Cm4000,
        serial_number: Some(SOURCE_SERIAL),
        taken: START.parse().unwrap(),
        given,
    }))
}

#[tokio::test(start_paused = true)]
async fn typed_registers_are_carried_without_a_source() {
    let world = World::pair();
    world.gateway("old").set_offline(true);
    let mut transfer = transfer();
    transfer.source = typed(Given::Registers(Readings::from_energies(OLD).unwrap()));
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
    // What was typed is part of what the transfer means.
    let mut other = OLD;
    other[0] += 1_000;
    transfer.source = typed(Given::Registers(Readings::from_energies(other).unwrap()));
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Refused);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn typed_energies_keep_or_clear_what_is_not_given() {
    let counted = [500, 400, 0, 0, 500, 400, 640];
    for (others, expected) in [
        (Others::Keep, [5_000_000_000, 400, 0, 0, 5_000_000_000, 400, 640]),
        (Others::Zero, [5_000_000_000, 0, 0, 0, 5_000_000_000, 0, 0]),
    ] {
        let world = World::pair_of(old(), fresh().with_energies(counted));
        let mut transfer = transfer();
        let mut energies = [None; 7];
        energies[0] = Some(5_000_000_000);
        transfer.source = typed(Given::Energies { energies, others });
        assert_outcome(&world.run_one(&transfer).await, Outcome::Done);
        assert_eq!(world.target_energies(), expected, "{others:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_id_for_the_same_target_needs_after() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let first = transfer();
    assert_outcome(&world.run_again(&first, &ledger).await, Outcome::Done);
    let mut second = transfer_with(|options| options.target_energy = TargetEnergy::Replace);
    second.key.id = "again".into();
    let mut more = OLD;
    more[0] += 9_000_000;
    second.source = typed(Given::Registers(Readings::from_energies(more).unwrap()));
    let refused = world.run_again(&second, &ledger).await;
    assert_outcome(&refused, Outcome::Refused);
    assert!(refused.reason.contains("north/feeder-12"), "{}", refused.reason);
    second.after = vec![first.key.clone()];
    assert_outcome(&world.run_again(&second, &ledger).await, Outcome::Done);
    assert_eq!(world.target_energies(), more);
}

#[tokio::test(start_paused = true)]
async fn a_generation_asks_for_the_same_id_again() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let mut transfer = transfer();
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    // The new meter was master-reset by accident.
    world.target().set_energies(2, [0; 7]);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::AlreadyDone);
    transfer.generation = 2;
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::AlreadyDone);
    transfer.generation = 1;
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn until_check_stages_fences_and_never_commits() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let (mut settings, _stopper) = world.settings("rehearsal");
    settings.until_check = true;
    let report =
        meterferry::run::run(vec![Arc::new(transfer())], Arc::new(ledger.clone()), settings, &mut |_| ())
            .await;
    assert_outcome(&report.results[0], Outcome::NotRun);
    assert_eq!(world.target_audit().commit_requests(), 0);
    assert_eq!(world.target().mailbox(2, 8022), 0x8000, "fenced");
    assert_eq!(world.target().mailbox(2, 8023), 2345, "staged");
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn the_identity_is_asked_before_every_half_of_a_swap() {
    let world = panel(old());
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.run_again(&swap(DAY), &ledger).await;
    world.gateway("panel").exchange(5, fresh());
    // Whoever answers while it is settled must be the new one.
    world.gateway("panel").inject(5, When::commit(), simulator::Fault::SwallowResponse);
    world.gateway("panel").inject(
        5,
        When::serial_number().skip(1),
        simulator::Fault::SerialBecomes(SOURCE_SERIAL),
    );
    assert_outcome(&world.run_again(&swap(DAY), &ledger).await, Outcome::Unknown);
}

#[tokio::test(start_paused = true)]
async fn transfers_that_follow_each_other_are_never_under_way_together() {
    let world = World::pair();
    let first = transfer();
    let mut more = OLD;
    more[0] += 9_000_000;
    let mut second = transfer_with(|options| options.target_energy = TargetEnergy::Replace);
    second.key.id = "second".into();
    second.source = typed(Given::Registers(Readings::from_energies(more).unwrap()));
    second.after = vec![first.key.clone()];
    // Named the other way round in the job.
    let report = world.run(&[second, first], &MemoryLedger::new(Kind::Simulated)).await;
    assert!(report.results.iter().all(|result| result.outcome == Outcome::Done), "{:?}", report.results);
    assert_eq!(world.target_energies(), more);
    assert_eq!(world.target_audit().effective_commits(), 2);
}

#[tokio::test(start_paused = true)]
async fn transfers_that_follow_each_other_in_a_circle_end_all_the_same() {
    let world = World::pair();
    let (mut one, mut other) = (transfer(), transfer());
    other.key.id = "other".into();
    one.after = vec![other.key.clone()];
    other.after = vec![one.key.clone()];
    let report = world.run(&[one, other], &MemoryLedger::new(Kind::Simulated)).await;
    assert_outcome(&report.results[0], Outcome::Done);
    assert_outcome(&report.results[1], Outcome::Refused);
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_generation_that_was_not_begun_is_not_called_done() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let mut transfer = transfer();
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    transfer.generation = 2;
    let (settings, stopper) = world.settings("stopped");
    stopper.press();
    let report =
        meterferry::run::run(vec![Arc::new(transfer)], Arc::new(ledger), settings, &mut |_| ()).await;
    assert_outcome(&report.results[0], Outcome::NotRun);
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_is_not_pinned_is_asked_every_time() {
    let world = World::default();
    world.meter("kit", 1, old_panel(0));
    world.meter("new", 2, fresh());
    let mut transfer = transfer();
    let mut source = endpoint(Model::Cm4000, "kit", 1, 1000);
    source.gateway = Arc::new(Gateway { portable: true, ..(*source.gateway).clone() });
    source.serial_number = meterferry::campaign::SerialNumber::Any;
    transfer.source = source.into();
    // The first try ends after the source said who it is; the cable has moved on by the second.
    let gateway = world.gateway("kit");
    gateway.inject(1, When::energies(), simulator::Fault::DropBefore);
    gateway.inject(1, When::serial_number().skip(1), simulator::Fault::SerialBecomes(4711));
    let result = world.run_one(&transfer).await;
    assert_eq!(result.source_serial, Some(4711), "{}", result.reason);
}
