//! Ledgers that somebody else wrote into: records of real runs, bent in a few places.

use std::sync::LazyLock;

use meterferry::transfer::Outcome;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value;

use super::checks::ledger_facts::{Row, check, empty_ledger};

static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(empty_ledger);

const RECORDS: [&str; 6] = [
    include_str!("../../fuzz/seeds/ledger_facts/done.txt"),
    include_str!("../../fuzz/seeds/ledger_facts/open.txt"),
    include_str!("../../fuzz/seeds/ledger_facts/commit_lost.txt"),
    include_str!("../../fuzz/seeds/ledger_facts/commit_unanswered.txt"),
    include_str!("../../fuzz/seeds/ledger_facts/mismatch.txt"),
    include_str!("../../fuzz/seeds/ledger_facts/resolved.txt"),
];

/// JSON that is seldom what is expected.
const ODD: [&str; 18] = [
    "null",
    "true",
    "0",
    "-1",
    "1",
    "9999",
    "-9999",
    "10000",
    "-32768",
    "4294967295",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1.5",
    "\"\"",
    "\"-009999-01-02T01:59:59Z\"",
    "\"9999-12-30T22:00:00.999999999Z\"",
    "{\"secs\":18446744073709551615,\"nanos\":999999999}",
];

/// One change to a record.
#[derive(Debug, Clone)]
enum Bend {
    Leaf(Index, Index, &'static str),
    Drop(Index),
    Repeat(Index),
    Seq(Index, i64),
    At(Index, &'static str),
    Version(Index, i64),
    Kind(Index, &'static str),
    Text(Index, String),
}

fn bend() -> impl Strategy<Value = Bend> {
    let odd = prop::sample::select(&ODD[..]);
    let times = ["", "yesterday", "-009999-01-02T01:59:59Z", "9999-12-30T22:00:00.999999999Z"];
    let kinds = ["", "began", "committed", "ended", "done"];
    let line = any::<Index>;
    prop_oneof![
        12 => (line(), any::<Index>(), odd).prop_map(|(line, leaf, odd)| Bend::Leaf(line, leaf, odd)),
        1 => line().prop_map(Bend::Drop),
        1 => line().prop_map(Bend::Repeat),
        1 => (line(), any::<i64>()).prop_map(|(line, seq)| Bend::Seq(line, seq)),
        4 => (line(), prop::sample::select(times.to_vec())).prop_map(|(line, at)| Bend::At(line, at)),
        1 => (line(), any::<i64>()).prop_map(|(line, version)| Bend::Version(line, version)),
        1 => (line(), prop::sample::select(kinds.to_vec())).prop_map(|(line, kind)| Bend::Kind(line, kind)),
        1 => (line(), "\\PC{0,40}").prop_map(|(line, text)| Bend::Text(line, text)),
    ]
}

impl Bend {
    fn apply(&self, rows: &mut Vec<Row>) {
        let (Self::Leaf(line, ..)
        | Self::Drop(line)
        | Self::Repeat(line)
        | Self::Seq(line, _)
        | Self::At(line, _)
        | Self::Version(line, _)
        | Self::Kind(line, _)
        | Self::Text(line, _)) = self;
        if rows.is_empty() {
            return;
        }
        let at = line.index(rows.len());
        let row = &mut rows[at];
        match self {
            Self::Leaf(_, leaf, odd) => row.fact = with_leaf(&row.fact, leaf, odd),
            Self::Drop(_) => renumbered(rows, |rows| drop(rows.remove(at))),
            Self::Repeat(_) => renumbered(rows, |rows| rows.insert(at, rows[at].clone())),
            Self::Seq(_, seq) => row.seq = *seq,
            Self::At(_, time) => row.at = (*time).to_owned(),
            Self::Version(_, version) => row.version = *version,
            Self::Kind(_, kind) => row.kind = (*kind).to_owned(),
            Self::Text(_, text) => row.fact.clone_from(text),
        }
    }
}

/// Without a gap, so that it is not for the gap that the record is refused.
fn renumbered(rows: &mut Vec<Row>, change: impl FnOnce(&mut Vec<Row>)) {
    change(rows);
    rows.iter_mut().zip(1..).for_each(|(row, seq)| row.seq = seq);
}

/// The JSON with one of its leaves replaced.
fn with_leaf(fact: &str, which: &Index, odd: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Value>(fact) else { return fact.to_owned() };
    let mut leaves = Vec::new();
    collect_leaves(&mut json, &mut leaves);
    if !leaves.is_empty() {
        let at = which.index(leaves.len());
        *leaves.swap_remove(at) = serde_json::from_str(odd).unwrap();
    }
    json.to_string()
}

fn collect_leaves<'a>(json: &'a mut Value, leaves: &mut Vec<&'a mut Value>) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| collect_leaves(item, leaves)),
        Value::Object(fields) => fields.values_mut().for_each(|field| collect_leaves(field, leaves)),
        leaf => leaves.push(leaf),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_bent_anywhere_is_named_damage_or_comes_to_one_outcome(
        record in 0..RECORDS.len(),
        length in any::<Index>(),
        bends in vec(bend(), 1..4),
    ) {
        let mut rows = Row::all(RECORDS[record]);
        rows.truncate(length.index(rows.len()) + 1);
        bends.iter().for_each(|bend| bend.apply(&mut rows));
        check(&EMPTY, &rows);
    }
}

#[test]
fn every_beginning_of_a_real_record_is_taken_up_where_it_ends() {
    for record in RECORDS {
        let rows = Row::all(record);
        for length in 0..=rows.len() {
            let outcome = check(&EMPTY, &rows[..length]);
            assert!(outcome.is_some(), "the first {length} rows of\n{record}");
        }
    }
    assert_eq!(check(&EMPTY, &[]), Some(Outcome::Done));
    assert_eq!(check(&EMPTY, &Row::all(RECORDS[0])), Some(Outcome::AlreadyDone));
    assert_eq!(check(&EMPTY, &Row::all(RECORDS[4])), Some(Outcome::Mismatch));
}

#[test]
fn rows_that_are_huge_or_deep_are_damage() {
    let deep = "[".repeat(100_000);
    let long = format!("{{\"kind\":\"commit_sent\",\"answer\":\"{}\"}}", "x".repeat(8 << 20));
    let wide = format!("{{\"kind\":\"fenced\",\"x\":[{}0]}}", "0,".repeat(4 << 20));
    for fact in [deep, long, wide, "{\"kind\":\"fenced\"}\0".to_owned()] {
        assert_eq!(check(&EMPTY, &[Row::of(1, &fact)]), None);
    }
}
