//! `plan`: what would a run do? Looks, and writes nothing.

use std::sync::Arc;

use super::{
    Exit,
    args::{self, Format},
    failure::Failure,
    jobs, ledger,
    output::{self, Console},
    signals, wires,
};
use crate::{
    campaign::Transfer,
    ledger::Replay,
    report::{Envelope, JsonLine, PlanJson, PlanSummary, json_line, plan_body, plan_text},
    run::{Claims, LookReport, Looked, ToLookAt, Would, look},
    transfer::History,
};

pub(super) async fn plan(arguments: args::Plan, console: &Console) -> Result<Exit, Failure> {
    let transfers = jobs::load(&arguments.jobs.files, console)?;
    let reader = ledger::open_to_look(&arguments.state, wires::kind(&arguments.wires))?;
    let known = reader.as_ref().map(|reader| reader as &dyn Replay);
    let selected = jobs::select(&arguments.jobs, transfers, |transfer| ledger::outcome(known, transfer))?;
    wires::refuse_simulated_readings(&arguments.wires, &selected)?;
    let reach = wires::reach(&arguments.wires, &selected).await?;
    let (stop, caught) = signals::heed();
    let settings =
        wires::look_settings(&arguments.wires, &reach, wires::parallel(&arguments.wires, &selected), stop)?;
    let report = look(with_histories(selected, known)?, settings).await;
    let looked = &report.looked;
    let exit = match caught.signal() {
        Some(signal) if looked.iter().any(|looked| looked.would == Would::NotLooked) => Exit::Stopped(signal),
        _ => exit(looked, arguments.detailed_exitcode),
    };
    print(&report, exit, arguments.output.format, arguments.verbose, console);
    Ok(exit)
}

fn with_histories(
    transfers: Vec<Arc<Transfer>>,
    known: Option<&dyn Replay>,
) -> Result<Vec<ToLookAt>, Failure> {
    let claims = known.map(Claims::of).transpose()?.unwrap_or_default();
    transfers
        .into_iter()
        .map(|transfer| {
            let history = match known {
                Some(known) => known.record(&transfer.key)?.history,
                None => History::default(),
            };
            let claimed_by = claims.against(&transfer).cloned();
            Ok(ToLookAt { transfer, history, claimed_by })
        })
        .collect()
}

/// The worst of what was seen, in the order of a run's exit codes.
pub(super) fn exit(looked: &[Looked], detailed: bool) -> Exit {
    let any = |would| looked.iter().any(|looked| looked.would == would);
    match () {
        () if any(Would::Unknown) => Exit::Unknown,
        () if any(Would::Mismatch) => Exit::Mismatch,
        () if any(Would::Refuse) => Exit::Refused,
        () if any(Would::Fail) => Exit::Failed,
        () if any(Would::NotReach) => Exit::Unreachable,
        () if detailed && (any(Would::Transfer) || any(Would::Settle)) => Exit::Pending,
        () => Exit::Done,
    }
}

fn print(report: &LookReport, exit: Exit, format: Format, verbose: bool, console: &Console) {
    match format {
        Format::Human => console.print(&plan_text(report, output::style(verbose))),
        Format::Json => console.print_json(&Envelope::new(None, exit.code(), plan_body(report))),
        Format::Jsonl => {
            let mut text: String = report
                .looked
                .iter()
                .map(|looked| json_line(&JsonLine::<_, PlanSummary>::Transfer(PlanJson::from(looked))))
                .collect();
            let summary = Envelope::new(None, exit.code(), PlanSummary::from(report));
            text.push_str(&json_line(&JsonLine::<PlanJson, _>::Summary(summary)));
            console.print(&text);
        }
    }
}
