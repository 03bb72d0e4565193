//! The first ones go first, alone: the others begin only if all of those are done.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_others_begin_only_when_all_canaries_are_done() {
    let campaign = Campaign::of(6);
    let (mut done, mut early) = (0, Vec::new());
    let report = campaign
        .run_with(|settings| settings.limits = canaries(2), &mut |event| match event {
            Event::Ended(_) => done += 1,
            Event::Recorded { transfer, .. } if done < 2 => early.push(transfer.key.id.to_string()),
            _ => {}
        })
        .await;
    assert_eq!(outcomes(&report), [Outcome::Done; 6]);
    assert!(!early.is_empty() && early.iter().all(|id| id == "t1" || id == "t2"), "{early:?}");
    assert_eq!(report.stopping, None);
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_is_refused_leaves_all_others_alone_and_is_named() {
    let campaign = Campaign::of(5);
    campaign.spoil(1);
    let report = campaign.run(canaries(2)).await;
    use Outcome::{Done, NotRun, Refused};
    assert_eq!(outcomes(&report), [Refused, Done, NotRun, NotRun, NotRun]);
    assert_eq!(campaign.written_to(), [2]);
    assert_eq!(campaign.asked(), [1, 2]);
    let other = &report.results[2];
    assert_eq!(other.reason, "not begun: the canary north/t1 is refused");
    assert!(other.hint.as_ref().unwrap().contains("status JOB --only id=t1"), "{other:?}");
    assert!(!report.stopped, "nobody asked it to stop");
    assert!(matches!(report.stopping.as_deref(), Some(StopReason::Canary { .. })));
    // Put right, the run goes on where it left off: the next canaries are the next unfinished.
    campaign.target(1).exchange(1, Device::new(simulator::Model::Pm800, 2001));
    let again = campaign.run(canaries(1)).await;
    assert_eq!(outcomes(&again), [Done, Outcome::AlreadyDone, Done, Done, Done]);
}

#[tokio::test(start_paused = true)]
async fn canaries_are_the_first_that_are_not_finished() {
    let mut campaign = Campaign::of(4);
    let all = std::mem::take(&mut campaign.transfers);
    campaign.transfers = all[..2].to_vec();
    campaign.run(Limits::default()).await;
    campaign.transfers = all;
    campaign.spoil(3);
    let report = campaign.run(canaries(1)).await;
    use Outcome::{AlreadyDone, NotRun, Refused};
    assert_eq!(outcomes(&report), [AlreadyDone, AlreadyDone, Refused, NotRun]);
}

#[tokio::test(start_paused = true)]
async fn an_old_mismatch_is_no_canary() {
    let campaign = Campaign::of(3);
    campaign.target(1).inject(1, When::energies().skip(1).always(), Fault::TornRead);
    let first = campaign.run(canaries(1)).await;
    assert_eq!(outcomes(&first), [Outcome::Mismatch, Outcome::NotRun, Outcome::NotRun]);
    let second = campaign.run(canaries(1)).await;
    assert_eq!(outcomes(&second), [Outcome::Mismatch, Outcome::Done, Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn what_a_canary_follows_goes_before_it() {
    let mut campaign = Campaign::of(3);
    let followed = campaign.transfers[2].key.clone();
    campaign.transfer(1).after = vec![followed];
    campaign.spoil(3);
    let report = campaign.run(canaries(2)).await;
    use Outcome::{Done, NotRun, Refused};
    assert_eq!(outcomes(&report), [Done, NotRun, Refused]);
    assert_eq!(campaign.asked(), [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn more_canaries_than_transfers_is_every_transfer() {
    let campaign = Campaign::of(3);
    campaign.spoil(1);
    let report = campaign.run(canaries(99)).await;
    assert_eq!(outcomes(&report), [Outcome::Refused, Outcome::Done, Outcome::Done]);
    assert_eq!(report.stopping, None, "nothing was left to stop");
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_is_settled_before_the_canary_begins() {
    let campaign = Campaign::of(4);
    leave_open(&campaign, 4).await;
    campaign.spoil(1);
    let mut ended = Vec::new();
    let report = campaign
        .run_with(|settings| settings.limits = canaries(1), &mut |event| {
            if let Event::Ended(result) = event {
                ended.push(result.transfer.key.id.to_string());
            }
        })
        .await;
    use Outcome::{Done, NotRun, Refused};
    assert_eq!(outcomes(&report), [Refused, NotRun, NotRun, Done]);
    assert_eq!(&ended[..2], ["t4", "t1"]);
}
