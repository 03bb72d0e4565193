//! Canaries, too many failures, a deadline, windows: who was written to, and who was not.

mod canary;
mod deadline;
mod max_fail;
mod window;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use meterferry::{
    campaign::{Day, Transfer, Window, Windows, Zone},
    ledger::{Kind, Ledger, MemoryLedger, Replay},
    meter::Model,
    run::{Event, Limits, MaxFail, RunReport, RunSettings, StopReason, run},
    simulator::{self, Device, Fault, When},
    transfer::{Outcome, Phase},
};

use crate::world::*;

/// Transfers `t1` and so on, each on gateways of its own.
struct Campaign {
    world: World,
    transfers: Vec<Transfer>,
    ledger: MemoryLedger,
}

impl Campaign {
    fn of(number: u32) -> Self {
        let world = World::default();
        let transfers = (1..=number)
            .map(|n| {
                let (old, new) = (format!("old{n}"), format!("new{n}"));
                let settings =
                    simulator::GatewaySettings { latency: Duration::from_millis(10), ..Default::default() };
                world.gateway_with(&old, settings.clone());
                world.gateway_with(&new, settings);
                world.meter(&old, 1, Device::new(simulator::Model::Cm4000, 1000 + n).with_energies(OLD));
                world.meter(&new, 1, Device::new(simulator::Model::Pm800, 2000 + n));
                transfer_between(
                    &format!("t{n}"),
                    endpoint(Model::Cm4000, &old, 1, 1000 + n),
                    endpoint(Model::Pm800, &new, 1, 2000 + n),
                )
            })
            .collect();
        Self { world, transfers, ledger: MemoryLedger::new(Kind::Simulated) }
    }

    fn target(&self, n: u32) -> simulator::Gateway {
        self.world.gateway(&format!("new{n}"))
    }

    /// The target of `tn` has counted: refused.
    fn spoil(&self, n: u32) {
        self.target(n).set_energies(1, [9_000_000; 7]);
    }

    fn transfer(&mut self, n: usize) -> &mut Transfer {
        &mut self.transfers[n - 1]
    }

    async fn run(&self, limits: Limits) -> RunReport {
        self.run_with(|settings| settings.limits = limits, &mut |_| ()).await
    }

    async fn run_with(
        &self,
        change: impl FnOnce(&mut RunSettings),
        listen: &mut (dyn FnMut(Event) + Send),
    ) -> RunReport {
        let (mut settings, _stopper) = self.world.settings("controlled");
        change(&mut settings);
        let transfers = self.transfers.iter().cloned().map(Arc::new).collect();
        let ledger: Arc<dyn Ledger> = Arc::new(self.ledger.clone());
        let report = run(transfers, ledger, settings, listen).await;
        assert_eq!((&report.defect, &report.ledger_broken), (&None, &None));
        self.world.assert_no_violation();
        for result in &report.results {
            self.assert_ledger_and_meter_agree(result);
        }
        report
    }

    /// What the ledger says is done is in the meter, once; what it says was not begun or not sent is not.
    fn assert_ledger_and_meter_agree(&self, result: &meterferry::run::TransferResult) {
        let key = &result.transfer.key;
        let n: u32 = key.id[1..].parse().unwrap();
        let audit = self.target(n).audit(1);
        let phase = self.ledger.record(key).unwrap().history.phase();
        match result.outcome {
            Outcome::Done | Outcome::AlreadyDone => {
                assert_eq!(phase, Phase::Done, "{key}");
                assert_eq!((audit.effective_commits(), self.target(n).energies(1)), (1, OLD), "{key}");
            }
            Outcome::NotRun | Outcome::Refused => {
                assert_eq!(phase, Phase::Idle, "{key}: {}", result.reason);
                assert_eq!(audit.effective_commits(), 0, "{key}: {}", result.reason);
            }
            _ => {}
        }
    }

    fn written_to(&self) -> Vec<u32> {
        let all = 1..=u32::try_from(self.transfers.len()).unwrap();
        all.filter(|n| !self.target(*n).audit(1).writes().is_empty()).collect()
    }

    /// Meters that were asked anything at all.
    fn asked(&self) -> Vec<u32> {
        let all = 1..=u32::try_from(self.transfers.len()).unwrap();
        all.filter(|n| self.target(*n).audit(1).requests_total() > 0).collect()
    }
}

fn outcomes(report: &RunReport) -> Vec<Outcome> {
    report.results.iter().map(|result| result.outcome).collect()
}

fn canaries(canaries: usize) -> Limits {
    Limits { canaries, ..Limits::default() }
}

fn at_most(number: usize) -> Limits {
    Limits { max_fail: Some(MaxFail::Number(NonZeroUsize::new(number).unwrap())), ..Limits::default() }
}

/// A deadline so long after the runs of this test begin.
fn until(after: Duration) -> Limits {
    let start: Timestamp = START.parse().unwrap();
    Limits { deadline: Some((start + after).to_zoned(TimeZone::UTC)), ..Limits::default() }
}

/// The commit of `tn` takes effect, its answer is lost, and its meter cannot be looked at: the intent stays open.
async fn leave_open(campaign: &Campaign, n: u32) {
    let gateway = campaign.target(n);
    gateway.inject(1, When::commit(), Fault::SwallowResponse);
    gateway.inject(1, When::fence().always(), Fault::SwallowRequest);
    let left = &campaign.transfers[usize::try_from(n).unwrap() - 1];
    let open = campaign.world.run_again(left, &campaign.ledger).await;
    assert_outcome(&open, Outcome::Unknown);
    gateway.clear_faults(1);
}
