//! Values for this room's tests: a small run in which every outcome occurs, and a plan.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Counts, LogSink};
use crate::{
    campaign::{Address, Endpoint, Gateway, SerialNumber, Transfer, TransferKey, Unit},
    meter::{Addressing, Bound, Model, Readings},
    run::{
        Busiest, Capacity, Event, Forecast, GatewayPulse, LookReport, Looked, RecordedBy, Requests,
        RunReport, Times, Traffic, TransferResult, Would,
    },
    transfer::{
        Author, BoundUsed, Case, Cause, Fact, Identity, Outcome, Reading, ReasonCode, Refusal, Step, examine,
    },
};

pub(super) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

pub(super) fn readings(real_in: i64) -> Readings {
    Readings::from_energies([real_in, 2_000_000, 10, 0, real_in + 10, 2_000_000, real_in + 77]).unwrap()
}

fn endpoint(model: Model, name: Option<&str>, host: &str, unit: u8, serial: u32) -> Endpoint {
    let address = Address::Tcp { host: host.to_owned(), port: 502 };
    let gateway = Gateway { name: name.map(str::to_owned), ..Gateway::new(address) };
    Endpoint {
        model,
        gateway: Arc::new(gateway),
        unit: Unit::new(unit).unwrap(),
        serial_number: SerialNumber::Pinned(serial),
        addressing: Addressing::Modbus,
    }
}

pub(super) fn transfer(number: u8) -> Arc<Transfer> {
    let key = TransferKey { campaign: "north-campus".into(), id: format!("feeder-{number}").into() };
    let source =
        endpoint(Model::Cm2000, Some("plant-a"), "10.20.1.5", number, 20_344_870 + u32::from(number));
    let target = endpoint(Model::Pm800, None, "10.20.4.12", number, 11_000_125 + u32::from(number));
    let mut transfer = Transfer::new(key, source, target);
    transfer.labels = BTreeMap::from([("building".to_owned(), "B7".to_owned())]);
    Arc::new(transfer)
}

/// A result in which nothing was read.
pub(super) fn result(number: u8, outcome: Outcome, reason: &str, hint: Option<&str>) -> TransferResult {
    TransferResult {
        transfer: transfer(number),
        outcome,
        reason: reason.to_owned(),
        hint: hint.map(str::to_owned),
        code: None,
        source_serial: None,
        target_serial: None,
        source: None,
        target_before: None,
        staged: None,
        target_after: None,
        bound: None,
        times: Times::default(),
        attempts: 0,
        recorded_by: None,
    }
}

/// A result in which all was read.
pub(super) fn written(number: u8, outcome: Outcome, reason: &str, hint: Option<&str>) -> TransferResult {
    let staged = readings(1_234_567_000 + i64::from(number));
    let after = readings(1_234_567_012 + i64::from(number));
    TransferResult {
        source_serial: Some(20_344_870 + u32::from(number)),
        target_serial: Some(11_000_125 + u32::from(number)),
        source: Some(staged.clone()),
        target_before: Some(Readings::from_energies([12, 0, 0, 0, 12, 0, 13]).unwrap()),
        staged: Some(staged),
        target_after: Some(after),
        bound: Some(BoundUsed::MaxLoad { bound: Bound { tolerance: 1000, max_load: 250_000 }, width: 1209 }),
        times: Times {
            begun: Some(time(0)),
            source_read: Some(time(1)),
            target_read: Some(time(2)),
            intended: Some(time(3)),
            committed: Some(time(4)),
            verified: Some(time(5)),
        },
        attempts: 1,
        recorded_by: Some(RecordedBy {
            author: Author { operator: Some("ana@site".into()), revision: None },
            tool_version: "0.1.0".to_owned(),
        }),
        ..result(number, outcome, reason, hint)
    }
}

/// Every outcome once, in the order they are counted.
pub(super) fn every_outcome() -> RunReport {
    let resolve = Some(
        "look at the meter, then: meterferry resolve JOB --id ID --as committed|not-committed|accepted --reason …",
    );
    let unreachable = "state identify: no connection to the gateway: connection refused";
    let results = [
        written(1, Outcome::Done, "verified", None),
        written(2, Outcome::AlreadyDone, "done on 2026-01-01", None),
        result(3, Outcome::Waiting, "the source is captured; the replacement is not there yet", None),
        result(
            4,
            Outcome::Failed,
            "another master wrote into the buffer",
            Some("stop the other master, then run again"),
        ),
        result(
            5,
            Outcome::Refused,
            "the target has already counted 2.500 kVAh of apparent energy total; the job does not say what to do with it",
            Some("add `target_energy: replace` or `target_energy: add`"),
        ),
        result(6, Outcome::Unreachable, unreachable, Some("check power and network, then run again")),
        TransferResult {
            target_after: None,
            bound: None,
            ..written(7, Outcome::Unknown, "the reading fits neither", resolve)
        },
        written(8, Outcome::Mismatch, "the target does not hold what was staged", resolve),
        result(9, Outcome::NotRun, "not begun: the run was stopped", Some("run again")),
    ];
    report(results)
}

pub(super) fn report(results: impl IntoIterator<Item = TransferResult>) -> RunReport {
    RunReport {
        results: results.into_iter().map(Arc::new).collect(),
        ledger_broken: None,
        defect: None,
        ledger_head: None,
        stopped: false,
        stopping: None,
        elapsed: Duration::from_millis(3_240),
        reckoning: None,
    }
}

/// One transfer that may go, one whose target counted, one that does not answer.
pub(super) fn plan() -> LookReport {
    let busiest = Busiest { gateway: "10.20.4.12:502".to_owned(), requests: 8, duration_ms: 1_480 };
    LookReport {
        looked: vec![looked(1, 900), looked(2, 2_500_000), unreached(3)],
        forecast: Forecast { requests: 11, busiest: Some(busiest), expected_ms: 2_100 },
    }
}

fn looked(number: u8, target_real_in: i64) -> Looked {
    let transfer = transfer(number);
    let (source, target) =
        (readings(1_234_567_000), Readings::from_energies([target_real_in, 0, 0, 0, 0, 0, 0]).unwrap());
    let examination = examine(&Case { plan: &transfer, source: &source, target: &target, claimed_by: None });
    let code = examination.result.as_ref().err().map(Refusal::code);
    let (would, reason, hint, staged) = match examination.result {
        Ok(staged) => (Would::Transfer, "every guard passed".to_owned(), None, Some(staged)),
        Err(refusal) => (Would::Refuse, refusal.to_string(), Some(refusal.hint()), None),
    };
    Looked {
        would,
        reason,
        hint,
        code,
        verdicts: examination.verdicts,
        source_identity: Some(Identity::SerialNumber(20_344_870 + u32::from(number))),
        target_identity: Some(Identity::Unproved(
            "exception 0x02: the meter does not have these registers".to_owned(),
        )),
        source: Some(source),
        target: Some(target),
        staged,
        window_closed: None,
        requests: Requests { source: 3, target: 8 },
        transfer,
    }
}

fn unreached(number: u8) -> Looked {
    Looked {
        transfer: transfer(number),
        would: Would::NotReach,
        reason: "no connection to the gateway: connection refused".to_owned(),
        hint: Some("check power and network".to_owned()),
        code: Some(ReasonCode::NoConnection),
        verdicts: Vec::new(),
        source_identity: None,
        target_identity: None,
        source: None,
        target: None,
        staged: None,
        window_closed: None,
        requests: Requests::default(),
    }
}

/// What a listener is told of a run with these results.
pub(super) fn events(report: &RunReport) -> Vec<Event> {
    let transfers = report.results.len();
    let capacity = Capacity { parallel: 8, parallel_asked: 8, connections: 960, gateways: 2 };
    let began = Event::RunBegan { run: "r-1".into(), transfers, gateways: 2, capacity, deadline: None };
    let mut events = vec![began];
    for result in &report.results {
        let fact = Arc::new(Fact::SourceRead(Reading { readings: readings(1_234_567_000), at: time(1) }));
        let transfer = Arc::clone(&result.transfer);
        events.push(Event::Recorded { transfer, step: Step::ReadSource, attempt: 1, fact });
        if result.outcome == Outcome::Unreachable {
            events.push(Event::Retrying {
                transfer: Arc::clone(&result.transfer),
                attempt: 2,
                delay: Duration::from_millis(500),
                reason: "no answer within 2000 ms".to_owned(),
            });
        }
        events.push(Event::Ended(Arc::clone(result)));
    }
    let counts: Counts<Outcome> = report.results.iter().map(|result| result.outcome).collect();
    let counts = counts.present().collect();
    events.push(Event::RunEnded { counts, elapsed: report.elapsed });
    events
}

/// How a gateway stands whose requests took so many milliseconds each; 0 is one without an answer, after a second.
pub(super) fn gateway_pulse(
    name: &str,
    done: usize,
    not_done: usize,
    left: usize,
    answers: &[u64],
    requests_left: u32,
) -> GatewayPulse {
    let address = Address::Tcp { host: format!("{name}.example"), port: 502 };
    let gateway = Arc::new(Gateway { name: Some(name.to_owned()), ..Gateway::new(address) });
    let mut traffic = Traffic::default();
    traffic.opened(&Ok(()), Duration::from_millis(10));
    for answer in answers.iter().copied().map(Duration::from_millis) {
        match answer.is_zero() {
            false => traffic.asked(&Ok(()), answer),
            true => {
                let second = Duration::from_secs(1);
                traffic.asked::<()>(&Err(Cause::NoAnswer(second)), second);
            }
        }
    }
    GatewayPulse { gateway, done, not_done, left, busy: false, traffic, requests_left, time_left: None }
}

/// A sink, and what was written to it.
pub(super) fn captured() -> (LogSink, impl Fn() -> String) {
    #[derive(Clone, Default)]
    struct Kept(Arc<std::sync::Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let kept = Kept::default();
    let text = kept.clone();
    (LogSink::new(kept), move || String::from_utf8(text.0.lock().unwrap().clone()).unwrap())
}

/// `text` with its ANSI colours taken out.
pub(super) fn without_colour(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}
