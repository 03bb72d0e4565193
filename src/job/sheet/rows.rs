//! The rows below the header: template and cells → the tree of one transfer each.

use std::{collections::HashMap, sync::Arc};

use super::{
    Left, MAX_ROWS,
    cell::{self, Bad, Wants},
    columns::FREE,
    header::{self, Column},
    spec::Spec,
    table::{NoRow, Row, Table},
};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    tree::{At, Document, Key, Kind, Node},
};

/// What a sheet adds to a document.
#[derive(Default)]
pub(super) struct Rows {
    pub transfers: Vec<Node>,
    pub keys: Vec<(String, usize)>,
    /// By row of `transfers` and column.
    pub empty: HashMap<(usize, usize), At>,
}

/// Reads the rows of the document's last sheet; all that is wrong with them is reported.
pub(super) fn read(
    document: &mut Document,
    spec: &Spec,
    text: &str,
    left: &mut Left,
    found: &mut Diagnostics,
    warnings: &mut Diagnostics,
) -> Rows {
    let number =
        u16::try_from(document.sheets.len()).expect("the schema allows 100 sheets, and others are left out");
    let (start, separator) = header::begin(text, spec);
    let mut table = Table::new(text, start, separator, number);
    let Some(header) = header::take(&mut table, document, spec, found) else { return Rows::default() };
    document.sheets.last_mut().expect("it was opened").headers =
        header.names.iter().map(|(name, _)| Arc::clone(name)).collect();
    let Some(columns) = header::columns(&header, document, spec, found) else { return Rows::default() };
    let keys = columns.iter().map(|column| (column.leaf.path.clone(), column.index)).collect();
    let mut rows = Rows { keys, ..Rows::default() };
    let mut reader = Reader { document, columns, spec, rows: &mut rows, found, warnings };
    reader.all(&mut table, left);
    rows
}

struct Reader<'a> {
    document: &'a Document,
    columns: Vec<Column>,
    spec: &'a Spec,
    rows: &'a mut Rows,
    found: &'a mut Diagnostics,
    warnings: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn all(&mut self, table: &mut Table<'_>, left: &mut Left) {
        let mut any = false;
        while let Some(row) = table.next_row() {
            any = true;
            match row {
                Ok(row) if left.rows == 0 => {
                    self.found.push(too_many(self.document, row.at()));
                    // Nothing of it is used, so nothing of it is looked at any further.
                    *self.rows = Rows::default();
                    return;
                }
                Ok(row) => {
                    left.rows -= 1;
                    let transfer = self.transfer(row);
                    self.rows.transfers.push(transfer);
                }
                Err(why @ (NoRow::Length { .. } | NoRow::Unclosed(_) | NoRow::AfterQuote(_))) => {
                    self.found.push_with(|| header::no_row(why, self.document));
                }
            }
        }
        if !any {
            self.found.push(header::empty(self.document, self.spec));
        }
    }

    fn transfer(&mut self, row: Row<'_>) -> Node {
        let template = self.spec.template.as_ref();
        let kind = template.map_or_else(|| Kind::Map(Vec::new()), |template| template.kind.clone());
        let mut transfer = Node { at: row.at(), kind };
        for number in 0..self.columns.len() {
            let Column { leaf, index } = &self.columns[number];
            let (text, at) = row.cell(*index);
            if text.is_empty() {
                self.rows.empty.insert((self.rows.transfers.len(), *index), at);
                continue;
            }
            let kind = cell::read(text, leaf.wants).unwrap_or_else(|bad| {
                self.found.push_with(|| complaint(self.document, &self.columns[number], text, at, bad));
                Kind::Null
            });
            if is_reading(&leaf.path) && leaf.wants == Wants::Text && cell::may_be_cut(text) {
                self.warnings.push_with(|| may_be_cut(self.document, text, at));
            }
            put(&mut transfer, &leaf.path, Node { at, kind });
        }
        transfer
    }
}

fn is_reading(path: &str) -> bool {
    path.starts_with("source.readings.") || path.contains(".expect.")
}

/// Puts a value where its path leads; maps on the way are made. A value that is there already is replaced.
fn put(map: &mut Node, path: &str, value: Node) {
    let (on_the_way, last) = split(path);
    let mut map = map;
    for name in on_the_way {
        match place(map, name, value.at, None) {
            Some(inner) => map = inner,
            None => return,
        }
    }
    place(map, last, value.at, Some(value));
}

/// The maps on the way to a key, and the key. Names that are free may have points in them.
pub(super) fn split(path: &str) -> (Vec<&str>, &str) {
    let free = FREE.iter().find_map(|(map, _)| Some((map.trim_end_matches('.'), path.strip_prefix(map)?)));
    if let Some((map, name)) = free {
        return (vec![map], name);
    }
    match path.rsplit_once('.') {
        Some((on_the_way, last)) => (on_the_way.split('.').collect(), last),
        None => (Vec::new(), path),
    }
}

/// The value under a key: the given one from now on, or the map that is there, made if there is none.
fn place<'a>(map: &'a mut Node, name: &str, at: At, value: Option<Node>) -> Option<&'a mut Node> {
    // A template that has something else here is reported with the columns, or by the schema.
    let Kind::Map(entries) = &mut map.kind else { return None };
    let index = entries.iter().position(|(key, _)| &*key.name == name);
    let index = match (index, value) {
        (Some(index), Some(value)) => {
            entries[index] = (Key { at, name: name.into() }, value);
            index
        }
        (Some(index), None) => index,
        (None, value) => {
            let new = value.unwrap_or_else(|| Node { at: At { len: 0, ..at }, kind: Kind::Map(Vec::new()) });
            entries.push((Key { at, name: name.into() }, new));
            entries.len() - 1
        }
    };
    Some(&mut entries[index].1)
}

fn complaint(document: &Document, column: &Column, text: &str, at: At, bad: Bad) -> Diagnostic {
    let shown: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
    Diagnostic::error(bad.code, format!("`{shown}` {}", bad.what))
        .at(document.spot_at(at))
        .expected(format!("`{}`, {}", column.leaf.path, column.leaf.expected))
        .hint(bad.hint)
}

fn may_be_cut(document: &Document, text: &str, at: At) -> Diagnostic {
    Diagnostic::warning(
        Code::LongNumber,
        format!("`{text}` may have lost its last digits in the spreadsheet"),
    )
    .at(document.spot_at(at))
    .expected("spreadsheets keep 15 digits of a number, and write zeros for the rest")
    .hint("compare it with what was read from the meter; a column formatted as text keeps every digit")
}

fn too_many(document: &Document, at: At) -> Diagnostic {
    let message = format!("the sheets of this job have more than {MAX_ROWS} rows");
    Diagnostic::error(Code::SheetTooLarge, message)
        .at(document.spot_at(at))
        .hint("spread them over several job files of the same campaign, each with its sheet")
}
