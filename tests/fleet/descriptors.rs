//! Fewer connections than gateways: idle ones are closed, and nobody fails for want of one.

use meterferry::run::Event;

use crate::scene::*;

fn across_forty_gateways() -> Fleet {
    let pair = |n: usize| {
        let row = (n / 40) as u8;
        ((n % 40, 1 + row), ((n * 7 + 1) % 40, 101 + row))
    };
    Fleet::new(&(0..120).map(pair).collect::<Vec<_>>())
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_are_open_than_there_may_be() {
    for connections in [1, 2, 3, 10, 39] {
        let fleet = across_forty_gateways();
        let ran = fleet.run_with(120, connections).await;
        ran.assert_all_done();
        assert!(fleet.most_open() <= connections, "{} of {connections}", fleet.most_open());
        assert!(ran.report.results.iter().all(|result| result.attempts == 1));
        fleet.assert_preset_once(0..120);
        let Some(Event::RunBegan { capacity, .. }) = ran.events.first() else { panic!("a run begins") };
        assert!(capacity.is_short_of_connections());
        assert_eq!((capacity.parallel, capacity.parallel_asked), ((connections / 2).max(1), 120));
        println!("{connections}: {:?}, at least {:?}", ran.took, fleet.ideal());
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_connection_for_each_gateway_none_is_made_twice() {
    let fleet = across_forty_gateways();
    let ran = fleet.run_with(120, 40).await;
    ran.assert_all_done();
    assert_eq!(fleet.most_open(), 40);
    assert!((0..40).all(|place| fleet.tries(place).len() == 1));
}
