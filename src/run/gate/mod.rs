//! A gate per gateway: one connection, one request in flight, the transfer that is furthest along first. What is wrong
//! with the gateway is known here, for all transfers behind it. It knows nothing of the transfers themselves.

mod budget;
mod permit;
mod trouble;
mod turns;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::time::Instant;

use self::{
    budget::{Budget, Keeper, Room},
    trouble::Trouble,
    turns::Turns,
};
use super::Traffic;
use crate::{
    campaign::{Endpoint, Gateway, GatewayKey, Unit},
    modbus::{Connect, Open, Trace},
    transfer::Step,
};

pub(super) use self::{permit::Permit, trouble::Down};

/// How connections are made, for all gates of a run.
#[derive(Clone)]
struct Wires {
    connector: Arc<dyn Connect>,
    trace: Option<Trace>,
    /// Nothing where there is a connection for every gateway.
    budget: Option<Arc<Budget>>,
}

/// The gates of all gateways of a run.
pub struct Gates<L: Open>(HashMap<GatewayKey, Arc<Gate<L>>>);

impl<L: Open> Gates<L> {
    /// A gate for each gateway that any of the endpoints is behind. At most `connections` are open at a time.
    pub fn new<'a>(
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
        connector: Arc<dyn Connect>,
        trace: Option<Trace>,
        connections: usize,
    ) -> Self {
        let gateways: HashMap<&GatewayKey, &Arc<Gateway>> =
            endpoints.into_iter().map(|endpoint| (&endpoint.gateway.address, &endpoint.gateway)).collect();
        let budget = (connections < gateways.len()).then(|| Arc::new(Budget::new(connections)));
        let wires = Wires { connector, trace, budget };
        let gate = |gateway: &Arc<Gateway>| Gate {
            gateway: Arc::clone(gateway),
            wires: wires.clone(),
            turns: Mutex::default(),
            slot: Mutex::default(),
        };
        Self(gateways.into_iter().map(|(key, gateway)| (key.clone(), Arc::new(gate(gateway)))).collect())
    }

    /// How many gateways there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What went over the wire behind this gateway so far.
    pub(super) fn traffic(&self, gateway: &GatewayKey) -> Traffic {
        self.0.get(gateway).map(|gate| lock(&gate.slot).traffic).unwrap_or_default()
    }

    /// Waits for the turn at an endpoint's gateway. `step` is how far along the transfer is.
    pub(super) async fn enter(&self, endpoint: &Endpoint, step: Step) -> Permit<L> {
        let gate = self.0.get(&endpoint.gateway.address).expect("every endpoint of the run has a gate");
        gate.enter(endpoint.unit, step).await
    }
}

struct Gate<L: Open> {
    gateway: Arc<Gateway>,
    wires: Wires,
    /// Taken before `slot`, where both are.
    turns: Mutex<Turns<L>>,
    slot: Mutex<Slot<L>>,
}

/// The one connection, when its last request ended, what went over it, and what is wrong with it.
struct Slot<L> {
    link: Option<Kept<L>>,
    /// By which the connection is known to be idle.
    idle: Option<u64>,
    answered: Option<Instant>,
    traffic: Traffic,
    trouble: Trouble,
}

struct Kept<L> {
    link: L,
    room: Option<Room>,
}

impl<L> Default for Slot<L> {
    fn default() -> Self {
        Self {
            link: None,
            idle: None,
            answered: None,
            traffic: Traffic::default(),
            trouble: Trouble::default(),
        }
    }
}

impl<L: Open> Gate<L> {
    async fn enter(self: &Arc<Self>, unit: Unit, step: Step) -> Permit<L> {
        let turn = {
            let mut turns = lock(&self.turns);
            if !turns.taken {
                turns.taken = true;
                drop(turns);
                self.in_use();
                return Permit::of(self);
            }
            // Not where a command may have been sent: what became of it is not left open longer than it must.
            let after_silence = step < Step::Stage && lock(&self.slot).trouble.silences(unit) > 0;
            turns.wait(step, after_silence)
        };
        turn.await.expect("whoever leaves a gate passes its permit on to all who wait")
    }

    fn in_use(&self) {
        let Some(budget) = &self.wires.budget else { return };
        if let Some(mark) = lock(&self.slot).idle.take() {
            budget.in_use(mark);
        }
    }
}

impl<L: Open> Keeper for Gate<L> {
    fn give_up(self: Arc<Self>) -> BoxFuture<'static, Option<Room>> {
        async move {
            let kept = {
                let turns = lock(&self.turns);
                if turns.taken { None } else { lock(&self.slot).link.take() }
            }?;
            kept.link.close().await;
            kept.room
        }
        .boxed()
    }
}

impl<L: Open> Gate<L> {
    /// The connection is kept as long as nobody else has need of its room. That behind a portable gateway is always
    /// kept: with the connection, the meter may change.
    fn becomes_idle(self: &Arc<Self>) {
        let Some(budget) = self.wires.budget.as_ref().filter(|_| !self.gateway.portable) else { return };
        let mut slot = lock(&self.slot);
        if slot.link.is_none() {
            return;
        }
        let this: Weak<Self> = Arc::downgrade(self);
        slot.idle = budget.idle_now(this);
        if slot.idle.is_some() {
            return;
        }
        let kept = slot.link.take();
        drop(slot);
        if let (Some(kept), Ok(runtime)) = (kept, tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                kept.link.close().await;
                drop(kept.room);
            });
        }
    }
}

/// What these locks hold is changed in single steps: a panic elsewhere leaves nothing half-done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
