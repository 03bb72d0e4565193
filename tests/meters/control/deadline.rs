//! From the deadline on nothing begins, and nothing stays half done.

use super::*;

#[tokio::test(start_paused = true)]
async fn at_any_instant_it_leaves_nothing_half_done_and_the_next_run_finishes() {
    let mut outcomes_seen = std::collections::BTreeSet::new();
    for step in 0..80 {
        let campaign = Campaign::of(3);
        let after = Duration::from_millis(2 + 5 * step);
        let report = campaign
            .run_with(
                |settings| {
                    settings.parallel = 2;
                    settings.limits.deadline =
                        Some((settings.clock.now().wall + after).to_zoned(TimeZone::UTC));
                },
                &mut |_| (),
            )
            .await;
        for result in &report.results {
            assert!(matches!(result.outcome, Outcome::Done | Outcome::NotRun), "{}", result.reason);
            assert!(result.outcome == Outcome::Done || result.reason.contains("deadline"), "{result:?}");
            outcomes_seen.insert(result.reason.split(':').next().unwrap().to_owned());
        }
        assert!(!report.stopped);
        assert_eq!(outcomes(&campaign.run(Limits::default()).await).len(), 3);
        for n in 1..=3 {
            assert_eq!(campaign.target(n).audit(1).effective_commits(), 1, "{after:?}");
            assert_eq!(campaign.target(n).energies(1), OLD, "{after:?}");
        }
    }
    let all = ["not begun", "stopped before anything was written", "stopped before the commit", "verified"];
    assert_eq!(outcomes_seen.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_answer_is_lost_is_settled_after_it() {
    let campaign = Campaign::of(1);
    campaign.target(1).inject(1, When::commit(), Fault::SwallowResponse);
    // Settling takes ten seconds and more; the deadline falls into it.
    let report = campaign.run(until(Duration::from_secs(6))).await;
    assert_eq!(outcomes(&report), [Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn open_intents_are_settled_though_it_has_passed() {
    let campaign = Campaign::of(3);
    leave_open(&campaign, 2).await;
    let report = campaign.run(until(Duration::ZERO)).await;
    assert_eq!(outcomes(&report), [Outcome::NotRun, Outcome::Done, Outcome::NotRun]);
    assert_eq!(campaign.written_to(), [2]);
    assert_eq!(campaign.target(2).audit(1).commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_without_effect_is_closed_and_not_begun_again() {
    let campaign = Campaign::of(1);
    let gateway = campaign.target(1);
    gateway.inject(1, When::commit(), Fault::SwallowRequest);
    gateway.inject(1, When::fence().always(), Fault::SwallowRequest);
    let open = campaign.world.run_again(&campaign.transfers[0], &campaign.ledger).await;
    assert_outcome(&open, Outcome::Unknown);
    gateway.clear_faults(1);
    let report = campaign.run(until(Duration::ZERO)).await;
    assert_eq!(outcomes(&report), [Outcome::NotRun]);
    assert!(report.results[0].reason.contains("deadline"), "{}", report.results[0].reason);
    assert_eq!(gateway.audit(1).commit_requests(), 1);
    assert_eq!(outcomes(&campaign.run(Limits::default()).await), [Outcome::Done]);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_would_come_after_it_is_not_waited_for() {
    let mut campaign = Campaign::of(1);
    campaign.transfer(1).options.retry.backoff = Duration::from_secs(600);
    campaign.transfer(1).options.retry.max_backoff = Duration::from_secs(600);
    campaign.world.gateway("new1").set_offline(true);
    let report = campaign.run(until(Duration::from_secs(120))).await;
    assert_eq!(outcomes(&report), [Outcome::NotRun]);
    assert!(report.elapsed < Duration::from_secs(60), "{:?}", report.elapsed);
    let reason = &report.results[0].reason;
    for part in ["not tried again", "after the deadline", "no connection"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
}
