//! Durable writes are grouped. These tests run a real thread on a real disk, hence on the real clock.

use std::sync::Arc;

use futures::future::join_all;

use super::sample::{lazy, urgent};
use super::*;

#[tokio::test]
async fn a_thousand_concurrent_intents_cost_at_most_sixty_transactions() {
    let dir = fresh_dir(Kind::Real);
    let ledger = Arc::new(run_on(dir.path()));
    let transfers = (0..1_000).map(|number| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move {
            let key = key(&format!("t{number}"));
            drop(ledger.append(&key, recorded(1, lazy())));
            ledger.append(&key, recorded(2, urgent())).await.unwrap();
        })
    });
    join_all(transfers).await.into_iter().for_each(Result::unwrap);
    let stats = ledger.stats();
    assert_eq!(stats.facts, 2_000);
    assert!(stats.transactions <= 60, "{stats:?}");
}

#[tokio::test]
async fn facts_nobody_needs_at_once_wait_for_one_that_is() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    let waiting: Vec<Ticket> = (1..=20).map(|seq| ledger.append(&key("a"), recorded(seq, lazy()))).collect();
    assert_eq!(ledger.stats().transactions, 0);
    ledger.append(&key("b"), recorded(1, urgent())).await.unwrap();
    for ticket in waiting {
        ticket.await.unwrap();
    }
    assert_eq!(ledger.stats(), Stats { transactions: 1, facts: 21, largest: 21 });
}

#[tokio::test]
async fn facts_nobody_needs_at_once_are_written_before_long_all_the_same() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    let began = std::time::Instant::now();
    ledger.append(&key("a"), recorded(1, lazy())).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(50), "{:?}", began.elapsed());
    assert_eq!(ledger.stats().transactions, 1);
}

#[tokio::test]
async fn flushing_nothing_costs_nothing() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    ledger.flush().await.unwrap();
    assert_eq!(ledger.stats(), Stats::default());
}
