//! States 1 to 4: look at both meters and ask the guards. It can only read, so `plan` uses it as it is.

use std::{sync::Arc, time::Duration};

use super::{
    Cause, ClosedIntent, Examination, Fact, Failure, Identity, Intent, Look, Now, Reading, Refusal, Reply,
    Step, Verdict,
    earlier::{Effect, Seen},
    examine,
    identify::{self, Shown},
};
use crate::{
    campaign::{Role, TargetEnergy, Transfer},
    meter::{Bound, CARRY, Quantity, READINGS_WORDS, Read, Readings},
};

/// A meter that does not give two agreeing reads in this many is not steady.
const READS: u32 = 5;
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

    pub(super) fn taken(&self) -> Now {
        Now { wall: self.reading.at, steady: self.steady }
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
    Target { last: Option<Timed>, reads: u32 },
    Over(Surveyed),
}

/// A look at both meters of one transfer.
#[derive(Debug, Clone)]
pub struct Survey {
    plan: Arc<Transfer>,
    earlier: Vec<ClosedIntent>,
    state: State,
    source_identity: Option<Identity>,
    target_identity: Option<Identity>,
    source: Option<Timed>,
    pre_image: Option<Timed>,
    verdicts: Vec<Verdict>,
}

impl Survey {
    /// A survey of `plan`. `earlier`: its closed intents that a late command may have carried out.
    pub fn new(plan: Arc<Transfer>, earlier: Vec<ClosedIntent>) -> Self {
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
            State::Target { .. } => Ok(energies(Role::Target)),
            State::Over(end) => Err(end),
        }
    }

    /// Takes the answer; what is learned from it goes to `facts`.
    pub fn handle(&mut self, now: Now, reply: Reply, facts: &mut Vec<Fact>) {
        let state = std::mem::replace(&mut self.state, State::Target { last: None, reads: 0 });
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
            (State::Target { last, reads }, Reply::Read(answer)) => {
                self.target_read(last, reads + 1, answer, now, facts)
            }
            (state, _) => state,
        };
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        match self.state {
            State::Identify(_) | State::OneOff { .. } => Step::Identify,
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
        if let Some(refusal) = self.still_counting(&last, &this) {
            return refused(refusal);
        }
        match self.steady(Role::Source, &last, &this, reads) {
            Ok(true) => {
                facts.push(Fact::SourceRead(this.reading.clone()));
                self.source = Some(this);
                State::Target { last: None, reads: 0 }
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

    /// A source whose readings are added to the target's must stand still.
    fn still_counting(&self, last: &Timed, this: &Timed) -> Option<Refusal> {
        let (quantity, growth) = most_moved(last, this);
        let counting = self.plan.options.target_energy == TargetEnergy::Add && growth != 0;
        let apart_ms = apart(last, this).as_millis();
        counting.then_some(Refusal::StillCounting { quantity, growth, apart_ms })
    }

    /// Whether two reads agree: a carry between two registers shows as a jump of 10⁴ or as a step back. However
    /// wide the tolerance, two reads that differ by half a carry do not agree.
    fn steady(&self, role: Role, last: &Timed, this: &Timed, reads: u32) -> Result<bool, Box<State>> {
        let apart = apart(last, this);
        let bound = self.plan.options.verify.bound_or_tolerance();
        let bound = Bound { tolerance: bound.tolerance.min(CARRY / 2), ..bound };
        if bound.fits(&last.reading.readings, &this.reading.readings, apart) {
            return Ok(true);
        }
        if reads < READS {
            return Ok(false);
        }
        let (quantity, growth) = most_moved(last, this);
        Err(Box::new(State::Over(Surveyed::Failed(Box::new(Failure::Unsteady {
            role,
            quantity,
            growth,
            apart_ms: apart.as_millis(),
            allowed: bound.width(apart),
            reads,
        })))))
    }

    fn target_read(
        &mut self,
        last: Option<Timed>,
        reads: u32,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let this = match self.energies(Step::ReadTarget, Role::Target, answer, now) {
            Ok(timed) => timed,
            Err(over) => return *over,
        };
        match self.target_agrees(last.as_ref(), &this, reads) {
            Ok(true) => self.pre_image_read(this, now, facts),
            Ok(false) => State::Target { last: Some(this), reads },
            Err(over) => *over,
        }
    }

    /// One read is enough to compare with. Where the target's own energies go into the staged words, a torn
    /// reading would be billed: then two must agree, as for the source.
    fn target_agrees(&self, last: Option<&Timed>, this: &Timed, reads: u32) -> Result<bool, Box<State>> {
        match (self.plan.options.target_energy, last) {
            (TargetEnergy::Refuse | TargetEnergy::Replace, _) => Ok(true),
            (TargetEnergy::Add, None) => Ok(false),
            (TargetEnergy::Add, Some(last)) => self.steady(Role::Target, last, this, reads),
        }
    }

    fn pre_image_read(&mut self, pre_image: Timed, now: Now, facts: &mut Vec<Fact>) -> State {
        facts.push(Fact::TargetRead(pre_image.reading.clone()));
        self.pre_image = Some(pre_image.clone());
        let seen = Seen {
            plan: &self.plan,
            source_serial: self.source_identity.as_ref().and_then(Identity::serial_number),
            target_serial: self.target_identity.as_ref().and_then(Identity::serial_number),
            read: &pre_image.reading.readings,
            now,
        };
        match seen.effect_of_any(&self.earlier) {
            Some(Effect::Committed(intent)) => State::Over(Surveyed::CommittedEarlier(intent)),
            Some(Effect::Refused(refusal)) => refused(refusal),
            None => self.guard(pre_image),
        }
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

fn apart(last: &Timed, this: &Timed) -> Duration {
    this.steady.saturating_sub(last.steady)
}

/// The quantity that moved most between two reads, and how far.
fn most_moved(last: &Timed, this: &Timed) -> (Quantity, i64) {
    let (before, after) = (&last.reading.readings, &this.reading.readings);
    let moved = |quantity| (after.energy(quantity) - before.energy(quantity)).abs();
    Quantity::ALL
        .into_iter()
        .map(|quantity| (quantity, moved(quantity)))
        .max_by_key(|(_, moved)| *moved)
        .expect("seven quantities")
}

fn refused(refusal: Refusal) -> State {
    State::Over(Surveyed::Refused(Box::new(refusal)))
}
