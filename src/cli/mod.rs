//! What is typed: arguments, one file a command, exit codes. It wires the other rooms together and knows no
//! rule about meters of its own.

mod adopt;
mod args;
mod commands;
mod completions;
mod doctor;
mod exit;
mod explain;
mod export;
mod failure;
mod fleet;
mod jobs;
mod ledger;
mod ledger_export;
mod ledger_verify;
mod limits;
mod man;
mod operator;
mod output;
mod qualify;
mod read;
pub mod rehearse;
mod report;
mod revision;
mod select;
mod signals;
mod simulate;
mod snapshot;
mod snapshot_store;
mod status;
mod validate;
mod verify;
mod way;
mod whole_file;
mod wires;

mod plan;
mod resolve;
mod run;
mod undo;

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use clap::Parser;

pub use exit::Exit;

/// Does what the command line says, and gives the process's exit code (DESIGN.md §5).
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match args::Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let logs = arguments.log_format.into();
    // The panic hook has told what happened; nothing shared outlives this call.
    match catch_unwind(AssertUnwindSafe(|| commands::carry_out(arguments))) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => failure.tell(logs).into(),
        Err(_) => Exit::Defect.into(),
    }
}

/// Help and version are results; everything else is a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe while printing help is nobody's mistake.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}
