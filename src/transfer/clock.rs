//! The two times a transfer needs, handed in by whoever drives it.

use std::time::Duration;

use jiff::Timestamp;

/// An instant, by two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Wall time: what is recorded, and compared with what an earlier run recorded. May be set back.
    pub wall: Timestamp,
    /// Time since the run began: never goes back. For everything within one run.
    pub steady: Duration,
}

impl Now {
    /// How long ago `earlier` may have been, by whichever clock says more: the steady one stands still while a
    /// computer sleeps, and the other may be set back.
    pub(super) fn at_most_since(self, earlier: Self) -> Duration {
        let steady = self.steady.saturating_sub(earlier.steady);
        let wall = Duration::try_from(self.wall.duration_since(earlier.wall)).unwrap_or_default();
        steady.max(wall)
    }
}

/// An instant to measure from. Within the run that noted it by the steady clock, in a later run by wall time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    pub wall: Timestamp,
    pub steady: Option<Duration>,
}

impl Since {
    pub(super) fn noted(now: Now) -> Self {
        Self { wall: now.wall, steady: Some(now.steady) }
    }

    pub(super) fn recorded(wall: Timestamp) -> Self {
        Self { wall, steady: None }
    }

    /// How long ago it was; `None` if the clock went backwards.
    pub(super) fn elapsed(self, now: Now) -> Option<Duration> {
        match self.steady {
            Some(steady) => now.steady.checked_sub(steady),
            None => Duration::try_from(now.wall.duration_since(self.wall)).ok(),
        }
    }
}
