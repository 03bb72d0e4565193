//! Transfers that are rows of a spreadsheet: what is missing is an empty cell or a column; what the template has wrong is
//! told where the template stands, once.

use super::Case;
use crate::job::{
    diagnostic::{Code, Diagnostic},
    tree::{Document, Kind},
    validate::{Problem, Violation},
};

/// Whether this complaint about a row is made elsewhere: about the cell as it was read, or about the template, which has
/// a schema of its own.
pub(super) fn is_told(document: &Document, violation: &Violation) -> bool {
    if document.sheet_at(&violation.pointer).is_none() {
        return false;
    }
    let node = document.find(&violation.pointer).map(|found| found.node);
    match violation.problem {
        Problem::UnknownKeys(_) | Problem::KeyName(_) => true,
        // Whether these hold is seen only where cells and template are together.
        Problem::MissingKey(_) | Problem::Forbidden => false,
        _ => node.is_some_and(|node| !node.at.is_in_sheet() || matches!(node.kind, Kind::Null)),
    }
}

/// A required key that neither the row's cells nor the template give. Nothing for transfers written in the job file.
pub(super) fn missing(case: &Case<'_>, name: &str) -> Option<Diagnostic> {
    let (sheet, transfer) = case.document.sheet_at(&case.violation.pointer)?;
    let keys: Vec<_> = case.violation.pointer.split('/').skip(3).collect();
    let path = |key: &str| keys.iter().copied().chain([key]).collect::<Vec<_>>().join(".");
    // An endpoint without an address lacks the one or the other.
    let names: &[&str] = if name == "host" && !keys.is_empty() { &["gateway", "host"] } else { &[name] };
    let empty = if name == "readings" {
        Some(sheet.empty_below(&format!("{}.", path(name)), transfer)?)
    } else {
        names.iter().find_map(|name| sheet.empty(&path(name), transfer))
    };
    let wanted = names.iter().map(|name| format!("`{}`", path(name))).collect::<Vec<_>>().join(" or ");
    Some(match empty {
        Some((path, at)) => Diagnostic::error(Code::EmptyCell, "the cell is empty")
            .at(case.document.spot_at(at))
            .expected(format!("{wanted} is required, and the template does not give it"))
            .hint(format!("fill the cell, or give `{path}` in the template for all rows")),
        None => Diagnostic::error(
            Code::MissingKey,
            format!("neither a column nor the template gives {wanted} to the rows of {}", sheet.file),
        )
        .at(case.document.spot_at(sheet.columns_at))
        .expected(format!("{wanted} is required"))
        .hint(if name == "id" {
            "name the column with the work order or another name that is unique: `id: COLUMN`".to_owned()
        } else {
            format!("add `{}: COLUMN` here, or give it in the template", path(names[0]))
        }),
    })
}
