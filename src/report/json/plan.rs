//! `plan` in JSON: what a run would do, and why.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::MeterJson;
use crate::{
    meter::Readings,
    report::Counts,
    run::{Forecast, LookReport, Looked, Would},
    transfer::{ReasonCode, Verdict},
};

/// What a run would do with one transfer. The readings have the names they have in a run's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanJson {
    /// Campaign.
    pub campaign: String,
    /// Id within the campaign.
    pub id: String,
    /// Labels of the job.
    pub labels: BTreeMap<String, String>,
    /// What a person checked by hand, as the job says.
    pub checked: BTreeMap<String, String>,
    /// What a run would do.
    pub would: Would,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next; `null` if nothing.
    pub hint: Option<String>,
    /// The stable name of the reason, for `meterferry explain`; `null` where no guard said no and no meter
    /// failed.
    pub code: Option<ReasonCode>,
    /// What each guard said; empty if none was asked.
    pub verdicts: Vec<Verdict>,
    /// Where the job says so: `FILE:LINE` with the lines of source and target; `null` if it comes from no job file.
    pub written_at: Option<String>,
    /// The meter whose readings would be carried.
    pub source_meter: MeterJson,
    /// The meter that would go on counting.
    pub target_meter: MeterJson,
    /// What the source has counted.
    pub source: Option<Readings>,
    /// What the target holds now.
    pub target_before: Option<Readings>,
    /// The words that would be staged.
    pub staged: Option<Readings>,
    /// Where a run would not begin it now because its window is closed: when that opens. Else `null`.
    pub window_closed: Option<String>,
}

/// The body of `plan --format json`. A transfer becomes a [`PlanJson`] when it is written, one at a time.
#[derive(Debug, Clone, Serialize)]
pub struct PlanBody<'a> {
    /// Counts.
    #[serde(flatten)]
    pub summary: PlanSummary,
    /// One answer a transfer, in the order of the job files.
    #[serde(serialize_with = "each")]
    pub transfers: &'a [Looked],
}

fn each<S: Serializer>(looked: &&[Looked], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(looked.iter().map(PlanJson::from))
}

/// The body of the last line of `plan --format jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanSummary {
    /// How many transfers a run would do what with.
    pub counts: Counts<Would>,
    /// What the run would ask of the wires.
    pub forecast: Forecast,
}

impl From<&Looked> for PlanJson {
    fn from(looked: &Looked) -> Self {
        let transfer = &looked.transfer;
        Self {
            campaign: transfer.key.campaign.to_string(),
            id: transfer.key.id.to_string(),
            labels: transfer.labels.clone(),
            checked: transfer.checked.clone(),
            would: looked.would,
            reason: looked.reason.clone(),
            hint: looked.hint.clone(),
            code: looked.code,
            verdicts: looked.verdicts.clone(),
            written_at: transfer.written_at.as_ref().map(ToString::to_string),
            source_meter: MeterJson::source(&transfer.source, None)
                .identified(looked.source_identity.as_ref()),
            target_meter: MeterJson::new(&transfer.target, None).identified(looked.target_identity.as_ref()),
            source: looked.source.clone(),
            target_before: looked.target.clone(),
            staged: looked.staged.clone(),
            window_closed: looked.window_closed.clone(),
        }
    }
}

impl From<&LookReport> for PlanSummary {
    fn from(plan: &LookReport) -> Self {
        let counts = plan.looked.iter().map(|looked| looked.would).collect();
        Self { counts, forecast: plan.forecast.clone() }
    }
}

/// The body of `plan --format json`.
pub fn plan_body(plan: &LookReport) -> PlanBody<'_> {
    PlanBody { summary: PlanSummary::from(plan), transfers: &plan.looked }
}
