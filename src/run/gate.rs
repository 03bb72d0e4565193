//! A gate per gateway: one connection, one request in flight, the transfer that is furthest along first.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

use super::Traffic;
use crate::{
    campaign::{Endpoint, Gateway, GatewayKey},
    meter::{Read, Write},
    modbus::{Connect, Link, Open, Trace},
    transfer::{Cause, Step},
};

/// How connections are made, for all gates of a run.
#[derive(Clone)]
struct Wires {
    connector: Arc<dyn Connect>,
    trace: Option<Trace>,
}

/// The gates of all gateways of a run.
pub struct Gates<L>(HashMap<GatewayKey, Arc<Gate<L>>>);

impl<L: Open> Gates<L> {
    /// A gate for each gateway that any of the endpoints is behind.
    pub fn new<'a>(
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
        connector: Arc<dyn Connect>,
        trace: Option<Trace>,
    ) -> Self {
        let wires = Wires { connector, trace };
        let mut gates = HashMap::new();
        for endpoint in endpoints {
            let gateway = &endpoint.gateway;
            gates.entry(gateway.address.clone()).or_insert_with(|| {
                Arc::new(Gate {
                    gateway: Arc::clone(gateway),
                    wires: wires.clone(),
                    turns: Mutex::default(),
                    slot: Mutex::new(Slot { link: None, answered: None, traffic: Traffic::default() }),
                })
            });
        }
        Self(gates)
    }

    /// How many gateways there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What went over the wire behind this gateway so far.
    pub(super) fn traffic(&self, gateway: &GatewayKey) -> Traffic {
        self.0.get(gateway).map(|gate| lock(&gate.slot).traffic).unwrap_or_default()
    }

    /// Waits for the turn at an endpoint's gateway.
    pub(super) async fn enter(&self, endpoint: &Endpoint, step: Step) -> Permit<L> {
        let gate = self.0.get(&endpoint.gateway.address).expect("every endpoint of the run has a gate");
        gate.enter(step).await
    }
}

struct Gate<L> {
    gateway: Arc<Gateway>,
    wires: Wires,
    turns: Mutex<Turns<L>>,
    slot: Mutex<Slot<L>>,
}

/// The one connection, when its last request ended, and what went over it.
struct Slot<L> {
    link: Option<L>,
    answered: Option<Instant>,
    traffic: Traffic,
}

/// Who is served, and who waits.
struct Turns<L> {
    taken: bool,
    tickets: u64,
    waiting: BinaryHeap<Waiting<L>>,
}

impl<L> Default for Turns<L> {
    fn default() -> Self {
        Self { taken: false, tickets: 0, waiting: BinaryHeap::new() }
    }
}

struct Waiting<L> {
    step: Step,
    ticket: u64,
    turn: oneshot::Sender<Permit<L>>,
}

impl<L> Waiting<L> {
    /// The furthest step first, then who came first.
    fn rank(&self) -> (Step, std::cmp::Reverse<u64>) {
        (self.step, std::cmp::Reverse(self.ticket))
    }
}

impl<L> Ord for Waiting<L> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<L> PartialOrd for Waiting<L> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<L> PartialEq for Waiting<L> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<L> Eq for Waiting<L> {}

impl<L: Open> Gate<L> {
    async fn enter(self: &Arc<Self>, step: Step) -> Permit<L> {
        let turn = {
            let mut turns = lock(&self.turns);
            if !turns.taken {
                turns.taken = true;
                return Permit { gate: Some(Arc::clone(self)) };
            }
            let (sender, turn) = oneshot::channel();
            turns.tickets += 1;
            let ticket = turns.tickets;
            turns.waiting.push(Waiting { step, ticket, turn: sender });
            turn
        };
        turn.await.expect("whoever leaves a gate passes its permit on to all who wait")
    }
}

/// The right to use one gateway. Passed on when dropped.
pub(super) struct Permit<L> {
    /// Empty only while it is passed on.
    gate: Option<Arc<Gate<L>>>,
}

impl<L> Drop for Permit<L> {
    fn drop(&mut self) {
        let Some(gate) = self.gate.take() else { return };
        let mut permit = Permit { gate: Some(Arc::clone(&gate)) };
        loop {
            let next = {
                let mut turns = lock(&gate.turns);
                let next = turns.waiting.pop();
                turns.taken = next.is_some();
                next
            };
            let Some(next) = next else {
                permit.gate = None;
                return;
            };
            match next.turn.send(permit) {
                Ok(()) => return,
                // Whoever waited was stopped: the next one, then.
                Err(back) => permit = back,
            }
        }
    }
}

impl<L: Open> Permit<L> {
    fn gate(&self) -> &Gate<L> {
        self.gate.as_deref().expect("a permit has its gate until it is dropped")
    }

    /// Waits until the gateway has had its silence since the last answer.
    pub(super) async fn pace(&self) {
        let pace = self.gate().gateway.settings.pace;
        let answered = lock(&self.gate().slot).answered;
        if let (false, Some(answered)) = (pace == Duration::ZERO, answered) {
            tokio::time::sleep_until(answered + pace).await;
        }
    }

    /// Reads registers. A connection that was kept and turns out to be closed is made anew once: many
    /// gateways close an idle one, and a read may always be repeated. Not behind a portable gateway: with the
    /// connection, the meter may have changed.
    pub(super) async fn read(&self, endpoint: &Endpoint, read: Read) -> Result<Vec<u16>, Cause> {
        let (link, kept) = self.link().await?;
        let asked = Instant::now();
        let result = link.read(endpoint, read).await;
        if kept && !self.gate().gateway.portable && matches!(result, Err(Cause::Dropped(_))) {
            lock(&self.gate().slot).traffic.asked(&result, asked.elapsed());
            self.pace().await;
            let link = self.connect().await?;
            let asked = Instant::now();
            let result = link.read(endpoint, read).await;
            self.keep(link, asked, &result);
            return result;
        }
        self.keep(link, asked, &result);
        result
    }

    /// Gives up the connection.
    pub(super) async fn disconnect(&self) {
        let link = lock(&self.gate().slot).link.take();
        if let Some(link) = link {
            link.close().await;
        }
    }

    /// The kept connection, or a new one; and whether it was kept.
    async fn link(&self) -> Result<(L, bool), Cause> {
        let kept = lock(&self.gate().slot).link.take().filter(L::is_usable);
        match kept {
            Some(link) => Ok((link, true)),
            None => Ok((self.connect().await?, false)),
        }
    }

    async fn connect(&self) -> Result<L, Cause> {
        let gate = self.gate();
        let began = Instant::now();
        let opened =
            L::open(&*gate.wires.connector, Arc::clone(&gate.gateway), gate.wires.trace.clone()).await;
        lock(&gate.slot).traffic.opened(&opened, began.elapsed());
        opened
    }

    fn keep<T>(&self, link: L, asked: Instant, result: &Result<T, Cause>) {
        let mut slot = lock(&self.gate().slot);
        slot.traffic.asked(result, asked.elapsed());
        slot.answered = Some(Instant::now());
        slot.link = link.is_usable().then_some(link);
    }
}

impl Permit<Link> {
    /// Writes; `Ok` is the exact echo. Never repeated.
    pub(super) async fn write(&self, endpoint: &Endpoint, write: Write) -> Result<(), Cause> {
        let (link, _) = self.link().await?;
        let asked = Instant::now();
        let result = link.write(endpoint, write).await;
        self.keep(link, asked, &result);
        result
    }
}

/// What these locks hold is changed in single steps: a panic elsewhere leaves nothing half-done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
