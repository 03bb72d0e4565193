//! The queue by itself: who comes next, without workers, gates or meters.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    campaign::{Address, Endpoint, Gateway, SerialNumber, TransferKey, Unit},
    meter::{Addressing, Model},
};

/// A gateway and a unit.
type At = (usize, u8);

fn endpoint((gateway, unit): At) -> Endpoint {
    let address = Address::Tcp { host: format!("gw{gateway}"), port: 502 };
    Endpoint {
        model: Model::Pm800,
        gateway: Arc::new(Gateway::new(address)),
        unit: Unit::new(unit).unwrap(),
        serial_number: SerialNumber::Any,
        addressing: Addressing::Modbus,
    }
}

fn queue(pairs: &[(At, At)]) -> Queue {
    let transfer = |(number, (source, target)): (usize, &(At, At))| {
        let key = TransferKey { campaign: "c".into(), id: number.to_string().into() };
        Transfer::new(key, endpoint(*source), endpoint(*target))
    };
    let transfers: Vec<_> = pairs.iter().enumerate().map(transfer).collect();
    let mut queue = Queue::new(&transfers);
    (0..transfers.len()).for_each(|index| queue.put(index));
    queue
}

fn taken(queue: &mut Queue) -> Vec<Index> {
    std::iter::from_fn(|| queue.take(true)).collect()
}

#[test]
fn gateways_take_turns_and_the_one_with_most_to_do_begins() {
    let mut pairs = vec![((0, 1), (0, 2))];
    pairs.extend((1..=5).map(|unit| ((1, unit), (1, 100 + unit))));
    let mut queue = queue(&pairs);
    assert_eq!(taken(&mut queue), [1, 0, 2, 3], "three at a time, in the order of the job");
    queue.release(1);
    queue.ended(1);
    assert_eq!(taken(&mut queue), [4]);
}

#[test]
fn a_source_makes_room_once_it_is_read() {
    let mut queue = queue(&(1..=9).map(|unit| ((0, unit), (usize::from(unit), 1))).collect::<Vec<_>>());
    assert_eq!(taken(&mut queue), [0, 1, 2]);
    queue.source_read(1);
    assert_eq!(taken(&mut queue), [3]);
}

#[test]
fn transfers_of_one_unit_go_one_after_the_other() {
    let mut queue = queue(&[((0, 1), (1, 1)), ((0, 1), (2, 1)), ((0, 2), (3, 1))]);
    assert_eq!(taken(&mut queue), [0, 2]);
    queue.release(0);
    assert_eq!(taken(&mut queue), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_silent_meter_waits_for_every_neighbour_that_is_not() {
    let mut queue = queue(&[((0, 1), (1, 1)), ((0, 2), (2, 2)), ((3, 3), (0, 3))]);
    let all = taken(&mut queue);
    assert_eq!(all.len(), 3);
    let now = Instant::now();
    let silent = Aside::Silent { role: Role::Source, again: true };
    queue.release(0);
    queue.park(0, now, silent);
    queue.wake(now);
    assert_eq!(queue.take(true), None);
    // One of the neighbours is done, the other one's target is silent: that is not waited for.
    queue.release(1);
    queue.ended(1);
    queue.release(2);
    queue.park(2, now + Duration::from_secs(1), Aside::Silent { role: Role::Target, again: true });
    assert_eq!(taken(&mut queue), [0]);
    queue.wake(now + Duration::from_secs(1));
    assert_eq!(taken(&mut queue), [2]);
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_is_sent_to_try_a_closed_gateway() {
    let mut queue = queue(&(1..=6).map(|unit| ((0, unit), (0, 100 + unit))).collect::<Vec<_>>());
    assert_eq!(taken(&mut queue), [0, 1, 2]);
    let later = Instant::now() + Duration::from_secs(1);
    for index in 0..3 {
        queue.release(index);
        queue.park(index, later, Aside::Unreached(Role::Source));
    }
    assert_eq!(queue.take(true), None, "nothing begins behind it");
    queue.wake(later);
    assert_eq!(taken(&mut queue), [0], "one tries it");
    queue.release(0);
    queue.park(0, later + Duration::from_secs(1), Aside::Unreached(Role::Source));
    queue.wake(later + Duration::from_secs(1));
    assert_eq!(taken(&mut queue), [1], "and then another");
    queue.gets_on(1);
    assert_eq!(taken(&mut queue), [2, 0], "it is back, and the gateway has its three");
}

#[test]
fn every_transfer_is_taken_once_however_they_are_woven() {
    let number = 20_000_usize;
    let pair =
        |n: usize| (((n * 7_919) % 997, (n % 247) as u8 + 1), ((n * 104_729) % 499, (n / 499) as u8 + 1));
    let mut queue = queue(&(0..number).map(pair).collect::<Vec<_>>());
    let mut left = vec![true; number];
    let mut at_work = VecDeque::new();
    loop {
        at_work.extend(std::iter::from_fn(|| queue.take(true)));
        let Some(index) = at_work.pop_front() else { break };
        assert!(std::mem::take(&mut left[index]), "{index} is taken twice");
        queue.source_read(index);
        queue.release(index);
        queue.ended(index);
    }
    assert!(left.iter().all(|left| !left), "all are taken");
}
