//! Tells each event to several subscribers, in order.

use super::{Results, RunLine, TransferJson, json_line};
use crate::run::Event;

type Reporter<'a> = Box<dyn FnMut(&Event) + Send + 'a>;

/// Several subscribers as one.
#[derive(Default)]
pub struct Reporters<'a>(Vec<Reporter<'a>>);

impl<'a> Reporters<'a> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// These, and one more behind them.
    #[must_use]
    pub fn with(mut self, reporter: impl FnMut(&Event) + Send + 'a) -> Self {
        self.0.push(Box::new(reporter));
        self
    }

    /// Tells all of them.
    pub fn tell(&mut self, event: &Event) {
        for reporter in &mut self.0 {
            reporter(event);
        }
    }
}

/// Writes one JSON line a transfer as it ends. The summary comes last, from whoever knows the exit code.
pub struct JsonLinesReporter<'a> {
    results: &'a mut Results,
}

impl<'a> JsonLinesReporter<'a> {
    /// To these results.
    pub fn new(results: &'a mut Results) -> Self {
        Self { results }
    }

    /// Takes note of an event.
    pub fn event(&mut self, event: &Event) {
        if let Event::Ended(result) = event {
            self.results.print(&json_line(&RunLine::Transfer(TransferJson::from(&**result))));
        }
    }
}
