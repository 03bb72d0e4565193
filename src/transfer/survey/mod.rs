//! States 1 to 4: look at both meters and ask the guards. It can only read, so `plan` uses it as it is.
//!
//! The source goes first, so that its readings are captured even if the target is not there yet. Where old and new
//! meter take turns at one address, the serial number on the wire says which half is due.

mod identifying;
mod source;
mod target;

pub(super) use source::steady;

use std::{sync::Arc, time::Duration};

use super::{
    Captured, Cause, ClosedIntent, Fact, Failure, Identity, Intent, Look, Now, Reading, Refusal, Reply, Step,
    Verdict,
    carried::{Carried, Timed},
    identify, snapshot,
};
use crate::{
    campaign::{Endpoint, Role, Source, Transfer, TransferKey},
    meter::{READINGS_WORDS, Read, Readings},
};

/// What is known before a survey begins.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The transfer's closed intents that a late command may have carried out.
    pub earlier: Vec<ClosedIntent>,
    /// A source reading of an earlier run.
    pub captured: Option<Captured>,
    /// Another transfer that wrote to the same target, or is about to.
    pub claimed_by: Option<TransferKey>,
    /// Whether the survey is the last that will be tried: a captured reading may stand in for a source that does
    /// not answer.
    pub last_try: bool,
}

/// How a survey ended.
#[derive(Debug, Clone)]
pub enum Surveyed {
    /// Every guard passed.
    Clear(Box<Findings>),
    /// The source is captured, or not here; the replacement is not here yet.
    Waiting {
        /// In a sentence.
        reason: String,
    },
    /// A guard said no.
    Refused(Box<Refusal>),
    /// A meter gave no usable answer.
    Failed(Box<Failure>),
    /// The target already holds what an earlier intent staged.
    CommittedEarlier(Box<Intent>),
}

/// What a clear survey found.
#[derive(Debug, Clone)]
pub struct Findings {
    pub(super) source: Reading,
    pub(super) pre_image: Timed,
    /// When each meter was read; a source that is gone does not count on.
    pub(super) readings_taken: Vec<Now>,
    /// The words that would be staged.
    pub staged: Readings,
}

#[derive(Debug, Clone)]
enum State {
    /// Who is at the one address that old and new meter share?
    IdentifyEither,
    Identify(Role),
    OneOff {
        role: Role,
        pinned: u32,
        answered: u32,
    },
    Source {
        last: Option<Timed>,
        reads: u32,
    },
    Standstill {
        last: Timed,
        until: Duration,
    },
    Target {
        last: Option<Timed>,
        reads: u32,
    },
    Over(Surveyed),
}

/// The target is to be read for the first time.
const TARGET: State = State::Target { last: None, reads: 0 };

/// A look at both meters of one transfer.
#[derive(Debug, Clone)]
pub struct Survey {
    plan: Arc<Transfer>,
    known: Known,
    state: State,
    source_identity: Option<Identity>,
    target_identity: Option<Identity>,
    carried: Option<Carried>,
    source: Option<Reading>,
    pre_image: Option<Timed>,
    verdicts: Vec<Verdict>,
}

impl Survey {
    /// A survey of `plan`.
    pub fn new(plan: Arc<Transfer>, known: Known) -> Self {
        let (state, carried) = match &plan.source {
            Source::Live(_) if plan.is_swap() => (State::IdentifyEither, None),
            Source::Live(_) => (State::Identify(Role::Source), None),
            Source::Typed(typed) => (State::Identify(Role::Target), Some(Carried::Typed((**typed).clone()))),
            Source::Snapshot(kept) => (State::Identify(Role::Target), Some(snapshot::carried(kept))),
            Source::Undo(undo) => (State::Identify(Role::Target), Some(Carried::Undo((**undo).clone()))),
        };
        Self {
            plan,
            known,
            state,
            source_identity: None,
            target_identity: None,
            carried,
            source: None,
            pre_image: None,
            verdicts: Vec::new(),
        }
    }

    /// What to do next, or how it ended.
    pub fn next(&self, now: Now) -> Result<Look, &Surveyed> {
        match &self.state {
            State::IdentifyEither => Ok(Look::Read(Role::Target, identify::request(&self.plan.target))),
            State::Identify(role) => Ok(Look::Read(*role, identify::request(self.endpoint(*role)))),
            State::OneOff { role, .. } => {
                Ok(Look::Read(*role, identify::request_one_off(self.endpoint(*role))))
            }
            State::Source { .. } => Ok(self.energies_request(Role::Source)),
            State::Standstill { until, .. } => Ok(Look::Wait(until.saturating_sub(now.steady))),
            State::Target { .. } => Ok(self.energies_request(Role::Target)),
            State::Over(end) => Err(end),
        }
    }

    /// Takes the answer; what is learned from it goes to `facts`.
    pub fn handle(&mut self, now: Now, reply: Reply, facts: &mut Vec<Fact>) {
        let state = std::mem::replace(&mut self.state, TARGET);
        self.state = match (state, reply) {
            (State::IdentifyEither, Reply::Read(answer)) => self.either_identified(answer, now, facts),
            (State::Identify(role), Reply::Read(answer)) => self.identified(role, answer, now, facts),
            (State::OneOff { role, pinned, answered }, Reply::Read(answer)) => {
                let endpoint = self.endpoint(role);
                refused(identify::refuse_stranger(role, endpoint, pinned, answered, answer))
            }
            (State::Source { last, reads }, Reply::Read(answer)) => {
                self.source_read(last, reads + 1, answer, now, facts)
            }
            (State::Standstill { last, .. }, Reply::Waited) => State::Source { last: Some(last), reads: 1 },
            (State::Target { last, reads }, Reply::Read(answer)) => {
                self.target_read(last, reads + 1, answer, now, facts)
            }
            (state, _) => state,
        };
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        match self.state {
            State::IdentifyEither | State::Identify(_) | State::OneOff { .. } => Step::Identify,
            State::Source { .. } | State::Standstill { .. } => Step::ReadSource,
            State::Target { .. } => Step::ReadTarget,
            State::Over(_) => Step::Guard,
        }
    }

    /// Who answered, as far as asked.
    pub fn identity(&self, role: Role) -> Option<&Identity> {
        match role {
            Role::Source => self.source_identity.as_ref(),
            Role::Target => self.target_identity.as_ref(),
        }
    }

    /// What was read, as far as it was.
    pub fn reading(&self, role: Role) -> Option<&Reading> {
        match role {
            Role::Source => self.source.as_ref(),
            Role::Target => self.pre_image.as_ref().map(|timed| &timed.reading),
        }
    }

    /// What the guards said, once both meters are read.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    fn endpoint(&self, role: Role) -> &Endpoint {
        self.plan.endpoint(role).expect("a source without a meter is never asked")
    }

    fn energies_request(&self, role: Role) -> Look {
        let first = self.endpoint(role).model.energies();
        Look::Read(role, Read { first, count: READINGS_WORDS as u16 })
    }

    fn energies(
        &self,
        step: Step,
        role: Role,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
    ) -> Result<Timed, Box<State>> {
        let words = answer.map_err(|cause| Box::new(self.failed(step, role, cause)))?;
        Readings::from_wire(self.endpoint(role).model, &words)
            .map(|readings| Timed { reading: Reading { readings, at: now.wall }, steady: now.steady })
            .map_err(|error| Box::new(refused(Refusal::BadReadings { role, error })))
    }

    fn failed(&self, step: Step, role: Role, cause: Cause) -> State {
        let place = identify::place(self.endpoint(role));
        State::Over(Surveyed::Failed(Box::new(Failure::Request { step, role, place, cause })))
    }
}

fn refused(refusal: Refusal) -> State {
    State::Over(Surveyed::Refused(Box::new(refusal)))
}

fn waiting(reason: String) -> State {
    State::Over(Surveyed::Waiting { reason })
}
