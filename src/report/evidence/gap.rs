//! The time between the last reading and the command: what flowed then is in neither meter. The reading is the
//! source's; but the target's where its own energy is added to, since it counts until it is read.

use jiff::Timestamp;
use serde::Serialize;

use super::{Exact, bounds::elapsed, story::SourceKind};
use crate::{
    campaign::{TargetEnergy, Transfer},
    meter::{Bound, kilo},
    report::words::duration_words,
    transfer::Intent,
};

/// From the reading that was carried to the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Whether the reading is the target's.
    pub of_target: bool,
    /// When it was read.
    pub from: Timestamp,
    /// When the answer to the command, or its absence, was recorded: the command left before.
    pub to: Timestamp,
    /// How long that is, ms; nothing if the clock went backwards.
    pub milliseconds: Option<u64>,
    /// What can have flowed meanwhile, Wh, VARh or VAh each: the largest load for that time. Nothing if the job gives
    /// no `max_load`.
    pub at_most: Option<Exact>,
}

impl Gap {
    /// The gap of the transfer with this intent, whose command was over at `to`.
    pub(super) fn of(transfer: &Transfer, intent: &Intent, to: Timestamp) -> Self {
        let of_target = intent.target_energy == TargetEnergy::Add;
        let from = if of_target { intent.pre_image.at } else { intent.source.at };
        let time = elapsed(from, to);
        let load = transfer.options.verify.max_load;
        let at_most =
            time.zip(load).map(|(time, max_load)| Exact::from(Bound { tolerance: 0, max_load }.width(time)));
        let milliseconds = time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Self { of_target, from, to, milliseconds, at_most }
    }

    /// In a sentence.
    pub(super) fn words(&self, source: SourceKind) -> String {
        let Some(milliseconds) = self.milliseconds else {
            return "not known: the clock went backwards".to_owned();
        };
        let time = duration_words(std::time::Duration::from_millis(milliseconds));
        let since = match source {
            _ if self.of_target => "from the last reading of the target to the command",
            SourceKind::Read => "from the last reading of the source to the command",
            SourceKind::Captured => "from the captured reading to the command",
            SourceKind::Typed => "from the reading that was typed to the command",
            SourceKind::Snapshot => "from the snapshot to the command",
        };
        match self.at_most {
            Some(most) => format!(
                "{time} {since}, at most; what flowed meanwhile is in neither meter: at most {} kWh (kVARh, kVAh)",
                kilo(most.0)
            ),
            None => format!(
                "{time} {since}, at most; what flowed meanwhile is in neither meter (the job gives no max_load to bound it)"
            ),
        }
    }
}
