//! What the names of diagnostics mean that are about spreadsheets (`transfers_from`). One constant a name; nothing here
//! decides anything.

use super::{Explanation, says};

const SOURCE: &str = "jobs/reference.yaml, transfers_from";

pub(super) const SHEET_NOT_FOUND: Explanation = says(
    "A spreadsheet that the job names does not exist. The name is relative to the job file.",
    "Its rows are transfers: without them the job is incomplete.",
    "transfers_from: { csv: weak-23.csv, … }",
    "Correct the name, or put the file beside the job.",
    SOURCE,
);
pub(super) const NOT_CSV: Explanation = says(
    "A spreadsheet is no CSV text in UTF-8: a workbook, or text in another encoding.",
    "What cannot be read for certain is not guessed at.",
    "week-23.xlsx renamed to week-23.csv",
    "Export it as \"CSV UTF-8\".",
    SOURCE,
);
pub(super) const SHEET_EMPTY: Explanation = says(
    "A spreadsheet has no row below its header.",
    "An export that failed looks like this.",
    "one line: id,serial_number,unit",
    "Export it again, or take it out of the job.",
    SOURCE,
);
pub(super) const SHEET_TOO_LARGE: Explanation = says(
    "A spreadsheet has more rows, columns or bytes than those of a job may have.",
    "A limit on everything.",
    "an export with a million empty rows",
    "Delete what is empty, or split the campaign: files that name one campaign are merged.",
    SOURCE,
);
pub(super) const UNKNOWN_COLUMN: Explanation = says(
    "The job names a column that the header does not have.",
    "A column was renamed, or misspelt: its values would be missing.",
    "columns: { id: Feeder }, and the header says feeder",
    "Write the name as it stands in the header, capitals included.",
    SOURCE,
);
pub(super) const DUPLICATE_COLUMN: Explanation = says(
    "A column that the job names stands in the header twice.",
    "It cannot be told which of the two is meant.",
    "id,unit,serial,unit",
    "Rename or delete one of them.",
    SOURCE,
);
pub(super) const BAD_COLUMN_KEY: Explanation = says(
    "A key under `columns` is none that a cell can fill.",
    "A cell holds one value; a list or a map of options belongs into the job.",
    "columns: { source: Old meter }",
    "Name the value itself, as `source.serial_number`; jobs/reference.yaml shows them.",
    SOURCE,
);
pub(super) const ROW_LENGTH: Explanation = says(
    "A row has more or fewer cells than the header.",
    "A comma within a value, or a cell that was deleted, moves all values behind it into the wrong columns.",
    "feeder-12,Hall 3, north,7",
    "Put values with commas into double quotes, or export the file again.",
    SOURCE,
);
pub(super) const BAD_QUOTES: Explanation = says(
    "A double quote in a spreadsheet is not closed, or closed too early.",
    "What follows would be taken for one long value.",
    "\"Hall 3, north",
    "Close it; within quotes a double quote is written twice.",
    "RFC 4180",
);
pub(super) const DAMAGED_CELL: Explanation = says(
    "A spreadsheet program has changed a cell: an exponent, separators, a date, an error.",
    "The digits that were there are gone, and may not be guessed.",
    "1.1E+07 for 11000126",
    "Format the column as text, type the value again, and export anew.",
    SOURCE,
);
pub(super) const FORMULA_CELL: Explanation = says(
    "A cell holds a formula in place of its value.",
    "A formula means something only within its workbook.",
    "=B7+1",
    "Export values, or type the value.",
    SOURCE,
);
pub(super) const BAD_CELL: Explanation = says(
    "A cell holds a value of the wrong kind.",
    "Turning one into the other is guessing.",
    "twelve, in the column for `unit`",
    "Write it as the message says it was expected.",
    SOURCE,
);
pub(super) const EMPTY_CELL: Explanation = says(
    "A cell that must hold something is empty.",
    "It is required of every transfer, and no default would be safe.",
    "feeder-12,,7",
    "Fill it, or delete the row.",
    SOURCE,
);
pub(super) const LONG_NUMBER: Explanation = says(
    "A warning: a number has more digits than spreadsheet programs keep.",
    "They round after 15 digits, without a word: the last ones may be zeros that nobody typed.",
    "1234567890123456000",
    "Compare it with what was read off the meter; keep such columns as text.",
    SOURCE,
);
