//! Where the machine is entered: what the record says is still to be done.

use std::{sync::Arc, time::Duration};

use super::{Machine, State};
use crate::transfer::{Began, CommandOutcome, Ending, Fact, Known, Outcome, Phase, Refusal, Survey};

impl Machine {
    pub(super) fn begin(&mut self) {
        let asked = self.plan.meaning();
        let before = self.history.began.as_ref().map(|began| began.meaning.clone());
        let changed = before.filter(|before| *before != asked);
        match (self.history.phase(), changed) {
            (Phase::Done, None) => self.over(Outcome::AlreadyDone, self.done_before(), None),
            (Phase::Done | Phase::Mismatch | Phase::Undone, Some(before))
                if asked.generation > before.generation =>
            {
                self.note_beginning();
                // Surveyed once the beginning is recorded: what belongs to the last use of the id is forgotten then.
                self.state = State::Rest { until: Duration::ZERO };
            }
            (Phase::Idle, Some(done)) if asked.generation < done.generation => {
                let refusal = Refusal::MeaningChanged { done: Box::new(done), asked: Box::new(asked) };
                self.state = State::Over(Ending::from(&refusal));
            }
            (Phase::Undoing { .. } | Phase::Undone, _) => {
                let Ending { outcome, reason, hint, .. } =
                    self.history.taken_back().expect("these phases begin with who asked");
                self.over(outcome, reason, hint);
            }
            (Phase::Done, Some(done)) => {
                let refusal = Refusal::MeaningChanged { done: Box::new(done), asked: Box::new(asked) };
                self.state = State::Over(Ending::from(&refusal));
            }
            (Phase::Mismatch, _) => self.over(
                Outcome::Mismatch,
                "the target did not hold what was staged when it was verified".to_owned(),
                Some(format!(
                    "look at the meter, then: {}",
                    self.resolve_command("accepted|committed|not-committed")
                )),
            ),
            (Phase::Open | Phase::Committed, Some(before)) => self.over(
                Outcome::Unknown,
                format!("an intent of {before} is open, and the job now says {asked}"),
                Some(
                    "put the job back, so that the meter that may have been written to is looked at"
                        .to_owned(),
                ),
            ),
            (Phase::Idle, _) => {
                self.note_beginning();
                self.survey();
            }
            (Phase::Open, None) => {
                self.note_beginning();
                self.settle(CommandOutcome::LeftOpen);
            }
            (Phase::Committed, None) => {
                self.note_beginning();
                self.verify(false);
            }
        }
    }

    pub(super) fn done_before(&self) -> String {
        let at = self.history.at.map_or_else(String::new, |at| format!(" at {at:.0}"));
        format!("{}{at}", self.history.done_how())
    }

    pub(super) fn note_beginning(&mut self) {
        self.begun = true;
        self.outbox.push_back(Fact::Began(Box::new(Began {
            meaning: self.plan.meaning(),
            transfer: (*self.plan).clone(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            author: self.settings.author.clone(),
        })));
    }

    pub(super) fn survey(&mut self) {
        let known = Known {
            earlier: self.history.closed_intents.clone(),
            captured: self.history.captured.clone(),
            claimed_by: self.claimed_by.clone(),
            last_try: self.attempt >= self.plan.options.retry.attempts,
        };
        self.state = State::Survey(Box::new(Survey::new(Arc::clone(&self.plan), known)));
    }
}
