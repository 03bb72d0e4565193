//! With too many gone wrong a run begins nothing new.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_run_begins_nothing_new_once_as_many_went_wrong() {
    let campaign = Campaign::of(8);
    [2, 3, 4].into_iter().for_each(|n| campaign.spoil(n));
    let one_by_one = |settings: &mut RunSettings| {
        settings.parallel = 1;
        settings.limits = at_most(2);
    };
    let report = campaign.run_with(one_by_one, &mut |_| ()).await;
    use Outcome::{Done, NotRun, Refused};
    assert_eq!(outcomes(&report), [Done, Refused, Refused, NotRun, NotRun, NotRun, NotRun, NotRun]);
    assert_eq!(campaign.written_to(), [1]);
    let reason = &report.results[7].reason;
    for part in ["not begun", "limit of 2", "north/t2 is refused, north/t3 is refused"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    // None of the refused is asked again with success; the rest is within the limit now.
    [2, 3, 4].into_iter().for_each(|n| campaign.target(n).set_energies(1, [0; 7]));
    assert_eq!(outcomes(&campaign.run(at_most(2)).await)[1..], [Done; 7]);
}

#[tokio::test(start_paused = true)]
async fn a_percentage_is_of_the_selected() {
    let campaign = Campaign::of(10);
    (1..=10).for_each(|n| campaign.spoil(n));
    let report = campaign
        .run_with(
            |settings| {
                settings.parallel = 1;
                settings.limits.max_fail = Some(MaxFail::Percent(21));
            },
            &mut |_| (),
        )
        .await;
    let refused = outcomes(&report).into_iter().filter(|outcome| *outcome == Outcome::Refused).count();
    assert_eq!(refused, 3, "21 % of 10, rounded up");
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_meter_counts_when_it_is_given_up_and_not_before() {
    let campaign = Campaign::of(2);
    // Three tries fail, the fourth succeeds.
    campaign.target(1).inject(1, When::any().times(3), Fault::SwallowRequest);
    let report = campaign.run(at_most(1)).await;
    assert_eq!(outcomes(&report), [Outcome::Done; 2]);
    let campaign = Campaign::of(2);
    campaign.world.gateway("new1").set_offline(true);
    let report = campaign
        .run_with(
            |settings| {
                settings.parallel = 1;
                settings.limits = at_most(1);
            },
            &mut |_| (),
        )
        .await;
    // The second is done while the first waits for its tries.
    assert_eq!(outcomes(&report), [Outcome::Unreachable, Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_comes_to_rest_and_nothing_is_left_half_done() {
    for latency in 1..=40 {
        let campaign = Campaign::of(5);
        campaign.spoil(1);
        // The refusal comes at another step of the others each time.
        let slow =
            simulator::GatewaySettings { latency: Duration::from_millis(3 * latency), ..Default::default() };
        campaign.world.gateway_with("slow", slow);
        campaign.world.meter("slow", 1, Device::new(simulator::Model::Cm4000, 1001).with_energies(OLD));
        let mut campaign = campaign;
        let target = campaign.transfers[0].target.clone();
        *campaign.transfer(1) = transfer_between("t1", endpoint(Model::Cm4000, "slow", 1, 1001), target);
        let report = campaign.run(at_most(1)).await;
        for result in &report.results[1..] {
            assert!(
                matches!(result.outcome, Outcome::Done | Outcome::NotRun),
                "{latency}: {:?}: {}",
                result.outcome,
                result.reason
            );
        }
        let again = campaign.run(Limits::default()).await;
        assert!(again.results[1..].iter().all(|result| result.outcome.is_done()), "{latency}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_mismatch_that_no_meter_was_asked_about_does_not_count() {
    let campaign = Campaign::of(3);
    campaign.target(1).inject(1, When::energies().skip(1).always(), Fault::TornRead);
    let one_by_one = |settings: &mut RunSettings| {
        settings.parallel = 1;
        settings.limits = at_most(1);
    };
    let first = campaign.run_with(one_by_one, &mut |_| ()).await;
    assert_eq!(outcomes(&first), [Outcome::Mismatch, Outcome::NotRun, Outcome::NotRun]);
    let second = campaign.run_with(one_by_one, &mut |_| ()).await;
    assert_eq!(outcomes(&second), [Outcome::Mismatch, Outcome::Done, Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn open_intents_are_settled_whatever_else_went_wrong() {
    let campaign = Campaign::of(4);
    for n in 1..=3 {
        leave_open(&campaign, n).await;
    }
    // The first of them cannot be settled this time either.
    campaign.target(1).inject(1, When::fence().always(), Fault::SwallowRequest);
    let report = campaign
        .run_with(
            |settings| {
                settings.parallel = 1;
                settings.limits = at_most(1);
            },
            &mut |_| (),
        )
        .await;
    use Outcome::{Done, NotRun, Unknown};
    assert_eq!(outcomes(&report), [Unknown, Done, Done, NotRun]);
    assert_eq!(campaign.asked(), [1, 2, 3]);
}
