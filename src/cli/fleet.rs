//! Simulated twins of a job's meters: the same gateways, units, models and serial numbers, on loopback.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use serde::Serialize;

use super::failure::counted;
use crate::{
    campaign::{self, Address, Endpoint, Role, SerialNumber, Transfer},
    meter::{Addressing, Model},
    simulator::{self, Audit, Device, Gateway, GatewaySettings, Load, Totals},
};

/// The twins of all meters of a job.
pub(super) struct Fleet {
    gateways: HashMap<Address, (Gateway, SocketAddr)>,
}

/// What was done to one simulated meter.
#[derive(Debug, Serialize)]
pub(super) struct MeterAudit {
    gateway: String,
    unit: u8,
    serial_number: u32,
    /// What it shows, as decimal strings: 16 digits are more than many JSON readers keep.
    energies: [String; 7],
    /// How often 6209 was asked for.
    commit_requests: u64,
    /// How often it changed the energies.
    effective_commits: usize,
    /// How many writes the meter saw.
    writes: usize,
    audit: Audit,
}

impl Fleet {
    /// Starts a twin for every endpoint.
    pub(super) async fn start(transfers: &[Arc<Transfer>], latency: Duration) -> io::Result<Self> {
        let mut meters: BTreeMap<&Address, BTreeMap<u8, Device>> = BTreeMap::new();
        for transfer in transfers {
            for role in [Role::Source, Role::Target] {
                let Some(endpoint) = transfer.endpoint(role) else { continue };
                let units = meters.entry(&endpoint.gateway.address).or_default();
                units.entry(endpoint.unit.number()).or_insert_with(|| twin(role, endpoint));
            }
        }
        let mut gateways = HashMap::with_capacity(meters.len());
        for (address, units) in meters {
            let framing = framing(address);
            let gateway = Gateway::new(GatewaySettings { framing, latency, ..GatewaySettings::default() });
            for (unit, device) in units {
                gateway.add(unit, device);
            }
            let socket = gateway.listen().await?;
            gateways.insert(address.clone(), (gateway, socket));
        }
        Ok(Self { gateways })
    }

    /// Where each gateway is on loopback.
    pub(super) fn sockets(&self) -> HashMap<Address, SocketAddr> {
        self.gateways.iter().map(|(address, (_, socket))| (address.clone(), *socket)).collect()
    }

    /// How many gateways there are.
    pub(super) fn gateways(&self) -> usize {
        self.gateways.len()
    }

    /// How many meters there are.
    pub(super) fn meters(&self) -> usize {
        self.gateways.values().map(|(gateway, _)| gateway.units().len()).sum()
    }

    /// What was done to every meter, in the order of gateways and units.
    pub(super) fn audit(&self) -> Vec<MeterAudit> {
        let mut audits: Vec<_> = self
            .gateways
            .iter()
            .flat_map(|(address, (gateway, _))| {
                gateway.units().into_iter().map(move |unit| meter_audit(address, gateway, unit))
            })
            .collect();
        audits.sort_by(|one, other| (&one.gateway, one.unit).cmp(&(&other.gateway, other.unit)));
        audits
    }

    /// What the meters themselves say of a run, in a line.
    pub(super) fn testimony(&self) -> String {
        let audits = self.audit();
        let presets: usize = audits.iter().map(|audit| audit.effective_commits).sum();
        let written = audits.iter().filter(|audit| audit.writes > 0).count();
        let twice = audits.iter().filter(|audit| audit.effective_commits > 1).count();
        let violations: usize = self.gateways.values().map(|(gateway, _)| gateway.violations().len()).sum();
        format!(
            "the simulated meters say: {} took effect, {written} of {} written to, {twice} preset more than \
             once, {}",
            counted(presets, "preset"),
            counted(audits.len(), "meter"),
            counted(violations, "forbidden request")
        )
    }
}

fn meter_audit(address: &Address, gateway: &Gateway, unit: u8) -> MeterAudit {
    let audit = gateway.audit(unit);
    MeterAudit {
        gateway: address.to_string(),
        unit,
        serial_number: gateway.serial_number(unit),
        energies: gateway.energies(unit).map(|energy| energy.to_string()),
        commit_requests: audit.commit_requests(),
        effective_commits: audit.effective_commits(),
        writes: audit.writes().len(),
        audit,
    }
}

/// What is spoken at an address is spoken by its twin, though that is always on a socket.
pub(super) const fn framing(address: &Address) -> simulator::Framing {
    match address.framing() {
        campaign::Framing::Mbap => simulator::Framing::Mbap,
        campaign::Framing::Rtu => simulator::Framing::Rtu,
    }
}

pub(super) fn twin(role: Role, endpoint: &Endpoint) -> Device {
    let model = match endpoint.model {
        Model::Cm2000 => simulator::Model::Cm2000,
        Model::Cm3000 => simulator::Model::Cm3000,
        Model::Cm4000 => simulator::Model::Cm4000,
        Model::Pm800 => simulator::Model::Pm800,
    };
    let serial = match endpoint.serial_number {
        SerialNumber::Pinned(serial) => serial,
        SerialNumber::Any => made_up_serial(endpoint),
    };
    let device = Device::new(model, serial);
    let device = match endpoint.addressing {
        Addressing::Modbus => device,
        Addressing::Jbus => device.with_jbus_addressing(),
    };
    match role {
        Role::Target => device.with_load(Load::consuming(20_000)),
        Role::Source => with_readings(device, serial),
    }
}

/// An old meter's readings, made up from its serial number so that they are the same every time. Every eighth
/// exports more than it takes, so that its signed totals are negative; every eighth has counted to 16 digits.
fn with_readings(device: Device, serial: u32) -> Device {
    let seed = i64::from(serial);
    let real_in = 1_000_000_000 + seed * 7_919 % 90_000_000_000;
    let (real_in, real_out, totals) = match serial % 8 {
        3 => (real_in, real_in * 3, Totals::Signed),
        7 => (9_000_000_000_000_000 + real_in, 123_456, Totals::Absolute),
        _ => (real_in, 0, Totals::Absolute),
    };
    let (reactive_in, reactive_out) = (real_in / 3, real_out / 5);
    let sign = if totals == Totals::Signed { -1 } else { 1 };
    let apparent = (real_in / 10 * 11 + real_out / 10 * 11).min(9_999_999_999_999_999);
    let energies = [
        real_in,
        reactive_in,
        real_out,
        reactive_out,
        real_in + sign * real_out,
        reactive_in + sign * reactive_out,
        apparent,
    ];
    device.with_energies(energies).with_totals(totals)
}

fn made_up_serial(endpoint: &Endpoint) -> u32 {
    let mut hasher = DefaultHasher::new();
    (&endpoint.gateway.address, endpoint.unit).hash(&mut hasher);
    10_000_000 + (hasher.finish() % 80_000_000) as u32
}
