//! What a run stops for by itself, and why it begins nothing new. Plain values: who acts on them is the dispatcher.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    num::NonZeroUsize,
    sync::Arc,
};

use jiff::{Timestamp, Zoned};

use super::queue::Index;
use crate::{
    campaign::{Transfer, TransferKey},
    transfer::{Halt, Outcome},
};

/// Transfers named in a reason; of more only the number is given.
const NAMED: usize = 5;

/// When a run is to begin nothing new, though nobody asks it to stop. The default is never.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// So many unfinished transfers go first, and the others only if all of those are done. 0: none.
    pub canaries: usize,
    /// How many transfers may go wrong.
    pub max_fail: Option<MaxFail>,
    /// From then on nothing begins.
    pub deadline: Option<Zoned>,
}

/// How many transfers of a run may go wrong: with the last of them it begins nothing new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxFail {
    /// So many.
    Number(NonZeroUsize),
    /// So many of a hundred selected, rounded up.
    Percent(u8),
}

impl MaxFail {
    /// The number for a run of `selected` transfers; at least 1.
    pub fn of(self, selected: usize) -> usize {
        match self {
            Self::Number(number) => number.get(),
            Self::Percent(percent) => selected.saturating_mul(percent.into()).div_ceil(100).max(1),
        }
    }
}

/// Why a run begins nothing new: for the transfers that it does not begin, and for its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// Somebody asked, by a signal.
    Signal,
    /// A canary is not done.
    Canary {
        /// The first of them.
        transfer: TransferKey,
        /// Its outcome.
        outcome: Outcome,
        /// How many more canaries are not done.
        more: usize,
    },
    /// As many transfers went wrong as may.
    TooManyFailures {
        /// How many may.
        limit: usize,
        /// Which did, and how.
        transfers: Vec<(TransferKey, Outcome)>,
    },
    /// The time is over.
    Deadline(Zoned),
    /// The ledger cannot record any more.
    LedgerBroken(String),
}

impl StopReason {
    /// The stable word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Canary { .. } => "canary",
            Self::TooManyFailures { .. } => "max_fail",
            Self::Deadline(_) => "deadline",
            Self::LedgerBroken(_) => "ledger",
        }
    }

    /// Whether intents that an earlier run left open are settled all the same: that is finishing, not beginning.
    pub(super) const fn lets_settle(&self) -> bool {
        match self {
            Self::Canary { .. } | Self::TooManyFailures { .. } | Self::Deadline(_) => true,
            Self::Signal | Self::LedgerBroken(_) => false,
        }
    }

    /// For the ending of a transfer.
    pub(super) fn halt(&self) -> Halt {
        let hint = match self {
            Self::Signal | Self::Deadline(_) => "run again".to_owned(),
            Self::Canary { transfer, .. } => {
                format!("{}; put it right, then run again", look_at(transfer))
            }
            Self::TooManyFailures { transfers, .. } => match transfers.first() {
                Some((transfer, _)) => format!("{}; find the cause, then run again", look_at(transfer)),
                None => "find the cause, then run again".to_owned(),
            },
            Self::LedgerBroken(_) => "repair the ledger, then run again".to_owned(),
        };
        Halt { why: self.to_string(), hint }
    }
}

fn look_at(transfer: &TransferKey) -> String {
    format!("look at it: meterferry status JOB --only id={}", transfer.id)
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal => f.write_str("the run was stopped"),
            Self::Canary { transfer, outcome, more: 0 } => write!(f, "the canary {transfer} is {outcome}"),
            Self::Canary { transfer, outcome, more } => {
                write!(f, "the canary {transfer} is {outcome}, and {more} more are not done")
            }
            Self::TooManyFailures { limit, transfers } => {
                let named: Vec<_> = transfers
                    .iter()
                    .take(NAMED)
                    .map(|(transfer, outcome)| format!("{transfer} is {outcome}"))
                    .collect();
                let more = match transfers.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                write!(
                    f,
                    "the limit of {limit} gone wrong (--max-fail) is reached: {}{more}",
                    named.join(", ")
                )
            }
            Self::Deadline(at) => write!(f, "the deadline, {}, has passed", clock_words(at)),
            Self::LedgerBroken(error) => write!(f, "the ledger cannot record ({error})"),
        }
    }
}

/// An instant on the clock of its zone: `Tue 2026-06-02 05:30:00 +02:00`.
pub fn clock_words(at: &Zoned) -> String {
    at.strftime("%a %Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Why a transfer that failed is not tried again: its next try would come too late.
pub(super) fn too_late_to_retry(deadline: &Zoned) -> Halt {
    let why = format!("the next try would come after the deadline, {}", clock_words(deadline));
    Halt { why, hint: "run again".to_owned() }
}

/// Why a transfer does not begin at this instant, if its window is closed.
pub(super) fn window_closed(transfer: &Transfer, at: Timestamp) -> Option<Halt> {
    let why = transfer.options.window.closed_at(at)?;
    Some(Halt { why, hint: "run again then".to_owned() })
}

/// The first `wanted` transfers that are not finished, in the order given; but what an unfinished one follows (`after`)
/// goes before it.
pub(super) fn canaries(
    transfers: &[Arc<Transfer>],
    wanted: usize,
    unfinished: impl Fn(Index) -> bool,
) -> Vec<Index> {
    if wanted == 0 {
        return Vec::new();
    }
    let places: HashMap<_, _> =
        transfers.iter().enumerate().map(|(index, transfer)| (&transfer.key, index)).collect();
    let (mut chosen, mut seen) = (Vec::new(), HashSet::new());
    for first in 0..transfers.len() {
        let mut path: Vec<Index> = Vec::new();
        if seen.insert(first) && unfinished(first) {
            path.push(first);
        }
        while let Some(index) = path.last().copied() {
            let mut followed = transfers[index].after.iter().filter_map(|key| places.get(key).copied());
            match followed.find(|before| seen.insert(*before) && unfinished(*before)) {
                Some(before) => path.push(before),
                None => chosen.extend(path.pop()),
            }
        }
        if chosen.len() >= wanted {
            chosen.truncate(wanted);
            break;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        campaign::{Address, Endpoint, Gateway, SerialNumber, Unit},
        meter::{Addressing, Model},
    };

    #[test]
    fn a_percentage_is_of_the_selected_rounded_up_and_at_least_one() {
        let cases = [(10, 100, 10), (10, 101, 11), (10, 5, 1), (1, 0, 1), (100, 7, 7), (33, 10, 4)];
        for (percent, selected, limit) in cases {
            assert_eq!(MaxFail::Percent(percent).of(selected), limit, "{percent} % of {selected}");
        }
        assert_eq!(MaxFail::Number(NonZeroUsize::new(3).unwrap()).of(1), 3);
    }

    fn key(id: &str) -> TransferKey {
        TransferKey { campaign: "north".into(), id: id.into() }
    }

    fn transfer(id: &str, after: &[&str]) -> Arc<Transfer> {
        let endpoint = |unit| Endpoint {
            model: Model::Pm800,
            gateway: Arc::new(Gateway::new(Address::Tcp { host: "meters.example".to_owned(), port: 502 })),
            unit: Unit::new(unit).unwrap(),
            serial_number: SerialNumber::Any,
            addressing: Addressing::Modbus,
        };
        let mut transfer = Transfer::new(key(id), endpoint(1), endpoint(2));
        transfer.after = after.iter().map(|id| key(id)).collect();
        Arc::new(transfer)
    }

    #[test]
    fn canaries_are_the_first_unfinished_and_what_one_follows_goes_before_it() {
        let all = [
            transfer("a", &["c"]),
            transfer("b", &[]),
            transfer("c", &["e", "elsewhere"]),
            transfer("d", &[]),
            transfer("e", &[]),
        ];
        let ids = |wanted, finished: &str| -> String {
            let unfinished = |index: usize| !finished.contains(&*all[index].key.id);
            canaries(&all, wanted, unfinished).into_iter().map(|index| &*all[index].key.id).collect()
        };
        assert_eq!(ids(0, ""), "");
        assert_eq!(ids(1, ""), "e");
        assert_eq!(ids(3, ""), "eca");
        assert_eq!(ids(4, ""), "ecab");
        assert_eq!(ids(99, ""), "ecabd");
        assert_eq!(ids(2, "e"), "ca");
        assert_eq!(ids(2, "abc"), "de");
    }

    #[test]
    fn transfers_that_follow_each_other_in_a_circle_are_canaries_once_each() {
        let all = [transfer("a", &["b"]), transfer("b", &["a"]), transfer("c", &["c"])];
        let mut chosen = canaries(&all, 3, |_| true);
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 1, 2]);
    }

    #[test]
    fn a_reason_names_the_first_few_that_went_wrong() {
        let wrong = |number: usize| StopReason::TooManyFailures {
            limit: number,
            transfers: (1..=number).map(|n| (key(&format!("t{n}")), Outcome::Refused)).collect(),
        };
        assert_eq!(
            wrong(1).to_string(),
            "the limit of 1 gone wrong (--max-fail) is reached: north/t1 is refused"
        );
        assert!(wrong(7).to_string().ends_with("north/t5 is refused and 2 more"));
    }
}
