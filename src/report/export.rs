//! The state of a campaign as a spreadsheet: one row a transfer, for the people who keep the list of meters and for billing
//! and energy management. The only file that knows the CSV writer. Pure: rows in, text out.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use csv::WriterBuilder;
use jiff::Timestamp;

use crate::{
    campaign::{Endpoint, Source},
    meter::{Quantity, Readings},
    run::TransferResult,
    transfer::{Fact, History, Outcome, Phase, Recorded, Resolution},
};

/// A column that only an export has: it tells an export from other sheets.
const MARK: &str = "do_not_book_from";

/// One transfer of the sheet.
#[derive(Debug, Clone)]
pub struct ExportRow {
    /// What is known of it.
    pub result: Arc<TransferResult>,
    /// When the old meter's final reading was taken, if its successor was set to it, or may have been.
    pub do_not_book_from: Option<Timestamp>,
    /// When the new meter was verified, or accepted by a person. Nothing as long as that is open.
    pub do_not_book_until: Option<Timestamp>,
    /// How often a run took it up.
    pub attempts: usize,
    /// Who ruled on it last, if a person had to.
    pub ruled_by: Option<String>,
}

impl ExportRow {
    /// The row of a transfer with this record.
    pub fn new(result: TransferResult, history: &History, facts: &[Recorded]) -> Self {
        let ruling = facts.iter().rev().find_map(|recorded| match &recorded.fact {
            Fact::Resolved { decision, operator, .. } => Some((*decision, operator.clone(), recorded.at)),
            _ => None,
        });
        let accepted = match ruling {
            Some((Resolution::Accepted, _, at)) => Some(at),
            _ => None,
        };
        let from = begin(&result, history);
        let until = match history.phase() {
            Phase::Done => result.times.verified.max(accepted),
            // Set back: from then on it counts as if it had never been set.
            Phase::Undone => history.at,
            _ => None,
        };
        Self {
            do_not_book_from: from,
            do_not_book_until: until.filter(|_| from.is_some()),
            attempts: facts.iter().filter(|recorded| matches!(recorded.fact, Fact::Began(_))).count(),
            ruled_by: ruling.map(|(_, operator, _)| operator),
            result: Arc::new(result),
        }
    }
}

/// When the final reading was taken that the new meter was set to, or may have been set to.
fn begin(result: &TransferResult, history: &History) -> Option<Timestamp> {
    match (history.phase(), result.outcome) {
        // A command that was taken for lost may have come late.
        (Phase::Idle, Outcome::Unknown) => {
            history.closed_intents.first().map(|closed| closed.intent.source.at)
        }
        (Phase::Idle, _) => None,
        _ => result.times.source_read,
    }
}

/// Whether a text is the beginning of what [`export_text`] gives, with any separator.
pub fn is_export(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with("campaign") && first.contains(MARK)
}

/// The sheet: a header and a row a transfer, every line ended. Energies are plain decimal text in the unit that the
/// header names; times are RFC 3339, UTC. `ledger` says of which meters the record is: real or simulated.
pub fn export_text(rows: &[ExportRow], ledger: &str, separator: u8) -> String {
    let labels: BTreeSet<&str> =
        rows.iter().flat_map(|row| row.result.transfer.labels.keys().map(String::as_str)).collect();
    let mut writer = WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let mut write =
        |cells: Vec<String>| writer.write_record(&cells).expect("memory takes rows of one length");
    write(header(&labels));
    rows.iter().for_each(|row| write(cells(row, &labels, ledger)));
    let bytes = writer.into_inner().expect("memory can be flushed");
    String::from_utf8(bytes).expect("text and separators are UTF-8")
}

fn header(labels: &BTreeSet<&str>) -> Vec<String> {
    let mut all = vec!["campaign".to_owned(), "id".to_owned()];
    all.extend(labels.iter().map(|label| format!("labels.{label}")));
    let plain = [
        "outcome",
        "reason",
        "source_model",
        "source_serial_number",
        "source_place",
        "target_model",
        "target_serial_number",
        "target_place",
    ];
    all.extend(plain.map(str::to_owned));
    for of in ["old_final", "new_initial", "new_verified"] {
        let exact = |quantity: Quantity| format!("{of}_{}_{}", quantity.key(), quantity.unit());
        all.extend(Quantity::ALL.map(exact));
        all.push(format!("{of}_{}_kWh", Quantity::RealEnergyIn.key()));
    }
    let last = [MARK, "do_not_book_until", "attempts", "operator", "revision", "ruled_by", "ledger"];
    all.extend(last.map(str::to_owned));
    all
}

fn cells(row: &ExportRow, labels: &BTreeSet<&str>, ledger: &str) -> Vec<String> {
    let ExportRow { result, do_not_book_from, do_not_book_until, attempts, ruled_by } = row;
    let transfer = &result.transfer;
    let author = result.recorded_by.as_ref().map(|by| &by.author);
    let text = |text: &str| harmless(text).into_owned();
    let time = |time: &Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    let serial = |answered: Option<u32>, pinned: Option<u32>| {
        answered.or(pinned).map_or_else(String::new, |number| number.to_string())
    };
    let mut all = vec![text(&transfer.key.campaign), text(&transfer.key.id)];
    all.extend(
        labels.iter().map(|label| transfer.labels.get(*label).map_or_else(String::new, |value| text(value))),
    );
    all.extend([
        text(result.outcome.word()),
        text(&result.reason),
        text(transfer.source.model().name()),
        serial(result.source_serial, transfer.source.pinned()),
        text(&source_place(&transfer.source)),
        text(transfer.target.model.name()),
        serial(result.target_serial, transfer.target.serial_number.pinned()),
        text(&place(&transfer.target)),
    ]);
    // What did not verify is no verified reading: the record has it, not the people who bill.
    let verified = result.target_after.as_ref().filter(|_| do_not_book_until.is_some());
    for readings in [result.source.as_ref(), result.staged.as_ref(), verified] {
        all.extend(energies(readings));
    }
    all.extend([
        time(do_not_book_from),
        time(do_not_book_until),
        attempts.to_string(),
        text(author.and_then(|author| author.operator.as_deref()).unwrap_or_default()),
        text(author.and_then(|author| author.revision.as_deref()).unwrap_or_default()),
        text(ruled_by.as_deref().unwrap_or_default()),
        text(ledger),
    ]);
    all
}

fn place(meter: &Endpoint) -> String {
    format!("{} unit {}", meter.gateway, meter.unit)
}

fn source_place(source: &Source) -> String {
    source.endpoint().map_or_else(|| "readings typed in the job".to_owned(), place)
}

/// The seven in their base units, and real energy in once more in kWh.
fn energies(readings: Option<&Readings>) -> [String; 8] {
    let Some(readings) = readings else { return Default::default() };
    let mut all: [String; 8] = Default::default();
    for quantity in Quantity::ALL {
        all[quantity.index()] = readings.energy(quantity).to_string();
    }
    let real = readings.energy(Quantity::RealEnergyIn);
    let sign = if real < 0 { "-" } else { "" };
    all[7] = format!("{sign}{}.{:03}", real.unsigned_abs() / 1000, real.unsigned_abs() % 1000);
    all
}

/// A text that no spreadsheet program takes for a formula: an apostrophe in front marks it as text.
fn harmless(text: &str) -> Cow<'_, str> {
    const BEGIN_A_FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    if text.starts_with(BEGIN_A_FORMULA) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;
    use crate::report::sample::{every_outcome, readings, time, written};

    /// Each row by the names of its columns, as a CSV reader sees it.
    fn read(text: &str, separator: u8) -> Vec<HashMap<String, String>> {
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
        reader.deserialize().map(|row| row.unwrap()).collect()
    }

    fn row(result: TransferResult) -> ExportRow {
        let (from, until) = (result.times.source_read, result.times.verified);
        ExportRow {
            result: Arc::new(result),
            do_not_book_from: from,
            do_not_book_until: until,
            attempts: 1,
            ruled_by: None,
        }
    }

    #[test]
    fn every_transfer_is_a_row_and_energies_are_plain_digits() {
        let report = every_outcome();
        let rows: Vec<_> = report.results.iter().map(|result| row((**result).clone())).collect();
        for separator in [b',', b';', b'\t'] {
            let text = export_text(&rows, "real", separator);
            assert!(is_export(&text));
            let read = read(&text, separator);
            assert_eq!(read.len(), 9);
            let done = &read[0];
            let is = |column: &str, value: &str| assert_eq!(done[column], value, "{column}");
            is("campaign", "north-campus");
            is("labels.building", "B7");
            is("outcome", "done");
            is("source_serial_number", "20344871");
            is("target_place", "10.20.4.12:502 unit 1");
            is("old_final_real_energy_in_Wh", "1234567001");
            is("old_final_real_energy_in_kWh", "1234567.001");
            is("new_initial_apparent_energy_total_VAh", "1234567078");
            is("new_verified_real_energy_in_Wh", "1234567013");
            is("do_not_book_from", &time(1).to_string());
            is("do_not_book_until", &time(5).to_string());
            is("operator", "ana@site");
            is("revision", "");
            is("ledger", "real");
            assert_eq!(read[8]["old_final_real_energy_in_Wh"], "");
        }
    }

    #[test]
    fn negative_energies_stay_numbers_and_texts_are_no_formulas() {
        let mut result = written(1, Outcome::Done, "=cmd|' /C calc'!A0", Some("x"));
        result.source = Some(readings(-1_234));
        let transfer = Arc::make_mut(&mut result.transfer);
        let labels =
            [("a", "+49 30"), ("b", "-"), ("c", "@x"), ("d", "plain = text"), ("e", "\t=1"), ("f", "1,5;\"")];
        transfer.labels = labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>();
        let read = &read(&export_text(&[row(result)], "real", b','), b',')[0];
        assert_eq!(read["old_final_real_energy_in_Wh"], "-1234");
        assert_eq!(read["old_final_real_energy_in_kWh"], "-1.234");
        assert_eq!(read["reason"], "'=cmd|' /C calc'!A0");
        for (name, value) in [
            ("a", "'+49 30"),
            ("b", "'-"),
            ("c", "'@x"),
            ("d", "plain = text"),
            ("e", "'\t=1"),
            ("f", "1,5;\""),
        ] {
            assert_eq!(read[&format!("labels.{name}")], value);
        }
    }

    #[test]
    fn another_sheet_is_no_export() {
        assert!(!is_export("WO;Old SN;New SN\n"));
        assert!(!is_export("campaign,id,outcome\n"));
        assert!(!is_export(""));
    }
}
