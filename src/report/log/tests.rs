//! Log lines, as people and programs read them.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::{
    report::sample::{captured, events, every_outcome},
    run::{Capacity, Event},
};

fn logged(format: LogFormat, filter: &str, tell: impl FnOnce(&mut LogReporter)) -> String {
    let (sink, text) = captured();
    let settings = LogSettings { format, filter: Some(filter.to_owned()), colour: false };
    let subscriber = log_subscriber(&settings, sink).unwrap();
    tracing::subscriber::with_default(subscriber, || tell(&mut LogReporter::new()));
    text()
}

fn all(reporter: &mut LogReporter) {
    events(&every_outcome()).iter().for_each(|event| reporter.event(event));
}

/// Lines without their times, which are as long as `2026-01-01 00:00:00 `.
fn human(filter: &str) -> Vec<String> {
    logged(LogFormat::Human, filter, all).lines().map(|line| line[20..].to_owned()).collect()
}

fn json(filter: &str) -> Vec<Value> {
    logged(LogFormat::Json, filter, all).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn at_info_a_transfer_is_one_line_and_a_retry_another() {
    insta::assert_snapshot!(human("").join("\n"), @r#"
    INFO  9 transfers behind 2 gateways, 8 at a time
    INFO  feeder-1: done, real energy in 0.012 → 1,234,567.001 kWh
    INFO  feeder-2: already done: done on 2026-01-01
    INFO  feeder-3: waiting: the source is captured; the replacement is not there yet
    WARN  feeder-4: failed: another master wrote into the buffer
    WARN  feeder-5: refused: the target has already counted 2.500 kVAh of apparent energy total; the job does not say what to do with it
    WARN  feeder-6: try 2 follows in 500 ms: no answer within 2000 ms
    WARN  feeder-6: unreachable: state identify: no connection to the gateway: connection refused
    ERROR feeder-7: unknown: the reading fits neither
    ERROR feeder-8: mismatch: the target does not hold what was staged
    INFO  feeder-9: not run: not begun: the run was stopped
    INFO  over after 3.2 s: 1 done, 1 already done, 1 waiting, 1 failed, 1 refused, 1 unreachable, 1 unknown, 1 mismatch, 1 not run
    "#);
}

#[test]
fn limits_are_told_at_debug_and_warned_of_where_descriptors_are_short() {
    let began = |capacity| Event::RunBegan {
        run: "r-1".into(),
        transfers: 9,
        gateways: 40,
        capacity,
        deadline: None,
    };
    let lines = |connections| {
        let capacity = Capacity { parallel: 10, parallel_asked: 120, connections, gateways: 40 };
        logged(LogFormat::Human, "debug", |reporter| reporter.event(&began(capacity)))
    };
    assert_eq!(lines(40).lines().count(), 2);
    let text: Vec<_> = lines(20).lines().map(|line| line[20..].to_owned()).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    INFO  9 transfers behind 40 gateways, 10 at a time
    DEBUG at a time: 10 transfers, 3 of them at a gateway, 8 bound for it; 20 connections for 40 gateways; 1024 messages
    WARN  only 20 connections can be open at a time for 40 gateways: idle ones are closed to make room, and 10 transfers are worked on at a time where 120 could be
    "#);
}

#[test]
fn a_gateway_that_is_down_has_a_line_and_its_name_in_a_field() {
    let results = every_outcome().results;
    let source = results[0].transfer.source.endpoint().unwrap();
    let event = Event::GatewayDown {
        gateway: Arc::clone(&source.gateway),
        tries: 2,
        delay: std::time::Duration::from_secs(1),
        reason: "connection refused".to_owned(),
    };
    let human = logged(LogFormat::Human, "", |reporter| reporter.event(&event));
    insta::assert_snapshot!(&human[20..], @"WARN  no connection to plant-a (10.20.1.5:502); try 3 follows in 1.0 s: connection refused");
    let json: Value =
        serde_json::from_str(&logged(LogFormat::Json, "", |reporter| reporter.event(&event))).unwrap();
    assert_eq!(json["gateway"], "plant-a");
}

#[test]
fn at_debug_facts_are_told_in_words_of_the_field() {
    let lines = human("debug");
    assert!(
        lines.contains(&"DEBUG feeder-1: source read: real energy in 1,234,567.000 kWh".to_owned()),
        "{lines:#?}"
    );
    assert_eq!(lines.len(), human("info").len() + 10, "one fact a transfer, and the limits");
}

#[test]
fn a_fact_has_its_place_at_top_level() {
    let lines = json("debug");
    let fact = lines.iter().find(|line| line["step"] == "read source").unwrap();
    let fields = ["level", "run_id", "campaign", "transfer", "gateway", "unit", "step", "attempt", "target"];
    let values = fields.map(|field| fact[field].to_string());
    assert_eq!(
        values,
        [
            "\"DEBUG\"",
            "\"r-1\"",
            "\"north-campus\"",
            "\"feeder-1\"",
            "\"plant-a\"",
            "1",
            "\"read source\"",
            "1",
            "\"meterferry::run\""
        ]
    );
    fact["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert!(fact.get("outcome").is_none() && fact.get("error").is_none(), "absent where they do not apply");
}

#[test]
fn every_outcome_is_logged_with_its_level_and_its_error() {
    let ends: Vec<Value> = json("info").into_iter().filter(|line| line.get("outcome").is_some()).collect();
    let of = |line: &Value| {
        let text = |field: &str| line[field].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {}",
            text("outcome"),
            text("level"),
            if line.get("error").is_some() { "error" } else { "-" }
        )
    };
    assert_eq!(
        ends.iter().map(of).collect::<Vec<_>>(),
        [
            "done INFO -",
            "already_done INFO -",
            "waiting INFO error",
            "failed WARN error",
            "refused WARN error",
            "unreachable WARN error",
            "unknown ERROR error",
            "mismatch ERROR error",
            "not_run INFO error",
        ]
    );
}

#[test]
fn other_log_lines_keep_their_fields() {
    let text = logged(LogFormat::Human, "info", |_| tracing::warn!(registers = 28, "slow\x1b[2J"));
    assert!(text.ends_with("WARN  slow\\u{1b}[2J registers=28\n"), "{text}");
}

#[test]
fn a_filter_that_cannot_be_read_is_an_error_that_names_it() {
    let settings = LogSettings { filter: Some("meterferry=loud".to_owned()), ..LogSettings::default() };
    let error = log_subscriber(&settings, captured().0).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("meterferry=loud") && error.contains("METERFERRY_LOG"), "{error}");
}

#[test]
fn a_deadline_is_said_at_the_beginning_and_why_a_run_stops_when_it_does() {
    use crate::run::StopReason;

    let deadline: jiff::Zoned = "2026-06-02T05:30:00+02:00[Europe/Berlin]".parse().unwrap();
    let text = logged(LogFormat::Human, "", |reporter| {
        let began = Some(deadline.clone());
        reporter.event(&Event::RunBegan {
            run: "r".into(),
            transfers: 1,
            gateways: 1,
            capacity: Capacity { parallel: 1, parallel_asked: 1, connections: 9, gateways: 1 },
            deadline: began,
        });
        for (reason, now) in
            [(StopReason::Deadline(deadline), false), (StopReason::Signal, false), (StopReason::Signal, true)]
        {
            reporter.event(&Event::Stopping { reason: reason.into(), now });
        }
    });
    let lines: Vec<_> = text.lines().map(|line| &line[20..]).collect();
    assert_eq!(
        lines,
        [
            "INFO  1 transfer behind 1 gateway, 1 at a time; nothing begins after Tue 2026-06-02 05:30:00 +02:00",
            "WARN  stopping: the deadline, Tue 2026-06-02 05:30:00 +02:00, has passed; nothing new is begun, open intents are settled",
            "WARN  stopping: nothing new is begun, open intents are settled; once more to stop at once",
            "WARN  stopping at once",
        ]
    );
}
