//! Keys that are unknown, missing, or must not stand together.

use serde_json::Value;

use super::{Case, cells, short, sources};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    raw::SERIAL,
    suggest,
    tree::{Key, Kind},
};
use crate::meter::Quantity;

const GATEWAY_OPTIONS: [&str; 3] = ["connect_timeout", "request_timeout", "pace"];
const TRANSFER_KEYS: [&str; 2] = ["after", "generation"];
const WINDOW_KEYS: [&str; 3] = ["days", "hours", "zone"];
const SOURCE_KEYS: [&str; 8] =
    ["captured_within", "readings", "registers", "taken", "others", "snapshot", "max_age", "folder"];
const TRANSFER_OPTIONS: [&str; 11] = [
    "write_mode",
    "target_energy",
    "totals",
    "fresh_below",
    "allow_zero",
    "verify",
    "retry",
    "command_timeout",
    "settle",
    "window",
    "checked",
];

/// Keys of a map among which a misspelt one is looked for; no map of a job has as many of its own.
const MOST_KEYS: usize = 100;

/// One diagnostic a key.
pub(super) fn unknown(case: &Case<'_>, names: &[String], found: &mut Diagnostics) {
    for name in names {
        found.push_with(|| unknown_key(case, name));
    }
}

fn unknown_key(case: &Case<'_>, name: &str) -> Diagnostic {
    let known = known_keys(case);
    if case.violation.pointer.is_empty() && !known.contains(&"transfers") {
        return not_in_an_include(case, name);
    }
    let complaint =
        at_key(case, name, Code::UnknownKey, format!("`{}` is no key {}", short(name), inside(case)));
    if name == "<<" {
        return complaint
            .hint("YAML merge keys are not supported: write what transfers share under `defaults`");
    }
    match (elsewhere(case, name), suggest::closest(name, &known)) {
        (Some(place), _) => complaint.hint(place),
        (None, Some(close)) => complaint.hint(format!("did you mean `{close}`?")),
        (None, None) if known.is_empty() => complaint,
        (None, None) => complaint.hint(format!("keys here are: {}", known.join(", "))),
    }
}

/// A key that is known, but not here.
fn elsewhere(case: &Case<'_>, name: &str) -> Option<String> {
    let inside_defaults = case.violation.pointer == "/defaults";
    let place = match name {
        "tolerance" | "max_load" => "under `verify`".to_owned(),
        "attempts" | "backoff" | "max_backoff" => "under `retry`".to_owned(),
        _ if GATEWAY_OPTIONS.contains(&name) && inside_defaults => "under `defaults`, `gateway`".to_owned(),
        _ if GATEWAY_OPTIONS.contains(&name) => {
            "in a gateway under `gateways`, or under `defaults`, `gateway`".to_owned()
        }
        "data_bits" | "bits" if is_gateway(case) => {
            return Some("remove it: RTU frames always have eight data bits".to_owned());
        }
        "baudrate" | "baud_rate" | "speed" if is_gateway(case) => {
            return Some("did you mean `baud`?".to_owned());
        }
        "transport" | "data_bits" => "in a gateway under `gateways`".to_owned(),
        _ if SERIAL.contains(&name) => "in a gateway under `gateways` with `transport: rtu`".to_owned(),
        _ if TRANSFER_OPTIONS.contains(&name) && case.violation.pointer.is_empty() => {
            "under `defaults`".to_owned()
        }
        _ if TRANSFER_OPTIONS.contains(&name) && is_endpoint(case) => {
            "in the transfer, next to `source` and `target`".to_owned()
        }
        _ if TRANSFER_KEYS.contains(&name) => "in a transfer, next to `source` and `target`".to_owned(),
        _ if SOURCE_KEYS.contains(&name) => "in the `source` of a transfer".to_owned(),
        _ if WINDOW_KEYS.contains(&name) => "under `window`".to_owned(),
        "expect" => "in the `source` or the `target` of a transfer".to_owned(),
        "portable" => "in a gateway under `gateways`".to_owned(),
        _ if is_by_quantity(case) => {
            return name.starts_with(|first: char| first.is_ascii_digit()).then(|| {
                "write numbers without thousands separators: inside `{ }` a comma begins the next key"
                    .to_owned()
            });
        }
        _ if Quantity::ALL.into_iter().any(|quantity| quantity.key() == name) => {
            "under `readings` in the `source` of a transfer, or under `expect`".to_owned()
        }
        _ => return None,
    };
    Some(format!("`{name}` belongs {place}"))
}

fn not_in_an_include(case: &Case<'_>, name: &str) -> Diagnostic {
    let hint = match name {
        "include" => "name all files in the job's own `include`: an included file cannot include others",
        "campaign" | "transfers" => {
            "pass this file to the command next to the other: files that name one campaign merge"
        }
        _ => "move it to the job that includes this file",
    };
    let message = format!("`{}` cannot stand in an included file", short(name));
    at_key(case, name, Code::IncludeNotAllowed, message).expected("only `gateways` and `defaults`").hint(hint)
}

/// A required key that is not there. Nothing where the reason is reported already.
pub(super) fn missing(case: &Case<'_>, name: &str) -> Option<Diagnostic> {
    if is_misspelt(case, name) || sources::is_typed_target(case) {
        return None;
    }
    if let Some(of_a_row) = cells::missing(case, name) {
        return Some(of_a_row);
    }
    match name {
        "host" if is_endpoint(case) => return Some(no_address(case)),
        "readings" => return Some(sources::no_readings(case)),
        _ => {}
    }
    let message = format!("`{name}` is missing {}", inside(case));
    let complaint =
        Diagnostic::error(Code::MissingKey, message).at(case.document.spot(&case.violation.pointer));
    Some(complaint.expected(format!("`{name}` is required here")).hint(how_to_add(name)))
}

/// Whether an unknown key of this map was meant to be the missing one: then one complaint is enough.
fn is_misspelt(case: &Case<'_>, name: &str) -> bool {
    let Kind::Map(entries) = case.kind() else { return false };
    let known = known_keys(case);
    entries
        .iter()
        .take(MOST_KEYS)
        .filter(|(key, _)| !known.is_empty() && !known.contains(&&*key.name))
        .any(|(key, _)| suggest::closest(&key.name, &known) == Some(name))
}

fn no_address(case: &Case<'_>) -> Diagnostic {
    let hint = if key(case, "port").is_some() {
        "`port` alone is no address: add `host`"
    } else {
        "add `gateway: NAME` with a name from `gateways`, or `host: ADDRESS`"
    };
    Diagnostic::error(Code::NoAddress, format!("nothing says where the meter is {}", inside(case)))
        .at(case.document.spot(&case.violation.pointer))
        .expected("`gateway` or `host` is required here")
        .hint(hint)
}

fn how_to_add(name: &str) -> &'static str {
    match name {
        "version" => "add `version: 1`",
        "campaign" => "add `campaign: NAME`; the ledger remembers transfers by campaign and id",
        "transfers" => "add `transfers:` with at least one transfer, or `transfers_from:` with a spreadsheet",
        "file" => "add `file:` with the spreadsheet, saved as CSV (UTF-8)",
        "columns" => "add `columns:`: which column fills which key, as in `source.serial_number: Old SN`",
        "id" => "add `id: NAME`, one of its own for every transfer",
        "source" => "add `source:` with the old meter's model, address, unit and serial number",
        "target" => "add `target:` with the replacement's model, address, unit and serial number",
        "model" => "add `model:` with the meter's family: CM2000, CM3000, CM4000 or PM800",
        "unit" => "add `unit:` with the unit (slave) number set in the meter, 1 to 247",
        "serial_number" => {
            "add `serial_number:` from the meter's label; `serial_number: any` goes without proof that it is the right meter"
        }
        "host" => "add `host:` with the gateway's name or IP address",
        "transport" => "add `transport: tcp`, or `rtu-over-tcp`, or `rtu` for a serial port",
        "port" => "add `port:` with the TCP port of the serial device server: RTU over TCP has no usual one",
        "device" => "add `device:` with the serial port, as /dev/ttyUSB0 or COM3",
        "baud" => "add `baud:` with the speed that is set in the meters, as 9600 or 19200",
        "parity" => "add `parity:` as it is set in the meters: none, even or odd",
        "zone" => "add `zone:` with the time zone of the clock on the wall, as in `zone: Europe/Berlin`",
        "taken" => {
            "add `taken:` with the time at which the readings were taken, as in 2026-07-14T09:30:00+02:00"
        }
        "folder" => "add `folder:` with the folder of the snapshots, relative to this file",
        "max_age" => {
            "add `max_age:` with how old the newest snapshot may be: an old one may be of before the meter was reset"
        }
        _ => "add it",
    }
}

/// `host` or `port` next to `gateway`, and keys that do not go with a transport.
pub(super) fn forbidden(case: &Case<'_>) -> Option<Diagnostic> {
    let (endpoint, field) = case.violation.pointer.rsplit_once('/')?;
    if endpoint.starts_with("/gateways/") {
        return Some(not_with_the_transport(case, endpoint, field));
    }
    if let Some(complaint) = sources::of_a_snapshot(case, endpoint, field) {
        return Some(complaint);
    }
    if let Some(kind) = sources::kind(case.document, endpoint) {
        return sources::forbidden(case, endpoint, field, kind);
    }
    let sibling = |name: &str| case.document.find(&format!("{endpoint}/{name}")).is_some();
    if field == "others" {
        return Some(sources::others_of_a_meter(case));
    }
    if field == "port" && sibling("host") {
        return None;
    }
    let complaint =
        Diagnostic::error(Code::TwoAddresses, format!("`gateway` and `{field}` cannot stand together"))
            .at(case.document.key_spot(&case.violation.pointer))
            .related(
                case.document.key_spot(&format!("{endpoint}/gateway")),
                "the meter is behind this gateway",
            )
            .hint("the gateway says host and port: remove them here, or remove `gateway`");
    Some(complaint.expected("either `gateway`, or `host` and `port`"))
}

fn not_with_the_transport(case: &Case<'_>, gateway: &str, field: &str) -> Diagnostic {
    let at = format!("{gateway}/transport");
    let transport = match case.document.find(&at).map(|found| &found.node.kind) {
        Some(Kind::Text(text)) => short(text),
        _ => String::new(),
    };
    let (about, expected, hint) = if SERIAL.contains(&field) {
        let hint = if transport == "tcp" {
            "remove it, or write `transport: rtu` if the meters are on a serial port of this machine"
        } else {
            "remove it: the line is set in the serial device server; with `transport: rtu` it is a port of this machine"
        };
        ("a serial port of this machine", "`host` and `port` say where it is", hint)
    } else {
        let hint = "remove it, or write `transport: tcp` or `transport: rtu-over-tcp`";
        ("a place on the network", "`device` says where it is", hint)
    };
    let message = format!("`{field}` is about {about}, and the transport is `{transport}`");
    Diagnostic::error(Code::KeyNotForTransport, message)
        .at(case.document.key_spot(&case.violation.pointer))
        .expected(expected)
        .related(case.document.spot(&at), "the transport")
        .hint(hint)
}

/// The name of a gateway or label with characters it may not have.
pub(super) fn bad_name(case: &Case<'_>, name: &str) -> Diagnostic {
    let expected =
        case.schema.pointer("/propertyNames/errorMessage").or_else(|| case.schema.get("errorMessage"));
    let expected = expected.and_then(Value::as_str).unwrap_or("another name");
    at_key(case, name, Code::BadName, format!("`{}` cannot be a name {}", short(name), inside(case)))
        .expected(expected)
        .hint("choose a name of plain letters, digits and `-`")
}

pub(super) fn at_key(case: &Case<'_>, name: &str, code: Code, message: String) -> Diagnostic {
    let spot = match key(case, name) {
        Some(key) => case.document.spot_at(key.at),
        None => case.document.spot(&case.violation.pointer),
    };
    Diagnostic::error(code, message).at(spot)
}

pub(super) fn key<'a>(case: &Case<'a>, name: &str) -> Option<&'a Key> {
    let Kind::Map(entries) = case.kind() else { return None };
    entries.iter().map(|(key, _)| key).find(|key| *key.name == *name)
}

fn is_endpoint(case: &Case<'_>) -> bool {
    matches!(case.field(), "source" | "target")
}

/// Whether the keys of this map are energies.
fn is_by_quantity(case: &Case<'_>) -> bool {
    matches!(case.field(), "readings" | "expect")
}

fn is_gateway(case: &Case<'_>) -> bool {
    case.violation.pointer.starts_with("/gateways/")
}

fn known_keys<'a>(case: &Case<'a>) -> Vec<&'a str> {
    let properties = case.definition.get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(|map| map.keys().map(String::as_str)).collect()
}

/// Where in the job a map stands, in words.
fn inside(case: &Case<'_>) -> String {
    let mut segments = case.violation.pointer.split('/').skip(1);
    match (segments.next(), segments.next(), segments.next()) {
        (None, ..) => "at the top of the file".to_owned(),
        (Some("transfers"), Some(index), None) => format!("in {}", transfer(case, index)),
        (Some("transfers"), Some(index), Some(part)) => {
            let below: Vec<_> = segments.collect();
            let of = format!("in the {part} of {}", transfer(case, index));
            if below.is_empty() { of } else { format!("under `{}` {of}", short(&below.join("."))) }
        }
        (Some("gateways"), Some(name), _) => format!("in the gateway `{}`", short(name)),
        _ => format!("under `{}`", case.violation.pointer[1..].replace('/', ".")),
    }
}

/// A transfer by its id, or by its place where it has none.
fn transfer(case: &Case<'_>, index: &str) -> String {
    let id = case.document.find(&format!("/transfers/{index}/id")).map(|found| &found.node.kind);
    match id {
        Some(Kind::Text(id)) => format!("transfer `{}`", short(id)),
        _ => format!("transfer {}", index.parse::<usize>().map_or(0, |index| index + 1)),
    }
}
