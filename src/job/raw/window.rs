//! When a transfer may begin, as a job writes it: one window, or a list of them.

use schemars::{Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Value, json};

use super::OneOrMany;

/// A day, or a range of days.
pub(in crate::job) const DAYS_PATTERN: &str =
    "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$";
const DAYS_EXPECTED: &str = "a day or a range of days: mon, sat, mon-fri; or a list of such";
/// From one time of the day to another.
pub(in crate::job) const HOURS_PATTERN: &str =
    "^([01]?[0-9]|2[0-3]):[0-5][0-9] ?- ?(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$";
/// What [`HOURS_PATTERN`] asks for, in words.
pub(in crate::job) const HOURS_EXPECTED: &str = "from one time of the day to another: 22:00-05:00";
/// The name of a time zone.
pub(in crate::job) const ZONE_PATTERN: &str = "^[A-Za-z][A-Za-z0-9_+/-]{0,63}$";
/// What [`ZONE_PATTERN`] asks for, in words.
pub(in crate::job) const ZONE_EXPECTED: &str =
    "a time zone by its IANA name: Europe/Berlin, America/New_York, UTC";

/// Windows of one transfer; more is a mistake.
const MOST: usize = 20;

/// One window. Its keys are required where the schema says so; where it was not met, any may be missing.
#[derive(Debug, Deserialize)]
pub(in crate::job) struct Window {
    pub days: Option<OneOrMany<String>>,
    pub hours: Option<String>,
    pub zone: Option<String>,
}

/// The schema of `window`.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    let mut schema = window();
    let expected = "a window: { days: mon-fri, hours: 22:00-05:00, zone: Europe/Berlin }; or a list of such";
    let mut item = window();
    item["type"] = "object".into();
    item["errorMessage"] = expected.into();
    schema["type"] = json!(["object", "array"]);
    schema["items"] = item;
    schema["minItems"] = 1.into();
    schema["maxItems"] = MOST.into();
    schema["errorMessage"] = expected.into();
    Schema::try_from(schema).expect("a map is a schema")
}

fn window() -> Value {
    json!({
        "properties": {
            "days": {
                "description": "The days on which the window opens. Default: every day.",
                "type": ["string", "array"],
                "pattern": DAYS_PATTERN,
                "items": { "type": "string", "pattern": DAYS_PATTERN, "errorMessage": DAYS_EXPECTED },
                "minItems": 1,
                "maxItems": 7,
                "errorMessage": DAYS_EXPECTED,
                "examples": ["mon-fri"],
            },
            "hours": {
                "description": "From when to when, by the clock on the wall. Hours over midnight belong to the day they begin on. Default: the whole day.",
                "type": "string",
                "pattern": HOURS_PATTERN,
                "errorMessage": HOURS_EXPECTED,
                "examples": ["22:00-05:00"],
            },
            "zone": {
                "description": "The time zone of that clock, by its IANA name.",
                "type": "string",
                "pattern": ZONE_PATTERN,
                "errorMessage": ZONE_EXPECTED,
                "examples": ["Europe/Berlin"],
            },
        },
        "additionalProperties": false,
        "required": ["zone"],
    })
}
