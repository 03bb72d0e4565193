//! Why a transfer could not go on, what outcome that is, and whether trying again can help.

use std::time::Duration;

use super::{Cause, Outcome, RetryClass, Step};
use crate::{
    campaign::Role,
    meter::{CommandStatus, Quantity, Register},
};

/// What went wrong, with nothing committed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A request brought no usable answer.
    #[error("{step}, {role} at {place}: {cause}")]
    Request {
        /// In which state.
        step: Step,
        /// Of which endpoint.
        role: Role,
        /// Gateway and unit.
        place: String,
        /// Why.
        cause: Cause,
    },
    /// Reads of a meter do not agree within the bound.
    #[error("the {role}'s {quantity} moved by {growth} {} within {apart_ms} ms, more than {allowed} are allowed, in each of {reads} reads", .quantity.unit())]
    Unsteady {
        /// Which endpoint.
        role: Role,
        /// The quantity that moved most.
        quantity: Quantity,
        /// By how much.
        growth: i64,
        /// Time between the last two reads.
        apart_ms: u128,
        /// What the bound allows.
        allowed: i64,
        /// How many reads were made.
        reads: u32,
    },
    /// What was staged did not read back.
    #[error(
        "another master writes to the target's mailbox: register {register} should hold {expected:#06X} and holds {found:#06X}, after staging twice"
    )]
    AnotherMaster {
        /// The first that differs.
        register: Register,
        /// As staged.
        expected: u16,
        /// As read back.
        found: u16,
    },
    /// The commit could not follow the check in time.
    #[error("the commit could not follow its check within {} ms, in {checks} tries", .limit.as_millis())]
    TooSlow {
        /// The limit.
        limit: Duration,
        /// How often the check was repeated.
        checks: u32,
    },
    /// The readings became too old before the commit.
    #[error("the readings were older than {} s before the commit could be sent", .0.as_secs())]
    Stale(Duration),
    /// The command had no effect, and its result says why.
    #[error("the meter did not carry out the command: {0}")]
    Rejected(CommandStatus),
    /// The command had no effect.
    #[error("the commit had no effect ({0})")]
    NotCommitted(String),
}

impl Failure {
    /// Whether starting again can help.
    pub const fn retry(&self) -> RetryClass {
        match self {
            Self::Request { cause, .. } => cause.retry(),
            Self::Unsteady { .. } | Self::AnotherMaster { .. } | Self::TooSlow { .. } | Self::Rejected(_) => {
                RetryClass::Never
            }
            Self::Stale(_) | Self::NotCommitted(_) => RetryClass::Again,
        }
    }

    /// The outcome when no more tries are left.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Request { cause, .. } if cause.is_unreachable() => Outcome::Unreachable,
            Self::Request { .. }
            | Self::Unsteady { .. }
            | Self::AnotherMaster { .. }
            | Self::TooSlow { .. }
            | Self::Stale(_)
            | Self::Rejected(_)
            | Self::NotCommitted(_) => Outcome::Failed,
        }
    }

    /// Whether a write of ours may still arrive at the meter.
    pub const fn left_a_write_behind(&self) -> bool {
        match self {
            Self::Request { step: Step::Stage, cause, .. } => cause.may_come_late(),
            Self::Request { .. }
            | Self::Unsteady { .. }
            | Self::AnotherMaster { .. }
            | Self::TooSlow { .. }
            | Self::Stale(_)
            | Self::Rejected(_)
            | Self::NotCommitted(_) => false,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Request { cause: Cause::NoConnection(_) | Cause::GatewayGivenUp { .. }, .. } => {
                "check the way to the gateway (address and port, power, free connections; a serial port's device) with `meterferry doctor JOB`, then run again".to_owned()
            }
            Self::Request { cause: Cause::NotSilent(_), .. } => {
                "one master may use a serial line: stop other software and devices that ask on it; check its `baud` and `parity` and the wiring, then run again".to_owned()
            }
            Self::Request { cause, .. } if cause.is_unreachable() => {
                "check the unit number, the wiring, the meter's power and, on a serial line, its `baud` and `parity`, with `meterferry doctor JOB --all`; then run again".to_owned()
            }
            Self::Request { step: Step::Stage, cause: Cause::Exception(_), .. } => {
                "is the setup session open or the revenue security switch locked? `write_mode: single` writes one register at a time".to_owned()
            }
            Self::Request { cause: cause @ Cause::Exception(_), .. } if cause.retry() == RetryClass::Again => {
                "the meter or its gateway is busy or in trouble: see whether other software talks to it (`meterferry doctor JOB`), then run again".to_owned()
            }
            Self::Request { cause: Cause::Exception(_), .. } => {
                "check the meter's `model` and `addressing` in the job".to_owned()
            }
            Self::Request { .. } => "run again; `--trace FILE` shows every frame".to_owned(),
            Self::Unsteady { .. } => {
                "give the meter's largest load as `verify.max_load`, or disconnect its load".to_owned()
            }
            Self::AnotherMaster { .. } => {
                "stop other software that writes to this meter (SMS, PME, a SCADA system, the front panel), then `meterferry run` again".to_owned()
            }
            Self::TooSlow { .. } | Self::Stale(_) => {
                "the gateway is too slow or too busy: lower its `pace`, or run with fewer transfers at a time (`-j 1`)".to_owned()
            }
            Self::Rejected(_) => {
                "is the meter's setup session open or its revenue security switch locked? `meterferry qualify` examines such a meter on a bench".to_owned()
            }
            Self::NotCommitted(_) => "nothing was changed; `meterferry run` again".to_owned(),
        }
    }
}
