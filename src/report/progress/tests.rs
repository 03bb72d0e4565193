//! Progress, by a clock that is handed in.

use super::{
    screen::{Size, screen},
    *,
};
use crate::{
    report::{
        LogSettings, log_subscriber,
        sample::{captured, events, gateway_pulse, report, result},
    },
    run::GatewayPulse,
    transfer::Outcome,
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

/// Gateways of different speed and luck, and many that nobody has asked yet.
fn pulse(gateways: usize) -> Arc<Pulse> {
    let mut all = vec![
        gateway_pulse("plant-a", 3, 0, 17, &[50; 33], 187),
        gateway_pulse("10.20.4.12:502", 1, 1, 1, &[50, 50, 0, 0, 0], 8),
        gateway_pulse("a-very-long-name-of-a-gateway-in-the-basement", 0, 0, 2, &[0, 0], 22),
        gateway_pulse("finished", 5, 0, 0, &[50; 55], 0),
    ];
    all.extend((all.len()..gateways).map(|n| gateway_pulse(&format!("gw-{n}"), 0, 0, 1, &[], 11)));
    for gateway in all.iter_mut().take(4) {
        gateway.busy = gateway.left > 0;
    }
    Arc::new(Pulse::of(all, 1, 256))
}

fn shown(gateways: usize, rows: usize, columns: usize) -> String {
    let tally = Tally { total: 30, done: 9, not_done: 1, stopping: false };
    let lines = screen(&tally, Some(&pulse(gateways)), Duration::from_secs(12), Size { rows, columns });
    for (place, line) in lines.iter().enumerate() {
        let bar = if place == 0 && columns >= 60 { 25 } else { 0 };
        assert!(line.chars().count() + bar < columns.max(2), "{columns} columns: {line:?}");
    }
    assert!(lines.len() < rows.max(2), "{rows} rows: {} lines", lines.len());
    lines.join("\n")
}

#[test]
fn a_terminal_shows_the_gateways_under_way_those_most_behind_first() {
    insta::assert_snapshot!(shown(4, 24, 80), @r"
    10 of 30 after 12 s, about 22 s to go; 1 not done, 5 …
      a-very-long-name-of-a-gatew…     0 of 2  no answer yet, 2 failed requests
      plant-a                         3 of 20  about 10 s left
      10.20.4.12:502                   2 of 3  about 5 s left, 1 not done, 3 faile…
    ");
}

#[test]
fn a_thousand_gateways_fit_on_any_terminal() {
    insta::assert_snapshot!(shown(1_000, 24, 80), @r"
    10 of 30 after 12 s, about 22 s to go; 1 not done, 5 …
      a-very-long-name-of-a-gatew…     0 of 2  no answer yet, 2 failed requests
      plant-a                         3 of 20  about 10 s left
      10.20.4.12:502                   2 of 3  about 5 s left, 1 not done, 3 faile…
      … and 996 more gateways
    ");
    insta::assert_snapshot!(shown(1_000, 5, 50), @r"
    10 of 30 after 12 s, about 22 s to go; 1 not don…
      a-very-long-name-of-a-gatew…     0 of 2  no an…
      … and 998 more gateways
    ");
    for (rows, columns) in [(1, 1), (2, 3), (3, 20), (10, 59), (10, 60), (200, 400)] {
        shown(1_000, rows, columns);
    }
}

#[test]
fn a_plain_line_comes_every_ten_seconds_though_nothing_ends() {
    let (sink, text) = captured();
    let mut progress = Progress::new(ProgressKind::Plain, sink);
    let began = Instant::now();
    let events = events(&report([result(1, Outcome::Done, "", None), result(2, Outcome::Done, "", None)]));
    progress.event_at(&events[0], began);
    for second in 0..=25 {
        progress.event_at(&Event::Pulse(pulse(4)), began + Duration::from_secs(second));
    }
    insta::assert_snapshot!(text(), @r"
    0 of 2: 0 done, 2 left; 5 failed requests; about 22 s to go, a-very-long-name-of-a-gateway-in-the-basement longest
    0 of 2: 0 done, 2 left; 5 failed requests; about 22 s to go, a-very-long-name-of-a-gateway-in-the-basement longest
    ");
}

#[test]
fn while_it_stops_no_time_is_promised() {
    let tally = Tally { total: 30, done: 9, not_done: 0, stopping: true };
    let pulse = pulse(4);
    let size = Size { rows: 24, columns: 80 };
    let lines = screen(&tally, Some(&pulse), Duration::from_secs(12), size);
    assert_eq!(lines[0], "9 of 30 after 12 s, stopping; 5 failed requests");
    assert!(tally.line(Some(&pulse)).ends_with("; stopping"), "{}", tally.line(Some(&pulse)));
}

#[test]
fn before_anything_answered_no_time_is_known() {
    let nothing: Vec<GatewayPulse> = vec![gateway_pulse("plant-a", 0, 0, 2, &[], 22)];
    let pulse = Pulse::of(nothing, 0, 1);
    assert_eq!(pulse.time_left, None);
    assert_eq!(Tally { total: 2, ..Tally::default() }.line(Some(&pulse)), "0 of 2: 0 done, 2 left");
}

#[test]
fn the_kind_suits_stderr() {
    use LogFormat::{Human, Json};
    assert_eq!(ProgressKind::choose(false, true, Human), ProgressKind::Bar);
    assert_eq!(ProgressKind::choose(false, false, Human), ProgressKind::Plain);
    assert_eq!(ProgressKind::choose(false, true, Json), ProgressKind::Logged);
    assert_eq!(ProgressKind::choose(true, true, Human), ProgressKind::Quiet);
}
