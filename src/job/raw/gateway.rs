//! Ways in to meters, as a job writes them. Which keys belong together depends on `transport`, and the schema says so.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{DeviceText, DurationText, HostText, endpoint::PORT_EXPECTED};
use crate::campaign::{BAUDS, Parity, StopBits};

/// One physical way in to one or more meters. It is asked one thing at a time, however many meters are behind it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(title = "Gateway", extend("additionalProperties" = false), transform = by_transport)]
pub(in crate::job) struct Gateway {
    /// How it is reached. `tcp`: Modbus TCP. `rtu-over-tcp`: RTU frames over TCP, through a serial device server.
    /// `rtu`: a serial port of this machine.
    #[schemars(schema_with = "transport")]
    pub transport: Transport,
    /// Host name or IP address. The same host and port is the same gateway, however often it is written. Not for
    /// `rtu`.
    #[schemars(example = "10.20.1.5")]
    pub host: Option<HostText>,
    /// TCP port. For `tcp` 502 if it is left out; `rtu-over-tcp` has no usual port, so it wants one.
    #[schemars(range(min = 1, max = 65535), extend("errorMessage" = PORT_EXPECTED))]
    pub port: Option<u16>,
    /// The serial port. The same device is the same gateway. Only for `rtu`.
    #[schemars(example = "/dev/ttyUSB0")]
    pub device: Option<DeviceText>,
    /// Speed of the line in bits a second, as it is set in the meters. Only for `rtu`.
    #[serde(default)]
    #[schemars(schema_with = "baud")]
    pub baud: Option<u32>,
    /// Parity of the line, as it is set in the meters. There are always eight data bits. Only for `rtu`.
    #[serde(default)]
    #[schemars(schema_with = "parity")]
    pub parity: Option<Parity>,
    /// Stop bits of the line. Only for `rtu`.
    #[serde(default)]
    #[schemars(schema_with = "stop_bits", extend("default" = 1))]
    pub stop_bits: Option<StopBits>,
    /// How long a connection may take; from 10ms to 60s.
    #[schemars(extend("default" = "3s"))]
    pub connect_timeout: Option<DurationText>,
    /// From a request to its whole answer; from 10ms to 60s. A connection that carries RTU frames also begins with
    /// so long a silence, so that no late answer is taken for another one.
    #[schemars(extend("default" = "2s"))]
    pub request_timeout: Option<DurationText>,
    /// Silence between an answer and the next request, for gateways that need it; at most 200ms. A serial port always
    /// keeps the silence of 3.5 characters that separates RTU frames.
    #[schemars(extend("default" = "0ms"))]
    pub pace: Option<DurationText>,
    /// Whether it is carried from meter to meter (a laptop's cable, a site kit). A meter that is not the one looked
    /// for is then simply not there yet, and captured readings of a source may be a day old.
    #[serde(default)]
    #[schemars(schema_with = "super::options::boolean", extend("default" = false))]
    pub portable: Option<bool>,
}

/// How a gateway is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::job) enum Transport {
    /// Modbus TCP.
    Tcp,
    /// RTU frames over TCP.
    RtuOverTcp,
    /// RTU frames on a serial port.
    Rtu,
}

/// The keys that are about a place on the network.
const NETWORK: [&str; 2] = ["host", "port"];
/// The keys that are about a serial port of this machine.
pub(in crate::job) const SERIAL: [&str; 4] = ["device", "baud", "parity", "stop_bits"];

/// One rule a transport, one in the `else` of the other, so that each complaint is about one key. A transport that is
/// none of these is a mistake of its own.
fn by_transport(schema: &mut Schema) {
    let rules = [
        ("rtu", ["device", "baud", "parity"].as_slice(), NETWORK.as_slice()),
        ("tcp", &["host"], &SERIAL),
        ("rtu-over-tcp", &["host", "port"], &SERIAL),
    ];
    let chain = rules.into_iter().rev().fold(None, |otherwise: Option<Value>, rule| {
        let (transport, required, forbidden) = rule;
        let forbidden: Map<String, Value> =
            forbidden.iter().map(|key| ((*key).to_owned(), false.into())).collect();
        let mut chain = json!({
            "if": { "properties": { "transport": { "const": transport } }, "required": ["transport"] },
            "then": { "required": required, "properties": forbidden },
        });
        if let Some(otherwise) = otherwise {
            chain["else"] = otherwise;
        }
        Some(chain)
    });
    let Some(Value::Object(chain)) = chain else { unreachable!("an object is written above") };
    for (keyword, rule) in chain {
        schema.insert(keyword, rule);
    }
}

fn transport(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "enum": ["tcp", "rtu-over-tcp", "rtu"],
        "errorMessage": "one of tcp, rtu-over-tcp, rtu",
    })
}

fn baud(_: &mut SchemaGenerator) -> Schema {
    let speeds = BAUDS.map(|baud| baud.to_string()).join(", ");
    json_schema!({
        "type": "integer",
        "enum": BAUDS,
        "errorMessage": format!("one of {speeds}"),
    })
}

fn parity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "enum": ["none", "even", "odd"],
        "errorMessage": "one of none, even, odd",
    })
}

fn stop_bits(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "enum": [1, 2], "errorMessage": "1 or 2" })
}
