//! Exit codes, decided in one place (DESIGN.md §5).

use std::process::ExitCode;

use crate::{
    run::{RunReport, StopReason},
    transfer::Outcome,
};

use super::signals::Signal;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All selected are done, now or earlier.
    Done,
    /// A defect in meterferry.
    Defect,
    /// `plan --detailed-exitcode`: changes are pending.
    Pending,
    /// Some failed, nothing committed for those.
    Failed,
    /// The selection names nothing in the job.
    NothingSelected,
    /// A commit may have taken effect: a person must look.
    Unknown,
    /// A guard said no.
    Refused,
    /// Only unreachable meters.
    Unreachable,
    /// A target does not hold what was staged.
    Mismatch,
    /// Unfinished, nothing wrong.
    Unfinished,
    /// Another run holds the ledger.
    Busy,
    /// The command line is wrong.
    Usage,
    /// A job file is wrong.
    BadJob,
    /// A file was not found.
    NotFound,
    /// The ledger is missing or cannot be written.
    Ledger,
    /// Stopped by a signal, at rest.
    Stopped(Signal),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Defect => 1,
            Self::Pending => 2,
            Self::Failed => 3,
            Self::NothingSelected => 4,
            Self::Unknown => 5,
            Self::Refused => 6,
            Self::Unreachable => 7,
            Self::Mismatch => 8,
            Self::Unfinished => 9,
            Self::Busy => 11,
            Self::Usage => 64,
            Self::BadJob => 65,
            Self::NotFound => 66,
            Self::Ledger => 74,
            Self::Stopped(Signal::Interrupt) => 130,
            Self::Stopped(Signal::Terminate) => 143,
        }
    }

    /// What a run comes to that left transfers alone, with nothing wrong. Only a signal has codes of its own: whoever
    /// sent it waits for them. A canary or failures that stopped the run have codes that come before.
    fn of_stopping(report: &RunReport, signal: Option<Signal>) -> Self {
        match (signal, report.stopping.as_deref()) {
            (Some(signal), _) => Self::Stopped(signal),
            (None, Some(StopReason::LedgerBroken(_))) => Self::Ledger,
            (
                None,
                Some(
                    StopReason::Signal
                    | StopReason::Canary { .. }
                    | StopReason::TooManyFailures { .. }
                    | StopReason::Deadline(_),
                )
                | None,
            ) => Self::Unfinished,
        }
    }

    /// What a run's outcomes come to. The worst wins, in the order that says what a person must do first.
    pub(super) fn of_run(report: &RunReport, signal: Option<Signal>) -> Self {
        let any = |outcome| report.results.iter().any(|result| result.outcome == outcome);
        match () {
            () if report.defect.is_some() => Self::Defect,
            () if any(Outcome::Unknown) => Self::Unknown,
            () if any(Outcome::Mismatch) => Self::Mismatch,
            () if any(Outcome::Refused) => Self::Refused,
            () if report.ledger_broken.is_some() => Self::Ledger,
            () if any(Outcome::Failed) => Self::Failed,
            () if any(Outcome::Unreachable) => Self::Unreachable,
            () if any(Outcome::NotRun) => Self::of_stopping(report, signal),
            () if any(Outcome::Waiting) => Self::Unfinished,
            () => Self::Done,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        campaign::{Address, Endpoint, Gateway, SerialNumber, Transfer, TransferKey, Unit},
        meter::{Addressing, Model},
        run::TransferResult,
        transfer::{Ending, History},
    };

    fn report(outcomes: &[Outcome]) -> RunReport {
        let endpoint = |unit| Endpoint {
            model: Model::Pm800,
            gateway: Arc::new(Gateway::new(Address::Tcp { host: "meters.example".to_owned(), port: 502 })),
            unit: Unit::new(unit).unwrap(),
            serial_number: SerialNumber::Any,
            addressing: Addressing::Modbus,
        };
        let key = TransferKey { campaign: "c".into(), id: "t".into() };
        let transfer = Arc::new(Transfer::new(key, endpoint(1), endpoint(2)));
        let result = |outcome| {
            let ending = Ending { outcome, reason: String::new(), hint: None, code: None };
            Arc::new(TransferResult::new(Arc::clone(&transfer), &History::default(), ending, 1))
        };
        RunReport {
            results: outcomes.iter().copied().map(result).collect(),
            ledger_broken: None,
            defect: None,
            ledger_head: None,
            stopped: false,
            stopping: None,
            elapsed: Duration::ZERO,
            reckoning: None,
        }
    }

    fn code(report: &RunReport, signal: Option<Signal>) -> u8 {
        Exit::of_run(report, signal).code()
    }

    #[test]
    fn what_a_person_must_do_first_decides() {
        use Outcome::{Done, Failed, Mismatch, NotRun, Refused, Unknown, Unreachable, Waiting};
        let order = [(Unknown, 5), (Mismatch, 8), (Refused, 6), (Failed, 3), (Unreachable, 7), (Waiting, 9)];
        for (place, (outcome, expected)) in order.into_iter().enumerate() {
            let mut all: Vec<_> = order[place..].iter().map(|(outcome, _)| *outcome).collect();
            all.insert(0, Done);
            assert_eq!(code(&report(&all), None), expected, "{outcome} first");
        }
        assert_eq!(code(&report(&[Done, Outcome::AlreadyDone]), None), 0);
        assert_eq!(code(&report(&[Done, NotRun]), Some(Signal::Interrupt)), 130);
        assert_eq!(code(&report(&[Done, NotRun]), Some(Signal::Terminate)), 143);
        assert_eq!(code(&report(&[Done]), Some(Signal::Terminate)), 0, "all was done before it stopped");
    }

    #[test]
    fn what_stopped_a_run_by_itself_has_no_code_but_that_of_what_went_wrong() {
        use Outcome::{Done, NotRun, Refused, Waiting};
        let key = TransferKey { campaign: "c".into(), id: "t".into() };
        let canary = |outcome| StopReason::Canary { transfer: key.clone(), outcome, more: 0 };
        let mut stopped = report(&[Done, NotRun]);
        stopped.stopping = Some(Arc::new(StopReason::Deadline(jiff::Zoned::now())));
        assert_eq!(code(&stopped, None), 9);
        assert_eq!(code(&stopped, Some(Signal::Terminate)), 143, "and then somebody stopped it");
        for (outcome, expected) in [(Refused, 6), (Waiting, 9), (NotRun, 9), (Outcome::Unreachable, 7)] {
            let mut stopped = report(&[outcome, NotRun]);
            stopped.stopping = Some(Arc::new(canary(outcome)));
            assert_eq!(code(&stopped, None), expected, "the canary is {outcome}");
        }
    }

    #[test]
    fn a_broken_ledger_comes_after_a_refusal_and_a_defect_before_everything() {
        let mut broken = report(&[Outcome::Done, Outcome::NotRun]);
        broken.ledger_broken = Some("disk full".to_owned());
        assert_eq!(code(&broken, None), 74);
        let mut refused = report(&[Outcome::Refused, Outcome::NotRun]);
        refused.ledger_broken = Some("disk full".to_owned());
        assert_eq!(code(&refused, None), 6);
        refused.defect = Some("a worker panicked".to_owned());
        assert_eq!(code(&refused, None), 1);
    }
}
