//! Which transfer begins when, and which does not begin any more.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::Dispatcher;
use crate::{
    campaign::{Transfer, TransferKey},
    ledger::LedgerError,
    run::{Claims, StopLevel, queue::Index, worker::work},
    transfer::{History, Machine, MachineSettings, Phase},
};

impl Dispatcher<'_> {
    pub(super) fn learn_claims(&mut self) {
        let ledger = Arc::clone(&self.ledger);
        match Claims::of(&*ledger) {
            Ok(claims) => self.claims = claims,
            Err(error) => self.broken(&error),
        }
    }

    pub(super) fn begin_what_may(&mut self) {
        if self.level >= StopLevel::Rest || self.ledger_broken.is_some() {
            self.begin_nothing_new();
        }
        while self.workers.len() < self.settings.parallel {
            let Some(index) = self.queue.take() else { break };
            let machine = match self.parked.remove(&index) {
                Some(machine) => machine,
                None => match self.machine(index) {
                    Ok(machine) => machine,
                    Err(error) => {
                        self.queue.release(index);
                        self.broken(&error);
                        self.give_up(index, "its record cannot be read", "repair the ledger, then run again");
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
    pub(super) fn begin_nothing_new(&mut self) {
        let waiting =
            self.queue.drain_parked().into_iter().chain(self.queue.drain_ready()).collect::<Vec<_>>();
        for index in waiting {
            if self.parked.contains_key(&index) && self.level < StopLevel::Now && self.ledger_broken.is_none()
            {
                self.queue.put(index);
                continue;
            }
            self.parked.remove(&index);
            let (reason, hint) = match &self.ledger_broken {
                Some(error) => (
                    format!("not begun: the ledger cannot record ({error})"),
                    "repair the ledger, then run again",
                ),
                None => ("not begun: the run was stopped".to_owned(), "run again"),
            };
            self.give_up(index, &reason, hint);
        }
    }

    pub(super) fn machine(&mut self, index: Index) -> Result<Box<Machine>, LedgerError> {
        let plan = Arc::clone(&self.transfers[index]);
        let history = self.history(index)?;
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
            if matches!(self.ledger.record(key)?.history.phase(), Phase::Open | Phase::Committed) {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    pub(super) fn history(&self, index: Index) -> Result<History, LedgerError> {
        let key = &self.transfers[index].key;
        Ok(self.ledger.record(key)?.history)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
