//! Values of the wrong type or out of range.

use serde_json::Value;

use super::{
    Case, models,
    shapes::{host, looks_exponential},
    sources,
};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    raw::{
        AGE_PATTERN, DAYS_PATTERN, DURATION_PATTERN, ENERGY_PATTERN, HOURS_PATTERN, POWER_PATTERN,
        TIME_PATTERN,
    },
    suggest,
    tree::Kind,
};
use crate::meter::Quantity;

/// A list where a map is wanted, text where a number is wanted, nothing at all.
pub(super) fn wrong_type(case: &Case<'_>) -> Diagnostic {
    let node = case.node();
    if node.is_some_and(|node| case.document.is_old_boolean(node)) {
        return ambiguous_boolean(case);
    }
    match case.kind() {
        Kind::Null => no_value(case),
        Kind::Text(text) if case.allows("integer") => text_for_number(case, text),
        Kind::Integer(_) if case.field() == "model" => models::explain(case),
        Kind::Decimal if sources::is_register(case) => sources::bad_register(case, &case.source()),
        Kind::Decimal if case.field() == "host" => host(case, &case.source()),
        Kind::Integer(_) | Kind::Decimal if case.allows("string") && !case.allows("integer") => {
            number_for_text(case)
        }
        _ => case
            .at_value(code(case), format!("{} is {}", subject(case), kind(case)))
            .hint(what_to_write(case)),
    }
}

fn what_to_write(case: &Case<'_>) -> String {
    match (case.field(), case.kind()) {
        _ if case.violation.pointer.is_empty() => "a job begins with `version: 1`".to_owned(),
        ("unit" | "serial_number" | "port" | "attempts", Kind::Decimal) => "write a whole number".to_owned(),
        (_, Kind::Bool(_)) if case.allows("string") => format!("put it in quotes: `\"{}\"`", case.source()),
        ("window", _) => "write `window: { hours: 22:00-05:00, zone: Europe/Berlin }`".to_owned(),
        ("include", Kind::Text(text)) => format!("write a list: `include: [{text}]`"),
        ("registers", Kind::Text(_) | Kind::Integer(_)) => {
            "write a list of 28 numbers: `registers: [4567, 123, …]`".to_owned()
        }
        (field, Kind::Text(text)) if case.quantity().is_some() && case.allows("object") => {
            format!("write `{field}: {{ min: {text} }}`, or `max`, or both")
        }
        ("transfers", Kind::Map(_)) => "begin each transfer with `- id: NAME`".to_owned(),
        ("", _) => "check the indentation and the `-` signs above".to_owned(),
        (field, Kind::List(_)) if case.allows("object") => {
            format!("write what stands below `{field}` without `-`")
        }
        (field, Kind::Text(_)) if case.allows("boolean") => {
            format!("write `{field}: true` or `{field}: false`, without quotes")
        }
        (field, Kind::List(_) | Kind::Map(_)) => format!("write one value after `{field}:`"),
        (field, _) => format!("check what stands after and below `{field}:`"),
    }
}

fn subject(case: &Case<'_>) -> String {
    match (case.field(), case.kind()) {
        ("", Kind::List(_) | Kind::Map(_)) if case.violation.pointer.is_empty() => "the file".to_owned(),
        ("", Kind::List(_) | Kind::Map(_)) => "this item".to_owned(),
        (field, Kind::List(_) | Kind::Map(_)) => format!("`{field}`"),
        _ => case.shown(),
    }
}

fn kind(case: &Case<'_>) -> &'static str {
    match case.kind() {
        Kind::Null => "nothing",
        Kind::Bool(_) => "a boolean",
        Kind::Integer(_) => "a number",
        Kind::Decimal => "a decimal number",
        Kind::Text(_) => "text",
        Kind::List(_) => "a list",
        Kind::Map(_) => "a map of keys and values",
    }
}

/// The code that fits the field rather than the type.
fn code(case: &Case<'_>) -> Code {
    match case.schema.get("pattern").and_then(Value::as_str) {
        Some(DURATION_PATTERN) => Code::BadDuration,
        Some(ENERGY_PATTERN) => Code::BadEnergy,
        Some(POWER_PATTERN) => Code::BadPower,
        Some(AGE_PATTERN) => Code::BadDuration,
        Some(TIME_PATTERN) => Code::BadTime,
        Some(DAYS_PATTERN | HOURS_PATTERN) => Code::BadWindow,
        Some(_) if case.quantity().is_some() => Code::BadEnergy,
        Some(_) if case.field() == "serial_number" => Code::BadSerialNumber,
        _ => Code::WrongType,
    }
}

fn no_value(case: &Case<'_>) -> Diagnostic {
    let name = if case.field().is_empty() { "this item".to_owned() } else { format!("`{}`", case.field()) };
    let hint = match case.field() {
        "" => "remove the `-`, or write a value after it".to_owned(),
        field => format!("write a value after `{field}:`, or remove the key if it may be left out"),
    };
    let mut complaint = case.at_value(Code::NoValue, format!("{name} has no value")).hint(hint);
    complaint.at = Some(case.document.key_spot(&case.violation.pointer));
    complaint
}

fn ambiguous_boolean(case: &Case<'_>) -> Diagnostic {
    let word = case.source();
    let message = format!(
        "{}: `{word}` without quotes is a boolean to some YAML readers and text to others",
        case.shown()
    );
    let hint = if case.allows("boolean") {
        let meant =
            if ["yes", "on"].iter().any(|yes| word.eq_ignore_ascii_case(yes)) { "true" } else { "false" };
        format!("write `{}: {meant}`", case.field())
    } else {
        format!("put it in quotes: `\"{word}\"`")
    };
    case.at_value(Code::AmbiguousBoolean, message).hint(hint)
}

/// Text for a number: quoted, with a leading zero, or no number at all.
pub(super) fn text_for_number(case: &Case<'_>, text: &str) -> Diagnostic {
    let digits = !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit());
    let quoted = case.source() != text;
    let field = case.field();
    match (digits, quoted) {
        (true, false) => {
            let number = text.trim_start_matches('0');
            let number = if number.is_empty() { "0" } else { number };
            let message = format!(
                "{} begins with a zero: some YAML readers take that for an octal number",
                case.shown()
            );
            let hint = match u64::from_str_radix(text, 8) {
                Ok(octal) if octal.to_string() != number => {
                    format!("write `{field}: {number}`, or `{field}: {octal}` if it was meant as octal")
                }
                _ => format!("write `{field}: {number}`"),
            };
            case.at_value(Code::LeadingZero, message).hint(hint)
        }
        (true, true) => case
            .at_value(code(case), format!("{} is text, because it stands in quotes", case.shown()))
            .hint(format!("remove the quotes: `{field}: {text}`")),
        _ => case
            .at_value(code(case), format!("{} is text, not a number", case.shown()))
            .hint("write digits only"),
    }
}

fn number_for_text(case: &Case<'_>) -> Diagnostic {
    let (field, number) = (case.field(), case.source());
    let complaint = |message| case.at_value(code(case), message);
    let no_unit = || format!("{} has no unit", case.shown());
    match code(case) {
        Code::BadDuration if field == "captured_within" => {
            complaint(no_unit()).hint(format!("write `{field}: {number}h` or `{field}: {number}d`"))
        }
        Code::BadDuration => {
            complaint(no_unit()).hint(format!("write `{field}: {number}s` or `{field}: {number}ms`"))
        }
        Code::BadWindow if field == "hours" => complaint(format!("{} has one end", case.shown()))
            .hint("write both ends, hours and minutes: `hours: 22:00-05:00`"),
        Code::BadTime => complaint(format!("{} is no time", case.shown()))
            .hint("write date, time of day and offset from UTC: 2026-07-14T09:30:00+02:00"),
        Code::BadEnergy if looks_exponential(&number) => complaint(no_unit())
            .hint("write all digits, and a unit: a value with an exponent has lost its last digits"),
        Code::BadEnergy if case.quantity().is_some() => {
            let unit = case.quantity().map_or("Wh", Quantity::unit);
            complaint(no_unit())
                .hint(format!("write `{field}: {number} k{unit}` or `{field}: {number} {unit}`"))
        }
        Code::BadEnergy => {
            complaint(no_unit()).hint(format!("write `{field}: {number} kWh` or `{field}: {number} Wh`"))
        }
        Code::BadPower => {
            complaint(no_unit()).hint(format!("write `{field}: {number} kVA` or `{field}: {number} VA`"))
        }
        _ => complaint(format!("{} is a number, and text is wanted", case.shown()))
            .hint(format!("put it in quotes: `\"{number}\"`")),
    }
}

/// A word that is none of the allowed ones.
pub(super) fn choice(case: &Case<'_>) -> Diagnostic {
    match case.field() {
        "model" => models::explain(case),
        "transport" => transport(case),
        "separator" => case
            .at_value(Code::UnknownChoice, format!("{} is no separator of a CSV file", case.shown()))
            .hint("remove the key: the separator is found in the first row"),
        _ => {
            let allowed: Vec<&Value> =
                case.schema.get("enum").and_then(Value::as_array).into_iter().flatten().collect();
            let are_numbers = allowed.iter().any(|value| value.is_number());
            let words: Vec<String> = allowed
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let kind = if are_numbers { "numbers" } else { "words" };
            let message = format!("{} is not one of the allowed {kind}", case.shown());
            let complaint = case.at_value(Code::UnknownChoice, message);
            match suggest::closest(&case.source(), &words) {
                Some(close) if !are_numbers => complaint.hint(format!("did you mean `{close}`?")),
                _ => complaint.hint(format!("write one of {}", words.join(", "))),
            }
        }
    }
}

fn transport(case: &Case<'_>) -> Diagnostic {
    let plain = case.source().to_lowercase().replace([' ', '_', '/', '-'], "");
    let hint = match &*plain {
        "tcp" | "tcpip" | "modbustcp" | "mbap" | "ethernet" => "write `transport: tcp`",
        "rtuovertcp" | "rtutcp" | "tcprtu" | "rtuoverip" => "write `transport: rtu-over-tcp`",
        "rtu" | "serial" | "modbusrtu" | "rs485" | "rs232" => "write `transport: rtu`",
        "udp" | "ascii" | "tls" => "that is not supported: put a Modbus TCP gateway in between",
        _ => "write `tcp` for Modbus TCP, `rtu-over-tcp` for a serial device server, `rtu` for a serial port",
    };
    case.at_value(Code::UnknownChoice, format!("{} is no transport", case.shown())).hint(hint)
}

/// A `version` that is not 1.
pub(super) fn version(case: &Case<'_>) -> Diagnostic {
    case.at_value(
        Code::UnsupportedVersion,
        format!("{} is a format this program does not know", case.shown()),
    )
    .hint("write `version: 1`, or use the version of meterferry this job was written for")
}

/// A number outside its range.
pub(super) fn range(case: &Case<'_>) -> Diagnostic {
    let source = case.source();
    let complaint = |code, message: String| case.at_value(code, message);
    match case.field() {
        "unit" if source == "0" => complaint(
            Code::UnitOutOfRange,
            "`unit: 0` is a broadcast to every meter on the bus, so it is never used".to_owned(),
        )
        .hint("write the unit (slave) number set in the meter"),
        "unit" => {
            complaint(Code::UnitOutOfRange, format!("`unit: {source}` cannot be the number of a meter")).hint(
                "write the unit (slave) number set in the meter; it is not the register or the serial number",
            )
        }
        "port" => complaint(Code::PortOutOfRange, format!("`port: {source}` is no TCP port"))
            .hint("Modbus TCP usually listens on 502, which needs not be written"),
        "serial_number" => serial_range(case, &source),
        _ if sources::is_register(case) => sources::bad_register(case, &source),
        _ => complaint(Code::OutOfRange, format!("{} is out of range", case.shown()))
            .hint("choose a value in that range"),
    }
}

fn serial_range(case: &Case<'_>, source: &str) -> Diagnostic {
    let (message, hint) = if source == "0" {
        (
            "`serial_number: 0` proves nothing: 0 is what an empty register shows".to_owned(),
            "write the number from the meter's label, or `any`",
        )
    } else if source.starts_with('-') {
        (
            format!("`serial_number: {source}` is negative"),
            "write the number from the meter's label without a sign",
        )
    } else {
        (
            format!(
                "`serial_number: {source}` is larger than the two registers it is read from can hold (4,294,967,295)"
            ),
            "check the digits on the meter's label; the catalogue number is another number",
        )
    };
    case.at_value(Code::BadSerialNumber, message).hint(hint)
}
