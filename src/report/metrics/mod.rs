//! The metrics file: how a run stands, and how the last one ended, for node_exporter's textfile collector.
//!
//! [`MetricsFile`] takes note of events and keeps the file new; `text` says it in Prometheus' text format, `file` puts
//! it on disk, `before` keeps of the last file what a new run must not forget.

mod before;
mod file;
mod text;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use self::{before::Before, file::Writer};
use super::Counts;
use crate::{
    campaign::TransferKey,
    run::{Event, Forecast, Pulse},
    transfer::Outcome,
};

/// How often it wants to be told how the run stands ([`RunSettings::pulse`](crate::run::RunSettings::pulse)).
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How often the file is written while a run is under way.
const WRITTEN_EVERY: Duration = Duration::from_secs(15);
/// The exit code of a program that did not come to say its own: a panic (DESIGN.md §5).
const DEFECT: u8 = 1;

/// All that the file says.
#[derive(Debug, Clone, Default)]
struct State {
    before: Before,
    /// `real` or `simulated`.
    meters: &'static str,
    began: Timestamp,
    /// When this run ended, and with which exit code.
    ended: Option<(Timestamp, u8)>,
    /// By campaign. While the transfers are not known, those of the last file.
    transfers: BTreeMap<Arc<str>, Counts<Outcome>>,
    forecast: Option<Forecast>,
    pulse: Option<Arc<Pulse>>,
}

/// A file that tells how a run stands. It is written when it is made, every 15 s, and when the run has ended, however
/// it did.
pub struct MetricsFile {
    state: State,
    /// How each transfer that has not ended stood before the run.
    standing: HashMap<TransferKey, Outcome>,
    writer: Writer,
    last: Instant,
}

impl MetricsFile {
    /// Makes the file, or takes over the one that an earlier run left: its last success is not forgotten. `meters`:
    /// `real` or `simulated`. The error says that there can be no such file.
    pub fn create(path: &Path, meters: &'static str) -> io::Result<Self> {
        let before = Before::read(path, meters)?;
        let transfers = before.transfers.clone();
        let state = State { before, meters, began: Timestamp::now(), transfers, ..State::default() };
        file::write(path, &text::of(&state))?;
        let writer = Writer::new(PathBuf::from(path));
        Ok(Self { state, standing: HashMap::new(), writer, last: Instant::now() })
    }

    /// How often it wants to be told how the run stands.
    pub const fn pulse() -> Duration {
        TOLD_EVERY
    }

    /// The transfers of the run, each with how it stands before the run.
    pub fn selected(&mut self, transfers: impl IntoIterator<Item = (TransferKey, Outcome)>) {
        self.state.transfers.clear();
        self.standing = transfers.into_iter().collect();
        for (key, outcome) in &self.standing {
            self.state.transfers.entry(Arc::clone(&key.campaign)).or_default().add(*outcome);
        }
        self.write();
    }

    /// Takes note of an event.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Foreseen(forecast) => self.state.forecast = Some(forecast.clone()),
            Event::Pulse(pulse) => {
                self.state.pulse = Some(Arc::clone(pulse));
                if self.last.elapsed() >= WRITTEN_EVERY {
                    self.write();
                }
            }
            Event::Ended(result) => self.ended(&result.transfer.key, result.outcome),
            Event::RunBegan { .. }
            | Event::Recorded { .. }
            | Event::Retrying { .. }
            | Event::GatewayDown { .. }
            | Event::Stopping { .. }
            | Event::LedgerBroken { .. }
            | Event::RunEnded { .. } => {}
        }
    }

    fn ended(&mut self, key: &TransferKey, outcome: Outcome) {
        let counts = self.state.transfers.entry(Arc::clone(&key.campaign)).or_default();
        if let Some(before) = self.standing.remove(key) {
            counts.take(before);
        }
        counts.add(outcome);
    }

    /// The run is over, with this exit code.
    pub fn end(mut self, exit_code: u8) {
        self.state.ended = Some((Timestamp::now(), exit_code));
        self.writer.finish(text::of(&self.state));
    }

    fn write(&mut self) {
        self.last = Instant::now();
        self.writer.write(text::of(&self.state));
    }
}

/// Nobody said how the run ended: it did not end by itself.
impl Drop for MetricsFile {
    fn drop(&mut self) {
        if self.state.ended.is_none() {
            self.state.ended = Some((Timestamp::now(), DEFECT));
            self.writer.finish(text::of(&self.state));
        }
    }
}

#[cfg(test)]
mod tests;
