//! States 1 to 4: look at both meters and ask the guards. It can only read, so `plan` uses it as it is.

use std::{sync::Arc, time::Duration};

use super::{
    Cause, Examination, Fact, Failure, Identity, Intent, Look, Now, Reading, Refusal, Reply, Step, Verdict,
    clock::Since,
    examine,
    identify::{self, Shown},
};
use crate::{
    campaign::{Role, TargetEnergy, Transfer},
    meter::{Quantity, READINGS_WORDS, Read, Readings},
};

/// A source that does not give two agreeing reads in this many is not steady.
const SOURCE_READS: u32 = 5;
/// How long a source that must stand still is watched. At 1 Wh a count this shows any load above 3.6 kW.
const STANDSTILL: Duration = Duration::from_secs(1);

/// A reading, with the instant by the steady clock.
#[derive(Debug, Clone)]
pub(super) struct Timed {
    pub reading: Reading,
    pub steady: Duration,
}

impl Timed {
    fn new(readings: Readings, now: Now) -> Self {
        Self { reading: Reading { readings, at: now.wall }, steady: now.steady }
    }
}

/// How a survey ended.
#[derive(Debug, Clone)]
pub enum Surveyed {
    /// Every guard passed.
    Clear(Box<Findings>),
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
    pub(super) source: Timed,
    pub(super) pre_image: Timed,
    /// The words that would be staged.
    pub staged: Readings,
}

#[derive(Debug, Clone)]
enum State {
    Identify(Role),
    OneOff { role: Role, pinned: u32, answered: u32 },
    Source { last: Option<Timed>, reads: u32 },
    Standstill { last: Timed, until: Duration },
    Target,
    Over(Surveyed),
}

/// A look at both meters of one transfer.
#[derive(Debug, Clone)]
pub struct Survey {
    plan: Arc<Transfer>,
    earlier: Vec<Intent>,
    state: State,
    source_identity: Option<Identity>,
    target_identity: Option<Identity>,
    source: Option<Timed>,
    pre_image: Option<Timed>,
    verdicts: Vec<Verdict>,
}

impl Survey {
    /// A survey of `plan`. `earlier`: its intents that were closed as without effect.
    pub fn new(plan: Arc<Transfer>, earlier: Vec<Intent>) -> Self {
        Self {
            plan,
            earlier,
            state: State::Identify(Role::Source),
            source_identity: None,
            target_identity: None,
            source: None,
            pre_image: None,
            verdicts: Vec::new(),
        }
    }

    /// What to do next, or how it ended.
    pub fn next(&self, now: Now) -> Result<Look, &Surveyed> {
        let energies = |role| {
            let first = self.plan.endpoint(role).model.energies();
            Look::Read(role, Read { first, count: READINGS_WORDS as u16 })
        };
        match &self.state {
            State::Identify(role) => Ok(Look::Read(*role, identify::request(self.plan.endpoint(*role)))),
            State::OneOff { role, .. } => {
                Ok(Look::Read(*role, identify::request_one_off(self.plan.endpoint(*role))))
            }
            State::Source { .. } => Ok(energies(Role::Source)),
            State::Standstill { until, .. } => Ok(Look::Wait(until.saturating_sub(now.steady))),
            State::Target => Ok(energies(Role::Target)),
            State::Over(end) => Err(end),
        }
    }

    /// Takes the answer; what is learned from it goes to `facts`.
    pub fn handle(&mut self, now: Now, reply: Reply, facts: &mut Vec<Fact>) {
        let state = std::mem::replace(&mut self.state, State::Target);
        self.state = match (state, reply) {
            (State::Identify(role), Reply::Read(answer)) => self.identified(role, answer, facts),
            (State::OneOff { role, pinned, answered }, Reply::Read(answer)) => {
                let endpoint = self.plan.endpoint(role);
                refused(identify::refuse_stranger(role, endpoint, pinned, answered, answer))
            }
            (State::Source { last, reads }, Reply::Read(answer)) => {
                self.source_read(last, reads + 1, answer, now, facts)
            }
            (State::Standstill { last, .. }, Reply::Waited) => State::Source { last: Some(last), reads: 1 },
            (State::Target, Reply::Read(answer)) => self.target_read(answer, now, facts),
            (state, _) => state,
        };
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        match self.state {
            State::Identify(_) | State::OneOff { .. } => Step::Identify,
            State::Source { .. } | State::Standstill { .. } => Step::ReadSource,
            State::Target => Step::ReadTarget,
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
        let timed = match role {
            Role::Source => self.source.as_ref(),
            Role::Target => self.pre_image.as_ref(),
        };
        timed.map(|timed| &timed.reading)
    }

    /// What the guards said, once both meters are read.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    fn identified(&mut self, role: Role, answer: Result<Vec<u16>, Cause>, facts: &mut Vec<Fact>) -> State {
        match identify::judge(role, self.plan.endpoint(role), answer) {
            Shown::Welcome(fact, identity) => {
                facts.push(fact);
                match role {
                    Role::Source => {
                        self.source_identity = Some(identity);
                        State::Identify(Role::Target)
                    }
                    Role::Target => {
                        self.target_identity = Some(identity);
                        State::Source { last: None, reads: 0 }
                    }
                }
            }
            Shown::Stranger { pinned, answered } => State::OneOff { role, pinned, answered },
            Shown::Refused(refusal) => refused(refusal),
            Shown::NoAnswer(cause) => self.failed(Step::Identify, role, cause),
        }
    }

    fn source_read(
        &mut self,
        last: Option<Timed>,
        reads: u32,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let this = match self.energies(Step::ReadSource, Role::Source, answer, now) {
            Ok(timed) => timed,
            Err(over) => return *over,
        };
        let Some(last) = last else { return self.after_first_read(this, now) };
        match self.steady(&last, &this, reads) {
            Ok(true) => {
                facts.push(Fact::SourceRead(this.reading.clone()));
                self.source = Some(this);
                State::Target
            }
            Ok(false) => State::Source { last: Some(this), reads },
            Err(over) => *over,
        }
    }

    fn after_first_read(&self, first: Timed, now: Now) -> State {
        match self.plan.options.target_energy {
            TargetEnergy::Add => State::Standstill { last: first, until: now.steady + STANDSTILL },
            TargetEnergy::Refuse | TargetEnergy::Replace => State::Source { last: Some(first), reads: 1 },
        }
    }

    /// Whether two reads agree: a carry between two registers shows as a jump of 10⁴ or as a step back.
    fn steady(&self, last: &Timed, this: &Timed, reads: u32) -> Result<bool, Box<State>> {
        let apart = this.steady.saturating_sub(last.steady);
        let bound = self.plan.options.verify.bound_or_tolerance();
        let (before, after) = (&last.reading.readings, &this.reading.readings);
        let moved = |quantity| (after.energy(quantity) - before.energy(quantity)).abs();
        let quantity =
            Quantity::ALL.into_iter().max_by_key(|quantity| moved(*quantity)).expect("seven quantities");
        let growth = moved(quantity);
        if self.plan.options.target_energy == TargetEnergy::Add && growth != 0 {
            let apart_ms = apart.as_millis();
            return Err(Box::new(refused(Refusal::StillCounting { quantity, growth, apart_ms })));
        }
        if bound.fits(before, after, apart) {
            return Ok(true);
        }
        if reads < SOURCE_READS {
            return Ok(false);
        }
        Err(Box::new(State::Over(Surveyed::Failed(Box::new(Failure::SourceUnsteady {
            quantity,
            growth,
            apart_ms: apart.as_millis(),
            allowed: bound.width(apart),
            reads,
        })))))
    }

    fn target_read(&mut self, answer: Result<Vec<u16>, Cause>, now: Now, facts: &mut Vec<Fact>) -> State {
        let pre_image = match self.energies(Step::ReadTarget, Role::Target, answer, now) {
            Ok(timed) => timed,
            Err(over) => return *over,
        };
        facts.push(Fact::TargetRead(pre_image.reading.clone()));
        self.pre_image = Some(pre_image.clone());
        match self.earlier_effect(&pre_image.reading.readings, now) {
            Some(over) => State::Over(over),
            None => self.guard(pre_image),
        }
    }

    /// A command believed lost may have come after all: compare with every intent that was closed so.
    fn earlier_effect(&self, read: &Readings, now: Now) -> Option<Surveyed> {
        let bound = self.plan.options.verify.bound_or_assumed();
        self.earlier.iter().rev().find_map(|intent| {
            let undecided = || {
                Surveyed::Refused(Box::new(Refusal::EarlierUndecided {
                    intent: intent.number,
                    at: intent.at,
                }))
            };
            let Some(elapsed) = Since::recorded(intent.at).elapsed(now) else { return Some(undecided()) };
            if !bound.fits(&intent.staged, read, elapsed) {
                return None;
            }
            let before = Since::recorded(intent.pre_image.at).elapsed(now).unwrap_or(elapsed);
            if !bound.fits(&intent.pre_image.readings, read, before) {
                return Some(Surveyed::CommittedEarlier(Box::new(intent.clone())));
            }
            let tolerance = self.plan.options.verify.tolerance;
            (!intent.staged.within(&intent.pre_image.readings, tolerance)).then(undecided)
        })
    }

    fn guard(&mut self, pre_image: Timed) -> State {
        let source = self.source.clone().expect("the source is read before the target");
        let Examination { verdicts, result } =
            examine(&self.plan.options, &source.reading.readings, &pre_image.reading.readings);
        self.verdicts = verdicts;
        match result {
            Ok(staged) => State::Over(Surveyed::Clear(Box::new(Findings { source, pre_image, staged }))),
            Err(refusal) => refused(refusal),
        }
    }

    fn energies(
        &self,
        step: Step,
        role: Role,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
    ) -> Result<Timed, Box<State>> {
        let words = answer.map_err(|cause| Box::new(self.failed(step, role, cause)))?;
        Readings::from_wire(self.plan.endpoint(role).model, &words)
            .map(|readings| Timed::new(readings, now))
            .map_err(|error| Box::new(refused(Refusal::BadReadings { role, error })))
    }

    fn failed(&self, step: Step, role: Role, cause: Cause) -> State {
        let place = identify::place(self.plan.endpoint(role));
        State::Over(Surveyed::Failed(Box::new(Failure::Request { step, role, place, cause })))
    }
}

fn refused(refusal: Refusal) -> State {
    State::Over(Surveyed::Refused(Box::new(refusal)))
}
