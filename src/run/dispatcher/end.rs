//! How a worker lets go of a transfer, and which outcome that is.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::{Id, JoinError},
    time::Instant,
};

use super::Dispatcher;
use crate::{
    run::{
        Event, TransferResult,
        gate::Down,
        queue::{Aside, Index},
        worker::{Parking, Released},
    },
    transfer::{Ending, Halt, History, Machine, Outcome, Phase},
};

impl Dispatcher<'_> {
    pub(super) fn worker_ended(&mut self, ended: Result<(Id, (Index, Released)), JoinError>) {
        match ended {
            Ok((id, (index, released))) => {
                self.working.remove(&id);
                self.queue.release(index);
                self.released(index, released);
            }
            Err(error) => {
                let Some(index) = self.working.remove(&error.id()) else { return };
                self.queue.release(index);
                self.lost(index, &error);
            }
        }
    }

    pub(super) fn released(&mut self, index: Index, released: Released) {
        match released {
            Released::Parked { machine, aside } => self.set_aside(index, machine, aside),
            Released::Ended { machine, ending } => {
                self.end(index, machine.history(), ending, machine.attempts());
            }
            Released::NotRecorded { machine, error } => {
                let ending = unrecorded(machine.history().phase(), &error);
                self.end(index, machine.history(), ending, machine.attempts());
            }
            Released::Defect { machine, error } => {
                self.defect.get_or_insert_with(|| format!("{}: {error}", self.transfers[index].key));
                let ending =
                    interrupted(machine.history().phase(), &format!("a defect in meterferry: {error}"));
                self.end(index, machine.history(), ending, machine.attempts());
            }
        }
    }

    /// Lets others go first, and comes back when its time is there; at once, to come to rest, if a next try would be too
    /// late.
    fn set_aside(&mut self, index: Index, mut machine: Box<Machine>, aside: Parking) {
        let Parking { until, why, .. } = aside;
        let delay = until.saturating_duration_since(Instant::now());
        let nothing_written = machine.history().phase() == Phase::Idle;
        if let Some(mut halt) = self.too_late(delay).filter(|_| why.is_next_try() && nothing_written) {
            if let Some(Down { why, .. }) = aside.down {
                halt.why = format!(
                    "not tried again: {}; the last try: no connection to the gateway: {why}",
                    halt.why
                );
            }
            machine.stop(halt);
            self.parked.insert(index, machine);
            return self.queue.go_on(index);
        }
        self.tell_aside(index, &machine, aside, delay);
        if why == Aside::Pause && !nothing_written {
            self.pausing.insert(index);
        }
        self.parked.insert(index, machine);
        self.queue.park(index, until, why);
    }

    fn tell_aside(&mut self, index: Index, machine: &Machine, aside: Parking, delay: Duration) {
        let Parking { why, down, found, .. } = aside;
        let transfer = &self.transfers[index];
        if let (Some(Down { tries, why: reason, .. }), Aside::Unreached(role), true) = (down, why, found)
            && let Some(endpoint) = transfer.endpoint(role)
        {
            let gateway = Arc::clone(&endpoint.gateway);
            (self.listen)(Event::GatewayDown { gateway, tries, delay, reason });
        }
        if why.starts_again() {
            self.watch.put_back(index, transfer);
            (self.listen)(Event::Retrying {
                transfer: Arc::clone(transfer),
                attempt: machine.attempt(),
                delay,
                reason: machine.setback().unwrap_or_default().to_owned(),
            });
        }
    }

    /// A worker that panicked, or was told to let go at once. What is durable says what may have happened.
    pub(super) fn lost(&mut self, index: Index, error: &JoinError) {
        let why = if error.is_panic() {
            self.defect.get_or_insert_with(|| format!("{}: a worker panicked", self.transfers[index].key));
            "a defect in meterferry: the worker panicked"
        } else {
            "stopped at once"
        };
        let Ok(history) = self.history(index) else { return self.end_unreadable(index) };
        let ending = interrupted(history.phase(), why);
        self.end(index, &history, ending, 1);
    }

    /// Ends a transfer that was not begun.
    pub(super) fn give_up(&mut self, index: Index, Halt { why, hint }: Halt) {
        let Ok(history) = self.history(index) else { return self.end_unreadable(index) };
        let again = history.asks_again(self.transfers[index].generation);
        let reason = format!("not begun: {why}");
        let ending = match history.phase() {
            phase if again || phase == Phase::Idle => {
                Ending { outcome: Outcome::NotRun, reason, hint: Some(hint), code: None }
            }
            phase => history.taken_back().unwrap_or_else(|| interrupted(phase, &reason)),
        };
        self.end(index, &history, ending, 0);
    }

    /// A transfer whose record cannot be read: an intent may be open in it.
    pub(super) fn end_unreadable(&mut self, index: Index) {
        let ending = Ending {
            outcome: Outcome::Unknown,
            reason: "its record in the ledger cannot be read: what was done is not known".to_owned(),
            hint: Some("restore the ledger from a copy, then run again".to_owned()),
            code: None,
        };
        self.end(index, &History::default(), ending, 0);
    }

    pub(super) fn end(&mut self, index: Index, history: &History, ending: Ending, attempts: u32) {
        let transfer = Arc::clone(&self.transfers[index]);
        self.queue.ended(index);
        self.claims.release(&transfer, history);
        let result = Arc::new(TransferResult::new(transfer, history, ending, attempts));
        debug_assert!(self.results[index].is_none(), "a transfer has one outcome");
        self.results[index] = Some(Arc::clone(&result));
        let outcome = result.outcome;
        self.watch.ended(index, outcome);
        (self.listen)(Event::Ended(result));
        self.count_failure(index, outcome, attempts);
    }
}

/// The outcome of a transfer whose last fact could not be recorded.
fn unrecorded(phase: Phase, error: &str) -> Ending {
    let mut ending = interrupted(phase, &format!("the ledger could not record what came next ({error})"));
    ending.hint = Some("repair the ledger (free space, permissions), then run again".to_owned());
    ending
}

/// The outcome of a transfer that could not be brought to rest: where an intent is open, only a look at the
/// meter can tell.
fn interrupted(phase: Phase, why: &str) -> Ending {
    let (outcome, reason, hint) = match phase {
        Phase::Idle => (Outcome::NotRun, why, Some("run again")),
        Phase::Undone => (Outcome::Refused, "it was undone", None),
        Phase::Undoing { .. } => {
            (Outcome::Unknown, "an undo of it is not finished", Some("finish it with `meterferry undo`"))
        }
        Phase::Open | Phase::Committed => {
            (Outcome::Unknown, why, Some("run again: it begins by looking at the target"))
        }
        Phase::Done => (Outcome::AlreadyDone, "verified", None),
        Phase::Mismatch => (
            Outcome::Mismatch,
            "the target did not hold what was staged",
            Some("look at the meter, then use `meterferry resolve`"),
        ),
    };
    Ending { outcome, reason: reason.to_owned(), hint: hint.map(str::to_owned), code: None }
}
