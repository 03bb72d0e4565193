//! What the schema did not accept, in words a metering technician can act on.

use serde_json::Value;

use super::{
    diagnostic::{Code, Diagnostic},
    tree::Document,
    validate::{Problem, Violation},
};

/// One diagnostic a mistake.
pub(super) fn explain(document: &Document, schema: &Value, violations: Vec<Violation>) -> Vec<Diagnostic> {
    let _ = (schema, Problem::Forbidden);
    violations
        .into_iter()
        .map(|violation| {
            Diagnostic::error(Code::WrongType, format!("{:?}", violation.problem))
                .at(document.spot(&violation.pointer))
        })
        .collect()
}
