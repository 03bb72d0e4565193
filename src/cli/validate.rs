//! `validate`: are the job files right? Offline.

use serde::Serialize;

use super::{
    Exit,
    args::{self, Format},
    failure::{Failure, counted},
    output::Console,
};
use crate::{
    job::{self, Diagnostic, Diagnostics, SheetUsed},
    report::{Envelope, json_line, json_text},
};

#[derive(Serialize)]
struct Body<'a> {
    valid: bool,
    transfers: usize,
    /// The spreadsheets that some of them come from.
    sheets: &'a [SheetUsed],
    errors: &'a [Diagnostic],
    warnings: &'a [Diagnostic],
    /// Errors beyond the limit of what is collected.
    more: usize,
}

pub(super) fn validate(arguments: &args::Validate, console: &Console) -> Result<Exit, Failure> {
    let loaded = job::load(&super::jobs::paths(&arguments.files));
    if arguments.output.format == Format::Human {
        let sheets = loaded.as_ref().map(|loaded| from_sheets(&loaded.sheets)).unwrap_or_default();
        let transfers = super::jobs::told(loaded, console)?;
        let campaigns: std::collections::BTreeSet<_> =
            transfers.iter().map(|transfer| &transfer.key.campaign).collect();
        console.print(&format!(
            "{} in {}: the job files are right\n{sheets}",
            counted(transfers.len(), "transfer"),
            counted(campaigns.len(), "campaign")
        ));
        return Ok(Exit::Done);
    }
    let none = Diagnostics::default();
    let (exit, transfers, found, warnings) = match &loaded {
        Ok(loaded) => {
            let transfers = loaded.campaigns.iter().map(|campaign| campaign.transfers.len()).sum();
            (Exit::Done, transfers, &none, &loaded.warnings)
        }
        Err(found) => {
            let exit = if found.only_missing_paths() { Exit::NotFound } else { Exit::BadJob };
            (exit, 0, found, &none)
        }
    };
    let body = Body {
        valid: loaded.is_ok(),
        transfers,
        sheets: loaded.as_ref().map_or(&[], |loaded| &loaded.sheets),
        errors: &found.diagnostics,
        warnings: &warnings.diagnostics,
        more: found.more,
    };
    let envelope = Envelope::new(None, exit.code(), body);
    let text = match arguments.output.format {
        Format::Jsonl => json_line(&envelope),
        Format::Human | Format::Json => json_text(&envelope),
    };
    console.print(&text);
    Ok(exit)
}

/// A line a spreadsheet.
fn from_sheets(sheets: &[SheetUsed]) -> String {
    sheets
        .iter()
        .map(|sheet| format!("  {} from {}\n", counted(sheet.transfers, "transfer"), sheet.file))
        .collect()
}
