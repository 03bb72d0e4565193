//! What a campaign came to, as evidence that can be kept: from the facts of a ledger to `report.html`, `report.json`,
//! `junit.xml` and `summary.md`.
//!
//! Pure: plain data in, text out. It knows no file, no clock, no network and no meter, and decides no outcome: how
//! each transfer stands comes in with its facts. What it adds up, it adds up in exact integers (DOMAIN.md §1).
//!
//! Start at [`Evidence::new`]: it turns each [`Subject`] into a [`Certificate`], and all of them into a [`Balance`]
//! and two charts. The other files here only put that into words.

mod balance;
mod bars;
mod bounds;
mod certificate;
mod exact;
mod gap;
mod guards;
mod html;
mod json;
mod junit;
mod markdown;
mod next;
mod order;
mod story;
mod subject;
#[cfg(test)]
mod tests;
mod timeline;

use jiff::Timestamp;

use super::Counts;
use crate::{
    ledger::{Head, Origin},
    transfer::Outcome,
};

pub use balance::{Balance, Exception, QuantityBalance};
pub use bars::{Bar, Bars, NoSuchLabel};
pub use certificate::Certificate;
pub use exact::Exact;
pub use gap::Gap;
pub use guards::Guards;
pub use html::html;
pub use json::EvidenceBody;
pub use junit::junit;
pub use markdown::markdown;
pub use story::{RunOf, SourceKind, Told};
pub use subject::Subject;
pub use timeline::{Bucket, Timeline};

/// What is known of the ledger that the facts are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// What it says of itself; real meters or simulated ones among it.
    pub origin: Origin,
    /// How far its chain was followed.
    pub head: Head,
    /// The first thing that is wrong with it, if checking it found anything.
    pub fault: Option<String>,
}

/// Everything a report says.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The ledger.
    pub ledger: Provenance,
    /// When the report was made.
    pub made_at: Timestamp,
    /// The campaigns, sorted.
    pub campaigns: Vec<String>,
    /// How many transfers stand how. What is done counts as `done`, whenever that was.
    pub counts: Counts<Outcome>,
    /// One a transfer, ordered by campaign and id, numbers in them by their value.
    pub certificates: Vec<Certificate>,
    /// What all finished transfers add up to.
    pub balance: Balance,
    /// When commands took effect; nothing if none did.
    pub timeline: Option<Timeline>,
    /// Real energy carried over by label; nothing if no label tells transfers apart.
    pub bars: Option<Bars>,
}

impl Evidence {
    /// The report of these transfers. `by` names the label that the energy chart groups by; without it, the label with
    /// the fewest values, two at least, is taken.
    pub fn new(
        ledger: Provenance,
        made_at: Timestamp,
        subjects: &[Subject],
        by: Option<&str>,
    ) -> Result<Self, NoSuchLabel> {
        let mut certificates: Vec<Certificate> = subjects.iter().map(Certificate::new).collect();
        certificates.sort_by(|one, other| order::compare(&one.key(), &other.key()));
        let mut campaigns: Vec<String> =
            certificates.iter().map(|certificate| certificate.transfer.campaign.clone()).collect();
        campaigns.dedup();
        Ok(Self {
            ledger,
            made_at,
            campaigns,
            counts: certificates.iter().map(|certificate| certificate.transfer.outcome).collect(),
            balance: Balance::of(&certificates),
            timeline: Timeline::of(&certificates),
            bars: Bars::of(&certificates, by)?,
            certificates,
        })
    }

    /// Those that a person must see to, the most urgent first.
    pub fn open(&self) -> Vec<&Certificate> {
        let mut open: Vec<&Certificate> =
            self.certificates.iter().filter(|certificate| certificate.needs_somebody()).collect();
        open.sort_by_key(|certificate| {
            std::cmp::Reverse(super::words::urgency(certificate.transfer.outcome))
        });
        open
    }

    /// Those for which nothing recorded says that CT and PT ratios were compared.
    pub fn ct_pt_unchecked(&self) -> Vec<&Certificate> {
        self.certificates.iter().filter(|certificate| certificate.ct_pt.is_none()).collect()
    }
}
