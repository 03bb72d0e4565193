//! Texts of the wrong shape: names, hosts, durations, energies, powers and serial numbers.

use serde_json::Value;

use super::{Case, values::text_for_number};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    raw::{DURATION_PATTERN, ENERGY_PATTERN, HOST_PATTERN, NAME_PATTERN, POWER_PATTERN},
    tree::Kind,
};

/// Text of the wrong shape.
pub(super) fn pattern(case: &Case<'_>) -> Diagnostic {
    let Kind::Text(text) = case.kind() else {
        return case.at_value(Code::WrongType, format!("{} is not valid here", case.shown()));
    };
    match case.schema.get("pattern").and_then(Value::as_str) {
        Some(NAME_PATTERN) => name(case, text),
        Some(HOST_PATTERN) => host(case, text),
        Some(DURATION_PATTERN) => unreadable(case, Code::BadDuration, "a duration", duration_hint(text)),
        Some(ENERGY_PATTERN) => unreadable(case, Code::BadEnergy, "an energy", energy_hint(text)),
        Some(POWER_PATTERN) => unreadable(case, Code::BadPower, "an apparent power", power_hint(text)),
        Some(_) if case.field() == "serial_number" => serial_text(case, text),
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
