//! What the schema did not accept, in words a metering technician can act on: what was read, what was expected
//! there, what to do next.

mod cells;
mod keys;
mod models;
mod shapes;
mod sizes;
mod sources;
mod values;

use std::collections::HashSet;

use serde_json::Value;

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    tree::{Document, Found, Kind, Node},
    validate::{Problem, Violation},
};
use crate::meter::Quantity;

/// Characters of a value that are repeated in a message.
const SHOWN: usize = 60;

/// One diagnostic a mistake, though the schema may have several complaints about it.
pub(super) fn explain(
    document: &Document,
    schema: &Value,
    violations: &[Violation],
    found: &mut Diagnostics,
) {
    let wrong_types: HashSet<&str> = violations
        .iter()
        .filter(|violation| matches!(violation.problem, Problem::Type))
        .map(|violation| &*violation.pointer)
        .collect();
    for violation in violations {
        let is_first =
            matches!(violation.problem, Problem::Type) || !wrong_types.contains(&*violation.pointer);
        if is_first && !cells::is_told(document, violation) {
            Case::new(document, schema, violation).explain(found);
        }
    }
}

/// One complaint of the schema and all that is known about the value.
struct Case<'a> {
    document: &'a Document,
    /// The schema that was not met.
    schema: &'a Value,
    violation: &'a Violation,
    /// The schema of the whole map that the value is or should be, conditions stripped.
    definition: &'a Value,
    /// The value; nothing only if the pointer leads nowhere, which it does not.
    found: Option<Found<'a>>,
}

impl<'a> Case<'a> {
    fn new(document: &'a Document, schema: &'a Value, violation: &'a Violation) -> Self {
        let found = document.find(&violation.pointer);
        let mut whole = &*violation.schema;
        while let Some((outer, "then" | "else")) = whole.rsplit_once('/') {
            whole = outer;
        }
        let at = |pointer: &str| schema.pointer(pointer).unwrap_or(&Value::Null);
        Self { document, schema: at(&violation.schema), definition: at(whole), violation, found }
    }

    fn explain(&self, found: &mut Diagnostics) {
        match &self.violation.problem {
            Problem::UnknownKeys(names) => keys::unknown(self, names, found),
            Problem::MissingKey(name) => found.extend(keys::missing(self, name)),
            Problem::Forbidden => found.extend(keys::forbidden(self)),
            Problem::KeyName(name) => found.push_with(|| keys::bad_name(self, name)),
            Problem::Type => found.push_with(|| values::wrong_type(self)),
            Problem::Choice => found.push_with(|| values::choice(self)),
            Problem::Constant => found.push_with(|| values::version(self)),
            Problem::Range => found.push_with(|| values::range(self)),
            Problem::Pattern => found.push_with(|| shapes::pattern(self)),
            Problem::TooShort => found.push_with(|| sizes::too_small(self)),
            Problem::TooLong => found.push_with(|| sizes::too_large(self)),
            Problem::Other(keyword) => {
                found.push(self.at_value(Code::WrongType, format!("the value breaks `{keyword}`")));
            }
        }
    }

    /// The key the value stands under, or an empty text.
    fn field(&self) -> &'a str {
        self.found.and_then(|found| found.key).map_or("", |key| &*key.name)
    }

    /// The energy that this value is about, if it stands under one.
    fn quantity(&self) -> Option<Quantity> {
        let mut segments = self.violation.pointer.rsplit('/').take(2);
        segments.find_map(|segment| Quantity::ALL.into_iter().find(|quantity| quantity.key() == segment))
    }

    fn node(&self) -> Option<&'a Node> {
        self.found.map(|found| found.node)
    }

    fn kind(&self) -> &'a Kind {
        self.node().map_or(&Kind::Null, |node| &node.kind)
    }

    /// The text that stands in the file, quotes included, cut if it is long.
    fn source(&self) -> String {
        self.node().map_or_else(String::new, |node| short(self.document.source(node)))
    }

    /// `unit: 0`, or only the value where it has no key.
    fn shown(&self) -> String {
        match (self.field(), self.source()) {
            ("", value) => format!("`{value}`"),
            (key, value) => format!("`{key}: {value}`"),
        }
    }

    /// What the schema says is expected, in its own words.
    fn expected(&self) -> String {
        match self.schema.get("errorMessage").and_then(Value::as_str) {
            Some(words) => words.to_owned(),
            None => match self.schema.get("type").and_then(Value::as_str) {
                Some("array") => "a list; each item begins with `- `".to_owned(),
                Some("object") => "keys and values: `key: value`".to_owned(),
                _ => "another value".to_owned(),
            },
        }
    }

    fn allows(&self, kind: &str) -> bool {
        match self.schema.get("type") {
            Some(Value::String(only)) => only == kind,
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
            _ => false,
        }
    }

    /// An error at the value, with what the schema expects there.
    fn at_value(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message)
            .at(self.document.spot(&self.violation.pointer))
            .expected(self.expected())
    }
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
