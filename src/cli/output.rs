//! Results go to stdout, everything else to stderr. A reader that has gone away is no error.

use std::io::{self, IsTerminal, Write};

/// Whether colour may be used on stdout.
pub(super) fn stdout_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Whether colour may be used on stderr.
pub(super) fn stderr_colour() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether a person can answer a question.
pub(super) fn person_present() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Writes a result.
pub(super) fn to_stdout(text: &str) {
    let mut stdout = io::stdout().lock();
    // Whoever reads may have gone; the work is done all the same.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Writes a remark.
pub(super) fn to_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// `error: …`, and a hint below.
pub(super) fn error(message: &str, hint: Option<&str>) {
    let (red, cyan, plain) = if stderr_colour() { ("\u{1b}[1;31m", "\u{1b}[36m", "\u{1b}[0m") } else { ("", "", "") };
    let hint = hint.map(|hint| format!("{cyan}hint{plain}: {hint}\n")).unwrap_or_default();
    to_stderr(&format!("{red}error{plain}: {message}\n{hint}"));
}
