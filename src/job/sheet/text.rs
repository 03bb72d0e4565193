//! A sheet's file as text. Spreadsheet programs save in many forms; only CSV in UTF-8 is read, since every other one
//! leaves in doubt what a letter is.

use std::{path::Path, sync::Arc};

use crate::job::{
    diagnostic::{Code, Diagnostic},
    paths,
};

const HOW: &str = "open it in the spreadsheet program and save it as \"CSV UTF-8\"";

/// Reads a sheet. Nothing of a file that is no CSV text is shown.
pub(super) fn read(path: &Path, name: &Arc<str>) -> Result<Arc<str>, Box<Diagnostic>> {
    let bytes = paths::read_all(Some(path), name).map_err(|error| {
        if error.code != Code::FileTooLarge {
            return error;
        }
        Box::new(too_large(name))
    })?;
    if let Some(what) = other_form(&bytes) {
        return Err(Box::new(
            Diagnostic::error(Code::NotCsv, format!("{name} is {what}, not CSV text in UTF-8")).hint(HOW),
        ));
    }
    paths::decode(bytes, name).map_err(|mut error| {
        error.hints =
            vec![format!("{HOW}; plain \"CSV\" is saved in the code page of the computer, not in UTF-8")];
        error
    })
}

/// Forms that are told by their first bytes, or by zeros.
fn other_form(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some("a workbook (.xlsx or .ods)"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => Some("an old workbook (.xls)"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("Unicode text in UTF-16"),
        _ if bytes.contains(&0) => Some("no text, or text in UTF-16: it holds zero bytes"),
        _ => None,
    }
}

/// More bytes than the sheets of a job may have.
pub(super) fn too_large(name: &str) -> Diagnostic {
    Diagnostic::error(
        Code::SheetTooLarge,
        format!("with {name}, the sheets of this job have more than 64 MiB"),
    )
    .hint("spread the rows over several job files of the same campaign, each with its sheet")
}
