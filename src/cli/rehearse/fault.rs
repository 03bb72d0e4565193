//! Everything the simulator can do to a request, with the parameters that matter for one transfer's deadlines.
//! Knows nothing of where it strikes.

use std::time::Duration;

use serde::Serialize;

use super::step::Step;
use crate::{campaign::Transfer, simulator::Fault};

/// What the outcome of a schedule is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The promises of DESIGN.md §2 hold.
    Covered,
    /// A request arrives later than `settle` says requests may: no client can wait for ever.
    BeyondSettle,
    /// The gateway carries out the commit a second time by itself: no client can prevent it.
    Repeated,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Covered, Self::BeyondSettle, Self::Repeated];

    /// What it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Covered => "covered by the guarantees",
            Self::BeyondSettle => "later than `settle` covers",
            Self::Repeated => "a gateway that repeats the commit by itself",
        }
    }
}

/// A fault with its name in tables.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its name.
    pub name: &'static str,
    /// What the simulator is told.
    pub fault: Fault,
    /// It makes a request arrive later than `settle`.
    beyond: bool,
}

impl Named {
    /// What a schedule with this fault at this step is held against.
    pub fn class(&self, step: Step) -> Class {
        let commits = matches!(step, Step::Commit | Step::RetryCommit);
        match self.fault {
            _ if self.beyond => Class::BeyondSettle,
            Fault::DuplicateExecution(_) if commits => Class::Repeated,
            _ => Class::Covered,
        }
    }

    /// Whether the fault means something at this step: only meters with a mailbox can have it written by another.
    pub fn suits(&self, step: Step) -> bool {
        !matches!(self.fault, Fault::ForeignWrite { .. }) || step.role() == crate::campaign::Role::Target
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// Another meter than any a job names.
const STRANGER: u32 = 99_999_999;

/// All faults, with delays that fit the transfer's options. Always the same number, in the same order.
pub fn all(transfer: &Transfer) -> Vec<Named> {
    let timeouts = transfer.endpoints().map(|endpoint| endpoint.gateway.settings.request_timeout);
    let timeout = timeouts.max().expect("there is a target");
    let settle = transfer.options.settle;
    // A little after the client gave up, still within what `settle` covers.
    let after_timeout = timeout + 60 * MILLISECOND;
    let just_covered = settle.saturating_sub(50 * MILLISECOND).max(MILLISECOND);
    let much_later = timeout + 3 * settle + 30 * SECOND;
    let foreign = |register, words: &[u16]| Fault::ForeignWrite { register, words: words.to_vec() };
    let covered: [(&str, Fault); 50] = [
        ("nothing", Fault::Delay(Duration::ZERO)),
        ("request swallowed", Fault::SwallowRequest),
        ("answer swallowed", Fault::SwallowResponse),
        ("answer late, in time", Fault::LateResponse(timeout / 2)),
        ("answer after the deadline", Fault::LateResponse(after_timeout)),
        ("executed late, at once", Fault::LateExecution(5 * MILLISECOND)),
        ("executed late, before the deadline", Fault::LateExecution(timeout / 2)),
        ("executed after the deadline", Fault::LateExecution(after_timeout.min(just_covered))),
        ("executed as late as settle covers", Fault::LateExecution(just_covered)),
        ("connection dropped before", Fault::DropBefore),
        ("connection dropped after", Fault::DropAfter),
        ("exception 01", Fault::Exception(0x01)),
        ("exception 02", Fault::Exception(0x02)),
        ("exception 03", Fault::Exception(0x03)),
        ("exception 04", Fault::Exception(0x04)),
        ("exception 05", Fault::Exception(0x05)),
        ("exception 06", Fault::Exception(0x06)),
        ("exception 07", Fault::Exception(0x07)),
        ("exception 0A", Fault::Exception(0x0A)),
        ("exception 0B", Fault::Exception(0x0B)),
        ("exception 99", Fault::Exception(0x99)),
        ("exception 01, executed", Fault::ExceptionAfter(0x01)),
        ("exception 03, executed", Fault::ExceptionAfter(0x03)),
        ("exception 04, executed", Fault::ExceptionAfter(0x04)),
        ("exception 05, executed", Fault::ExceptionAfter(0x05)),
        ("exception 06, executed", Fault::ExceptionAfter(0x06)),
        ("exception 0A, executed", Fault::ExceptionAfter(0x0A)),
        ("exception 0B, executed", Fault::ExceptionAfter(0x0B)),
        ("answer too short", Fault::ShortResponse),
        ("answer too long", Fault::LongResponse),
        ("wrong echo", Fault::WrongEcho),
        ("wrong echo address", Fault::WrongEchoAddress),
        ("wrong transaction", Fault::WrongTransaction),
        ("wrong unit", Fault::WrongUnit),
        ("wrong function", Fault::WrongFunction),
        ("garbage", Fault::Garbage),
        ("answer truncated", Fault::Truncated),
        ("answer truncated, then dropped", Fault::TruncatedDrop),
        ("byte by byte, in time", Fault::OneByteAtATime(5 * MILLISECOND)),
        ("byte by byte, too slow", Fault::OneByteAtATime(timeout / 4)),
        ("another master: data", foreign(8023, &[4711])),
        ("another master: data pointer", foreign(8019, &[8060])),
        ("another master: all pointers", foreign(8017, &[8100, 8101, 8102])),
        ("another master: result", foreign(8021, &[0])),
        ("delayed, in time", Fault::Delay(timeout / 2)),
        ("delayed after the deadline", Fault::Delay(after_timeout.min(just_covered))),
        ("executed twice, at once", Fault::DuplicateExecution(5 * MILLISECOND)),
        ("executed twice, later", Fault::DuplicateExecution(after_timeout.min(just_covered))),
        ("meter exchanged", Fault::SerialBecomes(STRANGER)),
        ("torn reading", Fault::TornRead),
    ];
    let beyond = [
        ("executed just later than settle", Fault::LateExecution(timeout + settle + 500 * MILLISECOND)),
        ("executed between two looks", Fault::LateExecution(timeout + settle + settle / 2)),
        ("executed during the next try", Fault::LateExecution(timeout + 2 * settle + 600 * MILLISECOND)),
        ("executed much later", Fault::LateExecution(much_later)),
        ("delayed beyond settle", Fault::Delay(timeout + settle + SECOND)),
        ("executed twice, much later", Fault::DuplicateExecution(much_later)),
    ];
    let named = |beyond| move |(name, fault)| Named { name, fault, beyond };
    covered.into_iter().map(named(false)).chain(beyond.into_iter().map(named(true))).collect()
}
