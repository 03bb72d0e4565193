//! Spreadsheets whose rows are transfers, as a job names them. Only the schema of these is used: the rows are added to
//! the file's transfers before anything is resolved.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::{FileText, Source, Target, Transfer};

/// Sheets that one job may name.
const MOST: u32 = 100;

/// A spreadsheet saved as CSV (UTF-8): one transfer a row, below a row with the names of the columns.
#[derive(JsonSchema)]
#[schemars(title = "Spreadsheet", extend("additionalProperties" = false))]
#[expect(dead_code, reason = "only its schema is used")]
struct Sheet {
    /// The CSV file, relative to this one.
    #[schemars(example = "week-23.csv")]
    file: FileText,
    /// What stands between two cells: `,`, `;` or `tab`. Without it, it is found in the first row.
    #[serde(default)]
    #[schemars(schema_with = "separator")]
    separator: Option<String>,
    /// Which column fills which key of a transfer: `source.unit: Old unit`. Points lead from key to key. Columns that
    /// are not named here are left alone.
    #[schemars(schema_with = "columns")]
    columns: BTreeMap<String, String>,
    /// What all rows share, as under `transfers`. A cell that is not empty wins over it, key by key.
    template: Option<Template>,
}

fn separator(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": [",", ";", "tab", "\t"], "errorMessage": "`\",\"`, `\";\"` or `tab`" })
}

fn columns(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "type": "string",
            "maxLength": 1000,
            "errorMessage": "the name of a column, from the first row of the sheet",
        },
        "minProperties": 1,
        "maxProperties": 1000,
        "examples": [{ "id": "WO", "source.serial_number": "Old SN", "labels.crew": "Crew" }],
    })
}

/// One spreadsheet, or a list of them.
pub(super) struct Sheets;

impl JsonSchema for Sheets {
    fn schema_name() -> Cow<'static, str> {
        "Spreadsheets".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Sheet::json_schema(generator);
        schema.insert("type".to_owned(), json!(["object", "array"]));
        schema.insert("items".to_owned(), generator.subschema_for::<Sheet>().to_value());
        schema.insert("minItems".to_owned(), 1.into());
        schema.insert("maxItems".to_owned(), MOST.into());
        schema.insert("errorMessage".to_owned(), "`file` and `columns`, or a list of such".into());
        schema
    }
}

/// A transfer of which any part may be missing, and the id must be.
struct Template;

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = loose(Transfer::json_schema(generator));
        let source = loose(Source::json_schema(generator)).to_value();
        let target = loose(Target::json_schema(generator)).to_value();
        if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
            properties.shift_remove("id");
            properties.insert("source".to_owned(), source);
            properties.insert("target".to_owned(), target);
        }
        schema.insert("title".to_owned(), "Template".into());
        schema.insert("description".to_owned(), "What all rows of the sheet share, as in a transfer.".into());
        schema
    }
}

/// The same without anything that must be there.
fn loose(mut schema: Schema) -> Schema {
    for keyword in ["required", "if", "then", "else"] {
        schema.remove(keyword);
    }
    schema
}
