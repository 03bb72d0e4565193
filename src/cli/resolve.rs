//! `resolve`: a person says what was found out about a transfer that a run could not decide.

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
    ledger::{Ledger, Replay},
    transfer::{Fact, Phase, Recorded, Resolution},
};

pub(super) async fn resolve(arguments: args::Resolve, console: &Console) -> Result<Exit, Failure> {
    if arguments.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "--reason is empty")
            .hint("say how it was found out: an auditor will read it"));
    }
    let transfers = jobs::load(&arguments.files, console)?;
    let mut named = transfers.iter().filter(|transfer| *transfer.key.id == *arguments.id);
    let (Some(transfer), None) = (named.next(), named.next()) else {
        return Err(Failure::new(
            Exit::NothingSelected,
            format!("--id {:?} names no one transfer of the job", arguments.id),
        )
        .hint("ids are those in the job; name one campaign's files if two use that id"));
    };
    let ledger = open_existing(&arguments.state, arguments.lock_wait)?;
    let history = ledger.record(&transfer.key)?.history;
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
        return Err(Failure::new(Exit::Refused, format!("{}: there is nothing to resolve: {}", transfer.key, stands(history.phase())))
            .hint("only a transfer whose command may have taken effect, or that is a mismatch, can be resolved; `meterferry status PATH…` shows how each stands"));
    }
    ledger.append(&transfer.key, recorded).await?;
    console.print(&format!("{}: {}\n{}", transfer.key, what_follows(decision), head_line(&ledger)?));
    Ok(Exit::Done)
}

const fn stands(phase: Phase) -> &'static str {
    match phase {
        Phase::Idle => "nothing of it is open",
        Phase::Open => "an intent is open",
        Phase::Committed => "it is committed, not verified yet",
        Phase::Done => "it is done",
        Phase::Mismatch => "it is a mismatch",
    }
}

const fn what_follows(decision: Resolution) -> &'static str {
    match decision {
        Resolution::Committed => "recorded as committed; the next run verifies it",
        Resolution::NotCommitted => "recorded as not committed; the next run starts again, with all guards",
        Resolution::Accepted => "recorded as accepted; it is done",
    }
}
