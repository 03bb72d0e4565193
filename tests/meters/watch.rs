//! What a run says of its requests and its time, against what the meters counted.

use std::{sync::Arc, time::Duration};

use meterferry::{
    campaign::{Gateway, Given, LiveSource, Others, Source, TargetEnergy, Transfer, TypedSource},
    ledger::{Kind, Ledger, MemoryLedger},
    meter::{Model, WriteMode},
    run::{Claims, Event, LookSettings, Pulse, Reckoning, RunSettings, Stopper, ToLookAt, look, run},
    simulator::{self, Device, Fault, When},
    transfer::Outcome,
};

use crate::world::*;

const LATENCY: Duration = Duration::from_millis(50);

fn slow(hosts: &[&str]) -> World {
    let world = World::default();
    for host in hosts {
        world.gateway_with(host, simulator::GatewaySettings { latency: LATENCY, ..Default::default() });
    }
    world
}

fn slow_pair() -> World {
    let world = slow(&["old", "new"]);
    world.meter("old", 1, old());
    world.meter("new", 2, fresh());
    world
}

fn old() -> Device {
    Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD)
}

/// All requests that the meters counted.
fn counted(world: &World, meters: &[(&str, u8)]) -> u64 {
    meters.iter().map(|(host, unit)| world.gateway(host).audit(*unit).requests_total()).sum()
}

async fn planned(world: &World, transfers: &[Transfer], ledger: &MemoryLedger) -> meterferry::run::Forecast {
    let (settings, _stopper) = world.settings("plan");
    let (_, stop) = Stopper::new();
    let claims = Claims::of(ledger).unwrap();
    let to_look_at = transfers.iter().map(|transfer| ToLookAt {
        transfer: Arc::new(transfer.clone()),
        history: meterferry::ledger::Replay::record(ledger, &transfer.key).unwrap().history,
        claimed_by: claims.against(transfer).cloned(),
    });
    let RunSettings { parallel, clock, connector, .. } = settings;
    look(
        to_look_at.collect(),
        LookSettings { parallel, connections: 1_000, clock, connector, trace: None, stop },
    )
    .await
    .forecast
}

/// Plans, runs, and gives what the run reckons; both forecasts and the meters must agree with it.
#[track_caller]
fn assert_foreseen(planned: u32, reckoned: &Reckoning, counted: u64, what: &str) {
    assert_eq!(u64::from(reckoned.requests_sent), counted, "{what}: sent");
    assert_eq!(u64::from(planned), counted, "{what}: by the plan");
    assert_eq!(u64::from(reckoned.requests_expected), counted, "{what}: by the run");
    assert_eq!(reckoned.more, Default::default(), "{what}");
}

async fn check(world: &World, transfer: &Transfer, ledger: &MemoryLedger, meters: &[(&str, u8)], what: &str) {
    let plan = planned(world, std::slice::from_ref(transfer), ledger).await;
    let before = counted(world, meters);
    let report = world.run(std::slice::from_ref(transfer), ledger).await;
    let took = counted(world, meters) - before;
    assert_foreseen(plan.requests, report.reckoning.as_ref().unwrap(), took, what);
}

#[tokio::test(start_paused = true)]
async fn plan_and_run_foresee_what_the_meters_count() {
    let pair = [("old", 1), ("new", 2)];
    let new_ledger = || MemoryLedger::new(Kind::Simulated);
    for (mode, what) in
        [(WriteMode::Block, "block"), (WriteMode::Single, "single"), (WriteMode::Auto, "auto")]
    {
        let transfer = transfer_with(|options| options.write_mode = mode);
        check(&slow_pair(), &transfer, &new_ledger(), &pair, what).await;
    }
    let add = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    check(&slow_pair(), &add, &new_ledger(), &pair, "add").await;
    for others in [Others::Keep, Others::Zero] {
        let mut energies = [None; 7];
        energies[0] = Some(5_000_000_000);
        let given = Given::Energies { energies, others };
        let typed =
            TypedSource { model: Model::Cm4000, serial_number: None, taken: START.parse().unwrap(), given };
        let typed = Transfer { source: Source::Typed(Box::new(typed)), ..transfer() };
        check(&slow_pair(), &typed, &new_ledger(), &pair, "typed").await;
    }
    // Done before: nothing.
    let (world, ledger) = (slow_pair(), new_ledger());
    check(&world, &transfer(), &ledger, &pair, "first").await;
    check(&world, &transfer(), &ledger, &pair, "again").await;
}

#[tokio::test(start_paused = true)]
async fn both_halves_of_a_swap_are_foreseen() {
    for (model, simulated) in
        [(Model::Cm4000, simulator::Model::Cm4000), (Model::Cm2000, simulator::Model::Cm2000)]
    {
        let world = slow(&["panel"]);
        world.meter("panel", 5, Device::new(simulated, SOURCE_SERIAL).with_energies(OLD));
        let ledger = MemoryLedger::new(Kind::Simulated);
        let source = endpoint(model, "panel", 5, SOURCE_SERIAL);
        let captured_within = Some(Duration::from_secs(3600));
        let swap = Transfer {
            source: Source::Live(LiveSource { endpoint: source, captured_within }),
            target: endpoint(Model::Pm800, "panel", 5, TARGET_SERIAL),
            ..transfer()
        };
        check(&world, &swap, &ledger, &[("panel", 5)], "the old one").await;
        world.gateway("panel").exchange(5, fresh());
        check(&world, &swap, &ledger, &[("panel", 5)], "the new one").await;
        assert_eq!(world.gateway("panel").energies(5), OLD);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_asks_a_portable_gateway_once_for_all_whose_turn_has_not_come() {
    let world = slow(&["kit"]);
    world.meter("kit", 1, Device::new(simulator::Model::Pm800, 99));
    let panels: Vec<_> = (0..5)
        .map(|n| {
            let on_the_kit = |model, serial| {
                let mut end = endpoint(model, "kit", 1, serial);
                end.gateway = Arc::new(Gateway { portable: true, ..(*end.gateway).clone() });
                end
            };
            let source = on_the_kit(Model::Cm4000, 1000 + n);
            let mut panel =
                transfer_between(&format!("panel-{n}"), source.clone(), on_the_kit(Model::Pm800, 2000 + n));
            let captured_within = Some(Duration::from_secs(3600));
            panel.source = Source::Live(LiveSource { endpoint: source, captured_within });
            panel
        })
        .collect();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let plan = planned(&world, &panels, &ledger).await;
    assert_eq!((u64::from(plan.requests), counted(&world, &[("kit", 1)])), (1, 1));
    world.run(&panels, &ledger).await;
    assert_eq!(counted(&world, &[("kit", 1)]), 2, "the run asks once, too");
}

#[tokio::test(start_paused = true)]
async fn a_plan_counts_the_time_that_goes_into_a_meter_that_does_not_answer() {
    let world = slow_pair();
    world.target().set_silent(2, true);
    let plan = planned(&world, &[transfer()], &MemoryLedger::new(Kind::Simulated)).await;
    let busiest = plan.busiest.unwrap();
    // Four tries of two seconds; the source's requests are answered each time.
    assert_eq!((busiest.gateway.as_str(), busiest.requests, busiest.duration_ms), ("new:502", 0, 8_000));
    assert_eq!(plan.requests, 3);
}

#[tokio::test(start_paused = true)]
async fn an_intent_that_was_left_open_is_foreseen_to_be_settled() {
    let world = slow_pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    // The answer to the command is lost, and then the meter is silent: the intent stays open.
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::serial_number().skip(1).always(), Fault::SwallowRequest);
    let report = world.run(&[transfer()], &ledger).await;
    assert_eq!(report.results[0].outcome, Outcome::Unknown);
    world.target().clear_faults(2);
    check(&world, &transfer(), &ledger, &[("old", 1), ("new", 2)], "left open").await;
    assert_eq!((world.target_energies(), world.target_audit().effective_commits()), (OLD, 1));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_could_expect_is_told_by_what_it_was_for() {
    let world = slow_pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.gateway("old").inject(1, When::energies(), Fault::SwallowRequest);
    let report = world.run(&[transfer()], &MemoryLedger::new(Kind::Simulated)).await;
    assert_eq!(report.results[0].outcome, Outcome::Done);
    let reckoning = report.reckoning.unwrap();
    let meters = counted(&world, &[("old", 1), ("new", 2)]);
    assert_eq!(u64::from(reckoning.requests_sent), meters, "{reckoning:?}");
    assert_eq!(reckoning.requests_expected, 11);
    // The first try came to the source's first reading; what followed was the second.
    assert_eq!(reckoning.more.further_tries, reckoning.requests_sent - 2, "{reckoning:?}");
}

#[tokio::test(start_paused = true)]
async fn the_expected_time_is_the_time_it_takes() {
    let world = slow_pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let plan = planned(&world, &[transfer()], &ledger).await;
    let report = world.run(&[transfer()], &ledger).await;
    let reckoning = report.reckoning.unwrap();
    assert_eq!(reckoning.elapsed_ms, 11 * 50);
    assert_eq!(reckoning.expected_ms, 11 * 50, "one transfer asks one meter after the other");
    assert_eq!(plan.expected_ms, 11 * 50);
    let busiest = plan.busiest.unwrap();
    assert_eq!((busiest.requests, busiest.duration_ms), (8, 8 * 50));
}

/// Ten transfers behind one gateway, told every `pulse`.
async fn pulses(pulse: Option<Duration>) -> (Vec<(Duration, Arc<Pulse>)>, Duration) {
    let world = slow(&["bus"]);
    let transfers: Vec<_> = (1..=10_u8)
        .map(|n| {
            let (old, new) = (SOURCE_SERIAL + u32::from(n), TARGET_SERIAL + u32::from(n));
            world.meter("bus", n, Device::new(simulator::Model::Cm4000, old).with_energies(OLD));
            world.meter("bus", 100 + n, Device::new(simulator::Model::Pm800, new));
            let ends = [endpoint(Model::Cm4000, "bus", n, old), endpoint(Model::Pm800, "bus", 100 + n, new)];
            let [source, target] = ends;
            Arc::new(transfer_between(&format!("t{n}"), source, target))
        })
        .collect();
    let (settings, _stopper) = world.settings("watched");
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(Kind::Simulated));
    let began = tokio::time::Instant::now();
    let mut told = Vec::new();
    let report = run(transfers, ledger, RunSettings { pulse, parallel: 1, ..settings }, &mut |event| {
        if let Event::Pulse(pulse) = event {
            told.push((began.elapsed(), pulse));
        }
    })
    .await;
    assert!(report.results.iter().all(|result| result.outcome == Outcome::Done));
    let requests: u64 =
        (1..=10).flat_map(|n| [n, 100 + n]).map(|unit| counted(&world, &[("bus", unit)])).sum();
    assert_eq!(requests, 110);
    (told, report.elapsed)
}

#[tokio::test(start_paused = true)]
async fn a_pulse_comes_in_time_and_tells_how_long_the_rest_takes() {
    let second = Duration::from_secs(1);
    let (told, elapsed) = pulses(Some(second)).await;
    assert_eq!(elapsed, 110 * LATENCY);
    assert_eq!(told.len(), 5 + 1, "one a second, and the last: {told:?}");
    for (at, pulse) in &told[..5] {
        let gateway = &pulse.gateways[0];
        assert_eq!((pulse.gateways.len(), gateway.done + gateway.left), (1, 10));
        assert!(gateway.busy);
        // The account follows the facts that are recorded; none is between the intent and the commit.
        let off = (*at + pulse.time_left.unwrap()).abs_diff(elapsed);
        assert!(off <= 4 * LATENCY, "at {at:?}: {off:?} off");
        assert_eq!(pulse.time_left, gateway.time_left);
    }
    let last = &told[5].1;
    assert_eq!((last.requests_left, last.time_left, last.traffic.requests), (0, Some(Duration::ZERO), 110));
    assert_eq!((last.gateways[0].done, last.gateways[0].left), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_who_did_not_ask() {
    assert!(pulses(None).await.0.is_empty());
}
