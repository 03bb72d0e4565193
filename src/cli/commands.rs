//! From the command that was typed to the file that does it.

use std::future::Future;

use tokio::runtime::Builder;

use super::{
    Exit, adopt,
    args::{self, Arguments, Command},
    completions, doctor, explain, export,
    failure::Failure,
    ledger, ledger_export, ledger_verify, man,
    output::{self, Console},
    plan, qualify, read, rehearse, report as evidence, resolve, run, simulate, snapshot, status, undo,
    validate, verify, wires,
};
use crate::{
    job,
    report::{self, LogSettings},
};

pub(super) fn carry_out(arguments: Arguments) -> Result<Exit, Failure> {
    let console = Console::new(arguments.log_format.into());
    let settings =
        LogSettings { format: console.logs, filter: Some(arguments.log), colour: output::stderr_colour() };
    report::init_logging(&settings, console.stderr.clone()).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string())
            .hint("as in --log debug, or --log info,meterferry::run=debug")
    })?;
    match arguments.command {
        Command::Validate(arguments) => validate::validate(&arguments, &console),
        Command::Plan(arguments) => {
            in_runtime(Threads::beside(arguments.wires.simulate), plan::plan(arguments, &console))
        }
        Command::Run(arguments) => {
            in_runtime(Threads::beside(arguments.wires.simulate), run::run(arguments, &console))
        }
        Command::Status(arguments) => status::status(&arguments, &console),
        Command::Export(arguments) => export::export(&arguments, &console),
        Command::Report(arguments) => evidence::report(&arguments, &console),
        Command::Resolve(arguments) => in_runtime(Threads::One, resolve::resolve(arguments, &console)),
        Command::Doctor(arguments) => in_runtime(Threads::Many, doctor::doctor(arguments, &console)),
        Command::Undo(arguments) => {
            in_runtime(Threads::beside(arguments.wires.simulate), undo::undo(arguments, &console))
        }
        Command::Adopt(arguments) => {
            in_runtime(Threads::beside(arguments.wires.simulate), adopt::adopt(arguments, &console))
        }
        Command::Verify(arguments) => {
            in_runtime(Threads::beside(arguments.wires.simulate), verify::verify(arguments, &console))
        }
        Command::Read(arguments) => in_runtime(Threads::One, read::read(arguments, &console)),
        Command::Snapshot(arguments) => {
            in_runtime(Threads::beside(arguments.wires.simulate), snapshot::snapshot(arguments, &console))
        }
        Command::Qualify(arguments) => in_runtime(Threads::One, qualify::qualify(arguments, &console)),
        Command::Simulate(arguments) => in_runtime(Threads::Many, simulate::simulate(arguments, &console)),
        Command::Rehearse(arguments) => rehearse::command(&arguments, &console),
        Command::Ledger(args::Ledger::Init(arguments)) => ledger::init(&arguments, &console),
        Command::Ledger(args::Ledger::Verify(arguments)) => ledger_verify::verify(&arguments, &console),
        Command::Ledger(args::Ledger::Export(arguments)) => ledger_export::export(&arguments, &console),
        Command::Explain(arguments) => explain::explain(&arguments, &console),
        Command::Completions(arguments) => completions::completions(&arguments, &console),
        Command::Man(arguments) => man::man(&arguments, &console),
        Command::Schema => {
            console.print(&format!("{:#}\n", job::schema()));
            Ok(Exit::Done)
        }
    }
}

/// How many threads do the work.
#[derive(Clone, Copy)]
enum Threads {
    /// The engine waits for wires: one thread asks tens of thousands of requests a second, and hands nothing to another.
    One,
    /// Simulated meters answer for thousands of machines.
    Many,
}

impl Threads {
    /// For the engine, perhaps with simulated meters in the same process.
    fn beside(simulated: bool) -> Self {
        if simulated { Self::Many } else { Self::One }
    }

    fn builder(self) -> Builder {
        match self {
            Self::One => Builder::new_current_thread(),
            Self::Many => Builder::new_multi_thread(),
        }
    }
}

fn in_runtime(threads: Threads, work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    wires::descriptors();
    let runtime = threads.builder().enable_all().build().map_err(|error| {
        Failure::new(Exit::Defect, format!("the runtime cannot start: {error}"))
            .hint("are threads and open files left to this user (`ulimit -a`)? If so, please report it")
    })?;
    let result = runtime.block_on(work);
    // A connection attempt that still hangs somewhere must not hold up the end.
    runtime.shutdown_background();
    result
}
