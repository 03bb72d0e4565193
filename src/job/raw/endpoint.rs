//! Meters, as a job writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Expect, HostText, Name};
use crate::meter::{Addressing, Model};

pub(super) const PORT_EXPECTED: &str = "a TCP port from 1 to 65535";

/// A meter at a unit behind a gateway. Say where it is by `gateway` or by `host`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(in crate::job) struct Endpoint {
    /// The meter's family.
    #[serde(default)]
    #[schemars(schema_with = "any_model")]
    pub model: Option<Model>,
    /// Name of a gateway from `gateways`.
    #[schemars(example = "plant-a")]
    pub gateway: Option<Name>,
    /// Host name or IP address of a gateway or a meter's Ethernet card that needs no name.
    #[schemars(example = "10.20.4.12")]
    pub host: Option<HostText>,
    /// TCP port of `host`.
    #[schemars(range(min = 1, max = 65535), extend("default" = 502), extend("errorMessage" = PORT_EXPECTED))]
    pub port: Option<u16>,
    /// The unit (slave) number set in the meter. 0 would be a broadcast and is refused.
    #[schemars(
        range(min = 1, max = 247),
        example = 12,
        extend("errorMessage" = "a unit number from 1 to 247")
    )]
    pub unit: Option<u8>,
    /// What the meter must answer when it is asked for its serial number, or `any` to go without proof that it
    /// is the right meter.
    #[serde(default)]
    #[schemars(schema_with = "serial_number")]
    pub serial_number: Option<SerialText>,
    /// How the meter's port counts registers; `jbus` only where the port is set to Jbus.
    #[serde(default)]
    #[schemars(schema_with = "addressing", extend("default" = "modbus"))]
    pub addressing: Addressing,
    /// Ranges that energies of this meter must be in before anything is written.
    pub expect: Option<Expect>,
}

/// What a meter that is asked over the wire must say of itself, as part of a schema.
pub(super) fn live(also_forbidden: &[&str]) -> Value {
    let forbidden: Map<String, Value> =
        also_forbidden.iter().map(|key| ((*key).to_owned(), false.into())).collect();
    json!({
        "properties": forbidden,
        "required": ["model", "unit", "serial_number"],
        "if": { "required": ["gateway"] },
        "then": { "properties": { "host": false, "port": false } },
        "else": { "required": ["host"] },
    })
}

/// A serial number, or the word `any`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(in crate::job) enum SerialText {
    /// The number.
    Pinned(u32),
    /// The schema allows one word only: `any`.
    Any(#[expect(dead_code, reason = "the schema allows one word only")] String),
}

fn any_model(_: &mut SchemaGenerator) -> Schema {
    models(|_| true)
}

fn models(wanted: impl Fn(Model) -> bool) -> Schema {
    let names: Vec<_> = Model::ALL.into_iter().filter(|model| wanted(*model)).map(Model::name).collect();
    let expected = format!("one of {}", names.join(", "));
    json_schema!({ "type": "string", "enum": names, "errorMessage": expected })
}

fn serial_number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["integer", "string"],
        "minimum": 1,
        "maximum": u32::MAX,
        "pattern": "^any$",
        "errorMessage": "the serial number from the meter's label, without quotes, or `any`",
        "examples": [11_000_126, "any"],
    })
}

fn addressing(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "enum": ["modbus", "jbus"],
        "errorMessage": "`modbus` or `jbus`",
    })
}

/// A meter that can take readings: an [`Endpoint`] without the families that have no preset command.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(in crate::job) struct Target(pub Endpoint);

impl JsonSchema for Target {
    fn schema_name() -> Cow<'static, str> {
        "Target".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Endpoint::json_schema(generator);
        let help = "The meter's family. A CM2000 can only be a source.";
        let mut model = models(Model::can_be_target);
        model.insert("description".to_owned(), help.into());
        if let Some(properties) = schema.pointer_mut("/properties").and_then(|value| value.as_object_mut()) {
            properties.insert("model".to_owned(), model.to_value());
        }
        schema.insert("title".to_owned(), "Target meter".into());
        schema.insert("additionalProperties".to_owned(), false.into());
        schema.insert("required".to_owned(), json!(["model", "unit", "serial_number"]));
        let Value::Object(live) = live(&[]) else { unreachable!("an object is written above") };
        for (keyword, rule) in
            live.into_iter().filter(|(keyword, _)| ["if", "then", "else"].contains(&&**keyword))
        {
            schema.insert(keyword, rule);
        }
        schema
    }
}
