//! Spreadsheets named under `transfers_from`: each row becomes the transfer that the same keys written in YAML would be.
//!
//! The rows are added to the file's tree as further `transfers`, each value with the place of its cell (or of the
//! template, where it stands there). So the schema, every rule and every message are those of any other transfer. This
//! room knows which cell goes to which key; what a key means is none of its business.

mod cell;
mod columns;
mod header;
mod rows;
mod spans;
mod spec;
mod table;
mod text;

use std::{collections::HashMap, ops::Range, path::Path, sync::Arc};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    tree::{At, Document, Key, Kind, Node},
};
use spec::Spec;

/// Bytes of all sheets of one job file, and rows: what one file of YAML may have, and about as many transfers as fit in.
const MAX_BYTES: usize = 64 * 1024 * 1024;
const MAX_ROWS: usize = 100_000;
/// Columns of one sheet.
const MAX_COLUMNS: usize = 1_000;

/// A sheet whose rows are part of a document.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The file's name in messages.
    pub file: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    /// Which of the document's transfers are its rows.
    pub rows: Range<usize>,
    /// Where the job says which column goes to which key.
    pub columns_at: At,
    /// Names of all columns, in the order of the sheet.
    headers: Vec<Arc<str>>,
    /// Which column fills a key: `source.unit` → 4, from 0.
    keys: Vec<(String, usize)>,
    /// Where cells of those columns are empty: by transfer and column.
    empty: HashMap<(usize, usize), At>,
}

impl Sheet {
    /// The name of a column, counted from 1.
    pub(super) fn header(&self, cell: u16) -> Option<Arc<str>> {
        self.headers.get(usize::from(cell).checked_sub(1)?).map(Arc::clone)
    }

    /// The cell that would give a key to this transfer, if a column does and the cell is empty.
    pub(super) fn empty(&self, path: &str, transfer: usize) -> Option<(String, At)> {
        self.first_empty(transfer, |key| key == path)
    }

    /// The first empty cell that would give a key which begins so.
    pub(super) fn empty_below(&self, beginning: &str, transfer: usize) -> Option<(String, At)> {
        self.first_empty(transfer, |key| key.starts_with(beginning))
    }

    fn first_empty(&self, transfer: usize, wanted: impl Fn(&str) -> bool) -> Option<(String, At)> {
        let mut keys = self.keys.iter().filter(|(key, _)| wanted(key));
        keys.find_map(|(key, column)| Some((key.clone(), *self.empty.get(&(transfer, *column))?)))
    }
}

/// What is left of the limits for one job file.
struct Left {
    bytes: usize,
    rows: usize,
}

/// Adds the rows of all sheets that a document names to its transfers. `folder` is where the document's file is.
pub(super) fn add(
    document: &mut Document,
    folder: &Path,
    found: &mut Diagnostics,
    warnings: &mut Diagnostics,
) {
    let mut left = Left { bytes: MAX_BYTES, rows: MAX_ROWS };
    for spec in spec::all(document) {
        let rows = match open(document, &spec, folder, &mut left) {
            Ok(text) => rows::read(document, &spec, &text, &mut left, found, warnings),
            Err(error) => {
                found.push(*error);
                continue;
            }
        };
        append(document, &spec, rows);
    }
}

/// The sheet's text, as the document's last sheet without rows.
fn open(
    document: &mut Document,
    spec: &Spec,
    folder: &Path,
    left: &mut Left,
) -> Result<Arc<str>, Box<Diagnostic>> {
    let path = folder.join(&spec.file);
    if !path.is_file() {
        let error =
            Diagnostic::error(Code::SheetNotFound, format!("there is no spreadsheet `{}`", spec.file));
        return Err(Box::new(
            error
                .at(document.spot_at(spec.file_at))
                .expected("a CSV file, relative to this one")
                .hint(format!("looked for {}", path.display())),
        ));
    }
    let file: Arc<str> = path.display().to_string().into();
    let named_here = |error: Diagnostic| match error.at {
        Some(_) => error,
        None => error.at(document.spot_at(spec.file_at)).expected("a CSV file"),
    };
    let text = text::read(&path, &file).map_err(|error| Box::new(named_here(*error)))?;
    let Some(bytes) = left.bytes.checked_sub(text.len()) else {
        return Err(Box::new(named_here(text::too_large(&file))));
    };
    left.bytes = bytes;
    let columns_at = spec.columns_at;
    let (headers, keys, empty) = (Vec::new(), Vec::new(), HashMap::new());
    document.sheets.push(Sheet {
        file,
        text: Arc::clone(&text),
        rows: 0..0,
        columns_at,
        headers,
        keys,
        empty,
    });
    Ok(text)
}

/// Puts the rows behind the transfers there are.
fn append(document: &mut Document, spec: &Spec, rows: rows::Rows) {
    if rows.transfers.is_empty() {
        // Which is reported; a list of none would be complained of again.
        return;
    }
    let Some(transfers) = transfers(&mut document.root, spec.key_at) else { return };
    let first = transfers.len();
    transfers.extend(rows.transfers);
    let all = first..transfers.len();
    let sheet = document.sheets.last_mut().expect("it was opened");
    sheet.rows = all;
    sheet.keys = rows.keys;
    sheet.empty = rows.empty.into_iter().map(|((row, column), at)| ((first + row, column), at)).collect();
}

/// The document's list of transfers, made if there is none. Nothing if it is no list, which is reported.
fn transfers(root: &mut Node, at: At) -> Option<&mut Vec<Node>> {
    let Kind::Map(entries) = &mut root.kind else { return None };
    let place = entries.iter().position(|(key, _)| &*key.name == "transfers").unwrap_or_else(|| {
        let list = Node { at: At::default(), kind: Kind::List(Vec::new()) };
        entries.push((Key { at, name: "transfers".into() }, list));
        entries.len() - 1
    });
    match &mut entries[place].1.kind {
        Kind::List(transfers) => Some(transfers),
        _ => None,
    }
}
