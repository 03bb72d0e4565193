//! A campaign means the same whether it is written in YAML or in a spreadsheet with a template, and whatever stands in a
//! spreadsheet, reading it ends with transfers or with errors that have a place.

#![expect(clippy::unwrap_used, reason = "a test that cannot write its files has failed")]

#[path = "bad_input/checks/sheet_text.rs"]
mod sheet_text;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use meterferry::{
    campaign::Transfer,
    job::{Code, Diagnostics, Loaded, load},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// One cell: what YAML would be given, and nothing where the cell is empty.
type Cells = BTreeMap<&'static str, Option<Value>>;

#[derive(Debug, Clone)]
struct Campaign {
    template: Value,
    rows: Vec<Cells>,
    separator: &'static str,
    line_end: &'static str,
    bom: bool,
    blank_lines: bool,
}

/// Text that CSV and YAML must both put in quotes now and then.
fn words() -> impl Strategy<Value = Value> {
    "[a-zäé,;:#'\"\\-\\[\\]{}&*!|>%@ ]{0,12}\n?[a-z\"]{1,3}"
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("a leading apostrophe is a spreadsheet's", |text| {
            !text.starts_with('\'') && !text.is_empty()
        })
        .prop_map(Value::from)
}

fn row(number: usize) -> impl Strategy<Value = Cells> {
    let serial = prop_oneof![Just(json!("any")), Just(json!(40_000_000 + number))];
    (
        option::of(words()),
        option::of(select(vec!["CM2000", "CM3000", "CM4000", "PM800"]).prop_map(Value::from)),
        1..248_u16,
        serial,
        option::of(any::<bool>().prop_map(Value::from)),
        option::of(select(vec!["250 kVA", "1.5 MVA", "800VA"]).prop_map(Value::from)),
        option::of(1..1000_u16),
    )
        .prop_map(move |(crew, model, unit, serial, zero, load, generation)| {
            BTreeMap::from([
                ("id", Some(json!(format!("{number}")))),
                ("labels.crew", crew),
                ("source.model", model),
                ("source.host", Some(json!(format!("10.1.{}.{}", number / 250, number % 250)))),
                ("source.unit", Some(json!(unit))),
                ("source.serial_number", Some(serial)),
                ("target.host", Some(json!(format!("10.2.{}.{}", number / 250, number % 250)))),
                ("allow_zero", zero),
                ("verify.max_load", load),
                ("generation", generation.map(Value::from)),
            ])
        })
}

fn campaign() -> impl Strategy<Value = Campaign> {
    let template = option::of(words()).prop_map(|note| {
        let mut template = json!({
            "source": { "model": "CM3000" },
            "target": { "model": "PM800", "unit": 1, "serial_number": "any" },
            "verify": { "tolerance": "2 kWh" },
        });
        if let Some(note) = note {
            template["labels"] = json!({ "note": note, "crew": "nobody" });
        }
        template
    });
    let rows = (1..6_usize).prop_flat_map(|number| (0..number).map(row).collect::<Vec<_>>());
    let form = (select(vec![",", ";", "\t"]), select(vec!["\n", "\r\n"]), any::<bool>(), any::<bool>());
    (template, rows, form).prop_map(|(template, rows, (separator, line_end, bom, blank_lines))| Campaign {
        template,
        rows,
        separator,
        line_end,
        bom,
        blank_lines,
    })
}

/// The rows as transfers of a YAML file: JSON is YAML.
fn as_yaml(campaign: &Campaign) -> Value {
    let transfers = campaign.rows.iter().map(|cells| {
        let mut transfer = campaign.template.clone();
        for (path, value) in cells {
            let Some(value) = value else { continue };
            let mut place = &mut transfer;
            for key in path.split('.') {
                if place.get(key).is_none() {
                    place[key] = Value::Object(Map::new());
                }
                place = &mut place[key];
            }
            *place = value.clone();
        }
        transfer
    });
    json!({ "version": 1, "campaign": "c", "transfers": transfers.collect::<Vec<_>>() })
}

fn as_sheet(campaign: &Campaign) -> (Value, String) {
    let columns: Vec<&str> = campaign.rows[0].keys().copied().collect();
    let named: Map<String, Value> =
        columns.iter().map(|column| ((*column).to_owned(), json!(format!("The {column}")))).collect();
    let job = json!({ "version": 1, "campaign": "c",
        "transfers_from": { "file": "week.csv", "columns": named, "template": campaign.template } });
    let line = |cells: Vec<String>| cells.join(campaign.separator) + campaign.line_end;
    let mut text = if campaign.bom { "\u{FEFF}".to_owned() } else { String::new() };
    text += &line(columns.iter().map(|column| format!("The {column}")).collect());
    for row in &campaign.rows {
        if campaign.blank_lines {
            text += campaign.line_end;
            text += &line(vec![String::new(); columns.len()]);
        }
        text += &line(row.values().map(cell).collect());
    }
    (job, text)
}

fn cell(value: &Option<Value>) -> String {
    let text = match value {
        None => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.contains([',', ';', '\t', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn read(folder: &Path, job: &Value) -> Result<Loaded, Diagnostics> {
    let path = folder.join("job.yaml");
    std::fs::write(&path, job.to_string()).unwrap();
    load(&[path.as_path().into()])
}

fn transfers(loaded: Loaded) -> Vec<Arc<Transfer>> {
    loaded.campaigns.into_iter().flat_map(|campaign| campaign.transfers).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_campaign_means_the_same_in_yaml_and_in_a_sheet(campaign in campaign()) {
        let folder = tempfile::tempdir().unwrap();
        let (job, sheet) = as_sheet(&campaign);
        std::fs::write(folder.path().join("week.csv"), &sheet).unwrap();
        let from_sheet = read(folder.path(), &job).unwrap_or_else(|found| panic!("{found}\n{sheet}"));
        prop_assert_eq!(from_sheet.sheets[0].transfers, campaign.rows.len());
        let from_yaml = read(folder.path(), &as_yaml(&campaign)).unwrap_or_else(|found| panic!("{found}"));
        prop_assert_eq!(transfers(from_sheet), transfers(from_yaml));
    }

    #[test]
    fn any_sheet_is_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        sheet_text::check(&bytes);
    }

    #[test]
    fn any_rows_are_read_or_refused(text in "([A-Z0-9,;\"\n\r\t=#'.E+é\u{A0} -]|\"\"|4000000|\n[0-9]){0,60}") {
        sheet_text::check(format!("WO,Old unit,Old SN\n{text}").as_bytes());
    }

    #[test]
    fn a_row_that_is_read_has_the_digits_of_its_cells(serial in "[0-9,.' \u{A0}eE+-]{1,10}|[1-9][0-9]{0,8}") {
        let loaded = sheet_text::check(format!("WO;Old unit;Old SN\nx;1;{serial}\n").as_bytes());
        if let Some(loaded) = loaded {
            let number = transfers(loaded)[0].source.pinned().unwrap();
            prop_assert_eq!(number.to_string(), serial.trim_matches(' '));
        }
    }
}

#[test]
fn more_than_a_hundred_thousand_rows_are_refused_at_the_first_of_them() {
    let sheet = |rows: u32| {
        let rows = (1..=rows).map(|row| format!("r{row},{row},{}\n", 40_000_000 + row));
        "WO,Old unit,Old SN\n".to_owned() + &rows.collect::<String>()
    };
    let all = sheet_text::check(sheet(247).as_bytes()).expect("as many as there are units");
    assert_eq!(transfers(all).len(), 247);
    let found = sheet_text::load_sheet(sheet(100_001).as_bytes()).unwrap_err();
    let found = found.diagnostics.iter().find(|found| found.code == Code::SheetTooLarge).unwrap();
    let at = found.at.as_ref().unwrap();
    assert!(at.to_string().ends_with("sheet.csv:100002:1"), "{at}");
}
