//! One row of `facts`, as columns that may hold anything.

use rusqlite::Row;

use super::super::format::StoredFact;

/// The fact in a row whose columns begin with campaign, transfer, seq, at, run, kind, version, fact.
pub(super) fn stored<'row>(row: &'row Row<'_>) -> Result<StoredFact<'row>, String> {
    Ok(StoredFact {
        seq: number(row, 2)?,
        at: text(row, 3)?,
        run: text(row, 4)?,
        kind: text(row, 5)?,
        version: number(row, 6)?,
        fact: text(row, 7)?,
    })
}

pub(super) fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, String> {
    let value = row.get_ref(column).map_err(|error| error.to_string())?;
    value.as_str().map_err(|error| format!("column {column}: {error}"))
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<i64, String> {
    let value = row.get_ref(column).map_err(|error| error.to_string())?;
    value.as_i64().map_err(|error| format!("column {column}: {error}"))
}
