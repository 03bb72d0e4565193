//! `undo`: take back what a finished transfer did; with `--dry-run`, only show it.

use std::sync::Arc;

use super::{
    Exit,
    args::{self, Format},
    failure::Failure,
    jobs, ledger,
    operator::user_at_host,
    output::{self, Console},
    plan, run as run_command, signals, wires,
};
use crate::{
    campaign::Transfer,
    ledger::{Kind, Ledger, LedgerReader, Replay, SqliteLedger},
    report::{Envelope, LogReporter, UndoJson, json_line, json_text, undo_text},
    run::{self, Claims, Clock, Event, Limits, RunSettings, ToLookAt, ToUndo, UndoError},
    transfer::{Author, NotUndoable, undo_of},
};

pub(super) async fn undo(arguments: args::Undo, console: &Console) -> Result<Exit, Failure> {
    let transfer = jobs::load_one(&arguments.files, &arguments.id, console)?;
    let kind = wires::kind(&arguments.wires);
    if arguments.dry_run {
        let reader = ledger::open_to_look(&arguments.state, kind)?;
        let reader = reader.ok_or_else(|| impossible(&transfer, &NotUndoable::NothingDone))?;
        return show(&arguments, &transfer, &reader, console).await;
    }
    let ledger = ledger::open_known(&arguments.state, kind, arguments.lock_wait)?;
    match undo_of(&transfer, &ledger.record(&transfer.key)?.history, arguments.max_growth) {
        Ok(undo) if kind == Kind::Real && !arguments.yes => {
            let question = format!("{}: {} will be set back", transfer.key, undo.target);
            let hint = "look with --dry-run first, then add --yes";
            run_command::ask(&question, hint, console)?;
        }
        Ok(_) => {}
        Err(NotUndoable::Undone) => {
            console.print(&format!("{}: {}\n", transfer.key, NotUndoable::Undone));
            return Ok(Exit::Done);
        }
        Err(error) => return Err(impossible(&transfer, &error)),
    }
    carry_out(&arguments, &transfer, ledger, console).await
}

async fn carry_out(
    arguments: &args::Undo,
    transfer: &Arc<Transfer>,
    ledger: SqliteLedger,
    console: &Console,
) -> Result<Exit, Failure> {
    let reach = wires::reach(&arguments.wires, std::slice::from_ref(transfer)).await?;
    let operator = arguments.operator.clone().unwrap_or_else(user_at_host);
    let (stop, caught) = signals::heed();
    let name: Arc<str> = run_command::run_id().into();
    let settings = RunSettings {
        run: Arc::clone(&name),
        author: Author { operator: Some(operator.as_str().into()), revision: None },
        parallel: 1,
        connections: reach.connections(),
        seed: run_command::random(),
        clock: Clock::system(),
        connector: Arc::clone(&reach.connector),
        trace: wires::trace(arguments.wires.trace.as_deref())?,
        stop,
        until_check: false,
        limits: Limits::default(),
        pulse: None,
    };
    let asked = ToUndo {
        transfer: Arc::clone(transfer),
        max_growth: arguments.max_growth,
        reason: arguments.reason.clone().expect("required without --dry-run"),
        operator,
    };
    let ledger: Arc<dyn Ledger> = Arc::new(ledger);
    let mut log = LogReporter::new();
    let report = run::undo(asked, ledger, settings, &mut |event: Event| log.event(&event)).await;
    let report = report.map_err(|error| match error {
        UndoError::NotUndoable(error) => impossible(transfer, &error),
        UndoError::Ledger(error) => error.into(),
    })?;
    let exit = Exit::of_run(&report, caught.signal());
    let mut results = console.results();
    run_command::close(&report, &name, exit, arguments.output.format, &mut results);
    console.conclude(&results);
    Ok(exit)
}

fn impossible(transfer: &Transfer, error: &NotUndoable) -> Failure {
    Failure::new(Exit::Refused, format!("{}: {error}; nothing was touched", transfer.key)).hint(error.hint())
}

/// Looks at the target, and says what would be written to it.
async fn show(
    arguments: &args::Undo,
    transfer: &Arc<Transfer>,
    reader: &LedgerReader,
    console: &Console,
) -> Result<Exit, Failure> {
    let history = reader.record(&transfer.key)?.history;
    let undo =
        undo_of(transfer, &history, arguments.max_growth).map_err(|error| impossible(transfer, &error))?;
    let undo = Arc::new(undo);
    let claimed_by = Claims::of(reader)?.against(&undo).cloned();
    let known =
        ToLookAt { transfer: Arc::clone(&undo), history: reader.record(&undo.key)?.history, claimed_by };
    let reach = wires::reach(&arguments.wires, std::slice::from_ref(transfer)).await?;
    let (stop, _caught) = signals::heed();
    let settings = wires::look_settings(&arguments.wires, &reach, 1, stop)?;
    let looked = run::look(vec![known], settings).await.looked;
    let exit = plan::exit(&looked, false);
    let looked = looked.first().expect("one was looked at");
    let json = || Envelope::new(None, exit.code(), UndoJson::from(looked));
    console.print(&match arguments.output.format {
        Format::Human => undo_text(looked, output::style(false)),
        Format::Json => json_text(&json()),
        Format::Jsonl => json_line(&json()),
    });
    Ok(exit)
}
