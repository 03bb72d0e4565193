//! How a transfer stands at the end of a run: exactly one of nine words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The nine outcomes (DESIGN.md §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Verified now.
    Done,
    /// Verified by an earlier run; nothing was sent.
    AlreadyDone,
    /// The source is captured, the replacement is not there yet.
    Waiting,
    /// Nothing committed; safe to run again.
    Failed,
    /// A guard said no; this run wrote nothing.
    Refused,
    /// The meter or its gateway does not answer; nothing committed.
    Unreachable,
    /// A commit may have taken effect; a person must look.
    Unknown,
    /// Committed, but the target does not hold what was staged.
    Mismatch,
    /// Stopped, or not begun.
    NotRun,
}

impl Outcome {
    /// All nine, in the order they are counted and printed.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::AlreadyDone,
        Self::Waiting,
        Self::Failed,
        Self::Refused,
        Self::Unreachable,
        Self::Unknown,
        Self::Mismatch,
        Self::NotRun,
    ];

    /// The word used in files and on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::AlreadyDone => "already_done",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
            Self::Mismatch => "mismatch",
            Self::NotRun => "not_run",
        }
    }

    /// Whether the target is as the job asks.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::AlreadyDone)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
