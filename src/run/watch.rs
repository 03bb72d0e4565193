//! The dispatcher's account of what is done and what is left, by gateway. Told of every fact and every end; asks
//! nobody. Each change costs the same, however many transfers there are.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Forecast, GatewayPulse, Pulse, Requests, Traffic,
    queue::Index,
    requests::{Effort, SETTLED},
};
use crate::{
    campaign::{Gateway, GatewayKey, Transfer},
    transfer::{Fact, History, Outcome, Phase},
};

/// What is known of all transfers and gateways.
#[derive(Default)]
pub(super) struct Watch {
    transfers: Vec<Item>,
    gateways: Vec<Row>,
    retries: u32,
    /// Requests that were to be expected, by what they are for.
    foreseen: Foreseen,
    until_check: bool,
}

/// Requests that a first try takes for what it may also take more of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Foreseen {
    /// To settle what an earlier run left open.
    pub settling: u32,
    /// To read the result of a command.
    pub results: u32,
    /// To verify.
    pub verifying: u32,
}

struct Item {
    source: Option<usize>,
    target: usize,
    /// When the run began.
    expected: Requests,
    left: Requests,
    captured: bool,
    fenced: bool,
}

struct Row {
    gateway: Arc<Gateway>,
    done: usize,
    not_done: usize,
    left: usize,
    requests_left: u32,
}

impl Watch {
    /// For transfers without records.
    pub(super) fn new(transfers: &[Arc<Transfer>], until_check: bool) -> Self {
        let mut watch = Self { until_check, ..Self::default() };
        let mut rows: HashMap<GatewayKey, usize> = HashMap::new();
        for transfer in transfers {
            let source = transfer.source.endpoint().map(|end| watch.row(&mut rows, &end.gateway));
            let target = watch.row(&mut rows, &transfer.target.gateway);
            let effort = Effort::new(transfer, until_check);
            watch.transfers.push(Item {
                source,
                target,
                expected: Requests::default(),
                left: Requests::default(),
                captured: false,
                fenced: effort.fenced,
            });
            let index = watch.transfers.len() - 1;
            watch.expect(index, effort.whole());
            watch.rows_of(index).into_iter().flatten().for_each(|row| watch.gateways[row].left += 1);
        }
        watch
    }

    fn row(&mut self, rows: &mut HashMap<GatewayKey, usize>, gateway: &Arc<Gateway>) -> usize {
        *rows.entry(gateway.address.clone()).or_insert_with(|| {
            let gateway = Arc::clone(gateway);
            self.gateways.push(Row { gateway, done: 0, not_done: 0, left: 0, requests_left: 0 });
            self.gateways.len() - 1
        })
    }

    /// The rows of a transfer, each once.
    fn rows_of(&self, index: Index) -> [Option<usize>; 2] {
        let Item { source, target, .. } = self.transfers[index];
        [source.filter(|source| *source != target), Some(target)]
    }

    fn effort<'a>(&self, index: Index, plan: &'a Transfer) -> Effort<'a> {
        let Item { captured, fenced, .. } = self.transfers[index];
        Effort { captured, fenced, ..Effort::new(plan, self.until_check) }
    }

    /// An earlier run left this record.
    pub(super) fn known(&mut self, index: Index, plan: &Transfer, history: &History) {
        let effort = Effort::with(plan, history, self.until_check);
        let item = &mut self.transfers[index];
        (item.captured, item.fenced) = (effort.captured, effort.fenced);
        let requests = effort.after(history);
        self.expect(index, requests);
        if requests.target > 0 && history.phase() == Phase::Open {
            self.foreseen.settling += SETTLED;
            self.foreseen.verifying += effort.verification();
        }
        if requests.target > 0 && history.phase() == Phase::Committed {
            self.foreseen.verifying += requests.target;
        }
    }

    /// A transfer will not begin.
    pub(super) fn not_now(&mut self, index: Index) {
        self.expect(index, Requests::default());
    }

    /// A fact was recorded.
    pub(super) fn fact(&mut self, index: Index, plan: &Transfer, attempt: u32, fact: &Fact) {
        let effort = self.effort(index, plan);
        if matches!(fact, Fact::CommitSent { .. }) && attempt == 1 {
            self.foreseen.results += 1;
            self.foreseen.verifying += effort.verification();
        }
        if matches!(fact, Fact::Closed { .. }) {
            self.transfers[index].fenced = true;
        }
        let left = effort.left(self.transfers[index].left, fact);
        self.set_left(index, left);
    }

    /// A transfer starts again later.
    pub(super) fn put_back(&mut self, index: Index, plan: &Transfer) {
        self.retries += 1;
        let left = self.effort(index, plan).whole();
        self.set_left(index, left);
    }

    /// A transfer has its outcome.
    pub(super) fn ended(&mut self, index: Index, outcome: Outcome) {
        self.set_left(index, Requests::default());
        for row in self.rows_of(index).into_iter().flatten() {
            let row = &mut self.gateways[row];
            row.left -= 1;
            match outcome.is_done() {
                true => row.done += 1,
                false => row.not_done += 1,
            }
        }
    }

    fn expect(&mut self, index: Index, requests: Requests) {
        self.transfers[index].expected = requests;
        self.set_left(index, requests);
    }

    fn set_left(&mut self, index: Index, left: Requests) {
        let item = &mut self.transfers[index];
        let before = std::mem::replace(&mut item.left, left);
        if let Some(source) = item.source {
            let row = &mut self.gateways[source];
            row.requests_left = row.requests_left + left.source - before.source;
        }
        let row = &mut self.gateways[item.target];
        row.requests_left = row.requests_left + left.target - before.target;
    }

    /// How the run stands, with these transfers being worked on.
    pub(super) fn pulse(
        &self,
        working: impl Iterator<Item = Index>,
        traffic: impl Fn(&GatewayKey) -> Traffic,
        parallel: usize,
    ) -> Pulse {
        let busy: HashSet<usize> = working.flat_map(|index| self.rows_of(index)).flatten().collect();
        let gateway = |(place, row): (usize, &Row)| GatewayPulse {
            gateway: Arc::clone(&row.gateway),
            done: row.done,
            not_done: row.not_done,
            left: row.left,
            busy: busy.contains(&place),
            traffic: traffic(&row.gateway.address),
            requests_left: row.requests_left,
            time_left: None,
        };
        Pulse::of(self.gateways.iter().enumerate().map(gateway).collect(), self.retries, parallel)
    }

    /// What was to be expected when the run began, by the times that answers took.
    pub(super) fn forecast(
        &self,
        transfers: &[Arc<Transfer>],
        traffic: impl Fn(&GatewayKey) -> Traffic,
        parallel: usize,
    ) -> Forecast {
        let parts = transfers.iter().zip(&self.transfers).map(|(plan, item)| (&**plan, item.expected));
        Forecast::new(parts, traffic, parallel)
    }

    /// What went over all wires.
    pub(super) fn traffic(&self, traffic: impl Fn(&GatewayKey) -> Traffic) -> Traffic {
        let mut sum = Traffic::default();
        self.gateways.iter().for_each(|row| sum += traffic(&row.gateway.address));
        sum
    }

    pub(super) const fn foreseen(&self) -> Foreseen {
        self.foreseen
    }
}
