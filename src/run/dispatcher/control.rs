//! What the run stops for by itself: canaries that are not done, too many failures, a deadline.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::Dispatcher;
use crate::{
    run::{
        Event, StopReason,
        control::{canaries, too_late_to_retry},
        queue::Index,
    },
    transfer::{Halt, Outcome, Phase},
};

/// The wall clock is looked at so often: it may be set, and goes on while a computer sleeps.
const LOOK_AT_THE_CLOCK: Duration = Duration::from_secs(10);

impl Dispatcher<'_> {
    /// Begins nothing new from here on, and lets what is under way come to rest. The first reason stays.
    pub(super) fn come_to_rest(&mut self, reason: StopReason) {
        if self.stopping.is_some() {
            return;
        }
        let reason = Arc::new(reason);
        self.rest.tell(&reason);
        self.stopping = Some(Arc::clone(&reason));
        (self.listen)(Event::Stopping { reason, now: false });
    }

    /// The transfers that go first.
    pub(super) fn canaries(&self) -> HashSet<Index> {
        let unfinished = |index| self.is_unfinished(index);
        canaries(&self.transfers, self.settings.limits.canaries, unfinished).into_iter().collect()
    }

    /// Whether this run has anything to do with a transfer, as far as its record says.
    fn is_unfinished(&self, index: Index) -> bool {
        self.history(index).map_or(true, |history| match history.phase() {
            Phase::Idle | Phase::Open | Phase::Committed => true,
            Phase::Undoing { .. } => false,
            Phase::Done | Phase::Mismatch | Phase::Undone => {
                history.asks_again(self.transfers[index].generation)
            }
        })
    }

    /// All canaries have ended: unless all are done, nothing else begins.
    pub(super) fn heed_canaries(&mut self, canaries: &HashSet<Index>) {
        let results = self.results.iter().enumerate().filter(|(index, _)| canaries.contains(index));
        let not_done: Vec<_> = results
            .filter_map(|(_, result)| result.as_ref())
            .filter(|result| !result.outcome.is_done())
            .collect();
        if let [first, more @ ..] = &not_done[..] {
            let (transfer, outcome, more) = (first.transfer.key.clone(), first.outcome, more.len());
            self.come_to_rest(StopReason::Canary { transfer, outcome, more });
        }
    }

    /// Counts a transfer that has gone wrong in this run. What its record alone says is none of this run.
    pub(super) fn count_failure(&mut self, index: Index, outcome: Outcome, attempts: u32) {
        let went_wrong = match outcome {
            Outcome::Failed
            | Outcome::Refused
            | Outcome::Unreachable
            | Outcome::Unknown
            | Outcome::Mismatch => attempts > 0,
            Outcome::Done | Outcome::AlreadyDone | Outcome::Waiting | Outcome::NotRun => false,
        };
        let Some(limit) = self.settings.limits.max_fail.filter(|_| went_wrong) else { return };
        self.gone_wrong.push((self.transfers[index].key.clone(), outcome));
        let limit = limit.of(self.transfers.len());
        if self.gone_wrong.len() >= limit {
            self.come_to_rest(StopReason::TooManyFailures { limit, transfers: self.gone_wrong.clone() });
        }
    }

    /// Stops if the deadline has passed.
    pub(super) fn heed_deadline(&mut self) {
        if self.until_deadline().is_some_and(|left| left.is_zero())
            && let Some(deadline) = self.settings.limits.deadline.clone()
        {
            self.come_to_rest(StopReason::Deadline(deadline));
        }
    }

    /// How long to sleep at most before the deadline is looked at again; zero once it has passed. Nothing where there is
    /// none, or the run stops anyway.
    pub(super) fn until_deadline(&self) -> Option<Duration> {
        let deadline = self.settings.limits.deadline.as_ref().filter(|_| self.stopping.is_none())?;
        let left = deadline.timestamp().duration_since(self.settings.clock.now().wall);
        Some(Duration::try_from(left).unwrap_or_default().min(LOOK_AT_THE_CLOCK))
    }

    /// Why a transfer whose next try is due after `delay` is not tried again, if that would be after the deadline.
    pub(super) fn too_late(&self, delay: Duration) -> Option<Halt> {
        let deadline = self.settings.limits.deadline.as_ref()?;
        let next_try = self.settings.clock.now().wall.checked_add(delay).unwrap_or(Timestamp::MAX);
        (next_try >= deadline.timestamp()).then(|| too_late_to_retry(deadline))
    }
}
