//! State 1: who answers, and which half of a swap is due.

use std::time::Duration;

use super::{State, Survey, TARGET, refused, waiting};
use crate::{
    campaign::{Role, Source},
    transfer::{
        Cause, Fact, Identity, Now, Refusal, RetryClass, Step,
        carried::Carried,
        identify::{self, Shown},
    },
};

impl Survey {
    pub(super) fn identified(
        &mut self,
        role: Role,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let portable = self.endpoint(role).gateway.portable;
        match identify::judge(role, self.endpoint(role), answer) {
            Shown::Welcome(fact, identity) => {
                if let Some(refusal) = self.not_the_one_to_undo(&identity) {
                    return refused(refusal);
                }
                facts.push(fact);
                self.welcome(role, identity)
            }
            Shown::Stranger { answered, .. } if portable => self.not_here(role, answered, now),
            Shown::Stranger { pinned, answered } => {
                let stranger = Some(Identity::SerialNumber(answered));
                match role {
                    Role::Source => self.source_identity = stranger,
                    Role::Target => self.target_identity = stranger,
                }
                State::OneOff { role, pinned, answered }
            }
            Shown::Refused(refusal) => refused(refusal),
            Shown::NoAnswer(cause) => self.no_answer(Step::Identify, role, cause, now),
        }
    }

    /// An undo is for the very meter that was written to, whatever the job lets pass.
    fn not_the_one_to_undo(&self, identity: &Identity) -> Option<Refusal> {
        let Source::Undo(undo) = &self.plan.source else { return None };
        let (role, place) = (Role::Target, identify::place(&self.plan.target));
        match (undo.serial_number, identity) {
            (Some(pinned), Identity::SerialNumber(answered)) if pinned != *answered => {
                Some(Refusal::WrongMeter { role, place, pinned, answered: *answered, one_off: None })
            }
            (Some(pinned), Identity::Unproved(answer)) => {
                let cause = Cause::Nonsense(answer.clone());
                Some(Refusal::NoSerialNumber { role, place, pinned, cause })
            }
            (None, _) | (Some(_), Identity::SerialNumber(_)) => None,
        }
    }

    pub(super) fn welcome(&mut self, role: Role, identity: Identity) -> State {
        match role {
            Role::Source => {
                self.source_identity = Some(identity);
                State::Source { last: None, reads: 0 }
            }
            Role::Target => {
                self.target_identity = Some(identity);
                TARGET
            }
        }
    }

    /// Behind a portable gateway, another meter only means that this one's turn has not come.
    pub(super) fn not_here(&mut self, role: Role, answered: u32, now: Now) -> State {
        if role == Role::Source && self.use_captured(now).is_ok() {
            return State::Identify(Role::Target);
        }
        let place = identify::place(self.endpoint(role));
        let captured = match role {
            Role::Target if self.plan.source.endpoint().is_some() => "the source is captured; ",
            Role::Source | Role::Target => "",
        };
        waiting(format!("{captured}the {role} is not at {place}: serial number {answered} answers"))
    }

    /// Old and new meter share the address: both serial numbers are pinned, and differ.
    pub(super) fn either_identified(
        &mut self,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let source = self.endpoint(Role::Source).clone();
        if source.model.serial_number() != self.plan.target.model.serial_number() {
            // Asked at the target's registers: an old meter of another family keeps its number elsewhere.
            return match identify::judge(Role::Target, &self.plan.target, answer) {
                Shown::Welcome(fact, identity) => self.new_one_here(fact, identity, now, facts),
                Shown::NoAnswer(cause) => self.failed(Step::Identify, Role::Target, cause),
                Shown::Stranger { .. } | Shown::Refused(_) => State::Identify(Role::Source),
            };
        }
        match identify::judge(Role::Source, &source, answer.clone()) {
            Shown::Welcome(fact, identity) => {
                facts.push(fact);
                self.welcome(Role::Source, identity)
            }
            _ => match identify::judge(Role::Target, &self.plan.target, answer) {
                Shown::Welcome(fact, identity) => self.new_one_here(fact, identity, now, facts),
                Shown::Stranger { answered, .. } if self.plan.target.gateway.portable => {
                    let place = identify::place(&self.plan.target);
                    waiting(format!("neither meter is at {place}: serial number {answered} answers"))
                }
                Shown::Stranger { pinned, answered } => {
                    State::OneOff { role: Role::Target, pinned, answered }
                }
                Shown::Refused(refusal) => refused(refusal),
                Shown::NoAnswer(cause) => self.failed(Step::Identify, Role::Target, cause),
            },
        }
    }

    pub(super) fn new_one_here(
        &mut self,
        fact: Fact,
        identity: Identity,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        facts.push(fact);
        self.target_identity = Some(identity);
        match self.use_captured(now) {
            Ok(()) => TARGET,
            Err(age) => refused(Refusal::NoCapture {
                age,
                allowed: self.plan.source.captured_within().unwrap_or_default(),
            }),
        }
    }

    /// Carries the captured reading, if there is one that the job allows. The age is told if it is too old.
    pub(super) fn use_captured(&mut self, now: Now) -> Result<(), Option<Duration>> {
        let captured = self.known.captured.as_ref().ok_or(None)?;
        let reading = captured.usable(&self.plan, now)?;
        self.source = Some(reading.clone());
        self.carried = Some(Carried::Captured(reading));
        Ok(())
    }

    pub(super) fn no_answer(&mut self, step: Step, role: Role, cause: Cause, now: Now) -> State {
        let no_more_tries = self.known.last_try || cause.retry() == RetryClass::Never;
        let gone = role == Role::Source && cause.is_unreachable() && no_more_tries;
        if gone && self.use_captured(now).is_ok() {
            return State::Identify(Role::Target);
        }
        self.failed(step, role, cause)
    }
}
