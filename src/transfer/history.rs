//! What the facts of one transfer add up to, and which fact may follow which: the one table that is used
//! while a transfer runs and when its record is replayed.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Adopted, Began, BoundUsed, Captured, Closing, Ending, Evidence, Fact, Identity, Intent, Outcome, Reading,
    Recorded, Resolution, UndoBegun, Verification,
};
use crate::campaign::{Meaning, MeterMeaning, Role};

/// How far a transfer is, as far as its target is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nothing of ours is on its way to the target.
    Idle,
    /// An intent is open: a commit may have taken effect.
    Open,
    /// A commit took effect; it is not verified yet.
    Committed,
    /// Verified, or accepted by a person. Nothing follows.
    Done,
    /// Committed, and found different. Only a person moves it on.
    Mismatch,
    /// It is being taken back by a transfer of its own, whose record says how far that is.
    Undoing {
        /// Whether it was [`Done`](Self::Done) before; else a [`Mismatch`](Self::Mismatch).
        done: bool,
    },
    /// It was taken back. Only a higher generation asks for it again.
    Undone,
}

/// A fact that cannot follow what is recorded: a defect, or a ledger that somebody changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalFact {
    /// The next-state table has no such step.
    #[error("`{kind}` cannot follow the recorded state {phase:?}")]
    Step {
        /// Where the transfer was.
        phase: Phase,
        /// The fact's kind.
        kind: &'static str,
    },
    /// A number is missing or was written twice.
    #[error("fact {found} follows fact {last}")]
    Sequence {
        /// Last number known.
        last: u64,
        /// Number of the fact.
        found: u64,
    },
}

impl Phase {
    /// The next-state table. `may_come_late`: whether a closed intent may still be carried out by a late command;
    /// `generation`: which time the id is in use.
    pub fn after(self, fact: &Fact, may_come_late: bool, generation: u32) -> Result<Self, IllegalFact> {
        use Phase::{Committed, Done, Idle, Mismatch, Open, Undoing, Undone};
        let next = match (self, fact) {
            (Idle, Fact::Began(began)) if began.meaning.generation < generation => None,
            (Done | Mismatch | Undone, Fact::Began(began)) => {
                (began.meaning.generation > generation).then_some(Idle)
            }
            (Idle | Open | Committed, Fact::Began(_) | Fact::Identified { .. }) => Some(self),
            (Idle, Fact::SourceRead(_) | Fact::TargetRead(_)) => Some(Idle),
            (Idle, Fact::Intended(_)) => Some(Open),
            (Idle, Fact::Committed { evidence: Evidence::FoundLater, .. }) if may_come_late => {
                Some(Committed)
            }
            (Idle, Fact::Adopted(_)) => (!may_come_late).then_some(Done),
            (Idle, Fact::Ended(Ending { outcome: Outcome::Unknown, .. })) if may_come_late => Some(Idle),
            (Idle, Fact::Ended(Ending { outcome, .. })) => ends_without_commit(*outcome).then_some(Idle),
            (Open, Fact::CommitSent { .. } | Fact::StatusRead { .. } | Fact::Fenced | Fact::Looked(_)) => {
                Some(Open)
            }
            (Open, Fact::Closed { .. }) => Some(Idle),
            (Open, Fact::Committed { evidence: Evidence::Status | Evidence::Settled, .. }) => Some(Committed),
            (Open | Committed, Fact::Ended(Ending { outcome: Outcome::Unknown, .. })) => Some(self),
            (Committed, Fact::Fenced) => Some(Committed),
            (Committed, Fact::Verified(_)) => Some(Done),
            (Committed, Fact::Mismatched(_)) => Some(Mismatch),
            (Open | Committed | Mismatch, Fact::Resolved { decision, .. }) => Some(resolved(*decision)),
            (Done | Mismatch, Fact::UndoBegun(_)) => Some(Undoing { done: self == Done }),
            (Undoing { done }, Fact::UndoGivenUp { .. }) => Some(if done { Done } else { Mismatch }),
            (Undoing { .. }, Fact::Undone { .. }) => Some(Undone),
            (Idle, Fact::Resolved { decision, .. }) if may_come_late => Some(resolved(*decision)),
            _ => None,
        };
        next.ok_or(IllegalFact::Step { phase: self, kind: fact.kind() })
    }
}

const fn ends_without_commit(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed | Outcome::Refused | Outcome::Unreachable | Outcome::Waiting | Outcome::NotRun
    )
}

const fn resolved(decision: Resolution) -> Phase {
    match decision {
        Resolution::Committed => Phase::Committed,
        Resolution::NotCommitted => Phase::Idle,
        Resolution::Accepted => Phase::Done,
    }
}

/// An intent that was closed, and may take effect all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedIntent {
    /// The intent.
    pub intent: Intent,
    /// What the job meant when it was recorded, if that is known.
    pub meaning: Option<Meaning>,
}

/// Everything the facts say of one transfer so far.
#[derive(Debug, Clone, Default)]
pub struct History {
    phase: Option<Phase>,
    /// Number of the last fact, 0 before the first.
    pub seq: u64,
    /// The last run's resolved transfer and meaning.
    pub began: Option<Box<Began>>,
    /// When the first run took it up.
    pub first_begun_at: Option<Timestamp>,
    /// Last run that recorded something.
    pub run: Option<Arc<str>>,
    /// Who the source said it is.
    pub source_identity: Option<Identity>,
    /// Who the target said it is.
    pub target_identity: Option<Identity>,
    /// The last source reading of this run.
    pub source: Option<Reading>,
    /// The last source reading of any run.
    pub captured: Option<Captured>,
    /// The last pre-image.
    pub pre_image: Option<Reading>,
    /// The last intent that was recorded.
    pub intent: Option<Box<Intent>>,
    /// Intents that a late command may still carry out, oldest first, unless a person ruled on them: those whose
    /// command was sent and found without effect, and all that were staged after one of those.
    pub closed_intents: Vec<ClosedIntent>,
    /// Every target that a commit of this transfer took effect on.
    pub wrote: Vec<MeterMeaning>,
    /// Intents recorded in all.
    pub intents: u32,
    /// The last command result.
    pub status: Option<u16>,
    /// How the commit is known.
    pub evidence: Option<Evidence>,
    /// When the commit was known to have taken effect.
    pub committed_at: Option<Timestamp>,
    /// The reading that verified, or did not.
    pub verification: Option<Verification>,
    /// Who did it by hand, and why.
    pub adopted: Option<Box<Adopted>>,
    /// Who takes it back, or took it back, and why.
    pub undo: Option<UndoBegun>,
    /// How the last run let go of it, unless something happened since.
    pub ending: Option<Ending>,
    /// When the last fact was recorded.
    pub at: Option<Timestamp>,
}

impl History {
    /// Adds the facts of a record, in order.
    pub fn replay(facts: impl IntoIterator<Item = Recorded>) -> Result<Self, IllegalFact> {
        let mut history = Self::default();
        for recorded in facts {
            history.apply(recorded)?;
        }
        Ok(history)
    }

    /// Which time the id is in use: 1 at first, more where the job asked for it again.
    pub fn generation(&self) -> u32 {
        self.began.as_ref().map_or(1, |began| began.meaning.generation)
    }

    /// Whether a job of this generation asks for a finished transfer again.
    pub fn asks_again(&self, generation: u32) -> bool {
        matches!(self.phase(), Phase::Done | Phase::Mismatch | Phase::Undone)
            && generation > self.generation()
    }

    /// How far the transfer is.
    pub fn phase(&self) -> Phase {
        self.phase.unwrap_or(Phase::Idle)
    }

    /// The phase after `recorded`, or why it cannot follow.
    fn next(&self, recorded: &Recorded) -> Result<Phase, IllegalFact> {
        if recorded.seq != self.seq + 1 {
            return Err(IllegalFact::Sequence { last: self.seq, found: recorded.seq });
        }
        self.phase().after(&recorded.fact, !self.closed_intents.is_empty(), self.generation())
    }

    /// How it stands that it is, or was, taken back; nothing if nobody asked for that.
    pub fn taken_back(&self) -> Option<Ending> {
        let undo = self.undo.as_ref()?;
        let (by, at) = (&undo.operator, self.at.map_or_else(String::new, |at| format!(" at {at:.0}")));
        let id = undo.by.undoes().map_or_else(|| undo.by.id.to_string(), |of| of.id.to_string());
        Some(match self.phase() {
            Phase::Undone => Ending {
                outcome: Outcome::Refused,
                reason: format!("it was undone{at} by {by}: {}", undo.reason),
                hint: Some(format!(
                    "`generation: {}` in the job asks for it again, with all guards",
                    self.generation() + 1
                )),
                code: None,
            },
            _ => Ending {
                outcome: Outcome::Unknown,
                reason: format!("an undo of it was begun{at} by {by} and is not finished: {}", undo.reason),
                hint: Some(format!(
                    "finish it: meterferry undo JOB --id {id} --reason …; or look at the meter, and say what you found: \
                     meterferry resolve JOB --id {} --as not-committed|committed|accepted --reason …",
                    undo.by.id
                )),
                code: None,
            },
        })
    }

    /// Whether `recorded` can follow: asked before it is kept, so that no defect reaches a ledger.
    pub fn allows(&self, recorded: &Recorded) -> Result<(), IllegalFact> {
        self.next(recorded).map(|_| ())
    }

    /// Adds one fact, or says why it cannot follow.
    pub fn apply(&mut self, recorded: Recorded) -> Result<(), IllegalFact> {
        let next = self.next(&recorded)?;
        if let (Phase::Done | Phase::Mismatch | Phase::Undone, Fact::Began(_)) =
            (self.phase(), &recorded.fact)
        {
            self.begin_generation();
        }
        self.phase = Some(next);
        self.seq = recorded.seq;
        self.at = Some(recorded.at);
        self.run = Some(recorded.run);
        self.learn(recorded.fact, recorded.at);
        Ok(())
    }

    fn learn(&mut self, fact: Fact, at: Timestamp) {
        match fact {
            Fact::Began(began) => {
                self.first_begun_at.get_or_insert(at);
                self.began = Some(began);
                self.ending = None;
                if self.phase() == Phase::Idle {
                    self.forget_looks();
                }
            }
            Fact::Identified { role: Role::Source, identity } => self.source_identity = Some(identity),
            Fact::Identified { role: Role::Target, identity } => self.target_identity = Some(identity),
            Fact::SourceRead(reading) => {
                let serial_number = self.source_identity.as_ref().and_then(Identity::serial_number);
                self.captured = Some(Captured { reading: reading.clone(), serial_number });
                self.source = Some(reading);
            }
            Fact::TargetRead(reading) => self.pre_image = Some(reading),
            Fact::Intended(intent) => {
                self.intents += 1;
                self.status = None;
                self.intent = Some(intent);
            }
            Fact::StatusRead { word } => self.status = Some(word),
            Fact::CommitSent { .. } | Fact::Fenced | Fact::Looked(_) => {}
            // Where no byte of 6209 ever left, nothing can come late.
            Fact::Closed { how: Closing::NotSent, .. } if self.closed_intents.is_empty() => {}
            Fact::Closed { how: Closing::NotSent | Closing::NotCommitted, .. } => self.remember_closed(),
            Fact::Committed { intent, evidence, .. } => {
                self.found_committed(intent);
                self.wrote.extend(self.began.as_ref().map(|began| began.meaning.target.clone()));
                self.evidence = Some(evidence);
                self.committed_at = Some(at);
            }
            Fact::Verified(verification) | Fact::Mismatched(verification) => {
                self.verification = Some(verification)
            }
            Fact::Ended(ending) => self.ending = Some(ending),
            Fact::Adopted(adopted) => self.adopt(adopted),
            Fact::UndoBegun(undo) => self.undo = Some(undo),
            Fact::UndoGivenUp { .. } => self.undo = None,
            Fact::Undone { .. } => {}
            Fact::Resolved { decision, .. } => self.rule(decision, at),
        }
    }

    /// The target belongs to it, as if it had been written to.
    fn adopt(&mut self, adopted: Box<Adopted>) {
        self.intent = None;
        self.wrote.extend(self.began.as_ref().map(|began| began.meaning.target.clone()));
        self.source = Some(adopted.source.clone());
        self.verification =
            Some(Verification { after: adopted.target.clone(), bound: adopted.bound.clone() });
        self.adopted = Some(adopted);
    }

    /// How a finished transfer came to be done, in a word.
    pub fn done_how(&self) -> &'static str {
        if self.adopted.is_some() { "done by hand, and adopted" } else { "verified" }
    }

    /// The id is used again: what belongs to its last use is over.
    fn begin_generation(&mut self) {
        *self = Self {
            phase: self.phase,
            seq: self.seq,
            run: self.run.take(),
            at: self.at,
            intents: self.intents,
            wrote: std::mem::take(&mut self.wrote),
            ..Self::default()
        };
    }

    /// What an earlier run saw says nothing about a new try.
    fn forget_looks(&mut self) {
        self.source_identity = None;
        self.target_identity = None;
        self.source = None;
        self.pre_image = None;
        self.status = None;
    }

    fn remember_closed(&mut self) {
        let meaning = self.began.as_ref().map(|began| began.meaning.clone());
        let intent = self.intent.as_deref().cloned();
        self.closed_intents.extend(intent.map(|intent| ClosedIntent { intent, meaning }));
    }

    /// A late command may belong to an earlier intent than the last.
    fn found_committed(&mut self, number: u32) {
        let earlier = self.closed_intents.iter().find(|closed| closed.intent.number == number);
        if let Some(closed) = earlier {
            self.intent = Some(Box::new(closed.intent.clone()));
        }
    }

    fn rule(&mut self, decision: Resolution, at: Timestamp) {
        self.ending = None;
        match decision {
            Resolution::Committed => self.committed_at = Some(at),
            Resolution::NotCommitted => {
                self.intent = None;
                self.closed_intents.clear();
                self.verification = None;
                self.evidence = None;
                self.committed_at = None;
            }
            Resolution::Accepted => {
                if let Some(verification) = &mut self.verification {
                    verification.bound = BoundUsed::Person;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::TransferKey;

    fn ended(outcome: Outcome) -> Fact {
        Fact::Ended(Ending { outcome, reason: String::new(), hint: None, code: None })
    }

    #[test]
    fn nothing_follows_done() {
        let resolved = |decision| Fact::Resolved { decision, reason: String::new(), operator: String::new() };
        for fact in [Fact::Fenced, ended(Outcome::Failed), resolved(Resolution::NotCommitted)] {
            assert!(Phase::Done.after(&fact, true, 1).is_err(), "{fact:?}");
        }
    }

    #[test]
    fn an_open_intent_never_ends_as_if_nothing_had_been_sent() {
        for outcome in Outcome::ALL {
            let next = Phase::Open.after(&ended(outcome), true, 1);
            assert_eq!(next.is_ok(), outcome == Outcome::Unknown, "{outcome}");
        }
    }

    #[test]
    fn what_is_being_undone_stays_so_until_the_undo_has_ended() {
        let undone = || Fact::Undone { by: TransferKey { campaign: "c".into(), id: "t~undo1".into() } };
        let given_up = || Fact::UndoGivenUp { reason: String::new() };
        for done in [true, false] {
            let undoing = Phase::Undoing { done };
            let before = if done { Phase::Done } else { Phase::Mismatch };
            assert_eq!(undoing.after(&undone(), true, 1), Ok(Phase::Undone));
            assert_eq!(undoing.after(&given_up(), true, 1), Ok(before));
            for fact in [Fact::Fenced, ended(Outcome::Failed), ended(Outcome::Unknown)] {
                assert!(undoing.after(&fact, true, 1).is_err(), "{fact:?}");
                assert!(Phase::Undone.after(&fact, true, 1).is_err(), "{fact:?}");
            }
        }
        for phase in [Phase::Idle, Phase::Open, Phase::Committed, Phase::Done, Phase::Mismatch, Phase::Undone]
        {
            assert!(phase.after(&undone(), true, 1).is_err(), "{phase:?}");
        }
    }

    #[test]
    fn only_what_nothing_is_open_of_can_be_adopted() {
        let reading = Reading { readings: crate::meter::Readings::ZERO, at: Timestamp::UNIX_EPOCH };
        let (reason, operator) = (String::new(), String::new());
        let (source, target) = (reading.clone(), reading);
        let bound = BoundUsed::Person;
        let adopted =
            Fact::Adopted(Box::new(Adopted { source, target, bound, done_at: None, reason, operator }));
        assert_eq!(Phase::Idle.after(&adopted, false, 1), Ok(Phase::Done));
        assert!(Phase::Idle.after(&adopted, true, 1).is_err(), "a command may come late");
        for phase in [Phase::Open, Phase::Committed, Phase::Done, Phase::Mismatch, Phase::Undone] {
            assert!(phase.after(&adopted, false, 1).is_err(), "{phase:?}");
        }
    }

    #[test]
    fn a_gap_in_the_record_is_noticed() {
        let fact = Fact::Fenced;
        let recorded = Recorded { seq: 2, at: Timestamp::UNIX_EPOCH, run: "r".into(), fact };
        assert_eq!(History::replay([recorded]).unwrap_err(), IllegalFact::Sequence { last: 0, found: 2 });
    }
}
