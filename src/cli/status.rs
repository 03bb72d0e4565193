//! `status`: what the ledger knows of a job's transfers. No meter is touched.

use std::{sync::Arc, time::Duration};

use super::{
    Exit,
    args::{self, Format},
    failure::Failure,
    jobs,
    ledger::{open_any_to_look, outcome, standing},
    output::{self, Console},
};
use crate::{
    ledger::{Head, Replay},
    report::{Envelope, JsonLine, RunSummary, TransferJson, json_line, run_body, summary_text},
    run::{RunReport, TransferResult},
};

pub(super) fn status(arguments: &args::Status, console: &Console) -> Result<Exit, Failure> {
    let transfers = jobs::load(&arguments.jobs.files, console)?;
    let ledger = open_any_to_look(&arguments.state)?;
    let selected = jobs::select(&arguments.jobs, transfers, |transfer| outcome(Some(&ledger), transfer))?;
    let results = selected
        .into_iter()
        .map(|transfer| {
            let history = ledger.record(&transfer.key)?.history;
            let ending = standing(&transfer, &history);
            Ok(Arc::new(TransferResult::new(transfer, &history, ending, 0)))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let report = report(results, ledger.head()?);
    let exit = Exit::of_run(&report, None);
    match arguments.output.format {
        Format::Human => console.print(&summary_text(&report, output::style(false))),
        Format::Json => console.print_json(&Envelope::new(None, exit.code(), run_body(&report))),
        Format::Jsonl => {
            let lines = report
                .results
                .iter()
                .map(|result| json_line(&JsonLine::<_, RunSummary>::Transfer(TransferJson::from(&**result))));
            let summary = Envelope::new(None, exit.code(), RunSummary::from(&report));
            let lines = lines.chain([json_line(&JsonLine::<TransferJson, _>::Summary(summary))]);
            console.print(&lines.collect::<String>());
        }
    }
    Ok(exit)
}

/// The transfers as the ledger leaves them, in the form of a run that did nothing: exit codes are decided from it.
pub(super) fn report(results: Vec<Arc<TransferResult>>, ledger_head: Option<Head>) -> RunReport {
    RunReport {
        results,
        ledger_broken: None,
        defect: None,
        ledger_head,
        stopped: false,
        stopping: None,
        elapsed: Duration::ZERO,
        reckoning: None,
    }
}
