//! Colours, and text that is safe to print. Knows ANSI codes and nothing of what they mean here.

use std::borrow::Cow;

/// A tone of voice. The words carry the meaning; the tone only helps the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    Plain,
    /// As it should be.
    Good,
    /// Not yet.
    Soon,
    /// Somebody must look.
    Bad,
    /// A heading.
    Bold,
    /// Beside the point.
    Dim,
}

impl Tone {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "\x1b[32m",
            Self::Soon => "\x1b[33m",
            Self::Bad => "\x1b[31m",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
        }
    }
}

/// `text` in this tone, if colours are wanted.
pub(super) fn paint(text: &str, tone: Tone, colour: bool) -> Cow<'_, str> {
    match (colour, tone) {
        (false, _) | (true, Tone::Plain) => Cow::Borrowed(text),
        (true, tone) => Cow::Owned(format!("{}{text}\x1b[0m", tone.code())),
    }
}

/// `text` without anything that could move the cursor: job files and operating systems provide parts of what is
/// printed.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let safe = |character: char| match character {
        '\n' | '\r' | '\t' => ' '.to_string(),
        character if character.is_control() => character.escape_default().to_string(),
        character => character.to_string(),
    };
    Cow::Owned(text.chars().map(safe).collect())
}

/// Columns a text takes. Counts characters: ids and labels are short, and a table that is one column off is
/// still a table.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// Breaks `text` at spaces into lines of at most `width` columns (longer words stay whole).
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let line = lines.last_mut().expect("there is a first line");
        if line.is_empty() {
            line.push_str(word);
        } else if columns(line) + 1 + columns(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `first` and then `text`, broken to `width`, the further lines indented below the text.
pub(super) fn hanging(first: &str, text: &str, width: Option<usize>) -> String {
    let text = printable(text);
    let indent = columns(first);
    let lines = match width {
        Some(width) if width > indent + 20 => wrapped(&text, width - indent),
        _ => vec![text.into_owned()],
    };
    let mut block = format!("{first}{}", lines[0]);
    for line in &lines[1..] {
        block.push('\n');
        block.push_str(&" ".repeat(indent));
        block.push_str(line);
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_no_escape_is_printed() {
        for tone in [Tone::Plain, Tone::Good, Tone::Soon, Tone::Bad, Tone::Bold, Tone::Dim] {
            assert_eq!(paint("done", tone, false), "done");
        }
        assert_eq!(paint("done", Tone::Good, true), "\x1b[32mdone\x1b[0m");
    }

    #[test]
    fn nothing_printed_can_move_the_cursor() {
        assert_eq!(printable("two\nlines"), "two lines");
        assert_eq!(printable("\x1b[2Jgone"), "\\u{1b}[2Jgone");
    }

    #[test]
    fn long_text_hangs_below_its_first_word() {
        let text = hanging("  reason: ", "one two three four five six seven", Some(31));
        assert_eq!(text, "  reason: one two three four\n          five six seven");
        assert_eq!(hanging("  reason: ", "one two three", None), "  reason: one two three");
    }
}
