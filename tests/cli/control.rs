//! `--canary`, `--max-fail`, `--deadline` and `window:` as a scheduler sees them: exit codes, outcomes, reasons.

use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use meterferry::simulator::{Device, Model};
use serde_json::Value;

use crate::{
    bench::{Bench, Simulator, assert_adds_up, assert_all, assert_preset_once, transfer},
    job,
    meters::{COUNTED, Meters},
};

/// `t1` to `t4`, from unit 1 to 2, from 3 to 4 and so on. With further lines for all, two blanks in.
fn job_with(further: &str) -> String {
    let options = job::OPTIONS.replace("defaults:\n", &format!("defaults:\n  {further}\n"));
    let mut text = format!("{options}transfers:\n");
    for n in 1..=4 {
        let (old, new) = (2 * n - 1, 2 * n);
        write!(
            text,
            "  - id: t{n}
    source: {{ model: CM4000, host: 192.0.2.1, unit: {old}, serial_number: {} }}
    target: {{ model: PM800, host: 192.0.2.1, unit: {new}, serial_number: {} }}
",
            40_000_000 + old,
            11_000_000 + new
        )
        .unwrap();
    }
    text
}

/// The meters of that job. The targets of `spoilt` have counted.
fn meters(bench: &Bench, spoilt: &[u8]) -> Meters {
    Meters::at_units(
        bench,
        (1..=8).map(|unit| {
            let device = match unit % 2 {
                1 => Device::new(Model::Cm4000, 40_000_000 + u32::from(unit)).with_energies(COUNTED),
                _ if spoilt.contains(&(unit / 2)) => {
                    Device::new(Model::Pm800, 11_000_000 + u32::from(unit)).with_energies([9_000_000; 7])
                }
                _ => Device::new(Model::Pm800, 11_000_000 + u32::from(unit)),
            };
            (unit, device)
        }),
    )
}

/// The transfers whose targets were written to.
fn written_to(meters: &Meters) -> Vec<u8> {
    (1..=4).filter(|n| !meters.gateway.audit(2 * n).writes().is_empty()).collect()
}

fn outcomes(result: &Value) -> Vec<&str> {
    assert_adds_up(result);
    let transfers = result["transfers"].as_array().unwrap();
    transfers.iter().map(|transfer| transfer["outcome"].as_str().unwrap()).collect()
}

fn reason<'a>(result: &'a Value, id: &str) -> &'a str {
    transfer(result, id)["reason"].as_str().unwrap()
}

#[test]
fn a_canary_that_is_refused_ends_the_run_with_its_own_code_and_the_others_are_not_touched() {
    let bench = Bench::new();
    let meters = meters(&bench, &[1]);
    let job = bench.write("job.yaml", &job_with(""));
    let result = bench.on_map("run", &job, &["--canary", "1"]).exits(6).json();
    assert_eq!(outcomes(&result), ["refused", "not_run", "not_run", "not_run"]);
    assert_eq!(reason(&result, "t3"), "not begun: the canary test/t1 is refused");
    assert_eq!((&result["stopped"], &result["stopped_by"]["cause"]), (&false.into(), &"canary".into()));
    assert!(written_to(&meters).is_empty());
    // After `--only`: the first of those that are selected.
    let only = bench.on_map("run", &job, &["--canary", "1", "--only", "id=t2,t3"]).exits(0).json();
    assert_eq!(outcomes(&only), ["done", "done"]);
    // The next command, as the hint has it, is one.
    let hint = transfer(&result, "t3")["hint"].as_str().unwrap();
    assert!(hint.contains("meterferry status JOB --only id=t1"), "{hint}");
    bench.run(&["status", &job, "--only", "id=t1", "--state-dir", &bench.at("ledger")]).exits(6);
}

#[test]
fn a_canary_that_is_done_lets_the_others_go_on() {
    let bench = Bench::new();
    let meters = meters(&bench, &[]);
    let job = bench.write("job.yaml", &job_with(""));
    let result = bench.on_map("run", &job, &["--canary", "2"]).exits(0).json();
    assert_all(&result, "done", 4);
    assert_eq!(result["stopped_by"], Value::Null);
    assert_eq!(written_to(&meters), [1, 2, 3, 4]);
}

#[test]
fn too_many_failures_end_the_run_with_their_own_code() {
    let bench = Bench::new();
    let meters = meters(&bench, &[1, 2, 3]);
    let job = bench.write("job.yaml", &job_with(""));
    let result = bench.on_map("run", &job, &["--max-fail", "50%", "-j", "1"]).exits(6).json();
    assert_eq!(outcomes(&result), ["refused", "refused", "not_run", "not_run"]);
    let why = reason(&result, "t4");
    assert!(why.contains("limit of 2") && why.contains("test/t1 is refused, test/t2 is refused"), "{why}");
    assert_eq!(result["stopped_by"]["cause"], "max_fail");
    assert!(written_to(&meters).is_empty());
}

#[test]
fn a_deadline_ends_a_run_at_rest_with_9_and_the_next_run_finishes() {
    const TRANSFERS: usize = 12;
    let bench = Bench::new();
    let job = bench.write("job.yaml", &job::many(TRANSFERS));
    let simulator = Simulator::start(&bench, &job, "20ms");
    let ended = bench.on_map("run", &job, &["-j", "1", "--deadline", "1s"]).exits(9);
    assert!(ended.stderr.contains("nothing begins after "), "{}", ended.stderr);
    let result = ended.json();
    assert_adds_up(&result);
    assert_eq!((&result["stopped"], &result["stopped_by"]["cause"]), (&false.into(), &"deadline".into()));
    let count = |outcome: &str| result["counts"][outcome].as_u64().unwrap();
    assert_eq!(count("done") + count("not_run"), TRANSFERS as u64, "{:#}", result["counts"]);
    assert!(count("not_run") > 0, "the deadline came too late to stop anything");
    assert!(reason(&result, "t12").contains("deadline"), "{result:#}");
    let last = bench.on_map("run", &job, &["--deadline", "1h"]).exits(0).json();
    assert_preset_once(&simulator.stop(), &last);
}

#[test]
fn limits_that_say_nothing_are_64_with_what_to_write_and_nothing_is_touched() {
    let bench = Bench::new();
    let meters = meters(&bench, &[]);
    let job = bench.write("job.yaml", &job_with(""));
    for (option, value, says) in [
        ("--canary", "0", "a number from 1"),
        ("--max-fail", "0", "--max-fail 1"),
        ("--max-fail", "0%", "--max-fail 1"),
        ("--max-fail", "120%", "1% to 100%"),
        ("--deadline", "2020-01-01T00:00:00Z", "is not after now"),
        ("--deadline", "2020-01-01T00:00:00", "with its offset"),
        ("--deadline", "25:00", "on no clock"),
        ("--deadline", "5", "how long from now"),
    ] {
        let ended = bench.on_map("run", &job, &[option, value]).exits(64);
        let said = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{option} {value}: {said}");
        assert_eq!(ended.stdout, "", "{option} {value}");
    }
    assert_eq!(meters.gateway.audit(1).requests_total() + meters.gateway.audit(2).requests_total(), 0);
}

/// A weekday so many days from today, by UTC.
fn weekday(days: i64) -> String {
    let day = Timestamp::now().to_zoned(TimeZone::UTC).checked_add(days.days()).unwrap();
    day.strftime("%a").to_string().to_lowercase()
}

#[test]
fn outside_its_window_nothing_begins_the_code_is_9_and_the_plan_says_so() {
    let bench = Bench::new();
    let meters = meters(&bench, &[]);
    let job = bench.write("job.yaml", &job_with(&format!("window: {{ days: {}, zone: UTC }}", weekday(3))));
    let result = bench.on_map("run", &job, &[]).exits(9).json();
    assert_all(&result, "not_run", 4);
    let why = reason(&result, "t1");
    assert!(why.starts_with("not begun: its window opens ") && why.ends_with("00:00 +00:00 (UTC)"), "{why}");
    assert_eq!(result["stopped_by"], Value::Null);
    assert_eq!((1..=8).map(|unit| meters.gateway.audit(unit).requests_total()).sum::<u64>(), 0);
    let plan = bench.on_map("plan", &job, &[]).exits(0).json();
    let planned = transfer(&plan, "t1");
    assert_eq!(planned["would"], "transfer");
    assert!(planned["window_closed"].as_str().unwrap().starts_with("its window opens "), "{planned:#}");
    let map = bench.at("map.json");
    let text = bench.run(&["plan", &job, "--simulated-gateways", &map]).exits(0).stdout;
    assert!(text.contains("window  closed now, so a run would not begin it; its window opens"), "{text}");
}

#[test]
fn inside_its_window_a_transfer_is_done() {
    let bench = Bench::new();
    let meters = meters(&bench, &[]);
    // Tomorrow, too: it may be midnight in a moment.
    let days = format!("window: {{ days: [{}, {}], zone: UTC }}", weekday(0), weekday(1));
    let job = bench.write("job.yaml", &job_with(&days));
    let plan = bench.on_map("plan", &job, &[]).exits(0).json();
    assert_eq!(transfer(&plan, "t1")["window_closed"], Value::Null);
    assert_all(&bench.on_map("run", &job, &[]).exits(0).json(), "done", 4);
    assert_eq!(written_to(&meters), [1, 2, 3, 4]);
}
