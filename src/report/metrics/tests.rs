//! The metrics file, as the collector and the next run read it.

use super::*;
use crate::{
    ledger::Kind,
    report::{
        LogSettings, log_subscriber,
        sample::{captured, events, every_outcome, gateway_pulse, transfer},
    },
    run::RunReport,
};

const REAL: &str = Kind::Real.word();

fn told(metrics: &mut MetricsFile, report: &RunReport) {
    metrics.selected(report.results.iter().map(|result| (result.transfer.key.clone(), Outcome::NotRun)));
    events(report).iter().for_each(|event| metrics.event(event));
    let gateways =
        vec![gateway_pulse("plant-a", 1, 2, 0, &[50, 50, 0], 0), gateway_pulse("b", 1, 0, 6, &[40], 66)];
    metrics.event(&Event::Pulse(Arc::new(Pulse::of(gateways, 3, 8))));
}

/// The value of a sample, by its name and what must stand in its labels.
#[track_caller]
fn value(text: &str, name: &str, label: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
    let line = line.unwrap_or_else(|| panic!("no {name} with {label} in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_outcome_has_a_sample_and_the_wires_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("north.prom");
    let mut metrics = MetricsFile::create(&path, REAL).unwrap();
    assert_eq!(value(&read(&path), "meterferry_run_running", ""), 1.0);
    told(&mut metrics, &every_outcome());
    metrics.end(5);
    let text = read(&path);
    for outcome in Outcome::ALL {
        let word = format!("outcome=\"{}\"", outcome.word());
        assert_eq!(value(&text, "meterferry_transfers", &word), 1.0, "{outcome}");
    }
    let campaign = "campaign=\"north-campus\"";
    for (name, expected) in [
        ("meterferry_transfers_selected", 9.0),
        ("meterferry_run_running", 0.0),
        ("meterferry_run_exit_code", 5.0),
        ("meterferry_last_success_timestamp_seconds", 0.0),
        ("meterferry_requests_total", 4.0),
        ("meterferry_connections_opened_total", 2.0),
        ("meterferry_retries_total", 3.0),
        ("meterferry_forecast_left_seconds", 0.0),
        ("meterferry_wire_seconds_total", 1.16),
    ] {
        assert_eq!(value(&text, name, campaign), expected, "{name}");
    }
    assert_eq!(value(&text, "meterferry_request_failures_total", "cause=\"no_answer\""), 1.0);
    assert_eq!(value(&text, "meterferry_request_failures_total", "cause=\"nonsense\""), 0.0);
}

#[test]
fn the_text_is_what_the_collector_takes() {
    let state = State { meters: REAL, ..State::default() };
    let text = text::of(&state);
    let mut typed = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            typed = rest.split_once(' ').map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        } else if !line.starts_with('#') {
            let (name, kind) = typed.as_ref().unwrap();
            assert!(line.starts_with(&format!("{name}{{")), "{line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
        }
    }
    assert!(text.ends_with('\n'));
}

#[test]
fn a_run_that_fails_early_forgets_neither_the_last_success_nor_who_must_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("north.prom");
    let mut metrics = MetricsFile::create(&path, REAL).unwrap();
    told(&mut metrics, &every_outcome());
    metrics.end(0);
    let succeeded = value(&read(&path), "meterferry_last_success_timestamp_seconds", "north-campus");
    assert!(succeeded > 1.7e9, "{succeeded}");
    MetricsFile::create(&path, REAL).unwrap().end(65);
    let text = read(&path);
    assert_eq!(value(&text, "meterferry_last_success_timestamp_seconds", "north-campus"), succeeded);
    assert_eq!(value(&text, "meterferry_transfers", "outcome=\"unknown\""), 1.0);
    assert_eq!(value(&text, "meterferry_run_exit_code", "north-campus"), 65.0);
}

#[test]
fn while_a_run_is_under_way_a_transfer_counts_as_it_stood_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("north.prom");
    let mut metrics = MetricsFile::create(&path, REAL).unwrap();
    metrics
        .selected([(transfer(1).key.clone(), Outcome::Unknown), (transfer(2).key.clone(), Outcome::NotRun)]);
    drop(metrics);
    let text = read(&path);
    assert_eq!(value(&text, "meterferry_transfers", "outcome=\"unknown\""), 1.0);
    assert_eq!(value(&text, "meterferry_transfers", "outcome=\"not_run\""), 1.0);
    assert_eq!(value(&text, "meterferry_run_exit_code", ""), 1.0, "nobody said how it ended");
}

#[test]
fn what_is_no_metrics_file_of_these_meters_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("north.prom");
    std::fs::write(&path, "my notes\n").unwrap();
    let error = MetricsFile::create(&path, REAL).err().unwrap().to_string();
    assert!(error.contains("something else"), "{error}");
    assert_eq!(read(&path), "my notes\n");
    std::fs::remove_file(&path).unwrap();
    MetricsFile::create(&path, REAL).unwrap().end(0);
    let error = MetricsFile::create(&path, Kind::Simulated.word()).err().unwrap().to_string();
    assert!(error.contains("real meters"), "{error}");
    assert!(MetricsFile::create(folder.path(), REAL).is_err());
    assert!(MetricsFile::create(&folder.path().join("missing/x.prom"), REAL).is_err());
}

#[cfg(unix)]
#[test]
fn the_file_is_readable_for_all_and_nothing_else_is_left() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("north.prom");
    MetricsFile::create(&path, REAL).unwrap().end(0);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_write_that_fails_later_stops_nothing_and_leaves_the_last_file_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub/north.prom");
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let mut metrics = MetricsFile::create(&path, REAL).unwrap();
    std::fs::rename(folder.path().join("sub"), folder.path().join("gone")).unwrap();
    told(&mut metrics, &every_outcome());
    metrics.end(0);
    assert!(value(&read(&folder.path().join("gone/north.prom")), "meterferry_run_running", "") == 1.0);
}

#[test]
fn a_write_that_fails_is_told_once() {
    let (sink, text) = captured();
    let subscriber = log_subscriber(&LogSettings::default(), sink).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        let mut complained = false;
        for _ in 0..3 {
            file::try_to_write(Path::new("/nonexistent/x.prom"), "", &mut complained);
        }
    });
    assert_eq!(text().matches("could not be written").count(), 1, "{}", text());
}
