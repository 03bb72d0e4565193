//! Whatever comes back instead of the commit's echo is settled by reading; 6209 takes effect at most once.

use std::time::Duration;

use meterferry::{
    ledger::{Kind, MemoryLedger},
    simulator::{Fault, Load, When},
    transfer::Outcome,
};

use crate::world::*;

async fn with_commit_fault(fault: Fault) -> (World, std::sync::Arc<meterferry::run::TransferResult>) {
    let world = World::pair();
    world.target().set_load(2, Load::consuming(100_000));
    world.target().inject(2, When::commit(), fault);
    let result = world.run_one(&transfer()).await;
    world.assert_no_violation();
    (world, result)
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_was_carried_out_is_found_and_not_repeated() {
    for fault in [
        Fault::SwallowResponse,
        Fault::DropAfter,
        Fault::ExceptionAfter(4),
        Fault::ExceptionAfter(0x0B),
        Fault::WrongEcho,
        Fault::WrongEchoAddress,
        Fault::WrongTransaction,
        Fault::WrongUnit,
        Fault::WrongFunction,
        Fault::Garbage,
        Fault::Truncated,
        Fault::TruncatedDrop,
        Fault::LateResponse(Duration::from_secs(3)),
    ] {
        let (world, result) = with_commit_fault(fault.clone()).await;
        assert_outcome(&result, Outcome::Done);
        let audit = world.target_audit();
        assert_eq!((audit.commit_requests(), audit.effective_commits()), (1, 1), "{fault:?}");
        assert!((0..3_000).contains(&(world.target_energies()[0] - OLD[0])), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_was_not_carried_out_is_begun_afresh() {
    for fault in [Fault::SwallowRequest, Fault::DropBefore, Fault::Exception(6), Fault::Exception(4)] {
        let (world, result) = with_commit_fault(fault.clone()).await;
        assert_outcome(&result, Outcome::Done);
        assert_eq!(result.attempts, 2, "{fault:?}");
        assert_eq!(world.target_audit().effective_commits(), 1, "{fault:?}");
        assert!((0..3_000).contains(&(world.target_energies()[0] - OLD[0])), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_comes_late_runs_into_the_fence() {
    for late in [3, 6, 9] {
        let (world, result) = with_commit_fault(Fault::LateExecution(Duration::from_secs(late))).await;
        assert_outcome(&result, Outcome::Done);
        let audit = world.target_audit();
        assert_eq!(audit.effective_commits(), 1, "{late} s");
        assert!(
            audit.executions().iter().any(|execution| execution.status == 82),
            "{late} s: the late one aborts"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_comes_before_the_fence_is_found() {
    let (world, result) = with_commit_fault(Fault::LateExecution(Duration::from_millis(1500))).await;
    assert_outcome(&result, Outcome::Done);
    let audit = world.target_audit();
    assert_eq!((audit.commit_requests(), audit.effective_commits()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_repeat_by_the_gateway_does_no_harm() {
    let (world, result) = with_commit_fault(Fault::DuplicateExecution(Duration::from_millis(200))).await;
    assert!(matches!(result.outcome, Outcome::Done), "{}", result.reason);
    assert!((0..3_000).contains(&(world.target_energies()[0] - OLD[0])));
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_looked_at_is_unknown_until_it_can() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    let ledger = MemoryLedger::new(Kind::Simulated);
    let result = world.run_again(&transfer(), &ledger).await;
    assert_outcome(&result, Outcome::Unknown);
    assert!(
        result.hint.as_ref().is_some_and(|hint| hint.contains("meterferry resolve")),
        "{:?}",
        result.hint
    );
    world.target().clear_faults(2);
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Done);
    assert_eq!(world.target_audit().commit_requests(), 1);
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn another_meter_at_the_address_is_not_judged() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    let fault = Fault::SerialBecomes(42);
    world.target().inject(2, When::serial_number().skip(1), fault);
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Unknown);
    assert!(result.reason.contains("another meter"), "{}", result.reason);
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_of_an_edited_job_is_left_for_a_person() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.run_again(&transfer(), &ledger).await;
    let requests = world.target_audit().requests_total();
    let mut edited = transfer();
    edited.target.serial_number = meterferry::campaign::SerialNumber::Pinned(77);
    let result = world.run_again(&edited, &ledger).await;
    assert_outcome(&result, Outcome::Unknown);
    assert_eq!(world.target_audit().requests_total(), requests);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_still_holds_the_dead_connection_is_tried_again() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    let gateway = world.target();
    let holds_on = async {
        // The request times out after 2 s; the gateway takes no new connection for another 2.
        tokio::time::sleep(Duration::from_secs(1)).await;
        gateway.set_offline(true);
        tokio::time::sleep(Duration::from_secs(3)).await;
        gateway.set_offline(false);
    };
    let transfer = transfer_with(|options| options.retry.attempts = 8);
    let (result, ()) = tokio::join!(world.run_one(&transfer), holds_on);
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_audit().commit_requests(), 1);
}
