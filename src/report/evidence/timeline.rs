//! When commands took effect, in steps of even length.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Certificate;

/// More bars than this are a wall.
const MOST: i64 = 48;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Lengths of a step that people count in, seconds; the last is doubled as long as need be.
const STEPS: [i64; 12] =
    [1, 5, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, DAY, 7 * DAY, 28 * DAY];

/// How many transfers were committed when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Length of a step, s.
    pub step_seconds: i64,
    /// From the first step with a commit to the last, without gaps.
    pub buckets: Vec<Bucket>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// When it begins.
    pub from: Timestamp,
    /// How many commands took effect in it.
    pub committed: usize,
}

impl Timeline {
    /// Nothing if no command took effect.
    pub(super) fn of(certificates: &[Certificate]) -> Option<Self> {
        let seconds: Vec<i64> = certificates
            .iter()
            .filter(|certificate| certificate.took_effect())
            .filter_map(|certificate| certificate.transfer.times.committed)
            .map(Timestamp::as_second)
            .collect();
        let (first, last) = (*seconds.iter().min()?, *seconds.iter().max()?);
        let step = step(first, last);
        let place = |second: i64| second.div_euclid(step) - first.div_euclid(step);
        let mut numbers = vec![0; usize::try_from(place(last)).ok()? + 1];
        for second in seconds {
            numbers[usize::try_from(place(second)).ok()?] += 1;
        }
        let begin = Timestamp::from_second(first.div_euclid(step) * step).ok()?;
        let buckets = (0..).zip(numbers).map(|(number, committed)| Bucket {
            from: begin.saturating_add(SignedDuration::from_secs(step * number)).unwrap_or(Timestamp::MAX),
            committed,
        });
        Some(Self { step_seconds: step, buckets: buckets.collect() })
    }

    /// The most in one step.
    pub(super) fn most(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.committed).max().unwrap_or(0)
    }

    /// `15 min`
    pub(super) fn step_words(&self) -> String {
        let (number, unit) = match self.step_seconds {
            seconds if seconds % DAY == 0 => (seconds / DAY, "d"),
            seconds if seconds % HOUR == 0 => (seconds / HOUR, "h"),
            seconds if seconds % MINUTE == 0 => (seconds / MINUTE, "min"),
            seconds => (seconds, "s"),
        };
        format!("{number} {unit}")
    }
}

fn step(first: i64, last: i64) -> i64 {
    let fits = |step: i64| last.div_euclid(step) - first.div_euclid(step) < MOST;
    let mut step = STEPS.into_iter().find(|step| fits(*step)).unwrap_or(STEPS[STEPS.len() - 1]);
    while !fits(step) {
        step *= 2;
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_and_a_decade_both_fit() {
        assert_eq!(step(0, 0), 1);
        assert_eq!(step(0, 8 * HOUR), 15 * MINUTE);
        assert_eq!(step(0, 3 * DAY), 3 * HOUR);
        assert!(step(0, 3650 * DAY) >= 76 * DAY);
    }
}
