//! `--canary`, `--max-fail`, `--deadline`: what was typed, and which limits of a run it means.

use std::{num::NonZeroUsize, time::Duration};

use jiff::{Timestamp, ToSpan, Zoned, civil::Time};

use super::{Exit, args, failure::Failure};
use crate::run::{Limits, MaxFail};

/// A deadline as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    /// So long after the command began.
    After(Duration),
    /// An instant.
    At(Timestamp),
    /// When the clock on the wall shows this next.
    Clock(Time),
}

/// The limits of a run that begins now.
pub(super) fn limits(arguments: &args::Limits, now: &Zoned) -> Result<Limits, Failure> {
    let deadline = arguments.deadline.map(|deadline| deadline.from(now)).transpose()?;
    Ok(Limits { canaries: arguments.canary.unwrap_or_default(), max_fail: arguments.max_fail, deadline })
}

/// `3` or `10%`.
pub(super) fn max_fail(text: &str) -> Result<MaxFail, String> {
    let error = "how many transfers may go wrong: a number from 1, or 1% to 100% of those selected";
    let hint = "to stop at the first that goes wrong, write --max-fail 1";
    let (digits, percent) = match text.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (text, false),
    };
    let number = digits.parse::<NonZeroUsize>().map_err(|_| format!("{error}; {hint}"))?;
    if !percent {
        return Ok(MaxFail::Number(number));
    }
    let percent = u8::try_from(number.get()).ok().filter(|percent| *percent <= 100);
    percent.map(MaxFail::Percent).ok_or_else(|| error.to_owned())
}

/// `2h`, `05:30` or `2026-06-02T05:30:00+02:00`.
pub(super) fn deadline(text: &str) -> Result<Deadline, String> {
    let is_clock = text.len() <= 8 && text.contains(':') && !text.contains(char::is_alphabetic);
    if is_clock {
        let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
        return padded
            .parse()
            .map(Deadline::Clock)
            .map_err(|_| format!("{text:?} is on no clock: write hours and minutes, as 05:30"));
    }
    if let Ok(at) = text.parse() {
        return Ok(Deadline::At(at));
    }
    args::duration(text).map(Deadline::After).map_err(|_| {
        "write how long from now (90min, 2h), a time of the day (05:30), or an instant with its offset \
         from UTC (2026-06-02T05:30:00+02:00)"
            .to_owned()
    })
}

impl Deadline {
    /// The instant that is meant, on the clock of `now`.
    fn from(self, now: &Zoned) -> Result<Zoned, Failure> {
        let at = match self {
            Self::After(duration) => now.checked_add(duration).ok(),
            Self::At(at) => Some(at.to_zoned(now.time_zone().clone())),
            Self::Clock(time) => next(time, now),
        };
        match at {
            Some(at) if at > *now => Ok(at),
            Some(at) => {
                Err(Failure::new(Exit::Usage, format!("--deadline: {at} is not after now, {now:.0}"))
                    .hint("write how long from now (2h), a time of the day (05:30), or a later instant"))
            }
            None => Err(Failure::new(Exit::Usage, "--deadline is too far away")
                .hint("leave it out for a run without end")),
        }
    }
}

/// When the clock shows `time` next. A time that a clock change leaves out comes as much later; one that it shows twice
/// comes twice.
fn next(time: Time, now: &Zoned) -> Option<Zoned> {
    let zone = now.time_zone();
    (0..=1)
        .filter_map(|days| now.date().checked_add(days.days()).ok())
        .map(|date| zone.to_ambiguous_zoned(date.to_datetime(time)))
        .flat_map(|local| [local.clone().compatible(), local.later()])
        .flatten()
        .filter(|at| at > now)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoned(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn a_deadline_is_a_duration_a_time_of_the_day_or_an_instant() {
        let now = zoned("2026-06-01T22:10:00+02:00[Europe/Berlin]");
        for (text, at) in [
            ("2h", "2026-06-02T00:10:00+02:00[Europe/Berlin]"),
            ("1h 30min", "2026-06-01T23:40:00+02:00[Europe/Berlin]"),
            ("05:30", "2026-06-02T05:30:00+02:00[Europe/Berlin]"),
            ("5:30", "2026-06-02T05:30:00+02:00[Europe/Berlin]"),
            ("22:10", "2026-06-02T22:10:00+02:00[Europe/Berlin]"),
            ("22:10:30", "2026-06-01T22:10:30+02:00[Europe/Berlin]"),
            ("2026-06-02T03:30:00Z", "2026-06-02T05:30:00+02:00[Europe/Berlin]"),
            ("2026-06-02T05:30+02:00", "2026-06-02T05:30:00+02:00[Europe/Berlin]"),
        ] {
            let understood = deadline(text).unwrap().from(&now).unwrap();
            assert_eq!(understood.to_string(), at, "{text}");
        }
        for text in ["", "5", "25:00", "tomorrow", "2026-06-02T05:30", "-2h"] {
            assert!(deadline(text).is_err(), "{text:?}");
        }
        for text in ["2026-06-01T20:09:59Z", "0s"] {
            assert!(deadline(text).unwrap().from(&now).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_time_of_the_day_that_is_left_out_or_shown_twice_is_found_all_the_same() {
        let spring = zoned("2026-03-29T01:00:00+01:00[Europe/Berlin]");
        let at = |now: &Zoned| next(Time::constant(2, 30, 0, 0), now).unwrap().to_string();
        assert_eq!(at(&spring), "2026-03-29T03:30:00+02:00[Europe/Berlin]");
        let autumn = zoned("2026-10-25T02:40:00+02:00[Europe/Berlin]");
        assert_eq!(at(&autumn), "2026-10-25T02:30:00+01:00[Europe/Berlin]");
    }

    #[test]
    fn a_limit_of_failures_is_a_number_or_a_percentage() {
        assert_eq!(max_fail("3"), Ok(MaxFail::Number(NonZeroUsize::new(3).unwrap())));
        assert_eq!(max_fail("10%"), Ok(MaxFail::Percent(10)));
        assert_eq!(max_fail("100 %"), Ok(MaxFail::Percent(100)));
        for text in ["0", "0%", "101%", "-1", "a few", "", "%", "2.5%"] {
            assert!(max_fail(text).is_err(), "{text:?}");
        }
        assert!(max_fail("0").unwrap_err().contains("--max-fail 1"));
    }
}
