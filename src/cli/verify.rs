//! `verify`: read the meters of finished transfers again, and hold them against the record. Records nothing.

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
    ledger::{LedgerReader, Replay, SqliteLedger},
    report::{
        Envelope, FoundAgainJson, FoundAgainSummary, JsonLine, found_again_body, found_again_summary,
        found_again_text, json_line, json_text,
    },
    run::{FoundAgain, Left, Standing, verify_again},
};

pub(super) async fn verify(arguments: args::Verify, console: &Console) -> Result<Exit, Failure> {
    let transfers = jobs::load(&arguments.jobs.files, console)?;
    let kind = wires::kind(&arguments.wires);
    ledger::is_kept(&arguments.state, kind)?;
    let reader = SqliteLedger::open_read_only(&ledger::state_dir(&arguments.state)?, Some(kind))?;
    let outcome = |transfer: &Transfer| ledger::outcome(Some(&reader), transfer);
    let selected = jobs::select(&arguments.jobs, transfers, outcome)?;
    let reach = wires::reach(&arguments.wires, &selected).await?;
    let (stop, caught) = signals::heed();
    let settings =
        wires::look_settings(&arguments.wires, &reach, wires::parallel(&arguments.wires, &selected), stop)?;
    let known = selected.into_iter().map(|transfer| known(transfer, &reader));
    let found = verify_again(known.collect::<Result<_, Failure>>()?, settings).await;
    let exit = match caught.signal() {
        Some(signal) if found.iter().any(|found| found.standing == Standing::NotLooked) => {
            Exit::Stopped(signal)
        }
        _ => exit(&found),
    };
    console.print(&text(&found, exit, arguments.output.format));
    Ok(exit)
}

fn known(transfer: Arc<Transfer>, reader: &LedgerReader) -> Result<(Arc<Transfer>, Left), Failure> {
    let history = reader.record(&transfer.key)?.history;
    let undo = reader.record(&transfer.key.undo(history.generation()))?.history;
    let left = Left::of(&transfer, &history, &undo);
    Ok((transfer, left))
}

/// The worst of what was found, in the order of a run's exit codes.
fn exit(found: &[FoundAgain]) -> Exit {
    let any = |standing| found.iter().any(|found| found.standing == standing);
    match () {
        () if any(Standing::Implausible) => Exit::Mismatch,
        () if any(Standing::OtherMeter) => Exit::Refused,
        () if any(Standing::Failed) => Exit::Failed,
        () if any(Standing::Unreachable) => Exit::Unreachable,
        () if any(Standing::NotDone) || any(Standing::NotLooked) => Exit::Unfinished,
        () => Exit::Done,
    }
}

fn text(found: &[FoundAgain], exit: Exit, format: Format) -> String {
    match format {
        Format::Human => found_again_text(found, output::style(false)),
        Format::Json => json_text(&Envelope::new(None, exit.code(), found_again_body(found))),
        Format::Jsonl => {
            let line =
                |found| json_line(&JsonLine::<_, FoundAgainSummary>::Transfer(FoundAgainJson::from(found)));
            let summary = Envelope::new(None, exit.code(), found_again_summary(found));
            let last = json_line(&JsonLine::<FoundAgainJson, _>::Summary(summary));
            found.iter().map(line).chain([last]).collect()
        }
    }
}
