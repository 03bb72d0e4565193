//! `export`: what the ledger knows of a job's transfers, as a spreadsheet. No meter is touched.

use std::path::Path;

use super::{
    Exit, args,
    failure::{Failure, counted},
    jobs,
    ledger::{open_any_to_look, outcome, standing},
    output::Console,
    status, whole_file,
};
use crate::{
    ledger::Replay,
    report::{ExportRow, export_text, is_export},
    run::TransferResult,
};

pub(super) fn export(arguments: &args::Export, console: &Console) -> Result<Exit, Failure> {
    let transfers = jobs::load(&arguments.jobs.files, console)?;
    let ledger = open_any_to_look(&arguments.state)?;
    let selected = jobs::select(&arguments.jobs, transfers, |transfer| outcome(Some(&ledger), transfer))?;
    let rows = selected
        .into_iter()
        .map(|transfer| {
            let record = ledger.record(&transfer.key)?;
            let ending = standing(&transfer, &record.history);
            let result = TransferResult::new(transfer, &record.history, ending, 0);
            Ok(ExportRow::new(result, &record.history, &record.facts))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let text = export_text(&rows, ledger.kind().word(), arguments.separator);
    if arguments.to == Path::new("-") {
        console.print(&text);
    } else {
        whole_file::write(&arguments.to, &text, is_export)?;
        console.remark(&format!("{} in {}", counted(rows.len(), "transfer"), arguments.to.display()));
    }
    let results = rows.into_iter().map(|row| row.result).collect();
    Ok(Exit::of_run(&status::report(results, None), None))
}
