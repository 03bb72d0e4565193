//! What is to be said of one transfer at the end, put together from its record.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    campaign::Transfer,
    meter::Readings,
    transfer::{Author, Began, BoundUsed, Ending, History, Identity, Outcome, Phase, ReasonCode},
};

/// When things happened to a transfer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// A run first took it up.
    pub begun: Option<Timestamp>,
    /// The source was read.
    pub source_read: Option<Timestamp>,
    /// The target was read before.
    pub target_read: Option<Timestamp>,
    /// The intent was recorded.
    pub intended: Option<Timestamp>,
    /// The commit was known to have taken effect.
    pub committed: Option<Timestamp>,
    /// The target was read after.
    pub verified: Option<Timestamp>,
}

/// One transfer's outcome, with all that was read and written.
#[derive(Debug, Clone)]
pub struct TransferResult {
    /// The transfer.
    pub transfer: Arc<Transfer>,
    /// Its outcome.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The stable name of the reason, where a guard said no or a meter failed.
    pub code: Option<ReasonCode>,
    /// Serial number the source answered with.
    pub source_serial: Option<u32>,
    /// Serial number the target answered with.
    pub target_serial: Option<u32>,
    /// What was read from the source.
    pub source: Option<Readings>,
    /// What the target held before.
    pub target_before: Option<Readings>,
    /// The words for the buffer.
    pub staged: Option<Readings>,
    /// What the target held after.
    pub target_after: Option<Readings>,
    /// The bound that verified it, or did not.
    pub bound: Option<BoundUsed>,
    /// When.
    pub times: Times,
    /// Tries in this run; 0 if nothing was sent.
    pub attempts: u32,
    /// Who last took it up; nothing if nobody did.
    pub recorded_by: Option<RecordedBy>,
}

/// Who last took up a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedBy {
    /// Who started that run, and from which revision of the job.
    pub author: Author,
    /// Version of the program.
    pub tool_version: String,
}

impl From<&Began> for RecordedBy {
    fn from(began: &Began) -> Self {
        Self { author: began.author.clone(), tool_version: began.tool_version.clone() }
    }
}

impl TransferResult {
    /// The result of `transfer` with this record and this ending.
    pub fn new(transfer: Arc<Transfer>, history: &History, ending: Ending, attempts: u32) -> Self {
        let serial = |identity: &Option<Identity>| identity.as_ref().and_then(Identity::serial_number);
        // The words of a closed intent are on no meter: they are not this transfer's any more.
        let intent = history.intent.as_deref().filter(|_| history.phase() != Phase::Idle);
        let source = intent.map(|intent| &intent.source).or(history.source.as_ref());
        let before = intent.map(|intent| &intent.pre_image).or(history.pre_image.as_ref());
        let after = history.verification.as_ref().map(|verification| &verification.after);
        Self {
            outcome: ending.outcome,
            reason: ending.reason,
            hint: ending.hint,
            code: ending.code,
            source_serial: serial(&history.source_identity),
            target_serial: serial(&history.target_identity),
            source: source.map(|reading| reading.readings.clone()),
            target_before: before.map(|reading| reading.readings.clone()),
            staged: intent.map(|intent| intent.staged.clone()),
            target_after: after.map(|reading| reading.readings.clone()),
            bound: history.verification.as_ref().map(|verification| verification.bound.clone()),
            times: Times {
                begun: history.first_begun_at,
                source_read: source.map(|reading| reading.at),
                target_read: before.map(|reading| reading.at),
                intended: intent.map(|intent| intent.at),
                committed: history.committed_at,
                verified: after.map(|reading| reading.at),
            },
            attempts,
            recorded_by: history.began.as_deref().map(RecordedBy::from),
            transfer,
        }
    }
}
