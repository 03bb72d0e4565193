//! Frames with odd lengths, and meters that drip: for every answer, for ever.

use std::time::Duration;

use meterferry::{
    ledger::{Kind, MemoryLedger},
    simulator::{Fault, When},
    transfer::Outcome,
};

use super::checks::{
    act::{Act, Answer},
    lying::Liars,
    meter_answers::check,
    panics, scene,
};

/// More requests than any run makes.
const ALWAYS: usize = 500;

#[test]
fn odd_lengths_in_every_header_are_an_end_to_the_connection_not_to_the_program() {
    for length in [0, 1, 2, 3, 254, 255, 256, 260, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF] {
        let act = Act { obeyed: true, answer: Answer::Length(length) };
        let [first, second] = check(vec![act; ALWAYS]);
        assert!(matches!(first, Outcome::Failed | Outcome::Unreachable), "length {length}: {first}");
        assert_eq!(second, Outcome::Done, "length {length}");
    }
}

#[test]
fn an_answer_without_end_is_not_swallowed() {
    let act = Act { obeyed: true, answer: Answer::Flood(0x41) };
    let [first, second] = check(vec![act; ALWAYS]);
    assert!(matches!(first, Outcome::Failed | Outcome::Unreachable), "{first}");
    assert_eq!(second, Outcome::Done);
}

/// A simulated meter, slow from a request on; what the run came to, and how long it took.
fn slow(host: &'static str, unit: u8, when: When) -> (Outcome, Duration) {
    panics::none_during(|| {
        scene::on_a_paused_clock(async move {
            let liars = Liars::new(Vec::new());
            scene::stage(&liars);
            liars.gateway(host).inject(unit, when, Fault::OneByteAtATime(Duration::from_secs(1)));
            let began = tokio::time::Instant::now();
            let result = scene::run_once(&liars, &MemoryLedger::new(Kind::Simulated)).await;
            (result.outcome, began.elapsed())
        })
    })
}

#[test]
fn a_meter_that_sends_a_byte_a_second_is_unreachable_within_a_minute() {
    for (host, unit, _) in [scene::SOURCE, scene::TARGET] {
        let (outcome, took) = slow(host, unit, When::any().always());
        assert!(matches!(outcome, Outcome::Unreachable | Outcome::Failed), "{host}: {outcome}");
        assert!(took < Duration::from_secs(60), "{host}: {took:?}");
    }
}

#[test]
fn a_target_that_turns_slow_with_the_commit_is_unknown_within_minutes() {
    let (outcome, took) = slow(scene::TARGET.0, scene::TARGET.1, When::any().skip(5).always());
    assert_eq!(outcome, Outcome::Unknown);
    assert!(took < Duration::from_secs(300), "{took:?}");
}
