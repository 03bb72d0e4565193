//! Facts on their way into the ledger, and back as acknowledgements.

use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::oneshot;

use super::{Awaited, Dispatcher};
use crate::{
    ledger::LedgerError,
    run::{Event, StopReason, queue::Index, worker::Message},
    transfer::{Fact, Recorded, Step},
};

impl Dispatcher<'_> {
    pub(super) fn message(&mut self, message: Message) {
        let Message::Record { index, recorded, step, attempt, answer } = message;
        self.queue.gets_on(index);
        if let Fact::SourceRead(_) = recorded.fact {
            self.queue.source_read(index);
        }
        if let (Some(error), Fact::Intended(_)) = (&self.ledger_broken, &recorded.fact) {
            let _ = answer.send(Err(error.clone()));
            return;
        }
        self.append(index, recorded, step, attempt, answer);
    }

    pub(super) fn append(
        &mut self,
        index: Index,
        recorded: Recorded,
        step: Step,
        attempt: u32,
        answer: oneshot::Sender<Result<(), String>>,
    ) {
        let fact = Arc::new(recorded.fact.clone());
        let ticket = self.ledger.append(&self.transfers[index].key, recorded);
        if fact.must_be_durable() {
            let awaited = Awaited { index, step, attempt, fact, answer };
            self.durable.push(async move { (awaited, ticket.await) }.boxed());
            return;
        }
        // Its ticket need not be waited for: a ledger that cannot write it cannot write what follows, and says so then.
        self.recorded(index, step, attempt, &fact);
        let _ = answer.send(Ok(()));
    }

    pub(super) fn durable_now(&mut self, awaited: Awaited, result: Result<(), LedgerError>) {
        let Awaited { index, step, attempt, fact, answer } = awaited;
        match &result {
            Err(error) => self.broken(error),
            Ok(()) => self.recorded(index, step, attempt, &fact),
        }
        let _ = answer.send(result.map_err(|error| error.to_string()));
    }

    pub(super) fn recorded(&mut self, index: Index, step: Step, attempt: u32, fact: &Arc<Fact>) {
        let transfer = Arc::clone(&self.transfers[index]);
        self.watch.fact(index, &transfer, attempt, fact);
        (self.listen)(Event::Recorded { transfer, step, attempt, fact: Arc::clone(fact) });
    }

    pub(super) fn broken(&mut self, error: &LedgerError) {
        if self.ledger_broken.is_none() {
            self.ledger_broken = Some(error.to_string());
            self.stopping = Some(Arc::new(StopReason::LedgerBroken(error.to_string())));
            (self.listen)(Event::LedgerBroken { error: error.to_string() });
        }
    }
}
