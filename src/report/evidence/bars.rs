//! Real energy carried over, by the value of a label.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Certificate, Exact, order::natural};
use crate::meter::Quantity;

/// Energy by label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bars {
    /// The label.
    pub label: String,
    /// One a value, the largest energy first.
    pub bars: Vec<Bar>,
}

/// The transfers with one value of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// The value; `null` for transfers without the label.
    pub value: Option<String>,
    /// How many of them are done.
    pub done: usize,
    /// How many there are.
    pub transfers: usize,
    /// Real energy in of the sources of those that are done, Wh.
    pub real_energy_in: Exact,
}

/// `--by` names a label that no transfer has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no transfer has a label {asked:?}")]
pub struct NoSuchLabel {
    /// What was asked for.
    pub asked: String,
    /// The labels that there are.
    pub known: Vec<String>,
}

impl Bars {
    pub(super) fn of(certificates: &[Certificate], by: Option<&str>) -> Result<Option<Self>, NoSuchLabel> {
        let values = values(certificates);
        let label = match by {
            Some(asked) if !values.contains_key(asked) => {
                let known = values.keys().map(|label| (*label).to_owned()).collect();
                return Err(NoSuchLabel { asked: asked.to_owned(), known });
            }
            Some(asked) => Some(asked),
            // The first of the alphabet among equals.
            None => values
                .iter()
                .filter(|(_, values)| values.len() >= 2)
                .min_by_key(|(_, values)| values.len())
                .map(|(label, _)| *label),
        };
        Ok(label.map(|label| Self { label: label.to_owned(), bars: bars(certificates, label) }))
    }

    /// The largest energy.
    pub(super) fn most(&self) -> Exact {
        self.bars.iter().map(|bar| bar.real_energy_in).max().unwrap_or_default()
    }
}

fn values(certificates: &[Certificate]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (label, value) in certificates.iter().flat_map(|certificate| &certificate.transfer.labels) {
        values.entry(label).or_default().insert(value);
    }
    values
}

fn bars(certificates: &[Certificate], label: &str) -> Vec<Bar> {
    let mut bars: BTreeMap<Option<&str>, Bar> = BTreeMap::new();
    for certificate in certificates {
        let value = certificate.transfer.labels.get(label).map(String::as_str);
        let empty =
            || Bar { value: value.map(str::to_owned), done: 0, transfers: 0, real_energy_in: Exact(0) };
        let bar = bars.entry(value).or_insert_with(empty);
        bar.transfers += 1;
        if let (true, Some(source)) = (certificate.is_done(), &certificate.transfer.source) {
            bar.done += 1;
            bar.real_energy_in += source.energy(Quantity::RealEnergyIn).into();
        }
    }
    let mut bars: Vec<Bar> = bars.into_values().collect();
    bars.sort_by(|one, other| {
        other.real_energy_in.cmp(&one.real_energy_in).then_with(|| match (&one.value, &other.value) {
            (Some(one), Some(other)) => natural(one, other),
            (one, other) => other.cmp(one),
        })
    });
    bars
}
