//! What a run takes over from the file that the last one left: a run that fails must not make the last success, or
//! what a person must still look at, go away.

use std::{collections::BTreeMap, io, path::Path, sync::Arc};

use super::text::{END, EXIT_CODE, INFO, LAST_SUCCESS, TRANSFERS};
use crate::{report::Counts, transfer::Outcome};

/// Larger than any file of this program by far: something else is there.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What the last file said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Before {
    /// When each campaign last ended with exit code 0, seconds since 1970.
    pub succeeded: BTreeMap<Arc<str>, f64>,
    /// How its transfers stood.
    pub transfers: BTreeMap<Arc<str>, Counts<Outcome>>,
    /// When the last run ended, seconds since 1970, and its exit code.
    pub ended: Option<(f64, f64)>,
}

impl Before {
    /// Of the file at `path`; nothing where there is none. One of other meters is not taken over: a rehearsal is no
    /// success.
    pub(super) fn read(path: &Path, meters: &str) -> io::Result<Self> {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
            Ok(found) if !found.is_file() => return Err(io::Error::other("it is not a file")),
            Ok(found) if found.len() > LARGEST => {
                return Err(io::Error::other("it is too large to be a metrics file"));
            }
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        if !text.trim().is_empty() && !text.contains(LAST_SUCCESS) {
            return Err(io::Error::other("it holds something else than the metrics of an earlier run"));
        }
        let of = text.lines().filter_map(sample).find(|(name, ..)| *name == INFO);
        match of.and_then(|(_, labels, _)| label(labels, "meters")) {
            Some(others) if others != meters => Err(io::Error::other(format!(
                "it holds the metrics of {others} meters, and this run is on {meters} ones"
            ))),
            _ => Ok(Self::parse(&text)),
        }
    }

    /// Lines that are not understood are passed over: an older or a newer program wrote them.
    fn parse(text: &str) -> Self {
        let mut found = Self::default();
        let (mut end, mut exit_code) = (None, None);
        for (name, labels, value) in text.lines().filter_map(sample) {
            let campaign = label(labels, "campaign").map(Arc::<str>::from);
            match (name, campaign) {
                (LAST_SUCCESS, Some(campaign)) => {
                    found.succeeded.insert(campaign, value);
                }
                (TRANSFERS, Some(campaign)) => {
                    let word = label(labels, "outcome");
                    let outcome = Outcome::ALL.into_iter().find(|outcome| Some(outcome.word()) == word);
                    if let Some(outcome) = outcome {
                        let counts = found.transfers.entry(campaign).or_default();
                        counts.add_many(outcome, value as usize);
                    }
                }
                (END, _) => end = Some(value),
                (EXIT_CODE, _) => exit_code = Some(value),
                _ => {}
            }
        }
        found.ended = end.zip(exit_code);
        found
    }
}

/// `name{labels} value`
fn sample(line: &str) -> Option<(&str, &str, f64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.split_once('}')?;
    let value: f64 = value.trim().parse().ok()?;
    value.is_finite().then_some((name, labels, value))
}

/// The value of a label. None of those that this program writes holds anything that would have to be escaped.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = labels.split('"');
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        if key.trim_matches([',', '=', ' ']) == name {
            return Some(value);
        }
    }
    None
}
