//! How long a run will take: its requests, the gateway that has most to do, and the time that nothing can shorten.

use std::{collections::BTreeMap, time::Duration};

use super::{Looked, Requests, Traffic, Would, requests::Effort};
use crate::campaign::{Gateway, GatewayKey, Transfer};

/// What a run would ask of the wires.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Forecast {
    /// Requests in all, if nothing has to be repeated.
    pub requests: u32,
    /// The gateway that takes longest, and how many requests it would serve.
    pub busiest: Option<Busiest>,
    /// How long all of it takes, ms, by the time that answers took: the longest of what the busiest gateway needs, what
    /// one transfer needs from its first request to its last, and everything shared among those that are worked on
    /// at a time.
    pub expected_ms: u64,
}

/// The gateway that decides how long a run takes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Busiest {
    /// Its name or address.
    pub gateway: String,
    /// How many requests it would serve.
    pub requests: u32,
    /// How long they would take, by the time its answers took, ms.
    pub duration_ms: u64,
}

impl Forecast {
    /// For transfers that take so many requests, `parallel` of them at a time. `traffic` says how each gateway has
    /// answered so far; a gateway that has not takes no time.
    pub(super) fn new<'a>(
        parts: impl Iterator<Item = (&'a Transfer, Requests)>,
        traffic: impl Fn(&GatewayKey) -> Traffic,
        parallel: usize,
    ) -> Self {
        let mut loads: BTreeMap<&GatewayKey, Load> = BTreeMap::new();
        let (mut longest, mut together) = (Duration::ZERO, Duration::ZERO);
        for (transfer, requests) in parts {
            let mut path = Duration::ZERO;
            for (gateway, requests) in ends(transfer, requests) {
                let load = loads
                    .entry(&gateway.address)
                    .or_insert_with(|| Load::new(gateway, &traffic(&gateway.address)));
                load.requests += requests;
                path += load.each * requests;
            }
            longest = longest.max(path);
            together += path;
        }
        let busiest = loads.values().filter(|load| load.requests > 0 || load.besides > Duration::ZERO);
        // Of two that are alike, the first by address.
        let busiest = busiest.rev().max_by_key(|load| (load.time(), load.requests));
        let shared = together / u32::try_from(parallel.max(1)).unwrap_or(u32::MAX);
        let whole = busiest.map_or(Duration::ZERO, Load::time).max(longest).max(shared);
        Self {
            requests: loads.values().map(|load| load.requests).sum(),
            busiest: busiest.map(Load::told),
            expected_ms: milliseconds(whole),
        }
    }

    /// For what a look has seen, and a run would do now.
    pub(super) fn of(looked: &[Looked], traffic: impl Fn(&GatewayKey) -> Traffic, parallel: usize) -> Self {
        let now = looked.iter().filter(|looked| looked.window_closed.is_none());
        let parts = now.map(|looked| (&*looked.transfer, looked.requests));
        Self::new(parts, traffic, parallel)
    }
}

/// What a run asks beyond a look that ended so.
pub(super) fn beyond_a_look(would: Would, effort: Effort<'_>) -> Requests {
    let target = match would {
        Would::Transfer => effort.beyond_the_survey(),
        // The look found what an earlier intent staged: that is verified, behind a fence.
        Would::Settle => 3,
        Would::Nothing
        | Would::Wait
        | Would::Unknown
        | Would::Refuse
        | Would::Mismatch
        | Would::NotReach
        | Would::Fail
        | Would::NotLooked => 0,
    };
    Requests { source: 0, target }
}

/// What one gateway has to do.
struct Load<'a> {
    gateway: &'a Gateway,
    requests: u32,
    /// From a request to the next.
    each: Duration,
    /// What comes on top: a connection, and what goes into meters that do not answer.
    besides: Duration,
}

impl<'a> Load<'a> {
    fn new(gateway: &'a Gateway, traffic: &Traffic) -> Self {
        let each = traffic.mean().map_or(Duration::ZERO, |mean| mean + gateway.settings.pace);
        let connection = traffic.connecting.checked_div(traffic.connections).unwrap_or_default();
        Self { gateway, requests: 0, each, besides: connection + traffic.lost }
    }

    fn time(&self) -> Duration {
        self.each * self.requests + self.besides
    }

    fn told(&self) -> Busiest {
        Busiest {
            gateway: self.gateway.to_string(),
            requests: self.requests,
            duration_ms: milliseconds(self.time()),
        }
    }
}

/// The gateways of a transfer, with the requests each of them gets.
fn ends(transfer: &Transfer, requests: Requests) -> impl Iterator<Item = (&Gateway, u32)> {
    let source = transfer.source.endpoint().map(|source| (&*source.gateway, requests.source));
    source.into_iter().chain([(&*transfer.target.gateway, requests.target)])
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
