//! What progress counts, and the one line that says it.

use crate::{
    report::words::{about, counted, gateway_name},
    run::Pulse,
    transfer::Outcome,
};

/// What is counted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub total: usize,
    pub done: usize,
    pub not_done: usize,
    pub stopping: bool,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome.is_done() {
            true => self.done += 1,
            false => self.not_done += 1,
        }
    }

    pub(super) fn ended(&self) -> usize {
        self.done + self.not_done
    }

    pub(super) fn left(&self) -> usize {
        self.total.saturating_sub(self.ended())
    }

    /// `120 of 1000: 118 done, 2 not done, 880 left; 12 failed requests; about 3 min to go, plant-a longest`
    pub(super) fn line(&self, pulse: Option<&Pulse>) -> String {
        let mut line = format!("{} of {}: {} done", self.ended(), self.total, self.done);
        if self.not_done > 0 {
            line.push_str(&format!(", {} not done", self.not_done));
        }
        line.push_str(&format!(", {} left", self.left()));
        if let Some(failed) = pulse.and_then(failed_requests) {
            line.push_str(&format!("; {failed}"));
        }
        if self.stopping {
            line.push_str("; stopping");
        } else if let Some(left) = pulse.and_then(|pulse| pulse.time_left) {
            line.push_str(&format!("; {} to go", about(left)));
            if let Some(longest) = pulse.and_then(longest) {
                line.push_str(&format!(", {longest} longest"));
            }
        }
        line
    }
}

/// How many requests came to nothing, if any did.
pub(super) fn failed_requests(pulse: &Pulse) -> Option<String> {
    let failures = pulse.traffic.failures();
    (failures > 0).then(|| counted(failures.into(), "failed request"))
}

/// The gateway that all others are waited for with, where one of several is.
fn longest(pulse: &Pulse) -> Option<String> {
    let behind = || pulse.gateways.iter().filter(|gateway| gateway.left > 0);
    let longest = behind().filter(|gateway| gateway.time_left == pulse.time_left).map(|found| &found.gateway);
    let only = behind().nth(1).is_none();
    longest.map(|gateway| gateway_name(gateway)).next().filter(|_| !only)
}
