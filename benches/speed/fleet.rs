//! The simulated meters, in a process of their own: served until standard input ends; then what was done to them is
//! told as one JSON object on standard output.

use std::{
    fs,
    io::{self, Read},
    net::SocketAddr,
    time::Duration,
};

use meterferry::simulator::{Device, Gateway, GatewaySettings, Load, Model};
use serde::{Deserialize, Serialize};

use crate::shape::{Map, Shape, energies, source_serial, target_serial};

/// How long a flaky gateway is there, and away.
const FLAKY: (Duration, Duration) = (Duration::from_millis(400), Duration::from_millis(40));

/// What the meters say.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Testimony {
    /// Requests of all kinds.
    pub requests: u64,
    /// Targets that hold what their source shows, and were preset exactly once.
    pub right: usize,
    /// Targets of which neither is true, though they were preset.
    pub wrong: usize,
    /// What no client may do.
    pub violations: usize,
    /// Connections that were granted.
    pub connections: u64,
}

pub fn serve(shape: &str, map: &str) {
    let shape: Shape = serde_json::from_str(shape).unwrap();
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let gateways = gateways(&shape);
        let mut sockets = Vec::with_capacity(gateways.len());
        for gateway in &gateways {
            sockets.push(gateway.listen().await.unwrap());
        }
        make_flaky(&shape, &gateways);
        announce(map, &sockets);
        let end = || io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(end).await.unwrap().unwrap();
        println!("{}", serde_json::to_string(&testimony(&shape, &gateways)).unwrap());
    });
}

/// Whole, and only then under its name: somebody waits for it.
fn announce(map: &str, sockets: &[SocketAddr]) {
    let part = format!("{map}.part");
    fs::write(&part, serde_json::to_string(&Map::new(sockets)).unwrap()).unwrap();
    fs::rename(part, map).unwrap();
}

fn gateways(shape: &Shape) -> Vec<Gateway> {
    let settings = |gateway| GatewaySettings {
        latency: shape.latency,
        bus_time: shape.bus,
        max_connections: shape.grants_one(gateway).then_some(1),
        ..GatewaySettings::default()
    };
    let gateways: Vec<_> = (0..shape.gateways).map(|gateway| Gateway::new(settings(gateway))).collect();
    for transfer in 0..shape.transfers {
        let (source, target) = (shape.source(transfer), shape.target(transfer));
        let old = Device::new(Model::Cm4000, source_serial(transfer)).with_energies(energies(transfer));
        let new = Device::new(Model::Pm800, target_serial(transfer)).with_load(Load::default());
        gateways[source.gateway].add(source.unit, old);
        gateways[target.gateway].add(target.unit, new);
        if let Some(dead) = shape.dead(transfer) {
            gateways[dead.gateway].set_silent(dead.unit, true);
        }
    }
    gateways
}

fn make_flaky(shape: &Shape, gateways: &[Gateway]) {
    for (_, gateway) in gateways.iter().enumerate().filter(|(number, _)| shape.is_flaky(*number)) {
        let gateway = gateway.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(FLAKY.0).await;
                gateway.set_offline(true);
                tokio::time::sleep(FLAKY.1).await;
                gateway.set_offline(false);
            }
        });
    }
}

fn testimony(shape: &Shape, gateways: &[Gateway]) -> Testimony {
    let mut all = Testimony::default();
    for transfer in 0..shape.transfers {
        let target = shape.target(transfer);
        let gateway = &gateways[target.gateway];
        let presets = gateway.audit(target.unit).effective_commits();
        let holds = gateway.energies(target.unit) == energies(transfer);
        all.right += usize::from(presets == 1 && holds);
        all.wrong += usize::from(presets > 1 || presets == 1 && !holds);
    }
    for gateway in gateways {
        all.violations += gateway.violations().len();
        all.connections += gateway.connections().accepted;
        let requests = |unit| gateway.audit(unit).requests_total();
        all.requests += gateway.units().into_iter().map(requests).sum::<u64>();
    }
    all
}
