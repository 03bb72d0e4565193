//! One file that was read and checked against its schema: the tree for places, the JSON for values, and which
//! parts of it are already known to be wrong.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::Arc,
};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    diagnostic::{Code, Diagnostic, Spot},
    diagnostics::Diagnostics,
    explain, sheet,
    tree::{Document, Kind},
    validate::{self, Problem, Schema, Violation},
    yaml,
};

/// A file's parts, ready to be resolved.
pub(super) struct Source {
    pub document: Document,
    json: Value,
    /// `campaign`, `defaults`, `gateways/NAME`, `transfers/3`: parts with an error that has been reported.
    bad: HashSet<String>,
}

impl Source {
    /// Reads and checks a job, with the rows of its spreadsheets, which are relative to `folder`. Nothing if it is no
    /// map of keys at all.
    pub fn read_job(
        name: Arc<str>,
        text: Arc<str>,
        folder: &Path,
        found: &mut Diagnostics,
        warnings: &mut Diagnostics,
    ) -> Option<Self> {
        let mut document = Self::document(name, text, found)?;
        sheet::add(&mut document, folder, found, warnings);
        Some(Self::check(document, &validate::JOB, found))
    }

    /// Reads and checks a file that jobs include. Nothing if it is no map of keys at all.
    pub fn read_include(name: Arc<str>, text: Arc<str>, found: &mut Diagnostics) -> Option<Self> {
        Self::document(name, text, found).map(|document| Self::check(document, &validate::INCLUDE, found))
    }

    fn document(name: Arc<str>, text: Arc<str>, found: &mut Diagnostics) -> Option<Document> {
        let (document, duplicates) = match yaml::read(name, text) {
            Ok(read) => read,
            Err(error) => {
                found.push(*error);
                return None;
            }
        };
        found.extend(duplicates);
        if matches!(document.root.kind, Kind::Null) {
            found.push(empty(&document));
            return None;
        }
        Some(document)
    }

    fn check(document: Document, schema: &Schema, found: &mut Diagnostics) -> Self {
        let mut json = document.to_json();
        let violations = schema.violations(&json);
        let bad = violations.iter().map(|violation| part(&violation.pointer)).collect();
        violations.iter().for_each(|violation| prune(&mut json, violation));
        explain::explain(&document, &schema.source, &violations, found);
        Self { document, json, bad }
    }

    /// How many items or entries the part has.
    pub fn len(&self, part: &str) -> usize {
        match self.json.get(part) {
            Some(Value::Array(items)) => items.len(),
            Some(Value::Object(map)) => map.len(),
            _ => 0,
        }
    }

    /// The keys of a map at the top of the file, each once, and where they stand.
    pub fn keys(&self, part: &str) -> Vec<(String, Spot)> {
        let Some(Kind::Map(entries)) = self.document.find(&format!("/{part}")).map(|found| &found.node.kind)
        else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        entries
            .iter()
            .filter(|(key, _)| seen.insert(&*key.name))
            .map(|(key, _)| (key.name.to_string(), self.document.spot_at(key.at)))
            .collect()
    }

    /// Whether a part has an error that is reported: what is taken out of it is good for further checks only.
    pub fn is_bad(&self, pointer: &str) -> bool {
        self.bad.contains(&part(pointer))
    }

    /// Takes a part out of the file, typed. Nothing if it is not there, or if it has an error that is reported and
    /// what is left cannot be read.
    pub fn take<T: DeserializeOwned>(&mut self, pointer: &str, found: &mut Diagnostics) -> Option<T> {
        let value = self.json.pointer_mut(pointer)?.take();
        if self.is_bad(pointer) {
            return serde_json::from_value(value).ok();
        }
        match serde_path_to_error::deserialize(value) {
            Ok(typed) => Some(typed),
            Err(error) => {
                let inner = error.path().to_string().replace(['.', '['], "/").replace(']', "");
                let at = self.document.spot(&format!("{pointer}/{inner}"));
                found.push(Diagnostic::error(Code::WrongType, error.inner().to_string()).at(at));
                None
            }
        }
    }

    /// A scalar of a map as it stands in the file. Nothing where an alias stands for it.
    pub fn text(&self, map: &str, key: &str) -> Option<String> {
        let Kind::Map(entries) = &self.document.find(map)?.node.kind else { return None };
        let (_, node) = entries.iter().find(|(name, _)| *name.name == *key)?;
        let text = self.document.source(node);
        (!text.is_empty() && !text.starts_with('*')).then(|| text.to_owned())
    }

    /// The scalars of a map. A number is taken as the text that stands in the file: `010` stays `010`, `1.10` stays
    /// `1.10`.
    pub fn texts(&self, map: &str, raw: BTreeMap<String, Value>) -> BTreeMap<String, String> {
        let text = |name: &str, value: Value| match value {
            Value::String(text) => text,
            number => self.text(map, name).unwrap_or_else(|| number.to_string()),
        };
        raw.into_iter().map(|(name, value)| (name.clone(), text(&name, value))).collect()
    }

    /// The place of a value.
    pub fn spot(&self, pointer: &str) -> Spot {
        self.document.spot(pointer)
    }
}

/// `/transfers/3/source/unit` → `transfers/3`; `/defaults/verify` → `defaults`.
fn part(pointer: &str) -> String {
    let mut segments = pointer.split('/').skip(1);
    match (segments.next().unwrap_or_default(), segments.next()) {
        (list @ ("transfers" | "gateways"), Some(member)) => format!("{list}/{member}"),
        (top, _) => top.to_owned(),
    }
}

/// Removes a value that broke the schema, so that the other values of its part can still be checked.
fn prune(json: &mut Value, violation: &Violation) {
    if matches!(violation.problem, Problem::UnknownKeys(_) | Problem::MissingKey(_) | Problem::KeyName(_)) {
        return;
    }
    let Some((map, key)) = violation.pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(map)) = json.pointer_mut(map) {
        map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
    }
}

fn empty(document: &Document) -> Diagnostic {
    Diagnostic::error(Code::EmptyFile, format!("{} is empty", document.file))
        .at(document.spot(""))
        .expected("a job: version, campaign and transfers")
        .hint("jobs/single.yaml shows the smallest job there can be")
}
