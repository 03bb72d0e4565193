//! What went over the wire behind one gateway, as plain numbers.

use std::{ops::AddAssign, time::Duration};

use crate::transfer::Cause;

/// Why a request brought no usable answer, as files count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection to the gateway: nothing was sent.
    NoConnection,
    /// A serial line that should have been silent was not: nothing was sent.
    NotSilent,
    /// The deadline passed.
    NoAnswer,
    /// The connection ended before the answer was whole.
    Dropped,
    /// An answer that does not fit the request.
    Nonsense,
    /// The meter or the gateway said no.
    Exception,
}

impl FailureKind {
    /// All of them, in the order they are printed.
    pub const ALL: [Self; 6] =
        [Self::NoConnection, Self::NotSilent, Self::NoAnswer, Self::Dropped, Self::Nonsense, Self::Exception];

    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoConnection => "no_connection",
            Self::NotSilent => "not_silent",
            Self::NoAnswer => "no_answer",
            Self::Dropped => "dropped",
            Self::Nonsense => "nonsense",
            Self::Exception => "exception",
        }
    }
}

impl From<&Cause> for FailureKind {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::NoConnection(_) | Cause::GatewayGivenUp { .. } => Self::NoConnection,
            Cause::NotSilent(_) => Self::NotSilent,
            Cause::NoAnswer(_) | Cause::UnitGivenUp { .. } => Self::NoAnswer,
            Cause::Dropped(_) => Self::Dropped,
            Cause::Nonsense(_) => Self::Nonsense,
            Cause::Exception(_) => Self::Exception,
        }
    }
}

/// Requests, connections, and the time they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that were sent, answered or not.
    pub requests: u32,
    /// Those that got an answer; an exception is one.
    pub answered: u32,
    /// From those requests to their answers, in all.
    pub answering: Duration,
    /// Time that went into requests without a usable answer, and into connections that did not come about.
    pub lost: Duration,
    /// Connections that were opened.
    pub connections: u32,
    /// Time that opening them took.
    pub connecting: Duration,
    /// How often what went wrong, in the order of [`FailureKind::ALL`].
    failures: [u32; FailureKind::ALL.len()],
}

impl Traffic {
    /// A request ended, `took` after it was sent.
    pub fn asked<T>(&mut self, result: &Result<T, Cause>, took: Duration) {
        if let Err(cause) = result {
            self.failures[FailureKind::from(cause) as usize] += 1;
        }
        if matches!(result, Err(Cause::NoConnection(_) | Cause::NotSilent(_))) {
            self.lost += took;
            return;
        }
        self.requests += 1;
        match result {
            Ok(_) | Err(Cause::Exception(_)) => {
                self.answered += 1;
                self.answering += took;
            }
            Err(_) => self.lost += took,
        }
    }

    /// A connection was tried, for so long.
    pub fn opened<T>(&mut self, result: &Result<T, Cause>, took: Duration) {
        match result {
            Ok(_) => {
                self.connections += 1;
                self.connecting += took;
            }
            Err(cause) => {
                self.failures[FailureKind::from(cause) as usize] += 1;
                self.lost += took;
            }
        }
    }

    /// How often this went wrong.
    pub fn failures_of(&self, kind: FailureKind) -> u32 {
        self.failures[kind as usize]
    }

    /// How often anything went wrong.
    pub fn failures(&self) -> u32 {
        self.failures.iter().sum()
    }

    /// Mean time from a request to its answer; nothing before the first answer.
    pub fn mean(&self) -> Option<Duration> {
        (self.answered > 0).then(|| self.answering / self.answered)
    }

    /// The same without the time that was lost.
    pub(super) fn without_losses(self) -> Self {
        Self { lost: Duration::ZERO, ..self }
    }

    /// Mean time that a request took, answered or not; nothing before the first.
    pub fn mean_with_losses(&self) -> Option<Duration> {
        let tried = self.requests + self.failures_of(FailureKind::NoConnection);
        (self.answering + self.lost).checked_div(tried)
    }

    /// Time on the wire: requests and connections, with and without success.
    pub fn on_the_wire(&self) -> Duration {
        self.answering + self.lost + self.connecting
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.requests += more.requests;
        self.answered += more.answered;
        self.answering += more.answering;
        self.lost += more.lost;
        self.connections += more.connections;
        self.connecting += more.connecting;
        for (sum, number) in self.failures.iter_mut().zip(more.failures) {
            *sum += number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::Exception;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn an_exception_is_an_answer_and_a_timeout_is_time_lost() {
        let mut traffic = Traffic::default();
        traffic.asked(&Ok(()), 40 * MS);
        traffic.asked::<()>(&Err(Cause::Exception(Exception(6))), 60 * MS);
        traffic.asked::<()>(&Err(Cause::NoAnswer(2000 * MS)), 2000 * MS);
        assert_eq!((traffic.requests, traffic.mean(), traffic.lost), (3, Some(50 * MS), 2000 * MS));
        assert_eq!(FailureKind::ALL.map(|kind| traffic.failures_of(kind)), [0, 0, 1, 0, 0, 1]);
    }

    #[test]
    fn a_connection_that_does_not_come_about_sends_no_request() {
        let mut traffic = Traffic::default();
        traffic.opened::<()>(&Err(Cause::NoConnection("refused".to_owned())), 3 * MS);
        traffic.opened(&Ok(()), MS);
        assert_eq!((traffic.requests, traffic.connections, traffic.failures()), (0, 1, 1));
        assert_eq!(traffic.on_the_wire(), 4 * MS);
    }
}
