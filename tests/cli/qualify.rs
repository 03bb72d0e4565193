//! `qualify` on simulated meters of every temper: the table tells each right, and the meter itself says that nothing
//! but 6209 and the mailbox was written, and that it holds what it held.

use std::time::Duration;

use meterferry::simulator::{Device, Fault, Load, When};
use serde_json::Value;

use crate::{
    bench::Bench,
    meters::{COUNTED, Meters, TARGET, source, target},
    support::Ended,
};

/// What 8022 is left at.
const FENCE: u16 = 0x8000;
const SENTINEL: u64 = 0x6D66;

fn counted() -> Device {
    target().with_energies(COUNTED)
}

/// The examination of the meter at unit 2, with these further arguments.
fn qualify(bench: &Bench, further: &[&str]) -> Ended {
    let map = bench.at("map.json");
    let all = [
        &["qualify", "--host", "192.0.2.1", "--unit", "2", "--model", "PM800", "--bench-meter"][..],
        &["--times", "2", "--command-timeout", "400ms", "--simulated-gateways", &map, "--format", "json"],
        further,
    ];
    bench.run(&all.concat())
}

/// The same with the right serial number.
fn examined(device: Device, exit: i32) -> (Bench, Meters, Value) {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), device);
    let said = qualify(&bench, &["--serial-number", "11000002"]).exits(exit).json();
    assert_harmless(&meters);
    (bench, meters, said)
}

/// That nothing was written but 6209 and the mailbox, and that the energies are what they were.
#[track_caller]
fn assert_harmless(meters: &Meters) {
    assert_eq!(meters.gateway.violations(), []);
    let audit = meters.gateway.audit(TARGET);
    for write in audit.writes() {
        let last = write.register + u16::try_from(write.words.len()).unwrap() - 1;
        let command = write.register == 8000 && write.words == [6209];
        assert!(command || (8017..=8049).contains(&write.register) && last <= 8049, "{write:?}");
    }
    assert_eq!(audit.effective_commits(), 0, "{:#?}", audit.executions());
    assert_eq!(meters.gateway.energies(TARGET), COUNTED);
}

#[track_caller]
fn point<'a>(said: &'a Value, name: &str) -> &'a Value {
    let mut all = said["points"].as_array().unwrap().iter();
    all.find(|point| point["point"].as_str().unwrap().contains(name))
        .unwrap_or_else(|| panic!("{name}: {said:#}"))
}

#[track_caller]
fn found<'a>(said: &'a Value, name: &str) -> &'a str {
    point(said, name)["found"].as_str().unwrap()
}

#[test]
fn a_meter_as_the_manuals_have_it_is_as_assumed_and_its_mailbox_is_left_harmless() {
    let (_bench, meters, said) = examined(counted(), 0);
    for point in said["points"].as_array().unwrap() {
        assert_ne!(point["as_assumed"], false, "{point:#}");
    }
    assert_eq!(said["addressing"], "modbus");
    assert_eq!(found(&said, "8021 after success"), "0 each time");
    assert_eq!(found(&said, "8000 after"), "it keeps 6209");
    assert!(found(&said, "the fence").starts_with("82: "));
    let kinds: Vec<_> = said["commands"].as_array().unwrap().iter().map(|command| &command["kind"]).collect();
    assert_eq!(kinds, ["own_readings", "own_readings", "out_of_range"]);
    let statuses: Vec<_> = meters.gateway.audit(TARGET).executions().iter().map(|done| done.status).collect();
    assert_eq!(statuses, [0, 0, 82], "the meter's own account");
    assert_eq!(meters.gateway.mailbox(TARGET, 8022), FENCE);
    for register in 8017..=8021 {
        assert_eq!(meters.gateway.mailbox(TARGET, register), 0, "{register}");
    }
    assert!(said["left"].as_str().unwrap().contains("8022 out of range"));
}

#[test]
fn a_jbus_port_is_found_by_the_serial_number() {
    let (_bench, _meters, said) = examined(counted().with_jbus_addressing(), 0);
    assert_eq!(said["addressing"], "jbus");
    assert_eq!(point(&said, "addressing")["as_assumed"], false);
}

#[test]
fn a_meter_that_takes_no_blocks_is_examined_register_by_register() {
    let (_bench, _meters, said) = examined(counted().rejecting_block_writes(), 0);
    assert!(found(&said, "function 16").contains("function 06 was used"));
    assert_eq!(found(&said, "8021 after success"), "0 each time");
}

#[test]
fn a_meter_that_says_nothing_about_success_is_told_from_one_that_does_not_obey() {
    let (_bench, _meters, said) = examined(counted().keeping_quiet_about_success(), 0);
    assert!(found(&said, "8021 after success").starts_with("untouched: this meter says nothing"));
    assert_eq!(said["commands"][0]["register_8021"], SENTINEL);
    assert_eq!(said["commands"][2]["register_8021"], 82);
    let deaf = counted().with_processing_time(Duration::from_secs(3_600));
    let (_bench, meters, said) = examined(deaf, 5);
    assert!(found(&said, "8021 after success").contains("it cannot be told whether the meter obeys"));
    assert_eq!(meters.gateway.mailbox(TARGET, 8022), FENCE);
    assert_eq!(meters.gateway.mailbox(TARGET, 8019), 8022, "a late command must find the fence");
}

#[test]
fn a_command_register_that_clears_itself_is_seen() {
    let (_bench, _meters, said) = examined(counted().clearing_its_command_register(), 0);
    assert_eq!(found(&said, "8000 after"), "it clears itself");
}

#[test]
fn how_long_a_command_takes_is_measured() {
    let (_bench, _meters, said) = examined(counted().with_processing_time(Duration::from_millis(120)), 0);
    for command in said["commands"].as_array().unwrap() {
        let time = command["result_after_ms"].as_u64().unwrap();
        assert!((120..400).contains(&time), "{command:#}");
    }
}

#[test]
fn a_meter_that_always_answers_the_same_is_not_fit() {
    let (_bench, _meters, said) = examined(counted().always_answering(81), 3);
    assert!(found(&said, "8021 after success").starts_with("81"));
    assert_eq!(point(&said, "8021 after success")["as_assumed"], false);
    let (_bench, _meters, said) = examined(counted().always_answering(0), 3);
    assert_eq!(point(&said, "the fence")["as_assumed"], false);
}

#[test]
fn after_a_lost_answer_to_the_command_nothing_more_is_sent_and_the_fence_stays() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), counted());
    meters.gateway.inject(TARGET, When::commit(), Fault::SwallowResponse);
    let said = qualify(&bench, &["--serial-number", "11000002"]).exits(5).json();
    assert_harmless(&meters);
    assert_eq!(meters.gateway.audit(TARGET).commit_requests(), 1);
    assert_eq!(said["commands"][0]["unanswered"], true);
    assert_eq!(said["commands"][0]["register_8021"], 0, "what became of it was read all the same");
    assert_eq!(meters.gateway.mailbox(TARGET, 8022), FENCE);
    assert_eq!(meters.gateway.mailbox(TARGET, 8019), 8022, "a late command must find the fence");
}

#[test]
fn a_meter_under_load_may_count_while_it_is_examined() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), counted().with_load(Load::consuming(5_000)));
    let said = qualify(&bench, &["--serial-number", "11000002"]).exits(0).json();
    assert_eq!(meters.gateway.violations(), []);
    let before = COUNTED[0];
    assert!((before - 1..before + 1_000).contains(&meters.gateway.energies(TARGET)[0]));
    assert_eq!(found(&said, "energies after its own"), "the same");
}

#[test]
fn without_proof_or_leave_nothing_is_written() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), counted().hiding_its_serial_number());
    let ended = qualify(&bench, &["--serial-number", "11000002"]).exits(6);
    assert!(ended.stderr.contains("nothing was written"), "{}", ended.stderr);
    meters.assert_untouched();

    let meters = Meters::of(&bench, source(), counted());
    let ended = qualify(&bench, &["--serial-number", "11000003"]).exits(6);
    assert!(ended.stderr.contains("11000002"), "{}", ended.stderr);
    let host = meters.socket.to_string();
    let meter = ["qualify", "--host", &host, "--unit", "2", "--serial-number", "11000002"];
    let ended = bench.run(&[&meter[..], &["--model", "PM800"]].concat()).exits(64);
    assert!(ended.stderr.contains("--bench-meter"), "{}", ended.stderr);
    let ended = bench.run(&[&meter[..], &["--model", "PM800", "--bench-meter"]].concat()).exits(64);
    assert!(ended.stderr.contains("nobody is here to be asked"), "{}", ended.stderr);
    bench.run(&[&meter[..], &["--model", "CM2000", "--bench-meter", "--yes"]].concat()).exits(64);
    bench.run(&meter[..6]).exits(64);
    meters.assert_untouched();
}

#[test]
fn people_get_a_table() {
    let bench = Bench::new();
    let meters = Meters::of(&bench, source(), counted());
    let host = meters.socket.to_string();
    let arguments =
        ["qualify", "--host", &host, "--unit", "2", "--model", "PM800", "--serial-number", "11000002"];
    let ended = bench.run(&[&arguments[..], &["--bench-meter", "--yes", "--times", "1"]].concat()).exits(0);
    for words in
        ["assumed (DOMAIN.md)", "from 6209 to the result", "Left in the mailbox", "2 commands were sent"]
    {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
    assert_harmless(&meters);
}
