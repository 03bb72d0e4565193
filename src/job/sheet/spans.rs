//! Where the cells of a CSV text stand, byte by byte, and quotes that are not as they must be: a quote that is never
//! closed would swallow the rows below it without a word. What the cells hold is the CSV reader's business.

use std::ops::Range;

/// Quotes that leave in doubt where a cell ends. Each with the byte where it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The cell that begins here is never closed.
    Unclosed(usize),
    /// Something other than a separator follows the closing quote.
    AfterQuote(usize),
}

/// The first byte of the next row, after any line ends.
pub(super) fn skip_line_ends(text: &str, from: usize) -> usize {
    let rest = &text.as_bytes()[from..];
    from + rest.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(rest.len())
}

/// Finds the cells of the row that begins at `from`: what they hold, without quotes. Gives the place behind the row.
pub(super) fn row(
    text: &str,
    from: usize,
    separator: u8,
    cells: &mut Vec<Range<usize>>,
) -> Result<usize, Flaw> {
    cells.clear();
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let (cell, end) = cell(bytes, at, separator)?;
        cells.push(cell);
        if bytes.get(end) != Some(&separator) {
            return Ok(end);
        }
        at = end + 1;
    }
}

/// A cell's content, and the place of what ends it.
fn cell(bytes: &[u8], from: usize, separator: u8) -> Result<(Range<usize>, usize), Flaw> {
    let ends = |byte: &u8| *byte == separator || b"\r\n".contains(byte);
    if bytes.get(from) != Some(&b'"') {
        let length = bytes[from..].iter().position(ends).unwrap_or(bytes.len() - from);
        return Ok((from..from + length, from + length));
    }
    let mut at = from + 1;
    loop {
        let quote = bytes[at..].iter().position(|byte| *byte == b'"').ok_or(Flaw::Unclosed(from))?;
        at += quote + 1;
        match bytes.get(at) {
            Some(b'"') => at += 1,
            Some(byte) if !ends(byte) => return Err(Flaw::AfterQuote(at)),
            _ => return Ok((from + 1..at - 1, at)),
        }
    }
}

/// Line and column of places that are asked for in order. An editor shows them so: `\n`, `\r\n` and `\r` end a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    offset: usize,
    line: u32,
    column: u32,
}

impl Cursor {
    /// At the beginning of the text.
    pub(super) const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// Line and column of a byte at or behind the last one asked for.
    pub(super) fn advance(&mut self, text: &str, to: usize) -> (u32, u32) {
        let bytes = text.as_bytes();
        for at in self.offset..to {
            match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => {}
                b'\n' | b'\r' => (self.line, self.column) = (self.line + 1, 1),
                // The later bytes of a character.
                0x80..=0xBF => {}
                _ => self.column += 1,
            }
        }
        self.offset = self.offset.max(to);
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Result<Vec<&str>, Flaw> {
        let mut found = Vec::new();
        row(text, 0, b',', &mut found)?;
        Ok(found.into_iter().map(|cell| &text[cell]).collect())
    }

    #[test]
    fn cells_are_found_with_and_without_quotes() {
        assert_eq!(cells("a,\"b,\n c\",,d\r\nnext"), Ok(vec!["a", "b,\n c", "", "d"]));
        assert_eq!(cells("\"a \"\"b\"\"\",c"), Ok(vec!["a \"\"b\"\"", "c"]));
        assert_eq!(cells("1/4\" pipe,c"), Ok(vec!["1/4\" pipe", "c"]), "a quote in the middle is none");
        assert_eq!(cells("a,"), Ok(vec!["a", ""]));
    }

    #[test]
    fn quotes_that_leave_the_end_of_a_cell_in_doubt_are_found() {
        assert_eq!(cells("a,\"b\nc,d"), Err(Flaw::Unclosed(2)));
        assert_eq!(cells("a,\"b\"c,d"), Err(Flaw::AfterQuote(5)));
    }

    #[test]
    fn lines_are_counted_as_an_editor_shows_them() {
        let text = "é,\"a\nb\",c\r\nd";
        let mut cursor = Cursor::START;
        assert_eq!(cursor.advance(text, text.find('"').unwrap()), (1, 3));
        assert_eq!(cursor.advance(text, text.find('c').unwrap()), (2, 4));
        assert_eq!(cursor.advance(text, text.find('d').unwrap()), (3, 1));
    }
}
