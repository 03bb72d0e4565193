//! Options of transfers and gateways, as a job writes them: every key may be left out.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;

use super::{DurationText, EnergyText, OneOrMany, PowerText, Window, window};
use crate::{
    campaign::{TargetEnergy, TotalsPolicy},
    meter::WriteMode,
};

/// Options of one transfer.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(in crate::job) struct Options {
    /// How the 28 values are written into the target's buffer. `auto` writes blocks, then single registers if the
    /// meter rejects function 16.
    #[serde(default)]
    #[schemars(schema_with = "write_mode", extend("default" = "auto"))]
    pub write_mode: Option<WriteMode>,
    /// What to do when the target has counted already. `refuse` does nothing and says so. `replace`: both meters
    /// counted the same energy, so the source's readings replace the target's. `add`: the target alone counted
    /// since the source stopped, so the sum is written.
    #[serde(default)]
    #[schemars(schema_with = "target_energy", extend("default" = "refuse"))]
    pub target_energy: Option<TargetEnergy>,
    /// What to do when source and target form their totals differently, in + out or in - out. `refuse` does nothing
    /// and says so. `keep` writes the source's totals as they are. `recompute` forms them from in and out, as the
    /// target does.
    #[serde(default)]
    #[schemars(schema_with = "totals", extend("default" = "refuse"))]
    pub totals: Option<TotalsPolicy>,
    /// A target is fresh if none of its energies is above this.
    #[schemars(extend("default" = "1 kWh"))]
    pub fresh_below: Option<EnergyText>,
    /// Carry a source whose readings are all zero. Such a source has usually been reset before it was read.
    #[serde(default)]
    #[schemars(schema_with = "boolean", extend("default" = false))]
    pub allow_zero: Option<bool>,
    /// How far the target may be from what was written when it is read afterwards.
    pub verify: Option<Verify>,
    /// How often and how soon a transfer that failed before anything was committed is tried again.
    pub retry: Option<Retry>,
    /// How long the target may take from the command to its result; from 100ms to 10min.
    #[schemars(extend("default" = "10s"))]
    pub command_timeout: Option<DurationText>,
    /// How late a lost request may still reach the meter: after an unanswered command the target is looked at
    /// twice, this far apart; at most 10min.
    #[schemars(extend("default" = "5s"))]
    pub settle: Option<DurationText>,
    /// When the transfer may begin: days and hours by the clock on the wall, one window or a list of them. Outside,
    /// nothing is begun; what has begun is finished. Without it a transfer may begin at any time.
    #[serde(default)]
    #[schemars(schema_with = "window::schema")]
    pub window: Option<OneOrMany<Window>>,
    /// What a person checked by hand, by what it is: it is kept in the ledger and stands in reports. `ct_pt` says that
    /// the CT and PT ratios of both meters were compared; without it `plan` and the report say that nobody did.
    #[serde(default)]
    #[schemars(schema_with = "checked")]
    pub checked: BTreeMap<String, Value>,
}

fn checked(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": {
            "pattern": r"^[^\s=,]{1,100}$",
            "errorMessage": "what was checked: 1 to 100 characters without spaces, `=` and `,`",
        },
        "additionalProperties": {
            "type": ["string", "number"],
            "pattern": r"\S",
            "maxLength": 1000,
            "errorMessage": "what was found, and when: text that is not empty",
        },
        "examples": [{ "ct_pt": "800:5 both, 2026-07-14" }],
    })
}

fn write_mode(_: &mut SchemaGenerator) -> Schema {
    choice(&["auto", "block", "single"])
}

fn target_energy(_: &mut SchemaGenerator) -> Schema {
    choice(&["refuse", "replace", "add"])
}

fn totals(_: &mut SchemaGenerator) -> Schema {
    choice(&["refuse", "keep", "recompute"])
}

fn choice(words: &[&str]) -> Schema {
    let expected = format!("one of {}", words.join(", "));
    json_schema!({ "type": "string", "enum": words, "errorMessage": expected })
}

pub(super) fn boolean(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "boolean", "errorMessage": "`true` or `false`" })
}

/// How far the target may be from what was written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "Verification", extend("additionalProperties" = false))]
pub(in crate::job) struct Verify {
    /// Always allowed, for each of the seven energies (Wh stands for VARh and VAh too); at most 1 GWh.
    #[schemars(extend("default" = "1 kWh"))]
    pub tolerance: Option<EnergyText>,
    /// Apparent power of the largest load on the meter, from 1 VA to 10 GVA: what the target may have counted since.
    #[schemars(example = "250 kVA")]
    pub max_load: Option<PowerText>,
}

/// Tries and the delays between them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(title = "Retry", extend("additionalProperties" = false))]
pub(in crate::job) struct Retry {
    /// Tries in one run, the first included.
    #[schemars(range(min = 1, max = 100), extend("default" = 4), extend("errorMessage" = "a number of tries from 1 to 100"))]
    pub attempts: Option<u32>,
    /// Delay before the second try; it doubles from there.
    #[schemars(extend("default" = "500ms"))]
    pub backoff: Option<DurationText>,
    /// The longest delay; at most 1h.
    #[schemars(extend("default" = "10s"))]
    pub max_backoff: Option<DurationText>,
}

/// How a gateway is treated.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[schemars(title = "Gateway options", extend("additionalProperties" = false))]
pub(in crate::job) struct GatewayOptions {
    /// How long a connection may take; from 10ms to 60s.
    #[schemars(extend("default" = "3s"))]
    pub connect_timeout: Option<DurationText>,
    /// From a request to its whole answer; from 10ms to 60s.
    #[schemars(extend("default" = "2s"))]
    pub request_timeout: Option<DurationText>,
    /// Silence between an answer and the next request, for gateways that need it; at most 200ms.
    #[schemars(extend("default" = "0ms"))]
    pub pace: Option<DurationText>,
}
