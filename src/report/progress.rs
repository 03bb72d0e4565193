//! How far a run is: a bar on a terminal, else a plain line now and then. Never on stdout.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{LogFormat, LogSink};
use crate::{run::Event, transfer::Outcome};

/// Plain lines are at least this far apart: a scheduler's log is not flooded.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
/// A bar moves at least this often, so that its clock runs.
const TICK: Duration = Duration::from_millis(250);
const BAR: &str = "{bar:24} {pos}/{len}  {msg}  {elapsed}, {eta} to go";

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
}

/// Shows how far a run is.
pub struct Progress {
    kind: ProgressKind,
    sink: LogSink,
    tally: Tally,
    bar: Option<ProgressBar>,
    last: Instant,
}

impl Progress {
    /// On `sink`, through which all else that goes to stderr must be written while a bar is shown.
    pub fn new(kind: ProgressKind, sink: LogSink) -> Self {
        Self { kind, sink, tally: Tally::default(), bar: None, last: Instant::now() }
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
                self.last = now;
                self.begin();
            }
            Event::Ended(result) => {
                self.tally.add(result.outcome);
                self.moved(now);
            }
            Event::RunEnded { .. } => self.end(),
            Event::Recorded { .. }
            | Event::Retrying { .. }
            | Event::Stopping { .. }
            | Event::LedgerBroken { .. } => {}
        }
    }

    fn begin(&mut self) {
        if self.kind != ProgressKind::Bar {
            return;
        }
        let length = self.tally.total as u64;
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template(BAR).expect("the template is well formed"));
        bar.set_message(self.tally.words());
        bar.enable_steady_tick(TICK);
        self.sink.show(Some(bar.clone()));
        self.bar = Some(bar);
    }

    fn moved(&mut self, now: Instant) {
        if let Some(bar) = &self.bar {
            bar.set_message(self.tally.words());
            bar.set_position(self.tally.ended() as u64);
        }
        let due = now.saturating_duration_since(self.last) >= PLAIN_EVERY && self.tally.left() > 0;
        match self.kind {
            ProgressKind::Plain if due => self.sink.line(&self.tally.line()),
            ProgressKind::Logged if due => self.log(),
            _ => return,
        }
        self.last = now;
    }

    fn log(&self) {
        let Tally { total, done, not_done } = self.tally;
        tracing::info!(target: "meterferry::progress", total, done, not_done, "{}", self.tally.line());
    }

    fn end(&mut self) {
        self.sink.show(None);
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A run that is given up half-way leaves no bar behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    total: usize,
    done: usize,
    not_done: usize,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        match outcome.is_done() {
            true => self.done += 1,
            false => self.not_done += 1,
        }
    }

    fn ended(&self) -> usize {
        self.done + self.not_done
    }

    fn left(&self) -> usize {
        self.total.saturating_sub(self.ended())
    }

    /// `118 done, 2 not done, 880 left`
    fn words(&self) -> String {
        match self.not_done {
            0 => format!("{} done, {} left", self.done, self.left()),
            not_done => format!("{} done, {not_done} not done, {} left", self.done, self.left()),
        }
    }

    /// `120 of 1000: 118 done, 2 not done, 880 left`
    fn line(&self) -> String {
        format!("{} of {}: {}", self.ended(), self.total, self.words())
    }
}

#[cfg(test)]
mod tests;
