//! A ledger in memory that takes the time a disk takes: what is not durable yet is lost when the program dies, and
//! requests may be on their way meanwhile.

use std::time::Duration;

use crate::{
    campaign::TransferKey,
    ledger::{Kind, Ledger, LedgerError, MemoryLedger, Replay, Scope, Ticket, TransferRecord},
    transfer::Recorded,
};

/// Longer than a request and its answer, so that a program that does not wait is ahead of its ledger.
const SYNC: Duration = Duration::from_millis(30);

/// The ledger of one run.
pub(super) struct Disk(pub(super) MemoryLedger);

impl Ledger for Disk {
    fn append(&self, key: &TransferKey, recorded: Recorded) -> Ticket {
        let ticket = self.0.append(key, recorded);
        // A fact in memory becomes durable when its ticket is asked.
        Ticket::new(async move {
            tokio::time::sleep(SYNC).await;
            ticket.await
        })
    }

    fn flush(&self) -> Ticket {
        self.0.flush()
    }
}

impl Replay for Disk {
    fn kind(&self) -> Kind {
        self.0.kind()
    }

    fn visit(&self, scope: Scope<'_>, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError> {
        self.0.visit(scope, take)
    }
}
