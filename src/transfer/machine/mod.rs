//! The machine: one transfer from its record so far to its outcome, one action at a time. Here is what it is and
//! how it is driven; where it is entered, what the answers mean and how it ends stand in files of their own.

mod answers;
mod endings;
mod enter;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Ask, Author, Ending, Fact, Halt, History, IllegalFact, Intent, Look, Now, Recorded, Reply, Step, Survey,
    clock::Since, polling::Polling, retry::Jitter, settling::Settling, staging::Staging,
    verifying::Verifying,
};
use crate::{
    campaign::{Role, Transfer, TransferKey},
    meter::{Read, Write},
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
    /// Who started it, and from which revision of the job.
    pub author: Author,
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
    stopping: Option<Halt>,
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
            stopping: None,
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
            State::Staging(staging) if self.nothing_to_record() => staging.step(),
            State::Staging(_) => Step::Intend,
            State::Polling(_) => Step::Status,
            State::Settling(_) => Step::Settle,
            State::Verifying(_) => Step::Verify,
        }
    }

    /// Whether this try has read its source, so that its reading grows old while it waits for its turn.
    pub fn has_read_its_source(&self) -> bool {
        matches!(&self.state, State::Survey(survey) if survey.reading(Role::Source).is_some())
    }

    /// Whether the target's gateway must serve nobody else until the next action that says otherwise: from the
    /// first staged word to the commit.
    pub fn holds_gateway(&self) -> bool {
        matches!(self.state, State::Staging(_)) && self.nothing_to_record()
    }

    /// Asks the transfer to come to rest: nothing new is begun, what is open is settled. The first reason stays.
    pub fn stop(&mut self, halt: Halt) {
        self.stopping.get_or_insert(halt);
    }

    /// The next action. The same until [`handle`](Self::handle) takes its answer, except as time passes.
    pub fn next(&mut self, now: Now) -> Action {
        if matches!(self.state, State::Begin) {
            self.begin();
        }
        if let Some(halt) = &self.stopping {
            self.come_to_rest(halt.clone());
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
                    self.verified(end, now);
                }
            }
            State::Rest { .. } if reply == Reply::Waited => self.survey(),
            State::Begin | State::Rest { .. } | State::Over(_) => {}
        }
        self.outbox.extend(facts);
        Ok(())
    }

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

    fn nothing_to_record(&self) -> bool {
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
