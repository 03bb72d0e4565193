//! A worker: does what one machine asks for, and brings back the answers.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{
    Clock, Gates, control::window_closed, gate::Permit, queue::Index, reckoning::Spent, seen::Seen,
    stop::Heeded,
};
use crate::{
    campaign::{Endpoint, Role},
    meter::Read,
    modbus::Link,
    transfer::{Action, Cause, Ending, Machine, Recorded, Reply, Step},
};

/// What a worker tells the dispatcher. Internal: it carries the way to answer.
pub(super) enum Message {
    /// Record this, and answer when the transfer may go on.
    Record {
        index: Index,
        recorded: Recorded,
        step: Step,
        attempt: u32,
        answer: oneshot::Sender<Result<(), String>>,
    },
}

/// How a worker let go of its machine.
pub(super) enum Released {
    /// It comes back later.
    Parked { machine: Box<Machine>, delay: std::time::Duration },
    /// It is over.
    Ended { machine: Box<Machine>, ending: Ending },
    /// A fact could not be recorded.
    NotRecorded { machine: Box<Machine>, error: String },
    /// A defect: a fact that the record does not allow.
    Defect { machine: Box<Machine>, error: String },
}

/// What all workers share.
#[derive(Clone)]
pub(super) struct Tools {
    pub gates: Arc<Gates<Link>>,
    pub dispatcher: mpsc::Sender<Message>,
    pub clock: Clock,
    pub stop: Heeded,
    pub seen: Arc<Seen>,
    pub spent: Arc<Spent>,
}

/// Drives one machine until it ends or lets others go first.
pub(super) async fn work(index: Index, machine: Box<Machine>, tools: Tools) -> Released {
    Worker { index, machine, tools, held: None }.work().await
}

struct Worker {
    index: Index,
    machine: Box<Machine>,
    tools: Tools,
    /// The target's gateway, from the first staged word to the commit.
    held: Option<Permit<Link>>,
}

impl Worker {
    async fn work(mut self) -> Released {
        loop {
            let action = self.next().await;
            let reply = match action {
                Action::Record(recorded) => {
                    if let Err(error) = self.machine.history().allows(&recorded) {
                        return Released::Defect { machine: self.machine, error: error.to_string() };
                    }
                    match self.record(recorded).await {
                        Ok(()) => Reply::Recorded,
                        Err(error) => return Released::NotRecorded { machine: self.machine, error },
                    }
                }
                Action::Read(role, read) => Reply::Read(self.read(role, read).await),
                Action::Write(write) => {
                    let endpoint = self.endpoint(Role::Target);
                    let permit = self.permit(&endpoint).await;
                    let result = permit.write(&endpoint, write).await;
                    self.leave(permit);
                    self.count(&result);
                    Reply::Written(result)
                }
                Action::Relink => {
                    let endpoint = self.endpoint(Role::Target);
                    self.permit(&endpoint).await.disconnect().await;
                    Reply::Relinked
                }
                Action::Wait(delay) => {
                    if !self.slept(delay).await {
                        continue;
                    }
                    Reply::Waited
                }
                Action::Rest(delay) if delay.is_zero() => {
                    // Another try begins at the first step: outside its window it does not.
                    if let Some(halt) = window_closed(self.machine.plan(), self.tools.clock.now().wall) {
                        self.machine.stop(halt);
                        continue;
                    }
                    Reply::Waited
                }
                Action::Rest(delay) => return Released::Parked { machine: self.machine, delay },
                Action::Finish(ending) => return Released::Ended { machine: self.machine, ending },
            };
            if let Err(error) = self.machine.handle(self.tools.clock.now(), reply) {
                return Released::Defect { machine: self.machine, error: error.to_string() };
            }
            if !self.machine.holds_gateway() {
                self.held = None;
            }
        }
    }

    /// The next action, asked for when it can be done at once if the gateway is held: a commit must follow its
    /// check in time.
    async fn next(&mut self) -> Action {
        if let Some(halt) = self.tools.stop.halt() {
            self.machine.stop(halt);
        }
        if let Some(held) = &self.held {
            held.pace().await;
        }
        self.machine.next(self.tools.clock.now())
    }

    async fn read(&mut self, role: Role, read: Read) -> Result<Vec<u16>, Cause> {
        let (endpoint, step) = (self.endpoint(role), self.machine.step());
        let permit = self.permit(&endpoint).await;
        // Looked up at the gate: whoever went before may just have asked.
        if let Some(words) = self.tools.seen.stranger(self.machine.plan(), role, step, read) {
            return Ok(words);
        }
        let result = permit.read(&endpoint, read).await;
        self.leave(permit);
        self.count(&result);
        if let Ok(words) = &result {
            self.tools.seen.note(&endpoint, step, read, words);
        }
        result
    }

    /// Counts a request, if one was sent.
    fn count<T>(&self, result: &Result<T, Cause>) {
        if !matches!(result, Err(Cause::NoConnection(_))) {
            self.tools.spent.sent(self.machine.step(), self.machine.attempt());
        }
    }

    fn endpoint(&self, role: Role) -> Endpoint {
        self.machine.plan().endpoint(role).expect("a machine asks nothing of a typed source").clone()
    }

    async fn permit(&mut self, endpoint: &Endpoint) -> Permit<Link> {
        match self.held.take() {
            Some(held) => held,
            None => {
                let permit = self.tools.gates.enter(endpoint, self.machine.step()).await;
                permit.pace().await;
                permit
            }
        }
    }

    fn leave(&mut self, permit: Permit<Link>) {
        if self.machine.holds_gateway() {
            self.held = Some(permit);
        }
    }

    async fn record(&self, recorded: Recorded) -> Result<(), String> {
        let (answer, acknowledged) = oneshot::channel();
        let message = Message::Record {
            index: self.index,
            recorded,
            step: self.machine.step(),
            attempt: self.machine.attempt(),
            answer,
        };
        let gone = || "the run is over".to_owned();
        self.tools.dispatcher.send(message).await.map_err(|_| gone())?;
        acknowledged.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Sleeps, unless somebody asks the run to stop meanwhile. Whether the time is over.
    async fn slept(&mut self, delay: std::time::Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(delay) => true,
            () = self.tools.stop.changed() => false,
        }
    }
}
