//! The only file that knows the CSV reader: text → rows of cells, each with its place.

use std::ops::Range;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::spans::{self, Cursor, Flaw};
use crate::job::tree::At;

/// Separators that spreadsheet programs use.
pub(super) const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// A text that is read row by row.
pub(super) struct Table<'t> {
    text: &'t str,
    reader: Reader<&'t [u8]>,
    separator: u8,
    sheet: u16,
    cursor: Cursor,
    next: usize,
    spans: Vec<Range<usize>>,
    record: StringRecord,
    places: Vec<At>,
}

/// A row that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    record: &'a StringRecord,
    places: &'a [At],
}

/// Why there is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRow {
    /// The row has more or fewer cells than the first one. Reading can go on.
    Length { at: At, expected: usize, found: usize },
    /// A quote is not closed. Nothing below can be read.
    Unclosed(At),
    /// Text after a closing quote. Nothing below can be read.
    AfterQuote(At),
}

impl<'t> Table<'t> {
    /// A text whose first row begins at byte `from`; the text has at most 2³² bytes.
    pub(super) fn new(text: &'t str, from: usize, separator: u8, sheet: u16) -> Self {
        let bytes = &text.as_bytes()[from..];
        let reader =
            ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(false).from_reader(bytes);
        Self {
            text,
            reader,
            separator,
            sheet,
            cursor: Cursor::START,
            next: from,
            spans: Vec::new(),
            record: StringRecord::new(),
            places: Vec::new(),
        }
    }

    /// The next row that is not empty.
    pub(super) fn next_row(&mut self) -> Option<Result<Row<'_>, NoRow>> {
        loop {
            match self.read() {
                None => return None,
                Some(Err(why)) => return Some(Err(why)),
                Some(Ok(())) if self.record.iter().all(|cell| cell.trim().is_empty()) => {}
                Some(Ok(())) => break,
            }
        }
        Some(Ok(Row { record: &self.record, places: &self.places }))
    }

    fn read(&mut self) -> Option<Result<(), NoRow>> {
        let from = spans::skip_line_ends(self.text, self.next);
        if from == self.text.len() {
            return None;
        }
        match spans::row(self.text, from, self.separator, &mut self.spans) {
            Ok(end) => self.next = end,
            Err(flaw) => {
                self.next = self.text.len();
                return Some(Err(match flaw {
                    Flaw::Unclosed(at) => NoRow::Unclosed(self.place(at..at, 0)),
                    Flaw::AfterQuote(at) => NoRow::AfterQuote(self.place(at..at, 0)),
                }));
            }
        }
        self.places.clear();
        for cell in 0..self.spans.len() {
            let place = self.place(self.spans[cell].clone(), cell + 1);
            self.places.push(place);
        }
        match self.reader.read_record(&mut self.record) {
            Ok(true) => Some(Ok(())),
            Ok(false) => None,
            Err(error) => Some(Err(self.no_row(&error))),
        }
    }

    fn no_row(&self, error: &csv::Error) -> NoRow {
        let at = At { cell: 0, ..self.places[0] };
        match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                NoRow::Length { at, expected: *expected_len as usize, found: *len as usize }
            }
            other => unreachable!("the text is UTF-8 and in memory: {other:?}"),
        }
    }

    fn place(&mut self, span: Range<usize>, cell: usize) -> At {
        let (line, column) = self.cursor.advance(self.text, span.start);
        let shown = self.text[span.clone()].lines().next().unwrap_or_default();
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        At {
            line,
            column,
            offset: number(span.start),
            len: number(shown.len()),
            sheet: self.sheet,
            cell: u16::try_from(cell).unwrap_or(u16::MAX),
        }
    }
}

impl Row<'_> {
    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.record.len()
    }

    /// A cell without blanks around it, and its place.
    pub(super) fn cell(&self, index: usize) -> (&str, At) {
        (self.record[index].trim_matches([' ', '\t']), self.places[index])
    }

    /// All cells.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&str, At)> {
        (0..self.len()).map(|index| self.cell(index))
    }

    /// The place of the row as a whole: its first cell.
    pub(super) fn at(&self) -> At {
        At { cell: 0, len: self.places[0].len.max(1), ..self.places[0] }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The reader and the places must agree on every row, whatever the text.
        #[test]
        fn every_cell_stands_where_its_place_says(text in "([a,;\"\r\n é]|\"\"){0,40}") {
            let mut table = Table::new(&text, 0, b',', 1);
            while let Some(row) = table.next_row() {
                let Ok(row) = row else { continue };
                for (cell, at) in row.cells() {
                    let raw = &text[at.offset as usize..(at.offset + at.len) as usize];
                    let first = cell.lines().next().unwrap_or_default();
                    let unescaped = raw.replace("\"\"", "\"");
                    let is_there = raw.contains(first.trim()) || unescaped.contains(first.trim());
                    prop_assert!(is_there, "{cell:?} is not {raw:?}");
                }
                prop_assert_eq!(row.places.len(), row.len());
            }
        }
    }

    #[test]
    fn a_row_of_another_length_does_not_hide_the_next() {
        let mut table = Table::new("a,b\n\n1\n,\n2,3\n", 0, b',', 1);
        assert_eq!(table.next_row().unwrap().unwrap().len(), 2);
        let length = table.next_row().unwrap().unwrap_err();
        assert!(
            matches!(length, NoRow::Length { at: At { line: 3, .. }, expected: 2, found: 1 }),
            "{length:?}"
        );
        let row = table.next_row().unwrap().unwrap();
        assert_eq!((row.cell(1).0, row.at().line), ("3", 5));
        assert!(table.next_row().is_none());
    }
}
