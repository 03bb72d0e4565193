//! Results go to stdout, everything else to stderr. A reader that has gone away is no error.

use std::io::{self, IsTerminal};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::report::{LogFormat, LogSink, Results, Style};

/// The terminal, or whatever stands in its place.
#[derive(Clone)]
pub(super) struct Console {
    /// The one way to stderr.
    pub stderr: LogSink,
    /// How logs are written there.
    pub logs: LogFormat,
}

impl Console {
    pub(super) fn new(logs: LogFormat) -> Self {
        Self { stderr: LogSink::stderr(), logs }
    }

    /// The way to stdout.
    pub(super) fn results(&self) -> Results {
        Results::stdout(&self.stderr)
    }

    /// Writes one result.
    pub(super) fn print(&self, text: &str) {
        let mut results = self.results();
        results.print(text);
        self.conclude(&results);
    }

    /// Writes one result as `--format json` has it.
    pub(super) fn print_json(&self, value: &impl Serialize) {
        let mut results = self.results();
        results.print_json(value);
        self.conclude(&results);
    }

    /// Says so if results were lost. The exit code still tells how the command ended.
    pub(super) fn conclude(&self, results: &Results) {
        if let Some(lost) = results.error() {
            error(&format!("results could not be written to stdout: {lost}"), None, None, self.logs);
        }
    }

    /// Writes a remark to stderr, without its last newline; in a JSON log it is a line of it.
    pub(super) fn remark(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        match self.logs {
            LogFormat::Human => self.stderr.line(text),
            LogFormat::Json => self.stderr.line(&log_line("INFO", text, None, None)),
        }
    }
}

/// How text for people on stdout is to look.
pub(super) fn style(verbose: bool) -> Style {
    let colour = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let width = io::stdout().is_terminal().then(|| columns().unwrap_or(100));
    Style { width, colour, verbose }
}

fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}

/// Whether colour may be used on stderr.
pub(super) fn stderr_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether a person can answer a question.
pub(super) fn person_present() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// `error[code]: …`, and a hint below; in a JSON log it is a line of it.
pub(super) fn error(message: &str, code: Option<&str>, hint: Option<&str>, logs: LogFormat) {
    if logs == LogFormat::Json {
        return LogSink::stderr().line(&log_line("ERROR", message, code, hint));
    }
    let (red, cyan, plain) =
        if stderr_colour() { ("\u{1b}[1;31m", "\u{1b}[36m", "\u{1b}[0m") } else { ("", "", "") };
    let hint = hint.map(|hint| format!("\n{cyan}hint{plain}: {hint}")).unwrap_or_default();
    let code = code.map(|code| format!("[{code}]")).unwrap_or_default();
    LogSink::stderr().line(&format!("{red}error{code}{plain}: {message}{hint}"));
}

/// What does not come from a run, with the fields of a log line.
fn log_line(level: &str, message: &str, code: Option<&str>, hint: Option<&str>) -> String {
    let timestamp = format!("{:.6}", Timestamp::now());
    let mut line = json!({ "timestamp": timestamp, "level": level, "message": message });
    if let Some(code) = code {
        line["code"] = code.into();
    }
    if let Some(hint) = hint {
        line["hint"] = hint.into();
    }
    line["target"] = "meterferry::cli".into();
    line.to_string()
}
