//! What the SQLite ledger promises once it is open.

use super::sample::{lazy, urgent};
use super::*;

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    let facts = [recorded(1, lazy()), recorded(2, lazy()), recorded(3, urgent())];
    drop(ledger.append(&key("a"), facts[0].clone()));
    drop(ledger.append(&key("a"), facts[1].clone()));
    ledger.append(&key("a"), facts[2].clone()).await.unwrap();
    let left = killed(dir.path());
    assert_eq!(run_on(left.path()).replay(&key("a")).unwrap(), facts);
    assert_eq!(look_at(killed(dir.path()).path()).replay(&key("a")).unwrap(), facts);
}

#[test]
fn dropping_a_ledger_writes_what_still_waits() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    for seq in 1..=50 {
        drop(ledger.append(&key("a"), recorded(seq, lazy())));
    }
    drop(ledger);
    assert!(!dir.path().join("ledger.sqlite3-wal").exists(), "it leaves one file, ready to be copied");
    assert_eq!(look_at(dir.path()).replay(&key("a")).unwrap().len(), 50);
}

#[tokio::test]
async fn a_run_in_progress_can_be_looked_at() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    let status = look_at(dir.path());
    for seq in 1..=3 {
        ledger.append(&key("a"), recorded(seq, urgent())).await.unwrap();
        assert_eq!(status.record(&key("a")).unwrap().history.seq, seq);
        assert_eq!(ledger.record(&key("a")).unwrap().history.seq, seq);
    }
}

#[tokio::test]
async fn transfers_come_back_by_scope_in_order_each_with_its_own_facts() {
    let dir = fresh_dir(Kind::Real);
    let both: [&dyn Ledger; 2] = [&run_on(dir.path()), &MemoryLedger::new(Kind::Real)];
    let south = TransferKey { campaign: "south".into(), id: "a".into() };
    for ledger in both {
        for key in [&key("b"), &south, &key("a"), &key("B")] {
            drop(ledger.append(key, recorded(1, lazy())));
            drop(ledger.append(key, recorded(2, lazy())));
        }
        ledger.flush().await.unwrap();
        let seen = |scope| {
            let mut seen = Vec::new();
            ledger
                .visit(scope, &mut |record| seen.push((record.key.to_string(), record.facts.len())))
                .unwrap();
            seen
        };
        let all = ["north/B", "north/a", "north/b", "south/a"].map(|key| (key.to_owned(), 2));
        assert_eq!(seen(Scope::All), all);
        assert_eq!(seen(Scope::Campaign("north")), all[..3]);
        assert_eq!(seen(Scope::Transfer(&south)), all[3..]);
        assert_eq!(ledger.replay(&key("c")).unwrap(), []);
    }
}

#[tokio::test]
async fn a_fact_that_does_not_follow_is_refused_and_the_others_go_on() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    ledger.append(&key("a"), recorded(1, urgent())).await.unwrap();
    let twice = ledger.append(&key("a"), recorded(1, urgent()));
    let gap = ledger.append(&key("a"), recorded(3, urgent()));
    let other = ledger.append(&key("b"), recorded(1, urgent()));
    let next = ledger.append(&key("a"), recorded(2, urgent()));
    let conflict = |found| Err(LedgerError::Conflict { key: key("a"), expected: 2, found });
    assert_eq!(twice.await, conflict(1));
    assert_eq!(gap.await, conflict(3));
    assert_eq!((other.await, next.await), (Ok(()), Ok(())));
    drop(ledger);
    let ledger = run_on(dir.path());
    assert_eq!(ledger.append(&key("a"), recorded(2, urgent())).await.unwrap_err().exit_code(), 74);
    ledger.append(&key("a"), recorded(3, urgent())).await.unwrap();
}

#[tokio::test]
async fn somebody_who_appends_without_the_lock_is_noticed() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    ledger.append(&key("a"), recorded(1, urgent())).await.unwrap();
    let text = crate::ledger::format::encode(&urgent()).unwrap();
    let row = crate::ledger::format::StoredFact {
        seq: 1,
        at: "2026-01-01T00:00:00Z",
        run: "r",
        kind: "ended",
        version: FACT_VERSION,
        fact: &text,
    };
    append_by_hand(dir.path(), &key("b"), &row);
    let late = ledger.append(&key("a"), recorded(2, urgent())).await.unwrap_err();
    assert!(matches!(late, LedgerError::Damaged { .. }), "{late}");
    assert!(late.to_string().contains("somebody else wrote to it"), "{late}");
    assert_eq!(ledger.append(&key("c"), recorded(1, urgent())).await, Err(late), "for good");
    assert_eq!(ledger.replay(&key("a")).unwrap().len(), 1, "and nothing is put behind it");
}

#[tokio::test]
async fn a_full_disk_breaks_the_ledger_for_good_and_loses_nothing_it_promised() {
    let dir = fresh_dir(Kind::Real);
    let ledger = SqliteLedger::open_with(dir.path(), Kind::Real, Duration::ZERO, Some(40)).unwrap();
    let mut kept = 0;
    let error = loop {
        assert!(kept < 10_000, "the disk never fills up");
        let waiting = ledger.append(&key("b"), recorded(kept + 1, lazy()));
        match ledger.append(&key("a"), recorded(kept + 1, urgent())).await {
            Ok(()) => kept += 1,
            Err(error) => break (waiting.await.unwrap_err(), error).1,
        }
    };
    assert!(matches!(error, LedgerError::CannotWrite { .. }), "{error}");
    assert_eq!(error.exit_code(), 74);
    assert_eq!(ledger.append(&key("c"), recorded(1, urgent())).await, Err(error.clone()), "later appends");
    assert_eq!(ledger.flush().await, Err(error));
    drop(ledger);
    let after = run_on(dir.path());
    let found = [key("a"), key("b"), key("c")].map(|key| after.record(&key).unwrap().history.seq);
    assert_eq!(found, [kept, kept, 0]);
    after.append(&key("a"), recorded(kept + 1, urgent())).await.unwrap();
}

#[tokio::test]
async fn a_fact_no_reader_would_accept_is_refused_alone() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    let huge = crate::transfer::Fact::CommitSent { answer: "x".repeat(FACT_LIMIT) };
    let error = ledger.append(&key("a"), recorded(1, huge)).await;
    assert!(matches!(error, Err(LedgerError::TooLarge { .. })), "{error:?}");
    ledger.append(&key("a"), recorded(1, urgent())).await.unwrap();
}

#[tokio::test]
async fn people_can_read_it_and_cannot_rewrite_it() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    drop(ledger.append(&key("a"), recorded(1, lazy())));
    ledger.append(&key("a"), recorded(2, urgent())).await.unwrap();
    let hand = by_hand(dir.path());
    let columns =
        "campaign || ' ' || transfer || ' ' || facts || ' ' || last_fact || ' ' || outcome || ' ' || last_at";
    let line: String =
        hand.query_row(&format!("SELECT {columns} FROM transfers"), (), |row| row.get(0)).unwrap();
    assert_eq!(line, "north a 2 ended failed 1970-01-01T00:00:02.123456789Z");
    for forbidden in ["UPDATE facts SET at = ''", "DELETE FROM facts"] {
        assert!(hand.execute(forbidden, ()).is_err(), "{forbidden}");
    }
}
