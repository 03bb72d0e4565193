//! Bytes as the rows of a ledger, one a line: see `checks::ledger_facts::Row`.
#![no_main]

mod checks;

use std::sync::LazyLock;

use checks::ledger_facts::{Row, check, empty_ledger};

static EMPTY: LazyLock<Vec<u8>> = LazyLock::new(empty_ledger);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check(&EMPTY, &Row::all(&String::from_utf8_lossy(bytes)));
});
