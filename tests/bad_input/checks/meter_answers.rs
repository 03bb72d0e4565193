//! Whatever bytes meters answer: one outcome in bounded time and memory, no panic, nothing forbidden on the wire,
//! and `done` only if the program was told by well-formed answers all that it claims to know.

use meterferry::{
    ledger::{Kind, MemoryLedger, Replay},
    meter::{Bound, Quantity, Readings},
    run::{TransferResult, Would},
    transfer::{Fact, Outcome},
};

use super::{
    act::Act,
    lying::{Conversation, Liars},
    panics, scene, wire,
};

/// Wire addresses of registers 8000, 1700 and 8017–8049.
const COMMAND: u16 = 7999;
const ENERGIES: (u16, u16) = (1699, 28);
const MAILBOX: (u16, u16) = (8016, 33);
/// The data's place in the mailbox.
const DATA: usize = 5;
const PRESET: u16 = 6209;
/// What a connection may swallow of an answer that never ends.
const MOST_SWALLOWED: usize = 256 * 1024;

/// Looks at meters that answer by the script, runs one transfer against such meters, and once more against honest ones.
/// Gives the two outcomes.
pub fn check(script: Vec<Act>) -> [Outcome; 2] {
    panics::none_during(|| {
        scene::on_a_paused_clock(look_only(script.clone()));
        scene::on_a_paused_clock(both_runs(script))
    })
}

/// Guarantee 1: who only looks writes nothing, whatever the answers.
async fn look_only(script: Vec<Act>) {
    let liars = Liars::new(script);
    scene::stage(&liars);
    let looked = scene::look_once(&liars).await;
    let conversations = liars.conversations();
    let mut requests = conversations.iter().flat_map(|conversation| &conversation.requests);
    assert!(requests.all(|request| wire::read_span(request).is_some()), "a write while looking");
    if looked.would == Would::Transfer && !liars.lied() {
        assert_eq!(looked.staged, Readings::from_energies(scene::OLD), "{}", looked.reason);
    }
}

async fn both_runs(script: Vec<Act>) -> [Outcome; 2] {
    let liars = Liars::new(script);
    scene::stage(&liars);
    let ledger = MemoryLedger::new(Kind::Simulated);
    let first = scene::run_once(&liars, &ledger).await;
    judge(&liars, &ledger, &first);
    liars.reform();
    let second = scene::run_once(&liars, &ledger).await;
    judge(&liars, &ledger, &second);
    if first.outcome == Outcome::Done {
        assert_eq!(second.outcome, Outcome::AlreadyDone, "{}", second.reason);
    }
    [first.outcome, second.outcome]
}

fn judge(liars: &Liars, ledger: &MemoryLedger, result: &TransferResult) {
    let conversations = liars.conversations();
    for conversation in &conversations {
        assert!(conversation.flooded <= MOST_SWALLOWED, "swallowed {} bytes", conversation.flooded);
        conversation.requests.iter().for_each(|request| assert_allowed(conversation, request));
    }
    assert_no_commit_without_intent(ledger, &conversations);
    if matches!(result.outcome, Outcome::Done | Outcome::AlreadyDone) && !liars.lied() {
        assert_eq!(liars.gateway(scene::TARGET.0).energies(scene::TARGET.1), scene::OLD, "done, and wrong");
    }
    if result.outcome == Outcome::Done {
        assert_was_told(&conversations, result);
    }
}

/// Guarantees 1 and 6: the source is never written to, 8000 takes 6209 only, unit 0 is never addressed.
fn assert_allowed(conversation: &Conversation, request: &[u8]) {
    let (host, unit, _) = if conversation.host == scene::SOURCE.0 { scene::SOURCE } else { scene::TARGET };
    assert_eq!((conversation.host.as_str(), request[wire::HEADER - 1]), (host, unit));
    let reads = wire::read_span(request).is_some();
    assert!(reads || host == scene::TARGET.0, "a write to the source: {request:02X?}");
    assert!(matches!(wire::written_to(request, COMMAND), None | Some(PRESET)), "{request:02X?}");
}

/// Guarantees 2 and 3: each commit has an intent of its own.
fn assert_no_commit_without_intent(ledger: &MemoryLedger, conversations: &[Conversation]) {
    let requests = conversations.iter().flat_map(|conversation| &conversation.requests);
    let commits = requests.filter(|request| wire::written_to(request, COMMAND).is_some()).count();
    let facts = ledger.replay(&scene::transfer().key).expect("what a run recorded is a legal record");
    let intents = facts.iter().filter(|recorded| matches!(recorded.fact, Fact::Intended(_))).count();
    assert!(commits <= intents, "{commits} commits for {intents} intents");
}

/// Everything that a verified transfer claims was delivered, in frames that are right to the last byte.
fn assert_was_told(conversations: &[Conversation], result: &TransferResult) {
    let [source, before, staged, after] =
        [&result.source, &result.target_before, &result.staged, &result.target_after]
            .map(|readings| readings.as_ref().expect("a transfer that is done has all its readings"));
    assert_eq!(source, staged, "a fresh target gets the source's words");
    let told = |host, span, skip, readings: &Readings| {
        assert!(
            was_told(conversations, host, span, skip, readings),
            "{host} {span:?} never said {readings:?}"
        );
    };
    told(scene::SOURCE.0, ENERGIES, 0, source);
    told(scene::TARGET.0, ENERGIES, 0, before);
    told(scene::TARGET.0, MAILBOX, DATA, staged);
    told(scene::TARGET.0, ENERGIES, 0, after);
    let times = &result.times;
    let elapsed = times.verified.unwrap().duration_since(times.intended.unwrap());
    let bound = Bound { tolerance: 1_000, max_load: scene::MAX_LOAD };
    let width = bound.width(elapsed.try_into().expect("verified after it was intended"));
    let far = |quantity| (after.energy(quantity) - staged.energy(quantity)).abs();
    assert!(Quantity::ALL.into_iter().all(|quantity| far(quantity) <= width), "{staged:?}, then {after:?}");
}

/// Whether a read of `span` was answered with these readings, `skip` words in.
fn was_told(
    conversations: &[Conversation],
    host: &str,
    span: (u16, u16),
    skip: usize,
    readings: &Readings,
) -> bool {
    conversations.iter().filter(|conversation| conversation.host == host).any(|conversation| {
        let mut reads = conversation.requests.iter().filter(|request| wire::read_span(request) == Some(span));
        reads.any(|request| {
            (0..conversation.delivered.len()).any(|start| {
                wire::words_read(request, &conversation.delivered[start..])
                    .is_some_and(|words| words[skip..] == readings.to_wire())
            })
        })
    })
}
