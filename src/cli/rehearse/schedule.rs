//! What is tried in one schedule of the matrix, and the number that names it.

use std::fmt;

use super::step::Step;
use crate::ledger;

/// Where the program dies for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// It does not.
    None,
    /// Before the request that the fault was to strike.
    BeforeRequest,
    /// When that request has left.
    AfterRequest,
    /// At an append to the ledger: how, and which, from 1.
    Append(AppendDeath, u32),
}

/// How it dies at an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppendDeath {
    OnCall,
    BeforeDurable,
    AfterDurable,
    /// The disk is full from here on; the program lives.
    Refused,
}

impl AppendDeath {
    pub(super) const ALL: [Self; 4] = [Self::OnCall, Self::BeforeDurable, Self::AfterDurable, Self::Refused];

    pub(super) fn fault(self, append: u32) -> ledger::Fault {
        let append = append.into();
        match self {
            Self::OnCall => ledger::Fault::CrashOnCall(append),
            Self::BeforeDurable => ledger::Fault::CrashBeforeDurable(append),
            Self::AfterDurable => ledger::Fault::CrashAfterDurable(append),
            Self::Refused => ledger::Fault::RefuseFrom(append),
        }
    }
}

/// Where it dies again, in the run after that: at which of its requests, and whether that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SecondDeath {
    pub request: u32,
    pub leaves: bool,
}

/// One cell of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schedule {
    pub shape: usize,
    pub step: Step,
    /// Place in [`super::fault::all`].
    pub fault: usize,
    pub death: Death,
    pub second: Option<SecondDeath>,
}

const FAULTS: u64 = 64;
const MOST_APPENDS: u64 = 40;
const DEATHS: u64 = 3 + MOST_APPENDS * AppendDeath::ALL.len() as u64;
/// A resume of one transfer sends fewer requests, whatever goes wrong.
pub(super) const MOST_REQUESTS: u32 = 100;
const SECONDS: u64 = 1 + 2 * MOST_REQUESTS as u64;

impl Schedule {
    /// The number that `--seed` takes.
    pub(super) fn seed(&self) -> u64 {
        let death = match self.death {
            Death::None => 0,
            Death::BeforeRequest => 1,
            Death::AfterRequest => 2,
            Death::Append(how, append) => {
                3 + u64::from(append - 1) * AppendDeath::ALL.len() as u64 + how as u64
            }
        };
        let second =
            self.second.map_or(0, |second| u64::from(second.request * 2 - 1) + u64::from(second.leaves));
        let place = self.shape as u64 * Step::ALL.len() as u64 + self.step as u64;
        ((place * FAULTS + self.fault as u64) * DEATHS + death) * SECONDS + second
    }

    /// The cell with this number.
    pub(super) fn from_seed(seed: u64) -> Self {
        let (rest, second) = (seed / SECONDS, seed % SECONDS);
        let (rest, death) = (rest / DEATHS, rest % DEATHS);
        let (rest, fault) = (rest / FAULTS, rest % FAULTS);
        let steps = Step::ALL.len() as u64;
        Self {
            shape: (rest / steps) as usize,
            step: Step::ALL[(rest % steps) as usize],
            fault: fault as usize,
            death: match death {
                0 => Death::None,
                1 => Death::BeforeRequest,
                2 => Death::AfterRequest,
                append => Death::Append(
                    AppendDeath::ALL[((append - 3) % 4) as usize],
                    ((append - 3) / 4 + 1) as u32,
                ),
            },
            second: (second > 0)
                .then(|| SecondDeath { request: second.div_ceil(2) as u32, leaves: second % 2 == 0 }),
        }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the program lives"),
            Self::BeforeRequest => f.write_str("the program dies before the request"),
            Self::AfterRequest => f.write_str("the program dies after the request"),
            Self::Append(AppendDeath::Refused, append) => {
                write!(f, "the ledger is full from append {append} on")
            }
            Self::Append(how, append) => {
                let when = match how {
                    AppendDeath::OnCall => "at",
                    AppendDeath::BeforeDurable => "before it keeps",
                    AppendDeath::AfterDurable | AppendDeath::Refused => "after it kept",
                };
                write!(f, "the program dies {when} append {append}")
            }
        }
    }
}

impl fmt::Display for SecondDeath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = if self.leaves { "after" } else { "before" };
        write!(f, ", and again {when} request {} of the next run", self.request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_found_again_by_its_seed() {
        let deaths = AppendDeath::ALL.map(|how| Death::Append(how, MOST_APPENDS as u32));
        let deaths = [Death::None, Death::BeforeRequest, Death::AfterRequest].into_iter().chain(deaths);
        for (place, death) in deaths.enumerate() {
            for second in [None, Some((1, false)), Some((1, true)), Some((MOST_REQUESTS, true))] {
                let schedule = Schedule {
                    shape: place,
                    step: Step::ALL[place],
                    fault: place * 9,
                    death,
                    second: second.map(|(request, leaves)| SecondDeath { request, leaves }),
                };
                assert_eq!(Schedule::from_seed(schedule.seed()), schedule, "seed {}", schedule.seed());
            }
        }
    }
}
