//! What happens in a run, as plain values for whoever wants to tell it.

use std::{sync::Arc, time::Duration};

use jiff::Zoned;

use crate::{
    campaign::{Gateway, Transfer},
    transfer::{Fact, Outcome, Step},
};

use super::{Capacity, Forecast, Pulse, StopReason, TransferResult};

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The run begins.
    RunBegan {
        /// Its name in the record.
        run: Arc<str>,
        /// How many transfers were selected.
        transfers: usize,
        /// Behind how many gateways.
        gateways: usize,
        /// How much is done at a time.
        capacity: Capacity,
        /// From when on nothing begins.
        deadline: Option<Zoned>,
    },
    /// What the run will ask of the wires, by the records of the transfers. Nothing is measured yet: no times.
    Foreseen(Forecast),
    /// How the run stands; told now and then, if [`RunSettings::pulse`](super::RunSettings::pulse) says so, and a last
    /// time before the end.
    Pulse(Arc<Pulse>),
    /// A fact was handed to the ledger; one that must be durable is.
    Recorded {
        /// Of which transfer.
        transfer: Arc<Transfer>,
        /// In which state.
        step: Step,
        /// In which try.
        attempt: u32,
        /// The fact.
        fact: Arc<Fact>,
    },
    /// A transfer lets others go first and starts again later.
    Retrying {
        /// Which transfer.
        transfer: Arc<Transfer>,
        /// Which try comes next.
        attempt: u32,
        /// After how long.
        delay: Duration,
        /// Why.
        reason: String,
    },
    /// A gateway cannot be reached: whoever is behind it waits until it is tried again.
    GatewayDown {
        /// Which gateway.
        gateway: Arc<Gateway>,
        /// Connections that failed in a row.
        tries: u32,
        /// When it is tried again.
        delay: Duration,
        /// Why.
        reason: String,
    },
    /// A transfer has its outcome.
    Ended(Arc<TransferResult>),
    /// The run begins nothing new from here on.
    Stopping {
        /// Why.
        reason: Arc<StopReason>,
        /// Whether it stops at once, without bringing anything to rest.
        now: bool,
    },
    /// The ledger cannot record any more; nothing new is begun.
    LedgerBroken {
        /// Why.
        error: String,
    },
    /// The run is over.
    RunEnded {
        /// How many transfers have which outcome; adds up to the number selected.
        counts: Vec<(Outcome, usize)>,
        /// How long it took.
        elapsed: Duration,
    },
}
