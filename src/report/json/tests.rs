//! The JSON formats, as a program reads them.

use serde_json::{Value, to_value};

use super::*;
use crate::{
    report::{
        JsonLinesReporter, LogSink, Reporters, Results,
        sample::{captured, events, every_outcome, plan},
    },
    transfer::Outcome,
};

fn run_json() -> Value {
    to_value(Envelope::new(Some("r-1"), 5, run_body(&every_outcome()))).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_envelope_and_the_body_stand_side_by_side() {
    let json = run_json();
    let envelope = ["format_version", "tool_version", "run_id", "exit_code"];
    let body = [
        "counts",
        "elapsed_ms",
        "forecast",
        "stopped",
        "stopped_by",
        "ledger_error",
        "defect",
        "ledger_head",
        "transfers",
    ];
    assert_eq!(keys(&json), [&envelope[..], &body[..]].concat());
    assert_eq!((&json["format_version"], &json["exit_code"]), (&1.into(), &5.into()));
}

#[test]
fn every_outcome_has_a_number_and_they_add_up() {
    let json = run_json();
    let counts = &json["counts"];
    let numbers = Outcome::ALL.map(|outcome| counts[outcome.word()].as_u64().unwrap());
    assert_eq!(numbers, [1; 9]);
    assert_eq!(counts["total"].as_u64(), Some(numbers.iter().sum()));
    assert_eq!(json["transfers"].as_array().unwrap().len(), 9);
}

#[test]
fn every_transfer_has_the_same_keys_whatever_became_of_it() {
    let json = run_json();
    for transfer in json["transfers"].as_array().unwrap() {
        assert_eq!(
            keys(transfer),
            [
                "campaign",
                "id",
                "labels",
                "outcome",
                "reason",
                "hint",
                "code",
                "written_at",
                "source_meter",
                "target_meter",
                "source",
                "target_before",
                "staged",
                "target_after",
                "bound",
                "times",
                "attempts",
                "recorded_by"
            ]
        );
    }
}

#[test]
fn energies_are_exact_and_times_are_rfc_3339() {
    let done = &run_json()["transfers"][0];
    assert_eq!(done["staged"]["real_energy_in"]["value"], "1234567001");
    assert_eq!(done["staged"]["real_energy_in"]["registers"], to_value([7001, 3456, 12, 0]).unwrap());
    let times = done["times"].as_object().unwrap();
    let in_order =
        ["begun", "source_read", "target_before_read", "intended", "committed", "target_after_read"];
    assert_eq!(times.keys().collect::<Vec<_>>(), in_order);
    for (second, time) in times.values().enumerate() {
        assert_eq!(*time, format!("2026-01-01T00:00:0{second}Z"));
    }
    assert_eq!(done["bound"]["by"], "max_load");
    assert_eq!(done["recorded_by"]["operator"], "ana@site");
    assert_eq!(done["recorded_by"]["revision"], Value::Null);
    let unknown = &run_json()["transfers"][6];
    assert_eq!((&unknown["target_after"], &unknown["bound"]), (&Value::Null, &Value::Null));
}

#[test]
fn meters_say_who_they_are_and_who_was_expected() {
    let json = run_json();
    let (asked, not_asked) = (&json["transfers"][0]["source_meter"], &json["transfers"][8]["target_meter"]);
    assert_eq!(
        (&asked["serial_number"], &asked["expected_serial_number"]),
        (&20_344_871.into(), &20_344_871.into())
    );
    assert_eq!((&asked["gateway"], &asked["address"]), (&"plant-a".into(), &"10.20.1.5:502".into()));
    assert_eq!(
        (&not_asked["serial_number"], &not_asked["gateway"]),
        (&Value::Null, &"10.20.4.12:502".into())
    );
}

#[test]
fn json_lines_are_the_same_transfers_and_the_summary_last() {
    let (sink, text) = captured();
    let mut results = Results::new(sink, &LogSink::new(std::io::sink()));
    let report = every_outcome();
    {
        let mut lines = JsonLinesReporter::new(&mut results);
        let mut reporters = Reporters::new().with(|event| lines.event(event));
        events(&report).iter().for_each(|event| reporters.tell(event));
    }
    results.print(&json_line(&RunLine::Summary(Envelope::new(Some("r-1"), 5, RunSummary::from(&report)))));
    let mut lines: Vec<Value> = text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.pop().unwrap();
    assert_eq!((&summary["type"], &summary["counts"]["total"]), (&"summary".into(), &9.into()));
    for line in &mut lines {
        assert_eq!(line.as_object_mut().unwrap().remove("type"), Some("transfer".into()));
    }
    assert_eq!(Value::from(lines), run_json()["transfers"]);
}

#[test]
fn a_plan_counts_every_word_and_carries_verdicts() {
    let json = to_value(Envelope::new(None, 0, plan_body(&plan()))).unwrap();
    let counts = keys(&json["counts"]);
    assert_eq!(
        counts,
        [
            "transfer",
            "nothing",
            "settle",
            "wait",
            "mismatch",
            "unknown",
            "refuse",
            "not_reach",
            "fail",
            "not_looked",
            "total"
        ]
    );
    assert_eq!((&json["run_id"], &json["counts"]["total"]), (&Value::Null, &3.into()));
    let refused = &json["transfers"][1];
    assert_eq!((&refused["would"], &refused["staged"]), (&"refuse".into(), &Value::Null));
    assert_eq!(refused["verdicts"][4]["guard"], "target_energy");
    assert_eq!(refused["verdicts"][4]["passed"], false);
    let unproved = refused["target_meter"]["unproved"].as_str().unwrap();
    assert!(unproved.starts_with("exception 0x02"), "{unproved}");
}

#[test]
fn a_line_is_one_line_and_a_text_ends_with_one() {
    let plan = plan();
    let envelope = Envelope::new(None, 0, plan_body(&plan));
    assert_eq!(json_line(&envelope).matches('\n').count(), 1);
    let text = json_text(&envelope);
    assert!(text.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), to_value(&envelope).unwrap());
}
