//! The ledger in memory: the same promises, and breakdowns on order.

use std::task::Poll;

use super::sample::{lazy, urgent};
use super::*;

/// Appends `facts` facts to one transfer, every third one durable and waited for, until the ledger dies or
/// refuses. Returns how many it was told are durable.
async fn work(ledger: &MemoryLedger, facts: u64) -> u64 {
    let mut told = 0;
    for seq in 1..=facts {
        let fact = if seq % 3 == 0 { urgent() } else { lazy() };
        let waits = fact.must_be_durable();
        let ticket = ledger.append(&key("a"), recorded(seq, fact));
        if !waits {
            continue;
        }
        tokio::select! {
            result = ticket => match result {
                Ok(()) => told = seq,
                Err(_) => break,
            },
            () = ledger.crashed() => break,
        }
    }
    told
}

fn kept(ledger: &MemoryLedger) -> u64 {
    ledger.survivor().record(&key("a")).unwrap().history.seq
}

#[tokio::test(start_paused = true)]
async fn a_durable_fact_carries_all_before_it_and_takes_no_time() {
    let ledger = MemoryLedger::new(Kind::Simulated);
    let began = tokio::time::Instant::now();
    drop(ledger.append(&key("a"), recorded(1, lazy())));
    drop(ledger.append(&key("b"), recorded(1, lazy())));
    assert_eq!(ledger.replay(&key("a")).unwrap(), []);
    let ticket = ledger.append(&key("a"), recorded(2, urgent()));
    let after = ledger.append(&key("b"), recorded(2, lazy()));
    ticket.await.unwrap();
    assert_eq!(ledger.record(&key("a")).unwrap().history.seq, 2);
    assert_eq!(ledger.record(&key("b")).unwrap().history.seq, 1);
    after.await.unwrap();
    assert_eq!((ledger.appends(), ledger.pending(), ledger.commits()), (4, 0, 2));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_durable_before_its_ticket_had_a_chance_to_wait() {
    let ledger = MemoryLedger::new(Kind::Simulated);
    let mut ticket = ledger.append(&key("a"), recorded(1, urgent()));
    assert!(matches!(futures::poll!(&mut ticket), Poll::Pending));
    assert_eq!(kept(&ledger), 0);
    ticket.await.unwrap();
    assert_eq!(kept(&ledger), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_loses_the_tail_and_answers_nobody() {
    for keep in 0..=3 {
        let ledger = MemoryLedger::new(Kind::Simulated);
        ledger.append(&key("a"), recorded(1, urgent())).await.unwrap();
        let ticket = ledger.append(&key("a"), recorded(2, urgent()));
        drop(ledger.append(&key("a"), recorded(3, lazy())));
        ledger.crash_keeping(keep);
        assert!(ledger.has_crashed());
        assert_eq!(kept(&ledger), 1 + keep.min(2) as u64);
        let later = ledger.append(&key("a"), recorded(4, urgent()));
        let flush = ledger.flush();
        let wait = Duration::from_secs(3_600);
        for silent in [ticket, later, flush] {
            assert!(tokio::time::timeout(wait, silent).await.is_err());
        }
        let survivor = ledger.survivor();
        let next = survivor.record(&key("a")).unwrap().history.seq + 1;
        survivor.append(&key("a"), recorded(next, urgent())).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_append_keeps_what_was_promised_and_no_more_than_was_appended() {
    for at in 1..=9 {
        let expected = |fault| match fault {
            // Appends 3, 6 and 9 are waited for; each makes all before it durable.
            Fault::CrashOnCall(at) => ((at - 1) / 3 * 3, (at - 1) / 3 * 3),
            Fault::CrashBeforeDurable(at) => ((at - 1) / 3 * 3, at - 1),
            Fault::CrashAfterDurable(at) => ((at - 1) / 3 * 3, at),
            Fault::RefuseFrom(at) => ((at - 1) / 3 * 3, (at - 1) / 3 * 3),
        };
        for fault in [
            Fault::CrashOnCall(at),
            Fault::CrashBeforeDurable(at),
            Fault::CrashAfterDurable(at),
            Fault::RefuseFrom(at),
        ] {
            let ledger = MemoryLedger::failing(Kind::Simulated, fault);
            let told = work(&ledger, 9).await;
            assert_eq!((told, kept(&ledger)), expected(fault), "{fault:?}");
            assert_eq!(ledger.has_crashed(), !matches!(fault, Fault::RefuseFrom(_)), "{fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_fails_what_waits_and_everything_after() {
    let ledger = MemoryLedger::failing(Kind::Simulated, Fault::RefuseFrom(2));
    let waiting = ledger.append(&key("a"), recorded(1, lazy()));
    let refused = ledger.append(&key("b"), recorded(1, urgent()));
    let later = ledger.append(&key("c"), recorded(1, urgent()));
    for ticket in [waiting, refused, later, ledger.flush()] {
        assert!(matches!(ticket.await, Err(LedgerError::CannotWrite { .. })));
    }
    assert_eq!(kept(&ledger), 0);
}

#[tokio::test(start_paused = true)]
async fn a_fact_that_does_not_follow_is_refused_alone() {
    let ledger = MemoryLedger::new(Kind::Simulated);
    drop(ledger.append(&key("a"), recorded(1, lazy())));
    let conflict = LedgerError::Conflict { key: key("a"), expected: 2, found: 1 };
    assert_eq!(ledger.append(&key("a"), recorded(1, lazy())).await, Err(conflict));
    ledger.append(&key("a"), recorded(2, lazy())).await.unwrap();
}
