//! What every JSON answer of every command has in common, and how it is put into text.

use serde::Serialize;

/// Version of the JSON formats. Grows when a reader of the old one would be wrong about the new one; new fields
/// alone do not count.
pub const FORMAT_VERSION: u32 = 1;

/// The envelope of a command's answer; the body's fields stand beside its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Envelope<T> {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Version of this program.
    pub tool_version: &'static str,
    /// Name of the run in the record; `null` for commands that are no run.
    pub run_id: Option<String>,
    /// The code the program exits with (DESIGN.md §5).
    pub exit_code: u8,
    /// What the command found out.
    #[serde(flatten)]
    pub body: T,
}

impl<T> Envelope<T> {
    /// `body` in an envelope of this version.
    pub fn new(run_id: Option<&str>, exit_code: u8, body: T) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            tool_version: env!("CARGO_PKG_VERSION"),
            run_id: run_id.map(str::to_owned),
            exit_code,
            body,
        }
    }
}

/// One line of `--format jsonl`: `{"type":"transfer",…}` for each as it ends, `{"type":"summary",…}` last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum JsonLine<T, S> {
    /// One transfer, as in the `transfers` of `--format json`.
    Transfer(T),
    /// The envelope with the counts, without the transfers.
    Summary(Envelope<S>),
}

/// `value` as indented JSON with a final newline, for `--format json`.
pub fn json_text(value: &impl Serialize) -> String {
    finished(serde_json::to_string_pretty(value))
}

/// `value` as one line of JSON with its newline, for `--format jsonl`.
pub fn json_line(value: &impl Serialize) -> String {
    finished(serde_json::to_string(value))
}

fn finished(text: serde_json::Result<String>) -> String {
    let mut text = text.expect("these types have string keys and cannot fail to serialise");
    text.push('\n');
    text
}

/// A line of `run --format jsonl`.
pub type RunLine = JsonLine<super::TransferJson, super::RunSummary>;
/// A line of `plan --format jsonl`.
pub type PlanLine = JsonLine<super::PlanJson, super::PlanSummary>;
