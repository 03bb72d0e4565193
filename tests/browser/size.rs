//! A large campaign: the page still opens.

use std::{fs, sync::Arc, time::Instant};

use jiff::Timestamp;
use meterferry::{
    ledger::{Scope, SqliteLedger},
    report::evidence::{Evidence, Provenance, Subject, html},
    transfer::{Ending, Outcome},
};

use crate::{fleet::Fleet, page::Page};

const TRANSFERS: usize = 2_000;

pub fn tests() -> Vec<(&'static str, fn())> {
    vec![("two thousand transfers open, and can be filtered", opens)]
}

fn opens() {
    let fleet = Fleet::shared();
    let reader = SqliteLedger::open_read_only(&fleet.bench.path("ledger"), None).unwrap();
    let mut recorded = Vec::new();
    let verdict = reader.verify_and_visit(Scope::All, &mut |record| recorded.push(record)).unwrap();
    let subjects: Vec<Subject> = (0..TRANSFERS)
        .map(|number| {
            let record = recorded[number % recorded.len()].clone();
            let standing = |_: &_, history: &meterferry::transfer::History| {
                history.ending.clone().unwrap_or(Ending {
                    outcome: Outcome::AlreadyDone,
                    reason: "verified".to_owned(),
                    hint: None,
                    code: None,
                })
            };
            let mut subject = Subject::new(Some((record.facts, record.history)), None, standing).unwrap();
            Arc::make_mut(&mut subject.transfer).key.id = format!("feeder-{number}").into();
            subject
        })
        .collect();
    let ledger = Provenance { origin: reader.origin().clone(), head: verdict.head, fault: None };
    let evidence = Evidence::new(ledger, Timestamp::UNIX_EPOCH, &subjects, None).unwrap();
    let file = fleet.bench.path("large.html");
    let page = html(&evidence);
    println!("{} bytes", page.len());
    fs::write(&file, page).unwrap();
    let begun = Instant::now();
    let mut page = Page::blank();
    page.open(&file);
    assert_eq!(page.value("document.querySelectorAll('.cert').length"), TRANSFERS);
    println!("opened after {:?}", begun.elapsed());
    page.value(
        "(() => { const one = document.getElementById('filter-text'); one.value = 'feeder-1999'; \
         one.dispatchEvent(new Event('input')); })()",
    );
    assert_eq!(page.value("document.getElementById('filter-count').textContent"), "1 of 2000 shown");
}
