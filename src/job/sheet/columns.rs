//! Which keys a cell can fill, and what the schema wants there: `source.serial_number`, `labels.crew`.

use std::sync::LazyLock;

use serde_json::Value;

use super::cell::Wants;
use crate::job::{
    diagnostic::{Code, Diagnostic},
    suggest,
    validate::JOB,
};

/// Maps whose names are free, and what one of their values is.
pub(super) const FREE: [(&str, &str); 2] =
    [("labels.", "text to select and group by"), ("checked.", "what was found, and when")];

/// A key of a transfer that a cell can fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub path: String,
    pub wants: Wants,
    /// In the words of the schema.
    pub expected: String,
}

/// Every such key but those whose names are free.
static LEAVES: LazyLock<Vec<Leaf>> = LazyLock::new(|| {
    let mut leaves = Vec::new();
    collect(&JOB.source, &JOB.source["$defs"]["Transfer"], "", &mut leaves);
    leaves
});

fn collect(root: &Value, schema: &Value, path: &str, leaves: &mut Vec<Leaf>) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(pointer) => root.pointer(pointer.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    };
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (key, inner) in properties {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect(root, inner, &path, leaves);
        }
    } else if let Some(wants) = wants(schema) {
        let expected = schema.get("errorMessage").and_then(Value::as_str).unwrap_or("another value");
        leaves.push(Leaf { path: path.to_owned(), wants, expected: expected.to_owned() });
    }
}

/// Nothing for lists and maps.
fn wants(schema: &Value) -> Option<Wants> {
    let is = |kind: &str| match schema.get("type") {
        Some(Value::String(only)) => only == kind,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        _ => false,
    };
    match (is("integer"), is("string"), is("boolean")) {
        (true, true, _) => Some(Wants::IntegerOrWord),
        (true, false, _) => Some(Wants::Integer),
        (false, true, _) => Some(Wants::Text),
        (false, false, true) => Some(Wants::Boolean),
        (false, false, false) => None,
    }
}

/// The key with this path, or what is wrong with it (no place yet).
pub(super) fn leaf(path: &str) -> Result<Leaf, Box<Diagnostic>> {
    let free = FREE.iter().find_map(|(map, expected)| Some((path.strip_prefix(map)?, *expected)));
    if let Some((name, expected)) = free {
        return named(path, name, expected);
    }
    LEAVES.iter().find(|leaf| leaf.path == path).cloned().ok_or_else(|| Box::new(unknown(path)))
}

/// A name of a label or of what was checked, as the schema of `labels` and of `checked` wants it.
fn named(path: &str, name: &str, expected: &str) -> Result<Leaf, Box<Diagnostic>> {
    let is_good = |letter: char| !letter.is_whitespace() && !"=,".contains(letter);
    if (1..=100).contains(&name.chars().count()) && name.chars().all(is_good) {
        return Ok(Leaf { path: path.to_owned(), wants: Wants::Text, expected: expected.to_owned() });
    }
    Err(Box::new(
        Diagnostic::error(Code::BadName, format!("`{}` cannot be the name of a label", short(name)))
            .expected("a label name: 1 to 100 characters without spaces, `=` and `,`")
            .hint("choose a name of plain letters, digits and `-`, as in `labels.crew`"),
    ))
}

fn unknown(path: &str) -> Diagnostic {
    let inner =
        LEAVES.iter().find(|leaf| leaf.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
    let complaint = |what: &str| {
        Diagnostic::error(Code::BadColumnKey, format!("`{}` {what}", short(path)))
            .expected("a key of a transfer that one cell can fill")
    };
    if path == "checked" {
        return complaint("is all that was checked, and a cell holds one thing")
            .hint("name what was checked: `checked.ct_pt`");
    }
    if path == "labels" {
        return complaint("is all labels, and a cell holds one").hint("name the label: `labels.crew`");
    }
    if let Some(inner) = inner {
        return complaint("is a map, and a cell holds one value")
            .hint(format!("name a key in it, as in `{}`", inner.path));
    }
    if path == "source.registers" {
        return complaint("is a list, and a cell holds one value")
            .hint("give the energies one by one, as in `source.readings.real_energy_in`, or write this transfer in YAML");
    }
    let known: Vec<_> = LEAVES.iter().map(|leaf| &*leaf.path).collect();
    let last = path.rsplit('.').next().unwrap_or(path);
    let elsewhere = known.iter().find(|known| known.rsplit('.').next() == Some(last));
    match suggest::closest(path, &known).or(elsewhere.copied()) {
        Some(close) => complaint("is no key of a transfer").hint(format!("did you mean `{close}`?")),
        None => complaint("is no key of a transfer").hint(format!(
            "keys are: {}, labels.NAME, checked.NAME; the others as under `transfers`, with a point between key and key",
            suggest::some_of(&known[..known.len().min(12)])
        )),
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plain_key_of_a_transfer_can_be_a_column() {
        let wants = |path| leaf(path).map(|leaf| leaf.wants).map_err(|error| error.hints[0].clone());
        assert_eq!(wants("id"), Ok(Wants::Text));
        assert_eq!(wants("source.unit"), Ok(Wants::Integer));
        assert_eq!(wants("target.serial_number"), Ok(Wants::IntegerOrWord));
        assert_eq!(wants("allow_zero"), Ok(Wants::Boolean));
        assert_eq!(wants("verify.max_load"), Ok(Wants::Text));
        assert_eq!(wants("after"), Ok(Wants::Text));
        assert_eq!(wants("source.readings.real_energy_in"), Ok(Wants::Text));
        assert_eq!(wants("target.expect.real_energy_in.max"), Ok(Wants::Text));
        assert_eq!(wants("labels.crew"), Ok(Wants::Text));
        assert_eq!(wants("checked.ct_pt"), Ok(Wants::Text));
        assert_eq!(wants("labels.crew.name"), Ok(Wants::Text), "a point is part of a label's name");
    }

    #[test]
    fn other_keys_are_refused_with_what_was_meant() {
        let hint = |path| leaf(path).unwrap_err().hints[0].clone();
        assert_eq!(hint("source.serial"), "did you mean `source.serial_number`?");
        assert_eq!(hint("unit"), "did you mean `source.unit`?");
        assert_eq!(hint("source"), "name a key in it, as in `source.model`");
        assert_eq!(hint("labels"), "name the label: `labels.crew`");
        assert_eq!(hint("checked"), "name what was checked: `checked.ct_pt`");
        assert!(hint("source.registers").contains("one by one"));
        assert!(leaf("labels.a b").is_err() && leaf("labels.").is_err() && leaf("").is_err());
    }
}
