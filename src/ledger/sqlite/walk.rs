//! Along the chain: every row in the order it became durable, its digest computed anew. Knows the chain's rule;
//! not the next-state table, and not who asks.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{
    super::{Break, ChainedFact, Digest, Head, LedgerError, Origin, format::StoredFact},
    open,
    row::{number, stored, text},
};

const COLUMNS: &str =
    "SELECT campaign, transfer, seq, at, run, kind, version, fact, number, digest FROM facts ORDER BY number";

/// The number and the digest of the last row.
const LAST: &str = "SELECT number, digest FROM facts ORDER BY number DESC LIMIT 1";

/// Hands over every row, in order, in one pass; at no time is more than one of them held. Stops at the first that
/// does not fit.
pub(super) fn walk(
    connection: &Connection,
    path: &Path,
    origin: &Origin,
    take: &mut dyn FnMut(&ChainedFact<'_>),
) -> Result<Head, LedgerError> {
    let read = |error: rusqlite::Error| open::reading(path, &error);
    let mut head = origin.head();
    let mut query = connection.prepare(COLUMNS).map_err(read)?;
    let mut rows = query.query(()).map_err(read)?;
    while let Some(row) = rows.next().map_err(read)? {
        let fact = follow(head, row).map_err(|at| broken(path, at))?;
        head = Head { facts: fact.number, digest: fact.digest };
        take(&fact);
    }
    Ok(head)
}

/// The head, if the last row follows from the one before it: what can be told without reading all.
pub(super) fn tail(connection: &Connection, path: &Path, origin: &Origin) -> Result<Head, LedgerError> {
    let read = |error: rusqlite::Error| open::reading(path, &error);
    let mut query = connection.prepare(&format!("{COLUMNS} DESC LIMIT 1")).map_err(read)?;
    let mut rows = query.query(()).map_err(read)?;
    let Some(row) = rows.next().map_err(read)? else { return Ok(origin.head()) };
    let last = number(row, 8).map_err(|what| broken(path, unreadable(0, row, what)))?;
    let before = before(connection, origin, last).map_err(read)?;
    let before = before.ok_or_else(|| broken(path, unreadable(place(last), row, gone(place(last) - 1))))?;
    let fact = follow(before, row).map_err(|at| broken(path, at))?;
    Ok(Head { facts: fact.number, digest: fact.digest })
}

/// The head before the row with this number; nothing if there is no such row, or no digest in it.
fn before(connection: &Connection, origin: &Origin, last: i64) -> rusqlite::Result<Option<Head>> {
    if last <= 1 {
        return Ok(Some(origin.head()));
    }
    let digest = connection
        .query_row("SELECT digest FROM facts WHERE number = ?1", [last - 1], |row| row.get::<_, String>(0))
        .optional()?;
    let digest = digest.and_then(|text| text.parse().ok());
    Ok(digest.map(|digest| Head { facts: place(last) - 1, digest }))
}

/// The head as the last row says, unchecked.
pub(super) fn head(connection: &Connection, path: &Path, origin: &Origin) -> Result<Head, LedgerError> {
    let last = connection
        .prepare_cached(LAST)
        .and_then(|mut query| {
            query.query_row((), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).optional()
        })
        .map_err(|error| open::reading(path, &error))?;
    let Some((number, digest)) = last else { return Ok(origin.head()) };
    let digest = digest.parse::<Digest>().map_err(|what| LedgerError::Damaged {
        path: path.to_owned(),
        what: format!("fact {number}: {what}").into(),
    })?;
    Ok(Head { facts: place(number), digest })
}

/// The row as the one that follows `head`, or why it cannot be.
fn follow<'row>(head: Head, row: &'row Row<'_>) -> Result<ChainedFact<'row>, Box<Break>> {
    let expected = head.facts + 1;
    let wrong = |what: String| unreadable(expected, row, what);
    let found = place(number(row, 8).map_err(wrong)?);
    if found != expected {
        return Err(unreadable(found, row, gone(expected)));
    }
    let (campaign, transfer) = (text(row, 0).map_err(wrong)?, text(row, 1).map_err(wrong)?);
    let fact = stored(row).map_err(wrong)?;
    let digest = head.digest.then(campaign, transfer, &fact);
    let written = text(row, 9).map_err(wrong)?;
    if written != digest.to_string() {
        let what = if head.facts == 0 {
            "it does not follow from what the ledger says of itself: it was changed, or the ledger was"
        } else {
            "it does not follow from the fact before: it was changed, or put there by somebody else"
        };
        let (expected, found) = (Some(digest), Some(written.to_owned()));
        return Err(Box::new(Break { expected, found, ..*unreadable(head.facts + 1, row, what.to_owned()) }));
    }
    let StoredFact { seq, at, run, kind, version, fact } = fact;
    Ok(ChainedFact { number: found, digest, campaign, transfer, seq, at, run, kind, version, fact })
}

fn gone(number: u64) -> String {
    format!("fact {number}, which should stand before it, is gone")
}

fn place(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A break at this row, with what can be read of it.
fn unreadable(number: u64, row: &Row<'_>, what: String) -> Box<Break> {
    let word = |column| text(row, column).ok().map(str::to_owned);
    Box::new(Break {
        number,
        campaign: word(0),
        transfer: word(1),
        seq: super::row::number(row, 2).ok(),
        what,
        expected: None,
        found: None,
    })
}

fn broken(path: &Path, at: Box<Break>) -> LedgerError {
    LedgerError::BrokenChain { path: path.to_owned(), at }
}
