//! Whose turn it is at a gateway: the furthest along comes first, and of equals who came first. Nobody waits for ever:
//! whoever was overtaken long enough comes next. Only who waits for a unit that kept silent lets all others go first:
//! they end, or wait for silent units themselves.

use std::{cmp::Reverse, collections::BTreeMap};

use tokio::sync::oneshot;

use super::Permit;
use crate::{modbus::Open, transfer::Step};

/// Requests of later comers that are served before a turn: more than the transfers that are at work at a gateway usually
/// make to their end (`limits`), so that it only matters where more and more of them arrive that are further along.
const PATIENCE: u64 = 32;

/// The place in the line: less is sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    after_silence: bool,
    step: Reverse<Step>,
    ticket: u64,
}

/// Who is served, and who waits.
pub(super) struct Turns<L: Open> {
    pub taken: bool,
    tickets: u64,
    waiting: BTreeMap<Turn, oneshot::Sender<Permit<L>>>,
    /// By who came first, silent units apart.
    by_ticket: BTreeMap<u64, Turn>,
}

impl<L: Open> Default for Turns<L> {
    fn default() -> Self {
        Self { taken: false, tickets: 0, waiting: BTreeMap::new(), by_ticket: BTreeMap::new() }
    }
}

impl<L: Open> Turns<L> {
    /// Gets in line.
    pub(super) fn wait(&mut self, step: Step, after_silence: bool) -> oneshot::Receiver<Permit<L>> {
        let (sender, turn) = oneshot::channel();
        self.tickets += 1;
        let mark = Turn { after_silence, step: Reverse(step), ticket: self.tickets };
        self.waiting.insert(mark, sender);
        if !after_silence {
            self.by_ticket.insert(mark.ticket, mark);
        }
        turn
    }

    /// Who is next. Without anybody, the gateway is free.
    pub(super) fn next(&mut self) -> Option<oneshot::Sender<Permit<L>>> {
        let next = self.out_of_patience().or_else(|| self.waiting.keys().next().copied());
        self.taken = next.is_some();
        let next = next?;
        self.by_ticket.remove(&next.ticket);
        self.waiting.remove(&next)
    }

    /// Who came first, if as many came later as one has patience for. Of those, the ones still waiting are few.
    fn out_of_patience(&self) -> Option<Turn> {
        let (ticket, turn) = self.by_ticket.first_key_value()?;
        (self.tickets - ticket > PATIENCE).then_some(*turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modbus::ReadLink;

    /// After how many turns of others, each further along and come later, whoever waits at the first step is served.
    fn overtaken(after_silence: bool) -> u64 {
        let mut turns = Turns::<ReadLink>::default();
        // Told by its sender, which notices that nobody listens.
        drop(turns.wait(Step::Identify, after_silence));
        let mut others = Vec::new();
        for number in 0..1_000 {
            others.push(turns.wait(Step::Verify, false));
            if turns.next().expect("somebody waits").is_closed() {
                return number;
            }
        }
        1_000
    }

    #[test]
    fn nobody_waits_for_ever_but_who_waits_for_a_silent_unit() {
        assert_eq!((overtaken(false), overtaken(true)), (PATIENCE, 1_000));
    }

    #[test]
    fn the_furthest_along_comes_first_and_of_equals_who_came_first() {
        let mut turns = Turns::<ReadLink>::default();
        let mut waiting: Vec<_> = [Step::Identify, Step::Verify, Step::Stage, Step::Verify]
            .into_iter()
            .map(|step| Some(turns.wait(step, false)))
            .collect();
        for expected in [1, 3, 2, 0] {
            waiting[expected] = None;
            assert!(turns.next().expect("somebody waits").is_closed(), "{expected}");
        }
        assert!(turns.next().is_none());
    }
}
