//! A ledger in memory, for rehearsals and for tests under a virtual clock. It keeps the promises of the one
//! on disk, and can be told to break down where a disk or a machine would. No threads, no clock, no files.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{oneshot, watch};

use super::{Kind, Ledger, LedgerError, Replay, Scope, Ticket, TransferRecord};
use crate::{campaign::TransferKey, transfer::Recorded};

/// One planned breakdown. Appends are counted from 1, over all transfers, conflicts not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// From this append on nothing can be written, as on a full disk.
    RefuseFrom(u64),
    /// The machine dies as this append is called; whatever was not durable is lost with it.
    CrashOnCall(u64),
    /// The machine dies as this append is about to become durable: it is lost with all that follow it.
    CrashBeforeDurable(u64),
    /// The machine dies when this append is durable, and nobody has been told so.
    CrashAfterDurable(u64),
}

/// A ledger in memory. Clones are handles to the same one.
///
/// A fact becomes durable with all before it one yield after its ticket is first polled, or with
/// [`Ledger::flush`]; facts whose tickets were dropped wait for the next ones. After a crash every ticket
/// that was not resolved stays pending for ever, as for a dead process: drop what waits for them, and go on
/// with [`survivor`](Self::survivor).
#[derive(Debug, Clone)]
pub struct MemoryLedger {
    kind: Kind,
    state: Arc<Mutex<State>>,
    crashed: watch::Receiver<bool>,
}

#[derive(Debug)]
struct State {
    durable: BTreeMap<TransferKey, Vec<Recorded>>,
    pending: VecDeque<Pending>,
    fault: Option<Fault>,
    appends: u64,
    commits: u64,
    broken: bool,
    crash: watch::Sender<bool>,
}

#[derive(Debug)]
struct Pending {
    number: u64,
    key: TransferKey,
    recorded: Recorded,
    reply: oneshot::Sender<Result<(), LedgerError>>,
}

impl MemoryLedger {
    /// An empty ledger that works.
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, BTreeMap::new(), None)
    }

    /// An empty ledger that will break down once.
    pub fn failing(kind: Kind, fault: Fault) -> Self {
        Self::with(kind, BTreeMap::new(), Some(fault))
    }

    fn with(kind: Kind, durable: BTreeMap<TransferKey, Vec<Recorded>>, fault: Option<Fault>) -> Self {
        let (crash, crashed) = watch::channel(false);
        let pending = VecDeque::new();
        let state = State { durable, pending, fault, appends: 0, commits: 0, broken: false, crash };
        Self { kind, state: Arc::new(Mutex::new(state)), crashed }
    }

    /// The machine dies now: everything that is not durable is lost.
    pub fn crash(&self) {
        self.crash_keeping(0);
    }

    /// The machine dies now, and the first `kept` facts that nobody was told to be durable are so all the
    /// same: what a disk may have done in the last moment.
    pub fn crash_keeping(&self, kept: usize) {
        let mut state = self.state();
        for _ in 0..kept {
            let Some(pending) = state.pending.pop_front() else { break };
            state.keep(pending.key, pending.recorded);
        }
        state.die();
    }

    /// A fresh handle over what survived, without faults. The old ledger is not changed by it.
    pub fn survivor(&self) -> Self {
        self.survivor_failing(None)
    }

    /// As [`survivor`](Self::survivor), with a breakdown of its own: appends count from 1 again.
    pub fn survivor_failing(&self, fault: Option<Fault>) -> Self {
        Self::with(self.kind, self.state().durable.clone(), fault)
    }

    /// Whether it has crashed.
    pub fn has_crashed(&self) -> bool {
        *self.crashed.borrow()
    }

    /// Resolves when it crashes, so that a test can drop the program at that instant.
    pub async fn crashed(&self) {
        let mut crashed = self.crashed.clone();
        if crashed.wait_for(|crashed| *crashed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How many facts were accepted so far, durable or not.
    pub fn appends(&self) -> u64 {
        self.state().appends
    }

    /// How many facts wait to become durable.
    pub fn pending(&self) -> usize {
        self.state().pending.len()
    }

    /// How often waiting facts were made durable together.
    pub fn commits(&self) -> u64 {
        self.state().commits
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit_later(&self, number: u64) -> impl Future<Output = ()> + Send + use<> {
        let state = Arc::clone(&self.state);
        async move {
            tokio::task::yield_now().await;
            state.lock().unwrap_or_else(PoisonError::into_inner).commit_up_to(number);
        }
    }
}

impl State {
    fn last_seq(&self, key: &TransferKey) -> u64 {
        let waiting = self.pending.iter().rev().find(|pending| pending.key == *key);
        let kept = || self.durable.get(key).and_then(|facts| facts.last());
        waiting.map(|pending| &pending.recorded).or_else(kept).map_or(0, |recorded| recorded.seq)
    }

    fn chosen(&self, scope: Scope<'_>) -> Vec<(TransferKey, Vec<Recorded>)> {
        let owned = |(key, facts): (&TransferKey, &Vec<Recorded>)| (key.clone(), facts.clone());
        match scope {
            Scope::All => self.durable.iter().map(owned).collect(),
            Scope::Campaign(campaign) => {
                self.durable.iter().filter(|(key, _)| *key.campaign == *campaign).map(owned).collect()
            }
            Scope::Transfer(key) => self.durable.get_key_value(key).map(owned).into_iter().collect(),
        }
    }

    fn is_dead(&self) -> bool {
        *self.crash.borrow()
    }

    fn keep(&mut self, key: TransferKey, recorded: Recorded) {
        self.durable.entry(key).or_default().push(recorded);
    }

    /// A ticket whose sender is dropped stays pending for ever.
    fn die(&mut self) {
        self.pending.clear();
        self.crash.send_replace(true);
    }

    fn break_down(&mut self) {
        self.broken = true;
        for pending in self.pending.drain(..) {
            // Nobody has to wait for a ticket.
            let _ = pending.reply.send(Err(disk_full()));
        }
    }

    fn commit_up_to(&mut self, number: u64) {
        let mut told = Vec::new();
        while self.pending.front().is_some_and(|pending| pending.number <= number) {
            let pending = self.pending.pop_front().expect("there is a front");
            let crash = match self.fault {
                Some(Fault::CrashBeforeDurable(at)) if at == pending.number => Some(false),
                Some(Fault::CrashAfterDurable(at)) if at == pending.number => Some(true),
                _ => None,
            };
            if crash != Some(false) {
                self.keep(pending.key, pending.recorded);
            }
            told.push(pending.reply);
            if crash.is_some() {
                return self.die();
            }
        }
        self.commits += u64::from(!told.is_empty());
        for reply in told {
            // Nobody has to wait for a ticket.
            let _ = reply.send(Ok(()));
        }
    }
}

fn disk_full() -> LedgerError {
    LedgerError::CannotWrite { path: PathBuf::from("(in memory)"), why: "no space left".into() }
}

impl Ledger for MemoryLedger {
    fn append(&self, key: &TransferKey, recorded: Recorded) -> Ticket {
        let mut state = self.state();
        if state.is_dead() {
            return Ticket::new(std::future::pending());
        }
        if state.broken {
            return Ticket::ready(Err(disk_full()));
        }
        let expected = state.last_seq(key) + 1;
        if recorded.seq != expected {
            let found = recorded.seq;
            return Ticket::ready(Err(LedgerError::Conflict { key: key.clone(), expected, found }));
        }
        let number = state.appends + 1;
        match state.fault {
            Some(Fault::RefuseFrom(at)) if number >= at => {
                state.break_down();
                return Ticket::ready(Err(disk_full()));
            }
            Some(Fault::CrashOnCall(at)) if number == at => {
                state.die();
                return Ticket::new(std::future::pending());
            }
            _ => {}
        }
        state.appends = number;
        let (reply, answer) = oneshot::channel();
        state.pending.push_back(Pending { number, key: key.clone(), recorded, reply });
        drop(state);
        let commit = self.commit_later(number);
        Ticket::new(async move {
            commit.await;
            match answer.await {
                Ok(result) => result,
                Err(_crashed) => std::future::pending().await,
            }
        })
    }

    fn flush(&self) -> Ticket {
        let state = self.state();
        if state.is_dead() {
            return Ticket::new(std::future::pending());
        }
        if state.broken {
            return Ticket::ready(Err(disk_full()));
        }
        let number = state.appends;
        drop(state);
        let ledger = self.clone();
        Ticket::new(async move {
            ledger.commit_later(number).await;
            if ledger.has_crashed() {
                std::future::pending::<()>().await;
            }
            if ledger.state().broken { Err(disk_full()) } else { Ok(()) }
        })
    }
}

impl Replay for MemoryLedger {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn visit(&self, scope: Scope<'_>, take: &mut dyn FnMut(TransferRecord)) -> Result<(), LedgerError> {
        let chosen = self.state().chosen(scope);
        for (key, facts) in chosen {
            let mut record = TransferRecord::empty(key);
            facts.into_iter().try_for_each(|recorded| record.push(recorded))?;
            take(record);
        }
        Ok(())
    }
}
