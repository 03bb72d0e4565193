//! Everything that can be checked of a ledger, in one look at one instant of it: SQLite's pages, the tables, every
//! digest of the chain, every step of the next-state table, and a head that somebody kept elsewhere.

use std::path::Path;

use rusqlite::Connection;

use super::{
    super::{Head, LedgerError, Origin, Scope, TransferRecord, format::SCHEMA},
    open,
    reader::visit,
    walk,
};

/// What checking a ledger came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How far the chain holds: the head of the ledger, if nothing is wrong with it.
    pub head: Head,
    /// Transfers in it; nothing if they could not be counted.
    pub transfers: Option<u64>,
    /// What the head that was kept says; nothing if none was given.
    pub witness: Option<Witness>,
    /// The first thing that is wrong.
    pub fault: Option<LedgerError>,
}

impl Verdict {
    /// Whether nothing is wrong, and the head that was kept is in the chain.
    pub fn is_sound(&self) -> bool {
        self.fault.is_none() && matches!(self.witness, None | Some(Witness::InChain { .. }))
    }
}

/// What becomes of a head that was kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// It is in the chain: all that was recorded until then is as it was.
    InChain {
        /// Facts that came after it.
        since: u64,
    },
    /// Another digest stands at its place: what was recorded until then was changed, or it is another ledger.
    Different {
        /// The digest at its place.
        found: Head,
    },
    /// The ledger ends before it: facts were cut off, or it is an old copy or another ledger.
    Beyond,
    /// The chain is broken before its place.
    Untold,
}

/// Looks for the place of a head on the way along the chain.
struct Search {
    kept: Option<Head>,
    passed: Head,
    at_its_place: Option<Head>,
}

impl Search {
    fn new(kept: Option<Head>, origin: Head) -> Self {
        let mut search = Self { kept, passed: origin, at_its_place: None };
        search.pass(origin);
        search
    }

    fn pass(&mut self, head: Head) {
        self.passed = head;
        if self.kept.is_some_and(|kept| kept.facts == head.facts) {
            self.at_its_place = Some(head);
        }
    }

    fn witness(&self, whole: bool) -> Option<Witness> {
        let kept = self.kept?;
        Some(match self.at_its_place {
            Some(found) if found == kept => Witness::InChain { since: self.passed.facts - kept.facts },
            Some(found) => Witness::Different { found },
            None if whole => Witness::Beyond,
            None => Witness::Untold,
        })
    }
}

pub(super) fn verify(
    connection: &Connection,
    path: &Path,
    origin: &Origin,
    kept: Option<Head>,
) -> Result<Verdict, LedgerError> {
    // One instant for all that follows; rolled back when it is dropped.
    let _instant = connection.unchecked_transaction().map_err(|error| open::reading(path, &error))?;
    check(connection, path, origin, kept)
}

/// The same without a head that was kept; then hands over the transfers of a scope as they are at the same instant.
pub(super) fn verify_and_visit(
    connection: &Connection,
    path: &Path,
    origin: &Origin,
    scope: Scope<'_>,
    take: &mut dyn FnMut(TransferRecord),
) -> Result<Verdict, LedgerError> {
    let _instant = connection.unchecked_transaction().map_err(|error| open::reading(path, &error))?;
    let verdict = check(connection, path, origin, None)?;
    visit(connection, path, scope, take)?;
    Ok(verdict)
}

fn check(
    connection: &Connection,
    path: &Path,
    origin: &Origin,
    kept: Option<Head>,
) -> Result<Verdict, LedgerError> {
    let mut search = Search::new(kept, origin.head());
    let walked = walk::walk(connection, path, origin, &mut |fact| {
        search.pass(Head { facts: fact.number, digest: fact.digest });
    });
    let (witness, head) = (search.witness(walked.is_ok()), search.passed);
    let checked = walked.and_then(|_| {
        tables(connection, path)?;
        open::sound_pages(connection, path, "integrity_check")?;
        records(connection, path)
    });
    match checked {
        Ok(transfers) => Ok(Verdict { head, transfers: Some(transfers), witness, fault: None }),
        Err(error @ LedgerError::CannotRead { .. }) => Err(error),
        Err(fault) => Ok(Verdict { head, transfers: None, witness, fault: Some(fault) }),
    }
}

/// Every transfer's facts against the next-state table; says how many there are.
fn records(connection: &Connection, path: &Path) -> Result<u64, LedgerError> {
    let mut transfers = 0;
    visit(connection, path, Scope::All, &mut |_| transfers += 1)?;
    Ok(transfers)
}

/// The tables, triggers and views are as they were made: without the triggers anything could have been rewritten.
fn tables(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let read = |error: rusqlite::Error| open::reading(path, &error);
    let fresh = Connection::open_in_memory().map_err(read)?;
    fresh.execute_batch(SCHEMA).map_err(read)?;
    let (ours, found) = (definitions(&fresh).map_err(read)?, definitions(connection).map_err(read)?);
    let odd = |(name, _): &&(String, String)| name.escape_debug().to_string();
    let missing = ours.iter().find(|ours| !found.contains(ours)).as_ref().map(odd);
    let added = || found.iter().find(|found| !ours.contains(found)).as_ref().map(odd);
    match missing.or_else(added) {
        None => Ok(()),
        Some(name) => Err(LedgerError::Damaged {
            path: path.to_owned(),
            what: format!("its `{name}` is not as meterferry made it").into(),
        }),
    }
}

/// Names and texts of what the database consists of; SQLite's own are left out.
fn definitions(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare(
            "SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
