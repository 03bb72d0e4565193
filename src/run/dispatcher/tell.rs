//! What the dispatcher tells of the run as a whole: what it foresees, how it stands, and what it came to.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::Dispatcher;
use crate::run::{Event, Reckoning};

impl Dispatcher<'_> {
    /// Tells what is to be expected. What is outside its window does not begin; what an earlier run left open is
    /// settled at any time.
    pub(super) fn foresee(&mut self) {
        let now = self.settings.clock.now().wall;
        for (index, plan) in self.transfers.iter().enumerate() {
            if plan.options.window.closed_at(now).is_some() && !self.claims.left_open(&plan.key) {
                self.watch.not_now(index);
            }
        }
        let gates = &self.tools.gates;
        let traffic = |gateway: &_| gates.traffic(gateway);
        let forecast = self.watch.forecast(&self.transfers, traffic, self.capacity.parallel);
        (self.listen)(Event::Foreseen(forecast));
    }

    /// Tells how the run stands, and when it does so next. Where the dispatcher had no time, nothing is made up for.
    pub(super) fn pulse(&mut self) {
        self.pulse_due = self.settings.pulse.map(|every| Instant::now() + every);
        let (gates, working) = (&self.tools.gates, self.working.values().copied());
        let pulse = self.watch.pulse(working, |gateway| gates.traffic(gateway), self.capacity.parallel);
        (self.listen)(Event::Pulse(Arc::new(pulse)));
    }

    pub(super) fn last_pulse(&mut self) {
        if self.settings.pulse.is_some() {
            self.pulse();
        }
    }

    pub(super) fn reckoning(&self, elapsed: Duration) -> Reckoning {
        let gates = &self.tools.gates;
        // What was lost is no part of what was to be expected.
        let traffic = |gateway: &_| gates.traffic(gateway).without_losses();
        let forecast = self.watch.forecast(&self.transfers, traffic, self.capacity.parallel);
        let sent = self.watch.traffic(traffic).requests;
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Reckoning::new(forecast, self.watch.foreseen(), &self.tools.spent, sent, elapsed_ms)
    }
}
