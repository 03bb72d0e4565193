//! Which transfer begins when, and which does not begin any more.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, atomic::Ordering},
};

use super::Dispatcher;
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::LedgerError,
    run::{Claims, StopLevel, StopReason, control::window_closed, queue::Index, worker::work},
    transfer::{Halt, History, Machine, MachineSettings, Phase},
};

impl Dispatcher<'_> {
    /// Takes note of what earlier runs did: which targets belong to whom, and how much of this run is left to do.
    pub(super) fn learn_from_ledger(&mut self) {
        let ledger = Arc::clone(&self.ledger);
        let places: HashMap<&TransferKey, Index> =
            self.transfers.iter().enumerate().map(|(index, plan)| (&plan.key, index)).collect();
        let watch = &mut self.watch;
        let claims = Claims::learn(&*ledger, &mut |record| {
            if let Some(index) = places.get(&record.key) {
                watch.known(*index, &self.transfers[*index], &record.history);
            }
        });
        match claims {
            Ok(claims) => self.claims = claims,
            Err(error) => self.broken(&error),
        }
    }

    pub(super) fn begin_what_may(&mut self) {
        if let Some(reason) = self.stopping.clone() {
            self.begin_nothing_new(&reason);
        }
        while self.workers.len() < self.capacity.parallel {
            let may_begin = self.workers.len() + self.pausing.len() < self.capacity.parallel;
            let Some(index) = self.queue.take(may_begin) else { break };
            self.pausing.remove(&index);
            if let Some(halt) = self.kept_out(index) {
                self.queue.release(index);
                self.give_up(index, halt);
                continue;
            }
            let machine = match self.parked.remove(&index) {
                Some(machine) => machine,
                None => match self.machine(index) {
                    Ok(machine) => machine,
                    Err(error) => {
                        self.queue.release(index);
                        self.broken(&error);
                        let why = "its record cannot be read".to_owned();
                        let hint = "repair the ledger, then run again".to_owned();
                        self.give_up(index, Halt { why, hint });
                        continue;
                    }
                },
            };
            let tools = self.tools.clone();
            let handle = self.workers.spawn(async move { (index, work(index, machine, tools).await) });
            self.working.insert(handle.id(), index);
        }
    }

    /// Transfers that were not begun are given up; where an earlier run left an intent open, that is `unknown`, and
    /// the next run looks. Those that wait for another try are let come to rest.
    fn begin_nothing_new(&mut self, reason: &StopReason) {
        self.tools.at_rest.store(true, Ordering::Relaxed);
        let mut waiting = self.queue.drain();
        if self.level == StopLevel::Now {
            waiting.extend(self.queue.drain_due());
        }
        for index in waiting {
            if self.comes_to_its_end(index, reason) {
                self.queue.go_on(index);
                continue;
            }
            self.parked.remove(&index);
            self.pausing.remove(&index);
            self.give_up(index, reason.halt());
        }
    }

    /// Why a transfer that would begin now does not: its window is closed. One with an open intent is finished at any
    /// time, and what its record says of a finished one can be said at any time.
    fn kept_out(&self, index: Index) -> Option<Halt> {
        if self.parked.contains_key(&index) {
            return None;
        }
        let transfer = &self.transfers[index];
        let halt = window_closed(transfer, self.settings.clock.now().wall)?;
        let history = self.history(index).ok()?;
        let begins = history.phase() == Phase::Idle || history.asks_again(transfer.generation);
        begins.then_some(halt)
    }

    /// Whether a transfer that waits is brought to its end: one that was begun, and one that an earlier run left open.
    /// Without a ledger, only what may have reached a meter is.
    fn comes_to_its_end(&self, index: Index, reason: &StopReason) -> bool {
        let may_go_on = match self.parked.get(&index) {
            Some(machine) => self.ledger_broken.is_none() || machine.history().phase() != Phase::Idle,
            None => {
                let left_open = self.claims.left_open(&self.transfers[index].key);
                self.ledger_broken.is_none() && reason.lets_settle() && left_open
            }
        };
        may_go_on && self.level < StopLevel::Now
    }

    pub(super) fn machine(&mut self, index: Index) -> Result<Box<Machine>, LedgerError> {
        let plan = Arc::clone(&self.transfers[index]);
        let history = self.history(index)?;
        self.claims.take_up(&plan.key);
        let claimed_by = match self.unsettled(&plan)? {
            Some(key) => Some(key),
            None => self.claims.against(&plan).cloned(),
        };
        if claimed_by.is_none() {
            self.claims.claim(&plan);
        }
        let settings = MachineSettings {
            run: Arc::clone(&self.settings.run),
            author: self.settings.author.clone(),
            seed: self.settings.seed ^ hash(&plan.key),
            until_check: self.settings.until_check,
        };
        Ok(Box::new(Machine::new(plan, history, settings, claimed_by)))
    }

    /// A transfer that `plan` follows, and whose command may still be on its way.
    fn unsettled(&self, plan: &Transfer) -> Result<Option<TransferKey>, LedgerError> {
        for key in &plan.after {
            let phase = self.ledger.record(key)?.history.phase();
            // The undo itself follows the transfer that it undoes.
            let undoing = matches!(phase, Phase::Undoing { .. }) && plan.key.undoes().as_ref() != Some(key);
            if undoing || matches!(phase, Phase::Open | Phase::Committed) {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    pub(super) fn history(&self, index: Index) -> Result<History, LedgerError> {
        let key = &self.transfers[index].key;
        if !self.claims.may_be_recorded(key) {
            return Ok(History::default());
        }
        Ok(self.ledger.record(key)?.history)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
