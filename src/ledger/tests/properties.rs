//! What holds for every legal record.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::sample::{every_fact, legal_record, transfer, urgent};
use super::*;
use crate::transfer::{Action, Author, History, Machine, MachineSettings, Now, Outcome, Phase, Recorded};

fn choices() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..40)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Appends one transfer's record after the other, interleaved, and waits for all.
async fn store(ledger: &dyn Ledger, records: &BTreeMap<TransferKey, Vec<Recorded>>) {
    let longest = records.values().map(Vec::len).max().unwrap_or(0);
    for index in 0..longest {
        for (key, record) in records {
            if let Some(fact) = record.get(index) {
                drop(ledger.append(key, fact.clone()));
            }
        }
    }
    ledger.flush().await.unwrap();
}

fn stored(ledger: &dyn Replay) -> BTreeMap<TransferKey, Vec<Recorded>> {
    let mut found = BTreeMap::new();
    ledger.visit(Scope::All, &mut |record| drop(found.insert(record.key, record.facts))).unwrap();
    found
}

#[test]
fn a_fact_of_every_kind_comes_back_as_it_was() {
    for fact in every_fact() {
        let text = crate::ledger::format::encode(&fact).unwrap();
        let at = "1970-01-01T00:00:01.123456789Z";
        let row = crate::ledger::format::StoredFact {
            seq: 1,
            at,
            run: "run-1",
            kind: fact.kind(),
            version: FACT_VERSION,
            fact: &text,
        };
        assert_eq!(crate::ledger::format::decode(row), Ok(recorded(1, fact)), "{text}");
    }
}

/// What a run does first with a transfer of this record.
fn first_action(history: History) -> Action {
    let settings =
        MachineSettings { run: "next".into(), author: Author::default(), seed: 1, until_check: false };
    let now = Now { wall: jiff::Timestamp::UNIX_EPOCH, steady: std::time::Duration::ZERO };
    Machine::new(std::sync::Arc::new(transfer()), history, settings, None).next(now)
}

#[test]
fn most_random_records_reach_an_undo_or_the_property_below_proves_nothing() {
    let reached = (0..200).filter(|seed| {
        let choices: Vec<usize> = (1..40).map(|place| seed * 7_919 + place * 104_729 * (seed + 3)).collect();
        let record = legal_record(&choices);
        record.iter().any(|recorded| matches!(recorded.fact, crate::transfer::Fact::UndoBegun(_)))
    });
    assert!(reached.count() > 20);
}

#[test]
fn a_row_beside_the_table_is_a_stop() {
    let facts = [recorded(1, urgent()), recorded(2, crate::transfer::Fact::Fenced)];
    assert!(History::replay(facts).is_err(), "or the properties below prove nothing");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_prefix_of_a_legal_record_replays_to_a_legal_history(choices in choices()) {
        let record = legal_record(&choices);
        for length in 0..=record.len() {
            let history = History::replay(record[..length].iter().cloned());
            prop_assert_eq!(history.map(|history| history.seq), Ok(length as u64));
        }
    }

    #[test]
    fn what_was_undone_or_is_being_undone_asks_nothing_of_any_meter(choices in choices()) {
        let record = legal_record(&choices);
        for length in 0..=record.len() {
            let history = History::replay(record[..length].iter().cloned()).unwrap();
            let expected = match history.phase() {
                Phase::Undoing { .. } => Outcome::Unknown,
                Phase::Undone => Outcome::Refused,
                _ => continue,
            };
            let first = first_action(history);
            prop_assert!(
                matches!(&first, Action::Finish(ending) if ending.outcome == expected),
                "{:?}: {:?}", expected, first
            );
        }
    }

    #[test]
    fn both_ledgers_give_back_what_they_were_given(records in prop::collection::vec(choices(), 1..5)) {
        let records: BTreeMap<_, _> = (records.iter().enumerate())
            .map(|(number, choices)| (key(&format!("t{number}")), legal_record(choices)))
            .filter(|(_, record)| !record.is_empty())
            .collect();
        let dir = fresh_dir(Kind::Real);
        let disk = run_on(dir.path());
        let memory = MemoryLedger::new(Kind::Real);
        block_on(async {
            store(&disk, &records).await;
            store(&memory, &records).await;
        });
        prop_assert_eq!(&stored(&disk), &records);
        prop_assert_eq!(&stored(&memory), &records);
        drop(disk);
        prop_assert_eq!(&stored(&look_at(dir.path())), &records);
    }

    #[test]
    fn whatever_a_kill_leaves_of_a_busy_ledger_is_a_prefix(choices in choices(), waited in 0usize..40) {
        let record = legal_record(&choices);
        let dir = fresh_dir(Kind::Real);
        let disk = run_on(dir.path());
        let waited = waited.min(record.len());
        let promised = block_on(async {
            for fact in &record[..waited] {
                drop(disk.append(&key("a"), fact.clone()));
            }
            disk.flush().await.unwrap();
            for fact in &record[waited..] {
                drop(disk.append(&key("a"), fact.clone()));
            }
            waited
        });
        let left = killed(dir.path());
        let found = look_at(left.path()).replay(&key("a")).unwrap();
        prop_assert!(found.len() >= promised);
        prop_assert_eq!(&found[..], &record[..found.len()]);
    }
}
