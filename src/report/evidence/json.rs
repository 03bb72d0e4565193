//! `report.json`: all of it as data, in the envelope of every JSON answer.

use jiff::Timestamp;
use serde::Serialize;

use super::{Balance, Bars, Certificate, Evidence, Timeline};
use crate::{
    ledger::{Head, Origin},
    report::{Counts, NOT_CARRIED},
    transfer::Outcome,
};

/// The body of `report.json`.
#[derive(Debug, Clone, Serialize)]
pub struct EvidenceBody<'a> {
    /// When the report was made.
    pub made_at: Timestamp,
    /// The ledger that the facts are from.
    pub ledger: LedgerJson<'a>,
    /// The campaigns in it.
    pub campaigns: &'a [String],
    /// How many transfers stand how; what is done is `done`, whenever that was.
    pub counts: &'a Counts<Outcome>,
    /// What all finished transfers add up to.
    pub balance: &'a Balance,
    /// When commands took effect.
    pub timeline: Option<&'a Timeline>,
    /// Real energy carried over by label.
    pub carried_by_label: Option<&'a Bars>,
    /// What the procedure does not carry.
    pub not_carried: &'static str,
    /// One a transfer.
    pub transfers: &'a [Certificate],
}

/// What is known of the ledger.
#[derive(Debug, Clone, Serialize)]
pub struct LedgerJson<'a> {
    /// What it says of itself.
    #[serde(flatten)]
    origin: &'a Origin,
    /// How far its chain was followed.
    head: Head,
    /// Whether every fact is as it was recorded, as far as the ledger alone can tell.
    sound: bool,
    /// The first thing that is wrong with it.
    fault: Option<&'a str>,
}

impl<'a> From<&'a Evidence> for EvidenceBody<'a> {
    fn from(evidence: &'a Evidence) -> Self {
        let ledger = &evidence.ledger;
        Self {
            made_at: evidence.made_at,
            ledger: LedgerJson {
                origin: &ledger.origin,
                head: ledger.head,
                sound: ledger.fault.is_none(),
                fault: ledger.fault.as_deref(),
            },
            campaigns: &evidence.campaigns,
            counts: &evidence.counts,
            balance: &evidence.balance,
            timeline: evidence.timeline.as_ref(),
            carried_by_label: evidence.bars.as_ref(),
            not_carried: NOT_CARRIED,
            transfers: &evidence.certificates,
        }
    }
}
