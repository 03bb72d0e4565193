//! What a transfer did is taken back: the target shows what it held before, and every Wh it counted since. A twin of
//! the target that nobody ever writes to, under the same load, is the judge.

use std::{sync::Arc, time::Duration};

use meterferry::{
    campaign::{SerialNumber, TargetEnergy, Transfer},
    ledger::{Fault as LedgerFault, Kind, MemoryLedger, Replay},
    meter::WriteMode,
    run::UndoError,
    simulator::{self, Device, Energies, Fault, Load, When},
    transfer::{NotUndoable, Outcome, Phase},
};

use crate::world::*;

const LOAD: i64 = 200_000;
/// What the load counts between a reading and the commit that follows it at once, and a rounded Wh at both ends.
const READ: i64 = 2;
const HOURS: Duration = Duration::from_secs(5 * 3600);
const BEFORE: Energies = [812, 40, 3, 0, 809, 40, 900];

/// A source that counts, and a target that has counted a little, beside its twin.
fn world() -> World {
    let load = Load::consuming(LOAD);
    let source = Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD).with_load(load);
    let world = World::pair_of(source, fresh().with_energies(BEFORE).with_load(load));
    world.meter("twin", 2, fresh().with_energies(BEFORE).with_load(load));
    world
}

/// How far the target is behind its twin, by energy.
fn lost(world: &World) -> Energies {
    let (twin, target) = (world.gateway("twin").energies(2), world.target_energies());
    std::array::from_fn(|place| twin[place] - target[place])
}

#[track_caller]
fn assert_nothing_is_lost(world: &World, what: &str) {
    let lost = lost(world);
    // Once when it was carried, once when it was undone.
    assert!(lost.iter().all(|lost| (0..=2 * READ).contains(lost)), "{what}: {lost:?}");
    world.assert_no_violation();
}

fn phase(ledger: &MemoryLedger, transfer: &Transfer) -> Phase {
    ledger.record(&transfer.key).unwrap().history.phase()
}

/// A world where the transfer was done hours ago.
async fn done_hours_ago(transfer: &Transfer) -> (World, MemoryLedger) {
    let (world, ledger) = (world(), MemoryLedger::new(Kind::Simulated));
    assert_outcome(world.run_again(transfer, &ledger).await, Outcome::Done);
    tokio::time::sleep(HOURS).await;
    (world, ledger)
}

#[tokio::test(start_paused = true)]
async fn no_wh_that_was_counted_since_is_lost() {
    for change in [
        |_: &mut Transfer| (),
        |transfer: &mut Transfer| {
            transfer.options.target_energy = TargetEnergy::Replace;
            transfer.options.write_mode = WriteMode::Single;
        },
    ] {
        let mut transfer = transfer();
        change(&mut transfer);
        let (world, ledger) = done_hours_ago(&transfer).await;
        assert!(world.target_energies()[0] >= OLD[0] + LOAD * 5, "it did count");
        let undo = world.undo_one(&transfer, &ledger).await;
        assert_outcome(&undo, Outcome::Done);
        assert_nothing_is_lost(&world, "at once");
        assert!(world.target_energies()[0] > LOAD * 5, "what it counted since is there");
        assert_eq!(phase(&ledger, &transfer), Phase::Undone);
        assert_eq!(world.target_audit().effective_commits(), 2);
        tokio::time::sleep(HOURS).await;
        assert_nothing_is_lost(&world, "later");
    }
}

#[tokio::test(start_paused = true)]
async fn an_added_energy_is_taken_away_again_and_its_own_stays() {
    let transfer = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    let (world, ledger) = (world(), MemoryLedger::new(Kind::Simulated));
    world.gateway("old").set_load(1, Load::consuming(0));
    world.target().set_energies(2, BEFORE.map(|energy| energy * 1000));
    world.gateway("twin").set_energies(2, BEFORE.map(|energy| energy * 1000));
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Done);
    tokio::time::sleep(HOURS).await;
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Done);
    assert_nothing_is_lost(&world, "add");
}

#[tokio::test(start_paused = true)]
async fn what_was_counted_before_a_late_verification_is_not_lost_either() {
    let (world, ledger) = (world(), MemoryLedger::new(Kind::Simulated));
    let transfer = transfer();
    // The command takes effect, and from then on nobody can look for hours.
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Unknown);
    world.target().clear_faults(2);
    tokio::time::sleep(HOURS).await;
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Done);
    tokio::time::sleep(HOURS).await;
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Done);
    assert_nothing_is_lost(&world, "verified late");
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_back_instead_of_the_echo_it_is_undone_once() {
    for fault in [
        Fault::SwallowResponse,
        Fault::SwallowRequest,
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Exception(6),
        Fault::ExceptionAfter(4),
        Fault::WrongEcho,
        Fault::Garbage,
        Fault::LateResponse(Duration::from_secs(3)),
        Fault::LateExecution(Duration::from_secs(6)),
        Fault::LateExecution(Duration::from_secs(120)),
    ] {
        let transfer = transfer();
        let (world, ledger) = done_hours_ago(&transfer).await;
        world.target().inject(2, When::commit(), fault.clone());
        assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Done);
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(world.target_audit().effective_commits(), 2, "{fault:?}");
        assert_nothing_is_lost(&world, &format!("{fault:?}"));
        assert_eq!(phase(&ledger, &transfer), Phase::Undone, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_read_or_write_loses_nothing() {
    for when in [
        When::serial_number(),
        When::energies(),
        When::energies().skip(1),
        When::stage(),
        When::pointers(),
        When::read_back(),
        When::status_poll(),
        When::energies().skip(2),
    ] {
        for fault in [
            Fault::SwallowRequest,
            Fault::SwallowResponse,
            Fault::Garbage,
            Fault::Exception(6),
            Fault::TornRead,
        ] {
            let transfer = transfer();
            let (world, ledger) = done_hours_ago(&transfer).await;
            world.target().inject(2, when.clone(), fault.clone());
            let undo = world.undo_one(&transfer, &ledger).await;
            let what = format!("{when:?} {fault:?}: {}", undo.reason);
            assert_eq!(undo.outcome, Outcome::Done, "{what}");
            assert_eq!(world.target_audit().effective_commits(), 2, "{what}");
            assert_nothing_is_lost(&world, &what);
        }
    }
}

/// Undoes until the program dies, or to the end; whether it died.
async fn undo_until_death(world: &World, transfer: &Transfer, ledger: &MemoryLedger) -> bool {
    tokio::select! {
        _ = world.undo(transfer, ledger, None) => false,
        () = ledger.crashed() => true,
        () = world.cut.happened.notified() => { ledger.crash(); true }
    }
}

/// A run does not start the transfer again; then the undo is finished, once.
async fn assert_right_after(world: &World, transfer: &Transfer, ledger: &MemoryLedger, what: &str) {
    world.cut.set(None);
    let survivor = ledger.survivor();
    let writes = world.target_audit().writes().len();
    let between = world.run_again(transfer, &survivor).await;
    let expected = match phase(&survivor, transfer) {
        Phase::Done => Outcome::AlreadyDone,
        Phase::Undone => Outcome::Refused,
        _ => Outcome::Unknown,
    };
    assert_eq!(between.outcome, expected, "{what}: {}", between.reason);
    let mut again = transfer.clone();
    again.generation = 2;
    if expected == Outcome::Unknown {
        assert_outcome(world.run_again(&again, &survivor).await, Outcome::Unknown);
    }
    assert_eq!(world.target_audit().writes().len(), writes, "{what}: a run wrote");
    tokio::time::sleep(HOURS).await;
    match world.undo(transfer, &survivor, None).await {
        Ok(report) => assert!(report.results[0].outcome.is_done(), "{what}: {}", report.results[0].reason),
        Err(UndoError::NotUndoable(NotUndoable::Undone)) => assert_eq!(expected, Outcome::Refused, "{what}"),
        Err(error) => panic!("{what}: {error}"),
    }
    assert_eq!(phase(&survivor, transfer), Phase::Undone, "{what}");
    assert_eq!(world.target_audit().effective_commits(), 2, "{what}");
    assert_nothing_is_lost(world, what);
    assert_outcome(world.run_again(transfer, &survivor).await, Outcome::Refused);
}

#[tokio::test(start_paused = true)]
async fn death_at_every_append_of_an_undo() {
    type Kill = fn(u64) -> LedgerFault;
    let kills: [(&str, Kill); 3] = [
        ("on call", LedgerFault::CrashOnCall),
        ("before durable", LedgerFault::CrashBeforeDurable),
        ("after durable", LedgerFault::CrashAfterDurable),
    ];
    for (name, kill) in kills {
        for append in 1.. {
            let transfer = transfer();
            let (world, ledger) = done_hours_ago(&transfer).await;
            let ledger = ledger.survivor_failing(Some(kill(append)));
            if !undo_until_death(&world, &transfer, &ledger).await {
                assert!(append > 9, "only {append} appends were reached");
                break;
            }
            assert_right_after(&world, &transfer, &ledger, &format!("{name} {append}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn death_at_every_request_of_an_undo_and_of_the_next() {
    for when in [CutWhen::Before, CutWhen::After] {
        for first in 1.. {
            let transfer = transfer();
            let (world, ledger) = done_hours_ago(&transfer).await;
            world.cut.set(Some((first, when)));
            if !undo_until_death(&world, &transfer, &ledger).await {
                assert!(first > 8, "only {first} requests were reached");
                break;
            }
            let second = ledger.survivor();
            world.cut.set(Some((first, when)));
            undo_until_death(&world, &transfer, &second).await;
            assert_right_after(&world, &transfer, &second, &format!("{when:?} {first}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_undone_is_not_run_again_unless_a_generation_asks_for_it() {
    let mut transfer = transfer();
    let (world, ledger) = done_hours_ago(&transfer).await;
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Done);
    let refused = world.run_again(&transfer, &ledger).await;
    assert_outcome(&refused, Outcome::Refused);
    assert!(refused.reason.contains("undone") && refused.reason.contains("ana@site"), "{}", refused.reason);
    assert!(refused.hint.as_ref().is_some_and(|hint| hint.contains("generation: 2")), "{:?}", refused.hint);
    let again = world.undo(&transfer, &ledger, None).await;
    assert!(matches!(again, Err(UndoError::NotUndoable(NotUndoable::Undone))), "{again:?}");
    assert_eq!(world.target_audit().effective_commits(), 2);
    transfer.generation = 2;
    transfer.options.target_energy = TargetEnergy::Replace;
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Done);
    tokio::time::sleep(HOURS).await;
    let undo = world.undo_one(&transfer, &ledger).await;
    assert_outcome(&undo, Outcome::Done);
    assert_eq!(&*undo.transfer.key.id, "feeder-12~undo2");
    let lost = lost(&world);
    assert!(lost.iter().all(|lost| (0..=4 * READ).contains(lost)), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_not_where_it_was_left_is_not_touched_and_the_transfer_stays_done() {
    let steps: [fn(&World); 3] = [
        |world| world.target().set_energies(2, [0; 7]),
        |world| world.target().set_energies(2, world.target_energies().map(|energy| energy + 9_000_000)),
        |world| drop(world.target().exchange(2, Device::new(simulator::Model::Pm800, 42))),
    ];
    for step in steps {
        let transfer = transfer();
        let (world, ledger) = done_hours_ago(&transfer).await;
        step(&world);
        let writes = world.target_audit().writes().len();
        let undo = world.undo_one(&transfer, &ledger).await;
        assert_outcome(&undo, Outcome::Refused);
        assert!(undo.hint.is_some());
        assert_eq!(world.target_audit().writes().len(), writes);
        assert_eq!(phase(&ledger, &transfer), Phase::Done);
        assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::AlreadyDone);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_load_a_person_must_say_how_much_it_can_have_counted() {
    let transfer = transfer_with(|options| options.verify.max_load = None);
    let (world, ledger) = done_hours_ago(&transfer).await;
    for too_little in [None, Some(999_000)] {
        let report = world.undo(&transfer, &ledger, too_little).await.unwrap();
        assert_outcome(&report.results[0], Outcome::Refused);
    }
    assert_eq!(world.target_audit().commit_requests(), 1);
    let report = world.undo(&transfer, &ledger, Some(1_001_000)).await.unwrap();
    assert_outcome(&report.results[0], Outcome::Done);
    assert_nothing_is_lost(&world, "as a person said");
}

#[tokio::test(start_paused = true)]
async fn only_what_is_done_can_be_undone() {
    let (world, ledger) = (world(), MemoryLedger::new(Kind::Simulated));
    let mut transfer = transfer();
    let nothing = world.undo(&transfer, &ledger, None).await;
    assert!(matches!(nothing, Err(UndoError::NotUndoable(NotUndoable::NothingDone))), "{nothing:?}");
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Unknown);
    world.target().clear_faults(2);
    let open = world.undo(&transfer, &ledger, None).await;
    assert!(matches!(open, Err(UndoError::NotUndoable(NotUndoable::NotFinished))), "{open:?}");
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Done);
    transfer.target.serial_number = SerialNumber::Pinned(77);
    let changed = world.undo(&transfer, &ledger, None).await;
    assert!(
        matches!(changed, Err(UndoError::NotUndoable(NotUndoable::MeaningChanged { .. }))),
        "{changed:?}"
    );
    assert_eq!(world.target_audit().commit_requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_of_two_transfers_to_one_target_is_undone_first() {
    let first = transfer();
    let (world, ledger) = done_hours_ago(&first).await;
    let mut second = transfer_with(|options| options.target_energy = TargetEnergy::Add);
    second.key.id = "and-another".into();
    second.after = vec![first.key.clone()];
    world.meter("old", 9, Device::new(simulator::Model::Cm4000, 900).with_energies([7_000_000_000; 7]));
    second.source = endpoint(meterferry::meter::Model::Cm4000, "old", 9, 900).into();
    assert_outcome(world.run_again(&second, &ledger).await, Outcome::Done);
    tokio::time::sleep(HOURS).await;
    let refused = world.undo_one(&first, &ledger).await;
    assert_outcome(&refused, Outcome::Refused);
    assert_eq!(world.target_audit().effective_commits(), 2);
    assert_outcome(world.undo_one(&second, &ledger).await, Outcome::Done);
    assert_outcome(world.undo_one(&first, &ledger).await, Outcome::Done);
    let lost = lost(&world);
    assert!(lost.iter().all(|lost| (0..=4 * READ).contains(lost)), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn another_transfer_may_follow_an_undone_one_and_only_then() {
    let first = transfer();
    let (world, ledger) = done_hours_ago(&first).await;
    let mut second = transfer_with(|options| options.target_energy = TargetEnergy::Replace);
    second.key.id = "the-right-one".into();
    second.after = vec![first.key.clone()];
    // The undo's command is lost, and nobody can look: nothing follows.
    world.target().inject(2, When::commit(), Fault::SwallowResponse);
    world.target().inject(2, When::fence().always(), Fault::SwallowRequest);
    assert_outcome(world.undo_one(&first, &ledger).await, Outcome::Unknown);
    world.target().clear_faults(2);
    assert_outcome(world.run_again(&second, &ledger).await, Outcome::Refused);
    assert_outcome(world.undo_one(&first, &ledger).await, Outcome::Done);
    let mut stranger = second.clone();
    stranger.after.clear();
    assert_outcome(world.run_again(&stranger, &ledger).await, Outcome::Refused);
    assert_outcome(world.run_again(&second, &ledger).await, Outcome::Done);
    assert_eq!(world.target_audit().effective_commits(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_undo_whose_command_may_still_come_is_not_given_up() {
    let transfer = transfer_with(|options| options.retry.attempts = 1);
    let (world, ledger) = done_hours_ago(&transfer).await;
    world.target().inject(2, When::commit(), Fault::SwallowRequest);
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Failed);
    assert_eq!(phase(&ledger, &transfer), Phase::Undoing { done: true });
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Unknown);
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Done);
    assert_nothing_is_lost(&world, "undone by the second try");
}

#[tokio::test(start_paused = true)]
async fn where_the_job_lets_any_meter_pass_an_undo_still_wants_the_one_that_was_written_to() {
    let mut transfer = transfer();
    transfer.target.serial_number = SerialNumber::Any;
    let (world, ledger) = done_hours_ago(&transfer).await;
    let energies = world.target_energies();
    world.target().exchange(2, Device::new(simulator::Model::Pm800, 42).with_energies(energies));
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Refused);
    assert!(world.target_audit().writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mismatch_can_be_undone_from_where_it_was_found() {
    let transfer = transfer();
    let (world, ledger) = (world(), MemoryLedger::new(Kind::Simulated));
    // Something else sets the meter between the command and the look.
    let target = world.target();
    let ahead = OLD.map(|energy| energy + 50_000_000);
    target.inject(2, When::commit(), Fault::SwallowResponse);
    let meddle = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        target.set_energies(2, ahead);
    };
    let (result, ()) = tokio::join!(world.run_again(&transfer, &ledger), meddle);
    // Neither the old nor the staged: a person says that the command took effect, and then it is a mismatch.
    assert_outcome(&result, Outcome::Unknown);
    resolve_as_committed(&ledger, &transfer).await;
    assert_outcome(world.run_again(&transfer, &ledger).await, Outcome::Mismatch);
    let left = world.target_energies();
    tokio::time::sleep(HOURS).await;
    let counted: Energies = std::array::from_fn(|place| world.target_energies()[place] - left[place]);
    assert_outcome(world.undo_one(&transfer, &ledger).await, Outcome::Done);
    assert_eq!(phase(&ledger, &transfer), Phase::Undone);
    for place in 0..7 {
        let off = world.target_energies()[place] - BEFORE[place] - counted[place];
        assert!(off.abs() <= 10, "energy {place}: {off}");
    }
}

async fn resolve_as_committed(ledger: &MemoryLedger, transfer: &Transfer) {
    use meterferry::{
        ledger::Ledger as _,
        transfer::{Fact, Recorded, Resolution},
    };
    let seq = ledger.record(&transfer.key).unwrap().history.seq + 1;
    let fact =
        Fact::Resolved { decision: Resolution::Committed, reason: "seen".into(), operator: "ana".into() };
    let run: Arc<str> = "resolve".into();
    let at = START.parse().unwrap();
    ledger.append(&transfer.key, Recorded { seq, at, run, fact }).await.unwrap();
}
