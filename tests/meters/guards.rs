//! What is refused before anything is written.

use meterferry::{
    campaign::{SerialNumber, TargetEnergy},
    ledger::{Kind, MemoryLedger},
    simulator::{self, Device, Load},
    transfer::Outcome,
};

use crate::world::*;

fn old() -> Device {
    Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD)
}

async fn refused(world: &World, transfer: &meterferry::campaign::Transfer) -> String {
    let result = world.run_one(transfer).await;
    assert_outcome(&result, Outcome::Refused);
    world.assert_untouched();
    assert!(result.hint.is_some(), "a refusal says what to do next");
    result.reason.clone()
}

#[tokio::test(start_paused = true)]
async fn words_out_of_range_are_never_written() {
    for bad in [i16::MIN, -10_000, 10_000, i16::MAX] {
        let mut words = [0i16; 28];
        words[0] = 1234;
        words[9] = bad;
        let source = Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_raw_words(words);
        let reason = refused(&World::pair_of(source, fresh()), &transfer()).await;
        assert!(reason.contains("register 1709"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_not_readable_is_not_written_to() {
    let mut words = [0i16; 28];
    words[27] = i16::MIN;
    let world = World::pair_of(old(), fresh().with_raw_words(words));
    let reason = refused(&world, &transfer()).await;
    assert!(reason.contains("1727") && reason.contains("not available"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn a_source_at_zero_is_refused() {
    let world = World::pair_of(Device::new(simulator::Model::Cm4000, SOURCE_SERIAL), fresh());
    refused(&world, &transfer()).await;
}

#[tokio::test(start_paused = true)]
async fn a_swapped_pair_is_refused() {
    let world = World::pair_of(
        Device::new(simulator::Model::Cm4000, SOURCE_SERIAL)
            .with_energies([2_000, 1_500, 0, 0, 2_000, 1_500, 2_500]),
        fresh().with_energies(OLD),
    );
    for target_energy in [TargetEnergy::Refuse, TargetEnergy::Replace, TargetEnergy::Add] {
        refused(&world, &transfer_with(|options| options.target_energy = target_energy)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_transfer_is_refused_even_without_its_ledger() {
    let world = World::pair();
    let transfer = transfer_with(|options| options.target_energy = TargetEnergy::Replace);
    assert_outcome(&world.run_one(&transfer).await, Outcome::Done);
    let without_ledger = world.run_one(&transfer).await;
    assert_outcome(&without_ledger, Outcome::Refused);
    assert_eq!(world.target_audit().commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_counted_is_replaced_or_added_to_as_the_job_says() {
    let counted = [700_000, 80_000, 0, 0, 700_000, 80_000, 710_000];
    let world = || World::pair_of(old(), fresh().with_energies(counted));
    let reason = refused(&world(), &transfer()).await;
    assert!(reason.contains("5,123,456.789 kWh") && reason.contains("5,124,156.789 kWh"), "{reason}");

    let replaced = world();
    let replace = transfer_with(|options| options.target_energy = TargetEnergy::Replace);
    assert_outcome(&replaced.run_one(&replace).await, Outcome::Done);
    assert_eq!(replaced.target_energies(), OLD);

    let added = world();
    let add = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    assert_outcome(&added.run_one(&add).await, Outcome::Done);
    let sum: Vec<i64> = OLD.iter().zip(counted).map(|(old, new)| old + new).collect();
    assert_eq!(added.target_energies().to_vec(), sum);
}

#[tokio::test(start_paused = true)]
async fn add_wants_a_source_that_stands_still() {
    let world = World::pair_of(old().with_load(Load::consuming(50_000)), fresh());
    let add = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    let reason = refused(&world, &add).await;
    assert!(reason.contains("still counting"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn another_meter_at_either_address_is_refused() {
    for (source, target) in [(1, TARGET_SERIAL), (SOURCE_SERIAL, 1)] {
        let world = World::pair_of(
            Device::new(simulator::Model::Cm4000, source).with_energies(OLD),
            Device::new(simulator::Model::Pm800, target),
        );
        let reason = refused(&world, &transfer()).await;
        assert!(reason.contains("answers with serial number 1"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_hides_its_serial_number_needs_any() {
    let world = World::pair_of(old(), fresh().hiding_its_serial_number());
    refused(&world, &transfer()).await;
    let mut transfer = transfer();
    transfer.target.serial_number = SerialNumber::Any;
    let result = world.run_one(&transfer).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(result.target_serial, None);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_meaning_changed_after_it_was_done_is_refused() {
    let world = World::pair();
    world.meter("new", 3, Device::new(simulator::Model::Pm800, 555));
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Done);
    let mut changed = transfer();
    changed.target = endpoint(meterferry::meter::Model::Pm800, "new", 3, 555);
    let result = world.run_again(&changed, &ledger).await;
    assert_outcome(&result, Outcome::Refused);
    assert!(result.reason.contains("11000126") && result.reason.contains("555"), "{}", result.reason);
    assert_eq!(world.target().audit(3).requests_total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_only_moved_is_still_done() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Done);
    let mut moved = transfer();
    moved.target = endpoint(meterferry::meter::Model::Pm800, "elsewhere", 9, TARGET_SERIAL);
    moved.options.retry.attempts = 9;
    assert_outcome(&world.run_again(&moved, &ledger).await, Outcome::AlreadyDone);
}
