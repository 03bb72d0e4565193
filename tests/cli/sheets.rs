//! Spreadsheets in and out: rows that become transfers, and `export`, held against what the simulated meters hold.

use std::{collections::HashMap, fs};

use meterferry::simulator::{Fault, When};

use crate::{
    bench::{Bench, assert_all, transfer},
    job::{OPTIONS, single, single_with},
    meters::{COUNTED, Meters, SOURCE, TARGET, source, target},
};

const QUANTITIES: [&str; 7] = [
    "real_energy_in_Wh",
    "reactive_energy_in_VARh",
    "real_energy_out_Wh",
    "reactive_energy_out_VARh",
    "real_energy_total_Wh",
    "reactive_energy_total_VARh",
    "apparent_energy_total_VAh",
];

type Row = HashMap<String, String>;

/// A sheet as another program reads it.
#[track_caller]
fn rows(text: &str, separator: u8) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// The job `single`, with its transfer in a sheet.
fn sheet_job(bench: &Bench) -> String {
    bench.write(
        "week.csv",
        "WO;Note;Old unit;Old SN;New unit;New SN\r\n4711;\"-; \"\"x\"\"\";1;40000001;2;11000002\r\n",
    );
    let columns = "{ id: WO, labels.note: Note, source.unit: Old unit, source.serial_number: Old SN, \
                   target.unit: New unit, target.serial_number: New SN }";
    let template =
        "{ source: { model: CM4000, host: 192.0.2.1 }, target: { model: PM800, host: 192.0.2.1 } }";
    let text =
        format!("{OPTIONS}transfers_from: {{ file: week.csv, columns: {columns}, template: {template} }}\n");
    bench.write("job.yaml", &text)
}

#[track_caller]
fn export(bench: &Bench, job: &str, code: i32, further: &[&str]) -> String {
    let state = bench.at("ledger");
    bench.run(&[&["export", job, "--state-dir", &state, "--to", "-"], further].concat()).exits(code).stdout
}

/// All seven, as the sheet has them.
fn energies(row: &Row, of: &str) -> Vec<i64> {
    QUANTITIES.iter().map(|quantity| row[&format!("{of}_{quantity}")].parse().unwrap()).collect()
}

#[test]
fn a_row_of_a_sheet_is_carried_once_and_comes_back_in_the_export() {
    let bench = Bench::new();
    let job = sheet_job(&bench);
    let meters = Meters::new(&bench);
    let by = ["--operator", "Ana Ruíz", "--revision", "@r7"];
    assert_all(&bench.on_map("run", &job, &by).exits(0).json(), "done", 1);
    meters.assert_carried_once();

    let [row] = &rows(&export(&bench, &job, 0, &["--separator", ";"]), b';')[..] else { panic!("one row") };
    assert_eq!((&*row["campaign"], &*row["id"], &*row["outcome"]), ("test", "4711", "already_done"));
    assert_eq!(row["labels.note"], "'-; \"x\"", "no formula");
    assert_eq!((&*row["source_serial_number"], &*row["target_serial_number"]), ("40000001", "11000002"));
    assert_eq!(
        (&*row["source_place"], &*row["target_place"]),
        ("192.0.2.1:502 unit 1", "192.0.2.1:502 unit 2")
    );
    assert_eq!(energies(row, "old_final"), meters.gateway.energies(SOURCE));
    for of in ["new_initial", "new_verified"] {
        assert_eq!(energies(row, of), meters.gateway.energies(TARGET), "{of}");
    }
    assert_eq!(row["new_initial_real_energy_in_kWh"], "1234.567");
    assert_eq!((&*row["attempts"], &*row["ruled_by"], &*row["ledger"]), ("1", "", "simulated"));
    assert_eq!((&*row["operator"], &*row["revision"]), ("Ana Ruíz", "'@r7"));

    let state = bench.at("ledger");
    let status = bench.run(&["status", &job, "--state-dir", &state, "--format", "json"]).exits(0).json();
    let times = &transfer(&status, "4711")["times"];
    assert_eq!(row["do_not_book_from"], *times["source_read"].as_str().unwrap());
    assert_eq!(row["do_not_book_until"], *times["target_after_read"].as_str().unwrap());
    let time = |name: &str| row[name].parse::<jiff::Timestamp>().unwrap();
    assert!(time("do_not_book_from") < time("do_not_book_until"));
}

#[test]
fn a_sheet_that_a_spreadsheet_damaged_is_65_and_no_meter_is_touched() {
    let bench = Bench::new();
    let job = sheet_job(&bench);
    let meters = Meters::new(&bench);
    let text = fs::read_to_string(bench.path("week.csv")).unwrap();
    bench.write("week.csv", &text.replace("11000002", "1.1E+07"));
    let ended = bench.on_map("run", &job, &[]).exits(65);
    assert!(ended.stderr.contains("week.csv:2:") && ended.stderr.contains("New SN"), "{}", ended.stderr);
    meters.assert_untouched();
}

#[test]
fn validate_says_how_many_transfers_came_from_which_sheet() {
    let bench = Bench::new();
    let job = sheet_job(&bench);
    let said = bench.run(&["validate", &job]).exits(0).stdout;
    let sheet = bench.at("week.csv");
    assert!(said.contains(&format!("1 transfer from {sheet}")), "{said}");
    let json = bench.run(&["validate", &job, "--format", "json"]).exits(0).json();
    assert_eq!(json["sheets"], serde_json::json!([{ "file": sheet, "transfers": 1 }]));
}

#[test]
fn what_is_not_done_has_no_time_that_is_over() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &single());
    bench.run(&["ledger", "init", "--simulated", "--state-dir", &bench.at("ledger")]).exits(0);
    let row = |code| rows(&export(&bench, &job, code, &[]), b',').remove(0);
    let window = |row: &Row| (row["do_not_book_from"].is_empty(), row["do_not_book_until"].is_empty());

    let fresh = row(9);
    assert_eq!((&*fresh["outcome"], &*fresh["attempts"], window(&fresh)), ("not_run", "0", (true, true)));
    assert_eq!(fresh["source_serial_number"], "40000001", "as the job says");

    // The target has counted: refused, and nothing is written.
    let meters = Meters::of(&bench, source(), target().with_energies([5_000; 7]));
    bench.on_map("run", &job, &[]).exits(6);
    let refused = row(6);
    assert_eq!(
        (&*refused["outcome"], &*refused["attempts"], window(&refused)),
        ("refused", "1", (true, true))
    );
    assert_eq!(refused["new_initial_real_energy_in_Wh"], "");
    meters.assert_untouched();
}

#[test]
fn where_the_new_meter_had_counted_its_first_reading_is_the_sum_it_holds() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &single_with("target_energy: add"));
    let meters = Meters::of(&bench, source(), target().with_energies([5_000, 10, 0, 0, 5_000, 10, 5_100]));
    bench.on_map("run", &job, &[]).exits(0);
    let row = rows(&export(&bench, &job, 0, &[]), b',').remove(0);
    assert_eq!(energies(&row, "old_final"), meters.gateway.energies(SOURCE));
    assert_eq!(energies(&row, "new_initial"), meters.gateway.energies(TARGET));
    assert_ne!(energies(&row, "new_initial"), energies(&row, "old_final"));
}

#[test]
fn what_is_unknown_stays_open_until_a_person_rules() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &single());
    let meters = Meters::new(&bench);
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowResponse);
    meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
    bench.on_map("run", &job, &[]).exits(5);
    let row = |code| rows(&export(&bench, &job, code, &[]), b',').remove(0);
    let open = row(5);
    assert_eq!((&*open["outcome"], &*open["ruled_by"]), ("unknown", ""));
    assert!(!open["do_not_book_from"].is_empty(), "the new meter may have jumped");
    assert!(open["do_not_book_until"].is_empty(), "nobody knows yet");
    assert_eq!(energies(&open, "new_initial"), COUNTED);

    let state = bench.at("ledger");
    let ruling = ["--id", "only", "--as", "accepted", "--reason", "seen", "--operator", "=ana"];
    bench.run(&[&["resolve", &job, "--state-dir", &state], &ruling[..]].concat()).exits(0);
    let ruled = row(0);
    assert_eq!((&*ruled["ruled_by"], &*ruled["outcome"]), ("'=ana", "already_done"));
    assert!(ruled["do_not_book_until"] > ruled["do_not_book_from"]);
}

#[test]
fn a_mismatch_has_no_verified_reading_and_no_end() {
    let bench = Bench::new();
    let job = bench.write("job.yaml", &single());
    let meters = Meters::new(&bench);
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowRequest);
    meters.gateway.inject(TARGET, When::fence().always(), Fault::SwallowRequest);
    bench.on_map("run", &job, &[]).exits(5);
    meters.gateway.clear_faults(TARGET);
    let state = bench.at("ledger");
    let mistake = ["--id", "only", "--as", "committed", "--reason", "a mistake", "--operator", "ana"];
    bench.run(&[&["resolve", &job, "--state-dir", &state], &mistake[..]].concat()).exits(0);
    bench.on_map("run", &job, &[]).exits(8);
    let row = rows(&export(&bench, &job, 8, &[]), b',').remove(0);
    assert_eq!((&*row["outcome"], &*row["ruled_by"], &*row["attempts"]), ("mismatch", "ana", "2"));
    assert_eq!((&*row["do_not_book_until"], &*row["new_verified_real_energy_in_Wh"]), ("", ""));
    assert!(!row["do_not_book_from"].is_empty());
}

#[test]
fn an_export_replaces_only_an_export() {
    let bench = Bench::new();
    let job = sheet_job(&bench);
    let state = bench.at("ledger");
    let _meters = Meters::new(&bench);
    bench.on_map("run", &job, &[]).exits(0);
    let to = bench.at("report.csv");
    let run = |to: &str, further: &[&str]| {
        bench.run(&[&["export", &job, "--state-dir", &state, "--to", to], further].concat())
    };
    assert_eq!(run(&to, &[]).exits(0).stdout, "");
    assert_eq!(
        rows(&fs::read_to_string(&to).unwrap(), b',')[0]["new_initial_real_energy_in_Wh"],
        COUNTED[0].to_string()
    );
    run(&to, &["--separator", "tab"]).exits(0);
    assert_eq!(rows(&fs::read_to_string(&to).unwrap(), b'\t').len(), 1);

    let sheet = bench.at("week.csv");
    let before = fs::read(&sheet).unwrap();
    let ended = run(&sheet, &[]).exits(64);
    assert!(ended.stderr.contains("no earlier file of this command"), "{}", ended.stderr);
    assert_eq!(fs::read(&sheet).unwrap(), before);
    run(&bench.at("no/such/folder.csv"), &[]).exits(66);
    run(&to, &["--only", "id=other"]).exits(4);
    run(&to, &["--separator", "|"]).exits(64);
    bench.run(&["export", &job, "--state-dir", &bench.at("none"), "--to", "-"]).exits(74);
}
