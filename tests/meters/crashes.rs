//! The program dies at every append to the ledger and at every request; the next run gets it right.

use std::sync::Arc;

use meterferry::{
    ledger::{Fault, Kind, MemoryLedger},
    meter::WriteMode,
    simulator::{self, Device, Load},
    transfer::Outcome,
};

use crate::world::*;

const LOAD: i64 = 50_000;

fn counting_pair() -> World {
    let load = Load::consuming(LOAD);
    World::pair_of(
        Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD).with_load(load),
        fresh().with_load(load),
    )
}

/// Runs until the program dies, or to the end; whether it died.
async fn run_until_death(world: &World, ledger: &MemoryLedger, singles: bool) -> bool {
    let transfer = job(singles);
    tokio::select! {
        _ = world.run_again(&transfer, ledger) => false,
        () = ledger.crashed() => true,
        () = world.cut.happened.notified() => { ledger.crash(); true }
    }
}

fn job(singles: bool) -> meterferry::campaign::Transfer {
    transfer_with(|options| {
        options.write_mode = if singles { WriteMode::Single } else { WriteMode::Auto };
    })
}

/// One clean run over what survived: the right energies, and one effective commit in all.
async fn assert_right_after(world: &World, ledger: &MemoryLedger, singles: bool, what: &str) {
    world.cut.set(None);
    let survivor = ledger.survivor();
    let result = world.run_again(&job(singles), &survivor).await;
    assert!(result.outcome.is_done(), "{what}: {}: {}", result.outcome, result.reason);
    let audit = world.target_audit();
    assert_eq!(audit.effective_commits(), 1, "{what}");
    let gained = world.target_energies()[0] - OLD[0];
    // The source went on counting until its last reading; both meters carry the same load.
    assert!((0..=4_000).contains(&gained), "{what}: {gained}");
    world.assert_no_violation();
    let again = world.run_again(&job(singles), &survivor).await;
    assert_outcome(&again, Outcome::AlreadyDone);
}

#[tokio::test(start_paused = true)]
async fn death_at_every_append() {
    type Kill = fn(u64) -> Fault;
    let kills: [(&str, Kill); 3] = [
        ("on call", Fault::CrashOnCall),
        ("before durable", Fault::CrashBeforeDurable),
        ("after durable", Fault::CrashAfterDurable),
    ];
    for (name, kill) in kills {
        for append in 1.. {
            let world = counting_pair();
            let ledger = MemoryLedger::failing(Kind::Simulated, kill(append));
            if !run_until_death(&world, &ledger, false).await {
                assert!(append > 8, "only {append} appends were reached");
                break;
            }
            assert_right_after(&world, &ledger, false, &format!("{name} {append}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn death_at_every_request() {
    for singles in [false, true] {
        for when in [CutWhen::Before, CutWhen::After] {
            for request in 1.. {
                let world = counting_pair();
                let ledger = MemoryLedger::new(Kind::Simulated);
                world.cut.set(Some((request, when)));
                if !run_until_death(&world, &ledger, singles).await {
                    assert!(request > 11, "only {request} requests were reached");
                    break;
                }
                assert_right_after(&world, &ledger, singles, &format!("{when:?} request {request}")).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn death_at_every_request_and_again_during_the_resume() {
    for when in [CutWhen::Before, CutWhen::After] {
        for first in 1..=11 {
            for second in 1.. {
                let world = counting_pair();
                let ledger = MemoryLedger::new(Kind::Simulated);
                world.cut.set(Some((first, when)));
                assert!(run_until_death(&world, &ledger, false).await);
                let survivor = ledger.survivor();
                world.cut.set(Some((second, when)));
                if !run_until_death(&world, &survivor, false).await {
                    break;
                }
                assert_right_after(&world, &survivor, false, &format!("{when:?} {first}, then {second}"))
                    .await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_record_stops_before_anything_is_written() {
    for append in 1..=5 {
        let world = World::pair();
        let ledger = MemoryLedger::failing(Kind::Simulated, Fault::RefuseFrom(append));
        let report = world.run(&[transfer()], &ledger).await;
        assert_outcome(&report.results[0], Outcome::NotRun);
        assert!(report.ledger_broken.is_some());
        world.assert_untouched();
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_fails_after_the_intent_leaves_an_honest_unknown() {
    let world = World::pair();
    let ledger = MemoryLedger::failing(Kind::Simulated, Fault::RefuseFrom(7));
    let report = world.run(&[transfer()], &ledger).await;
    let result = Arc::clone(&report.results[0]);
    assert_outcome(&result, Outcome::Unknown);
    let again = world.run_again(&transfer(), &ledger.survivor()).await;
    assert_outcome(&again, Outcome::Done);
    assert_eq!(world.target_audit().effective_commits(), 1);
}
