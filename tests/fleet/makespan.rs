//! How long a run takes, against the requests of its busiest gateway × their time.

use std::time::Duration;

use meterferry::transfer::SplitMix;

use crate::scene::*;

/// Twenty transfers behind one gateway and one each behind 49 others.
fn one_busy_gateway() -> Fleet {
    let light = (1..50).map(|gateway| ((gateway, 1), (gateway, 101)));
    let busy = (1..=20).map(|unit| ((0, unit), (0, 100 + unit)));
    // The busy one comes last in the job.
    Fleet::new(&light.chain(busy).collect::<Vec<_>>())
}

#[track_caller]
fn assert_within(fleet: &Fleet, ran: &Ran, factor: f64, slack: Duration) {
    let (ideal, took) = (fleet.ideal(), ran.took);
    println!("{took:?}, at least {ideal:?}");
    assert!(took <= ideal.mul_f64(factor) + slack, "{took:?}, at least {ideal:?}");
    ran.assert_all_done();
    fleet.assert_preset_once(0..fleet.transfers.len());
}

#[tokio::test(start_paused = true)]
async fn one_busy_gateway_decides_how_long_a_run_takes() {
    let fleet = one_busy_gateway();
    assert_within(&fleet, &fleet.run().await, 1.02, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_busy_gateway_goes_first_where_there_are_few_places() {
    for parallel in [2, 3, 5, 10] {
        let fleet = one_busy_gateway();
        let ran = fleet.run_with(parallel, 100).await;
        // The least for so many places, if each of them were at work at a gateway all the time.
        let places = BUS * OF_A_TRANSFER * fleet.transfers.len() as u32 / parallel as u32;
        let least = fleet.ideal().max(places);
        println!("{parallel}: {:?}, at least {least:?}", ran.took);
        assert!(ran.took <= least.mul_f64(1.1) + BUS * OF_A_TRANSFER, "{parallel}: {:?}", ran.took);
        fleet.assert_preset_once(0..fleet.transfers.len());
    }
}

#[tokio::test(start_paused = true)]
async fn fifty_gateways_with_twenty_transfers_each_take_as_long_as_one_of_them() {
    let pairs: Vec<_> = (0..50)
        .flat_map(|gateway| (1..=20).map(move |unit| ((gateway, unit), (gateway, 100 + unit))))
        .collect();
    let fleet = Fleet::new(&pairs);
    assert_eq!(fleet.ideal(), BUS * 220);
    assert_within(&fleet, &fleet.run().await, 1.05, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn one_gateway_of_sources_feeds_many_of_targets() {
    let pairs: Vec<_> = (1..=200).map(|unit| ((0, unit), (usize::from(unit), 1))).collect();
    let fleet = Fleet::new(&pairs);
    // The last source's target comes after it.
    assert_within(&fleet, &fleet.run().await, 1.02, BUS * OF_A_TARGET);
}

#[tokio::test(start_paused = true)]
async fn many_gateways_of_sources_feed_one_of_targets() {
    let pairs: Vec<_> = (1..=200).map(|unit| ((usize::from(unit), 1), (0, unit))).collect();
    let fleet = Fleet::new(&pairs);
    assert_within(&fleet, &fleet.run().await, 1.02, BUS * OF_A_SOURCE);
}

#[tokio::test(start_paused = true)]
async fn the_busiest_of_two_gateways_that_meet_at_a_third_never_idles() {
    // Sources at 0; 60 of the targets at 1, which is the busiest, and comes last in the job.
    let others = (1..=100).map(|unit| ((0, unit), (1 + usize::from(unit), 1)));
    let busiest = (101..=160).map(|unit| ((0, unit), (1, unit)));
    let fleet = Fleet::new(&others.chain(busiest).collect::<Vec<_>>());
    assert_eq!(fleet.ideal(), BUS * 480);
    assert_within(&fleet, &fleet.run().await, 1.05, BUS * OF_A_SOURCE);
}

#[tokio::test(start_paused = true)]
async fn transfers_that_have_to_wait_keep_nobody_from_his_turn() {
    let pairs: Vec<_> = (1..=30).map(|unit| ((0, unit), (0, 100 + unit))).collect();
    let mut fleet = Fleet::new(&pairs);
    // Each is watched for a second, to see that its source stands still.
    fleet.set(|options| options.target_energy = meterferry::campaign::TargetEnergy::Add);
    let ran = fleet.run_with(3, 100).await;
    ran.assert_all_done();
    // One request more: the target is read twice.
    let least = BUS * 30 * (OF_A_TRANSFER + 1);
    println!("{:?}, at least {least:?}", ran.took);
    assert!(ran.took <= least + Duration::from_millis(1_500), "{:?}, at least {least:?}", ran.took);
}

/// A fleet made of numbers.
fn random(dice: &mut SplitMix) -> Fleet {
    let gateways = 1 + dice.draw() % 12;
    let mut next = vec![0u8; gateways as usize];
    let pairs: Vec<_> = (0..1 + dice.draw() % 80)
        .map(|_| {
            let mut meter = || {
                // Some gateways have far more to do than others.
                let gateway = ((dice.draw() % gateways) * (dice.draw() % 4) / 3) as usize;
                next[gateway] += 1;
                (gateway, next[gateway])
            };
            (meter(), meter())
        })
        .collect();
    Fleet::new(&pairs)
}

#[test]
fn any_fleet_takes_as_long_as_its_busiest_gateway_and_one_transfer() {
    let first = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in first.map_or(0..100, |seed: u64| seed..seed + 1) {
        println!("SEED={seed}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let fleet = random(&mut SplitMix::new(seed));
            let ran = fleet.run().await;
            // The last one's own requests; it may have to wait for another's target meanwhile.
            assert_within(&fleet, &ran, 1.05, BUS * (OF_A_TRANSFER + OF_A_TARGET));
        });
    }
}
