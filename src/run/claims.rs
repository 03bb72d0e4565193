//! Which transfer a target belongs to: the one that wrote to it, or is about to. Across all campaigns of a ledger.

use std::collections::HashMap;

use crate::{
    campaign::{MeterMeaning, Transfer, TransferKey},
    ledger::{LedgerError, Replay, Scope},
    transfer::Phase,
};

/// Targets, and the transfers they belong to.
#[derive(Debug, Default)]
pub struct Claims(HashMap<MeterMeaning, Vec<TransferKey>>);

impl Claims {
    /// What a ledger knows: every transfer with an open intent or a commit claims its target.
    pub fn of(ledger: &dyn Replay) -> Result<Self, LedgerError> {
        let mut claims = Self::default();
        ledger.visit(Scope::All, &mut |record| {
            let claims_it = match record.history.phase() {
                Phase::Idle => false,
                Phase::Open | Phase::Committed | Phase::Done | Phase::Mismatch => true,
            };
            if let (true, Some(began)) = (claims_it, record.history.began) {
                claims.add(began.meaning.target, record.key);
            }
        })?;
        Ok(claims)
    }

    /// Another transfer that the target of `plan` belongs to, unless the job says that `plan` follows it.
    pub fn against(&self, plan: &Transfer) -> Option<&TransferKey> {
        let owners = self.0.get(&plan.meaning().target)?;
        owners.iter().find(|owner| **owner != plan.key && !plan.after.contains(owner))
    }

    /// `plan` is about to write to its target.
    pub(super) fn claim(&mut self, plan: &Transfer) {
        self.add(plan.meaning().target, plan.key.clone());
    }

    /// `plan` wrote nothing that stays.
    pub(super) fn release(&mut self, plan: &Transfer) {
        if let Some(owners) = self.0.get_mut(&plan.meaning().target) {
            owners.retain(|owner| *owner != plan.key);
        }
    }

    fn add(&mut self, target: MeterMeaning, key: TransferKey) {
        let owners = self.0.entry(target).or_default();
        if !owners.contains(&key) {
            owners.push(key);
        }
    }
}
