//! What a gateway's handles, listeners and connections share: the units, the bus, the count of connections.
//! Knows nothing of bytes. One lock a gateway, never held across an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::audit::{Audit, ViolationKind};
use super::fault::Plan;
use super::framing::Framing;
use super::gateway::{ConnectionCounts, GatewaySettings, UnknownUnit};
use super::line::Line;
use super::pdu::{self, Request};
use super::unit::Unit;

/// Unit 0 is everybody.
pub(super) const BROADCAST: u8 = 0;

/// What handles, listeners and connections share.
#[derive(Debug)]
pub(super) struct Shared {
    settings: GatewaySettings,
    pub(super) epoch: Instant,
    pub(super) alive: CancellationToken,
    bus: tokio::sync::Mutex<()>,
    /// Once a client has connected to a gateway that speaks RTU.
    line: OnceLock<Arc<Line>>,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) units: BTreeMap<u8, Unit>,
    pub(super) broadcasts: Audit,
    pub(super) connections: ConnectionCounts,
    /// Cancelled when the gateway goes offline; `None` while it is.
    pub(super) online: Option<CancellationToken>,
}

/// For listeners and connections.
impl Shared {
    pub(super) fn new(settings: GatewaySettings) -> Self {
        let alive = CancellationToken::new();
        let epoch = Instant::now();
        let state = State {
            units: BTreeMap::new(),
            broadcasts: Audit::new(epoch),
            connections: ConnectionCounts::default(),
            online: Some(alive.child_token()),
        };
        let (bus, line) = (tokio::sync::Mutex::new(()), OnceLock::new());
        Self { settings, epoch, alive, bus, line, state: Mutex::new(state) }
    }

    pub(super) fn settings(&self) -> &GatewaySettings {
        &self.settings
    }

    /// The bus, as soon as it is free.
    pub(super) async fn bus(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.bus.lock().await
    }

    /// The line of a gateway that speaks RTU.
    pub(super) fn line(&self, begin: impl FnOnce() -> Arc<Line>) -> &Arc<Line> {
        self.line.get_or_init(begin)
    }

    pub(super) fn is_offline(&self) -> bool {
        self.lock().online.is_none()
    }

    pub(super) fn is_full(&self) -> bool {
        let open = self.lock().connections.open;
        self.settings.max_connections.is_some_and(|most| open >= most)
    }

    /// Counts a connection and says what ends it, or counts a refusal.
    pub(super) fn connection_begins(&self) -> Option<CancellationToken> {
        let mut state = self.lock();
        let open = state.connections.open;
        let room = self.settings.max_connections.is_none_or(|most| open < most);
        let online = state.online.clone().filter(|_| room);
        let counts = &mut state.connections;
        if online.is_none() {
            counts.refused += 1;
        } else {
            counts.accepted += 1;
            counts.open += 1;
            counts.most_open = counts.most_open.max(counts.open);
        }
        online
    }

    pub(super) fn connection_ended(&self) {
        self.lock().connections.open -= 1;
    }

    /// Takes note of a request and says how it is to be served.
    pub(super) fn receive(&self, unit: u8, request: &Request, is_first: bool) -> Plan {
        let mut state = self.lock();
        let now = Instant::now();
        if unit == BROADCAST {
            state.hear_broadcast(request, now);
            return Plan::broadcast();
        }
        match state.units.get_mut(&unit) {
            None => match (self.settings.unknown_unit, self.settings.framing) {
                (UnknownUnit::Exception(code), Framing::Mbap) => Plan::gateway_exception(code),
                (UnknownUnit::Silence, _) | (_, Framing::Rtu) => Plan::silence(),
            },
            Some(unit) => {
                if is_first {
                    unit.audit_mut().connection();
                }
                unit.receive(request, now)
            }
        }
    }

    /// Serves a request by its plan; the answer's PDU goes behind what is in `out`.
    pub(super) fn carry_out(&self, unit: u8, request: &Request, plan: &Plan, out: &mut Vec<u8>) {
        let mut state = self.lock();
        match (state.units.get_mut(&unit), plan.exception) {
            (Some(unit), _) => unit.carry_out(request, plan, Instant::now(), out),
            (None, Some(code)) => pdu::exception(out, request.function, code),
            (None, None) => {}
        }
    }

    /// The PDUs with which a unit has answered requests that were kept back, since this was last asked.
    pub(super) fn answers_of(&self, unit: u8) -> Vec<Vec<u8>> {
        let now = Instant::now();
        self.lock().units.get_mut(&unit).map(|unit| unit.late_answers(now)).unwrap_or_default()
    }

    /// Who panics while holding it asked for a unit that is not there, before anything was changed.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Obeyed by nobody, held against the client by everybody.
    fn hear_broadcast(&mut self, request: &Request, now: Instant) {
        self.broadcasts.request(request.function, false);
        let audits = self.units.values_mut().map(Unit::audit_mut).chain([&mut self.broadcasts]);
        for audit in audits {
            audit.violation(now, ViolationKind::Broadcast { function: request.function });
        }
    }
}
