//! Why a transfer is let come to rest before it is done. Knows nothing of signals, limits or clocks.

/// Why a transfer is to come to rest, and what is to be done next: both stand in its ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// Why, as the end of a sentence: `the run was stopped`.
    pub why: String,
    /// What to do next.
    pub hint: String,
}
