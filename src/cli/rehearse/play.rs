//! One schedule from beginning to end: runs that die, the run after them, clean runs until all is at rest, and time
//! for whatever is still on its way. The meters are asked after every run.

use std::time::Duration;

use super::{
    cut::CutAt,
    judge::{Judgement, Verdict, judge},
    world::{Ended, World, is_final},
};
use crate::{
    ledger::{self, Kind, MemoryLedger},
    run::RunReport,
    transfer::Outcome,
};

/// How one run is ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blow {
    AtRequest(CutAt),
    AtAppend(ledger::Fault),
}

/// What came of one transfer.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub judgement: Judgement,
    pub outcome: Outcome,
    /// What the program says.
    pub reason: String,
}

/// What came of a schedule.
#[derive(Debug)]
pub(super) struct Played {
    /// One a transfer, in the order of the world's.
    pub endings: Vec<Ending>,
    /// How many of the blows fell.
    pub blows: usize,
    /// The request of the first run at which the last fault struck, if it was not ended early.
    pub struck: Option<usize>,
    /// Every fault struck, in some run.
    pub all_struck: bool,
}

/// Clean runs at most.
const CLEAN_RUNS: usize = 4;
/// After the last run, for requests that are still on their way.
const QUIET: Duration = Duration::from_secs(120);

/// Plays: a run for each blow, and those that follow.
pub(super) async fn play(world: &World, blows: &[Blow], patience: Duration) -> Played {
    let mut player = Player {
        world,
        patience,
        ledger: MemoryLedger::new(Kind::Simulated),
        endings: Vec::new(),
        hung: false,
        failed: None,
    };
    let mut fallen = 0;
    let mut struck = None;
    for blow in blows {
        if !player.run(Some(*blow)).await {
            break;
        }
        fallen += 1;
    }
    if fallen == blows.len() {
        player.run(None).await;
    }
    if blows.is_empty() {
        struck = world.struck();
    }
    let all_struck = world.armed() == 0;
    world.heal();
    player.come_to_rest().await;
    tokio::time::sleep(QUIET + patience).await;
    player.last_look().await;
    Played { endings: player.endings, blows: fallen, struck, all_struck }
}

struct Player<'a> {
    world: &'a World,
    patience: Duration,
    ledger: MemoryLedger,
    endings: Vec<Ending>,
    hung: bool,
    /// The first thing that went wrong with the program itself.
    failed: Option<String>,
}

impl Player<'_> {
    /// One run on what survived; whether it was ended early.
    async fn run(&mut self, blow: Option<Blow>) -> bool {
        let (cut, fault) = match blow {
            None => (None, None),
            Some(Blow::AtRequest(cut)) => (Some(cut), None),
            Some(Blow::AtAppend(fault)) => (None, Some(fault)),
        };
        self.ledger = self.ledger.survivor_failing(fault);
        match self.world.run(&self.ledger, cut).await {
            Ended::Died => true,
            Ended::Hung => {
                self.hung = true;
                false
            }
            Ended::Whole(report) => {
                self.examine(&report);
                report.ledger_broken.is_some()
            }
        }
    }

    async fn come_to_rest(&mut self) {
        for _ in 0..CLEAN_RUNS {
            if !self.endings.is_empty() && self.endings.iter().all(|ending| is_final(ending.outcome)) {
                return;
            }
            let before: Vec<_> = self.endings.iter().map(|ending| ending.outcome).collect();
            self.run(None).await;
            if self.hung || self.endings.iter().map(|ending| ending.outcome).eq(before) {
                return;
            }
        }
    }

    /// Everything that was on its way has come: the meters are asked once more, and a run that has nothing to do must
    /// ask nothing of them.
    async fn last_look(&mut self) {
        for (place, transfer) in self.world.transfers.iter().enumerate() {
            if let Some(ending) = self.endings.get_mut(place) {
                let last = judge(self.world, transfer, ending.outcome, self.patience);
                ending.judgement = worse(&ending.judgement, last);
            }
        }
        if self.endings.iter().all(|ending| ending.outcome.is_done()) {
            let before = self.world.requests();
            self.run(None).await;
            if self.world.requests() != before {
                self.failed.get_or_insert_with(|| "a finished transfer was taken up again".to_owned());
            }
        }
        self.close();
    }

    fn examine(&mut self, report: &RunReport) {
        if let Some(defect) = &report.defect {
            self.failed.get_or_insert_with(|| defect.clone());
        }
        let expected = self.world.transfers.iter().map(|transfer| &transfer.key);
        if !report.results.iter().map(|result| &result.transfer.key).eq(expected) {
            self.failed.get_or_insert_with(|| "the outcomes do not add up to the transfers".to_owned());
            return;
        }
        let before = std::mem::take(&mut self.endings);
        for (place, result) in report.results.iter().enumerate() {
            let now = judge(self.world, &result.transfer, result.outcome, self.patience);
            let judgement = match before.get(place) {
                Some(before) => worse(&before.judgement, now),
                None => now,
            };
            self.endings.push(Ending { judgement, outcome: result.outcome, reason: result.reason.clone() });
        }
    }

    fn close(&mut self) {
        let verdict = match (&self.failed, self.hung) {
            (_, true) => (Verdict::Hang, "it did not come to an end".to_owned()),
            (Some(why), false) => (Verdict::Lost, why.clone()),
            (None, false) if self.endings.is_empty() => (Verdict::Lost, "no run came to an end".to_owned()),
            (None, false) => return,
        };
        let judgement = Judgement { verdict: verdict.0, says: verdict.1, repeated: false };
        let ending =
            |outcome| Ending { judgement: judgement.clone(), outcome, reason: judgement.says.clone() };
        if self.endings.is_empty() {
            self.endings = self.world.transfers.iter().map(|_| ending(Outcome::NotRun)).collect();
        }
        for before in &mut self.endings {
            *before =
                Ending { judgement: worse(&before.judgement, judgement.clone()), ..ending(before.outcome) };
        }
    }
}

/// A defect stays, whatever comes after it; otherwise the later verdict counts.
fn worse(before: &Judgement, after: Judgement) -> Judgement {
    let repeated = before.repeated || after.repeated;
    if before.verdict.is_defect() && before.verdict > after.verdict {
        return Judgement { repeated, ..before.clone() };
    }
    Judgement { repeated, ..after }
}
