//! The only file that knows the schema validator: JSON against the schema → what is wrong, as plain values.

use std::sync::LazyLock;

use jsonschema::{
    PatternOptions, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

use super::schema::{include_schema, schema};

/// A compiled schema and its source.
pub(super) struct Schema {
    pub source: Value,
    validator: Validator,
}

/// The schema of job files.
pub(super) static JOB: LazyLock<Schema> = LazyLock::new(|| Schema::new(schema()));
/// The schema of files that jobs include.
pub(super) static INCLUDE: LazyLock<Schema> = LazyLock::new(|| Schema::new(include_schema()));

/// One thing that is wrong.
#[derive(Debug)]
pub(super) struct Violation {
    /// JSON pointer to the value.
    pub pointer: String,
    /// JSON pointer to the schema that was not met: the parent of the keyword.
    pub schema: String,
    /// What about it.
    pub problem: Problem,
}

/// What about a value is wrong.
#[derive(Debug)]
pub(super) enum Problem {
    UnknownKeys(Vec<String>),
    MissingKey(String),
    /// A key that must not be there (`host` and `port` next to `gateway`, `unit` next to `readings`).
    Forbidden,
    Type,
    Choice,
    Constant,
    Range,
    Pattern,
    TooShort,
    TooLong,
    KeyName(String),
    Other(String),
}

impl Schema {
    fn new(source: Value) -> Self {
        let validator = jsonschema::options()
            .with_pattern_options(PatternOptions::regex())
            .build(&source)
            .expect("the schema made from our types is valid, a test builds it");
        Self { source, validator }
    }

    /// All that is wrong with a document, in the order of the schema.
    pub fn violations(&self, document: &Value) -> Vec<Violation> {
        if self.validator.is_valid(document) {
            return Vec::new();
        }
        self.validator
            .iter_errors(document)
            .map(|error| Violation {
                pointer: error.instance_path().as_str().to_owned(),
                schema: parent(error.schema_path().as_str()).to_owned(),
                problem: problem(error.kind()),
            })
            .collect()
    }
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn problem(kind: &ValidationErrorKind) -> Problem {
    match kind {
        ValidationErrorKind::AdditionalProperties { unexpected } => Problem::UnknownKeys(unexpected.clone()),
        ValidationErrorKind::Required { property } => {
            Problem::MissingKey(property.as_str().unwrap_or_default().to_owned())
        }
        ValidationErrorKind::FalseSchema => Problem::Forbidden,
        ValidationErrorKind::Type { kind: TypeKind::Single(_) | TypeKind::Multiple(_) } => Problem::Type,
        ValidationErrorKind::Enum { .. } => Problem::Choice,
        ValidationErrorKind::Constant { .. } => Problem::Constant,
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => Problem::Range,
        ValidationErrorKind::Pattern { .. } => Problem::Pattern,
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => Problem::TooShort,
        ValidationErrorKind::MaxLength { .. } | ValidationErrorKind::MaxItems { .. } => Problem::TooLong,
        ValidationErrorKind::PropertyNames { error } => {
            Problem::KeyName(error.instance().as_str().unwrap_or_default().to_owned())
        }
        other => Problem::Other(other.keyword().to_owned()),
    }
}
