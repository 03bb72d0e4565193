//! Why a request to a meter brought no usable answer, and whether asking again can help.

use std::{fmt, time::Duration};

/// A Modbus exception: the meter, or the gateway before it, said no (Modbus specification V1.1b3 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception(pub u8);

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.0 {
            0x01 => "the meter does not know this function",
            0x02 => "the meter does not have these registers",
            0x03 => "the meter does not accept this value or count",
            0x04 => "the meter failed while carrying out the request",
            0x05 => "the meter accepted the request and needs more time",
            0x06 => "the meter is busy",
            0x07 => "the meter cannot carry out the request",
            0x08 => "the meter found an error in its memory",
            0x0A => "the gateway has no path to this unit",
            0x0B => "the gateway got no answer from this unit",
            _ => "a code outside the Modbus specification",
        };
        write!(f, "exception {:#04X}: {words}", self.0)
    }
}

/// Whether the same request may bring something else next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryClass {
    /// It may, after a delay.
    Again,
    /// It will not: the answer is about what was asked.
    Never,
}

/// Why a request brought no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Nothing was sent.
    #[error("no connection to the gateway: {0}")]
    NoConnection(String),
    /// Nothing was sent: there were bytes on a line that should have been silent. What carries no transaction number
    /// could be taken for the answer to the next request, and what was answered before may not have been the answer.
    #[error("the line was not silent: {0}")]
    NotSilent(String),
    /// Nothing was sent: the gateway was tried as often as the transfer allows, by this transfer or others.
    #[error("no connection to the gateway in {tries} tries: {why}")]
    GatewayGivenUp {
        /// Connections tried in a row.
        tries: u32,
        /// What the last one came to.
        why: String,
    },
    /// Nothing was sent: the unit was asked as often as the transfer allows, for this transfer or others.
    #[error("no answer to the last {asked} requests to this unit")]
    UnitGivenUp {
        /// Requests in a row that it did not answer.
        asked: u32,
    },
    /// The deadline passed.
    #[error("no answer within {} ms", .0.as_millis())]
    NoAnswer(Duration),
    /// The connection ended before the answer was whole.
    #[error("the connection was lost before the answer: {0}")]
    Dropped(String),
    /// An answer that does not fit the request.
    #[error("the answer does not fit the request: {0}")]
    Nonsense(String),
    /// The meter or the gateway said no.
    #[error("{0}")]
    Exception(Exception),
}

impl Cause {
    /// Whether asking again can help.
    pub const fn retry(&self) -> RetryClass {
        match self {
            Self::NoConnection(_)
            | Self::NotSilent(_)
            | Self::NoAnswer(_)
            | Self::Dropped(_)
            | Self::Nonsense(_) => RetryClass::Again,
            Self::GatewayGivenUp { .. } | Self::UnitGivenUp { .. } => RetryClass::Never,
            Self::Exception(Exception(code)) => match code {
                0x01..=0x03 | 0x07 => RetryClass::Never,
                0x00 | 0x04..=0x06 | 0x08..=0xFF => RetryClass::Again,
            },
        }
    }

    /// Whether the meter itself may not have been reached.
    pub const fn is_unreachable(&self) -> bool {
        match self {
            Self::NoConnection(_)
            | Self::GatewayGivenUp { .. }
            | Self::UnitGivenUp { .. }
            | Self::NoAnswer(_)
            | Self::Dropped(_) => true,
            Self::NotSilent(_) | Self::Nonsense(_) => false,
            Self::Exception(Exception(code)) => matches!(code, 0x0A | 0x0B),
        }
    }

    /// Whether the gateway was reached and the meter behind it kept silent: asking it again may cost the time of
    /// another request in vain.
    pub const fn is_silence(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Exception(Exception(0x0A | 0x0B)) => true,
            Self::NoConnection(_)
            | Self::NotSilent(_)
            | Self::GatewayGivenUp { .. }
            | Self::UnitGivenUp { .. }
            | Self::Dropped(_)
            | Self::Nonsense(_)
            | Self::Exception(_) => false,
        }
    }

    /// Whether a write that ended so may still be carried out later: everything but a definite "no" of the
    /// meter itself, and a request that was never sent.
    pub const fn may_come_late(&self) -> bool {
        match self {
            Self::NoConnection(_)
            | Self::NotSilent(_)
            | Self::GatewayGivenUp { .. }
            | Self::UnitGivenUp { .. } => false,
            Self::NoAnswer(_) | Self::Dropped(_) | Self::Nonsense(_) => true,
            Self::Exception(Exception(code)) => !matches!(code, 0x01..=0x03 | 0x06),
        }
    }

    /// Whether the meter itself answered and declined what was asked: asking for it otherwise may work.
    pub const fn is_rejection(&self) -> bool {
        matches!(self, Self::Exception(Exception(0x01..=0x03)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_told_in_words() {
        assert_eq!(Exception(0x0B).to_string(), "exception 0x0B: the gateway got no answer from this unit");
        assert_eq!(Exception(0x06).to_string(), "exception 0x06: the meter is busy");
        assert_eq!(Exception(0x55).to_string(), "exception 0x55: a code outside the Modbus specification");
    }

    #[test]
    fn what_was_given_up_is_not_tried_again_and_is_unreachable() {
        let gateway = Cause::GatewayGivenUp { tries: 4, why: "refused".to_owned() };
        for cause in [gateway, Cause::UnitGivenUp { asked: 4 }] {
            assert_eq!(cause.retry(), RetryClass::Never);
            assert!(cause.is_unreachable() && !cause.is_silence() && !cause.may_come_late());
        }
    }

    #[test]
    fn a_busy_meter_is_asked_again_and_a_missing_register_is_not() {
        assert_eq!(Cause::Exception(Exception(6)).retry(), RetryClass::Again);
        assert_eq!(Cause::Exception(Exception(2)).retry(), RetryClass::Never);
    }
}
