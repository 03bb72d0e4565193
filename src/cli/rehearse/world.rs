//! Simulated twins of a job's meters in memory, a clock that only goes when everybody waits, and a program that can
//! be cut off at any of its requests. Knows nothing of what is tried, or of what ought to come of it.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    super::fleet::{framing, twin},
    cut::{Cut, CutAt, Wire},
    disk::Disk,
    shape::Firmware,
};
use crate::{
    campaign::{self, Address, Endpoint, Role, Transfer, TransferKey},
    ledger::{Ledger, MemoryLedger},
    modbus::{Connect, Connecting, Stream},
    run::{self, Clock, Limits, RunReport, RunSettings, Stopper},
    simulator::{Energies, Gateway, GatewaySettings, Load},
    transfer::{Author, Outcome},
};

/// How long requests occupy the bus, and answers take: windows between two requests are to be real ones.
const BUS_TIME: Duration = Duration::from_millis(8);
const LATENCY: Duration = Duration::from_millis(4);
/// Connections a gateway grants (CM4200, DOMAIN.md §4).
const CONNECTIONS: usize = 4;
/// What passes through the meters, W. The target stays below 1 kWh for an hour, so that it goes on being fresh.
const SOURCE_LOAD: i64 = 9_000;
const TARGET_LOAD: i64 = 900;
/// No run of a few transfers takes longer, by the virtual clock, whatever goes wrong.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// How a run ended.
pub(super) enum Ended {
    /// It was cut off.
    Died,
    /// It did not end in [`LONGEST`].
    Hung,
    /// It came to its end.
    Whole(Box<RunReport>),
}

/// The twins of some transfers, and the way to them.
#[derive(Clone)]
pub(super) struct World {
    pub(super) transfers: Arc<[Arc<Transfer>]>,
    gateways: Arc<HashMap<Address, Gateway>>,
    cut: Arc<Cut>,
    began: Instant,
    /// What each transfer's source showed then.
    sources: Arc<HashMap<TransferKey, Energies>>,
    start: Timestamp,
    seed: u64,
}

impl World {
    /// Puts a twin of every endpoint behind a twin of its gateway. Must be called inside a runtime with a paused clock.
    pub(super) fn new(transfers: &[Arc<Transfer>], firmware: Firmware, seed: u64) -> Self {
        let settings = GatewaySettings {
            latency: LATENCY,
            bus_time: BUS_TIME,
            max_connections: Some(CONNECTIONS),
            ..GatewaySettings::default()
        };
        let mut gateways: HashMap<Address, Gateway> = HashMap::new();
        for transfer in transfers {
            for role in [Role::Source, Role::Target] {
                let Some(endpoint) = transfer.endpoint(role) else { continue };
                let address = &endpoint.gateway.address;
                let gateway = gateways.entry(address.clone()).or_insert_with(|| {
                    Gateway::new(GatewaySettings { framing: framing(address), ..settings.clone() })
                });
                let device = twin(role, endpoint).with_load(load(transfer, role));
                let device = if role == Role::Target { firmware.equip(device) } else { device };
                gateway.add(endpoint.unit.number(), device);
            }
        }
        let shown = |transfer: &Arc<Transfer>| {
            let source = transfer.source.endpoint()?;
            let energies = gateways[&source.gateway.address].energies(source.unit.number());
            Some((transfer.key.clone(), energies))
        };
        Self {
            sources: Arc::new(transfers.iter().filter_map(shown).collect()),
            transfers: transfers.into(),
            gateways: Arc::new(gateways),
            cut: Arc::default(),
            began: Instant::now(),
            start: "2026-06-01T08:00:00Z".parse().expect("a time as RFC 3339 writes it"),
            seed,
        }
    }

    /// The gateway and unit of a transfer's meter.
    pub(super) fn meter_of(&self, transfer: &Transfer, role: Role) -> (&Gateway, u8) {
        self.meter(transfer.endpoint(role).expect("only transfers between two meters are rehearsed"))
    }

    /// The gateway and unit of an endpoint.
    pub(super) fn meter(&self, endpoint: &Endpoint) -> (&Gateway, u8) {
        let gateway = self.gateways.get(&endpoint.gateway.address).expect("every endpoint has its twin");
        (gateway, endpoint.unit.number())
    }

    pub(super) fn cut(&self) -> &Cut {
        &self.cut
    }

    /// Faults that have not struck yet, at all meters.
    pub(super) fn armed(&self) -> usize {
        self.endpoints().map(|(gateway, unit)| gateway.armed_faults(unit)).sum()
    }

    /// From here on everything works.
    pub(super) fn heal(&self) {
        for (gateway, unit) in self.endpoints() {
            gateway.clear_faults(unit);
        }
    }

    /// Requests that arrived at all meters.
    pub(super) fn requests(&self) -> u64 {
        self.endpoints().map(|(gateway, unit)| gateway.audit(unit).requests_total()).sum()
    }

    fn endpoints(&self) -> impl Iterator<Item = (&Gateway, u8)> {
        self.transfers.iter().flat_map(|transfer| transfer.endpoints()).map(|endpoint| self.meter(endpoint))
    }

    /// What a transfer's source showed when the world began.
    pub(super) fn energies_at_first(&self, transfer: &Transfer) -> Energies {
        self.sources[&transfer.key]
    }

    /// What a meter counts in some time.
    pub(super) fn grown(&self, transfer: &Transfer, role: Role, since: Duration) -> Energies {
        let watts = i128::from(load(transfer, role).real_in);
        let nanos = i128::try_from(since.as_nanos()).expect("a schedule does not take centuries");
        let grown = i64::try_from(watts * nanos / 3_600_000_000_000).expect("a few kWh");
        [grown, 0, 0, 0, grown, 0, grown]
    }

    /// One run of all transfers on a ledger; it dies at the request of `cut`, and whenever its ledger does.
    pub(super) async fn run(&self, ledger: &MemoryLedger, cut: Option<CutAt>) -> Ended {
        self.cut.arm(cut, ledger);
        let (_stopper, stop) = Stopper::new();
        let settings = RunSettings {
            run: "rehearsal".into(),
            author: Author::default(),
            parallel: self.gateways.len().max(1),
            connections: 1_000,
            seed: self.seed,
            clock: Clock::following_the_runtime(self.start + self.began.elapsed()),
            connector: Arc::new(self.clone()),
            trace: None,
            stop,
            until_check: false,
            limits: Limits::default(),
            pulse: None,
        };
        let held: Arc<dyn Ledger> = Arc::new(Disk(ledger.clone()));
        let mut listen = |_event| ();
        let whole = run::run(self.transfers.to_vec(), held, settings, &mut listen);
        tokio::select! {
            biased;
            () = ledger.crashed() => Ended::Died,
            whole = tokio::time::timeout(LONGEST, whole) => match whole {
                Ok(report) => Ended::Whole(Box::new(report)),
                Err(_elapsed) => Ended::Hung,
            },
        }
    }

    /// The number of requests the last run sent, and the one at which the last armed fault had struck.
    pub(super) fn struck(&self) -> Option<usize> {
        let cut = self.cut.state();
        cut.struck.or_else(|| (self.armed() == 0).then_some(cut.requests))
    }
}

/// A load within what the job says is the largest.
fn load(transfer: &Transfer, role: Role) -> Load {
    let most =
        transfer.options.verify.max_load.map_or(i64::MAX, |most| i64::try_from(most).unwrap_or(i64::MAX));
    let watts = match role {
        // A source whose readings are added must stand still.
        Role::Source if transfer.options.target_energy == campaign::TargetEnergy::Add => 0,
        Role::Source => SOURCE_LOAD,
        Role::Target => TARGET_LOAD,
    };
    Load::consuming(watts.min(most / 2))
}

/// Whether an outcome may still become `done` by running again.
pub(super) const fn is_final(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Done | Outcome::AlreadyDone | Outcome::Mismatch)
}

impl Connect for World {
    fn connect<'a>(&'a self, gateway: &'a campaign::Gateway) -> Connecting<'a> {
        Box::pin(async move {
            let twin = self.gateways.get(&gateway.address).ok_or(io::ErrorKind::AddrNotAvailable)?;
            let stream = twin.connect()?;
            Ok(Box::new(Wire::new(stream, self.clone())) as Box<dyn Stream>)
        })
    }
}
