//! Which ledger a command uses, and `ledger init`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{Exit, args, failure::Failure, output::Console};
use crate::{
    campaign::Transfer,
    ledger::{self, Kind, Ledger, LedgerError, LedgerReader, MemoryLedger, Replay, SqliteLedger},
    transfer::{Ending, History, Outcome, Phase},
};

const STATE_DIR: &str = "METERFERRY_STATE_DIR";

/// The state folder of real runs.
pub(super) fn state_dir(arguments: &args::State) -> Result<PathBuf, Failure> {
    arguments
        .state_dir
        .clone()
        .or_else(|| std::env::var_os(STATE_DIR).filter(|dir| !dir.is_empty()).map(PathBuf::from))
        .or_else(ledger::default_state_dir)
        .ok_or_else(|| {
            Failure::new(Exit::Ledger, "this platform has no state folder")
                .hint(format!("name one with --state-dir or ${STATE_DIR}"))
        })
}

/// The ledger of a run. Of simulated meters: a throw-away one unless a folder is named, and there it is made
/// if there is none.
pub(super) fn open_for_run(
    arguments: &args::State,
    kind: Kind,
    lock_wait: Duration,
) -> Result<Arc<dyn Ledger>, Failure> {
    match (kind, &arguments.state_dir) {
        (Kind::Simulated, None) => Ok(Arc::new(MemoryLedger::new(Kind::Simulated))),
        (Kind::Simulated, Some(dir)) => {
            match SqliteLedger::init(dir, Kind::Simulated) {
                // Where another run holds it there is one: it is waited for below.
                Ok(()) | Err(LedgerError::AlreadyExists { .. } | LedgerError::Busy { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(Arc::new(SqliteLedger::open_for_run(dir, kind, lock_wait)?))
        }
        (Kind::Real, _) => {
            let dir = state_dir(arguments)?;
            Ok(Arc::new(SqliteLedger::open_for_run(&dir, kind, lock_wait)?))
        }
    }
}

/// The ledger of a command that only looks, if there is one.
pub(super) fn open_to_look(arguments: &args::State, kind: Kind) -> Result<Option<LedgerReader>, Failure> {
    let dir = match (kind, &arguments.state_dir) {
        (Kind::Simulated, None) => return Ok(None),
        _ => state_dir(arguments)?,
    };
    match SqliteLedger::open_read_only(&dir, Some(kind)) {
        Ok(reader) => Ok(Some(reader)),
        Err(LedgerError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The ledger in the state folder, real or simulated, to look at.
pub(super) fn open_any_to_look(arguments: &args::State) -> Result<LedgerReader, Failure> {
    Ok(SqliteLedger::open_read_only(&state_dir(arguments)?, None)?)
}

/// The ledger in the state folder, real or simulated, to write to.
pub(super) fn open_existing(arguments: &args::State, lock_wait: Duration) -> Result<SqliteLedger, Failure> {
    let dir = state_dir(arguments)?;
    let kind = SqliteLedger::open_read_only(&dir, None)?.kind();
    Ok(SqliteLedger::open_for_run(&dir, kind, lock_wait)?)
}

/// The ledger of a command that goes on from what is recorded: there must be one, and one that is kept.
pub(super) fn open_known(
    arguments: &args::State,
    kind: Kind,
    lock_wait: Duration,
) -> Result<SqliteLedger, Failure> {
    is_kept(arguments, kind)?;
    Ok(SqliteLedger::open_for_run(&state_dir(arguments)?, kind, lock_wait)?)
}

/// Simulated meters have a ledger that is kept only where a folder is named.
pub(super) fn is_kept(arguments: &args::State, kind: Kind) -> Result<(), Failure> {
    match (kind, &arguments.state_dir) {
        (Kind::Simulated, None) => {
            let message = "simulated meters have a throw-away ledger: nothing is recorded in it";
            let hint = "name the folder of the runs before with --state-dir";
            Err(Failure::new(Exit::Usage, message).hint(hint))
        }
        (Kind::Simulated, Some(_)) | (Kind::Real, _) => Ok(()),
    }
}

/// How a transfer stands by its record alone.
pub(super) fn standing(transfer: &Transfer, history: &History) -> Ending {
    let ending = |outcome, reason: &str, hint: Option<&str>| Ending {
        outcome,
        reason: reason.to_owned(),
        hint: hint.map(str::to_owned),
        code: None,
    };
    if history.asks_again(transfer.generation) {
        let reason = format!("generation {} is not done yet", transfer.generation);
        return ending(Outcome::NotRun, &reason, None);
    }
    if let Some(ending) = history.taken_back() {
        return ending;
    }
    match (history.phase(), &history.ending) {
        (Phase::Done, _) => ending(Outcome::AlreadyDone, history.done_how(), None),
        (Phase::Mismatch, _) => ending(
            Outcome::Mismatch,
            "the target did not hold what was staged",
            Some(
                "look at the meter, then: meterferry resolve JOB --id ID --as accepted|committed|not-committed --reason …",
            ),
        ),
        (_, Some(known)) => known.clone(),
        (Phase::Open, None) => ending(
            Outcome::Unknown,
            "the command may have been sent; its effect is not known yet",
            Some("run again: it begins by looking at the target"),
        ),
        (Phase::Committed, None) => ending(
            Outcome::Unknown,
            "the command took effect; the meter is not verified yet",
            Some("run again: it verifies"),
        ),
        (Phase::Undone, None) => ending(Outcome::Refused, "it was undone", None),
        (Phase::Undoing { .. }, None) => ending(Outcome::Unknown, "an undo of it is not finished", None),
        (Phase::Idle, None) => ending(Outcome::NotRun, "not done yet", None),
    }
}

/// The outcome by the record alone, for `--only outcome=…`.
pub(super) fn outcome(ledger: Option<&dyn Replay>, transfer: &Transfer) -> Outcome {
    ledger
        .and_then(|ledger| ledger.record(&transfer.key).ok())
        .map_or(Outcome::NotRun, |record| standing(transfer, &record.history).outcome)
}

pub(super) fn init(arguments: &args::LedgerInit, console: &Console) -> Result<Exit, Failure> {
    let dir = state_dir(&arguments.state)?;
    let kind = if arguments.simulated { Kind::Simulated } else { Kind::Real };
    SqliteLedger::init(&dir, kind)?;
    let head = head_line(&SqliteLedger::open_read_only(&dir, Some(kind))?)?;
    console.print(&format!("{}: a new ledger of {kind} meters\n{head}", file(&dir).display()));
    console.remark("keep it: it is what knows which transfers are done");
    Ok(Exit::Done)
}

/// How far a ledger has come, as a line to be kept.
pub(super) fn head_line(ledger: &impl Replay) -> Result<String, Failure> {
    Ok(ledger.head()?.map(|head| format!("ledger head: {head}; keep it elsewhere\n")).unwrap_or_default())
}

/// The ledger that is to be looked at for its own sake: a file, or that of the state folder.
pub(super) fn open_for_itself(arguments: &args::AnyLedger) -> Result<LedgerReader, Failure> {
    let Some(file) = &arguments.ledger else { return open_any_to_look(&arguments.state) };
    if !file.is_file() {
        let message = format!("--ledger {}: there is no such file", file.display());
        return Err(Failure::new(Exit::NotFound, message)
            .hint("name the file itself, or its folder with --state-dir"));
    }
    Ok(LedgerReader::open_file(file)?)
}

fn file(dir: &Path) -> PathBuf {
    dir.join(ledger::LEDGER_FILE)
}
