//! A meter that does not answer costs its neighbours one request timeout, wherever it falls silent, and waits at the end.

use std::{collections::BTreeSet, time::Duration};

use meterferry::{
    simulator::{Fault, When},
    transfer::Outcome,
};

use crate::scene::*;

/// Transfers behind one gateway, the dead ones first in the job.
const NUMBER: u8 = 20;
const DEAD: usize = 2;

fn one_gateway() -> Fleet {
    Fleet::new(&(1..=NUMBER).map(|unit| ((0, unit), (0, 100 + unit))).collect::<Vec<_>>())
}

fn healthy() -> std::ops::Range<usize> {
    DEAD..usize::from(NUMBER)
}

/// What the healthy ones ask, and a transfer of the dead ones each, as far as it gets.
fn their_requests() -> Duration {
    BUS * OF_A_TRANSFER * u32::from(NUMBER)
}

/// The healthy ones were done after so many timeouts of each dead unit, and were preset once.
#[track_caller]
fn assert_cost(fleet: &Fleet, ran: &Ran, timeouts: u32) {
    let last = ran.last_of(healthy());
    let dead = REQUEST_TIMEOUT * timeouts * DEAD as u32;
    println!("the last healthy one ended after {last:?}; {dead:?} of it for the dead");
    assert!(last <= dead + their_requests(), "{last:?}");
    assert!(last >= dead, "the dead ones were tried before the end: {last:?}");
    for number in healthy() {
        assert_eq!(ran.outcome(number), Outcome::Done);
    }
    fleet.assert_preset_once(healthy());
}

#[tokio::test(start_paused = true)]
async fn dead_sources_cost_their_neighbours_one_timeout_each() {
    let fleet = one_gateway();
    (0..DEAD).for_each(|number| fleet.gateway(0).set_silent(number as u8 + 1, true));
    let ran = fleet.run().await;
    assert_cost(&fleet, &ran, 1);
    ran.assert_done_but(&(0..DEAD).collect());
    for number in 0..DEAD {
        assert_eq!(ran.report.results[number].attempts, 4);
        assert_eq!(fleet.gateway(0).audit(number as u8 + 1).requests_total(), 4, "a request a try");
        fleet.assert_not_preset(number);
    }
}

#[tokio::test(start_paused = true)]
async fn dead_targets_cost_their_neighbours_one_timeout_each() {
    let fleet = one_gateway();
    (0..DEAD).for_each(|number| fleet.gateway(0).set_silent(number as u8 + 101, true));
    let ran = fleet.run().await;
    assert_cost(&fleet, &ran, 1);
    ran.assert_done_but(&(0..DEAD).collect());
}

#[tokio::test(start_paused = true)]
async fn targets_that_fall_silent_while_they_are_filled_cost_one_timeout_each() {
    for when in [When::stage(), When::pointers(), When::read_back()] {
        let fleet = one_gateway();
        for number in 0..DEAD {
            fleet.gateway(0).inject(number as u8 + 101, when.clone().always(), Fault::SwallowRequest);
        }
        let ran = fleet.run().await;
        assert_cost(&fleet, &ran, 1);
        ran.assert_done_but(&(0..DEAD).collect());
    }
}

#[tokio::test(start_paused = true)]
async fn targets_that_fall_silent_after_the_command_cost_one_timeout_each() {
    let fleet = one_gateway();
    for number in 0..DEAD {
        let after_the_pre_image = When::energies().skip(1).always();
        fleet.gateway(0).inject(number as u8 + 101, after_the_pre_image, Fault::SwallowRequest);
    }
    let ran = fleet.run().await;
    assert_cost(&fleet, &ran, 1);
    (0..DEAD).for_each(|number| assert_eq!(ran.outcome(number), Outcome::Unknown));
}

/// What became of the command is looked at right away: until its mailbox is fenced, the meter may still obey.
#[tokio::test(start_paused = true)]
async fn targets_that_fall_silent_with_the_command_cost_a_second_timeout_for_the_first_look() {
    let fleet = one_gateway();
    for number in 0..DEAD {
        let unit = number as u8 + 101;
        fleet.gateway(0).inject(unit, When::commit(), Fault::SwallowRequest);
        fleet.gateway(0).inject(unit, When::serial_number().skip(1).always(), Fault::SwallowRequest);
    }
    let ran = fleet.run().await;
    assert_cost(&fleet, &ran, 2);
    (0..DEAD).for_each(|number| assert_eq!(ran.outcome(number), Outcome::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_answers_for_its_dead_units_late_loses_its_time_once() {
    let wait = Duration::from_millis(1_500);
    let settings = meterferry::simulator::GatewaySettings {
        bus_time: BUS,
        unit_timeout: wait,
        unknown_unit: meterferry::simulator::UnknownUnit::Exception(0x0B),
        ..Default::default()
    };
    let pairs: Vec<_> = (1..=NUMBER).map(|unit| ((0, unit), (0, 100 + unit))).collect();
    let mut fleet = Fleet::with(&pairs, |_| settings.clone());
    for number in 0..DEAD {
        let nobody = campaign_unit(200 + number as u8);
        fleet.transfers[number].target.unit = nobody;
    }
    let ran = fleet.run().await;
    assert!(ran.last_of(healthy()) <= wait * DEAD as u32 + their_requests());
    ran.assert_done_but(&(0..DEAD).collect());
}

fn campaign_unit(number: u8) -> meterferry::campaign::Unit {
    meterferry::campaign::Unit::new(number).unwrap()
}

/// Ten transfers look for their sources at one place, say at the end of a cable that is not plugged in.
#[tokio::test(start_paused = true)]
async fn one_dead_unit_of_many_transfers_costs_their_neighbours_one_timeout_and_is_asked_as_one() {
    let mut fleet = one_gateway();
    let shared = fleet.transfers[0].source.clone();
    for number in 1..10 {
        let mut source = shared.endpoint().unwrap().clone();
        source.serial_number = fleet.transfers[number].source.endpoint().unwrap().serial_number;
        fleet.transfers[number].source = source.into();
    }
    fleet.gateway(0).set_silent(1, true);
    let ran = fleet.run().await;
    let last = ran.last_of(10..20);
    assert!(last <= REQUEST_TIMEOUT + their_requests(), "{last:?}");
    ran.assert_done_but(&(0..10).collect());
    assert!(ran.report.results[9].reason.contains("no answer to the last 4 requests"));
    assert_eq!(fleet.gateway(0).audit(1).requests_total(), 4);
    fleet.assert_preset_once(10..20);
}

#[tokio::test(start_paused = true)]
async fn dead_units_take_no_places_from_other_gateways() {
    let dead: Vec<_> = (1..=12).map(|unit| ((0, unit), (0, 100 + unit))).collect();
    let others =
        (1..=10).flat_map(|gateway| (1..=10).map(move |unit| ((gateway, unit), (gateway, 100 + unit))));
    let fleet = Fleet::new(&dead.into_iter().chain(others).collect::<Vec<_>>());
    (1..=12).for_each(|unit| fleet.gateway(0).set_silent(unit, true));
    let ran = fleet.run_with(13, 100).await;
    // At most three places are lost to the dead gateway.
    let last = ran.last_of(12..112);
    assert!(last <= BUS * OF_A_TRANSFER * 100 / 10 * 5 / 4, "{last:?}");
    ran.assert_done_but(&(0..12).collect());
}

#[tokio::test(start_paused = true)]
async fn two_transfers_that_each_touch_the_others_dead_gateway_do_not_wait_for_each_other() {
    let fleet = Fleet::new(&[((0, 1), (1, 1)), ((1, 2), (0, 2)), ((0, 3), (1, 3))]);
    fleet.gateway(0).set_silent(1, true);
    fleet.gateway(1).set_silent(2, true);
    let ran = fleet.run().await;
    ran.assert_done_but(&BTreeSet::from([0, 1]));
    assert!(ran.took < Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_meter_that_lost_one_answer_is_done_after_its_neighbours() {
    let fleet = one_gateway();
    fleet.gateway(0).inject(1, When::any(), Fault::SwallowResponse);
    let ran = fleet.run().await;
    ran.assert_all_done();
    assert!(ran.ended["t0"] > ran.last_of(1..20));
    assert_eq!(ran.report.results[0].attempts, 2);
    fleet.assert_preset_once(0..20);
}
