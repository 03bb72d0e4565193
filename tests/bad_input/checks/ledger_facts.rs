//! Whatever rows stand in a ledger: a record, or damage that is named; and a run on a record that is legal comes
//! to one outcome without a defect, however strange the record.

use std::path::Path;

use meterferry::{
    ledger::{Kind, LEDGER_FILE, Ledger as _, LedgerError, MemoryLedger, Replay, Scope, SqliteLedger},
    transfer::{History, Outcome, Phase, Recorded},
};

use super::{lying::Liars, panics, scene, wire};

/// One row of the table, but for the transfer's name.
#[derive(Debug, Clone)]
pub struct Row {
    pub seq: i64,
    pub at: String,
    pub kind: String,
    pub version: i64,
    pub fact: String,
}

impl Row {
    /// The row in which this text would stand if it were a fact.
    pub fn of(seq: i64, fact: &str) -> Self {
        let json = serde_json::from_str::<serde_json::Value>(fact).unwrap_or_default();
        let kind = json["kind"].as_str().unwrap_or("fenced").to_owned();
        Self { seq, at: "2026-06-01T07:00:00Z".to_owned(), kind, version: 1, fact: fact.to_owned() }
    }

    /// Rows from a text, one a line: `seq⇥at⇥kind⇥version⇥fact`, or the fact alone.
    pub fn all(text: &str) -> Vec<Self> {
        text.lines().enumerate().map(|(index, line)| Self::line(index as i64 + 1, line)).collect()
    }

    fn line(next: i64, line: &str) -> Self {
        let fields: Vec<_> = line.splitn(5, '\t').collect();
        let [seq, at, kind, version, fact] = fields[..] else { return Self::of(next, line) };
        Self {
            seq: seq.parse().unwrap_or(next),
            at: at.to_owned(),
            kind: kind.to_owned(),
            version: version.parse().unwrap_or(1),
            fact: fact.to_owned(),
        }
    }
}

/// An empty ledger to copy, so that each input costs no more than one file.
pub fn empty_ledger() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    SqliteLedger::init(dir.path(), Kind::Simulated).unwrap();
    std::fs::read(dir.path().join(LEDGER_FILE)).unwrap()
}

/// Puts the rows into a copy of `empty`, and reads them by every way there is.
pub fn check(empty: &[u8], rows: &[Row]) -> Option<Outcome> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(LEDGER_FILE), empty).unwrap();
    let stored = insert(dir.path(), rows);
    let reader = SqliteLedger::open_read_only(dir.path(), None).expect("an intact file");
    let mut records = Vec::new();
    match reader.visit(Scope::All, &mut |record| records.push(record)) {
        Err(error) => {
            assert!(matches!(error, LedgerError::DamagedRecord { .. }), "{error}");
            assert_eq!(error.exit_code(), 74);
            assert!(!error.to_string().is_empty());
            None
        }
        Ok(()) => {
            let facts = records.pop().map_or(Vec::new(), |record| record.facts);
            assert_eq!(facts.len(), stored, "every row is in the record, or it is damaged");
            History::replay(facts.iter().cloned()).expect("it was just found legal");
            Some(run_on(facts))
        }
    }
}

/// Inserts what the table's own rules let in; says how many.
fn insert(dir: &Path, rows: &[Row]) -> usize {
    let file = rusqlite::Connection::open(dir.join(LEDGER_FILE)).unwrap();
    file.pragma_update(None, "synchronous", "OFF").unwrap();
    let key = scene::transfer().key;
    // Reading a record does not follow the chain, so any digest will do.
    let columns = "campaign, transfer, seq, at, run, kind, version, fact, digest";
    let values = "?1, ?2, ?3, ?4, 'r', ?5, ?6, ?7, printf('%064d', 0)";
    let mut insert = file.prepare(&format!("INSERT INTO facts ({columns}) VALUES ({values})")).unwrap();
    let stored = rows.iter().filter(|row| {
        let values = (&*key.campaign, &*key.id, row.seq, &row.at, &row.kind, row.version, &row.fact);
        insert.execute(values).is_ok()
    });
    stored.count()
}

/// Runs the transfer on top of this record.
fn run_on(facts: Vec<Recorded>) -> Outcome {
    panics::none_during(|| scene::on_a_paused_clock(run_to_the_end(facts)))
}

async fn run_to_the_end(facts: Vec<Recorded>) -> Outcome {
    let ledger = MemoryLedger::new(Kind::Simulated);
    let key = scene::transfer().key;
    let before = History::replay(facts.iter().cloned()).expect("a legal record");
    for recorded in facts {
        drop(ledger.append(&key, recorded));
    }
    ledger.flush().await.expect("a ledger in memory");
    let liars = Liars::new(Vec::new());
    scene::stage(&liars);
    let result = scene::run_once(&liars, &ledger).await;
    let requests: Vec<_> =
        liars.conversations().into_iter().flat_map(|conversation| conversation.requests).collect();
    if matches!(before.phase(), Phase::Done | Phase::Mismatch | Phase::Undoing { .. } | Phase::Undone) {
        assert!(requests.is_empty(), "nothing is asked of meters after {:?}", before.phase());
    }
    let commits = requests.iter().filter(|request| wire::written_to(request, 7999).is_some()).count();
    let after = ledger.record(&key).expect("what a run recorded is a legal record").history;
    assert!(commits <= (after.intents - before.intents) as usize, "a commit without an intent");
    // Where an intent is said to have been sent, its words are believed to be ours.
    let ours = before.phase() == Phase::Idle && before.closed_intents.is_empty();
    if result.outcome == Outcome::Done && ours {
        assert_eq!(liars.gateway(scene::TARGET.0).energies(scene::TARGET.1), scene::OLD, "{}", result.reason);
    }
    result.outcome
}
