//! Ids used again, jobs corrected, targets shared: what an earlier use left behind is never taken for the present.

use std::time::Duration;

use meterferry::{
    campaign::{Given, LiveSource, Source, TargetEnergy, TypedSource},
    ledger::{Kind, MemoryLedger},
    meter::{Model, Readings},
    simulator::{self, Device, Fault, When},
    transfer::Outcome,
};

use crate::world::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(start_paused = true)]
async fn a_generation_begins_without_the_intents_of_the_last_one() {
    let world = World::pair();
    // The first try's command is lost, the second one's works: a closed intent stays in the record.
    world.target().inject(2, When::commit(), Fault::SwallowRequest);
    let ledger = MemoryLedger::new(Kind::Simulated);
    let mut transfer = transfer();
    let first = world.run_again(&transfer, &ledger).await;
    assert_outcome(&first, Outcome::Done);
    assert_eq!(first.attempts, 2);
    transfer.generation = 2;
    let again = world.run_again(&transfer, &ledger).await;
    assert_outcome(&again, Outcome::Refused);
    // The record is sound, and says no to the same readings once more.
    assert_outcome(&world.run_again(&transfer, &ledger.survivor()).await, Outcome::Refused);
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_generation_does_not_carry_the_reading_captured_for_the_last_one() {
    let mut transfer = transfer();
    let endpoint_at = |model, serial| endpoint(model, "panel", 5, serial);
    let source = endpoint_at(Model::Cm4000, SOURCE_SERIAL);
    transfer.source = Source::Live(LiveSource { endpoint: source, captured_within: Some(DAY) });
    transfer.target = endpoint_at(Model::Pm800, TARGET_SERIAL);
    let world = World::default();
    world.meter("panel", 5, Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD));
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Waiting);
    world.gateway("panel").exchange(5, fresh());
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    world.gateway("panel").exchange(5, fresh());
    transfer.generation = 2;
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Refused);
    assert_eq!(world.gateway("panel").energies(5), [0; 7]);
}

#[tokio::test(start_paused = true)]
async fn a_generation_never_goes_back() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let mut transfer = transfer();
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Done);
    transfer.generation = 2;
    world.gateway("old").set_offline(true);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Unreachable);
    world.gateway("old").set_offline(false);
    world.target().set_energies(2, [0; 7]);
    // An old clone of the job, run by a forgotten cron.
    transfer.generation = 1;
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Refused);
    assert_eq!(world.target_audit().commit_requests(), 1);
}

fn typed(energies: simulator::Energies) -> Source {
    Source::Typed(Box::new(TypedSource {
        model: Model::Cm4000,
        serial_number: Some(SOURCE_SERIAL),
        taken: START.parse().unwrap(),
        given: Given::Registers(Readings::from_energies(energies).unwrap()),
    }))
}

#[tokio::test(start_paused = true)]
async fn the_late_effect_of_mistyped_readings_is_not_the_corrected_job_done() {
    let world = World::pair();
    let mut transfer = transfer_with(|options| options.retry.attempts = 2);
    let mut mistyped = OLD;
    mistyped[0] += 700_000_000;
    transfer.source = typed(mistyped);
    // The first command is held back for ten minutes; the second try stages again and is given up.
    world.target().inject(2, When::commit(), Fault::LateExecution(Duration::from_secs(600)));
    world.target().inject(2, When::read_back().skip(1), Fault::Exception(4));
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfer, &ledger).await, Outcome::Failed);
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(world.target_energies(), mistyped, "it came late, and found words to carry out");
    transfer.source = typed(OLD);
    let corrected = world.run_again(&transfer, &ledger).await;
    assert_outcome(&corrected, Outcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_a_lost_command_may_still_reach_is_not_given_to_another_id() {
    let world = World::pair();
    let first = transfer_with(|options| options.retry.attempts = 1);
    world.target().inject(2, When::commit(), Fault::LateExecution(Duration::from_secs(600)));
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&first, &ledger).await, Outcome::Failed);
    let mut second = transfer();
    second.key.id = "second".into();
    let refused = world.run_again(&second, &ledger).await;
    assert_outcome(&refused, Outcome::Refused);
    assert!(refused.reason.contains("feeder-12"), "{}", refused.reason);
    // Where the job says that it follows, its own command is fenced behind it: the late one finds nothing.
    second.after = vec![first.key.clone()];
    assert_outcome(&world.run_again(&second, &ledger).await, Outcome::Done);
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_a_transfer_whose_command_is_not_settled() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    let ledger = MemoryLedger::new(Kind::Simulated);
    let first = transfer();
    assert_outcome(&world.run_again(&first, &ledger).await, Outcome::Unknown);
    let mut second = transfer_with(|options| options.target_energy = TargetEnergy::Replace);
    second.key.id = "second".into();
    second.source = typed(OLD.map(|energy| energy + 9_000_000));
    second.after = vec![first.key.clone()];
    assert_outcome(&world.run_again(&second, &ledger).await, Outcome::Refused);
    assert_eq!(world.target_audit().commit_requests(), 1);
}
