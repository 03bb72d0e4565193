//! The JSON Schema of job files, made from the raw types (draft 2020-12).

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

use super::raw::{IncludeFile, Job};

/// The schema of a job file, for editors and for `schemas/job.schema.json`.
///
/// Keys that may be left out are plain optional keys (never `null`), so that every complaint names its key.
pub fn schema() -> Value {
    of::<Job>()
}

/// The schema of a file that jobs include.
pub(super) fn include_schema() -> Value {
    of::<IncludeFile>()
}

fn of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    if let Value::Object(map) = &mut schema
        && let Some(dialect) = map.shift_remove("$schema")
    {
        map.shift_insert(0, "$schema".to_owned(), dialect);
    }
    schema
}

/// Undoes what schemars says about Rust rather than about jobs: `null` for an `Option`, integer widths, line ends.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(map) => {
            without_null(map);
            map.remove("format");
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            map.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

fn without_null(map: &mut Map<String, Value>) {
    if map.get("default") == Some(&Value::Null) {
        map.remove("default");
    }
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if types.len() == 1 {
            let only = types.remove(0);
            map.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = map.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        map.remove("anyOf");
        map.extend(only);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_complaint_can_be_vague() {
        for schema in [schema(), include_schema()] {
            let text = schema.to_string();
            for vague in ["anyOf", "oneOf", "allOf", "\"null\""] {
                assert!(!text.contains(vague), "{vague} in {schema:#}");
            }
        }
    }

    #[test]
    fn the_committed_schema_is_the_one_made_from_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/job.schema.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let made = format!("{:#}\n", schema());
        assert!(
            committed == made,
            "schemas/job.schema.json is stale; renew it: cargo run -- schema > schemas/job.schema.json"
        );
    }

    #[test]
    fn the_defaults_in_the_help_are_the_real_ones() {
        use crate::{
            campaign::{GatewaySettings, Options},
            job::units,
        };

        let schema = schema();
        let text = |pointer: &str| {
            schema.pointer(&format!("/$defs/{pointer}/default")).unwrap_or(&Value::Null).clone()
        };
        let duration = |pointer: &str| units::duration(text(pointer).as_str().unwrap_or_default()).unwrap();
        let energy = |pointer: &str| units::energy(text(pointer).as_str().unwrap_or_default()).unwrap();
        let (options, gateway) = (Options::default(), GatewaySettings::default());
        for owner in ["Transfer", "Defaults"] {
            let of = |key: &str| format!("{owner}/properties/{key}");
            assert_eq!(text(&of("write_mode")), serde_json::to_value(options.write_mode).unwrap());
            assert_eq!(text(&of("target_energy")), serde_json::to_value(options.target_energy).unwrap());
            assert_eq!(text(&of("totals")), serde_json::to_value(options.totals).unwrap());
            assert_eq!(text(&of("allow_zero")), options.allow_zero);
            assert_eq!(energy(&of("fresh_below")), options.fresh_below);
            assert_eq!(duration(&of("command_timeout")), options.command_timeout);
            assert_eq!(duration(&of("settle")), options.settle);
        }
        assert_eq!(energy("Verify/properties/tolerance"), options.verify.tolerance);
        assert_eq!(text("Retry/properties/attempts"), options.retry.attempts);
        assert_eq!(duration("Retry/properties/backoff"), options.retry.backoff);
        assert_eq!(duration("Retry/properties/max_backoff"), options.retry.max_backoff);
        for owner in ["Gateway", "GatewayOptions"] {
            let of = |key: &str| format!("{owner}/properties/{key}");
            assert_eq!(duration(&of("connect_timeout")), gateway.connect_timeout);
            assert_eq!(duration(&of("request_timeout")), gateway.request_timeout);
            assert_eq!(duration(&of("pace")), gateway.pace);
        }
    }
}
