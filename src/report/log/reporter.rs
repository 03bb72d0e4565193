//! Events of a run as tracing events. The fields are a public format: `run_id`, `campaign`, `transfer`,
//! `gateway`, `unit`, `step`, `attempt`, `outcome`, `code`, `error`, and `hint`; those that do not apply are absent.
//!
//! At `info` a transfer is one line, when it ends; what led there is at `debug`.

use std::sync::Arc;

use tracing::Level;

use crate::{
    campaign::{Endpoint, Gateway, Role, Transfer},
    report::words::{
        counted, duration_words, fact_words, gateway_name, outcome_words, real_in_or_dash, transfers,
    },
    run::{Busiest, Capacity, Event, Forecast, StopReason, TransferResult, clock_words},
    transfer::{Fact, Identity, Outcome, ReasonCode, Step},
};

/// The tracing target of what happens in a run.
const TARGET: &str = "meterferry::run";

/// Turns events into log lines.
#[derive(Debug, Default)]
pub struct LogReporter {
    run: Option<Arc<str>>,
}

/// One line with its fields.
#[derive(Default)]
struct Line<'a> {
    message: String,
    transfer: Option<&'a Transfer>,
    endpoint: Option<&'a Endpoint>,
    /// Where no endpoint names it.
    gateway: Option<&'a Gateway>,
    step: Option<Step>,
    attempt: Option<u32>,
    outcome: Option<Outcome>,
    code: Option<ReasonCode>,
    error: Option<&'a str>,
    hint: Option<&'a str>,
}

/// A level of tracing is part of a call site, so each has its own.
macro_rules! write_line {
    ($level:ident, $run:expr, $line:expr) => {{
        let (run, line) = ($run, $line);
        let gateway = line.gateway.or(line.endpoint.map(|endpoint| &*endpoint.gateway)).map(gateway_name);
        tracing::$level!(
            target: TARGET,
            run_id = run,
            campaign = line.transfer.map(|transfer| &*transfer.key.campaign),
            transfer = line.transfer.map(|transfer| &*transfer.key.id),
            gateway = gateway.as_deref(),
            unit = line.endpoint.map(|endpoint| endpoint.unit.number()),
            step = line.step.map(Step::word),
            attempt = line.attempt,
            outcome = line.outcome.map(Outcome::word),
            code = line.code.map(ReasonCode::as_str),
            error = line.error,
            hint = line.hint,
            "{}", line.message
        );
    }};
}

impl LogReporter {
    /// Knows no run yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::RunBegan { run, transfers: number, gateways, capacity, deadline } => {
                self.run = Some(Arc::clone(run));
                let gateways =
                    if *gateways == 1 { "1 gateway".to_owned() } else { format!("{gateways} gateways") };
                let deadline = deadline
                    .as_ref()
                    .map(|deadline| format!("; nothing begins after {}", clock_words(deadline)))
                    .unwrap_or_default();
                let parallel = capacity.parallel;
                let message =
                    format!("{} behind {gateways}, {parallel} at a time{deadline}", transfers(*number));
                self.write(Level::INFO, Line { message, ..Line::default() });
                self.capacity(capacity);
            }
            Event::Foreseen(forecast) => {
                if let Some(message) = foreseen(forecast) {
                    self.write(Level::INFO, Line { message, ..Line::default() });
                }
            }
            Event::Pulse(_) => {}
            Event::Recorded { transfer, step, attempt, fact } => self.fact(transfer, *step, *attempt, fact),
            Event::Retrying { transfer, attempt, delay, reason } => {
                let message = format!("try {attempt} follows in {}", duration_words(*delay));
                let (attempt, error) = (Some(*attempt), Some(reason.as_str()));
                let line = Line { message, attempt, error, transfer: Some(transfer), ..Line::default() };
                self.write(Level::WARN, line);
            }
            Event::GatewayDown { gateway, tries, delay, reason } => {
                let message = format!(
                    "no connection to {gateway}; try {} follows in {}",
                    tries + 1,
                    duration_words(*delay)
                );
                let (gateway, error) = (Some(&**gateway), Some(reason.as_str()));
                self.write(Level::WARN, Line { message, gateway, error, ..Line::default() });
            }
            Event::Ended(result) => self.ended(result),
            Event::Stopping { reason, now } => {
                self.write(Level::WARN, Line { message: stopping_words(reason, *now), ..Line::default() });
            }
            Event::LedgerBroken { error } => {
                let message = "the ledger cannot record any more: nothing new is begun".to_owned();
                self.write(Level::ERROR, Line { message, error: Some(error), ..Line::default() });
            }
            Event::RunEnded { counts, elapsed } => {
                let counts = counts
                    .iter()
                    .map(|(outcome, number)| format!("{number} {}", outcome_words(*outcome)))
                    .collect::<Vec<_>>()
                    .join(", ");
                let message = format!("over after {}: {counts}", duration_words(*elapsed));
                self.write(Level::INFO, Line { message, ..Line::default() });
            }
        }
    }

    fn capacity(&self, capacity: &Capacity) {
        self.write(Level::DEBUG, Line { message: capacity.to_string(), ..Line::default() });
        if !capacity.is_short_of_connections() {
            return;
        }
        let Capacity { parallel, parallel_asked, connections, gateways } = capacity;
        let message = format!(
            "only {connections} connections can be open at a time for {gateways} gateways: idle ones are closed to make \
             room, and {parallel} transfers are worked on at a time where {parallel_asked} could be"
        );
        let hint = Some("raise the limit of open files (`ulimit -n`), then run again");
        self.write(Level::WARN, Line { message, hint, ..Line::default() });
    }

    fn fact(&self, transfer: &Transfer, step: Step, attempt: u32, fact: &Fact) {
        let level = fact_level(fact);
        // Thousands of transfers have tens of thousands of facts that nobody asked for.
        if level == Level::DEBUG && !tracing::enabled!(target: TARGET, Level::DEBUG) {
            return;
        }
        let line = Line {
            message: fact_words(fact),
            transfer: Some(transfer),
            endpoint: transfer.endpoint(role(fact)),
            step: Some(step),
            attempt: Some(attempt),
            ..Line::default()
        };
        self.write(level, line);
    }

    fn ended(&self, result: &TransferResult) {
        let line = Line {
            message: end_words(result),
            transfer: Some(&result.transfer),
            endpoint: Some(&result.transfer.target),
            attempt: Some(result.attempts),
            outcome: Some(result.outcome),
            code: result.code,
            error: (!result.outcome.is_done()).then_some(result.reason.as_str()),
            hint: result.hint.as_deref(),
            ..Line::default()
        };
        self.write(end_level(result.outcome), line);
    }

    fn write(&self, level: Level, line: Line<'_>) {
        let run = self.run.as_deref();
        match level {
            Level::ERROR => write_line!(error, run, line),
            Level::WARN => write_line!(warn, run, line),
            Level::INFO => write_line!(info, run, line),
            _ => write_line!(debug, run, line),
        }
    }
}

/// What is said when a run stops.
fn stopping_words(reason: &StopReason, now: bool) -> String {
    const REST: &str = "nothing new is begun, open intents are settled";
    match reason {
        _ if now => "stopping at once".to_owned(),
        StopReason::Signal => format!("stopping: {REST}; once more to stop at once"),
        reason => format!("stopping: {reason}; {REST}"),
    }
}

/// What a run will ask of the wires; nothing if nothing.
fn foreseen(forecast: &Forecast) -> Option<String> {
    let Busiest { gateway, requests, .. } = forecast.busiest.as_ref()?;
    Some(format!(
        "{} to be sent if all goes well, most of them, {requests}, to {gateway}",
        counted(forecast.requests.into(), "request")
    ))
}

/// The meter a fact is about.
fn role(fact: &Fact) -> Role {
    match fact {
        Fact::Identified { role, .. } => *role,
        Fact::SourceRead(_) => Role::Source,
        _ => Role::Target,
    }
}

/// Every fact is part of the usual way, but for those somebody should see.
fn fact_level(fact: &Fact) -> Level {
    match fact {
        Fact::Identified { identity: Identity::Unproved(_), .. } | Fact::Fenced | Fact::Closed { .. } => {
            Level::WARN
        }
        _ => Level::DEBUG,
    }
}

/// The line a transfer leaves at `info`. The error field says why where it is not done.
fn end_words(result: &TransferResult) -> String {
    let word = outcome_words(result.outcome);
    match (result.outcome, &result.staged) {
        (Outcome::Done, Some(staged)) => {
            let before = real_in_or_dash(result.target_before.as_ref());
            format!("{word}, real energy in {before} → {} kWh", real_in_or_dash(Some(staged)))
        }
        (Outcome::Done | Outcome::AlreadyDone, _) => format!("{word}: {}", result.reason),
        _ => word.to_owned(),
    }
}

fn end_level(outcome: Outcome) -> Level {
    match outcome {
        Outcome::Done | Outcome::AlreadyDone | Outcome::Waiting | Outcome::NotRun => Level::INFO,
        Outcome::Failed | Outcome::Refused | Outcome::Unreachable => Level::WARN,
        Outcome::Unknown | Outcome::Mismatch => Level::ERROR,
    }
}
