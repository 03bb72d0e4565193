//! One transfer as a state machine: what to ask of which meter next, and what the answers mean.
//!
//! This room does no I/O and reads no clock: the time comes in with every call. It knows nothing of Modbus
//! frames, files, tasks or terminals.
//!
//! Start at [`Machine`]: it goes through [`Survey`] (states 1–4), `Staging` (6–8), `Polling` (9), `Settling`
//! (10) and `Verifying` (11). What happened is told in [`Fact`]s; [`History`] adds them up and holds the table
//! of which may follow which.

mod adopting;
mod carried;
mod cause;
mod clock;
mod earlier;
mod fact;
mod failure;
mod guard;
mod halt;
mod history;
mod identify;
mod machine;
mod outcome;
mod polling;
mod reason;
mod refusal;
mod retry;
mod settling;
mod sighting;
mod since;
mod snapshot;
mod staging;
mod step;
mod survey;
mod totals;
mod undoing;
mod verifying;

pub use adopting::{Handwork, NotAdoptable};
pub use carried::Captured;
pub use cause::{Cause, Exception, RetryClass};
pub use clock::Now;
pub use fact::{
    Adopted, Author, Began, BoundUsed, Closing, Ending, Evidence, Fact, Identity, Intent, Reading, Recorded,
    Resolution, UndoBegun, Verification,
};
pub use failure::Failure;
pub use guard::{Case, Examination, Guard, Verdict, examine};
pub use halt::Halt;
pub use history::{ClosedIntent, History, IllegalFact, Phase};
pub use machine::{Action, Machine, MachineSettings};
pub use outcome::Outcome;
pub use polling::CommandOutcome;
pub use reason::ReasonCode;
pub use refusal::Refusal;
pub use retry::SplitMix;
pub use sighting::{Sight, Sighted, Sighting};
pub use since::{Implausible, counted_since, worth_a_look};
use step::Ask;
pub use step::{Look, Reply, Step};
pub use survey::{Findings, Known, Survey, Surveyed};
pub use totals::TotalsMode;
pub use undoing::{NotUndoable, undo_of};
