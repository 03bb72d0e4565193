//! When a transfer may begin: days and hours by the clock on the wall of a time zone. Knows no clock of its own.

use std::{fmt, sync::Arc};

use jiff::{
    SignedDuration, Timestamp, ToSpan, Zoned,
    civil::{Date, Time, Weekday},
};
use serde::{Deserialize, Serialize};

use super::Zone;

/// How far ahead the next opening is looked for: a weekly window that a clock change swallowed opens a week later.
const AHEAD_DAYS: i64 = 16;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// All seven.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The word in a job.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    const fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Hours on some days of the week. Open is it whenever the clock on the wall says so: where the clock is put forward
/// over all of it, it falls out that day; what the clock shows twice is open twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The days on which it begins.
    pub days: Vec<Day>,
    /// When it begins.
    pub from: Time,
    /// When it ends: not later than `from` means on the next day, so 00:00 is the midnight after.
    pub to: Time,
    /// Whose clock.
    pub zone: Zone,
}

impl Window {
    /// Whether it is open at this instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.zone.rules().to_datetime(at);
        let (today, time) = (local.date(), local.time());
        if self.from < self.to {
            return self.begins_on(today) && (self.from..self.to).contains(&time);
        }
        let since_yesterday = || today.yesterday().is_ok_and(|yesterday| self.begins_on(yesterday));
        (time >= self.from && self.begins_on(today)) || (time < self.to && since_yesterday())
    }

    fn begins_on(&self, date: Date) -> bool {
        self.days.contains(&Day::of(date.weekday()))
    }

    /// When it opens next after an instant at which it is closed: where the clock comes to `from`, or where the clock
    /// is changed from outside the window to inside.
    fn opening(&self, after: Timestamp) -> Option<Timestamp> {
        let rules = self.zone.rules();
        let today = rules.to_datetime(after).date();
        let starts = (0..=AHEAD_DAYS)
            .filter_map(|days| today.checked_add(days.days()).ok())
            .map(|date| rules.to_ambiguous_timestamp(date.to_datetime(self.from)))
            .flat_map(|start| [start.earlier(), start.later()])
            .flatten();
        let last = after.saturating_add(SignedDuration::from_hours(24 * AHEAD_DAYS)).ok()?;
        let changes = rules.following(after).map(|change| change.timestamp()).take_while(|at| *at <= last);
        starts.chain(changes).filter(|at| *at > after && self.is_open(*at)).min()
    }
}

/// The windows of a transfer: it may begin where one of them is open, or always if there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Windows(Arc<[Window]>);

impl Default for Windows {
    fn default() -> Self {
        Self::new([])
    }
}

impl Windows {
    /// Any number of windows.
    pub fn new(windows: impl IntoIterator<Item = Window>) -> Self {
        Self(windows.into_iter().collect())
    }

    /// Whether there is none, so that it may begin at any time.
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it may begin at this instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.is_always() || self.0.iter().any(|window| window.is_open(at))
    }

    /// When it may begin next, on the clock of that window. Nothing where that is not within two weeks.
    pub fn opening(&self, after: Timestamp) -> Option<Zoned> {
        let openings = self.0.iter().filter_map(|window| Some((window.opening(after)?, window)));
        let (at, window) = openings.min_by_key(|(at, _)| *at)?;
        Some(at.to_zoned(window.zone.rules().clone()))
    }

    /// `its window opens Mon 2026-06-01 22:00 +02:00 (Europe/Berlin)`, where it is closed at this instant.
    pub fn closed_at(&self, at: Timestamp) -> Option<String> {
        if self.is_open(at) {
            return None;
        }
        let Some(opening) = self.opening(at) else {
            return Some("its window does not open within two weeks".to_owned());
        };
        let zone = opening.time_zone().iana_name().unwrap_or("UTC");
        Some(format!("its window opens {} ({zone})", opening.strftime("%a %Y-%m-%d %H:%M %:z")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `mon tue 22:00-05:00`
    fn window(text: &str, zone: &str) -> Window {
        let (days, hours) = text.rsplit_once(' ').unwrap();
        let (from, to) = hours.split_once('-').unwrap();
        let named = |day: &Day| days.split(' ').any(|name| name == day.word());
        Window {
            days: Day::ALL.into_iter().filter(named).collect(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            zone: Zone::named(zone).unwrap(),
        }
    }

    fn at(local: &str, zone: &str) -> Timestamp {
        format!("{local}[{zone}]").parse::<Zoned>().unwrap().timestamp()
    }

    const BERLIN: &str = "Europe/Berlin";

    #[test]
    fn hours_over_midnight_belong_to_the_day_they_begin_on() {
        let window = window("fri 22:00-05:00", BERLIN);
        // 2026-06-05 is a Friday.
        for (local, open) in [
            ("2026-06-05T04:00", false),
            ("2026-06-05T21:59", false),
            ("2026-06-05T22:00", true),
            ("2026-06-06T04:59", true),
            ("2026-06-06T05:00", false),
            ("2026-06-06T22:00", false),
        ] {
            assert_eq!(window.is_open(at(local, BERLIN)), open, "{local}");
        }
    }

    #[test]
    fn midnight_at_the_end_is_that_of_the_next_day() {
        let whole = window("sat sun 00:00-00:00", BERLIN);
        for (local, open) in [
            ("2026-06-05T23:59", false),
            ("2026-06-06T00:00", true),
            ("2026-06-07T23:59", true),
            ("2026-06-08T00:00", false),
        ] {
            assert_eq!(whole.is_open(at(local, BERLIN)), open, "{local}");
        }
    }

    #[test]
    fn an_hour_that_the_spring_leaves_out_is_in_no_window_and_the_next_one_is_named() {
        let night = Windows::new([window("sat sun 02:00-03:00", BERLIN)]);
        // On Sunday 2026-03-29 the clock goes from 02:00 to 03:00.
        let before: Timestamp = "2026-03-29T00:59:59Z".parse().unwrap();
        for seconds in 0..3 * 3600 {
            assert!(!night.is_open(before + SignedDuration::from_secs(seconds)));
        }
        let says = night.closed_at(before).unwrap();
        assert_eq!(says, "its window opens Sat 2026-04-04 02:00 +02:00 (Europe/Berlin)");
    }

    #[test]
    fn a_window_that_begins_in_the_hour_left_out_begins_after_it() {
        let night = Windows::new([window("sun 02:30-05:00", BERLIN)]);
        let opening = night.opening("2026-03-29T00:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(opening.to_string(), "2026-03-29T03:00:00+02:00[Europe/Berlin]");
    }

    #[test]
    fn an_hour_that_the_autumn_shows_twice_is_open_twice() {
        let night = window("sun 02:00-02:30", BERLIN);
        // On Sunday 2026-10-25 the clock goes from 03:00 back to 02:00.
        for (utc, open) in [
            ("2026-10-25T00:29:00Z", true),
            ("2026-10-25T00:30:00Z", false),
            ("2026-10-25T01:00:00Z", true),
            ("2026-10-25T01:29:00Z", true),
            ("2026-10-25T01:30:00Z", false),
        ] {
            assert_eq!(night.is_open(utc.parse().unwrap()), open, "{utc}");
        }
    }

    /// The next opening is the first minute at which it is open: tried minute by minute, over both clock changes and a
    /// zone whose clock is changed at midnight.
    #[test]
    fn the_next_opening_is_the_first_instant_at_which_it_is_open() {
        let all = "mon tue wed thu fri sat sun";
        let times = ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-09-05T20:00:00Z"];
        let hours =
            ["02:00-03:00", "02:30-02:45", "01:30-02:30", "02:59-03:01", "23:30-00:30", "00:00-01:00"];
        for (zone, begin) in ["Europe/Berlin", "America/Santiago"]
            .iter()
            .flat_map(|zone| times.map(|time| (zone, time.parse::<Timestamp>().unwrap())))
        {
            for hours in hours {
                let window = window(&format!("{all} {hours}"), zone);
                for start in (0..600).step_by(47).map(|minute| begin + SignedDuration::from_mins(minute)) {
                    if window.is_open(start) {
                        continue;
                    }
                    let minutes = (1..3000).map(|minute| start + SignedDuration::from_mins(minute));
                    let first = minutes.into_iter().find(|at| window.is_open(*at));
                    assert_eq!(window.opening(start), first, "{zone} {hours} {start}");
                }
            }
        }
    }

    #[test]
    fn of_several_windows_one_open_is_enough_and_the_next_to_open_is_named() {
        let windows = Windows::new([
            window("mon tue wed thu fri 22:00-05:00", BERLIN),
            window("sat 09:00-12:00", "America/New_York"),
        ]);
        assert!(windows.is_open(at("2026-06-06T10:00", "America/New_York")));
        assert!(windows.is_open(at("2026-06-05T23:00", BERLIN)));
        let says = windows.closed_at(at("2026-06-06T06:00", BERLIN)).unwrap();
        assert_eq!(says, "its window opens Sat 2026-06-06 09:00 -04:00 (America/New_York)");
        assert!(Windows::default().is_open(Timestamp::UNIX_EPOCH));
    }
}
