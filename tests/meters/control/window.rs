//! Outside its window a transfer does not begin; what has begun is finished.

use super::*;

fn window(hours: &str, days: &[Day]) -> Windows {
    let (from, to) = hours.split_once('-').unwrap();
    Windows::new([Window {
        days: days.to_vec(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        zone: Zone::named("Europe/Berlin").unwrap(),
    }])
}

fn closing_in_four_seconds(campaign: &Campaign) -> Windows {
    let now =
        campaign.world.settings("clock").0.clock.now().wall.to_zoned(TimeZone::get("Europe/Berlin").unwrap());
    window(&format!("09:00-{}", (now + Duration::from_secs(4)).time()), &Day::ALL)
}

/// `START` is 10:00 in Berlin, on a Monday.
#[tokio::test(start_paused = true)]
async fn outside_its_window_nothing_is_asked_of_a_meter_and_the_next_opening_is_named() {
    let mut campaign = Campaign::of(3);
    campaign.transfer(1).options.window = window("22:00-05:00", &Day::ALL);
    campaign.transfer(2).options.window = window("09:00-11:00", &[Day::Mon]);
    let report = campaign.run(Limits::default()).await;
    assert_eq!(outcomes(&report), [Outcome::NotRun, Outcome::Done, Outcome::Done]);
    assert_eq!(campaign.asked(), [2, 3]);
    assert_eq!(campaign.world.gateway("old1").audit(1).requests_total(), 0);
    let result = &report.results[0];
    assert_eq!(result.reason, "not begun: its window opens Mon 2026-06-01 22:00 +02:00 (Europe/Berlin)");
    assert_eq!(report.stopping, None);
    let reckoning = report.reckoning.as_ref().unwrap();
    assert_eq!((reckoning.requests_expected, reckoning.requests_sent), (22, 22), "those that may begin");
    assert_eq!(campaign.ledger.record(&result.transfer.key).unwrap().history.seq, 0, "nothing is recorded");
    tokio::time::sleep(Duration::from_secs(13 * 3600)).await;
    let night = campaign.run(Limits::default()).await;
    assert_eq!(outcomes(&night), [Outcome::Done, Outcome::AlreadyDone, Outcome::AlreadyDone]);
}

#[tokio::test(start_paused = true)]
async fn what_is_done_stays_done_outside_the_window() {
    let mut campaign = Campaign::of(1);
    campaign.run(Limits::default()).await;
    campaign.transfer(1).options.window = window("22:00-05:00", &Day::ALL);
    assert_eq!(outcomes(&campaign.run(Limits::default()).await), [Outcome::AlreadyDone]);
    // A window is no part of the meaning; asking for it again is beginning.
    campaign.transfer(1).generation = 2;
    let again = campaign.world.run_again(&campaign.transfers[0], &campaign.ledger).await;
    assert_outcome(&again, Outcome::NotRun);
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_is_settled_at_any_time_and_not_begun_again() {
    for (fault, outcome) in
        [(Fault::SwallowResponse, Outcome::Done), (Fault::SwallowRequest, Outcome::NotRun)]
    {
        let mut campaign = Campaign::of(1);
        let gateway = campaign.target(1);
        gateway.inject(1, When::commit(), fault);
        gateway.inject(1, When::fence().always(), Fault::SwallowRequest);
        let open = campaign.world.run_again(&campaign.transfers[0], &campaign.ledger).await;
        assert_outcome(&open, Outcome::Unknown);
        gateway.clear_faults(1);
        campaign.transfer(1).options.window = window("22:00-05:00", &Day::ALL);
        let report = campaign.run(Limits::default()).await;
        assert_eq!(outcomes(&report), [outcome], "{}", report.results[0].reason);
        assert_eq!(gateway.audit(1).commit_requests(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_began_inside_is_finished_outside_but_not_begun_again() {
    // It closes while the command's answer is waited for and looked into.
    for (fault, outcome) in
        [(Fault::SwallowResponse, Outcome::Done), (Fault::SwallowRequest, Outcome::NotRun)]
    {
        let mut campaign = Campaign::of(1);
        campaign.transfer(1).options.window = closing_in_four_seconds(&campaign);
        campaign.target(1).inject(1, When::commit(), fault);
        let report = campaign.run(Limits::default()).await;
        assert_eq!(outcomes(&report), [outcome], "{}", report.results[0].reason);
        let audit = campaign.target(1).audit(1);
        assert_eq!(audit.commit_requests(), 1);
        if outcome == Outcome::NotRun {
            let reason = &report.results[0].reason;
            assert!(reason.contains("not tried again: its window opens"), "{reason}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_that_waited_until_the_window_closed_is_not_made() {
    for backoff in [Duration::ZERO, Duration::from_secs(3)] {
        let mut campaign = Campaign::of(1);
        let window = closing_in_four_seconds(&campaign);
        let options = &mut campaign.transfer(1).options;
        options.window = window;
        options.retry.backoff = backoff;
        options.retry.attempts = 50;
        campaign.target(1).set_silent(1, true);
        let mut latest = None;
        let report = campaign
            .run_with(|_| (), &mut |event| {
                if let Event::Recorded { attempt, .. } = event {
                    latest = Some(attempt);
                }
            })
            .await;
        assert_eq!(outcomes(&report), [Outcome::NotRun], "{}", report.results[0].reason);
        assert!(latest.is_some_and(|attempt| attempt < 6), "{latest:?}");
        assert!(report.elapsed < Duration::from_secs(12), "{:?}", report.elapsed);
    }
}
