//! What the guards said. The ledger keeps the readings that they judged, not their words; they are pure, and are asked
//! again here, of the same readings.

use serde::Serialize;

use crate::{
    campaign::Transfer,
    meter::Readings,
    transfer::{Case, Guard, Intent, Verdict, examine},
};

/// The guards' verdicts on recorded readings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guards {
    /// What each said. That of the ledger is not here: it asks for other transfers, and passed wherever an intent was
    /// recorded.
    pub verdicts: Vec<Verdict>,
    /// Whether the words that were staged are those that follow from the readings and the job's options; nothing if
    /// none were staged.
    pub staged_follows: Option<bool>,
}

impl Guards {
    /// On the readings that an intent keeps.
    pub(super) fn of_intent(transfer: &Transfer, intent: &Intent) -> Self {
        let (guards, staged) = ask(transfer, &intent.source.readings, &intent.pre_image.readings);
        Self { staged_follows: Some(staged.as_ref() == Some(&intent.staged)), ..guards }
    }

    /// On readings that led to no intent.
    pub(super) fn of_readings(transfer: &Transfer, source: &Readings, target: &Readings) -> Self {
        ask(transfer, source, target).0
    }

    /// How many passed, of how many.
    pub(super) fn passed(&self) -> (usize, usize) {
        (self.verdicts.iter().filter(|verdict| verdict.passed).count(), self.verdicts.len())
    }
}

fn ask(transfer: &Transfer, source: &Readings, target: &Readings) -> (Guards, Option<Readings>) {
    let mut examination = examine(&Case { plan: transfer, source, target, claimed_by: None });
    examination.verdicts.retain(|verdict| verdict.guard != Guard::Ledger);
    (Guards { verdicts: examination.verdicts, staged_follows: None }, examination.result.ok())
}
