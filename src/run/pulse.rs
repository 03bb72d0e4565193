//! How a run stands at an instant, as plain values for whoever shows it.

use std::{sync::Arc, time::Duration};

use super::Traffic;
use crate::campaign::Gateway;

/// How a run stands.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// Each gateway of the run, in the order of the transfers.
    pub gateways: Vec<GatewayPulse>,
    /// What went over all wires.
    pub traffic: Traffic,
    /// How often a transfer was put back to be tried again.
    pub retries: u32,
    /// Requests still to be sent, if nothing has to be repeated.
    pub requests_left: u32,
    /// How long the rest takes by the times measured so far: as long as the gateway that takes longest, or as all
    /// together where fewer are worked on at a time. Unknown before the first answer.
    pub time_left: Option<Duration>,
}

/// How one gateway stands. A transfer between two gateways counts for both.
#[derive(Debug, Clone)]
pub struct GatewayPulse {
    /// Which.
    pub gateway: Arc<Gateway>,
    /// Transfers that are done.
    pub done: usize,
    /// Transfers that ended otherwise.
    pub not_done: usize,
    /// Transfers that have not ended.
    pub left: usize,
    /// Whether one of them is worked on.
    pub busy: bool,
    /// What went over its wire.
    pub traffic: Traffic,
    /// Requests it has still to serve, if nothing has to be repeated.
    pub requests_left: u32,
    /// How long those take by the times measured so far, its pace and what went unanswered included.
    pub time_left: Option<Duration>,
}

impl Pulse {
    /// Puts the gateways together, of which so many transfers are worked on at a time.
    pub fn of(mut gateways: Vec<GatewayPulse>, retries: u32, parallel: usize) -> Self {
        let mut traffic = Traffic::default();
        gateways.iter().for_each(|gateway| traffic += gateway.traffic);
        let elsewhere = traffic.mean();
        for gateway in &mut gateways {
            gateway.time_left = gateway.estimate(elsewhere);
        }
        let known = || gateways.iter().filter_map(|gateway| gateway.time_left);
        let shared = known().sum::<Duration>() / u32::try_from(parallel.max(1)).unwrap_or(u32::MAX);
        let time_left = known().max().map(|longest| longest.max(shared));
        let requests_left = gateways.iter().map(|gateway| gateway.requests_left).sum();
        Self { gateways, traffic, retries, requests_left, time_left }
    }
}

impl GatewayPulse {
    /// By its own times; before it was asked anything, by those of the others.
    fn estimate(&self, elsewhere: Option<Duration>) -> Option<Duration> {
        if self.requests_left == 0 {
            return Some(Duration::ZERO);
        }
        let each = self.traffic.mean_with_losses().or(elsewhere)? + self.gateway.settings.pace;
        Some(each * self.requests_left)
    }
}
