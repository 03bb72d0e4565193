//! How long a run will take: its requests, and the gateway that has most to do.

use std::{collections::HashMap, time::Duration};

use super::{Looked, Would};
use crate::{
    campaign::{GatewayKey, Transfer},
    meter::WriteMode,
};

/// Requests to a source: its serial number, and its energies twice.
const OF_A_SOURCE: u32 = 3;
/// Requests to a target written to in blocks: serial number, pre-image, two blocks, read back, commit, result,
/// verification.
const OF_A_TARGET: u32 = 8;
/// The same where every register is written alone: 34 writes in place of two blocks.
const OF_A_TARGET_IN_SINGLES: u32 = OF_A_TARGET - 2 + 34;

/// What a run would ask of the wires.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Forecast {
    /// Requests in all, if nothing has to be repeated.
    pub requests: u32,
    /// The gateway that takes longest, and how many requests it would serve.
    pub busiest: Option<Busiest>,
}

/// The gateway that decides how long a run takes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Busiest {
    /// Its name or address.
    pub gateway: String,
    /// How many requests it would serve.
    pub requests: u32,
    /// How long they would take, by the time its answers took just now, ms.
    pub duration_ms: u64,
}

impl Forecast {
    /// For the transfers that a run would begin now, by the mean time that each gateway took for a request.
    pub(super) fn of(looked: &[Looked], times: &HashMap<GatewayKey, Duration>) -> Self {
        let mut gateways: HashMap<&GatewayKey, (String, u32)> = HashMap::new();
        for looked in
            looked.iter().filter(|looked| looked.would == Would::Transfer && looked.window_closed.is_none())
        {
            for (gateway, requests) in requests(&looked.transfer) {
                let (_, sum) =
                    gateways.entry(gateway).or_insert_with(|| (named(&looked.transfer, gateway), 0));
                *sum += requests;
            }
        }
        let busiest = gateways.iter().map(|(address, (gateway, requests))| {
            let duration = times.get(*address).copied().unwrap_or_default() * *requests;
            Busiest {
                gateway: gateway.clone(),
                requests: *requests,
                duration_ms: duration.as_millis() as u64,
            }
        });
        Self {
            requests: gateways.values().map(|(_, requests)| requests).sum(),
            busiest: busiest.max_by_key(|busiest| (busiest.duration_ms, busiest.requests)),
        }
    }
}

fn requests(transfer: &Transfer) -> impl Iterator<Item = (&GatewayKey, u32)> {
    let of_target = match transfer.options.write_mode {
        WriteMode::Single => OF_A_TARGET_IN_SINGLES,
        WriteMode::Block | WriteMode::Auto => OF_A_TARGET,
    };
    let source = transfer.source.endpoint().map(|source| (&source.gateway.address, OF_A_SOURCE));
    source.into_iter().chain([(&transfer.target.gateway.address, of_target)])
}

fn named(transfer: &Transfer, address: &GatewayKey) -> String {
    let gateway =
        transfer.endpoints().map(|endpoint| &endpoint.gateway).find(|gateway| gateway.address == *address);
    gateway.map_or_else(|| address.to_string(), |gateway| gateway.to_string())
}
