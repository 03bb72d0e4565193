//! How far a run is: a bar and the gateways that are most behind on a terminal, else a plain line now and then. Never
//! on stdout.

mod screen;
mod tally;
mod terminal;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use self::{screen::screen, tally::Tally, terminal::Terminal};
use super::{LogFormat, LogSink};
use crate::run::{Event, Pulse};

/// Plain lines are at least this far apart: a scheduler's log is not flooded.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// How often a terminal is drawn: its clock runs, and nobody reads faster.
const DRAWN_EVERY: Duration = Duration::from_millis(250);
/// How often a plain line may become due.
const ASKED_EVERY: Duration = Duration::from_secs(1);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressKind {
    /// A bar on a terminal.
    Bar,
    /// A plain line every ten seconds at most.
    Plain,
    /// The same as a log line, where stderr carries JSON alone.
    Logged,
    /// Not at all.
    Quiet,
}

impl ProgressKind {
    /// What suits this stderr.
    pub fn choose(quiet: bool, stderr_is_terminal: bool, logs: LogFormat) -> Self {
        match (quiet, logs, stderr_is_terminal) {
            (true, _, _) => Self::Quiet,
            (false, LogFormat::Json, _) => Self::Logged,
            (false, LogFormat::Human, true) => Self::Bar,
            (false, LogFormat::Human, false) => Self::Plain,
        }
    }

    /// How often it wants to be told how the run stands ([`RunSettings::pulse`](crate::run::RunSettings::pulse)).
    pub const fn pulse(self) -> Option<Duration> {
        match self {
            Self::Bar => Some(DRAWN_EVERY),
            Self::Plain | Self::Logged => Some(ASKED_EVERY),
            Self::Quiet => None,
        }
    }
}

/// Shows how far a run is.
pub struct Progress {
    kind: ProgressKind,
    sink: LogSink,
    tally: Tally,
    pulse: Option<Arc<Pulse>>,
    terminal: Option<Terminal>,
    began: Instant,
    last: Instant,
}

impl Progress {
    /// On `sink`, through which all else that goes to stderr must be written while a bar is shown.
    pub fn new(kind: ProgressKind, sink: LogSink) -> Self {
        let now = Instant::now();
        Self { kind, sink, tally: Tally::default(), pulse: None, terminal: None, began: now, last: now }
    }

    /// Takes note of an event.
    pub fn event(&mut self, event: &Event) {
        self.event_at(event, Instant::now());
    }

    /// Takes note of an event that happened at `now`.
    pub fn event_at(&mut self, event: &Event, now: Instant) {
        match event {
            Event::RunBegan { transfers, .. } => {
                self.tally = Tally { total: *transfers, ..Tally::default() };
                (self.began, self.last) = (now, now);
                self.begin(now);
            }
            Event::Pulse(pulse) => {
                self.pulse = Some(Arc::clone(pulse));
                self.draw(now);
                self.tell_if_due(now);
            }
            Event::Ended(result) => {
                self.tally.add(result.outcome);
                self.tell_if_due(now);
            }
            Event::Stopping { .. } | Event::LedgerBroken { .. } => self.tally.stopping = true,
            Event::RunEnded { .. } => self.end(),
            Event::Foreseen(_)
            | Event::Recorded { .. }
            | Event::Retrying { .. }
            | Event::GatewayDown { .. } => {}
        }
    }

    fn begin(&mut self, now: Instant) {
        if self.kind == ProgressKind::Bar {
            let terminal = Terminal::stderr(self.tally.total);
            self.sink.show(Some(terminal.bar()));
            self.terminal = Some(terminal);
            self.draw(now);
        }
    }

    fn draw(&mut self, now: Instant) {
        if let Some(terminal) = &mut self.terminal {
            let elapsed = now.saturating_duration_since(self.began);
            let size = terminal.size();
            let lines = screen(&self.tally, self.pulse.as_deref(), elapsed, size);
            terminal.draw(&lines, self.tally.ended(), size);
        }
    }

    fn tell_if_due(&mut self, now: Instant) {
        let due = now.saturating_duration_since(self.last) >= PLAIN_EVERY && self.tally.left() > 0;
        match self.kind {
            ProgressKind::Plain if due => self.sink.line(&self.tally.line(self.pulse.as_deref())),
            ProgressKind::Logged if due => self.log(),
            _ => return,
        }
        self.last = now;
    }

    fn log(&self) {
        let Tally { total, done, not_done, .. } = self.tally;
        let pulse = self.pulse.as_deref();
        let failed_requests = pulse.map(|pulse| pulse.traffic.failures());
        let seconds_left = pulse.and_then(|pulse| pulse.time_left).map(|left| left.as_secs());
        tracing::info!(
            target: "meterferry::progress",
            total, done, not_done, failed_requests, seconds_left,
            "{}", self.tally.line(pulse)
        );
    }

    fn end(&mut self) {
        self.sink.show(None);
        if let Some(terminal) = self.terminal.take() {
            terminal.clear();
        }
    }
}

/// A run that is given up half-way leaves no bar behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests;
