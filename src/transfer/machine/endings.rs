//! How a try ends, and how the transfer does.

use super::{Machine, State};
use crate::transfer::{Closing, Ending, Fact, Failure, Halt, Now, Outcome, Refusal, RetryClass};

impl Machine {
    pub(super) fn start_over(&mut self, failure: Failure, now: Now) {
        if failure.retry() == RetryClass::Never || self.attempt >= self.plan.options.retry.attempts {
            let tries =
                if self.attempt > 1 { format!(", after {} tries", self.attempt) } else { String::new() };
            return self.close(Ending {
                outcome: failure.outcome(),
                reason: format!("{failure}{tries}"),
                hint: Some(failure.hint()),
                code: Some(failure.code()),
            });
        }
        let mut delay = self.jitter.delay(&self.plan.options.retry, self.attempt);
        if failure.left_a_write_behind() {
            delay = delay.max(self.plan.options.settle);
        }
        self.setback = Some(failure.to_string());
        self.attempt += 1;
        self.times = None;
        self.state = State::Rest { until: now.steady + delay };
    }

    pub(super) fn come_to_rest(&mut self, Halt { why, hint }: Halt) {
        let hint = Some(hint);
        match &self.state {
            State::Rest { .. } if self.setback.is_some() => {
                let setback = self.setback.as_deref().unwrap_or_default();
                let reason = format!("not tried again: {why}; the last try: {setback}");
                self.end(Outcome::NotRun, reason, hint);
            }
            State::Survey(_) | State::Rest { .. } => {
                self.end(Outcome::NotRun, format!("stopped before anything was written: {why}"), hint);
            }
            State::Staging(_) if matches!(self.outbox.front(), Some(Fact::Intended(_))) => {
                self.outbox.clear();
                self.end(Outcome::NotRun, format!("stopped before anything was written: {why}"), hint);
            }
            State::Staging(_) => {
                let reason = format!("stopped before the commit: {why}");
                self.outbox.push_back(Fact::Closed { how: Closing::NotSent, reason: reason.clone() });
                self.end(Outcome::NotRun, reason, hint);
            }
            State::Begin | State::Polling(_) | State::Settling(_) | State::Verifying(_) | State::Over(_) => {}
        }
    }

    pub(super) fn unknown(&mut self, reason: String) {
        let hint = format!(
            "look at the target's energies and compare with what was staged, then: {}; running again only looks",
            self.resolve_command("committed|not-committed|accepted")
        );
        self.end(Outcome::Unknown, reason, Some(hint));
    }

    pub(super) fn resolve_command(&self, choices: &str) -> String {
        format!("meterferry resolve JOB --id {} --as {choices} --reason …", self.plan.key.id)
    }

    pub(super) fn end(&mut self, outcome: Outcome, reason: String, hint: Option<String>) {
        self.close(Ending { outcome, reason, hint, code: None });
    }

    /// Ends as a guard asks for.
    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        self.close(Ending::from(refusal));
    }

    fn close(&mut self, ending: Ending) {
        self.outbox.push_back(Fact::Ended(ending.clone()));
        self.state = State::Over(ending);
    }

    pub(super) fn over(&mut self, outcome: Outcome, reason: String, hint: Option<String>) {
        self.state = State::Over(Ending { outcome, reason, hint, code: None });
    }
}
