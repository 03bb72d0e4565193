//! Makes a job of an example that shows only a part of one. Knows the shape of jobs, not what is right in them.

use serde_yaml::{Mapping, Value};

/// Keys that stand at the top of a job; an example with none of them is a part of a transfer.
const TOP: [&str; 7] =
    ["version", "campaign", "transfers", "transfers_from", "include", "defaults", "gateways"];

const BASE: &str = "
id: example
source: { model: CM4000, host: old.example, unit: 1, serial_number: 40250999 }
target: { model: PM800, host: new.example, unit: 1, serial_number: 11000999 }
";

fn mapping(text: &str) -> Mapping {
    serde_yaml::from_str(text).unwrap()
}

/// The names of the gateways that it refers to.
fn gateways(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value.as_str()) {
                    (Some("gateway"), Some(name)) => names.push(name.to_owned()),
                    _ => gateways(value, names),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| gateways(item, names)),
        _ => {}
    }
}

/// A whole job with this part in it.
pub fn whole(part: &str) -> String {
    let part: Value = serde_yaml::from_str(part).unwrap_or_else(|error| panic!("not YAML: {error}\n{part}"));
    let mut top = match part {
        Value::Sequence(transfers) => {
            [(Value::from("transfers"), Value::Sequence(transfers))].into_iter().collect::<Mapping>()
        }
        Value::Mapping(map) if TOP.iter().any(|key| map.contains_key(*key)) => map,
        Value::Mapping(map) => {
            let mut transfer = mapping(BASE);
            transfer.extend(map);
            [(Value::from("transfers"), Value::from(vec![Value::Mapping(transfer)]))].into_iter().collect()
        }
        other => panic!("neither a list nor a map: {other:?}"),
    };
    if !top.contains_key("transfers") && !top.contains_key("transfers_from") {
        top.insert("transfers".into(), Value::from(vec![Value::Mapping(mapping(BASE))]));
    }
    top.entry("version".into()).or_insert(1.into());
    top.entry("campaign".into()).or_insert("example".into());
    let mut names = Vec::new();
    gateways(&Value::Mapping(top.clone()), &mut names);
    let known = top.entry("gateways".into()).or_insert(Value::Mapping(Mapping::new()));
    let known = known.as_mapping_mut().expect("`gateways` is a map");
    for name in names {
        let entry = mapping(&format!("{{ transport: tcp, host: {name}.example }}"));
        known.entry(name.into()).or_insert(Value::Mapping(entry));
    }
    if known.is_empty() {
        top.remove("gateways");
    }
    serde_yaml::to_string(&top).unwrap()
}
