//! A job as it is written: one type per map of the file, from which the schema is made.
//!
//! Knows the shape of a job and the words of its help texts; what a job means is decided in `resolve`. The texts
//! here are what an editor shows when the pointer rests on a key.

mod endpoint;
mod gateway;
mod options;
mod readings;
mod scalar;
mod sheet;
mod source;
mod window;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(super) use endpoint::{Endpoint, SerialText, Target};
pub(super) use gateway::{Gateway, SERIAL, Transport};
pub(super) use options::{GatewayOptions, Options};
pub(super) use readings::{Expect, Given};
pub(super) use scalar::{
    AGE_PATTERN, AgeText, DEVICE_PATTERN, DURATION_PATTERN, DeviceText, DurationText, ENERGY_PATTERN,
    EnergyText, FileText, HOST_PATTERN, HostText, KEY_PATTERN, NAME_PATTERN, Name, POWER_PATTERN, PowerText,
    TIME_PATTERN, TimeText, Version,
};
pub(super) use source::{KEPT, LATEST, LIVE, Source, TYPED};
pub(super) use window::{DAYS_PATTERN, HOURS_EXPECTED, HOURS_PATTERN, Window, ZONE_EXPECTED, ZONE_PATTERN};

/// A job file: transfers of accumulated energies from old meters into their replacements.
#[derive(JsonSchema)]
#[schemars(
    title = "meterferry job",
    extend("additionalProperties" = false),
    extend("if" = { "required": ["transfers_from"] }),
    extend("else" = { "required": ["transfers"] })
)]
#[expect(
    dead_code,
    reason = "only its schema is used: a job is read piece by piece, so that one bad transfer does not hide another"
)]
pub(super) struct Job {
    /// Version of the job format. There is one: 1.
    version: Version,
    /// Name of the campaign. Files that name the same campaign are merged. The ledger remembers transfers by
    /// campaign and id, so do not rename a campaign that has begun.
    #[schemars(example = "north-campus-2026")]
    campaign: Name,
    /// Files with shared `gateways` and `defaults`, relative to this file.
    include: Option<Vec<FileText>>,
    /// Options for all transfers of this file; a transfer's own value wins, key by key.
    defaults: Option<Defaults>,
    /// Ways in to the meters, by name.
    gateways: Option<Gateways>,
    /// What to carry: one source meter into one target meter each. May be left out where `transfers_from` is there.
    #[schemars(length(min = 1))]
    transfers: Option<Vec<Transfer>>,
    /// Spreadsheets saved as CSV (UTF-8) whose rows are further transfers: one, or a list of them.
    transfers_from: Option<sheet::Sheets>,
}

/// A file that jobs include: shared gateways and defaults, nothing else.
#[derive(JsonSchema)]
#[schemars(title = "meterferry include file", extend("additionalProperties" = false))]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct IncludeFile {
    /// Version of the job format. There is one: 1.
    version: Option<Version>,
    /// Options for all transfers of the jobs that include this file.
    defaults: Option<Defaults>,
    /// Ways in to the meters, by name.
    gateways: Option<Gateways>,
}

/// Gateways by name.
#[derive(JsonSchema)]
#[schemars(inline, transparent)]
pub(super) struct Gateways(
    #[schemars(extend("propertyNames" = { "pattern": NAME_PATTERN, "errorMessage": scalar::NAME_EXPECTED }))]
    #[expect(dead_code, reason = "only its schema is used")]
    BTreeMap<String, Gateway>,
);

/// Options for all transfers of a file, and how gateways are treated.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "Defaults", extend("additionalProperties" = false))]
pub(super) struct Defaults {
    /// Every option of a transfer.
    #[serde(flatten)]
    pub options: Options,
    /// How gateways are treated that do not say it themselves.
    pub gateway: Option<GatewayOptions>,
}

/// One source meter whose readings are carried into one target meter.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(title = "Transfer", extend("additionalProperties" = false))]
pub(super) struct Transfer {
    /// Names this transfer within the campaign, for ever: the ledger remembers it by this id.
    #[schemars(example = "feeder-12")]
    pub id: Name,
    /// Free words to select and group transfers by, such as `building: B7`.
    #[serde(default)]
    #[schemars(schema_with = "labels")]
    pub labels: BTreeMap<String, Value>,
    /// Other transfers to the same target that this one follows: `CAMPAIGN/ID`, `ID` in this campaign, or a list of
    /// such. Without it a target that another transfer wrote to is refused.
    #[serde(default)]
    #[schemars(schema_with = "after")]
    pub after: Option<OneOrMany<String>>,
    /// Which time this id is used: a higher number asks for a finished transfer again.
    #[serde(default)]
    #[schemars(
        range(min = 1, max = 1000),
        extend("default" = 1),
        extend("errorMessage" = "which time this id is used, from 1 to 1000")
    )]
    pub generation: Option<u32>,
    /// The old meter, or readings that were written down from it: they are carried.
    pub source: Source,
    /// The replacement: it goes on counting from the source's readings.
    pub target: Target,
    /// Options for this transfer alone.
    #[serde(flatten)]
    pub options: Options,
}

/// One, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::job) enum OneOrMany<T> {
    /// `after: ID`.
    One(T),
    /// `after: [ID, ID]`.
    Many(Vec<T>),
}

fn after(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let (pattern, expected) = (scalar::KEY_PATTERN, scalar::KEY_EXPECTED);
    schemars::json_schema!({
        "type": ["string", "array"],
        "pattern": pattern,
        "items": { "type": "string", "pattern": pattern, "errorMessage": expected },
        "minItems": 1,
        "maxItems": 100,
        "errorMessage": format!("{expected}; or a list of such"),
        "examples": ["spring-2026/feeder-12"],
    })
}

fn labels(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "propertyNames": {
            "pattern": r"^[^\s=,]{1,100}$",
            "errorMessage": "a label name: 1 to 100 characters without spaces, `=` and `,`",
        },
        "additionalProperties": {
            "type": ["string", "number"],
            "maxLength": 1000,
            "errorMessage": "text or a number",
        },
    })
}
