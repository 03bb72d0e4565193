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
}
