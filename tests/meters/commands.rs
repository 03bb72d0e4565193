//! What the command's own result leads to.

use std::time::Duration;

use meterferry::{
    simulator::{self, Device, Fault, When},
    transfer::Outcome,
};

use crate::world::*;

fn world(target: Device) -> World {
    World::pair_of(Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD), target)
}

#[tokio::test(start_paused = true)]
async fn results_81_82_and_unknown_codes_fail_and_are_told() {
    for (status, told) in [(81, "81: invalid command"), (82, "82: invalid parameters"), (17, "17: a code")] {
        let world = world(fresh().always_answering(status));
        let result = world.run_one(&transfer()).await;
        assert_outcome(&result, Outcome::Failed);
        assert!(result.reason.contains(told), "{}", result.reason);
        assert_eq!(world.target_energies(), [0; 7]);
        assert_eq!(world.target_audit().commit_requests(), 1, "not sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_result_is_not_believed_where_the_energies_changed() {
    let world = world(fresh());
    let status = Fault::ForeignWrite { register: 8021, words: vec![81] };
    world.target().inject(2, When::status_poll(), status);
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
    assert_eq!(world.target_audit().commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_sentinel_that_survives_success_is_settled_by_reading() {
    let world = world(fresh().keeping_quiet_about_success());
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), OLD);
    assert_eq!(world.target_audit().commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stale_zero_is_not_taken_for_success() {
    // The meter shows 0 from an earlier command, and takes three seconds for this one.
    let device = fresh().with_mailbox(8021, &[0]).with_processing_time(Duration::from_secs(3));
    let world = world(device);
    let began = tokio::time::Instant::now();
    assert_outcome(&world.run_one(&transfer()).await, Outcome::Done);
    assert!(began.elapsed() >= Duration::from_secs(3));
    assert_eq!(world.target_energies(), OLD);
}

#[tokio::test(start_paused = true)]
async fn a_meter_slower_than_the_command_timeout_is_settled_by_reading() {
    let world = world(fresh().with_processing_time(Duration::from_secs(12)));
    let result = world.run_one(&transfer()).await;
    // The fence was there before the meter looked at its parameters: without effect, and tried again.
    assert!(
        matches!(result.outcome, Outcome::Failed | Outcome::Done),
        "{}: {}",
        result.outcome,
        result.reason
    );
    let done = result.outcome == Outcome::Done;
    assert_eq!(world.target_energies() == OLD, done);
    assert!(world.target_audit().effective_commits() <= 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_meter_is_polled_again() {
    let world = world(fresh());
    world.target().inject(2, When::status_poll().times(3), Fault::Exception(6));
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn energies_that_do_not_stay_are_a_mismatch() {
    let world = world(fresh());
    // What the meter shows after the command is not what was staged: somebody cleared it at once.
    let gateway = world.target();
    gateway.inject(2, When::status_poll(), Fault::Delay(Duration::from_millis(1500)));
    let run = transfer();
    let cleared = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        gateway.set_energies(2, [5_000; 7]);
    };
    let (result, ()) = tokio::join!(world.run_one(&run), cleared);
    assert_outcome(&result, Outcome::Mismatch);
    assert_eq!(world.target_audit().commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_result_of_0_is_not_believed_against_the_energies() {
    // The meter takes an hour for the command, and another master clears 8021 meanwhile.
    let world = world(fresh().with_processing_time(Duration::from_secs(3600)));
    let cleared = Fault::ForeignWrite { register: 8021, words: vec![0] };
    world.target().inject(2, When::status_poll().always(), cleared);
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Failed);
    assert!(result.reason.contains("no effect"), "{}", result.reason);
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    assert_eq!(world.target_energies(), [0; 7], "the late commands ran into the fence");
}
