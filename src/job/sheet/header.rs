//! The first row of a sheet: which separator it is written with, and where the columns are that the job asks for.

use std::sync::Arc;

use super::{
    MAX_COLUMNS,
    columns::{self, Leaf},
    rows, spans,
    spec::{Spec, Wanted},
    table::{NoRow, SEPARATORS, Table},
};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    suggest,
    tree::{At, Document, Kind},
};

/// The names at the head of the columns, and where they stand.
pub(super) struct Header {
    pub names: Vec<(Arc<str>, At)>,
    /// The place of the row.
    pub at: At,
}

/// A column that fills a key.
pub(super) struct Column {
    pub leaf: Leaf,
    /// From 0.
    pub index: usize,
}

/// Where the first row begins, and the separator: the one the job says, the one a line `sep=;` says, or the one with
/// which the first row has the most columns that the job asks for (the most columns at all, where that is even).
pub(super) fn begin(text: &str, spec: &Spec) -> (usize, u8) {
    let bom = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let start = spans::skip_line_ends(text, bom);
    let first = text[start..].lines().next().unwrap_or_default();
    if let [b's', b'e', b'p', b'=', separator] = first.as_bytes()
        && SEPARATORS.contains(separator)
    {
        let behind = spans::skip_line_ends(text, start + first.len());
        return (behind, spec.separator.unwrap_or(*separator));
    }
    let separator = spec.separator.unwrap_or_else(|| {
        let fit = |separator: u8| {
            let names =
                read(&mut Table::new(text, start, separator, 0)).map_or(Vec::new(), |header| header.names);
            let asked = |name: &str| spec.columns.iter().any(|wanted| wanted.header.trim() == name);
            (names.iter().filter(|(name, _)| asked(name)).count(), names.len())
        };
        // Of equals the last one: a comma is what a sheet of one column is said to have.
        SEPARATORS.into_iter().rev().max_by_key(|separator| fit(*separator)).unwrap_or(b',')
    });
    (start, separator)
}

/// The first row. Nothing if there is none, or its quotes are in doubt.
fn read(table: &mut Table<'_>) -> Result<Header, Option<NoRow>> {
    match table.next_row() {
        None => Err(None),
        Some(Err(why)) => Err(Some(why)),
        Some(Ok(row)) => {
            let name = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").into();
            let names = row.cells().map(|(text, at)| (name(text), at)).collect();
            Ok(Header { names, at: row.at() })
        }
    }
}

/// Reads the first row; complains if there is none.
pub(super) fn take(
    table: &mut Table<'_>,
    document: &Document,
    spec: &Spec,
    found: &mut Diagnostics,
) -> Option<Header> {
    match read(table) {
        Ok(header) if header.names.len() > MAX_COLUMNS => {
            let message =
                format!("the spreadsheet has {} columns, more than {MAX_COLUMNS}", header.names.len());
            found.push(
                Diagnostic::error(Code::SheetTooLarge, message)
                    .at(document.spot_at(header.at))
                    .hint("save a sheet with the columns that are needed"),
            );
            None
        }
        Ok(header) => Some(header),
        Err(Some(why)) => {
            found.push(no_row(why, document));
            None
        }
        Err(None) => {
            found.push(empty(document, spec));
            None
        }
    }
}

/// A sheet without transfers.
pub(super) fn empty(document: &Document, spec: &Spec) -> Diagnostic {
    Diagnostic::error(
        Code::SheetEmpty,
        format!("the spreadsheet `{}` has no row below its header", spec.file),
    )
    .at(document.spot_at(spec.file_at))
    .expected("a header row, and a row for each transfer")
    .hint("check that the right sheet was saved; a CSV file holds one sheet of a workbook")
}

/// A row that cannot be read.
pub(super) fn no_row(why: NoRow, document: &Document) -> Diagnostic {
    match why {
        NoRow::Length { at, expected, found } => {
            let message = format!("the row has {found} cells, and the header has {expected}");
            let hint = if found > expected {
                "put cells that contain the separator in quotes, or remove what is too much"
            } else {
                "an empty cell has its separator too; is the row cut short?"
            };
            Diagnostic::error(Code::RowLength, message)
                .at(document.spot_at(at))
                .expected(format!("{expected} cells"))
                .hint(hint)
        }
        NoRow::Unclosed(at) => {
            Diagnostic::error(Code::BadQuotes, "the quote that begins this cell is never closed")
                .at(document.spot_at(at))
                .expected("a cell in quotes ends with a quote")
                .hint("close it; a quote within a cell in quotes is written twice: `\"\"`")
        }
        NoRow::AfterQuote(at) => Diagnostic::error(Code::BadQuotes, "something follows a closing quote")
            .at(document.spot_at(at))
            .expected("a separator or the end of the line")
            .hint(
                "a quote within a cell in quotes is written twice: `\"\"`; or an earlier quote is not closed",
            ),
    }
}

/// The columns that the job asks for. Every one that cannot be found is reported.
pub(super) fn columns(
    header: &Header,
    document: &Document,
    spec: &Spec,
    found: &mut Diagnostics,
) -> Option<Vec<Column>> {
    let mut all = Vec::with_capacity(spec.columns.len());
    let before = found.len();
    for wanted in &spec.columns {
        let leaf = columns::leaf(&wanted.path).and_then(|leaf| match in_the_way(&leaf, spec) {
            Some(key) => Err(Box::new(not_a_map(&leaf, key))),
            None => Ok(leaf),
        });
        let index = index(header, wanted, document, spec);
        match (leaf, index) {
            (Ok(leaf), Ok(index)) => all.push(Column { leaf, index }),
            (leaf, index) => {
                found.extend(leaf.err().map(|error| error.at(document.spot_at(wanted.path_at))));
                found.extend(index.err().map(|error| *error));
            }
        }
    }
    (found.len() == before).then_some(all)
}

/// What the template has in place of a map that a cell must go into.
fn in_the_way<'a>(leaf: &'a Leaf, spec: &Spec) -> Option<&'a str> {
    let (on_the_way, _) = rows::split(&leaf.path);
    let mut node = spec.template.as_ref()?;
    for name in on_the_way {
        let Kind::Map(entries) = &node.kind else { return None };
        node = entries.iter().find(|(key, _)| &*key.name == name).map(|(_, node)| node)?;
        if !matches!(node.kind, Kind::Map(_)) {
            return Some(name);
        }
    }
    None
}

fn not_a_map(leaf: &Leaf, key: &str) -> Diagnostic {
    let message = format!("`{}` cannot be filled: the template has no map under `{key}`", leaf.path);
    Diagnostic::error(Code::BadColumnKey, message).expected("a key that cell and template can share").hint(
        format!("write what stands under `{key}` in the template as keys and values, or remove it there"),
    )
}

fn index(
    header: &Header,
    wanted: &Wanted,
    document: &Document,
    spec: &Spec,
) -> Result<usize, Box<Diagnostic>> {
    let asked = wanted.header.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut places = (0..header.names.len()).filter(|index| *header.names[*index].0 == *asked);
    match (places.next(), places.next()) {
        (None, _) => Err(Box::new(unknown(header, wanted, document, spec))),
        (Some(index), None) => Ok(index),
        (Some(first), Some(second)) => {
            let spot = |index: usize| document.spot_at(At { cell: 0, ..header.names[index].1 });
            let message = format!("`{asked}` is the name of two columns of {}", spec.file);
            Err(Box::new(
                Diagnostic::error(Code::DuplicateColumn, message)
                    .at(document.spot_at(wanted.header_at))
                    .expected("the name of one column")
                    .related(spot(first), "one")
                    .related(spot(second), "and another")
                    .hint("give the columns two names in the sheet"),
            ))
        }
    }
}

fn unknown(header: &Header, wanted: &Wanted, document: &Document, spec: &Spec) -> Diagnostic {
    let names: Vec<&str> =
        header.names.iter().map(|(name, _)| &**name).filter(|name| !name.is_empty()).collect();
    let complaint =
        Diagnostic::error(Code::UnknownColumn, format!("{} has no column `{}`", spec.file, wanted.header))
            .at(document.spot_at(wanted.header_at))
            .expected("a name from the first row of the sheet")
            .related(document.spot_at(At { cell: 0, ..header.at }), "the first row");
    let complaint = match suggest::closest(&wanted.header, &names) {
        Some(close) => complaint.hint(format!("did you mean `{close}`?")),
        None => complaint,
    };
    let complaint = complaint.hint(format!("its columns are: {}", suggest::some_of(&names)));
    if names.len() == 1 && spec.columns.len() > 1 {
        return complaint
            .hint("if that is several columns in one, say `separator:`; `,`, `;` and `tab` are known");
    }
    complaint
}
