//! What to type next. Commands name the job as JOB: a report is read far from where the job lies.

use crate::transfer::Outcome;

/// The command that takes a transfer further; nothing if it is done.
pub(super) fn command(outcome: Outcome, id: &str) -> Option<String> {
    let id = quoted(id);
    match outcome {
        Outcome::Done | Outcome::AlreadyDone => None,
        // Begins by looking, and writes only where nothing was committed.
        Outcome::Unknown | Outcome::Failed | Outcome::Unreachable | Outcome::Waiting | Outcome::NotRun => {
            Some(format!("meterferry run JOB --only id={id}"))
        }
        Outcome::Refused => Some(format!("meterferry plan JOB --only id={id}")),
        Outcome::Mismatch => Some(format!(
            "meterferry resolve JOB --id {id} --as accepted|committed|not-committed --reason TEXT"
        )),
    }
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_break_out_of_the_command() {
        assert_eq!(quoted("feeder-12"), "feeder-12");
        assert_eq!(quoted("a'; rm x"), r"'a'\''; rm x'");
        assert_eq!(quoted("$(id)"), "'$(id)'");
    }
}
