//! A ledger that was changed, cut, filled up or made anew is found out; one that was only killed or looked at is not.

use proptest::prelude::*;
use rusqlite::Connection;

use super::sample::{lazy, legal_record, urgent};
use super::*;

/// Two transfers, three facts each, taken in turn.
fn filled() -> tempfile::TempDir {
    let dir = fresh_dir(Kind::Real);
    fill(dir.path());
    dir
}

fn fill(dir: &Path) {
    let ledger = run_on(dir);
    for seq in 1..=3 {
        for id in ["a", "b"] {
            drop(ledger.append(&key(id), recorded(seq, if seq == 3 { urgent() } else { lazy() })));
        }
    }
}

fn head(dir: &Path) -> Head {
    look_at(dir).head().unwrap().unwrap()
}

fn verify(dir: &Path) -> Verdict {
    look_at(dir).verify(None).unwrap()
}

/// The schema's own rules are taken away, and put back behind it, as somebody would who knows them.
fn forge(dir: &Path, how: impl FnOnce(&Connection)) {
    let hand = by_hand(dir);
    let triggers: Vec<(String, String)> = hand
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(triggers.len(), 2);
    triggers.iter().for_each(|(name, _)| hand.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    how(&hand);
    triggers.iter().for_each(|(_, sql)| hand.execute_batch(sql).unwrap());
}

/// That the ledger is found out, at this place of the chain.
#[track_caller]
fn assert_broken(dir: &Path, number: u64) -> Break {
    let verdict = verify(dir);
    assert!(!verdict.is_sound());
    let Some(LedgerError::BrokenChain { at, .. }) = verdict.fault else { panic!("{verdict:?}") };
    assert_eq!((at.number, verdict.head.facts), (number, number - 1), "{at}");
    *at
}

#[test]
fn a_ledger_nobody_touched_is_sound_and_its_head_is_its_last_fact() {
    let dir = fresh_dir(Kind::Real);
    let empty = verify(dir.path());
    assert_eq!((empty.head, empty.transfers), (head(dir.path()), Some(0)));
    assert_eq!(empty.head, look_at(dir.path()).origin().head());
    fill(dir.path());
    let verdict = verify(dir.path());
    assert!(verdict.is_sound(), "{verdict:?}");
    assert_eq!((verdict.head, verdict.transfers), (head(dir.path()), Some(2)));
    assert_eq!(verdict.head.facts, 6);
    let of_run = run_on(dir.path()).head().unwrap();
    assert_eq!(of_run, Some(verdict.head), "opening adds nothing");
    assert_eq!(MemoryLedger::new(Kind::Real).head(), Ok(None));
}

#[test]
fn every_field_of_a_row_that_was_changed_is_found_at_that_row() {
    let text = crate::ledger::format::encode(&urgent()).unwrap();
    for change in [
        "campaign = 'south'".to_owned(),
        "transfer = 'c'".to_owned(),
        "seq = 9".to_owned(),
        "at = '1970-01-01T00:00:03.123456789Z'".to_owned(),
        "run = 'run-2'".to_owned(),
        "kind = 'ended'".to_owned(),
        "version = 2".to_owned(),
        format!("fact = '{}'", text.replace('\'', "''")),
        "digest = upper(digest)".to_owned(),
        "digest = printf('%064d', 0)".to_owned(),
        "number = 40".to_owned(),
    ] {
        let dir = filled();
        forge(dir.path(), |hand| {
            assert_eq!(hand.execute(&format!("UPDATE facts SET {change} WHERE number = 4"), ()).unwrap(), 1);
        });
        if change.starts_with("number") {
            assert_broken_after_gap(dir.path(), 4);
            continue;
        }
        let at = assert_broken(dir.path(), 4);
        if change.starts_with("at") {
            assert_eq!(
                (at.campaign.as_deref(), at.transfer.as_deref(), at.seq),
                (Some("north"), Some("b"), Some(2))
            );
            assert!(at.expected.is_some() && at.found.is_some());
            let told = at.to_string();
            assert!(told.starts_with("fact 4 of the ledger (north/b, its fact 2): "), "{told}");
        }
    }
}

#[test]
fn what_the_ledger_says_of_itself_cannot_be_changed() {
    for (name, value) in
        [("created_at", "2020-01-01T00:00:00Z"), ("id", "0"), ("tool_version", "9"), ("kind", "simulated")]
    {
        let dir = filled();
        let changed =
            by_hand(dir.path()).execute("UPDATE meta SET value = ?2 WHERE name = ?1", (name, value));
        assert_eq!(changed, Ok(1));
        assert_broken(dir.path(), 1);
    }
}

#[test]
fn a_row_changed_with_all_digests_after_it_computed_anew_is_found_by_a_head_that_was_kept() {
    let dir = filled();
    let kept = head(dir.path());
    let first = look_at(dir.path()).origin().head();
    let mut rows: Vec<(TransferKey, [String; 4], i64, i64)> = Vec::new();
    look_at(dir.path())
        .walk(&mut |fact| {
            let words = [fact.at, fact.run, fact.kind, fact.fact].map(str::to_owned);
            rows.push((key(fact.transfer), words, fact.seq, fact.version));
        })
        .unwrap();
    rows[3].1[1] = "another run".to_owned();
    forge(dir.path(), |hand| assert!(hand.execute("DELETE FROM facts", ()).unwrap() > 0));
    assert_eq!(head(dir.path()), first);
    for (key, [at, run, kind, fact], seq, version) in &rows {
        let row = format::StoredFact { seq: *seq, at, run, kind, version: *version, fact };
        append_by_hand(dir.path(), key, &row);
    }
    assert!(verify(dir.path()).is_sound(), "by itself it cannot be told");
    let verdict = look_at(dir.path()).verify(Some(kept)).unwrap();
    assert!(!verdict.is_sound());
    assert!(matches!(verdict.witness, Some(Witness::Different { found }) if found.facts == 6), "{verdict:?}");
}

#[test]
fn rows_cut_off_the_end_are_found_by_a_head_that_was_kept() {
    for cut in 1..=6 {
        let dir = filled();
        let kept = head(dir.path());
        forge(dir.path(), |hand| {
            assert_eq!(hand.execute("DELETE FROM facts WHERE number > ?1", [6 - cut]).unwrap() as i64, cut);
        });
        let verdict = look_at(dir.path()).verify(Some(kept)).unwrap();
        assert_eq!((verdict.witness, verdict.is_sound()), (Some(Witness::Beyond), false), "{cut} cut off");
    }
}

#[test]
fn a_head_that_was_kept_says_how_much_came_since() {
    let dir = fresh_dir(Kind::Real);
    let empty = head(dir.path());
    fill(dir.path());
    let half = head(dir.path());
    drop(run_on(dir.path()).append(&key("c"), recorded(1, urgent())));
    for (kept, since) in [(empty, 7), (half, 1), (head(dir.path()), 0)] {
        let verdict = look_at(dir.path()).verify(Some(kept)).unwrap();
        assert_eq!(verdict.witness, Some(Witness::InChain { since }));
        assert!(verdict.is_sound());
    }
    forge(dir.path(), |hand| {
        assert!(hand.execute("UPDATE facts SET run = '' WHERE number = 7", ()).unwrap() > 0)
    });
    let witness = |kept| look_at(dir.path()).verify(Some(kept)).unwrap().witness;
    assert_eq!(witness(half), Some(Witness::InChain { since: 0 }), "up to there it is as it was");
    assert_eq!(witness(Head { facts: 7, ..half }), Some(Witness::Untold));
}

#[test]
fn a_row_dropped_put_in_or_moved_is_found_where_it_was_done() {
    let renumber = "UPDATE facts SET number = -number WHERE number > ?1";
    let dir = filled();
    forge(dir.path(), |hand| assert!(hand.execute("DELETE FROM facts WHERE number = 2", ()).unwrap() > 0));
    assert_broken_after_gap(dir.path(), 2);

    let dir = filled();
    forge(dir.path(), |hand| {
        hand.execute_batch("PRAGMA ignore_check_constraints = ON; DELETE FROM facts WHERE number = 2")
            .unwrap();
        assert_eq!(hand.execute(renumber, [2]), Ok(4));
        hand.execute("UPDATE facts SET number = -number - 1 WHERE number < 0", ()).unwrap();
    });
    assert_broken(dir.path(), 2);

    let dir = filled();
    forge(dir.path(), |hand| {
        hand.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        assert_eq!(hand.execute(renumber, [3]), Ok(3));
        hand.execute("UPDATE facts SET number = -number + 1 WHERE number < 0", ()).unwrap();
        let copy = "INSERT INTO facts SELECT 4, campaign, 'c', 1, at, run, kind, version, fact, digest FROM facts WHERE number = 3";
        hand.execute(copy, ()).unwrap();
    });
    assert_broken(dir.path(), 4);

    let dir = filled();
    forge(dir.path(), |hand| {
        hand.execute_batch(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE facts SET number = -1 WHERE number = 3;
             UPDATE facts SET number = 3 WHERE number = 4;
             UPDATE facts SET number = 4 WHERE number = -1",
        )
        .unwrap();
    });
    assert_broken(dir.path(), 3);
}

/// That a fact is missed, and the chain breaks at the next.
#[track_caller]
fn assert_broken_after_gap(dir: &Path, gone: u64) {
    let Some(LedgerError::BrokenChain { at, .. }) = verify(dir).fault else { panic!("sound") };
    assert_eq!(at.number, gone + 1);
    assert!(at.what.contains(&format!("fact {gone}, which should stand before it, is gone")), "{at}");
}

#[test]
fn replacing_a_row_behind_the_back_of_the_triggers_is_found() {
    let dir = filled();
    let replace = "REPLACE INTO facts SELECT number, campaign, transfer, seq, at, 'x', kind, version, fact, digest FROM facts WHERE number = 5";
    assert_eq!(by_hand(dir.path()).execute(replace, ()), Ok(1), "SQLite lets it through");
    assert_broken(dir.path(), 5);
}

#[test]
fn a_ledger_made_anew_with_the_same_facts_has_another_head() {
    let (one, other) = (filled(), filled());
    assert_ne!(head(one.path()), head(other.path()));
    let verdict = look_at(other.path()).verify(Some(head(one.path()))).unwrap();
    assert!(matches!(verdict.witness, Some(Witness::Different { .. })), "{verdict:?}");
    let id = |dir: &tempfile::TempDir| look_at(dir.path()).origin().id.clone();
    assert_ne!(id(&one), id(&other), "though both were made in one instant");
    assert_eq!(id(&one).len(), 32);
}

#[test]
fn rules_that_were_taken_away_are_missed_though_every_row_is_right() {
    for change in [
        "DROP TRIGGER facts_never_change",
        "DROP VIEW transfers",
        "CREATE TRIGGER more AFTER INSERT ON facts BEGIN SELECT 1; END",
    ] {
        let dir = filled();
        by_hand(dir.path()).execute_batch(change).unwrap();
        let fault = verify(dir.path()).fault;
        assert!(matches!(fault, Some(LedgerError::Damaged { .. })), "{change}: {fault:?}");
    }
}

#[test]
fn no_run_begins_on_a_ledger_whose_last_fact_does_not_follow() {
    for change in [
        "UPDATE facts SET run = 'x' WHERE number = 6",
        "UPDATE facts SET digest = printf('%064d', 7) WHERE number = 5",
        "DELETE FROM facts WHERE number = 5",
        "DELETE FROM facts WHERE number < 6",
    ] {
        let dir = filled();
        forge(dir.path(), |hand| assert!(hand.execute(change, ()).unwrap() > 0));
        let error = SqliteLedger::open_for_run(dir.path(), Kind::Real, Duration::ZERO).unwrap_err();
        assert!(matches!(error, LedgerError::BrokenChain { .. }), "{change}: {error}");
        assert_eq!(error.exit_code(), 74);
    }
}

#[tokio::test]
async fn a_run_can_be_verified_while_it_records() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    let path = dir.path().to_owned();
    let looking = std::thread::spawn(move || {
        let mut heads = Vec::new();
        while heads.last().is_none_or(|head: &Head| head.facts < 2_000) {
            let verdict = look_at(&path).verify(heads.first().copied()).unwrap();
            assert!(verdict.is_sound(), "{verdict:?}");
            assert_eq!(verdict.transfers, Some(verdict.head.facts), "all of it at one instant");
            heads.push(verdict.head);
        }
        heads
    });
    // A fact for each transfer, so that one can be counted against the other.
    for number in 1..=1_000 {
        drop(ledger.append(&key(&format!("a{number}")), recorded(1, lazy())));
        ledger.append(&key(&format!("b{number}")), recorded(1, urgent())).await.unwrap();
    }
    let heads = looking.join().unwrap();
    println!("{} looks", heads.len());
    assert!(heads.is_sorted_by_key(|head| head.facts));
    assert_eq!(ledger.head().unwrap().as_ref(), heads.last());
}

#[tokio::test]
async fn a_copy_is_verified_with_its_log_and_without_wherever_it_lies() {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    ledger.append(&key("a"), recorded(1, urgent())).await.unwrap();
    let with_log = killed(dir.path());
    drop(ledger);
    let kept = head(dir.path());
    let file = with_log.path().join(LEDGER_FILE);
    let copy = LedgerReader::open_copied(&file).unwrap();
    assert_eq!(copy.verify(Some(kept)).unwrap().witness, Some(Witness::InChain { since: 0 }));
    assert!(!with_log.path().join("ledger.sqlite3-shm").exists(), "nothing was put beside it");
    let other_name = with_log.path().join("backup 1.db");
    std::fs::copy(dir.path().join(LEDGER_FILE), &other_name).unwrap();
    let reader = LedgerReader::open_file(&other_name).unwrap();
    assert_eq!(reader.verify(Some(kept)).unwrap().witness, Some(Witness::InChain { since: 0 }));
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_record_is_sound_and_every_head_on_its_way_is_in_its_chain(
        choices in prop::collection::vec(any::<usize>(), 1..30),
        runs in 1usize..4,
        victim in any::<prop::sample::Index>(),
    ) {
        let record = legal_record(&choices);
        let dir = fresh_dir(Kind::Real);
        let mut heads = vec![head(dir.path())];
        for part in record.chunks(record.len().div_ceil(runs)) {
            let ledger = run_on(dir.path());
            for fact in part {
                drop(ledger.append(&key("a"), fact.clone()));
            }
            block_on(ledger.flush()).unwrap();
            heads.push(ledger.head().unwrap().unwrap());
        }
        for kept in &heads {
            let verdict = look_at(dir.path()).verify(Some(*kept)).unwrap();
            prop_assert!(verdict.is_sound(), "{:?}", verdict);
        }
        let victim = victim.index(record.len()) + 1;
        forge(dir.path(), |hand| {
            let change = "UPDATE facts SET run = run || ' ' WHERE number = ?1";
            assert_eq!(hand.execute(change, [victim as i64]), Ok(1));
        });
        assert_broken(dir.path(), victim as u64);
    }
}
