//! All that was found in a load, in order, and how many more there were than anybody would read.

use std::{collections::HashSet, fmt, sync::Arc};

use serde::Serialize;

use super::diagnostic::{Code, Diagnostic, Spot};

/// Diagnostics that are kept; of the others only the number.
const MAX_KEPT: usize = 1_000;

/// What was found wrong, sorted by file and place.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Diagnostics {
    /// At most 1,000.
    pub diagnostics: Vec<Diagnostic>,
    /// How many there are beyond those.
    pub more: usize,
    /// What was said of which place: rows of a spreadsheet share a template, and its mistakes are told once.
    #[serde(skip)]
    said: HashSet<Said>,
}

/// File, line, column, code, message.
type Said = (Arc<str>, u32, u32, Code, String);

impl Diagnostics {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// How many there are, those beyond 1,000 included.
    pub fn len(&self) -> usize {
        self.diagnostics.len() + self.more
    }

    /// Whether every one says that a path does not exist: then the arguments are wrong, not a job.
    pub fn only_missing_paths(&self) -> bool {
        self.diagnostics.iter().all(|found| found.code == Code::PathNotFound)
    }

    /// All as text, in colour if asked for, a blank line between two.
    pub fn render(&self, colour: bool) -> String {
        let mut text: Vec<_> = self.diagnostics.iter().map(|found| found.render(colour)).collect();
        if self.more > 0 {
            text.push(format!("and {} more; correct these first", self.more));
        }
        text.join("\n\n")
    }

    pub(super) fn push(&mut self, found: Diagnostic) {
        self.push_with(|| found);
    }

    /// Adds one that takes work to word, which is spared if it would not be kept.
    pub(super) fn push_with(&mut self, found: impl FnOnce() -> Diagnostic) {
        if self.diagnostics.len() >= MAX_KEPT {
            self.more += 1;
            return;
        }
        let found = found();
        if found.at.as_ref().is_none_or(|at| self.said.insert(said(at, &found))) {
            self.diagnostics.push(found);
        }
    }

    pub(super) fn extend(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        found.into_iter().for_each(|found| self.push(found));
    }

    /// Takes the errors out and leaves the warnings.
    pub(super) fn take_errors(&mut self) -> Vec<Diagnostic> {
        let (errors, warnings) = std::mem::take(&mut self.diagnostics)
            .into_iter()
            .partition(|found| found.severity == super::diagnostic::Severity::Error);
        self.diagnostics = warnings;
        errors
    }

    /// By place within each file; files stay in the order in which they were read.
    pub(super) fn sort(&mut self) {
        let mut order: Vec<std::sync::Arc<str>> = Vec::new();
        let mut place = |found: &Diagnostic| {
            let Some(at) = &found.at else { return (0, 0, 0) };
            let file = order.iter().position(|file| *file == at.file).unwrap_or_else(|| {
                order.push(std::sync::Arc::clone(&at.file));
                order.len() - 1
            });
            (file + 1, at.line, at.column)
        };
        let places: Vec<_> = self.diagnostics.iter().map(&mut place).collect();
        let mut both: Vec<_> = places.into_iter().zip(std::mem::take(&mut self.diagnostics)).collect();
        both.sort_by_key(|(place, _)| *place);
        self.diagnostics = both.into_iter().map(|(_, found)| found).collect();
    }
}

fn said(at: &Spot, found: &Diagnostic) -> Said {
    (Arc::clone(&at.file), at.line, at.column, found.code, found.message.clone())
}

/// The rustc look, without colour.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
