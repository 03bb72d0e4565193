//! The `meterferry` program. Everything is in the library; see [`meterferry::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    meterferry::cli::main(std::env::args_os())
}
