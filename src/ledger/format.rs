//! How a ledger looks on disk: names, versions, tables, and the text of one fact. Pure; opens nothing.

use std::{fmt, str::FromStr, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use crate::transfer::{Fact, Recorded};

/// The ledger's file in the state folder.
pub const LEDGER_FILE: &str = "ledger.sqlite3";
/// Locked while a run holds the ledger; says who.
pub const LOCK_FILE: &str = "ledger.lock";
/// Version of the tables, in the file's `user_version`. 1 had no chain.
pub const FORMAT_VERSION: i64 = 2;
/// Version of the text of a fact, stored with each.
pub const FACT_VERSION: i64 = 1;
/// Longest text of one fact, bytes. The longest real ones, which carry a resolved transfer, take a few KiB;
/// a hundred times that is damage, and must not cost memory.
pub const FACT_LIMIT: usize = 1 << 20;
/// Marks a SQLite file as a ledger of ours ("MFRY"), in the file's `application_id`.
pub(super) const APPLICATION_ID: i64 = 0x4D46_5259;

/// The tables. `facts` says in plain SQL what the ledger promises: a number is used once, and nothing that
/// is recorded changes. What goes round these rules breaks the chain of digests. The view is for people with a
/// stock `sqlite3`.
pub(super) const SCHEMA: &str = "
CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE facts (
    number   INTEGER PRIMARY KEY CHECK (number > 0), -- in the order they became durable, without gaps
    campaign TEXT    NOT NULL,
    transfer TEXT    NOT NULL,
    seq      INTEGER NOT NULL CHECK (seq > 0),
    at       TEXT    NOT NULL, -- RFC 3339
    run      TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    version  INTEGER NOT NULL, -- of the text in fact
    fact     TEXT    NOT NULL, -- JSON
    digest   TEXT    NOT NULL CHECK (length(digest) = 64), -- SHA-256 over the digest before and this row
    UNIQUE (campaign, transfer, seq)
) STRICT;

CREATE TRIGGER facts_never_change BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'a recorded fact never changes'); END;

CREATE TRIGGER facts_are_never_dropped BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'a recorded fact is never dropped'); END;

CREATE VIEW transfers AS
SELECT campaign, transfer, max(seq) AS facts, at AS last_at, run AS last_run, kind AS last_fact,
       fact ->> '$.outcome' AS outcome, fact ->> '$.reason' AS reason
FROM facts GROUP BY campaign, transfer;
";

/// What a ledger is about, for life (DESIGN.md §2.10): a rehearsal can never be taken for the real thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Of meters that exist.
    Real,
    /// Of simulated ones.
    Simulated,
}

impl Kind {
    /// The word stored in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Simulated => "simulated",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Real, Self::Simulated]
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| format!("`{word}` is no kind of ledger"))
    }
}

/// One row of `facts` as stored, apart from the transfer's name. Read from a file, so nothing in it is
/// trusted.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredFact<'a> {
    pub seq: i64,
    pub at: &'a str,
    pub run: &'a str,
    pub kind: &'a str,
    pub version: i64,
    pub fact: &'a str,
}

/// The text of a fact.
pub(super) fn encode(fact: &Fact) -> Result<String, serde_json::Error> {
    serde_json::to_string(fact)
}

/// The fact in a row, or what is wrong with the row.
pub(super) fn decode(stored: StoredFact<'_>) -> Result<Recorded, String> {
    let seq = u64::try_from(stored.seq).map_err(|_| "its number is negative".to_owned())?;
    let at = stored.at.parse::<Timestamp>().map_err(|error| format!("its time is none: {error}"))?;
    if stored.version != FACT_VERSION {
        return Err(format!("its text has version {}, this meterferry knows {FACT_VERSION}", stored.version));
    }
    if stored.fact.len() > FACT_LIMIT {
        return Err(format!("its text takes {} bytes, more than {FACT_LIMIT}", stored.fact.len()));
    }
    let fact = serde_json::from_str::<Fact>(stored.fact).map_err(|error| format!("its text: {error}"))?;
    if fact.kind() != stored.kind {
        return Err(format!("it is filed as `{}` and says `{}`", stored.kind, fact.kind()));
    }
    Ok(Recorded { seq, at, run: Arc::from(stored.run), fact })
}
