//! How one transfer is to be done, every value decided.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Windows;
use crate::meter::{Bound, WriteMode};

/// Assumed apparent power of a meter whose `max_load` the job does not give, where a bound cannot be
/// done without: 100 MVA, more than any of these meters is installed for (DESIGN.md §3, settle).
const ASSUMED_MAX_LOAD: u64 = 100_000_000;

/// What to do when the target has counted already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetEnergy {
    /// Do nothing, and say so.
    #[default]
    Refuse,
    /// Both meters counted the same energy: the source's readings replace the target's.
    Replace,
    /// The target alone counted since the source stopped: the sum is staged.
    Add,
}

/// What to do when source and target form their totals differently (in + out, or in − out).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TotalsPolicy {
    /// Do nothing, and say so.
    #[default]
    Refuse,
    /// Carry the source's totals as they are.
    Keep,
    /// Form them anew from in and out, as the target does.
    Recompute,
}

/// How far a reading may be from what was staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verify {
    /// Wh, VARh or VAh that are always allowed.
    pub tolerance: i64,
    /// Apparent power of the largest load, VA; holds for all seven quantities.
    pub max_load: Option<u64>,
}

impl Verify {
    /// The bound with the given load, or with the assumed 100 MVA.
    pub fn bound_or_assumed(&self) -> Bound {
        Bound { tolerance: self.tolerance, max_load: self.max_load.unwrap_or(ASSUMED_MAX_LOAD) }
    }

    /// The bound with the given load, or the bare tolerance.
    pub fn bound_or_tolerance(&self) -> Bound {
        Bound { tolerance: self.tolerance, max_load: self.max_load.unwrap_or(0) }
    }
}

impl Default for Verify {
    fn default() -> Self {
        Self { tolerance: 1_000, max_load: None }
    }
}

/// How often and how soon a transfer that failed before its commit is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// Tries in one run, the first included.
    pub attempts: u32,
    /// Delay before the second try; doubles from there.
    pub backoff: Duration,
    /// The longest delay.
    pub max_backoff: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, backoff: Duration::from_millis(500), max_backoff: Duration::from_secs(10) }
    }
}

/// All options of one transfer (DESIGN.md §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// How the buffer is filled.
    pub write_mode: WriteMode,
    /// What to do when the target has counted already.
    pub target_energy: TargetEnergy,
    /// What to do when the two meters form their totals differently.
    #[serde(default)]
    pub totals: TotalsPolicy,
    /// A target below this in every quantity is fresh. Wh, VARh or VAh.
    pub fresh_below: i64,
    /// Whether a source whose readings are all zero may be carried.
    pub allow_zero: bool,
    /// How far a reading may be from what was staged.
    pub verify: Verify,
    /// Tries and delays.
    pub retry: Retry,
    /// From 6209 to its result.
    pub command_timeout: Duration,
    /// How late a lost request may still arrive; two looks are this far apart.
    pub settle: Duration,
    /// When it may begin.
    #[serde(default, skip_serializing_if = "Windows::is_always")]
    pub window: Windows,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            write_mode: WriteMode::Auto,
            target_energy: TargetEnergy::Refuse,
            totals: TotalsPolicy::Refuse,
            fresh_below: 1_000,
            allow_zero: false,
            verify: Verify::default(),
            retry: Retry::default(),
            command_timeout: Duration::from_secs(10),
            settle: Duration::from_secs(5),
            window: Windows::default(),
        }
    }
}
