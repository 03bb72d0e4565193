//! From the command that was typed to the file that does it.

use std::future::Future;

use super::{
    Exit,
    args::{self, Arguments, Command},
    failure::Failure,
    ledger, output, plan, read, resolve, run, simulate, status, validate,
};
use crate::{job, report};

pub(super) fn carry_out(arguments: Arguments) -> Result<Exit, Failure> {
    let format = match arguments.log_format {
        args::LogFormat::Human => report::LogFormat::Human,
        args::LogFormat::Json => report::LogFormat::Json,
    };
    report::init_logging(format, &arguments.log, output::stderr_colour())
        .map_err(|error| Failure::new(Exit::Usage, format!("--log {:?}: {error}", arguments.log)))?;
    match arguments.command {
        Command::Validate(arguments) => validate::validate(&arguments),
        Command::Plan(arguments) => in_runtime(plan::plan(arguments)),
        Command::Run(arguments) => in_runtime(run::run(arguments)),
        Command::Status(arguments) => status::status(&arguments),
        Command::Resolve(arguments) => in_runtime(resolve::resolve(arguments)),
        Command::Read(arguments) => in_runtime(read::read(arguments)),
        Command::Simulate(arguments) => in_runtime(simulate::simulate(arguments)),
        Command::Ledger(args::Ledger::Init(arguments)) => ledger::init(&arguments),
        Command::Schema => {
            let schema = serde_json::to_string_pretty(&job::schema()).expect("a schema is plain JSON");
            output::to_stdout(&format!("{schema}\n"));
            Ok(Exit::Done)
        }
    }
}

fn in_runtime(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Defect, format!("the runtime cannot start: {error}")))?;
    let result = runtime.block_on(work);
    // A connection attempt that still hangs somewhere must not hold up the end.
    runtime.shutdown_background();
    result
}
