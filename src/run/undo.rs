//! Taking back what a finished transfer did, by a transfer of its own. The transfer that is undone says durably that
//! this has begun before it begins, so that from then on its record alone tells everybody that it is not simply done;
//! and says how it ended afterwards. A crash in between leaves it so; undoing it again goes on where that was.

use std::sync::Arc;

use super::{Event, RunReport, RunSettings, run};
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::{Ledger, LedgerError},
    transfer::{Fact, History, NotUndoable, Now, Phase, Recorded, UndoBegun, undo_of},
};

/// A transfer to be undone, and on whose word.
#[derive(Debug, Clone)]
pub struct ToUndo {
    /// The transfer, as it was done.
    pub transfer: Arc<Transfer>,
    /// What its target can have counted since at most, Wh, VARh or VAh, where the operator says so.
    pub max_growth: Option<i64>,
    /// Why.
    pub reason: String,
    /// Who asks for it.
    pub operator: String,
}

/// Why nothing was undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// There is nothing to undo, or it is not known how.
    #[error("{0}")]
    NotUndoable(#[from] NotUndoable),
    /// The ledger cannot be read, or not be written.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}

/// Undoes one transfer, or goes on where an earlier undo of it was left. The report is of the undo, a transfer of its
/// own; nothing was asked of a meter where this fails.
pub async fn undo(
    asked: ToUndo,
    ledger: Arc<dyn Ledger>,
    settings: RunSettings,
    listen: &mut (dyn FnMut(Event) + Send),
) -> Result<RunReport, UndoError> {
    let key = asked.transfer.key.clone();
    let history = ledger.record(&key)?.history;
    let plan = Arc::new(undo_of(&asked.transfer, &history, asked.max_growth)?);
    let (name, clock) = (Arc::clone(&settings.run), settings.clock);
    if !matches!(history.phase(), Phase::Undoing { .. }) {
        let begun = UndoBegun { by: plan.key.clone(), reason: asked.reason, operator: asked.operator };
        add(&*ledger, &key, &history, Fact::UndoBegun(begun), &name, clock.now()).await?;
    }
    let mut report = run(vec![Arc::clone(&plan)], Arc::clone(&ledger), settings, listen).await;
    let why = report.results.first().map_or_else(String::new, |result| result.reason.clone());
    if report.ledger_broken.is_none()
        && let Err(error) = conclude_undo(&*ledger, &plan.key, &why, &name, clock.now()).await
    {
        report.ledger_broken = Some(error.to_string());
    }
    Ok(report)
}

/// Says in the record of the undone transfer how the undo `by` ended, if it did: that it was undone, or that the undo
/// was given up. One that may still take effect is left as it is.
pub async fn conclude_undo(
    ledger: &dyn Ledger,
    by: &TransferKey,
    why: &str,
    run: &Arc<str>,
    now: Now,
) -> Result<(), LedgerError> {
    let Some(key) = by.undoes() else { return Ok(()) };
    let undone = ledger.record(&key)?.history;
    if !matches!(undone.phase(), Phase::Undoing { .. }) {
        return Ok(());
    }
    let undo = ledger.record(by)?.history;
    let fact = match undo.phase() {
        Phase::Done => Fact::Undone { by: by.clone() },
        Phase::Idle if undo.closed_intents.is_empty() => Fact::UndoGivenUp { reason: why.to_owned() },
        _ => return Ok(()),
    };
    add(ledger, &key, &undone, fact, run, now).await
}

async fn add(
    ledger: &dyn Ledger,
    key: &TransferKey,
    history: &History,
    fact: Fact,
    run: &Arc<str>,
    now: Now,
) -> Result<(), LedgerError> {
    let recorded = Recorded { seq: history.seq + 1, at: now.wall, run: Arc::clone(run), fact };
    ledger.append(key, recorded).await
}
