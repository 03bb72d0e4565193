//! Which transfer a target belongs to: the one that wrote to it, or is about to. Across all campaigns of a ledger.

use std::collections::{HashMap, HashSet};

use crate::{
    campaign::{MeterMeaning, Source, Transfer, TransferKey},
    ledger::{LedgerError, Replay, Scope, TransferRecord},
    transfer::{History, Phase},
};

/// Targets, and the transfers they belong to.
#[derive(Debug, Default)]
pub struct Claims {
    owners: HashMap<MeterMeaning, Vec<TransferKey>>,
    open: HashSet<TransferKey>,
    /// Transfers that have facts; nothing while the ledger was not read whole.
    recorded: Option<HashSet<TransferKey>>,
    undone: HashSet<TransferKey>,
}

impl Claims {
    /// What a ledger knows: every transfer claims the targets it wrote to, and those that a command of it may still
    /// reach.
    pub fn of(ledger: &dyn Replay) -> Result<Self, LedgerError> {
        Self::learn(ledger, &mut |_| ())
    }

    /// The same in one pass with whoever else wants to see the records.
    pub(super) fn learn(
        ledger: &dyn Replay,
        also: &mut dyn FnMut(&TransferRecord),
    ) -> Result<Self, LedgerError> {
        let mut claims = Self { recorded: Some(HashSet::new()), ..Self::default() };
        ledger.visit(Scope::All, &mut |record| {
            also(&record);
            claims.take_up(&record.key);
            if matches!(record.history.phase(), Phase::Open | Phase::Committed) {
                claims.open.insert(record.key.clone());
            }
            if record.history.phase() == Phase::Undone {
                claims.undone.insert(record.key.clone());
            }
            for target in claimed(&record.history) {
                claims.add(target, record.key.clone());
            }
        })?;
        Ok(claims)
    }

    /// Whether an earlier run left the transfer with a command that may be on its way, or is not verified.
    pub(super) fn left_open(&self, key: &TransferKey) -> bool {
        self.open.contains(key)
    }

    /// Whether the ledger may have facts of the transfer: from an earlier run, or because this one took it up. What has
    /// none need not be looked for.
    pub(super) fn may_be_recorded(&self, key: &TransferKey) -> bool {
        self.recorded.as_ref().is_none_or(|recorded| recorded.contains(key))
    }

    /// From now on the ledger gets facts of the transfer.
    pub(super) fn take_up(&mut self, key: &TransferKey) {
        if let Some(recorded) = &mut self.recorded {
            recorded.insert(key.clone());
        }
    }

    /// Another transfer that the target of `plan` belongs to, unless the job says that `plan` follows it.
    pub fn against(&self, plan: &Transfer) -> Option<&TransferKey> {
        let owners = self.owners.get(&plan.meaning().target)?;
        owners.iter().find(|owner| **owner != plan.key && !self.stands_back(owner, plan))
    }

    /// Whether a transfer that the target belongs to lets `plan` have it: the job says that `plan` follows it, or
    /// `plan` is an undo and what the other did was undone before.
    fn stands_back(&self, owner: &TransferKey, plan: &Transfer) -> bool {
        let undoes = owner.undoes();
        if undoes.is_some() && self.left_open(owner) {
            return false;
        }
        let undone = || self.undone.contains(undoes.as_ref().unwrap_or(owner));
        plan.follows(owner) || matches!(plan.source, Source::Undo(_)) && undone()
    }

    /// `plan` is about to write to its target.
    pub(super) fn claim(&mut self, plan: &Transfer) {
        self.add(plan.meaning().target, plan.key.clone());
    }

    /// `plan`, whose record is `history`, has come to rest: its target is its own only if the record says so.
    pub(super) fn release(&mut self, plan: &Transfer, history: &History) {
        if claimed(history).any(|target| target == plan.meaning().target) {
            return;
        }
        if let Some(owners) = self.owners.get_mut(&plan.meaning().target) {
            owners.retain(|owner| *owner != plan.key);
        }
    }

    fn add(&mut self, target: MeterMeaning, key: TransferKey) {
        let owners = self.owners.entry(target).or_default();
        if !owners.contains(&key) {
            owners.push(key);
        }
    }
}

/// The targets that a transfer wrote to, and those that a command of it may still reach.
fn claimed(history: &History) -> impl Iterator<Item = MeterMeaning> + '_ {
    let current = match history.phase() {
        Phase::Idle => None,
        Phase::Open
        | Phase::Committed
        | Phase::Done
        | Phase::Mismatch
        | Phase::Undoing { .. }
        | Phase::Undone => history.began.as_ref().map(|began| began.meaning.target.clone()),
    };
    let late = history.closed_intents.iter().filter_map(|closed| closed.meaning.as_ref());
    history.wrote.iter().cloned().chain(current).chain(late.map(|meaning| meaning.target.clone()))
}
