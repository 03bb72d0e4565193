//! When a transfer may begin: from the days, hours and zone of a job to windows that can be asked.

use jiff::civil::Time;

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    raw::{self, OneOrMany},
    suggest,
    tree::Document,
};
use crate::campaign::{Day, Window, Windows, Zone};

/// The windows under `window` of the map at `pointer`. One with a mistake is reported and left out.
pub(super) fn windows(
    raw: Option<OneOrMany<raw::Window>>,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Option<Windows> {
    let pointer = format!("{pointer}/window");
    let windows: Vec<_> = match raw? {
        OneOrMany::One(one) => window(one, &pointer, document, found).into_iter().collect(),
        OneOrMany::Many(many) => many
            .into_iter()
            .enumerate()
            .filter_map(|(place, raw)| window(raw, &format!("{pointer}/{place}"), document, found))
            .collect(),
    };
    Some(Windows::new(windows))
}

fn window(raw: raw::Window, pointer: &str, document: &Document, found: &mut Diagnostics) -> Option<Window> {
    let raw::Window { days, hours, zone } = raw;
    let written = |key: &str| document.find(&format!("{pointer}/{key}")).is_some();
    if written("zone") && !written("days") && !written("hours") {
        found.push(neither().at(document.spot(pointer)));
        return None;
    }
    let hours = match hours.as_deref().map(read_hours) {
        None => Some((Time::midnight(), Time::midnight())),
        Some(Ok(hours)) => Some(hours),
        Some(Err(error)) => {
            found.push(error.at(document.spot(&format!("{pointer}/hours"))));
            None
        }
    };
    let zone = zone?;
    let known = Zone::named(&zone);
    if known.is_none() {
        found.push(unknown_zone(&zone).at(document.spot(&format!("{pointer}/zone"))));
    }
    let ((from, to), zone) = (hours?, known?);
    Some(Window { days: days.map_or(Day::ALL.to_vec(), read_days), from, to, zone })
}

/// `mon-fri`, `sat`, or a list of both, each day once and in the order of the week. The schema has seen to the words.
fn read_days(raw: OneOrMany<String>) -> Vec<Day> {
    let texts = match raw {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    };
    let mut named = [false; Day::ALL.len()];
    let place = |word: &str| Day::ALL.iter().position(|day| day.word() == word);
    for text in &texts {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Some(first), Some(last)) = (place(first), place(last)) else { continue };
        // `fri-mon` goes over the end of the week.
        let length = (last + named.len() - first) % named.len();
        (first..=first + length).for_each(|day| named[day % Day::ALL.len()] = true);
    }
    Day::ALL.into_iter().zip(named).filter_map(|(day, named)| named.then_some(day)).collect()
}

/// `22:00-05:00`; `24:00` is the midnight at the end.
fn read_hours(text: &str) -> Result<(Time, Time), Box<Diagnostic>> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (Some(begin), Some(end)) = (time(from), time(to)) else { return Err(no_hours(text).into()) };
    let whole_day = begin == Time::midnight() && to.trim() == "24:00";
    if begin == end && !whole_day { Err(no_time(text).into()) } else { Ok((begin, end)) }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    Time::new(hour.parse::<i8>().ok()? % 24, minute.parse().ok()?, 0, 0).ok()
}

fn neither() -> Diagnostic {
    Diagnostic::error(Code::BadWindow, "`window` says neither days nor hours")
        .expected("`days`, `hours`, or both")
        .hint("add `hours: 22:00-05:00`, or `days: mon-fri`, or remove the window")
}

fn no_hours(text: &str) -> Diagnostic {
    Diagnostic::error(Code::BadWindow, format!("`hours: {text}` are on no clock"))
        .expected(raw::HOURS_EXPECTED)
        .hint("write hours from 00:00 to 24:00")
}

fn no_time(text: &str) -> Diagnostic {
    Diagnostic::error(Code::BadWindow, format!("`hours: {text}` begin and end at the same time"))
        .expected(raw::HOURS_EXPECTED)
        .hint("for the whole day write `hours: 00:00-24:00`, or leave `hours` out")
}

fn unknown_zone(name: &str) -> Diagnostic {
    let error = Diagnostic::error(Code::UnknownZone, format!("`zone: {name}` is no known time zone"))
        .expected(raw::ZONE_EXPECTED);
    let names = Zone::names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match by_city(name, &names).or_else(|| suggest::closest(name, &names)) {
        Some(close) => error.hint(format!("did you mean `{close}`?")),
        None => error.hint("write continent and city, as the IANA time zone database names them"),
    }
}

/// The zone of a city: `Berlin` → `Europe/Berlin`.
fn by_city<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let city = |name: &str| name.rsplit('/').next().unwrap_or_default().to_lowercase();
    names.iter().copied().find(|known| known.contains('/') && city(known) == city(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_one_by_one_and_as_ranges_over_the_end_of_the_week() {
        let days = |texts: &[&str]| {
            read_days(OneOrMany::Many(texts.iter().map(|text| (*text).to_owned()).collect()))
        };
        let words = |days: Vec<Day>| days.into_iter().map(Day::word).collect::<Vec<_>>().join(" ");
        assert_eq!(words(days(&["mon-fri"])), "mon tue wed thu fri");
        assert_eq!(words(days(&["fri-mon"])), "mon fri sat sun");
        assert_eq!(words(days(&["sun", "mon", "wed-wed"])), "mon wed sun");
    }

    #[test]
    fn a_city_alone_and_a_slip_of_the_finger_are_recognised() {
        for (written, meant) in [
            ("Berlin", "Europe/Berlin"),
            ("Europe/Belrin", "Europe/Berlin"),
            ("Asia/Berlin", "Europe/Berlin"),
        ] {
            let hint = unknown_zone(written).hints.concat();
            assert!(hint.contains(meant), "{written}: {hint}");
        }
    }
}
