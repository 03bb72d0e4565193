//! Closing summaries, as people read them.

use std::sync::Arc;

use super::*;
use crate::{
    report::sample::{every_outcome, report, result, without_colour, written},
    run::{Busiest, More, Reckoning},
};

const PLAIN: Style = Style { width: None, colour: false, verbose: false };

#[test]
fn every_outcome_is_told_and_what_needs_a_person_comes_last() {
    insta::assert_snapshot!(summary_text(&every_outcome(), Style { width: Some(110), ..PLAIN }), @r#"
    transfer  source           target          carried, kWh in  target before → after, kWh in  outcome
    feeder-1  CM2000 20344871  PM800 11000126    1,234,567.001          0.012 → 1,234,567.013  done
    feeder-2  CM2000 20344872  PM800 11000127    1,234,567.002          0.012 → 1,234,567.014  already done
    feeder-3  CM2000 20344873  PM800 11000128                –                              –  waiting
    feeder-4  CM2000 20344874  PM800 11000129                –                              –  failed
    feeder-5  CM2000 20344875  PM800 11000130                –                              –  refused
    feeder-6  CM2000 20344876  PM800 11000131                –                              –  unreachable
    feeder-7  CM2000 20344877  PM800 11000132                –                      0.012 → –  unknown
    feeder-8  CM2000 20344878  PM800 11000133    1,234,567.008          0.012 → 1,234,567.020  mismatch
    feeder-9  CM2000 20344879  PM800 11000134                –                              –  not run

    Carried are the seven accumulated energies (registers 1700–1727). Conditional, incremental and input-metering
    energies, CT and PT settings are not.

    Not done; running again is safe:
      feeder-9  not run: not begun: the run was stopped
                hint: run again
      feeder-3  waiting: the source is captured; the replacement is not there yet
      feeder-6  unreachable: state identify: no connection to the gateway: connection refused
                hint: check power and network, then run again
      feeder-4  failed: another master wrote into the buffer
                hint: stop the other master, then run again

    These need a person:
      feeder-5  refused: the target has already counted 2.500 kVAh of apparent energy total; the job does not say
                what to do with it
                hint: add `target_energy: replace` or `target_energy: add`
      feeder-8  mismatch: the target does not hold what was staged
                hint: look at the meter, then: meterferry resolve JOB --id ID --as
                      committed|not-committed|accepted --reason …
      feeder-7  unknown: the reading fits neither
                hint: look at the meter, then: meterferry resolve JOB --id ID --as
                      committed|not-committed|accepted --reason …

    9 transfers: 1 done, 1 already done, 1 waiting, 1 failed, 1 refused, 1 unreachable, 1 unknown, 1 mismatch, 1 not run in 3.2 s
    "#);
}

#[test]
fn a_run_that_went_well_ends_in_one_number() {
    let text = summary_text(&report((1..=12).map(|n| written(n, Outcome::Done, "verified", None))), PLAIN);
    assert_eq!(text.lines().last(), Some("12 transfers: 12 done in 3.2 s"));
    assert!(!text.contains("person"), "{text}");
}

#[test]
fn a_large_run_lists_only_what_is_not_done() {
    let failed = result(200, Outcome::Failed, "no answer", Some("run again"));
    let done = (1..=LISTED as u8).map(|n| written(n, Outcome::Done, "verified", None));
    let text = summary_text(&report(done.chain([failed])), PLAIN);
    assert!(!text.contains("feeder-1 ") && text.contains("feeder-200  failed: no answer"), "{text}");
    assert_eq!(text.lines().last(), Some("31 transfers: 30 done, 1 failed in 3.2 s"));
}

#[test]
fn the_same_way_on_is_said_once() {
    let unreachable = |n| result(n, Outcome::Unreachable, "no answer", Some("check the power"));
    let text = summary_text(&report([1, 2, 3].map(unreachable)), PLAIN);
    assert_eq!(text.matches("check the power").count(), 1, "{text}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let style = Style { width: Some(100), ..PLAIN };
    let coloured = summary_text(&every_outcome(), Style { colour: true, ..style });
    assert!(coloured.contains("\x1b["));
    assert_eq!(without_colour(&coloured), summary_text(&every_outcome(), style));
}

#[test]
fn a_narrow_terminal_loses_columns_but_never_the_outcome() {
    for width in [20, 40, 60, 80, 100] {
        let text = summary_text(&every_outcome(), Style { width: Some(width), ..PLAIN });
        let title = text.lines().next().unwrap();
        assert!(title.starts_with("transfer") && title.ends_with("outcome"), "{width}: {title}");
        assert!(columns(title) <= width.max(21), "{width}: {title}");
    }
}

#[test]
fn what_did_not_take_effect_is_not_called_carried() {
    let unknown = written(1, Outcome::Unknown, "the reading fits neither", None);
    assert_eq!(carried(&unknown), "–");
    assert_eq!(carried(&written(1, Outcome::Done, "verified", None)), "1,234,567.001");
}

#[test]
fn trouble_with_the_run_itself_stands_right_above_the_counts() {
    let mut report = report([result(1, Outcome::NotRun, "not begun", None)]);
    report.ledger_broken = Some("disk full".to_owned());
    report.stopped = true;
    let text = summary_text(&report, PLAIN);
    let last: Vec<_> = text.lines().rev().take(2).collect();
    assert_eq!(
        last,
        ["1 transfer: 1 not run in 3.2 s; stopped by request", "the ledger stopped recording: disk full"]
    );
}

#[test]
fn a_control_character_in_a_reason_is_not_printed() {
    let text = summary_text(&report([result(1, Outcome::Failed, "said \x1b[2J", None)]), PLAIN);
    assert!(!text.contains('\x1b'), "{text}");
}

#[test]
fn what_stopped_a_run_by_itself_is_said_at_the_end() {
    use crate::run::StopReason;

    let mut report = report([result(1, Outcome::NotRun, "not begun", None)]);
    let key = report.results[0].transfer.key.clone();
    let canary = StopReason::Canary { transfer: key, outcome: Outcome::Refused, more: 0 };
    let failures = StopReason::TooManyFailures { limit: 1, transfers: Vec::new() };
    let deadline = StopReason::Deadline("2026-06-02T05:30:00+02:00[Europe/Berlin]".parse().unwrap());
    for (reason, says) in [(canary, "the canary"), (failures, "--max-fail"), (deadline, "the deadline")] {
        report.stopping = Some(reason.into());
        let text = summary_text(&report, PLAIN);
        assert!(text.ends_with(&format!("1 not run in 3.2 s; stopped by {says}\n")), "{text}");
    }
}

#[test]
fn what_was_expected_of_the_wires_and_why_it_was_more_stands_above_the_counts() {
    let mut report = report([written(1, Outcome::Done, "verified", None)]);
    let busiest = Busiest { gateway: "plant-a".to_owned(), requests: 8, duration_ms: 400 };
    let more = More { further_tries: 5, results: 2, ..More::default() };
    report.reckoning = Some(Reckoning {
        requests_expected: 11,
        requests_sent: 18,
        more,
        busiest: Some(busiest),
        expected_ms: 550,
        elapsed_ms: 3_240,
    });
    let line = |report: &RunReport| summary_text(report, PLAIN).lines().rev().nth(1).unwrap().to_owned();
    assert_eq!(
        line(&report),
        "Requests: 11 expected, 18 sent (5 in further tries, 2 to wait for results); plant-a had most to do, \
         8 requests. Time: 550 ms expected, 3.2 s taken."
    );
    report.results.push(Arc::new(result(2, Outcome::Unreachable, "no answer", None)));
    report.reckoning.as_mut().unwrap().requests_expected = 22;
    assert!(
        line(&report).contains(
            "22 expected, 18 sent (5 in further tries, 2 to wait for results, 1 transfer not done)"
        )
    );
}
