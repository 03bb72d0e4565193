//! Ledgers that somebody else wrote into.

use std::sync::LazyLock;

use meterferry::transfer::Outcome;
use proptest::{collection::vec, prelude::*};

use super::checks::ledger_facts::{Row, check, empty_ledger};

static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(empty_ledger);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_are_a_record_or_named_damage(rows in vec(("\\PC{0,40}", any::<i64>()), 0..5)) {
        let rows: Vec<_> = rows.into_iter().map(|(fact, seq)| Row::of(seq, &fact)).collect();
        let outcome = check(&EMPTY, &rows);
        prop_assert!(outcome.is_none() || outcome == Some(Outcome::Done));
    }
}
