//! The bound that a verification used: in words, and as a number.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    meter::{grouped, kilo},
    transfer::{BoundUsed, Verification},
};

/// How much faster than measured a target may have counted before (DESIGN.md §3, verify).
const GROWTH_FACTOR: i128 = 3;

/// In words for people. The number holds for each of the seven, in its own unit.
pub(super) fn words(bound: &BoundUsed) -> String {
    match bound {
        BoundUsed::MaxLoad { bound, width } => format!(
            "{} kWh (kVARh, kVAh) past what was staged: a load of {} kVA since then, and a tolerance of {} kWh",
            kilo(*width),
            kilo(bound.max_load),
            kilo(bound.tolerance)
        ),
        BoundUsed::Tolerance { tolerance } => {
            format!("{} kWh (kVARh, kVAh) past what was staged: the tolerance alone", kilo(*tolerance))
        }
        BoundUsed::MeasuredGrowth { tolerance, growth, over_milliseconds } => format!(
            "a tolerance of {} kWh (kVARh, kVAh), and {GROWTH_FACTOR} times the growth that was measured: {} kWh in {} ms",
            kilo(*tolerance),
            kilo(*growth),
            grouped(*over_milliseconds)
        ),
        BoundUsed::Stated { growth } => {
            format!("{} kWh (kVARh, kVAh): the most that a person said it can have counted", kilo(*growth))
        }
        BoundUsed::Person => "none: a person accepted the reading".to_owned(),
    }
}

/// How much the bound allowed, in each quantity's own unit; nothing where a person decided. Measured growth is taken
/// of the quantity that grew most.
pub(super) fn width(verification: &Verification, intended: Timestamp) -> Option<i128> {
    match verification.bound {
        BoundUsed::MaxLoad { width, .. } => Some(width.into()),
        BoundUsed::Tolerance { tolerance } => Some(tolerance.into()),
        BoundUsed::MeasuredGrowth { tolerance, growth, over_milliseconds } => {
            let elapsed = milliseconds(elapsed(intended, verification.after.at)?);
            let over = i128::from(over_milliseconds.max(1));
            let explained = (GROWTH_FACTOR * i128::from(growth) * elapsed + over - 1) / over;
            Some(i128::from(tolerance) + explained)
        }
        BoundUsed::Stated { growth } => Some(growth.into()),
        BoundUsed::Person => None,
    }
}

/// Nothing if the clock went backwards.
pub(super) fn elapsed(from: Timestamp, to: Timestamp) -> Option<Duration> {
    Duration::try_from(to.duration_since(from)).ok()
}

fn milliseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_millis()).unwrap_or(i128::MAX / i128::from(i64::MAX))
}
