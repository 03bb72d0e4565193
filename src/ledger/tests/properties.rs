//! What holds for every legal record.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::sample::{every_fact, legal_record, urgent};
use super::*;
use crate::transfer::{History, Recorded};

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
