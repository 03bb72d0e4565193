//! `completions`: what a shell needs to complete our commands and options.

use clap::CommandFactory as _;

use super::{Exit, args, failure::Failure, output::Console};

pub(super) fn completions(arguments: &args::Completions, console: &Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut command = args::Arguments::command();
    clap_complete::generate(arguments.shell, &mut command, env!("CARGO_PKG_NAME"), &mut script);
    console.print(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
