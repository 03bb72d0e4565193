//! What is played: how many transfers behind how many gateways, and how those behave. Everybody makes the same of it:
//! the meters, the bare client's frames, and the job file.

use std::{collections::BTreeMap, fmt::Write, net::SocketAddr, time::Duration};

use serde::{Deserialize, Serialize};

/// A site, from which everything else follows.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Shape {
    pub transfers: usize,
    pub gateways: usize,
    /// Source and target behind the same gateway; else half of the gateways have the sources.
    pub together: bool,
    /// From a request to its answer; any number of them at a time.
    pub latency: Duration,
    /// The same, one request at a time.
    pub bus: Duration,
    /// Some units are dead, some gateways flaky, one grants a single connection.
    pub faults: bool,
}

/// Where a meter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub gateway: usize,
    pub unit: u8,
}

/// Where the gateways are on loopback, as `--simulated-gateways` wants it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Map {
    format_version: u32,
    gateways: BTreeMap<String, SocketAddr>,
}

impl Shape {
    pub fn source(&self, transfer: usize) -> Place {
        if self.together {
            return place(transfer % self.gateways, 2 * (transfer / self.gateways) + 1);
        }
        let half = self.gateways / 2;
        place(transfer % half, transfer / half + 1)
    }

    pub fn target(&self, transfer: usize) -> Place {
        if self.together {
            return place(transfer % self.gateways, 2 * (transfer / self.gateways) + 2);
        }
        let half = self.gateways / 2;
        place(half + transfer % half, transfer / half + 1)
    }

    /// One unit in twenty transfers is dead: the old meter or the new one, in turn.
    pub fn dead(&self, transfer: usize) -> Option<Place> {
        let struck = self.faults && transfer % 20 == 7;
        struck.then(|| if transfer % 40 == 7 { self.source(transfer) } else { self.target(transfer) })
    }

    /// One gateway in fifty loses its connections and takes no new ones, now and then.
    pub fn is_flaky(&self, gateway: usize) -> bool {
        self.faults && gateway % 50 == 11
    }

    /// The gateway that grants a single connection.
    pub fn grants_one(&self, gateway: usize) -> bool {
        self.faults && gateway == 3
    }

    /// How many transfers have both meters alive.
    pub fn healthy(&self) -> usize {
        (0..self.transfers).filter(|transfer| self.dead(*transfer).is_none()).count()
    }

    /// The job file.
    pub fn job(&self) -> String {
        let mut text = String::from("version: 1\ncampaign: bench\n");
        if self.faults {
            text.push_str("defaults:\n  gateway: { request_timeout: 300ms, connect_timeout: 300ms }\n");
            text.push_str("  retry: { attempts: 8, backoff: 50ms, max_backoff: 400ms }\n  settle: 300ms\n");
        }
        text.push_str("transfers:\n");
        for transfer in 0..self.transfers {
            let (source, target) = (self.source(transfer), self.target(transfer));
            writeln!(
                text,
                "  - id: feeder-{transfer}\n    \
                 source: {{ model: CM4000, host: {}, unit: {}, serial_number: {} }}\n    \
                 target: {{ model: PM800, host: {}, unit: {}, serial_number: {} }}",
                host(source.gateway),
                source.unit,
                source_serial(transfer),
                host(target.gateway),
                target.unit,
                target_serial(transfer),
            )
            .unwrap();
        }
        text
    }
}

fn place(gateway: usize, unit: usize) -> Place {
    Place { gateway, unit: u8::try_from(unit).unwrap() }
}

/// Never looked up: the map says where it is.
pub fn host(gateway: usize) -> String {
    format!("gateway-{gateway}.example")
}

pub fn source_serial(transfer: usize) -> u32 {
    40_000_000 + transfer as u32
}

pub fn target_serial(transfer: usize) -> u32 {
    11_000_000 + transfer as u32
}

/// What the old meter of a transfer shows. It stands still.
pub fn energies(transfer: usize) -> [i64; 7] {
    let real = 1_000_000_000 + transfer as i64 * 7_919;
    let reactive = real / 3;
    [real, reactive, 5_000, 700, real + 5_000, reactive + 700, real / 10 * 11]
}

impl Map {
    pub fn new(sockets: &[SocketAddr]) -> Self {
        let named = |(gateway, socket): (usize, &SocketAddr)| (format!("{}:502", host(gateway)), *socket);
        Self { format_version: 1, gateways: sockets.iter().enumerate().map(named).collect() }
    }

    /// In the order of the gateways.
    pub fn sockets(&self) -> Vec<SocketAddr> {
        (0..self.gateways.len()).map(|gateway| self.gateways[&format!("{}:502", host(gateway))]).collect()
    }
}
