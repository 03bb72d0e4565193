//! Lists, maps and texts that are too small or too large.

use serde_json::Value;

use super::Case;
use crate::job::{
    diagnostic::{Code, Diagnostic},
    tree::Kind,
};

/// A list or map with too little in it.
pub(super) fn too_small(case: &Case<'_>) -> Diagnostic {
    match case.field() {
        "registers" => wrong_count(case),
        "readings" | "expect" => {
            empty(case, Code::NoEnergies, "at least one energy").hint(match case.field() {
                "expect" => "add one, as in `real_energy_in: { min: 1200 MWh }`, or remove the key",
                _ => "add one, as in `real_energy_in: 1234.567 MWh`",
            })
        }
        "after" => empty(case, Code::WrongType, "at least one transfer")
            .hint("name the transfers that this one follows, or remove the key"),
        "days" => empty(case, Code::BadWindow, "at least one day")
            .hint("name days, as in `days: mon-fri`, or remove the key for every day"),
        "window" => empty(case, Code::BadWindow, "at least one window")
            .hint("add one, as in `{ hours: 22:00-05:00, zone: Europe/Berlin }`, or remove the key"),
        "columns" => empty(case, Code::MissingKey, "at least one column")
            .hint("say which column fills which key, as in `source.serial_number: Old SN`"),
        "transfers_from" => empty(case, Code::NoTransfers, "at least one spreadsheet")
            .hint("add one: `- file: NAME.csv` with its `columns`, or remove the key"),
        _ if case.quantity().is_some() => empty(case, Code::NoEnergies, "`min`, `max`, or both")
            .hint("add `min:` or `max:`, or remove the key"),
        _ => empty(case, Code::NoTransfers, "at least one transfer")
            .hint("add a transfer: `- id: NAME` with a `source` and a `target`"),
    }
}

fn empty(case: &Case<'_>, code: Code, expected: &str) -> Diagnostic {
    Diagnostic::error(code, format!("`{}` is empty", case.field()))
        .at(case.document.key_spot(&case.violation.pointer))
        .expected(expected)
}

/// A list or text with too much in it.
pub(super) fn too_large(case: &Case<'_>) -> Diagnostic {
    match case.field() {
        "registers" => wrong_count(case),
        "after" => case
            .at_value(Code::WrongType, "`after` names more than 100 transfers")
            .hint("name only transfers to the same target"),
        field @ ("days" | "window") => case
            .at_value(Code::BadWindow, format!("`{field}` has more entries than anybody can mean"))
            .hint("a window for each night or day of the week is enough; ranges of days take one entry"),
        "transfers_from" => case
            .at_value(Code::SheetTooLarge, "`transfers_from` names more than 100 spreadsheets")
            .hint("put the rows of several into one, or spread them over several job files"),
        field => case.at_value(Code::WrongType, format!("`{field}` is longer than 1,000 characters")).hint(
            match case.violation.pointer.contains("/checked/") {
                true => "say what was found and when, in a sentence",
                false => "labels are words to select and group by: keep them short",
            },
        ),
    }
}

fn wrong_count(case: &Case<'_>) -> Diagnostic {
    let count = match case.kind() {
        Kind::List(items) => items.len(),
        _ => 0,
    };
    let wanted = case.schema.get("minItems").and_then(Value::as_u64).unwrap_or_default();
    Diagnostic::error(Code::BadRegisters, format!("`registers` has {count} values, not {wanted}"))
        .at(case.document.key_spot(&case.violation.pointer))
        .expected(format!("{wanted} values: seven energies of four registers each"))
        .hint("copy the whole list as `read --format json` prints it, in the order of registers 1700 to 1727")
}
