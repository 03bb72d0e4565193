//! States 6 to 8: fill the mailbox, read it back, and send 6209. The gateway is held throughout.

use std::{collections::VecDeque, time::Duration};

use super::{Ask, Cause, Failure, Now, Reply, Step, identify, survey::Findings};
use crate::{
    campaign::{Role, Transfer},
    meter::{
        BUFFER, COMMAND, FENCE, MAILBOX_IMAGE, POINTERS, PRESET_ENERGIES, Read, Readings, Write, WriteMode,
        mailbox_image, staging_writes,
    },
};

/// The commit follows its check within this: another master may write in between.
const CHECK_HOLDS: Duration = Duration::from_millis(250);
/// The commit follows the readings within this: the source may still be counting.
const READINGS_HOLD: Duration = Duration::from_secs(30);
/// How often a check that became too old is repeated.
const CHECKS: u32 = 4;

/// How staging ended.
pub(super) enum Staged {
    /// 6209 was written; this is how it was answered.
    Sent(Result<(), Cause>),
    /// No byte of 6209 left.
    NotSent(Failure),
    /// Staged, read back and fenced again, as asked: 6209 is not to be sent.
    Rehearsed,
}

#[derive(Debug, Clone)]
enum State {
    Writing(VecDeque<Write>),
    Checking,
    Committing { checked: Now },
    Fencing,
    ReadingFence,
}

/// The mailbox of one target on its way to the commit.
#[derive(Debug, Clone)]
pub(super) struct Staging {
    staged: Readings,
    mode: WriteMode,
    in_blocks: bool,
    place: String,
    /// When each meter was read.
    readings_taken: Vec<Now>,
    restaged: bool,
    checks: u32,
    until_check: bool,
    state: State,
}

impl Staging {
    /// `until_check`: stop before the commit, behind a fence.
    pub(super) fn new(plan: &Transfer, findings: &Findings, until_check: bool) -> Self {
        let mode = plan.options.write_mode;
        let in_blocks = mode != WriteMode::Single;
        Self {
            staged: findings.staged.clone(),
            mode,
            in_blocks,
            place: identify::place(&plan.target),
            readings_taken: findings.readings_taken.clone(),
            restaged: false,
            checks: 0,
            until_check,
            state: State::Writing(staging_writes(&findings.staged, in_blocks).into()),
        }
    }

    /// What to do next, unless too much time has passed.
    pub(super) fn next(&mut self, now: Now) -> Result<Ask, Failure> {
        if self.readings_taken.iter().any(|taken| now.at_most_since(*taken) > READINGS_HOLD) {
            return Err(Failure::Stale(READINGS_HOLD));
        }
        match &self.state {
            State::Writing(writes) => Ok(Ask::Write(writes.front().expect("an empty list moves on").clone())),
            State::Committing { checked } if now.at_most_since(*checked) <= CHECK_HOLDS => {
                Ok(Ask::Write(Write::Single { register: COMMAND, word: PRESET_ENERGIES }))
            }
            State::Committing { .. } if self.checks >= CHECKS => {
                Err(Failure::TooSlow { limit: CHECK_HOLDS, checks: self.checks })
            }
            State::Fencing => Ok(Ask::Write(Write::Single { register: BUFFER, word: FENCE })),
            State::ReadingFence => Ok(Ask::read_target(Read { first: BUFFER, count: 1 })),
            State::Checking | State::Committing { .. } => {
                self.state = State::Checking;
                Ok(Ask::read_target(Read { first: POINTERS, count: MAILBOX_IMAGE }))
            }
        }
    }

    /// Takes the answer.
    pub(super) fn handle(&mut self, now: Now, reply: Reply) -> Option<Staged> {
        match (&mut self.state, reply) {
            (State::Writing(_), Reply::Written(answer)) => self.written(answer),
            (State::Checking, Reply::Read(answer)) => self.checked(answer, now),
            (State::Committing { .. }, Reply::Written(answer)) => Some(Staged::Sent(answer)),
            (State::Fencing, Reply::Written(Ok(()))) => {
                self.state = State::ReadingFence;
                None
            }
            (State::Fencing, Reply::Written(Err(cause))) => Some(self.failed(Step::Check, cause)),
            (State::ReadingFence, Reply::Read(answer)) => Some(self.fenced(answer)),
            _ => None,
        }
    }

    pub(super) fn step(&self) -> Step {
        match self.state {
            State::Writing(_) => Step::Stage,
            State::Checking | State::Fencing | State::ReadingFence => Step::Check,
            State::Committing { .. } => Step::Commit,
        }
    }

    fn written(&mut self, answer: Result<(), Cause>) -> Option<Staged> {
        match answer {
            Ok(()) => {
                if let State::Writing(writes) = &mut self.state {
                    writes.pop_front();
                    if writes.is_empty() {
                        self.state = State::Checking;
                    }
                }
                None
            }
            Err(cause) if self.in_blocks && self.mode == WriteMode::Auto && cause.is_rejection() => {
                self.in_blocks = false;
                self.write_all();
                None
            }
            Err(cause) => Some(self.failed(Step::Stage, cause)),
        }
    }

    fn checked(&mut self, answer: Result<Vec<u16>, Cause>, now: Now) -> Option<Staged> {
        self.checks += 1;
        let found = match answer {
            Ok(found) => found,
            Err(cause) => return Some(self.failed(Step::Check, cause)),
        };
        let expected = mailbox_image(&self.staged);
        let Some(offset) = (0..expected.len()).find(|offset| found.get(*offset) != Some(&expected[*offset]))
        else {
            self.state = if self.until_check { State::Fencing } else { State::Committing { checked: now } };
            return None;
        };
        if self.restaged {
            let register = POINTERS.plus(offset as u16);
            let found = found.get(offset).copied().unwrap_or_default();
            return Some(Staged::NotSent(Failure::AnotherMaster {
                register,
                expected: expected[offset],
                found,
            }));
        }
        self.restaged = true;
        self.write_all();
        None
    }

    fn fenced(&self, answer: Result<Vec<u16>, Cause>) -> Staged {
        match answer {
            Ok(words) if words == [FENCE] => Staged::Rehearsed,
            Ok(words) => {
                let found = words.first().copied().unwrap_or_default();
                Staged::NotSent(Failure::AnotherMaster { register: BUFFER, expected: FENCE, found })
            }
            Err(cause) => self.failed(Step::Check, cause),
        }
    }

    fn write_all(&mut self) {
        self.state = State::Writing(staging_writes(&self.staged, self.in_blocks).into());
    }

    fn failed(&self, step: Step, cause: Cause) -> Staged {
        Staged::NotSent(Failure::Request { step, role: Role::Target, place: self.place.clone(), cause })
    }
}
