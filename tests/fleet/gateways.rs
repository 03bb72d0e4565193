//! A gateway that cannot be reached is tried with backoff, by one at a time for all transfers behind it, while the others
//! go on; when it comes back, so do they.

use std::{collections::BTreeSet, time::Duration};

use meterferry::{
    run::Event,
    simulator::{Fault, GatewaySettings, When},
    transfer::Outcome,
};
use tokio::time::{Instant, sleep};

use crate::scene::*;

/// The gateway in question; the transfers behind it are the first in the job.
const DOWN: usize = 0;
const BEHIND: u8 = 20;
/// Four tries: at once, and after 0.5, 1 and 2 s.
const ALL_TRIES: Duration = Duration::from_millis(3_500);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Twenty transfers behind one gateway, and ten behind each of five others.
fn fleet() -> Fleet {
    let behind = (1..=BEHIND).map(|unit| ((DOWN, unit), (DOWN, 100 + unit)));
    let others = (1..=5).flat_map(|place| (1..=10).map(move |unit| ((place, unit), (place, 100 + unit))));
    Fleet::new(&behind.chain(others).collect::<Vec<_>>())
}

fn behind() -> BTreeSet<usize> {
    (0..usize::from(BEHIND)).collect()
}

fn others() -> std::ops::Range<usize> {
    usize::from(BEHIND)..usize::from(BEHIND) + 50
}

/// What the others take, as if there were no gateway that is down.
#[track_caller]
fn assert_others_on_time(ran: &Ran) {
    assert!(ran.last_of(others()) <= BUS * OF_A_TRANSFER * 10, "{:?}", ran.last_of(others()));
}

fn apart(tries: &[Instant]) -> Vec<u128> {
    tries.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_refused_gateway_is_tried_four_times_for_all_transfers_together() {
    let fleet = fleet();
    fleet.gateway(DOWN).set_offline(true);
    let ran = fleet.run().await;
    ran.assert_done_but(&behind());
    assert_others_on_time(&ran);
    assert_eq!(apart(&fleet.tries(DOWN)), [500, 1_000, 2_000]);
    assert!(ran.took <= ALL_TRIES + Duration::from_millis(10), "{:?}", ran.took);
    let told = ran.events.iter().filter(|event| matches!(event, Event::GatewayDown { .. })).count();
    assert_eq!(told, 3, "a line a try that another follows");
    for result in &ran.report.results[..usize::from(BEHIND)] {
        assert!(result.reason.contains("no connection to the gateway in 4 tries"), "{}", result.reason);
        assert_eq!(result.attempts, 1, "the tries were the gateway's");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_nobody_answers_for_costs_its_connect_timeouts_once() {
    let fleet = fleet();
    fleet.refuse(DOWN, Some(Refusal::Hangs));
    let ran = fleet.run().await;
    ran.assert_done_but(&behind());
    assert_others_on_time(&ran);
    assert_eq!(fleet.tries(DOWN).len(), 4);
    let most = ALL_TRIES + CONNECT_TIMEOUT * 4 + Duration::from_millis(10);
    assert!(ran.took <= most, "{:?}", ran.took);
}

#[tokio::test(start_paused = true)]
async fn unreachable_gateways_take_no_places_from_the_others() {
    let down = (0..30).flat_map(|place| (1..=4).map(move |unit| ((place, unit), (place, 100 + unit))));
    let well = (30..35).flat_map(|place| (1..=10).map(move |unit| ((place, unit), (place, 100 + unit))));
    let fleet = Fleet::new(&down.chain(well).collect::<Vec<_>>());
    (0..30).for_each(|place| fleet.gateway(place).set_offline(true));
    let ran = fleet.run_with(6, 100).await;
    ran.assert_done_but(&(0..120).collect());
    assert!(ran.last_of(120..170) <= BUS * OF_A_TRANSFER * 15, "{:?}", ran.last_of(120..170));
    assert!((0..30).all(|place| fleet.tries(place).len() == 4));
}

#[tokio::test(start_paused = true)]
async fn when_a_gateway_comes_back_all_go_on() {
    for how in [None, Some(Refusal::Hangs), Some(Refusal::ClosesAtOnce)] {
        let fleet = fleet();
        fleet.gateway(DOWN).set_offline(how.is_none());
        fleet.refuse(DOWN, how);
        let back = async {
            sleep(Duration::from_secs(2)).await;
            fleet.gateway(DOWN).set_offline(false);
            fleet.refuse(DOWN, None);
        };
        let (ran, ()) = tokio::join!(fleet.run(), back);
        ran.assert_all_done();
        assert_others_on_time(&ran);
        // The next try is at 3.5 s at the latest, or when the first attempts have hung, each for 3 s.
        let latest = ALL_TRIES + CONNECT_TIMEOUT + BUS * OF_A_TRANSFER * (u32::from(BEHIND) + 2);
        assert!(ran.took <= latest, "{how:?}: {:?}", ran.took);
        fleet.assert_preset_once(0..70);
    }
}

#[tokio::test(start_paused = true)]
async fn sources_are_captured_while_the_gateway_of_their_targets_is_down() {
    let fleet = Fleet::new(&(1..=10).map(|unit| ((1, unit), (DOWN, unit))).collect::<Vec<_>>());
    fleet.gateway(DOWN).set_offline(true);
    let back = async {
        sleep(Duration::from_secs(1)).await;
        fleet.gateway(DOWN).set_offline(false);
    };
    let (ran, ()) = tokio::join!(fleet.run(), back);
    ran.assert_all_done();
    assert!(ran.report.results.iter().all(|result| result.attempts == 1), "nothing is begun anew");
    fleet.assert_preset_once(0..10);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_grants_one_connection_which_another_master_holds_now_and_then() {
    let one = GatewaySettings { bus_time: BUS, max_connections: Some(1), ..Default::default() };
    let pairs: Vec<_> = (1..=40).map(|unit| ((DOWN, unit), (DOWN, 100 + unit))).collect();
    let fleet = Fleet::with(&pairs, |_| one.clone());
    let gateway = fleet.gateway(DOWN);
    let other = async {
        for _ in 0..5 {
            // It takes the connection where ours is lost, holds it, and lets go.
            gateway.set_offline(true);
            gateway.set_offline(false);
            let held = gateway.connect();
            sleep(Duration::from_millis(1_200)).await;
            drop(held);
            sleep(Duration::from_millis(700)).await;
        }
    };
    let (ran, ()) = tokio::join!(fleet.run(), other);
    ran.assert_all_done();
    assert_eq!(gateway.connections().most_open, 1);
    assert!(gateway.connections().refused > 0, "it was in the way");
    fleet.assert_preset_once(0..40);
}

#[tokio::test(start_paused = true)]
async fn a_unit_for_which_the_gateway_hangs_up_is_not_taken_for_the_gateway() {
    let fleet = fleet();
    fleet.gateway(DOWN).inject(1, When::any().always(), Fault::DropBefore);
    let ran = fleet.run().await;
    ran.assert_done_but(&BTreeSet::from([0]));
    let last = ran.last_of(1..usize::from(BEHIND));
    assert!(last <= BUS * OF_A_TRANSFER * u32::from(BEHIND), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_gateway_goes_away_is_settled_when_it_comes_back() {
    let fleet = fleet();
    let gateway = fleet.gateway(DOWN);
    gateway.inject(101, When::commit(), Fault::DropAfter);
    let away = async {
        while gateway.audit(101).executions().is_empty() {
            sleep(Duration::from_millis(1)).await;
        }
        gateway.set_offline(true);
        sleep(Duration::from_secs(2)).await;
        gateway.set_offline(false);
    };
    let (ran, ()) = tokio::join!(fleet.run(), away);
    ran.assert_all_done();
    assert_eq!(gateway.audit(101).commit_requests(), 1);
    fleet.assert_preset_once(0..70);
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_gateway_stays_away_is_unknown_in_bounded_time() {
    let fleet = fleet();
    let gateway = fleet.gateway(DOWN);
    gateway.inject(101, When::commit(), Fault::DropAfter);
    let away = async {
        while gateway.audit(101).commit_requests() == 0 {
            sleep(Duration::from_millis(1)).await;
        }
        gateway.set_offline(true);
    };
    let (ran, ()) = tokio::join!(fleet.run(), away);
    assert_eq!(ran.outcome(0), Outcome::Unknown, "{}", ran.report.results[0].reason);
    assert_others_on_time(&ran);
    let unreachable = ran.report.results[1..usize::from(BEHIND)]
        .iter()
        .filter(|result| result.outcome == Outcome::Unreachable)
        .count();
    assert!(unreachable >= usize::from(BEHIND) - 4, "{unreachable}");
    assert!(ran.took < Duration::from_secs(60), "{:?}", ran.took);
}
