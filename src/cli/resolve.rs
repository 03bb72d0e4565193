//! `resolve`: a person says what was found out about a transfer that a run could not decide.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Exit, args,
    failure::Failure,
    jobs,
    ledger::{head_line, open_existing},
    operator::user_at_host,
    output::Console,
};
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::{Ledger, Replay},
    run::{Clock, conclude_undo},
    transfer::{Fact, Phase, Recorded, Resolution},
};

pub(super) async fn resolve(arguments: args::Resolve, console: &Console) -> Result<Exit, Failure> {
    if arguments.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "--reason is empty")
            .hint("say how it was found out: an auditor will read it"));
    }
    let transfers = jobs::load(&arguments.files, console)?;
    let key = named(&transfers, &arguments.id)?;
    let ledger = open_existing(&arguments.state, arguments.lock_wait)?;
    let history = ledger.record(&key)?.history;
    let decision = Resolution::from(arguments.decision);
    let fact = Fact::Resolved {
        decision,
        reason: arguments.reason.clone(),
        operator: arguments.operator.clone().unwrap_or_else(user_at_host),
    };
    let at = Timestamp::now();
    let recorded = Recorded { seq: history.seq + 1, at, run: "resolve".into(), fact };
    let mut after = history.clone();
    if after.apply(recorded.clone()).is_err() {
        return Err(Failure::new(Exit::Refused, format!("{key}: there is nothing to resolve: {}", stands(history.phase())))
            .hint("only a transfer whose command may have taken effect, or that is a mismatch, can be resolved; `meterferry status PATH…` shows how each stands"));
    }
    let run = Arc::clone(&recorded.run);
    ledger.append(&key, recorded).await?;
    let now = Clock::system().now();
    conclude_undo(&ledger, &key, &arguments.reason, &run, now).await?;
    let follows = what_follows(decision, key.undoes().is_some());
    console.print(&format!("{key}: {follows}\n{}", head_line(&ledger)?));
    Ok(Exit::Done)
}

/// The transfer of this id, or the undo of one: `ID~undo1` has a record of its own.
fn named(transfers: &[Arc<Transfer>], id: &str) -> Result<TransferKey, Failure> {
    let of_id = |key: &TransferKey| key.undoes().map_or_else(|| Arc::clone(&key.id), |undone| undone.id);
    let asked = |transfer: &&Arc<Transfer>| {
        let key = TransferKey { campaign: Arc::clone(&transfer.key.campaign), id: id.into() };
        *transfer.key.id == *of_id(&key)
    };
    let transfer = jobs::the_one(transfers.iter().filter(asked), id)?;
    Ok(TransferKey { campaign: Arc::clone(&transfer.key.campaign), id: id.into() })
}

const fn stands(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "nothing of it is open",
        Phase::Open => "an intent is open",
        Phase::Committed => "it is committed, not verified yet",
        Phase::Done => "it is done",
        Phase::Mismatch => "it is a mismatch",
        Phase::Undoing { .. } => "an undo of it is not finished",
        Phase::Undone => "it was undone",
    }
}

const fn what_follows(decision: Resolution, of_an_undo: bool) -> &'static str {
    match decision {
        Resolution::Committed if of_an_undo => "recorded as committed; the next `undo` verifies it",
        Resolution::NotCommitted if of_an_undo => {
            "recorded as not committed; what it was to undo is as it was"
        }
        Resolution::Accepted if of_an_undo => "recorded as accepted; it is undone",
        Resolution::Committed => "recorded as committed; the next run verifies it",
        Resolution::NotCommitted => "recorded as not committed; the next run starts again, with all guards",
        Resolution::Accepted => "recorded as accepted; it is done",
    }
}
