//! Text in aligned columns. A plain function of cells: knows nothing of what they say.

use super::{
    Style,
    paint::{Tone, columns, paint, printable},
};

/// Space between two columns.
const GAP: &str = "  ";

/// How a column is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) right: bool,
    /// Where the terminal is too narrow, the column with the lowest number goes first; 0 stays.
    pub(super) give_up: u8,
}

/// What stands in one place.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }
}

/// Rows below their titles, for what is no run: as many cells a row as there are titles.
pub fn grid(titles: &[&'static str], rows: &[Vec<String>], style: Style) -> String {
    let columns: Vec<Column> =
        titles.iter().map(|title| Column { title, right: false, give_up: 0 }).collect();
    let rows: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|text| Cell::plain(text.as_str())).collect()).collect();
    table(&columns, &rows, style.width, style.colour)
}

/// The rows below their titles, each line ended.
pub(super) fn table(columns: &[Column], rows: &[Vec<Cell>], width: Option<usize>, colour: bool) -> String {
    let widths = widths(columns, rows);
    let shown = shown(columns, &widths, width);
    let titles: Vec<Cell> =
        columns.iter().map(|column| Cell { text: column.title.to_owned(), tone: Tone::Bold }).collect();
    let mut text = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let cells = shown.iter().map(|&place| (&columns[place], &row[place], widths[place]));
        text.push_str(&line(cells.collect(), colour));
        text.push('\n');
    }
    text
}

fn widths(titles: &[Column], rows: &[Vec<Cell>]) -> Vec<usize> {
    let widest = |place: usize| rows.iter().map(|row| columns(&printable(&row[place].text))).max();
    (0..titles.len()).map(|place| widest(place).unwrap_or(0).max(columns(titles[place].title))).collect()
}

/// The places of the columns that have room.
fn shown(columns: &[Column], widths: &[usize], width: Option<usize>) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let Some(limit) = width else { return shown };
    let wide = |shown: &[usize]| {
        shown.iter().map(|place| widths[*place]).sum::<usize>() + GAP.len() * shown.len().saturating_sub(1)
    };
    while wide(&shown) > limit {
        let next = shown.iter().copied().filter(|place| columns[*place].give_up > 0);
        let Some(next) = next.min_by_key(|place| columns[*place].give_up) else { break };
        shown.retain(|place| *place != next);
    }
    shown
}

/// Padding is put around a cell, not into it: a colour has no width.
fn line(cells: Vec<(&Column, &Cell, usize)>, colour: bool) -> String {
    let mut line = String::new();
    let last = cells.len().saturating_sub(1);
    for (place, (column, cell, width)) in cells.into_iter().enumerate() {
        let text = printable(&cell.text);
        let padding = " ".repeat(width.saturating_sub(columns(&text)));
        let text = paint(&text, cell.tone, colour);
        match (column.right, place == last) {
            (true, _) => line.push_str(&format!("{padding}{text}")),
            (false, true) => line.push_str(&text),
            (false, false) => line.push_str(&format!("{text}{padding}")),
        }
        if place != last {
            line.push_str(GAP);
        }
    }
    line
}
