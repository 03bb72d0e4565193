//! The words of this room: how outcomes, plans and facts are said to people, and in which tone.

use std::{collections::BTreeSet, time::Duration};

use super::paint::Tone;
use crate::{
    campaign::{Gateway, Transfer},
    meter::{Quantity, Readings, kilo},
    run::{More, Reckoning, Would},
    transfer::{Closing, Evidence, Fact, Guard, Identity, Outcome, Resolution, UndoBegun},
};

/// What a transfer does not carry; every summary and plan says so (DOMAIN.md §1, §2).
pub const NOT_CARRIED: &str = "Carried are the seven accumulated energies (registers 1700–1727). Conditional, \
     incremental and input-metering energies, CT and PT settings are not.";

/// An outcome for people: `already_done` → `already done`.
pub(super) fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::AlreadyDone => "already done",
        Outcome::NotRun => "not run",
        other => other.word(),
    }
}

/// The tone of an outcome.
pub(super) fn outcome_tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Done | Outcome::AlreadyDone => Tone::Good,
        Outcome::Waiting | Outcome::NotRun | Outcome::Unreachable => Tone::Soon,
        Outcome::Failed | Outcome::Refused | Outcome::Unknown | Outcome::Mismatch => Tone::Bad,
    }
}

/// How much a person must look: the higher, the nearer to the end of the summary.
pub(super) fn urgency(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Done | Outcome::AlreadyDone => 0,
        Outcome::NotRun => 1,
        Outcome::Waiting => 2,
        Outcome::Unreachable => 3,
        Outcome::Failed => 4,
        Outcome::Refused => 5,
        Outcome::Mismatch => 6,
        Outcome::Unknown => 7,
    }
}

/// Whether running again will not help by itself.
pub(super) fn needs_a_person(outcome: Outcome) -> bool {
    urgency(outcome) >= urgency(Outcome::Refused)
}

/// What a run would do, as the end of a sentence about a transfer.
pub(super) fn would_words(would: Would) -> &'static str {
    match would {
        Would::Transfer => "would be transferred",
        Would::Nothing => "would be left alone",
        Would::Settle => "would be settled",
        Would::Wait => "would wait for the replacement",
        Would::Mismatch => "is a mismatch",
        Would::Unknown => "is unknown: a person must look",
        Would::Refuse => "would be refused",
        Would::NotReach => "could not be reached",
        Would::Fail => "would fail",
        Would::NotLooked => "not looked at",
    }
}

/// The tone of a plan's word.
pub(super) fn would_tone(would: Would) -> Tone {
    match would {
        Would::Transfer | Would::Nothing => Tone::Good,
        Would::Settle | Would::Wait | Would::NotReach | Would::NotLooked => Tone::Soon,
        Would::Refuse | Would::Fail | Would::Mismatch | Would::Unknown => Tone::Bad,
    }
}

/// What a guard looks at.
pub(super) fn guard_words(guard: Guard) -> &'static str {
    match guard {
        Guard::WordSigns => "word signs",
        Guard::ZeroSource => "zero source",
        Guard::Age => "age",
        Guard::Expected => "expected",
        Guard::Direction => "direction",
        Guard::TargetEnergy => "target energy",
        Guard::Totals => "totals",
        Guard::Digits => "digits",
        Guard::Ledger => "ledger",
        Guard::AsLeft => "as left",
    }
}

/// What a fact says, for the log.
pub(super) fn fact_words(fact: &Fact) -> String {
    match fact {
        Fact::Began(_) => "taken up".to_owned(),
        Fact::Identified { role, identity: Identity::SerialNumber(number) } => {
            format!("{role} identified: serial number {number}")
        }
        Fact::Identified { role, identity: Identity::Unproved(answer) } => {
            format!("{role} does not say who it is, identity and addressing go unproved: {answer}")
        }
        Fact::SourceRead(reading) => format!("source read: real energy in {}", real_in(&reading.readings)),
        Fact::TargetRead(reading) => {
            format!("target read before: real energy in {}", real_in(&reading.readings))
        }
        Fact::Intended(intent) => {
            format!(
                "intent {} recorded: real energy in {} is about to be staged",
                intent.number,
                real_in(&intent.staged)
            )
        }
        Fact::CommitSent { answer } => format!("commit sent: {answer}"),
        Fact::StatusRead { word } => format!("result read: {word}"),
        Fact::Fenced => "buffer made invalid, so that a late command is rejected".to_owned(),
        Fact::Looked(reading) => {
            format!("target read to settle: real energy in {}", real_in(&reading.readings))
        }
        Fact::Closed { how: Closing::NotSent, reason } => {
            format!("given up before the command was sent: {reason}")
        }
        Fact::Closed { how: Closing::NotCommitted, reason } => {
            format!("the command had no effect: {reason}")
        }
        Fact::Committed { evidence, note, .. } => {
            let known = match evidence {
                Evidence::Status => "by the command's result",
                Evidence::Settled => "by settling",
                Evidence::FoundLater => "found later",
            };
            format!("committed, known {known}: {note}")
        }
        Fact::Verified(verification) => {
            format!("verified: real energy in {}", real_in(&verification.after.readings))
        }
        Fact::Mismatched(verification) => {
            format!(
                "target does not hold what was staged: real energy in {}",
                real_in(&verification.after.readings)
            )
        }
        Fact::Ended(ending) => format!("ended as {}", outcome_words(ending.outcome)),
        Fact::Adopted(adopted) => format!(
            "done by hand: real energy in {}, adopted by {}: {}",
            real_in(&adopted.target.readings),
            adopted.operator,
            adopted.reason
        ),
        Fact::UndoBegun(UndoBegun { by, reason, operator }) => {
            format!("to be undone by {}, asked by {operator}: {reason}", by.id)
        }
        Fact::UndoGivenUp { reason } => format!("not undone: {reason}"),
        Fact::Undone { by } => format!("undone by {}", by.id),
        Fact::Resolved { decision, reason, operator } => {
            let decision = match decision {
                Resolution::Committed => "committed",
                Resolution::NotCommitted => "not committed",
                Resolution::Accepted => "accepted",
            };
            format!("resolved as {decision} by {operator}: {reason}")
        }
    }
}

/// `1,234.567 kWh`
fn real_in(readings: &Readings) -> String {
    format!("{} kWh", kilo(readings.energy(Quantity::RealEnergyIn)))
}

/// Real energy in, kWh without its unit, or a dash where it was not read.
pub(super) fn real_in_or_dash(readings: Option<&Readings>) -> String {
    readings.map_or_else(|| "–".to_owned(), |readings| kilo(readings.energy(Quantity::RealEnergyIn)))
}

/// A gateway as files and logs name it: its name in the job, or its address where it has none.
pub(super) fn gateway_name(gateway: &Gateway) -> String {
    gateway.name.clone().unwrap_or_else(|| gateway.address.to_string())
}

/// A serial number as read, else as the job has it, else what is not known of it.
pub(super) fn serial_words(answered: Option<u32>, pinned: Option<u32>) -> String {
    match answered.or(pinned) {
        Some(number) => number.to_string(),
        None => "serial unknown".to_owned(),
    }
}

/// The id, with the campaign before it where there is more than one.
pub(super) fn name(transfer: &Transfer, campaigns: usize) -> String {
    if campaigns > 1 { transfer.key.to_string() } else { transfer.key.id.to_string() }
}

/// How many campaigns these transfers belong to.
pub(super) fn campaigns<'a>(transfers: impl Iterator<Item = &'a Transfer>) -> usize {
    transfers.map(|transfer| &transfer.key.campaign).collect::<BTreeSet<_>>().len()
}

/// `1 transfer`, `12 transfers`.
pub(super) fn transfers(number: usize) -> String {
    counted(number as u64, "transfer")
}

/// `1 request`, `12 requests`.
pub(super) fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A duration that is only guessed: `about a second`, `about 40 s`, `about 3 min`, `about 2 h 5 min`.
pub(super) fn about(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1000);
    let minutes = seconds.div_ceil(60);
    match seconds {
        0..=1 => "about a second".to_owned(),
        2..=119 => format!("about {seconds} s"),
        120..=7_140 => format!("about {minutes} min"),
        _ => format!("about {} h {} min", minutes / 60, minutes % 60),
    }
}

/// A duration for people: `840 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`.
pub(super) fn duration_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{seconds}.{} s", duration.subsec_millis() / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Requests and time: expected, and what it came to, where so many transfers are not done.
pub(super) fn reckoning_words(reckoning: &Reckoning, not_done: usize) -> String {
    let Reckoning { requests_expected: expected, requests_sent: sent, .. } = reckoning;
    let why: Vec<String> = more(&reckoning.more)
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .chain((sent < expected && not_done > 0).then(|| format!("{} not done", transfers(not_done))))
        .collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
    let times = [reckoning.expected_ms, reckoning.elapsed_ms].map(Duration::from_millis).map(duration_words);
    let [should, took] = times;
    let busiest = reckoning.busiest.as_ref().map_or_else(String::new, |busiest| {
        let served = counted(busiest.requests.into(), "request");
        format!("; {} had most to do, {served}", busiest.gateway)
    });
    format!(
        "Requests: {expected} expected, {sent} sent{why}{busiest}. Time: {should} expected, {took} taken."
    )
}

/// Why requests were sent that nobody could expect.
fn more(more: &More) -> [(u32, &'static str); 5] {
    [
        (more.further_tries, "in further tries"),
        (more.settling, "to settle"),
        (more.results, "to wait for results"),
        (more.verifying, "to verify again"),
        (more.reconnecting, "on new connections"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let words = [0, 840, 3_290, 250_000, 7_500_000].map(Duration::from_millis).map(duration_words);
        assert_eq!(words, ["0 ms", "840 ms", "3.2 s", "4 min 10 s", "2 h 5 min"]);
    }

    #[test]
    fn a_guess_is_told_roughly() {
        let words = [0, 1_001, 119_000, 119_001, 7_140_000, 7_500_000].map(Duration::from_millis).map(about);
        let expected =
            ["about a second", "about 2 s", "about 119 s", "about 2 min", "about 119 min", "about 2 h 5 min"];
        assert_eq!(words, expected);
    }

    #[test]
    fn what_needs_a_person_is_refused_mismatched_or_unknown() {
        let needing: Vec<_> = Outcome::ALL.into_iter().filter(|outcome| needs_a_person(*outcome)).collect();
        assert_eq!(needing, [Outcome::Refused, Outcome::Unknown, Outcome::Mismatch]);
    }
}
