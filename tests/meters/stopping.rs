//! A run that is asked to stop, at any instant: every transfer ends once, honestly, and the next run gets it right.

use std::{sync::Arc, time::Duration};

use meterferry::{
    campaign::{Gateway, Transfer},
    ledger::{Kind, Ledger, MemoryLedger},
    meter::Model,
    modbus::{Connect, Connecting},
    run::{Event, RunReport, RunSettings, run},
    simulator::{self, Device, Fault, When},
    transfer::Outcome,
};

use crate::world::*;

const LATENCY: Duration = Duration::from_millis(10);

fn slow_pair() -> World {
    let world = World::default();
    for host in ["old", "new"] {
        world.gateway_with(host, simulator::GatewaySettings { latency: LATENCY, ..Default::default() });
    }
    world.meter("old", 1, Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD));
    world.meter("new", 2, fresh());
    world
}

async fn run_all(transfers: &[Transfer], ledger: &MemoryLedger, settings: RunSettings) -> RunReport {
    let transfers = transfers.iter().cloned().map(Arc::new).collect();
    let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
    run(transfers, ledger, settings, &mut |_event: Event| ()).await
}

/// Settles soon, so that every instant of it can be tried.
fn quick() -> Transfer {
    transfer_with(|options| options.settle = 5 * LATENCY)
}

/// Runs, and asks so many times for a stop after `after`. `None` if the run was over before.
async fn stopped(world: &World, ledger: &MemoryLedger, after: Duration, times: u32) -> Option<RunReport> {
    let (settings, stopper) = world.settings("stopped");
    let ask = async {
        tokio::time::sleep(after).await;
        (0..times).for_each(|_| stopper.press());
    };
    let transfers = [quick()];
    let (report, ()) = tokio::join!(run_all(&transfers, ledger, settings), ask);
    report.stopped.then_some(report)
}

async fn stop_at_every_instant(times: u32, fault: Option<Fault>, allowed: &[Outcome]) {
    for instant in 0.. {
        let world = slow_pair();
        if let Some(fault) = &fault {
            world.target().inject(2, When::commit(), fault.clone());
        }
        let ledger = MemoryLedger::new(Kind::Simulated);
        let after = instant * LATENCY / 2 + LATENCY / 4;
        let step = format!("{times} at {after:?}, {fault:?}");
        let Some(report) = stopped(&world, &ledger, after, times).await else {
            assert!(instant > 20, "{step}: only so long");
            break;
        };
        assert_eq!(report.defect, None, "{step}");
        let result = &report.results[0];
        assert!(allowed.contains(&result.outcome), "{step}: {}: {}", result.outcome, result.reason);
        let committed = world.target_audit().commit_requests() > 0;
        assert!(!committed || result.outcome != Outcome::NotRun || fault.is_some(), "{step}");
        let again = world.run_again(&quick(), &ledger.survivor()).await;
        assert!(again.outcome.is_done(), "{step}: {}: {}", again.outcome, again.reason);
        assert_eq!(world.target_energies(), OLD, "{step}");
        assert_eq!(world.target_audit().effective_commits(), 1, "{step}");
        world.assert_no_violation();
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_asked_to_rest_leaves_nothing_open() {
    let allowed = [Outcome::NotRun, Outcome::Done];
    stop_at_every_instant(1, None, &allowed).await;
    stop_at_every_instant(1, Some(Fault::ExceptionAfter(4)), &allowed).await;
    stop_at_every_instant(1, Some(Fault::Exception(4)), &allowed).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_told_to_stop_at_once_is_honest() {
    let allowed = [Outcome::NotRun, Outcome::Unknown, Outcome::Done, Outcome::AlreadyDone];
    stop_at_every_instant(2, None, &allowed).await;
    stop_at_every_instant(2, Some(Fault::ExceptionAfter(4)), &allowed).await;
}

#[tokio::test(start_paused = true)]
async fn open_intents_are_settled_before_anything_new_begins() {
    let world = World::default();
    let mut transfers = Vec::new();
    for number in 0..6u32 {
        let (old, new) = (format!("old{number}"), format!("new{number}"));
        world.meter(&old, 1, Device::new(simulator::Model::Cm4000, 1000 + number).with_energies(OLD));
        world.meter(&new, 1, Device::new(simulator::Model::Pm800, 2000 + number));
        transfers.push(transfer_between(
            &format!("t{number}"),
            endpoint(Model::Cm4000, &old, 1, 1000 + number),
            endpoint(Model::Pm800, &new, 1, 2000 + number),
        ));
    }
    // The last one's commit is lost, and its meter cannot be looked at.
    let gateway = world.gateway("new5");
    gateway.inject(1, When::commit(), Fault::SwallowResponse);
    gateway.inject(1, When::fence().always(), Fault::SwallowRequest);
    let ledger = MemoryLedger::new(Kind::Simulated);
    assert_outcome(&world.run_again(&transfers[5], &ledger).await, Outcome::Unknown);
    gateway.clear_faults(1);
    let (settings, _stopper) = world.settings("next");
    let settings = RunSettings { parallel: 2, ..settings };
    let mut ended = Vec::new();
    let shared = transfers.iter().cloned().map(Arc::new).collect();
    let ledger: Arc<dyn Ledger> = Arc::new(ledger);
    let mut begun_before = 0;
    let report = run(shared, ledger, settings, &mut |event: Event| match event {
        Event::Recorded { transfer, .. } if &*transfer.key.id != "t5" && ended.is_empty() => {
            begun_before += 1
        }
        Event::Ended(result) => ended.push(result.transfer.key.id.to_string()),
        _ => {}
    })
    .await;
    assert!(report.results.iter().all(|result| result.outcome == Outcome::Done));
    assert_eq!((ended[0].as_str(), begun_before), ("t5", 0));
}

/// A defect: connecting to one host panics.
struct Panics(World, &'static str);

impl Connect for Panics {
    fn connect<'a>(&'a self, gateway: &'a Gateway) -> Connecting<'a> {
        assert!(!gateway.address.to_string().starts_with(self.1), "a defect, on purpose");
        self.0.connect(gateway)
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_transfer_is_told_and_hangs_no_other() {
    let world = World::default();
    let mut transfers = Vec::new();
    for unit in 1..=3u8 {
        let serial = 1000 + u32::from(unit);
        let new = format!("new{unit}");
        world.meter("old", unit, Device::new(simulator::Model::Cm4000, serial).with_energies(OLD));
        world.meter(&new, 1, Device::new(simulator::Model::Pm800, serial + 1000));
        transfers.push(transfer_between(
            &format!("t{unit}"),
            endpoint(Model::Cm4000, "old", unit, serial),
            endpoint(Model::Pm800, &new, 1, serial + 1000),
        ));
    }
    let (settings, _stopper) = world.settings("panics");
    let settings = RunSettings { connector: Arc::new(Panics(world.clone(), "new2")), ..settings };
    let report = run_all(&transfers, &MemoryLedger::new(Kind::Simulated), settings).await;
    assert!(report.defect.is_some());
    let outcomes: Vec<_> = report.results.iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [Outcome::Done, Outcome::NotRun, Outcome::Done]);
}
