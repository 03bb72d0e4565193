//! Real meters or simulated ones: the only place where that is decided. The campaign never knows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Exit, args, failure::Failure, fleet::Fleet};
use crate::{
    campaign::{Address, Transfer},
    ledger::Kind,
    modbus::{Connect, Connector, Trace},
    run::{self, Clock, LookSettings, Stop},
};

/// How a command reaches its meters.
pub(super) struct Reach {
    pub connector: Arc<dyn Connect>,
    /// The meters made for this command alone. Kept alive as long as they are needed.
    pub fleet: Option<Fleet>,
}

/// Real or simulated, by the arguments.
pub(super) const fn kind(arguments: &args::Wires) -> Kind {
    if arguments.simulate || arguments.simulated_gateways.is_some() { Kind::Simulated } else { Kind::Real }
}

/// Readings of simulated meters are for simulated meters: no rehearsal is taken for the real thing (DESIGN.md §2).
pub(super) fn refuse_simulated_readings(
    arguments: &args::Wires,
    transfers: &[Arc<Transfer>],
) -> Result<(), Failure> {
    let made_up =
        |transfer: &&Arc<Transfer>| transfer.source.snapshot().is_some_and(|snapshot| snapshot.simulated);
    let Some(transfer) = transfers.iter().find(made_up).filter(|_| kind(arguments) == Kind::Real) else {
        return Ok(());
    };
    let key = &transfer.key;
    let message = format!("{key} is to carry a {}, which was taken from a simulated meter", transfer.source);
    Err(Failure::new(Exit::BadJob, message).hint(
        "take a snapshot of the meter itself; to rehearse, add `--simulate` or `--simulated-gateways FILE`",
    ))
}

pub(super) async fn reach(arguments: &args::Wires, transfers: &[Arc<Transfer>]) -> Result<Reach, Failure> {
    if arguments.simulate {
        let fleet = start_fleet(transfers, arguments.simulated_latency.unwrap_or_default()).await?;
        let connector = Arc::new(Connector::simulated(fleet.sockets()));
        return Ok(Reach { connector, fleet: Some(fleet) });
    }
    let addresses = transfers
        .iter()
        .flat_map(|transfer| transfer.endpoints())
        .map(|endpoint| endpoint.gateway.address.clone());
    let connector = connector(arguments.simulated_gateways.as_deref(), addresses)?;
    Ok(Reach { connector: Arc::new(connector), fleet: None })
}

/// How a command looks that only reads: `parallel` transfers at a time.
pub(super) fn look_settings(
    arguments: &args::Wires,
    reach: &Reach,
    parallel: usize,
    stop: Stop,
) -> Result<LookSettings, Failure> {
    Ok(LookSettings {
        parallel,
        connections: reach.connections(),
        clock: Clock::system(),
        connector: Arc::clone(&reach.connector),
        trace: trace(arguments.trace.as_deref())?,
        stop,
    })
}

/// A connector to the real addresses, or to those of a map file.
pub(super) fn connector(
    map: Option<&Path>,
    addresses: impl IntoIterator<Item = Address>,
) -> Result<Connector, Failure> {
    match map {
        None => Ok(Connector::real()),
        Some(file) => Ok(Connector::simulated(Map::read(file)?.sockets(addresses))),
    }
}

pub(super) async fn start_fleet(transfers: &[Arc<Transfer>], latency: Duration) -> Result<Fleet, Failure> {
    Fleet::start(transfers, latency).await.map_err(|error| {
        Failure::new(Exit::Defect, format!("the simulated meters cannot be served on loopback: {error}"))
            .hint("each simulated gateway needs a socket: is the limit of open files reached (`ulimit -n`)?")
    })
}

/// The trace file, if one is asked for.
pub(super) fn trace(file: Option<&Path>) -> Result<Option<Trace>, Failure> {
    file.map(|file| {
        Trace::create(file).map_err(|error| {
            Failure::new(Exit::NotFound, format!("--trace {}: {error}", file.display())).hint(
                "name a file in a folder that exists and that this user may write to; nothing was touched",
            )
        })
    })
    .transpose()
}

/// How many transfers to work on at a time: as many as are asked for, or as many as the gateways have use for.
pub(super) fn parallel(arguments: &args::Wires, transfers: &[Arc<Transfer>]) -> usize {
    let gateways: HashSet<&Address> = transfers
        .iter()
        .flat_map(|transfer| transfer.endpoints())
        .map(|endpoint| &endpoint.gateway.address)
        .collect();
    arguments.parallel.map_or_else(|| run::usual_parallel(gateways.len()), usize::from)
}

/// Raises the number of descriptors that this process may hold as far as it may; how many that is.
pub(super) fn descriptors() -> u64 {
    // Each connection takes one, and the usual limit is too low for a thousand gateways. Where there is no such limit
    // to be learned, none is kept.
    rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX)
}

impl Reach {
    /// How many connections to gateways may be open at a time.
    pub(super) fn connections(&self) -> usize {
        let descriptors = descriptors();
        match &self.fleet {
            None => run::connections(descriptors, 0),
            // In the same process each simulated gateway listens, and holds the other end of each connection.
            Some(fleet) => run::connections(descriptors, fleet.gateways() as u64).div_ceil(2),
        }
    }
}

/// Where simulated gateways are, as `simulate --map-out` writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    format_version: u32,
    gateways: BTreeMap<String, SocketAddr>,
}

impl Map {
    const FORMAT: u32 = 1;

    pub(super) fn of(fleet: &Fleet) -> Self {
        let gateways =
            fleet.sockets().into_iter().map(|(address, socket)| (address.to_string(), socket)).collect();
        Self { format_version: Self::FORMAT, gateways }
    }

    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let failure = |exit, error: &dyn std::fmt::Display| {
            Failure::new(exit, format!("--simulated-gateways {}: {error}", file.display()))
                .hint("`meterferry simulate JOB --map-out FILE` writes it, and serves the meters until it is stopped")
        };
        let text = std::fs::read_to_string(file).map_err(|error| failure(Exit::NotFound, &error))?;
        let map: Self = serde_json::from_str(&text).map_err(|error| failure(Exit::BadJob, &error))?;
        if map.format_version != Self::FORMAT {
            return Err(failure(Exit::BadJob, &format!("format {} is not known", map.format_version)));
        }
        if let Some((address, socket)) = map.gateways.iter().find(|(_, socket)| !socket.ip().is_loopback()) {
            return Err(failure(
                Exit::BadJob,
                &format!("{address} is at {socket}, which is not on this machine"),
            ));
        }
        Ok(map)
    }

    fn sockets(&self, addresses: impl IntoIterator<Item = Address>) -> HashMap<Address, SocketAddr> {
        addresses
            .into_iter()
            .filter_map(|address| self.gateways.get(&address.to_string()).map(|socket| (address, *socket)))
            .collect()
    }
}
