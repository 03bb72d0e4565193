//! A log line for people: time, level, transfer, sentence. The fields that programs want are left out where the
//! sentence says the same.

use std::fmt;

use jiff::Zoned;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::report::paint::{Tone, paint, printable};

/// Fields that say what the sentence says, or what stays the same all along.
const SAID: [&str; 8] = ["run_id", "campaign", "gateway", "unit", "step", "attempt", "outcome", "hint"];

/// The format.
pub(super) struct Human;

impl<S, N> FormatEvent<S, N> for Human
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut sentence = Sentence::default();
        event.record(&mut sentence);
        let (word, tone) = level(*event.metadata().level());
        let colour = writer.has_ansi_escapes();
        let time = Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
        write!(writer, "{} {}", paint(&time, Tone::Dim, colour), paint(word, tone, colour))?;
        writeln!(writer, " {}", printable(&sentence.text()))
    }
}

/// A level in five columns.
fn level(level: Level) -> (&'static str, Tone) {
    match level {
        Level::ERROR => ("ERROR", Tone::Bad),
        Level::WARN => ("WARN ", Tone::Soon),
        Level::INFO => ("INFO ", Tone::Good),
        Level::DEBUG => ("DEBUG", Tone::Dim),
        _ => ("TRACE", Tone::Dim),
    }
}

/// The parts of a line, as they are found among an event's fields.
#[derive(Default)]
struct Sentence {
    transfer: Option<String>,
    message: String,
    code: Option<String>,
    error: Option<String>,
    others: String,
}

impl Sentence {
    fn text(self) -> String {
        let transfer = self.transfer.map(|id| format!("{id}: ")).unwrap_or_default();
        let code = self.code.map(|code| format!("[{code}]")).unwrap_or_default();
        let error = self.error.map(|error| format!(": {error}")).unwrap_or_default();
        format!("{transfer}{}{code}{error}{}", self.message, self.others)
    }

    fn take(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            "transfer" => self.transfer = Some(value),
            "code" => self.code = Some(value),
            "error" => self.error = Some(value),
            name if SAID.contains(&name) => {}
            name => self.others.push_str(&format!(" {name}={value}")),
        }
    }
}

impl Visit for Sentence {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}"));
    }
}
