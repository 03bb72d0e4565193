//! Every input in `fuzz/seeds` holds. What a fuzzer finds is put there when it is mended, and stays so.

use std::path::Path;

use super::checks::{act::Act, job_text, ledger_facts, meter_answers, sheet_text};

fn each_seed(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        check(&std::fs::read(path).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 5, "{seeds} seeds in {}", folder.display());
}

#[test]
fn every_seed_of_job_text_holds() {
    each_seed("job_text", |bytes| drop(job_text::check(bytes)));
}

#[test]
fn every_seed_of_sheet_text_holds() {
    each_seed("sheet_text", |bytes| drop(sheet_text::check(bytes)));
}

#[test]
fn every_seed_of_meter_answers_holds() {
    each_seed("meter_answers", |bytes| {
        meter_answers::check(Act::script(bytes));
    });
}

#[test]
fn every_seed_of_ledger_facts_holds() {
    let empty = ledger_facts::empty_ledger();
    each_seed("ledger_facts", |bytes| {
        ledger_facts::check(&empty, &ledger_facts::Row::all(&String::from_utf8_lossy(bytes)));
    });
}
