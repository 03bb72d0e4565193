//! Why a command could not do its work, told once, at the end.

use super::{Exit, output};
use crate::{ledger::LedgerError, report::LogFormat};

/// An error with the exit code it leads to.
#[derive(Debug)]
pub(super) struct Failure {
    pub exit: Exit,
    pub message: String,
    pub hint: Option<String>,
    /// The stable name of what is wrong, where it has one.
    pub code: Option<&'static str>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, code: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on stderr, as logs are written there.
    pub(super) fn tell(self, logs: LogFormat) -> Exit {
        if !self.message.is_empty() {
            output::error(&self.message, self.code, self.hint.as_deref(), logs);
        }
        self.exit
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let exit = match error.exit_code() {
            11 => Exit::Busy,
            1 => Exit::Defect,
            _ => Exit::Ledger,
        };
        let code = Some(error.code().as_str());
        Self { code, ..Self::new(exit, error.to_string()).hint(error.hint()) }
    }
}

/// `1 error`, `2 errors`.
pub(super) fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
