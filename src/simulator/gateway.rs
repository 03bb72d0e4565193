//! The handle to a gateway and the meters behind it: units, switches, faults, and what tests ask afterwards.
//! Knows nothing of bytes.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::audit::{Audit, Violation};
use super::connection;
use super::device::Device;
use super::energies::{Energies, EnergyWords, Load};
use super::fault::Fault;
use super::framing::Framing;
use super::link::{MemoryStream, Slot};
use super::listener;
use super::shared::{BROADCAST, Shared};
use super::unit::Unit;
use super::when::When;

/// Bytes that fit into an in-memory stream, each way.
const STREAM_ROOM: usize = 4_096;

/// How a gateway behaves. The default answers at once and grants any number of connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewaySettings {
    /// How its frames look, and whether its clients share a line.
    pub framing: Framing,
    /// From the execution of a request to its answer; several connections wait at the same time.
    pub latency: Duration,
    /// How long each request occupies the bus, which serves one at a time, before it is executed.
    pub bus_time: Duration,
    /// How long the bus is occupied, on top, by a unit that does not answer.
    pub unit_timeout: Duration,
    /// Connections granted at the same time; further ones are closed at once. `None` is any number.
    pub max_connections: Option<usize>,
    /// What a request to a unit that is not there gets. With [`Framing::Rtu`] always silence.
    pub unknown_unit: UnknownUnit,
}

/// What a request to a unit that is not there gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownUnit {
    /// No answer.
    #[default]
    Silence,
    /// An exception, 0x0B (no answer from the target) on most gateways.
    Exception(u8),
}

/// Connections to a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionCounts {
    /// Granted, in all.
    pub accepted: u64,
    /// Turned away: too many, or the gateway was offline.
    pub refused: u64,
    /// Open now.
    pub open: usize,
    /// Most that were open at one time.
    pub most_open: usize,
}

/// A gateway with meters behind it. Clones are handles to the same gateway; with the last of them it goes away, and so
/// do its connections.
///
/// Asking for a unit that was never added is a mistake in the test, and panics.
#[derive(Clone, Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    _life: Arc<DropGuard>,
}

/// Setting up.
impl Gateway {
    /// A gateway without units.
    pub fn new(settings: GatewaySettings) -> Self {
        let shared = Arc::new(Shared::new(settings));
        let life = Arc::new(shared.alive.clone().drop_guard());
        Self { shared, _life: life }
    }

    /// Puts a device at a unit, 1–247. From now on it counts. Panics if the unit is taken or cannot be.
    pub fn add(&self, unit: u8, device: Device) {
        assert!((1..=247).contains(&unit), "unit {unit} is not within 1–247");
        let now = Instant::now();
        let before = self.shared.lock().units.insert(unit, Unit::new(device, self.shared.epoch, now));
        assert!(before.is_none(), "unit {unit} is taken: exchange it");
    }

    /// Puts another device at a unit and hands back the one that was there, as it stopped counting. Faults stay armed,
    /// requests kept back will reach the new one, and the audit begins anew.
    pub fn exchange(&self, unit: u8, device: Device) -> Device {
        self.with(unit, |unit, now| unit.exchange(device, now))
    }

    /// Listens on a free port of the loopback address. May be called again for another port.
    ///
    /// # Errors
    /// As binding a port has them.
    pub async fn listen(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (alive, shared) = (self.shared.alive.clone(), Arc::clone(&self.shared));
        tokio::spawn(async move { alive.run_until_cancelled(listener::accept(shared, listener)).await });
        Ok(address)
    }

    /// Connects in memory: works under a paused clock.
    ///
    /// # Errors
    /// `ConnectionRefused` while the gateway is offline or grants no more connections.
    pub fn connect(&self) -> io::Result<MemoryStream> {
        let online = self.shared.connection_begins().ok_or(io::ErrorKind::ConnectionRefused)?;
        let slot = Arc::new(Slot::new(Arc::clone(&self.shared)));
        let (ours, theirs) = tokio::io::duplex(STREAM_ROOM);
        connection::spawn(&self.shared, Arc::clone(&slot), online, ours);
        Ok(MemoryStream::new(theirs, slot))
    }
}

/// Making trouble.
impl Gateway {
    /// Arms a fault at a unit.
    pub fn inject(&self, unit: u8, when: When, fault: Fault) {
        self.with(unit, |unit, _| unit.arm(when, fault));
    }

    /// Takes back all faults of a unit that have not struck yet.
    pub fn clear_faults(&self, unit: u8) {
        self.with(unit, |unit, _| unit.disarm());
    }

    /// Faults of a unit that may still strike.
    pub fn armed_faults(&self, unit: u8) -> usize {
        self.with(unit, |unit, _| unit.armed())
    }

    /// Offline: connections are cut with whatever they are waiting for, further ones refused, until it is online again.
    pub fn set_offline(&self, offline: bool) {
        let mut state = self.shared.lock();
        if offline {
            if let Some(online) = state.online.take() {
                online.cancel();
            }
        } else if state.online.is_none() {
            state.online = Some(self.shared.alive.child_token());
        }
    }

    /// A silent unit hears requests (they are counted), but neither obeys nor answers.
    pub fn set_silent(&self, unit: u8, silent: bool) {
        self.with(unit, |unit, _| unit.set_silent(silent));
    }

    /// Another master writes the mailbox now. Panics outside 8000–8149.
    pub fn foreign_write(&self, unit: u8, register: u16, words: &[u16]) {
        self.with(unit, |unit, now| unit.foreign_write(register, words, now));
    }

    /// Another load from now on.
    pub fn set_load(&self, unit: u8, load: Load) {
        self.with(unit, |unit, now| unit.device(now).counters_mut().set_load(load, Some(now)));
    }

    /// Other energies from now on.
    pub fn set_energies(&self, unit: u8, energies: Energies) {
        self.with(unit, |unit, now| unit.device(now).counters_mut().set(energies, Some(now)));
    }

    /// Ends every connection and listener, for good.
    pub fn shut_down(&self) {
        self.shared.lock().online = None;
        self.shared.alive.cancel();
    }
}

/// Looking at it.
impl Gateway {
    /// What was done to the device at a unit. Unit 0 has what was broadcast.
    pub fn audit(&self, unit: u8) -> Audit {
        if unit == BROADCAST {
            return self.shared.lock().broadcasts.clone();
        }
        self.with(unit, |unit, now| {
            unit.device(now);
            unit.audit().clone()
        })
    }

    /// What was done to the devices that were at a unit before, the earliest first.
    pub fn past_audits(&self, unit: u8) -> Vec<Audit> {
        self.with(unit, |unit, _| unit.past_audits().to_vec())
    }

    /// Everything no client may ever do, with the unit it was done to. A broadcast stands at unit 0 and at every unit
    /// that heard it.
    pub fn violations(&self) -> Vec<(u8, Violation)> {
        let state = self.shared.lock();
        let units = state.units.iter().flat_map(|(&number, unit)| {
            unit.past_audits().iter().chain([unit.audit()]).map(move |audit| (number, audit))
        });
        let all = units.chain([(BROADCAST, &state.broadcasts)]);
        all.flat_map(|(unit, audit)| audit.violations().iter().map(move |found| (unit, found.clone())))
            .collect()
    }

    /// The units, in ascending order.
    pub fn units(&self) -> Vec<u8> {
        self.shared.lock().units.keys().copied().collect()
    }

    /// The energies a unit shows now.
    pub fn energies(&self, unit: u8) -> Energies {
        self.with(unit, |unit, now| unit.device(now).counters().energies(now))
    }

    /// The 28 words a unit shows now, in the order of 1700–1727 whatever its model.
    pub fn words(&self, unit: u8) -> EnergyWords {
        self.with(unit, |unit, now| unit.device(now).counters().words(now))
    }

    /// A word of a unit's mailbox. Panics outside 8000–8149.
    pub fn mailbox(&self, unit: u8, register: u16) -> u16 {
        self.with(unit, |unit, now| unit.device(now).mailbox().get(register))
    }

    /// The serial number of the device at a unit.
    pub fn serial_number(&self, unit: u8) -> u32 {
        self.with(unit, |unit, now| unit.device(now).serial_number())
    }

    /// Connections to this gateway.
    pub fn connections(&self) -> ConnectionCounts {
        self.shared.lock().connections
    }

    fn with<T>(&self, unit: u8, act: impl FnOnce(&mut Unit, Instant) -> T) -> T {
        let mut state = self.shared.lock();
        let found = state.units.get_mut(&unit).unwrap_or_else(|| panic!("unit {unit} was never added"));
        act(found, Instant::now())
    }
}
