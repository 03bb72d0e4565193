//! Where a transfer's readings come from, as a job writes it: a meter that is asked, readings that a person wrote
//! down, or a snapshot.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{AgeText, Endpoint, FileText, Given, TimeText, endpoint};
use crate::{campaign::Others, meter::READINGS_WORDS};

/// Keys of a source whose readings are written in the job; any of them makes it one.
pub(in crate::job) const TYPED: [&str; 3] = ["readings", "registers", "taken"];
/// Keys that only a meter on the wire has.
pub(in crate::job) const LIVE: [&str; 6] =
    ["gateway", "host", "port", "unit", "addressing", "captured_within"];

/// Keys that only a snapshot has; the first makes a source one.
pub(in crate::job) const KEPT: [&str; 3] = ["snapshot", "max_age", "folder"];
/// What stands under `snapshot` for the newest one of a meter.
pub(in crate::job) const LATEST: &str = "latest";

/// A live source, a typed one or a snapshot; which, and that it is whole, the schema has checked.
#[derive(Debug, Deserialize)]
pub(in crate::job) struct Source {
    #[serde(flatten)]
    pub endpoint: Endpoint,
    #[serde(flatten)]
    pub more: SourceKeys,
}

impl Source {
    /// Whether its readings are written in the job.
    pub fn is_typed(&self) -> bool {
        self.more.readings.is_some() || self.more.registers.is_some() || self.more.taken.is_some()
    }
}

/// The keys a source has beyond those of any meter.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(in crate::job) struct SourceKeys {
    /// How old a reading of an earlier run may be to be used when the old meter is not there any more; from 1s to
    /// 365d. Wants a pinned `serial_number`. Without it, a reading of an earlier run is used only where old and new
    /// meter share an address or a gateway is `portable`, if it is not older than 24h.
    #[schemars(example = "24h")]
    pub captured_within: Option<AgeText>,
    /// When the readings below were taken from the meter, with the offset from UTC of the clock on the wall.
    #[schemars(example = "2026-07-14T09:30:00+02:00")]
    pub taken: Option<TimeText>,
    /// Instead of a meter that can be asked: the energies that somebody wrote down, each with its unit.
    pub readings: Option<Given>,
    /// Instead of `readings`: the 28 registers, in the order of registers 1700 to 1727, as `read --format json`
    /// prints them.
    #[serde(default)]
    #[schemars(schema_with = "registers")]
    pub registers: Option<Vec<i16>>,
    /// What becomes of the energies that `readings` does not give: `keep` leaves the target's own, `zero` sets them
    /// to zero. The two totals are formed from in and out.
    #[serde(default)]
    #[schemars(schema_with = "others")]
    pub others: Option<Others>,
    /// Instead of a meter that can be asked: a file that `meterferry snapshot` wrote, relative to this one, or `latest`
    /// for the newest one of the meter with this `model` and `serial_number` in `folder`. What the meter counted after
    /// the snapshot is not carried.
    #[schemars(example = "snapshots/PM800-11000126-20260714T073000Z.json")]
    pub snapshot: Option<FileText>,
    /// How old the snapshot may be when it is carried over; from 1s to 365d. `latest` wants it.
    #[schemars(example = "36h")]
    pub max_age: Option<AgeText>,
    /// Where `snapshot: latest` looks: a folder, relative to this file.
    #[schemars(example = &"snapshots")]
    pub folder: Option<FileText>,
}

fn registers(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "integer",
            "minimum": -9999,
            "maximum": 9999,
            "errorMessage": "a register of an energy, from -9999 to 9999",
        },
        "minItems": READINGS_WORDS,
        "maxItems": READINGS_WORDS,
    })
}

fn others(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["keep", "zero"], "errorMessage": "`keep` or `zero`" })
}

impl JsonSchema for Source {
    fn schema_name() -> Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Endpoint::json_schema(generator);
        let more = SourceKeys::json_schema(generator);
        if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut)
            && let Some(Value::Object(keys)) = more.get("properties")
        {
            properties.extend(keys.clone());
        }
        let help = "The old meter, or readings of it: written down by somebody, or kept in a snapshot.";
        schema.insert("title".to_owned(), "Source meter".into());
        schema.insert("description".to_owned(), help.into());
        schema.insert("additionalProperties".to_owned(), false.into());
        schema.insert("if".to_owned(), json!({ "required": KEPT[..1] }));
        schema.insert("then".to_owned(), kept());
        // None of the keys of a typed source: a live one.
        schema.insert(
            "else".to_owned(),
            json!({
                "if": { "properties": forbidden(&TYPED) },
                "then": endpoint::live(&["others", "max_age", "folder"]),
                "else": typed(),
            }),
        );
        schema
    }
}

fn forbidden(keys: &[&str]) -> Value {
    keys.iter().map(|key| ((*key).to_owned(), Value::Bool(false))).collect::<serde_json::Map<_, _>>().into()
}

fn typed() -> Value {
    json!({
        "properties": forbidden(&[&LIVE[..], &KEPT[1..]].concat()),
        "required": ["model", "taken"],
        "if": { "required": ["registers"] },
        "then": { "properties": forbidden(&["readings", "others"]) },
        "else": { "required": ["readings"] },
    })
}

fn kept() -> Value {
    json!({
        "properties": forbidden(&[&LIVE[..], &TYPED, &["others"]].concat()),
        "if": { "properties": { KEPT[0]: { "const": LATEST } } },
        "then": { "required": ["model", "serial_number", "folder", "max_age"] },
        "else": { "properties": forbidden(&["folder"]) },
    })
}
