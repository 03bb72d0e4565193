//! The machine: one transfer from its record so far to its outcome, one action at a time.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Ask, Began, Closing, CommandOutcome, Ending, Evidence, Fact, Failure, Findings, History, IllegalFact,
    Intent, Known, Look, Now, Outcome, Phase, Recorded, Refusal, Reply, RetryClass, Step, Survey, Surveyed,
    clock::Since,
    polling::Polling,
    retry::Jitter,
    settling::{Settled, Settling},
    staging::{Staged, Staging},
    verifying::{Verified, Verifying},
};
use crate::{
    campaign::{Role, Transfer, TransferKey},
    meter::{CommandStatus, Quantity, Read, Write, with_unit},
};

/// What the world is asked to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Record a fact, durably if [`Fact::must_be_durable`]. Answer with [`Reply::Recorded`].
    Record(Recorded),
    /// Read registers. Answer with [`Reply::Read`].
    Read(Role, Read),
    /// Write to the target. Answer with [`Reply::Written`].
    Write(Write),
    /// Drop the connection to the target's gateway. Answer with [`Reply::Relinked`].
    Relink,
    /// Come back after this long. Answer with [`Reply::Waited`].
    Wait(Duration),
    /// Let others go first, and come back after this long. Answer with [`Reply::Waited`].
    Rest(Duration),
    /// Nothing more to do.
    Finish(Ending),
}

#[derive(Debug)]
enum State {
    Begin,
    Survey(Box<Survey>),
    Staging(Box<Staging>),
    Polling(Polling),
    Settling(Box<Settling>),
    Verifying(Box<Verifying>),
    Rest { until: Duration },
    Over(Ending),
}

/// When the words of the open intent were fixed, by the steady clock where this run did it.
#[derive(Debug, Clone, Copy)]
struct IntentTimes {
    intended: Since,
    pre_image_read: Since,
}

/// What a run decides for all its machines.
#[derive(Debug, Clone)]
pub struct MachineSettings {
    /// Names the run in the facts.
    pub run: Arc<str>,
    /// Makes delays repeatable.
    pub seed: u64,
    /// Stage and check only: never send 6209.
    pub until_check: bool,
}

/// One transfer on its way. Drive it with [`next`](Self::next) and [`handle`](Self::handle), in turn.
#[derive(Debug)]
pub struct Machine {
    plan: Arc<Transfer>,
    history: History,
    settings: MachineSettings,
    /// Another transfer that wrote to the same target.
    claimed_by: Option<TransferKey>,
    state: State,
    outbox: VecDeque<Fact>,
    /// The fact whose recording was asked for.
    recording: Option<Recorded>,
    attempt: u32,
    times: Option<IntentTimes>,
    jitter: Jitter,
    stopping: bool,
    begun: bool,
    setback: Option<String>,
}

impl Machine {
    /// The machine for `plan`, entered where its record left off. `claimed_by`: another transfer that wrote to
    /// the same target, unless the job says that this one follows it.
    pub fn new(
        plan: Arc<Transfer>,
        history: History,
        settings: MachineSettings,
        claimed_by: Option<TransferKey>,
    ) -> Self {
        let jitter = Jitter::new(settings.seed);
        Self {
            plan,
            history,
            settings,
            claimed_by,
            state: State::Begin,
            outbox: VecDeque::new(),
            recording: None,
            attempt: 1,
            times: None,
            jitter,
            stopping: false,
            begun: false,
            setback: None,
        }
    }

    /// The transfer.
    pub fn plan(&self) -> &Arc<Transfer> {
        &self.plan
    }

    /// What is recorded of it, this run's facts included.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Which try of this run it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How many tries this run made: 0 if the record said all there is to say.
    pub fn attempts(&self) -> u32 {
        if self.begun { self.attempt } else { 0 }
    }

    /// Why the last try came to nothing.
    pub fn setback(&self) -> Option<&str> {
        self.setback.as_deref()
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        match &self.state {
            State::Begin | State::Rest { .. } | State::Over(_) => Step::Identify,
            State::Survey(survey) => survey.step(),
            State::Staging(staging) if self.nothing_fact_to_record() => staging.step(),
            State::Staging(_) => Step::Intend,
            State::Polling(_) => Step::Status,
            State::Settling(_) => Step::Settle,
            State::Verifying(_) => Step::Verify,
        }
    }

    /// Whether the target's gateway must serve nobody else until the next action that says otherwise: from the
    /// first staged word to the commit.
    pub fn holds_gateway(&self) -> bool {
        matches!(self.state, State::Staging(_)) && self.nothing_fact_to_record()
    }

    /// Asks the transfer to come to rest: nothing new is begun, what is open is settled.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// The next action. The same until [`handle`](Self::handle) takes its answer, except as time passes.
    pub fn next(&mut self, now: Now) -> Action {
        if matches!(self.state, State::Begin) {
            self.begin();
        }
        if self.stopping {
            self.come_to_rest();
        }
        loop {
            if let Some(recorded) = self.fact_to_record(now.wall) {
                return Action::Record(recorded);
            }
            match self.ask(now) {
                Ok(action) => return action,
                Err(()) => continue,
            }
        }
    }

    /// Takes the answer to the last action. The error is a defect: a fact that cannot follow the record.
    pub fn handle(&mut self, now: Now, reply: Reply) -> Result<(), IllegalFact> {
        if reply == Reply::Recorded {
            return self.fact_recorded();
        }
        let mut facts = Vec::new();
        match &mut self.state {
            State::Survey(survey) => survey.handle(now, reply, &mut facts),
            State::Staging(staging) => {
                let end = staging.handle(now, reply);
                if let Some(end) = end {
                    self.staged(end, now);
                }
            }
            State::Polling(polling) => {
                let end = polling.handle(now, reply);
                if let Some(end) = end {
                    self.polled(end);
                }
            }
            State::Settling(settling) => {
                let (retry, jitter) = (&self.plan.options.retry, &mut self.jitter);
                let end = settling.handle(now, reply, |tries| jitter.delay(retry, tries), &mut facts);
                self.outbox.extend(facts.drain(..));
                if let Some(end) = end {
                    self.settled(end, now);
                }
            }
            State::Verifying(verifying) => {
                let (retry, jitter) = (&self.plan.options.retry, &mut self.jitter);
                let end = verifying.handle(now, reply, |tries| jitter.delay(retry, tries), &mut facts);
                self.outbox.extend(facts.drain(..));
                if let Some(end) = end {
                    self.verified(end);
                }
            }
            State::Rest { .. } if reply == Reply::Waited => self.survey(),
            State::Begin | State::Rest { .. } | State::Over(_) => {}
        }
        self.outbox.extend(facts);
        Ok(())
    }

    // --- where to enter ---

    fn begin(&mut self) {
        let asked = self.plan.meaning();
        let before = self.history.began.as_ref().map(|began| began.meaning.clone());
        let changed = before.filter(|before| *before != asked);
        match (self.history.phase(), changed) {
            (Phase::Done, None) => self.over(Outcome::AlreadyDone, self.done_before(), None),
            (Phase::Done | Phase::Mismatch, Some(before)) if asked.generation > before.generation => {
                self.note_beginning();
                self.survey();
            }
            (Phase::Done, Some(done)) => {
                let refusal = Refusal::MeaningChanged { done: Box::new(done), asked: Box::new(asked) };
                self.over(Outcome::Refused, refusal.to_string(), Some(refusal.hint()));
            }
            (Phase::Mismatch, _) => self.over(
                Outcome::Mismatch,
                "the target did not hold what was staged when it was verified".to_owned(),
                Some(format!("look at the meter, then: {}", self.resolve_command("accepted|not-committed"))),
            ),
            (Phase::Open | Phase::Committed, Some(before)) => self.over(
                Outcome::Unknown,
                format!("an intent of {before} is open, and the job now says {asked}"),
                Some(
                    "put the job back, so that the meter that may have been written to is looked at"
                        .to_owned(),
                ),
            ),
            (Phase::Idle, _) => {
                self.note_beginning();
                self.survey();
            }
            (Phase::Open, None) => {
                self.note_beginning();
                self.settle(CommandOutcome::LeftOpen);
            }
            (Phase::Committed, None) => {
                self.note_beginning();
                self.verify(false);
            }
        }
    }

    fn done_before(&self) -> String {
        let at = self.history.at.map_or_else(String::new, |at| format!(" at {at:.0}"));
        format!("verified{at}")
    }

    fn note_beginning(&mut self) {
        self.begun = true;
        self.outbox.push_back(Fact::Began(Box::new(Began {
            meaning: self.plan.meaning(),
            transfer: (*self.plan).clone(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        })));
    }

    fn survey(&mut self) {
        let known = Known {
            earlier: self.history.closed_intents.clone(),
            captured: self.history.captured.clone(),
            claimed_by: self.claimed_by.clone(),
            last_try: self.attempt >= self.plan.options.retry.attempts,
        };
        self.state = State::Survey(Box::new(Survey::new(Arc::clone(&self.plan), known)));
    }

    // --- what to ask for ---

    /// The next action of the current state, or `Err` when the state changed and must be asked again.
    fn ask(&mut self, now: Now) -> Result<Action, ()> {
        let ask = match &mut self.state {
            State::Begin => unreachable!("`next` has begun"),
            State::Survey(survey) => match survey.next(now) {
                Ok(look) => Ask::Look(look),
                Err(end) => {
                    let end = end.clone();
                    self.surveyed(end, now);
                    return Err(());
                }
            },
            State::Staging(staging) => match staging.next(now) {
                Ok(ask) => ask,
                Err(failure) => {
                    self.not_sent(failure, now);
                    return Err(());
                }
            },
            State::Polling(polling) => polling.next(now),
            State::Settling(settling) => settling.next(now),
            State::Verifying(verifying) => verifying.next(now),
            State::Rest { until } => return Ok(Action::Rest(until.saturating_sub(now.steady))),
            State::Over(ending) => return Ok(Action::Finish(ending.clone())),
        };
        Ok(match ask {
            Ask::Look(Look::Read(role, read)) => Action::Read(role, read),
            Ask::Look(Look::Wait(delay)) => Action::Wait(delay),
            Ask::Write(write) => Action::Write(write),
            Ask::Relink => Action::Relink,
        })
    }

    // --- what the answers mean ---

    fn surveyed(&mut self, end: Surveyed, now: Now) {
        match end {
            Surveyed::Clear(findings) => self.intend(&findings, now),
            Surveyed::Waiting { reason } => {
                let hint = "exchange the meter, or move on to it, then run again".to_owned();
                self.end(Outcome::Waiting, reason, Some(hint));
            }
            Surveyed::Refused(refusal) => {
                self.end(refusal.outcome(), refusal.to_string(), Some(refusal.hint()));
            }
            Surveyed::Failed(failure) => self.start_over(*failure, now),
            Surveyed::CommittedEarlier(intent) => {
                self.outbox.push_back(Fact::Committed {
                    intent: intent.number,
                    evidence: Evidence::FoundLater,
                    note: format!(
                        "the target holds what intent {} staged at {:.0}",
                        intent.number, intent.at
                    ),
                });
                self.times = None;
                self.verify_intent(*intent, true);
            }
        }
    }

    fn intend(&mut self, findings: &Findings, now: Now) {
        self.times = Some(IntentTimes {
            intended: Since::noted(now),
            pre_image_read: Since {
                wall: findings.pre_image.reading.at,
                steady: Some(findings.pre_image.steady),
            },
        });
        let serial =
            |identity: &Option<super::Identity>| identity.as_ref().and_then(super::Identity::serial_number);
        self.outbox.push_back(Fact::Intended(Box::new(Intent {
            number: self.history.intents + 1,
            attempt: self.attempt,
            staged: findings.staged.clone(),
            source: findings.source.clone(),
            pre_image: findings.pre_image.reading.clone(),
            source_serial: serial(&self.history.source_identity).or(self.plan.source.pinned()),
            target_serial: serial(&self.history.target_identity),
            target_energy: self.plan.options.target_energy,
            at: now.wall,
        })));
        self.state = State::Staging(Box::new(Staging::new(&self.plan, findings, self.settings.until_check)));
    }

    fn staged(&mut self, end: Staged, now: Now) {
        match end {
            Staged::NotSent(failure) => self.not_sent(failure, now),
            Staged::Rehearsed => {
                let reason = "staged, read back and fenced; 6209 was not sent, as asked".to_owned();
                self.outbox.push_back(Fact::Closed { how: Closing::NotSent, reason: reason.clone() });
                self.end(Outcome::NotRun, reason, Some("run again without `--until check`".to_owned()));
            }
            Staged::Sent(answer) => {
                let said = match &answer {
                    Ok(()) => "echo".to_owned(),
                    Err(cause) => cause.to_string(),
                };
                self.outbox.push_back(Fact::CommitSent { answer: said });
                match answer {
                    Ok(()) => {
                        self.state = State::Polling(Polling::new(now, self.plan.options.command_timeout))
                    }
                    Err(cause) => self.settle(CommandOutcome::Unanswered(cause)),
                }
            }
        }
    }

    fn not_sent(&mut self, failure: Failure, now: Now) {
        self.outbox.push_back(Fact::Closed { how: Closing::NotSent, reason: failure.to_string() });
        self.start_over(failure, now);
    }

    fn polled(&mut self, end: CommandOutcome) {
        if let CommandOutcome::Result(status) = &end {
            self.outbox.push_back(Fact::StatusRead { word: status.word() });
        }
        if end == CommandOutcome::Result(CommandStatus::Done) {
            self.committed(Evidence::Status, CommandStatus::Done.to_string());
            self.verify(true);
        } else {
            self.settle(end);
        }
    }

    fn settle(&mut self, why: CommandOutcome) {
        let intent = self.open_intent();
        let times = self.times.unwrap_or_else(|| recorded_times(&intent));
        let plan = Arc::clone(&self.plan);
        self.state =
            State::Settling(Box::new(Settling::new(plan, intent, times.intended, times.pre_image_read, why)));
    }

    fn settled(&mut self, end: Settled, now: Now) {
        let State::Settling(settling) = &self.state else { return };
        let why = settling.why.clone();
        match end {
            Settled::Committed(note) => {
                self.committed(Evidence::Settled, format!("{why}; {note}"));
                self.verify(true);
            }
            Settled::NotCommitted(note) => {
                self.outbox
                    .push_back(Fact::Closed { how: Closing::NotCommitted, reason: format!("{why}; {note}") });
                let failure = match why {
                    CommandOutcome::Result(status) if status != CommandStatus::Undecided => {
                        Failure::Rejected(status)
                    }
                    why => Failure::NotCommitted(why.to_string()),
                };
                self.start_over(failure, now);
            }
            Settled::Unknown(note) => self.unknown(format!("{why}; {note}")),
        }
    }

    fn committed(&mut self, evidence: Evidence, note: String) {
        let intent = self.open_intent().number;
        self.outbox.push_back(Fact::Committed { intent, evidence, note });
    }

    fn verify(&mut self, identified: bool) {
        self.verify_intent(self.open_intent(), identified);
    }

    fn verify_intent(&mut self, intent: Intent, identified: bool) {
        let times = self.times.unwrap_or_else(|| recorded_times(&intent));
        let plan = Arc::clone(&self.plan);
        let fence = !self.history.closed_intents.is_empty();
        let verifying = Verifying::new(plan, intent, times.intended, identified, fence);
        self.state = State::Verifying(Box::new(verifying));
    }

    fn verified(&mut self, end: Verified) {
        match end {
            Verified::Matches(verification) => {
                self.outbox.push_back(Fact::Verified(verification));
                self.over(Outcome::Done, "verified".to_owned(), None);
            }
            Verified::Differs(verification) => {
                let quantity = Quantity::RealEnergyIn;
                let read = with_unit(quantity, verification.after.readings.energy(quantity));
                let staged = with_unit(quantity, self.open_intent().staged.energy(quantity));
                self.outbox.push_back(Fact::Mismatched(verification));
                self.over(
                    Outcome::Mismatch,
                    format!("the commit took effect, but the target does not hold what was staged ({quantity}: staged {staged}, read {read})"),
                    Some(format!("look at the meter, then: {}", self.resolve_command("accepted|not-committed"))),
                );
            }
            Verified::NotRead(why) => {
                self.unknown(format!("the commit took effect, but it could not be verified: {why}"));
            }
        }
    }

    /// The last recorded intent: settling and verifying are only entered with one.
    fn open_intent(&self) -> Intent {
        self.history.intent.as_deref().cloned().expect("an intent is recorded before anything is written")
    }

    // --- how it ends ---

    fn start_over(&mut self, failure: Failure, now: Now) {
        if failure.retry() == RetryClass::Never || self.attempt >= self.plan.options.retry.attempts {
            let tries =
                if self.attempt > 1 { format!(", after {} tries", self.attempt) } else { String::new() };
            return self.end(failure.outcome(), format!("{failure}{tries}"), Some(failure.hint()));
        }
        let mut delay = self.jitter.delay(&self.plan.options.retry, self.attempt);
        if failure.left_a_write_behind() {
            delay = delay.max(self.plan.options.settle);
        }
        self.setback = Some(failure.to_string());
        self.attempt += 1;
        self.times = None;
        self.state = State::Rest { until: now.steady + delay };
    }

    fn come_to_rest(&mut self) {
        let stopped = "stopped before anything was written".to_owned();
        let hint = Some("run again".to_owned());
        match &self.state {
            State::Survey(_) | State::Rest { .. } => self.end(Outcome::NotRun, stopped, hint),
            State::Staging(_) if matches!(self.outbox.front(), Some(Fact::Intended(_))) => {
                self.outbox.clear();
                self.end(Outcome::NotRun, stopped, hint);
            }
            State::Staging(_) => {
                let reason = "stopped before the commit".to_owned();
                self.outbox.push_back(Fact::Closed { how: Closing::NotSent, reason: reason.clone() });
                self.end(Outcome::NotRun, reason, hint);
            }
            State::Begin | State::Polling(_) | State::Settling(_) | State::Verifying(_) | State::Over(_) => {}
        }
    }

    fn unknown(&mut self, reason: String) {
        let hint = format!(
            "look at the target's energies and compare with what was staged, then: {}; running again only looks",
            self.resolve_command("committed|not-committed|accepted")
        );
        self.end(Outcome::Unknown, reason, Some(hint));
    }

    fn resolve_command(&self, choices: &str) -> String {
        format!("meterferry resolve JOB --id {} --as {choices} --reason …", self.plan.key.id)
    }

    fn end(&mut self, outcome: Outcome, reason: String, hint: Option<String>) {
        let ending = Ending { outcome, reason, hint };
        self.outbox.push_back(Fact::Ended(ending.clone()));
        self.state = State::Over(ending);
    }

    fn over(&mut self, outcome: Outcome, reason: String, hint: Option<String>) {
        self.state = State::Over(Ending { outcome, reason, hint });
    }

    // --- the record ---

    fn nothing_fact_to_record(&self) -> bool {
        self.outbox.is_empty() && self.recording.is_none()
    }

    fn fact_to_record(&mut self, at: Timestamp) -> Option<Recorded> {
        if self.recording.is_none() {
            let fact = self.outbox.pop_front()?;
            self.recording =
                Some(Recorded { seq: self.history.seq + 1, at, run: Arc::clone(&self.settings.run), fact });
        }
        self.recording.clone()
    }

    fn fact_recorded(&mut self) -> Result<(), IllegalFact> {
        self.recording.take().map_or(Ok(()), |recorded| self.history.apply(recorded))
    }
}

fn recorded_times(intent: &Intent) -> IntentTimes {
    IntentTimes { intended: Since::recorded(intent.at), pre_image_read: Since::recorded(intent.pre_image.at) }
}
