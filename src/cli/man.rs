//! `man`: a manual page for each command, made from what `--help` says.

use std::{fs, io};

use clap::CommandFactory as _;

use super::{Exit, args, failure::Failure, output::Console};

pub(super) fn man(arguments: &args::Man, console: &Console) -> Result<Exit, Failure> {
    let folder = &arguments.to;
    let failure = |error: io::Error| {
        Failure::new(Exit::NotFound, format!("--to {}: {error}", folder.display())).hint(
            "name a folder that this user may write to, as in `meterferry man --to ~/.local/share/man/man1`",
        )
    };
    fs::create_dir_all(folder).map_err(failure)?;
    clap_mangen::generate_to(args::Arguments::command(), folder).map_err(failure)?;
    console.print(&format!("meterferry.1 and a page for each command: {}\n", folder.display()));
    Ok(Exit::Done)
}
