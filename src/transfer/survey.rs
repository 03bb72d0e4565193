//! States 1 to 4: look at both meters and ask the guards. It can only read, so `plan` uses it as it is.
//!
//! The source goes first, so that its readings are captured even if the target is not there yet. Where old and new
//! meter take turns at one address, the serial number on the wire says which half is due.

use std::{sync::Arc, time::Duration};

use super::{
    Captured, Case, Cause, ClosedIntent, Examination, Fact, Failure, Identity, Intent, Look, Now, Reading,
    Refusal, Reply, Step, Verdict,
    carried::Carried,
    earlier::{Effect, Seen},
    examine,
    identify::{self, Shown},
};
use crate::{
    campaign::{Endpoint, Role, Source, TargetEnergy, Transfer, TransferKey},
    meter::{Bound, CARRY, Quantity, READINGS_WORDS, Read, Readings, with_unit},
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
    pub(super) fn taken(&self) -> Now {
        Now { wall: self.reading.at, steady: self.steady }
    }
}

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
                TARGET
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
            Ok(()) => TARGET,
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
        if let Some(refusal) = self.still_counting(&last, &this) {
            return refused(refusal);
        }
        match self.steady(Role::Source, &last, &this, reads) {
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
        self.carried = Some(Carried::Read(read));
        State::Identify(Role::Target)
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

    // --- states 3 and 4 ---

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
        match (self.target_is_staged(), last) {
            (false, _) => Ok(true),
            (true, None) => Ok(false),
            (true, Some(last)) => self.steady(Role::Target, last, this, reads),
        }
    }

    /// Whether the target's own energies are part of what will be staged.
    fn target_is_staged(&self) -> bool {
        let keeps = matches!(&self.carried, Some(Carried::Typed(typed)) if typed.keeps_the_targets());
        keeps || self.plan.options.target_energy == TargetEnergy::Add
    }

    fn pre_image_read(&mut self, pre_image: Timed, now: Now, facts: &mut Vec<Fact>) -> State {
        facts.push(Fact::TargetRead(pre_image.reading.clone()));
        self.pre_image = Some(pre_image.clone());
        let answered = self.source_identity.as_ref().and_then(Identity::serial_number);
        let seen = Seen {
            plan: &self.plan,
            source_serial: answered.or(self.plan.source.pinned()),
            target_serial: self.target_identity.as_ref().and_then(Identity::serial_number),
            read: &pre_image.reading.readings,
            now,
        };
        match seen.effect_of_any(&self.known.earlier) {
            Some(Effect::Committed(intent)) => State::Over(Surveyed::CommittedEarlier(intent)),
            Some(Effect::Refused(refusal)) => refused(refusal),
            None => self.guard(pre_image),
        }
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
        let mut readings_taken = vec![pre_image.taken()];
        if let Carried::Read(read) = &carried {
            readings_taken.push(read.taken());
        }
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
