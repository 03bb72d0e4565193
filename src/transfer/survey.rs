//! States 1 to 4: look at both meters and ask the guards. It can only read, so `plan` uses it as it is.
//!
//! The source goes first, so that its readings are captured even if the target is not there yet. Where old and new
//! meter take turns at one address, the serial number on the wire says which half is due.

use std::{sync::Arc, time::Duration};

use super::{
    Captured, Case, Cause, Examination, Fact, Failure, Identity, Intent, Look, Now, Reading, Refusal, Reply,
    Step, Verdict,
    carried::Carried,
    clock::Since,
    examine,
    identify::{self, Shown},
};
use crate::{
    campaign::{Endpoint, Role, Source, TargetEnergy, Transfer, TransferKey},
    meter::{Quantity, READINGS_WORDS, Read, Readings, with_unit},
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

/// What is known before a survey begins.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The transfer's intents that were closed as without effect.
    pub earlier: Vec<Intent>,
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
    /// The older of the readings that may still change, by the steady clock.
    pub(super) readings_taken: Duration,
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
    Target,
    Over(Surveyed),
}

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
            State::Target => Ok(self.energies_request(Role::Target)),
            State::Over(end) => Err(end),
        }
    }

    /// Takes the answer; what is learned from it goes to `facts`.
    pub fn handle(&mut self, now: Now, reply: Reply, facts: &mut Vec<Fact>) {
        let state = std::mem::replace(&mut self.state, State::Target);
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
            (State::Target, Reply::Read(answer)) => self.target_read(answer, now, facts),
            (state, _) => state,
        };
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        match self.state {
            State::IdentifyEither | State::Identify(_) | State::OneOff { .. } => Step::Identify,
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

    // --- state 1 ---

    fn identified(
        &mut self,
        role: Role,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        facts: &mut Vec<Fact>,
    ) -> State {
        let portable = self.endpoint(role).gateway.portable;
        match identify::judge(role, self.endpoint(role), answer) {
            Shown::Welcome(fact, identity) => {
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

    fn welcome(&mut self, role: Role, identity: Identity) -> State {
        match role {
            Role::Source => {
                self.source_identity = Some(identity);
                State::Source { last: None, reads: 0 }
            }
            Role::Target => {
                self.target_identity = Some(identity);
                State::Target
            }
        }
    }

    /// Behind a portable gateway, another meter only means that this one's turn has not come.
    fn not_here(&mut self, role: Role, answered: u32, now: Now) -> State {
        if role == Role::Source && self.use_captured(now).is_ok() {
            return State::Identify(Role::Target);
        }
        let place = identify::place(self.endpoint(role));
        let captured = match role {
            Role::Source => "",
            Role::Target => "the source is captured; ",
        };
        waiting(format!("{captured}the {role} is not at {place}: serial number {answered} answers"))
    }

    /// Old and new meter share the address: both serial numbers are pinned, and differ.
    fn either_identified(
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

    fn new_one_here(&mut self, fact: Fact, identity: Identity, now: Now, facts: &mut Vec<Fact>) -> State {
        facts.push(fact);
        self.target_identity = Some(identity);
        match self.use_captured(now) {
            Ok(()) => State::Target,
            Err(age) => refused(Refusal::NoCapture {
                age,
                allowed: self.plan.source.captured_within().unwrap_or_default(),
            }),
        }
    }

    /// Carries the captured reading, if there is one that the job allows. The age is told if it is too old.
    fn use_captured(&mut self, now: Now) -> Result<(), Option<Duration>> {
        let captured = self.known.captured.as_ref().ok_or(None)?;
        let reading = captured.usable(&self.plan, now)?;
        self.source = Some(reading.clone());
        self.carried = Some(Carried::Captured(reading));
        Ok(())
    }

    fn no_answer(&mut self, step: Step, role: Role, cause: Cause, now: Now) -> State {
        let gone = role == Role::Source && cause.is_unreachable() && self.known.last_try;
        if gone && self.use_captured(now).is_ok() {
            return State::Identify(Role::Target);
        }
        self.failed(step, role, cause)
    }

    // --- state 2 ---

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
                self.source = Some(this.reading.clone());
                self.after_source(this)
            }
            Ok(false) => State::Source { last: Some(this), reads },
            Err(over) => *over,
        }
    }

    fn after_source(&mut self, read: Timed) -> State {
        if self.plan.is_swap() {
            let quantity = Quantity::RealEnergyIn;
            let energy = with_unit(quantity, read.reading.readings.energy(quantity));
            return waiting(format!(
                "the source is captured ({quantity} {energy}); the replacement is not at {} yet",
                identify::place(&self.plan.target)
            ));
        }
        self.carried = Some(Carried::Read(read.reading, read.steady));
        State::Identify(Role::Target)
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

    // --- states 3 and 4 ---

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
        self.known.earlier.iter().rev().find_map(|intent| {
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
        let carried = self.carried.take().expect("the source comes before the target");
        let target = &pre_image.reading.readings;
        let source = match carried.readings(&self.plan.options, target) {
            Ok(source) => source,
            Err(refusal) => return refused(refusal),
        };
        self.source = Some(source.clone());
        let case = Case {
            plan: &self.plan,
            source: &source.readings,
            target,
            claimed_by: self.known.claimed_by.as_ref(),
        };
        let Examination { verdicts, result } = examine(&case);
        self.verdicts = verdicts;
        let readings_taken = match carried {
            Carried::Read(_, steady) => steady.min(pre_image.steady),
            Carried::Captured(_) | Carried::Typed(_) => pre_image.steady,
        };
        match result {
            Ok(staged) => {
                State::Over(Surveyed::Clear(Box::new(Findings { source, pre_image, readings_taken, staged })))
            }
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
