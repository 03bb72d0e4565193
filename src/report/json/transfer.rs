//! `run` in JSON: one transfer's result, and the whole run's.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::MeterJson;
use crate::{
    ledger::Head,
    meter::Readings,
    report::Counts,
    run::{Reckoning, RecordedBy, RunReport, StopReason, Times, TransferResult},
    transfer::{BoundUsed, Outcome, ReasonCode},
};

/// One transfer's outcome with everything that was read and written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransferJson {
    /// Campaign.
    pub campaign: String,
    /// Id within the campaign.
    pub id: String,
    /// Labels of the job.
    pub labels: BTreeMap<String, String>,
    /// One of nine words (DESIGN.md §1).
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next; `null` if nothing.
    pub hint: Option<String>,
    /// The stable name of the reason, for `meterferry explain`; the outcome itself where no guard said no and no meter
    /// failed.
    pub code: &'static str,
    /// Where the job says so: `FILE:LINE` with the lines of source and target; `null` if it comes from no job file.
    pub written_at: Option<String>,
    /// The meter whose readings are carried.
    pub source_meter: MeterJson,
    /// The meter that goes on counting.
    pub target_meter: MeterJson,
    /// What was read from the source; each energy with its four registers and its value as a string.
    pub source: Option<Readings>,
    /// What the target held before anything was written: the pre-image.
    pub target_before: Option<Readings>,
    /// The words for the buffer.
    pub staged: Option<Readings>,
    /// What the target held when it was verified.
    pub target_after: Option<Readings>,
    /// The bound that verified it, or did not. Wh, VARh or VAh.
    pub bound: Option<BoundUsed>,
    /// When.
    pub times: TimesJson,
    /// Tries in this run; 0 if nothing was sent.
    pub attempts: u32,
    /// Who last took it up, in this run or an earlier one; `null` if nobody did.
    pub recorded_by: Option<RecordedByJson>,
}

/// Who took up a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordedByJson {
    /// Who started the run, `user@host` unless they said otherwise; `null` if it was not recorded.
    pub operator: Option<String>,
    /// The job's Git commit, with `-dirty` behind it if the files differed; `null` if they are in none.
    pub revision: Option<String>,
    /// Version of the program.
    pub tool_version: String,
}

/// When things happened to a transfer, in this run or an earlier one. RFC 3339, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimesJson {
    /// A run first took it up.
    pub begun: Option<Timestamp>,
    /// The source was read.
    pub source_read: Option<Timestamp>,
    /// The pre-image was read.
    pub target_before_read: Option<Timestamp>,
    /// The intent was recorded.
    pub intended: Option<Timestamp>,
    /// The commit was known to have taken effect.
    pub committed: Option<Timestamp>,
    /// The target was read to verify it, whatever that showed.
    pub target_after_read: Option<Timestamp>,
}

/// The body of `run --format json`. A transfer becomes a [`TransferJson`] when it is written, one at a time: all of them
/// at once would take more memory than the run.
#[derive(Debug, Clone, Serialize)]
pub struct RunBody<'a> {
    /// Counts, time and trouble.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// One result a transfer, in the order of the job files.
    #[serde(serialize_with = "each")]
    pub transfers: &'a [Arc<TransferResult>],
}

fn each<S: Serializer>(results: &&[Arc<TransferResult>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(results.iter().map(|result| TransferJson::from(&**result)))
}

/// What is to be said of the run as a whole; the body of the last line of `run --format jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// How many transfers have which outcome.
    pub counts: Counts<Outcome>,
    /// How long the run took, ms.
    pub elapsed_ms: u64,
    /// What was expected of the wires, and what it came to; `null` for commands that are no run.
    pub forecast: Option<Reckoning>,
    /// Whether somebody asked the run to stop.
    pub stopped: bool,
    /// Why the run began nothing new from some instant on; `null` if nothing stopped it.
    pub stopped_by: Option<StoppedByJson>,
    /// Why the ledger stopped recording, if it did.
    pub ledger_error: Option<String>,
    /// A defect in this program, if one showed.
    pub defect: Option<String>,
    /// How far the ledger has come, to be kept elsewhere; `null` if it is thrown away, or cannot be read.
    pub ledger_head: Option<Head>,
}

/// What stopped a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoppedByJson {
    /// `signal`, `canary`, `max_fail`, `deadline` or `ledger`.
    pub cause: &'static str,
    /// The same in a sentence.
    pub says: String,
}

impl From<&StopReason> for StoppedByJson {
    fn from(reason: &StopReason) -> Self {
        Self { cause: reason.word(), says: reason.to_string() }
    }
}

impl From<&TransferResult> for TransferJson {
    fn from(result: &TransferResult) -> Self {
        let transfer = &result.transfer;
        Self {
            campaign: transfer.key.campaign.to_string(),
            id: transfer.key.id.to_string(),
            labels: transfer.labels.clone(),
            outcome: result.outcome,
            reason: result.reason.clone(),
            hint: result.hint.clone(),
            code: result.code.map_or(result.outcome.word(), ReasonCode::as_str),
            written_at: transfer.written_at.as_ref().map(ToString::to_string),
            source_meter: MeterJson::source(&transfer.source, result.source_serial),
            target_meter: MeterJson::new(&transfer.target, result.target_serial),
            source: result.source.clone(),
            target_before: result.target_before.clone(),
            staged: result.staged.clone(),
            target_after: result.target_after.clone(),
            bound: result.bound.clone(),
            times: TimesJson::from(&result.times),
            attempts: result.attempts,
            recorded_by: result.recorded_by.as_ref().map(RecordedByJson::from),
        }
    }
}

impl From<&RecordedBy> for RecordedByJson {
    fn from(by: &RecordedBy) -> Self {
        let text = |text: &Option<Arc<str>>| text.as_deref().map(str::to_owned);
        let (operator, revision) = (text(&by.author.operator), text(&by.author.revision));
        Self { operator, revision, tool_version: by.tool_version.clone() }
    }
}

impl From<&Times> for TimesJson {
    fn from(times: &Times) -> Self {
        Self {
            begun: times.begun,
            source_read: times.source_read,
            target_before_read: times.target_read,
            intended: times.intended,
            committed: times.committed,
            target_after_read: times.verified,
        }
    }
}

impl From<&RunReport> for RunSummary {
    fn from(report: &RunReport) -> Self {
        Self {
            counts: report.results.iter().map(|result| result.outcome).collect(),
            elapsed_ms: milliseconds(report.elapsed),
            forecast: report.reckoning.clone(),
            stopped: report.stopped,
            stopped_by: report.stopping.as_deref().map(StoppedByJson::from),
            ledger_error: report.ledger_broken.clone(),
            defect: report.defect.clone(),
            ledger_head: report.ledger_head,
        }
    }
}

/// The body of `run --format json`.
pub fn run_body(report: &RunReport) -> RunBody<'_> {
    RunBody { summary: RunSummary::from(report), transfers: &report.results }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
