//! Energies that a job gives one by one, each in the unit of its kind: readings, and ranges they must be in.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::meter::Quantity;

/// Energies by quantity, as text with a unit.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::job) struct Given(pub BTreeMap<Quantity, String>);

/// Ranges by quantity.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::job) struct Expect(pub BTreeMap<Quantity, Range>);

/// Both ends belong to it; one may be left out.
#[derive(Debug, Deserialize)]
pub(in crate::job) struct Range {
    pub min: Option<String>,
    pub max: Option<String>,
}

impl JsonSchema for Given {
    fn schema_name() -> Cow<'static, str> {
        "Readings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        by_quantity("Readings", "Energies of a meter, as they were read.", energy)
    }
}

impl JsonSchema for Expect {
    fn schema_name() -> Cow<'static, str> {
        "Expect".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        by_quantity(
            "Expected energies",
            "Ranges that energies must be in before anything is written.",
            |quantity| {
                let end = |help: &str| {
                    let mut end = energy(quantity);
                    end["description"] = help.into();
                    end
                };
                json!({
                    "type": "object",
                    "properties": { "min": end("At least this."), "max": end("At most this.") },
                    "additionalProperties": false,
                    "minProperties": 1,
                    "errorMessage": format!("a range: {{ min: {}, max: {} }}", example(quantity, 1200), example(quantity, 1300)),
                })
            },
        )
    }
}

fn by_quantity(title: &str, help: &str, schema: impl Fn(Quantity) -> Value) -> Schema {
    let properties: Map<String, Value> = Quantity::ALL
        .into_iter()
        .map(|quantity| {
            let mut property = schema(quantity);
            let note = if quantity.is_total() { "; may be negative" } else { "" };
            property["description"] = format!("{} in {}{note}.", sentence(quantity), quantity.unit()).into();
            (quantity.key().to_owned(), property)
        })
        .collect();
    json_schema!({
        "title": title,
        "description": help,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
    })
}

fn energy(quantity: Quantity) -> Value {
    let (sign, unit) = (if quantity.is_total() { "-?" } else { "" }, quantity.unit());
    json!({
        "type": "string",
        "pattern": format!(r"^{sign}[0-9]+(\.[0-9]+)? ?[kMG]?{unit}$"),
        "errorMessage": format!("an energy in {unit}, k{unit}, M{unit} or G{unit}"),
        "examples": [example(quantity, 1234)],
    })
}

fn example(quantity: Quantity, number: u32) -> String {
    format!("{number} k{}", quantity.unit())
}

fn sentence(quantity: Quantity) -> String {
    let words = quantity.to_string();
    words[..1].to_uppercase() + &words[1..]
}
