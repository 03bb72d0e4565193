//! Progress, by a clock that is handed in.

use super::*;
use crate::report::{
    LogSettings, log_subscriber,
    sample::{captured, events, report, result},
};

/// Tells a run of `outcomes`, one ending every `apart`.
fn tell(kind: ProgressKind, outcomes: &[Outcome], apart: Duration) -> String {
    let (sink, text) = captured();
    let results = outcomes.iter().enumerate().map(|(n, outcome)| result(n as u8 + 1, *outcome, "", None));
    let mut progress = Progress::new(kind, sink);
    let mut now = Instant::now();
    for event in events(&report(results)) {
        if matches!(event, Event::Ended(_)) {
            now += apart;
        }
        progress.event_at(&event, now);
    }
    text()
}

#[test]
fn plain_lines_are_at_least_ten_seconds_apart() {
    use Outcome::{Done, Failed};
    let text = tell(ProgressKind::Plain, &[Done, Failed, Done, Done, Done, Done], Duration::from_secs(4));
    assert_eq!(text, "3 of 6: 2 done, 1 not done, 3 left\n");
}

#[test]
fn a_short_run_says_nothing_in_between() {
    assert_eq!(tell(ProgressKind::Plain, &[Outcome::Done; 12], Duration::from_millis(100)), "");
}

#[test]
fn the_end_is_left_to_the_summary() {
    assert_eq!(tell(ProgressKind::Plain, &[Outcome::Done], Duration::from_secs(60)), "");
}

#[test]
fn quiet_is_quiet() {
    assert_eq!(tell(ProgressKind::Quiet, &[Outcome::Done; 12], Duration::from_secs(60)), "");
}

#[test]
fn a_bar_leaves_no_plain_lines_and_is_gone_at_the_end() {
    assert_eq!(tell(ProgressKind::Bar, &[Outcome::Done; 12], Duration::from_secs(60)), "");
}

#[test]
fn where_logs_are_json_progress_is_json_too() {
    let (sink, text) = captured();
    let settings = LogSettings { format: LogFormat::Json, ..LogSettings::default() };
    let subscriber = log_subscriber(&settings, sink).unwrap();
    let plain = tracing::subscriber::with_default(subscriber, || {
        tell(ProgressKind::Logged, &[Outcome::Done; 2], Duration::from_secs(60))
    });
    assert_eq!(plain, "");
    let line: serde_json::Value = serde_json::from_str(&text()).unwrap();
    assert_eq!((&line["done"], &line["total"]), (&1.into(), &2.into()));
}

#[test]
fn the_kind_suits_stderr() {
    use LogFormat::{Human, Json};
    assert_eq!(ProgressKind::choose(false, true, Human), ProgressKind::Bar);
    assert_eq!(ProgressKind::choose(false, false, Human), ProgressKind::Plain);
    assert_eq!(ProgressKind::choose(false, true, Json), ProgressKind::Logged);
    assert_eq!(ProgressKind::choose(true, true, Human), ProgressKind::Quiet);
}
