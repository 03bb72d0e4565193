//! "Did you mean …?"

/// Names in a message; more are cut short.
const SHOWN: usize = 12;

/// Words that are compared; a job with more gateways than this has them in a list somewhere.
const COMPARED: usize = 1_000;

/// The one of the known words that is most like the given one, if any is like it: a third of the letters may be
/// wrong, or the word is the beginning of the other.
pub(super) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let allowed = (word.chars().count() / 3).max(1);
    known
        .iter()
        .take(COMPARED)
        .filter_map(|candidate| {
            let plain = plain(candidate);
            let begins = word.len() >= 4 && plain.starts_with(&word);
            let distance = strsim::osa_distance(&word, &plain);
            (begins || distance <= allowed).then_some((distance, *candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `a, b, c`, and how many more.
pub(super) fn some_of(known: &[&str]) -> String {
    let shown = known.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match known.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["serial_number", "unit", "model", "gateway", "command_timeout"];
        assert_eq!(closest("serial", &known), Some("serial_number"));
        assert_eq!(closest("serial-nubmer", &known), Some("serial_number"));
        assert_eq!(closest("Unit", &known), Some("unit"));
        assert_eq!(closest("comment", &known), None);
    }
}
