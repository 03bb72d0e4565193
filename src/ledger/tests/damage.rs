//! What is read from a file is not trusted: damage is named, and never a panic.

use proptest::prelude::*;

use super::sample::{lazy, urgent};
use super::*;

/// Reads everything there is, by both ways in.
fn read_all(dir: &Path) -> Result<usize, LedgerError> {
    let mut facts = 0;
    let ledger = SqliteLedger::open_for_run(dir, Kind::Real, Duration::ZERO)?;
    ledger.visit(Scope::All, &mut |record| facts += record.facts.len())?;
    let reader = SqliteLedger::open_read_only(dir, None)?;
    reader.visit(Scope::All, &mut |_| {})?;
    Ok(facts)
}

/// A ledger of 40 transfers with 5 facts each, in one file.
fn filled() -> (tempfile::TempDir, Vec<u8>) {
    let dir = fresh_dir(Kind::Real);
    let ledger = run_on(dir.path());
    for number in 0..40 {
        for seq in 1..=5 {
            drop(ledger.append(&key(&format!("t{number}")), recorded(seq, urgent())));
        }
    }
    drop(ledger);
    let bytes = std::fs::read(dir.path().join(LEDGER_FILE)).unwrap();
    (dir, bytes)
}

#[test]
fn a_file_that_is_no_ledger_is_said_to_be_none() {
    let garbage = vec![0xA5; 8_192];
    for content in [&b""[..], b"not a database, but some text", &garbage] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(LEDGER_FILE), content).unwrap();
        let error = read_all(dir.path()).unwrap_err();
        assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
        assert_eq!(std::fs::read(dir.path().join(LEDGER_FILE)).unwrap(), content, "and left as it is");
    }
    let dir = tempfile::tempdir().unwrap();
    by_hand(dir.path()).execute_batch("CREATE TABLE songs (name TEXT)").unwrap();
    assert!(matches!(read_all(dir.path()), Err(LedgerError::Damaged { .. })));
}

#[test]
fn a_truncated_ledger_is_never_taken_for_a_shorter_one() {
    let (dir, bytes) = filled();
    assert_eq!(read_all(dir.path()).unwrap(), 200);
    for cut in (0..bytes.len()).step_by(4_096).chain([100, 1_000, bytes.len() - 1]) {
        std::fs::write(dir.path().join(LEDGER_FILE), &bytes[..cut]).unwrap();
        let error = read_all(dir.path()).expect_err("cut");
        assert_eq!(error.exit_code(), 74, "cut at {cut}: {error}");
    }
}

#[test]
fn a_bad_page_is_noticed_before_anything_begins() {
    let (dir, mut bytes) = filled();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096].fill(0xA5);
    std::fs::write(dir.path().join(LEDGER_FILE), &bytes).unwrap();
    let error = SqliteLedger::open_for_run(dir.path(), Kind::Real, Duration::ZERO).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
}

#[test]
fn a_row_that_cannot_be_true_is_named_with_its_transfer_and_number() {
    let good = crate::ledger::format::encode(&urgent()).unwrap();
    let closed = r#"{"kind":"closed","how":"not_sent","reason":""}"#;
    let huge = format!(r#"{{"kind":"commit_sent","answer":"{}"}}"#, "x".repeat(FACT_LIMIT));
    let deep = "[".repeat(100_000);
    let at = "2026-01-01T00:00:00Z";
    let rows = [
        (2, at, "ended", 1, "{}", "text"),
        (2, at, "ended", 1, &*deep, "text"),
        (2, at, "commit_sent", 1, &*huge, "bytes"),
        (2, at, "closed", 1, &*good, "filed as `closed`"),
        (2, at, "closed", 1, closed, "cannot follow"),
        (2, at, "ended", 2, &*good, "version 2"),
        (2, "yesterday", "ended", 1, &*good, "time"),
        (3, at, "ended", 1, &*good, "fact 3 follows fact 1"),
    ];
    for (seq, at, kind, version, fact, word) in rows {
        let dir = fresh_dir(Kind::Real);
        drop(run_on(dir.path()).append(&key("a"), recorded(1, lazy())));
        let row = crate::ledger::format::StoredFact { seq, at, run: "r", kind, version, fact };
        append_by_hand(dir.path(), &key("a"), &row);
        let error = read_all(dir.path()).unwrap_err();
        let LedgerError::DamagedRecord { key: whose, seq: which, what } = &error else { panic!("{error}") };
        assert_eq!((whose, *which), (&key("a"), seq), "{error}");
        assert!(what.contains(word), "{what} should contain {word}");
        assert_eq!(error.exit_code(), 74);
        let verdict = look_at(dir.path()).verify(None).unwrap();
        assert_eq!(verdict.fault, Some(error), "its digest is right, and it is damage all the same");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_are_damage_or_harmless_and_never_a_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..20),
    ) {
        let (dir, mut bytes) = filled();
        for (index, flip) in flips {
            let index = index.index(bytes.len());
            bytes[index] ^= flip;
        }
        std::fs::write(dir.path().join(LEDGER_FILE), &bytes).unwrap();
        if let Err(error) = read_all(dir.path()) {
            prop_assert_eq!(error.exit_code(), 74);
        }
    }
}
