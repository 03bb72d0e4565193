//! Tells people and programs what happens: logs, progress, the closing summary, plans, the metrics
//! file, and the JSON formats.
//!
//! Everything here is a subscriber of [`Event`](crate::run::Event)s or a pure function of a finished
//! [`RunReport`](crate::run::RunReport). This room decides nothing: no outcome, no exit code (it prints the one it
//! is given), no retry. It knows no job file, no frame and no command line, and of the
//! ledger only what a head and an origin look like. Results are returned as
//! text for stdout and files; logs and progress go to stderr (DESIGN.md §5).

mod again;
mod counts;
pub mod evidence;
mod export;
mod json;
mod log;
mod metrics;
mod out;
mod paint;
mod plan;
mod progress;
mod reporters;
#[cfg(test)]
mod sample;
mod style;
mod summary;
mod table;
mod undo;
mod words;

pub use again::{
    FoundAgainBody, FoundAgainJson, FoundAgainSummary, found_again_body, found_again_summary,
    found_again_text,
};
pub use counts::{Countable, Counts};
pub use export::{ExportRow, export_text, is_export};
pub use json::{
    Envelope, FORMAT_VERSION, JsonLine, MeterJson, PlanBody, PlanJson, PlanLine, PlanSummary, RecordedByJson,
    RunBody, RunLine, RunSummary, StoppedByJson, TimesJson, TransferJson, json_line, json_text, plan_body,
    run_body,
};
pub use log::{LogError, LogFormat, LogReporter, LogSettings, init_logging, log_subscriber};
pub use metrics::MetricsFile;
pub use out::{LogSink, Results};
pub use plan::plan_text;
pub use progress::{Progress, ProgressKind};
pub use reporters::{JsonLinesReporter, Reporters};
pub use style::Style;
pub use summary::summary_text;
pub use table::grid;
pub use undo::{UndoJson, undo_text};
pub use words::NOT_CARRIED;
