//! `adopt`: record as done what was done by hand. Reads the meters, and writes to the ledger alone.

use std::sync::Arc;

use serde::Serialize;

use super::{
    Exit,
    args::{self, Format},
    failure::Failure,
    jobs, ledger,
    operator::user_at_host,
    output::Console,
    run as run_command, signals, wires,
};
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::Ledger,
    meter::{Quantity, with_unit},
    report::{Envelope, json_line, json_text},
    run::{self, AdoptError, ToAdopt},
    transfer::Adopted,
};

/// What is printed as JSON.
#[derive(Serialize)]
struct Told<'a> {
    campaign: &'a str,
    id: &'a str,
    adopted: &'a Adopted,
}

pub(super) async fn adopt(arguments: args::Adopt, console: &Console) -> Result<Exit, Failure> {
    let transfer = jobs::load_one(&arguments.files, &arguments.id, console)?;
    let kind = wires::kind(&arguments.wires);
    ledger::is_kept(&arguments.state, kind)?;
    let ledger: Arc<dyn Ledger> = ledger::open_for_run(&arguments.state, kind, arguments.lock_wait)?;
    let reach = wires::reach(&arguments.wires, std::slice::from_ref(&transfer)).await?;
    let (stop, caught) = signals::heed();
    let settings = wires::look_settings(&arguments.wires, &reach, 1, stop)?;
    let asked = ToAdopt {
        transfer: Arc::clone(&transfer),
        done_at: arguments.done_at,
        max_growth: arguments.max_growth,
        reason: arguments.reason,
        operator: arguments.operator.unwrap_or_else(user_at_host),
        run: run_command::run_id().into(),
    };
    let adopted = match run::adopt(asked, ledger, settings).await {
        Ok(adopted) => adopted,
        Err(AdoptError::Stopped) => {
            let exit = caught.signal().map_or(Exit::Unfinished, Exit::Stopped);
            return Err(Failure::new(exit, AdoptError::Stopped.to_string()));
        }
        Err(error) => return Err(told(&transfer, error)),
    };
    let TransferKey { campaign, id } = &transfer.key;
    let json = || Envelope::new(None, Exit::Done.code(), Told { campaign, id, adopted: &adopted });
    console.print(&match arguments.output.format {
        Format::Human => text(&transfer, &adopted),
        Format::Json => json_text(&json()),
        Format::Jsonl => json_line(&json()),
    });
    Ok(Exit::Done)
}

fn told(transfer: &Transfer, error: AdoptError) -> Failure {
    let message = format!("{}: {error}; nothing was recorded", transfer.key);
    match error {
        AdoptError::NotAdoptable(error) => Failure::new(Exit::Refused, message).hint(error.hint()),
        AdoptError::Claimed(by) => Failure::new(Exit::Refused, message)
            .hint(format!("check both jobs; if this transfer follows that one, add `after: {by}`")),
        AdoptError::Refused(refusal) => Failure::new(Exit::Refused, message).hint(refusal.hint()),
        AdoptError::Failed(failure) => {
            let unreachable = failure.outcome() == crate::transfer::Outcome::Unreachable;
            let exit = if unreachable { Exit::Unreachable } else { Exit::Failed };
            Failure::new(exit, message).hint(failure.hint())
        }
        AdoptError::Waiting(_) => Failure::new(Exit::Unfinished, message)
            .hint("plug in at the meter, or type the old meter's readings into the job, then adopt it again"),
        AdoptError::Stopped => Failure::new(Exit::Unfinished, message),
        AdoptError::Ledger(error) => error.into(),
    }
}

/// What was found, energy by energy.
fn text(transfer: &Transfer, adopted: &Adopted) -> String {
    let mut text = format!(
        "{}: recorded as done by hand; the target is where the transfer would have put it\n",
        transfer.key
    );
    for quantity in Quantity::ALL {
        let [source, target] = [&adopted.source, &adopted.target]
            .map(|reading| with_unit(quantity, reading.readings.energy(quantity)));
        text.push_str(&format!("  {:<22} source {source:>24}   target {target:>24}\n", quantity.to_string()));
    }
    text
}
