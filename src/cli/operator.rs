//! Who types. Reads the environment; decides nothing.

/// The longest name of an operator or a revision, in characters: it is kept with every transfer of a run.
const LONGEST: usize = 200;

/// `user@host`, as far as this machine says.
pub(super) fn user_at_host() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let host = std::env::var("HOSTNAME")
        .ok()
        .or_else(|| std::fs::read_to_string("/etc/hostname").ok().map(|name| name.trim().to_owned()));
    format!(
        "{}@{}",
        user.unwrap_or_else(|| "unknown".to_owned()),
        host.unwrap_or_else(|| "unknown".to_owned())
    )
}

/// A name that an auditor can read: something, on one line, and not without end.
pub(super) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    match () {
        () if text.is_empty() => Err("it is empty; leave the option out, or say who or what".to_owned()),
        () if text.chars().any(char::is_control) => Err(format!("{text:?} has control characters")),
        () if text.chars().count() > LONGEST => Err(format!("it is longer than {LONGEST} characters")),
        () => Ok(text.to_owned()),
    }
}

/// A reason that an auditor can read: something.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty; say why: an auditor will read it".to_owned()),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_says_something() {
        assert_eq!(name(" J. Doe ").as_deref(), Ok("J. Doe"));
        assert_eq!(name(&"é".repeat(LONGEST)).map(|name| name.chars().count()), Ok(LONGEST));
        for wrong in ["", "  ", "a\nb", "\u{1b}[2J", &"x".repeat(LONGEST + 1)] {
            assert!(name(wrong).is_err(), "{wrong:?}");
        }
    }
}
