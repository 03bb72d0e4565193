//! Texts of the wrong shape: names, hosts, durations, energies, powers and serial numbers.

use serde_json::Value;

use super::{Case, values::text_for_number};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    raw::{
        AGE_PATTERN, DAYS_PATTERN, DEVICE_PATTERN, DURATION_PATTERN, ENERGY_PATTERN, HOST_PATTERN,
        HOURS_PATTERN, KEY_PATTERN, NAME_PATTERN, POWER_PATTERN, TIME_PATTERN, ZONE_PATTERN,
    },
    tree::Kind,
};
use crate::{campaign::Day, meter::Quantity};

/// Text of the wrong shape.
pub(super) fn pattern(case: &Case<'_>) -> Diagnostic {
    let Kind::Text(text) = case.kind() else {
        return case.at_value(Code::WrongType, format!("{} is not valid here", case.shown()));
    };
    match case.schema.get("pattern").and_then(Value::as_str) {
        Some(NAME_PATTERN) => name(case, text),
        Some(HOST_PATTERN) => host(case, text),
        Some(DEVICE_PATTERN) => device(case, text),
        Some(DURATION_PATTERN) => unreadable(case, Code::BadDuration, "a duration", duration_hint(text)),
        Some(ENERGY_PATTERN) => unreadable(case, Code::BadEnergy, "an energy", energy_hint(text)),
        Some(POWER_PATTERN) => unreadable(case, Code::BadPower, "an apparent power", power_hint(text)),
        Some(AGE_PATTERN) => unreadable(case, Code::BadDuration, "an age", age_hint(text)),
        Some(TIME_PATTERN) => unreadable(case, Code::BadTime, "a time with an offset", time_hint(text)),
        Some(KEY_PATTERN) => unreadable(
            case,
            Code::BadName,
            "the name of a transfer",
            "write `CAMPAIGN/ID`, or `ID` for a transfer of this campaign",
        ),
        Some(DAYS_PATTERN) => unreadable(case, Code::BadWindow, "a day of the week", &days_hint(text)),
        Some(HOURS_PATTERN) => unreadable(case, Code::BadWindow, "a span of hours", hours_hint(text)),
        Some(ZONE_PATTERN) => unreadable(
            case,
            Code::UnknownZone,
            "a time zone",
            "name the zone by continent and city: an offset or an abbreviation does not say when clocks are changed",
        ),
        Some(_) if case.quantity().is_some() => by_quantity(case, text),
        Some(_) if case.field() == "serial_number" => serial_text(case, text),
        Some(_) if case.violation.pointer.contains("/checked/") => case
            .at_value(Code::WrongType, format!("{} says nothing", case.shown()))
            .hint("say what was compared and when, or remove the key if nobody has"),
        _ => case.at_value(Code::WrongType, format!("{} is not valid here", case.shown())),
    }
}

fn name(case: &Case<'_>, text: &str) -> Diagnostic {
    let odd = text.chars().find(|letter| !letter.is_ascii_alphanumeric() && !"._-".contains(*letter));
    let why = match (odd, text.is_empty()) {
        (Some(' '), _) => "contains a space".to_owned(),
        (Some(letter), _) => format!("contains `{letter}`"),
        (None, true) => "is empty".to_owned(),
        (None, false) => "is longer than 100 characters".to_owned(),
    };
    case.at_value(Code::BadName, format!("{} {why}", case.shown()))
        .hint("names stand in file names and reports: use letters, digits and `-`")
}

pub(super) fn host(case: &Case<'_>, text: &str) -> Diagnostic {
    let hint = if text.contains("://") {
        "give the host alone, without `http://` and path"
    } else if text.contains('[') {
        "write an IPv6 address without brackets, and the port under `port`"
    } else if text.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.') {
        "an IPv4 address is four numbers from 0 to 255: 10.20.1.5"
    } else {
        "give one host name or IP address; the port stands under `port`"
    };
    case.at_value(Code::BadHost, format!("{} is neither a host name nor an IP address", case.shown()))
        .hint(hint)
}

fn device(case: &Case<'_>, text: &str) -> Diagnostic {
    let hint = if text.contains(char::is_whitespace) {
        "a serial port's name has no spaces".to_owned()
    } else if text.starts_with("tty") || text.starts_with("cu.") {
        format!("write its whole path: `device: /dev/{text}`")
    } else {
        "write its whole path, as /dev/ttyUSB0, or the name that Windows gives it, as COM3".to_owned()
    };
    case.at_value(Code::BadDevice, format!("{} is no serial port", case.shown())).hint(hint)
}

fn unreadable(case: &Case<'_>, code: Code, what: &str, hint: &str) -> Diagnostic {
    case.at_value(code, format!("{} is not {what}", case.shown())).hint(hint)
}

fn duration_hint(text: &str) -> &'static str {
    if text.starts_with('-') {
        "a duration cannot be negative"
    } else if text.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.') {
        "add the unit: ms, s, min or h"
    } else {
        "units are ms, s, min and h; decimals are written with a point"
    }
}

fn age_hint(text: &str) -> &'static str {
    match duration_hint(text) {
        "units are ms, s, min and h; decimals are written with a point" => {
            "units are s, min, h and d (whole days)"
        }
        "add the unit: ms, s, min or h" => "add the unit: s, min, h or d",
        other => other,
    }
}

fn time_hint(text: &str) -> &'static str {
    if !text.contains(':') {
        "add the time of day and the offset from UTC: 2026-07-14T09:30:00+02:00"
    } else if text.starts_with(|first: char| first.is_ascii_digit())
        && text.matches('-').count() == 2
        && !text.contains(['+', '[', '/'])
    {
        "add the offset from UTC of the clock that was read: `+02:00`, `-05:00`, or `Z` for UTC"
    } else {
        "write year-month-day, `T`, the time of day and the offset from UTC: 2026-07-14T09:30:00+02:00"
    }
}

/// `Monday` → `mon`.
fn days_hint(text: &str) -> String {
    let short = |word: &str| {
        let word = word.trim().to_lowercase();
        let day = Day::ALL.into_iter().find(|day| word.starts_with(day.word()))?;
        Some(day.word())
    };
    let parts: Option<Vec<_>> = text.split('-').map(short).collect();
    match parts.as_deref() {
        Some([_] | [_, _]) if !text.contains([',', ' ']) => {
            format!("did you mean `{}`?", parts.unwrap_or_default().join("-"))
        }
        _ if text.contains([',', ' ']) => "several days are a list: `[mon, wed, sat]`".to_owned(),
        _ => format!("days are {}", Day::ALL.map(Day::word).join(", ")),
    }
}

fn hours_hint(text: &str) -> &'static str {
    if !text.contains(['-', '–']) {
        "write both ends: 22:00-05:00"
    } else if text.to_lowercase().contains('m') {
        "write hours from 00:00 to 24:00, without am and pm"
    } else {
        "write hours and minutes of both ends: 22:00-05:00"
    }
}

/// An energy of one of the seven quantities.
fn by_quantity(case: &Case<'_>, text: &str) -> Diagnostic {
    let Some(quantity) = case.quantity() else {
        return unreadable(case, Code::BadEnergy, "an energy", energy_hint(text));
    };
    let unit = quantity.unit();
    let digits = text.trim_start_matches('-');
    let symbol = digits.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
    let hint = if looks_exponential(digits) {
        format!("write all digits, and a unit: 11000000 {unit}")
    } else if digits.contains([',', '_', '\'']) || digits.trim_end_matches(symbol).trim().contains(' ') {
        format!("write decimals with a point, and no thousands separators: 1234.567 M{unit}")
    } else if symbol.is_empty() {
        format!("add the unit: {unit}, k{unit}, M{unit} or G{unit}")
    } else if text.starts_with('-') && digits.ends_with(unit) {
        format!("{quantity} cannot be negative; only the two totals can")
    } else {
        format!("{quantity} is counted in {unit}: write {unit}, k{unit}, M{unit} or G{unit}")
    };
    unreadable(case, Code::BadEnergy, kind_of(quantity), &hint)
}

fn kind_of(quantity: Quantity) -> &'static str {
    match quantity.unit() {
        "Wh" => "a real energy",
        "VARh" => "a reactive energy",
        _ => "an apparent energy",
    }
}

/// `1.1E+07` and the like, which spreadsheets write.
pub(super) fn looks_exponential(text: &str) -> bool {
    text.split_once(['e', 'E']).is_some_and(|(before, after)| {
        before.ends_with(|last: char| last.is_ascii_digit() || last == '.')
            && after.starts_with(|first: char| first.is_ascii_digit() || "+-".contains(first))
    })
}

fn energy_hint(text: &str) -> &'static str {
    if text.starts_with('-') {
        "an energy here is 0 Wh or more"
    } else if text.contains(',') || text.contains('_') {
        "write decimals with a point, and no thousands separators: 1500 kWh"
    } else {
        "units are Wh, kWh, MWh and GWh, also for VARh and VAh"
    }
}

fn power_hint(text: &str) -> &'static str {
    if text.ends_with('W') {
        "give the apparent power in VA, kVA or MVA: real power (W) is no bound for reactive and apparent energy"
    } else {
        "units are VA, kVA, MVA and GVA; decimals are written with a point"
    }
}

fn serial_text(case: &Case<'_>, text: &str) -> Diagnostic {
    if !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit()) {
        return text_for_number(case, text);
    }
    let complaint = case.at_value(Code::BadSerialNumber, format!("{} is no serial number", case.shown()));
    if text.eq_ignore_ascii_case("any") {
        return complaint.hint("did you mean `any`?");
    }
    complaint.hint("write digits only, as on the meter's label, without the catalogue number")
}
