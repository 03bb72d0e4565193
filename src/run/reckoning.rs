//! What was expected of the wires, what was asked of them, and why it was more.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{Busiest, Forecast, watch::Foreseen};
use crate::transfer::Step;

/// Expected and sent, at the end of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reckoning {
    /// Requests that were to be expected when the run began, if nothing had to be repeated.
    pub requests_expected: u32,
    /// Requests that were sent.
    pub requests_sent: u32,
    /// Requests that nobody could expect, by what they were for.
    pub more: More,
    /// The gateway that had most to do: by the requests expected of it and the time its answers took.
    pub busiest: Option<Busiest>,
    /// How long the expected requests take by the time that answers took, ms (as in [`Forecast`]).
    pub expected_ms: u64,
    /// How long the run took, ms.
    pub elapsed_ms: u64,
}

/// Requests that nobody could expect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct More {
    /// In further tries of a transfer.
    pub further_tries: u32,
    /// To find out by reading what a command did.
    pub settling: u32,
    /// To wait for a command's result.
    pub results: u32,
    /// To read a target again that was to be verified.
    pub verifying: u32,
    /// Sent again on a new connection, since the one that was kept had been closed.
    pub reconnecting: u32,
}

/// Counts requests by the step they were sent in. Shared by all workers.
#[derive(Debug, Default)]
pub(super) struct Spent {
    first_try: [AtomicU32; STEPS],
    further_tries: AtomicU32,
}

const STEPS: usize = Step::Verify as usize + 1;

impl Spent {
    /// One was sent.
    pub(super) fn sent(&self, step: Step, attempt: u32) {
        match attempt {
            0 | 1 => self.first_try[step as usize].fetch_add(1, Relaxed),
            _ => self.further_tries.fetch_add(1, Relaxed),
        };
    }

    fn sum(&self) -> u32 {
        let first: u32 = self.first_try.iter().map(|number| number.load(Relaxed)).sum();
        first + self.further_tries.load(Relaxed)
    }

    fn more(&self, foreseen: Foreseen, sent: u32) -> More {
        let beyond =
            |step: Step, foreseen| self.first_try[step as usize].load(Relaxed).saturating_sub(foreseen);
        More {
            further_tries: self.further_tries.load(Relaxed),
            settling: beyond(Step::Settle, foreseen.settling),
            results: beyond(Step::Status, foreseen.results),
            verifying: beyond(Step::Verify, foreseen.verifying),
            reconnecting: sent.saturating_sub(self.sum()),
        }
    }
}

impl Reckoning {
    /// Puts the forecast beside what the gateways and the workers counted.
    pub(super) fn new(
        forecast: Forecast,
        foreseen: Foreseen,
        spent: &Spent,
        sent: u32,
        elapsed_ms: u64,
    ) -> Self {
        Self {
            requests_expected: forecast.requests,
            requests_sent: sent,
            more: spent.more(foreseen, sent),
            busiest: forecast.busiest,
            expected_ms: forecast.expected_ms,
            elapsed_ms,
        }
    }
}
