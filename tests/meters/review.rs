//! What could bill somebody wrongly without anybody noticing: late commands, torn words, edited jobs, a machine
//! that slept. Each of these once ended in `done`, or could have.

use std::time::Duration;

use meterferry::{
    campaign::TargetEnergy,
    ledger::{Kind, MemoryLedger},
    meter::Model,
    simulator::{self, Device, Energies, Fault, Load, When},
    transfer::{Action, Author, Fact, History, Machine, MachineSettings, Now, Outcome, Reply},
};

use crate::world::*;

fn old() -> Device {
    Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD)
}

fn sum(one: Energies, other: Energies) -> Energies {
    std::array::from_fn(|place| one[place] + other[place])
}

#[tokio::test(start_paused = true)]
async fn a_command_that_comes_after_the_next_try_is_done_takes_no_energy_away() {
    let load = Load::consuming(200_000);
    let world = World::pair_of(old().with_load(load), fresh().with_load(load));
    world.target().inject(2, When::commit(), Fault::LateExecution(Duration::from_secs(120)));
    assert_outcome(&world.run_one(&transfer()).await, Outcome::Done);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let audit = world.target_audit();
    assert_eq!(audit.executions().len(), 2, "the late command did come");
    assert_eq!(audit.effective_commits(), 1, "{:?}", audit.executions());
    world.assert_no_violation();
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_cannot_be_closed_against_a_late_command_is_not_done() {
    let world = World::pair();
    let (target, ledger) = (world.target(), MemoryLedger::new(Kind::Simulated));
    target.inject(2, When::commit(), Fault::LateExecution(Duration::from_secs(120)));
    target.inject(2, When::fence().skip(1).always(), Fault::Exception(4));
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Unknown);
    target.clear_faults(2);
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Done);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_command_that_finds_words_staged_after_it_is_recognised() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    let once = transfer_with(|options| options.retry.attempts = 1);
    let late = Fault::LateExecution(Duration::from_secs(60));
    world.target().inject(2, When::commit(), late);
    assert_outcome(&world.run_again(&once, &ledger).await, Outcome::Failed);
    // The next run stages other words, as its source has counted far more than `max_load` allows, and gets no
    // further than the check.
    let more = sum(OLD, [9_000_000; 7]);
    world.gateway("old").set_energies(1, more);
    world.target().inject(2, When::read_back().always(), Fault::Exception(4));
    assert_outcome(&world.run_again(&once, &ledger).await, Outcome::Failed);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(world.target_energies(), more, "the late command took what was staged last");
    world.target().clear_faults(2);
    assert_outcome(&world.run_again(&once, &ledger).await, Outcome::Done);
    assert_eq!(world.target_audit().effective_commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_late_effect_of_a_job_with_another_source_is_not_this_jobs_success() {
    let world = World::pair();
    let right = sum(OLD, [70_000_000; 7]);
    let other = Device::new(simulator::Model::Cm4000, 777).with_energies(right);
    world.meter("old", 7, other);
    let ledger = MemoryLedger::new(Kind::Simulated);
    let wrong = transfer_with(|options| options.retry.attempts = 1);
    world.target().inject(2, When::commit(), Fault::SwallowRequest);
    assert_outcome(&world.run_again(&wrong, &ledger).await, Outcome::Failed);
    // Against all expectation the command came later; meanwhile the job was given the right source.
    world.target().set_energies(2, OLD);
    let mut edited = wrong;
    edited.source = endpoint(Model::Cm4000, "old", 7, 777).into();
    let result = world.run_again(&edited, &ledger).await;
    assert_outcome(&result, Outcome::Refused);
    assert!(
        result.reason.contains("20344871") && result.reason.contains("777"),
        "both sources are named: {}",
        result.reason
    );
    assert_eq!(world.target_audit().commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_lost_command_of_a_job_with_another_target_says_nothing_of_this_one() {
    let world = World::pair();
    world.meter("new", 3, Device::new(simulator::Model::Pm800, 555));
    let ledger = MemoryLedger::new(Kind::Simulated);
    let wrong = transfer_with(|options| options.retry.attempts = 1);
    world.target().inject(2, When::commit(), Fault::SwallowRequest);
    assert_outcome(&world.run_again(&wrong, &ledger).await, Outcome::Failed);
    // The right target already shows what was once staged for the wrong one.
    world.target().set_energies(3, OLD);
    let mut edited = wrong;
    edited.target = endpoint(Model::Pm800, "new", 3, 555);
    let result = world.run_again(&edited, &ledger).await;
    assert_outcome(&result, Outcome::Refused);
    assert_eq!(world.target().audit(3).writes().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn add_is_not_led_astray_by_a_torn_reading_of_the_target() {
    let counted = [700_000, 80_000, 0, 0, 700_000, 80_000, 710_000];
    let world = World::pair_of(old(), fresh().with_energies(counted));
    world.target().inject(2, When::energies(), Fault::TornRead);
    let add = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    let result = world.run_one(&add).await;
    assert_outcome(&result, Outcome::Done);
    assert_eq!(world.target_energies(), sum(OLD, counted));
}

#[tokio::test(start_paused = true)]
async fn add_gives_up_on_a_target_whose_readings_never_agree() {
    let world = World::pair_of(old(), fresh().with_energies([700_000; 7]));
    for torn in 0..5 {
        world.target().inject(2, When::energies().nth(2 * torn + 1), Fault::TornRead);
    }
    let add = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    let result = world.run_one(&add).await;
    assert_outcome(&result, Outcome::Failed);
    assert!(result.reason.contains("the target's"), "{}", result.reason);
    world.assert_untouched();
}

#[tokio::test(start_paused = true)]
async fn a_wide_tolerance_does_not_let_a_torn_source_reading_pass() {
    for (torn, max_load) in [(1, None), (2, None), (1, Some(250_000)), (2, Some(250_000))] {
        let world = World::pair();
        world.gateway("old").inject(1, When::energies().nth(torn), Fault::TornRead);
        let wide = transfer_with(|options| {
            options.verify.tolerance = 20_000;
            options.verify.max_load = max_load;
        });
        assert_outcome(&world.run_one(&wide).await, Outcome::Done);
        assert_eq!(world.target_energies(), OLD, "read {torn} was torn");
    }
}

#[tokio::test(start_paused = true)]
async fn a_swapped_pair_is_refused_even_if_the_new_meter_has_counted_next_to_nothing() {
    for counted in [[500, 0, 0, 0, 500, 0, 500], [0, 0, 0, 0, 0, 0, 1]] {
        let new = Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(counted);
        let world = World::pair_of(new, fresh().with_energies(OLD));
        for target_energy in [TargetEnergy::Refuse, TargetEnergy::Replace, TargetEnergy::Add] {
            let result = world.run_one(&transfer_with(|options| options.target_energy = target_energy)).await;
            assert_outcome(&result, Outcome::Refused);
            world.assert_untouched();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn growth_that_no_load_explains_does_not_widen_the_bound() {
    let torn = [When::energies().nth(3), When::energies().nth(4)];
    for (place, when) in torn.into_iter().enumerate() {
        let world = World::pair();
        let gateway = world.target();
        let without_load = transfer_with(|options| options.verify.max_load = None);
        gateway.inject(2, When::status_poll(), Fault::Delay(Duration::from_millis(1500)));
        gateway.inject(2, when, Fault::TornRead);
        // Somebody set the meter to something else right after the command.
        let spoilt = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            gateway.set_energies(2, OLD.map(|energy| energy + 19_000));
        };
        let (result, ()) = tokio::join!(world.run_one(&without_load), spoilt);
        assert_eq!(result.outcome, Outcome::Mismatch, "torn read {place}: {}", result.reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fast_meter_is_still_verified_by_its_measured_growth() {
    let load = Load::consuming(30_000_000);
    let world = World::pair_of(old(), fresh().with_load(load));
    world.target().inject(2, When::status_poll(), Fault::Delay(Duration::from_millis(1500)));
    let without_load = transfer_with(|options| {
        options.verify.max_load = None;
        options.fresh_below = 100_000;
    });
    let result = world.run_one(&without_load).await;
    assert_outcome(&result, Outcome::Done);
    assert!(matches!(result.bound, Some(meterferry::transfer::BoundUsed::MeasuredGrowth { .. })));
}

#[tokio::test(start_paused = true)]
async fn settling_after_an_exception_uses_a_new_connection() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::ExceptionAfter(0x0B));
    assert_outcome(&world.run_one(&transfer()).await, Outcome::Done);
    assert_eq!(world.target_audit().connections(), 2, "the gateway may still answer on the first");
}

#[tokio::test(start_paused = true)]
async fn a_fence_that_does_not_hold_settles_nothing() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    let overwritten = Fault::ForeignWrite { register: 8022, words: vec![0] };
    world.target().inject(2, When::read(8022..=8022).skip(1).always(), overwritten);
    let result = world.run_one(&transfer()).await;
    assert_outcome(&result, Outcome::Unknown);
    assert!(result.reason.contains("register 8022"), "{}", result.reason);
}

#[tokio::test(start_paused = true)]
async fn another_meter_is_not_settled_even_if_the_job_takes_any() {
    let world = World::pair();
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::serial_number().nth(2), Fault::SerialBecomes(42));
    let mut any = transfer();
    any.target.serial_number = meterferry::campaign::SerialNumber::Any;
    let result = world.run_one(&any).await;
    assert_outcome(&result, Outcome::Unknown);
    assert!(result.reason.contains("another meter"), "{}", result.reason);
    assert_eq!(
        world.target_audit().writes().last().map(|write| write.register),
        Some(8000),
        "no fence for it"
    );
}

#[tokio::test(start_paused = true)]
async fn another_meter_is_not_verified_even_if_the_job_takes_any() {
    let world = World::pair();
    let mut any = transfer();
    any.target.serial_number = meterferry::campaign::SerialNumber::Any;
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.target().inject(2, When::energies().skip(1).always(), Fault::Exception(4));
    assert_outcome(&world.run_again(&any, &ledger).await, Outcome::Unknown);
    world.target().clear_faults(2);
    world.target().inject(2, When::serial_number(), Fault::SerialBecomes(42));
    let result = world.run_again(&any, &ledger).await;
    assert_outcome(&result, Outcome::Unknown);
    assert!(result.reason.contains("another meter"), "{}", result.reason);
}

#[tokio::test(start_paused = true)]
async fn nobody_comes_between_the_first_staged_word_and_the_commit() {
    let world = World::default();
    let slow = simulator::GatewaySettings { bus_time: Duration::from_millis(20), ..Default::default() };
    world.gateway_with("new", slow);
    let mut transfers = Vec::new();
    for unit in 1..=4u8 {
        let (host, serial) = (format!("old{unit}"), 1000 + u32::from(unit));
        world.meter(&host, 1, Device::new(simulator::Model::Cm4000, serial).with_energies(OLD));
        world.meter("new", unit, Device::new(simulator::Model::Pm800, serial + 1000));
        transfers.push(transfer_between(
            &format!("t{unit}"),
            endpoint(Model::Cm4000, &host, 1, serial),
            endpoint(Model::Pm800, "new", unit, serial + 1000),
        ));
    }
    let report = world.run(&transfers, &MemoryLedger::new(Kind::Simulated)).await;
    assert!(report.results.iter().all(|result| result.outcome == Outcome::Done));
    let audits: Vec<_> = (1..=4).map(|unit| world.target().audit(unit)).collect();
    let mut turns: Vec<_> =
        audits.iter().map(|audit| (audit.writes()[0].at, audit.writes().last().unwrap().at)).collect();
    turns.sort();
    assert!(turns.windows(2).all(|pair| pair[0].1 < pair[1].0), "{turns:?}");
}

#[tokio::test(start_paused = true)]
async fn an_open_intent_under_another_id_keeps_its_target() {
    let world = World::pair();
    let ledger = MemoryLedger::new(Kind::Simulated);
    world.target().inject(2, When::commit(), Fault::LateExecution(Duration::from_secs(600)));
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    assert_outcome(&world.run_again(&transfer(), &ledger).await, Outcome::Unknown);
    world.target().clear_faults(2);
    let mut renamed = transfer();
    renamed.key.id = "feeder-12-again".into();
    let result = world.run_again(&renamed, &ledger).await;
    tokio::time::sleep(Duration::from_secs(900)).await;
    assert_outcome(&result, Outcome::Refused);
    assert_eq!(world.target_audit().commit_requests(), 1);
}

/// A machine driven by hand up to where it wants to write `register`, by a clock that the test turns.
struct ByHand {
    machine: Machine,
    now: Now,
    mailbox: std::collections::BTreeMap<u16, u16>,
}

impl ByHand {
    fn new() -> Self {
        let plan = std::sync::Arc::new(transfer());
        let settings =
            MachineSettings { run: "run".into(), author: Author::default(), seed: 7, until_check: false };
        let machine = Machine::new(plan, History::default(), settings, None);
        let now = Now { wall: START.parse().unwrap(), steady: Duration::ZERO };
        Self { machine, now, mailbox: std::collections::BTreeMap::new() }
    }

    /// The machine's computer sleeps: only the wall clock goes on.
    fn sleep(&mut self, time: Duration) {
        self.now.wall += time;
    }

    /// Obeys, until the machine asks for something that `stop` names.
    fn until(&mut self, stop: impl Fn(&Action) -> bool) -> Action {
        for _ in 0..100 {
            let action = self.machine.next(self.now);
            if stop(&action) || matches!(action, Action::Finish(_)) {
                return action;
            }
            let reply = self.obey(action);
            self.machine.handle(self.now, reply).unwrap();
        }
        panic!("it goes round in circles");
    }

    fn obey(&mut self, action: Action) -> Reply {
        use meterferry::{campaign::Role, meter::Write};
        match action {
            Action::Record(_) => Reply::Recorded,
            Action::Relink => Reply::Relinked,
            Action::Wait(delay) | Action::Rest(delay) => {
                self.now.wall += delay;
                self.now.steady += delay;
                Reply::Waited
            }
            Action::Read(role, read) => {
                let serial = if role == Role::Source { SOURCE_SERIAL } else { TARGET_SERIAL };
                Reply::Read(Ok(match read.first.number() {
                    3017 => vec![serial as u16, (serial >> 16) as u16],
                    1700 if role == Role::Source => vec![1234; 28],
                    1700 => vec![0; 28],
                    first => (first..first + read.count).map(|register| self.mailbox[&register]).collect(),
                }))
            }
            Action::Write(Write::Block { first, words }) => {
                self.mailbox.extend((first.number()..).zip(words));
                Reply::Written(Ok(()))
            }
            Action::Write(Write::Single { register, word }) => {
                self.mailbox.insert(register.number(), word);
                Reply::Written(Ok(()))
            }
            Action::Finish(_) => unreachable!("`until` has returned"),
        }
    }
}

fn is_commit(action: &Action) -> bool {
    use meterferry::meter::{COMMAND, PRESET_ENERGIES, Write};
    *action == Action::Write(Write::Single { register: COMMAND, word: PRESET_ENERGIES })
}

#[test]
fn words_staged_before_the_computer_slept_are_not_applied_when_it_wakes() {
    let mut hand = ByHand::new();
    assert!(is_commit(&hand.until(is_commit)));
    hand.sleep(Duration::from_secs(60 * 3600));
    let next = hand.until(|action| {
        is_commit(action)
            || matches!(action, Action::Record(recorded) if matches!(recorded.fact, Fact::Closed { .. }))
    });
    assert!(!is_commit(&next), "Friday's words are not for Monday");
    // It begins afresh, with readings of today.
    let intended = hand.until(
        |action| matches!(action, Action::Record(recorded) if matches!(recorded.fact, Fact::Intended(_))),
    );
    let Action::Record(recorded) = intended else { panic!("{intended:?}") };
    let Fact::Intended(intent) = recorded.fact else { panic!() };
    assert_eq!(intent.number, 2);
    assert!(intent.source.at.duration_since(START.parse().unwrap()).as_hours() >= 60);
}

#[test]
fn a_nap_between_check_and_commit_is_followed_by_another_check() {
    let mut hand = ByHand::new();
    assert!(is_commit(&hand.until(is_commit)));
    hand.sleep(Duration::from_secs(5));
    let next = hand.machine.next(hand.now);
    assert!(matches!(next, Action::Read(_, read) if read.first.number() == 8017), "{next:?}");
}

#[test]
fn a_wall_clock_that_is_set_back_does_not_keep_the_commit_waiting() {
    let mut hand = ByHand::new();
    assert!(is_commit(&hand.until(is_commit)));
    hand.now.wall -= Duration::from_secs(3600);
    assert!(is_commit(&hand.machine.next(hand.now)));
}
