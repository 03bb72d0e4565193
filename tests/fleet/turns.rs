//! Who is served when: the furthest along, but nobody waits for ever, and equals in their order.

use meterferry::{
    simulator::{Fault, When},
    transfer::Outcome,
};

use crate::scene::*;

#[tokio::test(start_paused = true)]
async fn equals_are_served_in_the_order_of_the_job() {
    let pairs: Vec<_> = (1..=60).map(|unit| ((0, unit), (0, 100 + unit))).collect();
    let fleet = Fleet::new(&pairs);
    let ran = fleet.run().await;
    let mut by_end: Vec<usize> = (0..60).collect();
    by_end.sort_by_key(|number| ran.ended[&format!("t{number}")]);
    for (place, number) in by_end.into_iter().enumerate() {
        // Three are at work at a time.
        assert!(number.abs_diff(place) <= 2, "t{number} ended as number {place}");
    }
}

/// A stream of transfers that come to gateway 0 with their sources read, and one that begins there.
#[tokio::test(start_paused = true)]
async fn a_stream_of_transfers_that_are_further_along_does_not_starve_one_at_its_beginning() {
    let stream = (1..=200).map(|unit| ((usize::from(unit), 1), (0, unit)));
    let fleet = Fleet::new(&[((0, 240), (300, 1))].into_iter().chain(stream).collect::<Vec<_>>());
    // It is busy at first, and so comes when the stream is there.
    fleet.gateway(0).inject(240, When::any(), Fault::Exception(6));
    let ran = fleet.run().await;
    assert_eq!(ran.outcome(0), Outcome::Done);
    let others = ran.ended.values().filter(|ended| **ended < ran.ended["t0"]).count();
    println!("{others} of 200 were done before it, after {:?}", ran.ended["t0"]);
    assert!(others <= 30, "{others} of 200 were done before it");
    fleet.assert_preset_once(0..201);
}
