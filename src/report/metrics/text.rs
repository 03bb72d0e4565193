//! The metrics in Prometheus' text format, version 0.0.4. Their names are a public format (README, *Metrics*). Pure.

use jiff::Timestamp;
use prometheus::{GaugeVec, IntCounterVec, Opts, Registry, TextEncoder, core::Collector};

use super::State;
use crate::{
    run::{FailureKind, Traffic},
    transfer::Outcome,
};

pub(super) const INFO: &str = "meterferry_run_info";
pub(super) const LAST_SUCCESS: &str = "meterferry_last_success_timestamp_seconds";
pub(super) const TRANSFERS: &str = "meterferry_transfers";
pub(super) const END: &str = "meterferry_run_end_timestamp_seconds";
pub(super) const EXIT_CODE: &str = "meterferry_run_exit_code";

/// A registry of one text: every text is made anew.
#[derive(Default)]
struct Page {
    registry: Registry,
    /// The campaigns of the run, for what cannot be told apart by campaign.
    run: String,
}

/// The whole file.
pub(super) fn of(state: &State) -> String {
    let campaigns: Vec<&str> = state.transfers.keys().map(|campaign| &**campaign).collect();
    let page = Page { registry: Registry::new(), run: campaigns.join(",") };
    page.run(state);
    page.campaigns(state);
    page.traffic(&state.pulse.as_ref().map(|pulse| pulse.traffic).unwrap_or_default());
    page.forecast(state);
    TextEncoder::new().encode_to_string(&page.registry.gather()).expect("all families have values")
}

impl Page {
    /// One number for the whole run.
    fn gauge(&self, name: &str, help: &str, value: f64) {
        self.gauges(name, help, &["campaign"], [(vec![self.run.as_str()], value)]);
    }

    fn gauges<'a>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<&'a str>, f64)>,
    ) {
        let family = GaugeVec::new(Opts::new(name, help), labels).expect("names and labels are well formed");
        for (labels, value) in values {
            family.with_label_values(&labels).set(value);
        }
        self.add(family);
    }

    fn counter(&self, name: &str, help: &str, value: u32) {
        let family = IntCounterVec::new(Opts::new(name, help), &["campaign"]).expect("well formed");
        family.with_label_values(&[&self.run]).inc_by(value.into());
        self.add(family);
    }

    fn add(&self, family: impl Collector + 'static) {
        self.registry.register(Box::new(family)).expect("each name is used once");
    }

    fn run(&self, state: &State) {
        let info = vec![self.run.as_str(), env!("CARGO_PKG_VERSION"), state.meters];
        let labels = ["campaign", "version", "meters"];
        self.gauges(
            INFO,
            "1; which program runs or ran, on real or on simulated meters.",
            &labels,
            [(info, 1.0)],
        );
        self.gauge(
            "meterferry_run_running",
            "Whether a run is under way.",
            f64::from(u8::from(state.ended.is_none())),
        );
        self.gauge(
            "meterferry_run_start_timestamp_seconds",
            "When the latest run began, in seconds since 1970.",
            seconds(state.began),
        );
        let ended = state.ended.map(|(at, code)| (seconds(at), f64::from(code)));
        if let Some((at, code)) = ended.or(state.before.ended) {
            self.gauge(END, "When a run last ended, in seconds since 1970.", at);
            self.gauge(EXIT_CODE, "The exit code of the run that last ended.", code);
        }
    }

    fn campaigns(&self, state: &State) {
        let now = state.ended.filter(|(_, code)| *code == 0).map(|(at, _)| seconds(at));
        let before = |campaign: &str| state.before.succeeded.get(campaign).copied().unwrap_or(0.0);
        // Campaigns of the last file that this run is not about have gone from the job: they are forgotten.
        let succeeded = state.transfers.keys().map(|campaign| {
            let at = now.unwrap_or_else(|| before(campaign));
            (vec![&**campaign], at)
        });
        let nothing_known = state.transfers.is_empty().then(|| (vec![""], now.unwrap_or(0.0)));
        self.gauges(
            LAST_SUCCESS,
            "When a run of the campaign last ended with exit code 0, in seconds since 1970; 0 is never.",
            &["campaign"],
            succeeded.chain(nothing_known),
        );
        self.gauges(
            "meterferry_transfers_selected",
            "Transfers that the latest run is about.",
            &["campaign"],
            state.transfers.iter().map(|(campaign, counts)| (vec![&**campaign], counts.total() as f64)),
        );
        let standing = state.transfers.iter().flat_map(|(campaign, counts)| {
            Outcome::ALL.map(|outcome| (vec![&**campaign, outcome.word()], counts.of(outcome) as f64))
        });
        self.gauges(
            TRANSFERS,
            "Transfers by outcome; one that has not ended in the latest run counts as it stood before.",
            &["campaign", "outcome"],
            standing,
        );
    }

    fn traffic(&self, traffic: &Traffic) {
        self.counter("meterferry_requests_total", "Requests sent by the latest run.", traffic.requests);
        let family = IntCounterVec::new(
            Opts::new(
                "meterferry_request_failures_total",
                "Requests that brought no usable answer, by cause.",
            ),
            &["campaign", "cause"],
        );
        let family = family.expect("well formed");
        for kind in FailureKind::ALL {
            let number = traffic.failures_of(kind);
            family.with_label_values(&[self.run.as_str(), kind.word()]).inc_by(number.into());
        }
        self.add(family);
        self.counter(
            "meterferry_connections_opened_total",
            "Connections that the latest run opened.",
            traffic.connections,
        );
        let family = prometheus::CounterVec::new(
            Opts::new(
                "meterferry_wire_seconds_total",
                "Time that went into requests and connections, summed over all gateways.",
            ),
            &["campaign"],
        );
        let family = family.expect("well formed");
        family.with_label_values(&[&self.run]).inc_by(traffic.on_the_wire().as_secs_f64());
        self.add(family);
    }

    fn forecast(&self, state: &State) {
        let retries = state.pulse.as_ref().map_or(0, |pulse| pulse.retries);
        self.counter(
            "meterferry_retries_total",
            "How often a transfer was put back to be tried again.",
            retries,
        );
        if let Some(forecast) = &state.forecast {
            self.gauge(
                "meterferry_forecast_requests",
                "Requests of the latest run, as foreseen when it began.",
                forecast.requests.into(),
            );
        }
        let left = match (&state.ended, &state.pulse) {
            (Some(_), _) => Some(0.0),
            (None, Some(pulse)) => pulse.time_left.map(|left| left.as_secs_f64()),
            (None, None) => None,
        };
        if let Some(left) = left {
            let help = "How long the run will go on, by the times measured so far; 0 when it is over.";
            self.gauge("meterferry_forecast_left_seconds", help, left);
        }
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}
