//! Serial lines, where no answer says which request it belongs to: whatever comes late or twice, to whomever is connected
//! then, is never taken for the answer to another request.

use std::{sync::Arc, time::Duration};

use meterferry::{
    campaign::{Address, Endpoint, Gateway, Transfer},
    ledger::{Kind, MemoryLedger},
    meter::Model,
    run::TransferResult,
    simulator::{self, Device, Fault, Framing, GatewaySettings, Load, When},
    transfer::Outcome,
};

use crate::world::*;

const MS: Duration = Duration::from_millis(1);
/// Both meters are on one line, so that an answer to a question of one may come to that of the other.
const LINE: &str = "line";
const SOURCE: u8 = 1;
const TARGET: u8 = 2;
/// W: a reading that is a second old is 14 Wh off.
const LOAD: i64 = 50_000;

fn world() -> World {
    let world = World::default();
    // Windows between two frames are to be real ones.
    let settings = GatewaySettings {
        framing: Framing::Rtu,
        bus_time: 8 * MS,
        latency: 4 * MS,
        ..GatewaySettings::default()
    };
    let line = world.gateway_with(LINE, settings);
    let old = Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD);
    line.add(SOURCE, old.with_load(Load::consuming(LOAD)));
    line.add(TARGET, fresh().with_load(Load::consuming(LOAD)));
    world
}

fn job() -> Transfer {
    let on_the_line = |model, unit, serial| {
        let address = Address::RtuOverTcp { host: LINE.to_owned(), port: 4001 };
        Endpoint { gateway: Arc::new(Gateway::new(address)), ..endpoint(model, LINE, unit, serial) }
    };
    let source = on_the_line(Model::Cm4000, SOURCE, SOURCE_SERIAL);
    transfer_between("feeder-12", source, on_the_line(Model::Pm800, TARGET, TARGET_SERIAL))
}

/// The target was preset once, to what the source showed then, and both count on.
#[track_caller]
fn assert_right(world: &World, result: impl AsRef<TransferResult>, what: &str) {
    let result = result.as_ref();
    assert!(result.outcome.is_done(), "{what}: {}: {}", result.outcome, result.reason);
    let line = world.gateway(LINE);
    assert_eq!(line.audit(TARGET).effective_commits(), 1, "{what}");
    assert_eq!(line.audit(SOURCE).writes(), [], "{what}");
    let behind = line.energies(SOURCE)[0] - line.energies(TARGET)[0];
    // From the last reading to the command: at most 30 s.
    assert!((0..=420).contains(&behind), "{what}: {behind} Wh behind");
    world.assert_no_violation();
}

/// Every request of the transfer is struck by the fault in its turn, and every time it ends right.
async fn at_every_request(fault: Fault, when: fn() -> When) {
    let mut struck = 0;
    for unit in [SOURCE, TARGET] {
        for nth in 1.. {
            let world = world();
            let line = world.gateway(LINE);
            line.inject(unit, when().nth(nth), fault.clone());
            let result = world.run_one(&job()).await;
            if line.armed_faults(unit) > 0 {
                break;
            }
            assert_right(&world, &result, &format!("{fault:?} at request {nth} of unit {unit}"));
            struck += 1;
        }
    }
    assert!(struck >= 7, "{fault:?}: only {struck} requests were reached");
}

#[tokio::test(start_paused = true)]
async fn a_line_carries_a_transfer() {
    let world = world();
    let result = world.run_one(&job()).await;
    assert_outcome(&result, Outcome::Done);
    assert_right(&world, &result, "no fault");
    let counts = world.gateway(LINE).connections();
    assert_eq!((counts.accepted, counts.most_open), (1, 1), "a line is kept while there is work");
}

#[tokio::test(start_paused = true)]
async fn an_answer_however_late_is_never_taken_for_another() {
    // From the deadline (2 s) through the silence that is waited for, into the requests after it.
    for late in (2_001..5_200).step_by(97) {
        at_every_request(Fault::LateResponse(late * MS), When::any).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_twice_is_never_taken_for_another() {
    at_every_request(Fault::WrongTransaction, When::any).await;
    for late in [1, 5, 9, 13, 40, 100, 1_000, 2_100] {
        // Without the command: a gateway that repeats that presets the meter again, and no client can help it.
        at_every_request(Fault::DuplicateExecution(late * MS), || When::function(3)).await;
        at_every_request_but_the_command(late).await;
    }
}

async fn at_every_request_but_the_command(late: u32) {
    for nth in 1..=2 {
        let world = world();
        let when = When::function(16).nth(nth);
        world.gateway(LINE).inject(TARGET, when, Fault::DuplicateExecution(late * MS));
        let result = world.run_one(&job()).await;
        assert_right(&world, &result, &format!("block {nth} again after {late} ms"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_obeyed_late_is_answered_late_and_still_found() {
    for late in (5..4_950).step_by(103) {
        at_the_command(Fault::LateExecution(late * MS)).await;
    }
}

async fn at_the_command(fault: Fault) {
    let world = world();
    world.gateway(LINE).inject(TARGET, When::commit(), fault.clone());
    let result = world.run_one(&job()).await;
    assert_right(&world, &result, &format!("{fault:?}"));
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_program_that_was_killed_is_not_taken_by_the_next() {
    for request in 1..=11 {
        for late in [100, 600, 1_900] {
            let world = world();
            let line = world.gateway(LINE);
            for unit in [SOURCE, TARGET] {
                line.inject(unit, When::any().always(), Fault::Delay(late * MS));
            }
            let ledger = MemoryLedger::new(Kind::Simulated);
            world.cut.set(Some((request, CutWhen::After)));
            let transfer = job();
            tokio::select! {
                result = world.run_again(&transfer, &ledger) => panic!("it lived: {}", result.reason),
                () = world.cut.happened.notified() => ledger.crash(),
            }
            world.cut.set(None);
            for unit in [SOURCE, TARGET] {
                line.clear_faults(unit);
            }
            let result = world.run_again(&transfer, &ledger.survivor()).await;
            assert_right(&world, &result, &format!("killed at request {request}, answered after {late} ms"));
        }
    }
}
