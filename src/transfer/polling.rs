//! State 9: read 8021 until the command's result replaced the sentinel.

use std::{fmt, time::Duration};

use super::{Ask, Cause, Exception, Now, Reply};
use crate::meter::{CommandStatus, Read, STATUS};

/// First and longest delay between two looks at 8021.
const INTERVAL: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// What became of a command, as far as its own answers tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandOutcome {
    /// The write of 6209 was not answered by its exact echo.
    Unanswered(Cause),
    /// 8021 holds this.
    Result(CommandStatus),
    /// 8021 could not be read.
    NotRead(Cause),
    /// An earlier run left the intent open.
    LeftOpen,
}

impl fmt::Display for CommandOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(cause) => write!(f, "the commit was not confirmed: {cause}"),
            Self::Result(status) => write!(f, "the command's result is {status}"),
            Self::NotRead(cause) => write!(f, "the command's result could not be read: {cause}"),
            Self::LeftOpen => f.write_str("an earlier run ended before the effect of the command was known"),
        }
    }
}

/// Waiting for a command's result.
#[derive(Debug, Clone)]
pub(super) struct Polling {
    deadline: Duration,
    interval: Duration,
    wait_until: Option<Duration>,
}

impl Polling {
    pub(super) fn new(now: Now, command_timeout: Duration) -> Self {
        Self { deadline: now.steady + command_timeout, interval: INTERVAL.0, wait_until: None }
    }

    pub(super) fn next(&self, now: Now) -> Ask {
        match self.wait_until {
            Some(until) => Ask::wait(until.saturating_sub(now.steady)),
            None => Ask::read_target(Read { first: STATUS, count: 1 }),
        }
    }

    pub(super) fn handle(&mut self, now: Now, reply: Reply) -> Option<CommandOutcome> {
        match reply {
            Reply::Read(Ok(words)) => {
                let status = CommandStatus::from_word(words.first().copied().unwrap_or_default());
                self.unless_undecided(now, status)
            }
            Reply::Read(Err(Cause::Exception(Exception(0x05 | 0x06)))) => {
                self.unless_undecided(now, CommandStatus::Undecided)
            }
            Reply::Read(Err(cause)) => Some(CommandOutcome::NotRead(cause)),
            Reply::Waited => {
                self.wait_until = None;
                None
            }
            Reply::Written(_) | Reply::Relinked | Reply::Recorded => None,
        }
    }

    fn unless_undecided(&mut self, now: Now, status: CommandStatus) -> Option<CommandOutcome> {
        if status != CommandStatus::Undecided || now.steady >= self.deadline {
            return Some(CommandOutcome::Result(status));
        }
        self.wait_until = Some((now.steady + self.interval).min(self.deadline));
        self.interval = (self.interval * 2).min(INTERVAL.1);
        None
    }
}
