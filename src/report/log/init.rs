//! Which log lines are written, in which format, and where to.

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt};

use super::human::Human;
use crate::report::LogSink;

/// Taken where neither the command line nor the environment names a filter.
const DEFAULT_FILTER: &str = "info";

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Time, level, transfer, sentence.
    #[default]
    Human,
    /// One JSON object a line: `timestamp` (RFC 3339, UTC), `level`, `message`, `target` and the fields at top
    /// level.
    Json,
}

/// How to log.
#[derive(Debug, Clone, Default)]
pub struct LogSettings {
    /// Format.
    pub format: LogFormat,
    /// As in `METERFERRY_LOG`, of which this is the value: `debug`, `info,meterferry::modbus=trace`. Nothing (or
    /// an empty text) is `info`.
    pub filter: Option<String>,
    /// Whether levels are coloured. JSON never is.
    pub colour: bool,
}

/// Why logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is no filter: bad usage.
    #[error("the log filter {filter:?} (METERFERRY_LOG) cannot be read: {error}")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong with it.
        error: tracing_subscriber::filter::ParseError,
    },
    /// This process logs already: a defect in the caller.
    #[error("logging was set up before")]
    SetBefore(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Begins to log, for the whole process, to `sink`.
pub fn init_logging(settings: &LogSettings, sink: LogSink) -> Result<(), LogError> {
    Ok(tracing::subscriber::set_global_default(log_subscriber(settings, sink)?)?)
}

/// What [`init_logging`] sets up, for one thread at a time.
pub fn log_subscriber(
    settings: &LogSettings,
    sink: LogSink,
) -> Result<impl Subscriber + Send + Sync + use<>, LogError> {
    let layer = tracing_subscriber::fmt::layer().with_writer(sink);
    let layer = match settings.format {
        LogFormat::Human => layer.with_ansi(settings.colour).event_format(Human).boxed(),
        LogFormat::Json => layer
            .with_ansi(false)
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed(),
    };
    Ok(tracing_subscriber::registry().with(filter(settings)?).with(layer))
}

fn filter(settings: &LogSettings) -> Result<EnvFilter, LogError> {
    let given = settings.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty());
    let filter = given.unwrap_or(DEFAULT_FILTER);
    EnvFilter::try_new(filter).map_err(|error| LogError::Filter { filter: filter.to_owned(), error })
}
