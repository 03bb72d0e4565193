//! Facts to store: one of every kind, and records that the next-state table allows.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::{
    campaign::{Address, Endpoint, Gateway, Role, SerialNumber, TargetEnergy, Transfer, TransferKey, Unit},
    meter::{Addressing, Bound, Model, Readings},
    transfer::{
        Adopted, Author, Began, BoundUsed, Closing, Ending, Evidence, Fact, History, Identity, Intent,
        Outcome, Reading, Recorded, Resolution, UndoBegun, Verification,
    },
};

pub(super) fn key(id: &str) -> TransferKey {
    TransferKey { campaign: "north".into(), id: id.into() }
}

pub(super) fn recorded(seq: u64, fact: Fact) -> Recorded {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::new(seq.cast_signed(), 123_456_789);
    Recorded { seq, at, run: "run-1".into(), fact }
}

/// A fact that nobody needs durable at once, and that may follow itself.
pub(super) fn lazy() -> Fact {
    Fact::Identified { role: Role::Source, identity: Identity::SerialNumber(20_344_871) }
}

/// A fact that must be durable, and that may follow itself.
pub(super) fn urgent() -> Fact {
    ended(Outcome::Failed)
}

pub(super) fn ended(outcome: Outcome) -> Fact {
    Fact::Ended(Ending { outcome, reason: "no \"answer\"\n".into(), hint: Some("look".into()), code: None })
}

fn reading(energy: i64) -> Reading {
    let energies = [energy, -energy, 0, 1, 9_999_999_999_999_999, energy, -9_999];
    Reading { readings: Readings::from_energies(energies).unwrap(), at: Timestamp::UNIX_EPOCH }
}

fn endpoint(unit: u8, serial_number: SerialNumber) -> Endpoint {
    let address = Address::Tcp { host: "gateway.example".into(), port: 502 };
    let gateway = Gateway { name: Some("plant-a".into()), ..Gateway::new(address) };
    Endpoint {
        model: Model::Pm800,
        gateway: Arc::new(gateway),
        unit: Unit::new(unit).unwrap(),
        serial_number,
        addressing: Addressing::Jbus,
    }
}

pub(super) fn transfer() -> Transfer {
    let target = endpoint(247, SerialNumber::Pinned(11_000_126));
    let mut transfer = Transfer::new(key("feeder-12"), endpoint(1, SerialNumber::Any), target);
    transfer.labels = [("building".to_owned(), "B7 – Süd".to_owned())].into();
    transfer
}

fn began(author: Author) -> Fact {
    let transfer = transfer();
    let meaning = transfer.meaning();
    Fact::Began(Box::new(Began { meaning, transfer, tool_version: "0.1.0".into(), author }))
}

fn intent(number: u32) -> Fact {
    Fact::Intended(Box::new(Intent {
        number,
        attempt: 2,
        staged: reading(1_234_567).readings,
        source: reading(1_234_000),
        snapshot: None,
        pre_image: reading(567),
        source_serial: None,
        target_serial: Some(u32::MAX),
        target_energy: TargetEnergy::Add,
        at: Timestamp::UNIX_EPOCH,
    }))
}

fn verification(bound: BoundUsed) -> Verification {
    Verification { after: reading(1_234_568), bound }
}

fn bounds() -> [BoundUsed; 5] {
    let bound = Bound { tolerance: 1_000, max_load: 100_000_000 };
    [
        BoundUsed::MaxLoad { bound, width: 5_000_000_000_000_000 },
        BoundUsed::Tolerance { tolerance: 1_000 },
        BoundUsed::MeasuredGrowth { tolerance: 1_000, growth: 7, over_milliseconds: 1_000 },
        BoundUsed::Stated { growth: 500_000 },
        BoundUsed::Person,
    ]
}

/// Facts of every kind, with every variety of what they carry.
pub(super) fn every_fact() -> Vec<Fact> {
    let mut facts = vec![
        began(Author::default()),
        began(Author { operator: Some("Ana Ruíz".into()), revision: Some("c357659-dirty".into()) }),
        lazy(),
        Fact::Identified { role: Role::Target, identity: Identity::Unproved("exception 2".into()) },
        Fact::SourceRead(reading(1)),
        Fact::TargetRead(reading(2)),
        intent(1),
        Fact::CommitSent { answer: "echo".into() },
        Fact::StatusRead { word: 0xFFFF },
        Fact::Fenced,
        Fact::Looked(reading(3)),
    ];
    for how in [Closing::NotSent, Closing::NotCommitted] {
        facts.push(Fact::Closed { how, reason: "nothing changed".into() });
    }
    for evidence in [Evidence::Status, Evidence::Settled, Evidence::FoundLater] {
        facts.push(Fact::Committed { intent: 1, evidence, note: String::new() });
    }
    facts.extend(bounds().map(|bound| Fact::Verified(verification(bound))));
    facts.push(Fact::Mismatched(verification(BoundUsed::Person)));
    facts.extend(Outcome::ALL.map(ended));
    for decision in [Resolution::Committed, Resolution::NotCommitted, Resolution::Accepted] {
        facts.push(Fact::Resolved { decision, reason: "seen".into(), operator: "ana".into() });
    }
    for done_at in [None, Some(Timestamp::UNIX_EPOCH)] {
        facts.push(Fact::Adopted(Box::new(Adopted {
            source: reading(1),
            target: reading(2),
            bound: BoundUsed::Stated { growth: 7 },
            done_at,
            reason: "by the maker's program".into(),
            operator: "ana".into(),
        })));
    }
    let by = key("feeder-12").undo(1);
    let begun = UndoBegun { by: by.clone(), reason: "the wrong one".into(), operator: "ana".into() };
    facts.extend([
        Fact::UndoBegun(begun),
        Fact::UndoGivenUp { reason: "the target was reset".into() },
        Fact::Undone { by },
    ]);
    facts
}

/// A record that the next-state table allows: each choice picks one of the facts that may follow.
pub(super) fn legal_record(choices: &[usize]) -> Vec<Recorded> {
    let mut history = History::default();
    let mut record: Vec<Recorded> = Vec::new();
    for choice in choices {
        let next = history.seq + 1;
        let fits = |fact: &Fact| history.clone().apply(recorded(next, fact.clone())).is_ok();
        let fitting: Vec<Fact> = every_fact().into_iter().filter(fits).collect();
        let Some(index) = choice.checked_rem(fitting.len()) else { break };
        let fact = recorded(next, fitting[index].clone());
        history.apply(fact.clone()).unwrap();
        record.push(fact);
    }
    record
}
