//! A worker: does what one machine asks for, and brings back the answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    Clock, Gates,
    control::window_closed,
    gate::{Down, Permit},
    limits::LONG_PAUSE,
    queue::{Aside, Index},
    reckoning::Spent,
    seen::Seen,
    stop::Heeded,
};
use crate::{
    campaign::{Endpoint, Role},
    meter::{Read, Write},
    modbus::Link,
    transfer::{Action, Cause, Ending, Machine, Phase, Recorded, Reply, Step},
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
    Parked { machine: Box<Machine>, aside: Parking },
    /// It is over.
    Ended { machine: Box<Machine>, ending: Ending },
    /// A fact could not be recorded.
    NotRecorded { machine: Box<Machine>, error: String },
    /// A defect: a fact that the record does not allow.
    Defect { machine: Box<Machine>, error: String },
}

/// How long a transfer lets others go first, and why.
pub(super) struct Parking {
    pub until: Instant,
    pub why: Aside,
    /// What is known of its gateway, where that cannot be reached.
    pub down: Option<Down>,
    /// It is this transfer that could not connect; others only know.
    pub found: bool,
}

impl Parking {
    /// Until the gateway is tried again. `found`: it is this transfer that could not connect.
    fn until_tried(role: Role, down: Down, found: bool) -> Self {
        Self { until: down.until, why: Aside::Unreached(role), down: Some(down), found }
    }
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
    /// Nothing new is begun: whoever has to wait does so where it is.
    pub at_rest: Arc<AtomicBool>,
}

/// Drives one machine until it ends or lets others go first.
pub(super) async fn work(index: Index, machine: Box<Machine>, tools: Tools) -> Released {
    Worker { index, machine, tools, held: None, silent: None }.work().await
}

struct Worker {
    index: Index,
    machine: Box<Machine>,
    tools: Tools,
    /// The target's gateway, from the first staged word to the commit.
    held: Option<Permit<Link>>,
    /// The meter that did not answer the last request.
    silent: Option<Role>,
}

impl Worker {
    async fn work(mut self) -> Released {
        loop {
            let reply = match self.next().await {
                Action::Record(recorded) => {
                    if let Err(error) = self.machine.history().allows(&recorded) {
                        return Released::Defect { machine: self.machine, error: error.to_string() };
                    }
                    match self.record(recorded).await {
                        Ok(()) => Reply::Recorded,
                        Err(error) => return Released::NotRecorded { machine: self.machine, error },
                    }
                }
                Action::Read(role, read) => match self.read(role, read).await {
                    Ok(answer) => Reply::Read(answer),
                    Err(aside) => return Released::Parked { machine: self.machine, aside },
                },
                Action::Write(write) => Reply::Written(self.write(write).await),
                Action::Relink => {
                    let endpoint = self.endpoint(Role::Target);
                    self.permit(Role::Target, &endpoint).await.disconnect().await;
                    Reply::Relinked
                }
                Action::Wait(delay) => {
                    if let Some(why) = self.aside(delay) {
                        return self.parked(delay, why);
                    }
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
                Action::Rest(delay) => {
                    let why = match self.silent {
                        Some(role) => Aside::Silent { role, again: true },
                        None => Aside::Again,
                    };
                    return self.parked(delay, why);
                }
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

    fn parked(self, delay: Duration, why: Aside) -> Released {
        let aside = Parking { until: Instant::now() + delay, why, down: None, found: false };
        Released::Parked { machine: self.machine, aside }
    }

    /// Why a transfer that has to wait lets others go first, if it does.
    fn aside(&self, delay: Duration) -> Option<Aside> {
        if self.tools.at_rest.load(Ordering::Relaxed) || delay.is_zero() {
            return None;
        }
        match self.silent {
            Some(role) => Some(Aside::Silent { role, again: false }),
            None => (delay >= LONG_PAUSE).then_some(Aside::Pause),
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

    /// Reads, or finds that the gateway cannot be reached and its next try must be waited for.
    async fn read(&mut self, role: Role, read: Read) -> Result<Result<Vec<u16>, Cause>, Parking> {
        let (endpoint, step) = (self.endpoint(role), self.machine.step());
        let retry = self.machine.plan().options.retry;
        let permit = self.permit(role, &endpoint).await;
        // Looked up at the gate: whoever went before may just have asked.
        if let Some(words) = self.tools.seen.stranger(self.machine.plan(), role, step, read) {
            return Ok(Ok(words));
        }
        if let Some(known) = self.known_in_vain(role, &endpoint, &permit) {
            return known.map(Err);
        }
        let mut result = permit.read(&endpoint, read, &retry).await;
        self.count(&result);
        if self.may_wait_for_gateway() && self.is_idle() {
            match permit.not_reached(&result, &retry) {
                Some(Ok(given_up)) => result = Err(given_up),
                Some(Err(down)) => return Err(Parking::until_tried(role, down, true)),
                None => {}
            }
        }
        self.leave(permit);
        self.silent = result.as_ref().is_err_and(Cause::is_silence).then_some(role);
        if let Ok(words) = &result {
            self.tools.seen.note(&endpoint, step, read, words);
        }
        Ok(result)
    }

    /// What others found out: nothing is to be asked now. Where a command may have been sent, the transfer's own tries
    /// are all made, each when the gateway's next one is due.
    fn known_in_vain(
        &self,
        role: Role,
        endpoint: &Endpoint,
        permit: &Permit<Link>,
    ) -> Option<Result<Cause, Parking>> {
        let retry = &self.machine.plan().options.retry;
        let known = match (self.may_wait_for_gateway(), self.is_idle()) {
            (false, _) => None,
            (true, true) => permit.in_vain(endpoint.unit, retry),
            (true, false) => permit.down().map(Err),
        };
        known.map(|known| known.map_err(|down| Parking::until_tried(role, down, false)))
    }

    /// Whether nothing of this try may have reached its target.
    fn is_idle(&self) -> bool {
        self.machine.history().phase() == Phase::Idle
    }

    /// Not from the first staged word to the commit, nor when the run comes to rest.
    fn may_wait_for_gateway(&self) -> bool {
        !self.machine.holds_gateway() && !self.tools.at_rest.load(Ordering::Relaxed)
    }

    async fn write(&mut self, write: Write) -> Result<(), Cause> {
        let endpoint = self.endpoint(Role::Target);
        let retry = self.machine.plan().options.retry;
        let permit = self.permit(Role::Target, &endpoint).await;
        let result = permit.write(&endpoint, write, &retry).await;
        self.count(&result);
        self.leave(permit);
        self.silent = result.as_ref().is_err_and(Cause::is_silence).then_some(Role::Target);
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

    async fn permit(&mut self, role: Role, endpoint: &Endpoint) -> Permit<Link> {
        match self.held.take() {
            Some(held) => held,
            None => {
                let permit = self.tools.gates.enter(endpoint, self.how_far(role)).await;
                permit.pace().await;
                permit
            }
        }
    }

    /// How far along the transfer is: one whose source is read is ahead of all that still read theirs.
    fn how_far(&self, role: Role) -> Step {
        match self.machine.step() {
            Step::Identify if role == Role::Target && self.machine.has_read_its_source() => Step::ReadTarget,
            step => step,
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
