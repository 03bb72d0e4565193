//! One transfer, from the readings of the old meter to the verified new one.

use std::time::Duration;

use meterferry::{
    ledger::{Kind, MemoryLedger},
    meter::{Model, Quantity, WriteMode},
    simulator::{self, Device, Fault, Load, When},
    transfer::Outcome,
};

use crate::world::*;

#[tokio::test(start_paused = true)]
async fn the_new_meter_holds_what_the_old_one_counted() {
    let world = World::pair();
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
    let audit = world.target_audit();
    assert_eq!((audit.commit_requests(), audit.effective_commits()), (1, 1));
    world.assert_no_violation();
    assert_eq!(result.source_serial, Some(SOURCE_SERIAL));
    assert_eq!(result.target_serial, Some(TARGET_SERIAL));
    assert_eq!(result.staged.as_ref().map(|staged| staged.energies()), Some(OLD));
}

#[tokio::test(start_paused = true)]
async fn a_transfer_takes_eleven_round_trips() {
    let world = World::pair();
    world.run_one(&transfer()).await;
    let requests = world.target_audit().requests_total() + world.gateway("old").audit(1).requests_total();
    assert_eq!(requests, 11);
}

#[tokio::test(start_paused = true)]
async fn running_again_sends_nothing() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.run_again(&transfer(), &ledger).await;
    let requests = world.target_audit().requests_total();
    let again = world.run_again(&transfer(), &ledger).await;
    assert_outcome(&again, Outcome::AlreadyDone);
    assert_eq!(world.target_audit().requests_total(), requests);
    assert_eq!(again.attempts, 0);
    assert_eq!(again.staged.as_ref().map(|staged| staged.energies()), Some(OLD));
}

#[tokio::test(start_paused = true)]
async fn blocks_and_singles_come_to_the_same_end() {
    for (mode, writes) in [(WriteMode::Block, 3), (WriteMode::Single, 35), (WriteMode::Auto, 3)] {
        let world = World::pair();
        let result = world.run_one(&transfer_with(|options| options.write_mode = mode)).await;
        assert_outcome(&result, Outcome::Done);
        assert_eq!(world.target_energies(), OLD, "{mode:?}");
        assert_eq!(world.target_audit().writes().len(), writes, "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn auto_falls_back_to_singles_when_function_16_is_rejected() {
    let world = World::pair_of(
        Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD),
        fresh().rejecting_block_writes(),
    );
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
    assert_eq!(world.target_audit().requests(16), 1);
    assert_eq!(world.target_audit().requests(6), 35);
}

#[tokio::test(start_paused = true)]
async fn block_mode_says_so_when_function_16_is_rejected() {
    let world = World::pair_of(
        Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD),
        fresh().rejecting_block_writes(),
    );
    let result = world.run_one(&transfer_with(|options| options.write_mode = WriteMode::Block)).await;
    assert_outcome(&result, Outcome::Failed);
    assert!(
        result.hint.as_ref().is_some_and(|hint| hint.contains("write_mode: single")),
        "{:?}",
        result.hint
    );
    assert_eq!(world.target_energies(), [0; 7]);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_a_cm2000_is_put_right() {
    let world =
        World::pair_of(Device::new(simulator::Model::Cm2000, SOURCE_SERIAL).with_energies(OLD), fresh());
    let mut transfer = transfer();
    transfer.source = endpoint(Model::Cm2000, "old", 1, SOURCE_SERIAL).into();
    let result = world.run_one(&transfer).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn negative_totals_and_sixteen_digits_survive() {
    let energies =
        [9_876_543_210_123_456, 1, 9_999_999_999_999_999, 5, -123_456_789_864_333, -4, 12_345_678_901_234];
    let world =
        World::pair_of(Device::new(simulator::Model::Cm3000, SOURCE_SERIAL).with_energies(energies), fresh());
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), energies);
}

#[tokio::test(start_paused = true)]
async fn both_meters_may_be_counting() {
    let load = Load::consuming(180_000);
    let source = Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD).with_load(load);
    let world = World::pair_of(source, fresh().with_load(load).with_processing_time(Duration::from_secs(3)));
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    let carried = result.staged.as_ref().map(|staged| staged.energy(Quantity::RealEnergyIn)).unwrap();
    let held = world.target_energies()[0];
    assert!((carried..=carried + 1000).contains(&held), "{carried} {held}");
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_speaks_jbus_is_addressed_so() {
    let world = World::pair_of(
        Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD),
        fresh().with_jbus_addressing(),
    );
    let mut transfer = transfer();
    let refused = world.run_one(&transfer).await;
    assert_outcome(&refused, Outcome::Refused);
    assert!(
        refused.hint.as_ref().is_some_and(|hint| hint.contains("addressing: jbus")),
        "{:?}",
        refused.hint
    );
    world.assert_untouched();
    transfer.target.addressing = meterferry::meter::Addressing::Jbus;
    assert_outcome(&world.run_one(&transfer).await, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn another_master_in_the_mailbox_is_written_over_once() {
    let world = World::pair();
    let foreign = Fault::ForeignWrite { register: 8030, words: vec![1, 2, 3] };
    world.target().inject(2, When::read_back(), foreign);
    assert_outcome(&world.run_one(&transfer()).await, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn another_master_that_goes_on_writing_fails_the_transfer() {
    let world = World::pair();
    let foreign = Fault::ForeignWrite { register: 8030, words: vec![1, 2, 3] };
    world.target().inject(2, When::read_back().always(), foreign);
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Failed);
    assert!(result.reason.contains("another master"), "{}", result.reason);
    assert_eq!(world.target_audit().commit_requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_transfers_failure_touches_no_other() {
    let world = World::default();
    let mut transfers = Vec::new();
    for number in 0..10u32 {
        let (old, new) = (format!("old{number}"), format!("new{number}"));
        let source = Device::new(simulator::Model::Cm4000, 1000 + number).with_energies(OLD);
        world.meter(&old, 1, source);
        world.meter(&new, 1, Device::new(simulator::Model::Pm800, 2000 + number));
        transfers.push(transfer_between(
            &format!("t{number}"),
            endpoint(Model::Cm4000, &old, 1, 1000 + number),
            endpoint(Model::Pm800, &new, 1, 2000 + number),
        ));
    }
    world.gateway("old3").set_silent(1, true);
    world.gateway("new5").set_offline(true);
    world.gateway("new7").set_energies(1, [9_000_000; 7]);
    let report = world.run(&transfers, &MemoryLedger::new(Kind::Simulated)).await;
    for (number, result) in report.results.iter().enumerate() {
        let expected = match number {
            3 | 5 => Outcome::Unreachable,
            7 => Outcome::Refused,
            _ => Outcome::Done,
        };
        assert_outcome(result, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_unit_costs_its_neighbours_one_timeout() {
    let world = World::default();
    let mut transfers = Vec::new();
    for unit in 1..=20u8 {
        let serial = 1000 + u32::from(unit);
        world.meter("old", unit, Device::new(simulator::Model::Cm4000, serial).with_energies(OLD));
        world.meter("new", unit, Device::new(simulator::Model::Pm800, serial + 1000));
        transfers.push(transfer_between(
            &format!("t{unit}"),
            endpoint(Model::Cm4000, "old", unit, serial),
            endpoint(Model::Pm800, "new", unit, serial + 1000),
        ));
    }
    world.gateway("old").set_silent(1, true);
    let began = tokio::time::Instant::now();
    let mut last_done = began;
    let (settings, _stopper) = world.settings("run");
    let transfers = transfers.into_iter().map(std::sync::Arc::new).collect();
    let ledger = std::sync::Arc::new(MemoryLedger::new(Kind::Simulated));
    let report = meterferry::run::run(transfers, ledger, settings, &mut |event| {
        if let meterferry::run::Event::Ended(result) = event
            && result.outcome == Outcome::Done
        {
            last_done = tokio::time::Instant::now();
        }
    })
    .await;
    assert_outcome(&report.results[0], Outcome::Unreachable);
    assert!(report.results[1..].iter().all(|result| result.outcome == Outcome::Done));
    let waited = last_done - began;
    assert!(waited < Duration::from_secs(3), "the neighbours waited {waited:?} for one timeout of 2 s");
}
