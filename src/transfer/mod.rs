//! One transfer as a state machine: what to ask of which meter next, and what the answers mean.
//!
//! This room does no I/O and reads no clock: the time comes in with every call. It knows nothing of Modbus
//! frames, files, tasks or terminals.

mod fact;
mod history;
mod outcome;

pub use fact::{
    Began, BoundUsed, Closing, Ending, Evidence, Fact, Identity, Intent, Reading, Recorded, Resolution,
    Verification,
};
pub use history::{History, IllegalFact, Phase};
pub use outcome::Outcome;
