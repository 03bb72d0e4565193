//! Does it add up? For each of the seven energies, over all finished transfers: what the sources held, plus what the
//! targets counted since, is what the targets hold; within the bounds that verified them. Exact integers throughout.

use serde::Serialize;

use super::{Certificate, Exact};
use crate::{
    meter::{ENERGY_MODULUS, Quantity, Readings},
    transfer::{BoundUsed, Outcome},
};

/// The sums over all transfers that are done and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// How many transfers are in it.
    pub transfers: usize,
    /// Whether every energy adds up, in every transfer.
    pub closes: bool,
    /// The seven energies.
    pub quantities: Vec<QuantityBalance>,
    /// What is out of the ordinary: in the balance and explained, or left out of it.
    pub exceptions: Vec<Exception>,
    /// What can have flowed between the last readings and the commands, and is in no meter: Wh, VARh or VAh each.
    /// Nothing if a job gives no `max_load` somewhere.
    pub not_counted_at_most: Option<Exact>,
    /// Transfers that are not in that sum, since their readings were captured by an earlier run, typed into the job or kept in a snapshot:
    /// the old meter may have been dead since, or not. Their certificates give the time.
    pub older_readings: usize,
}

/// One energy: `staged + counted = after`, but for meters that rolled over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuantityBalance {
    /// Which.
    pub quantity: Quantity,
    /// `Wh`, `VARh` or `VAh`: the unit of all that follows.
    pub unit: &'static str,
    /// What the sources held.
    pub source: Exact,
    /// What the targets held before.
    pub target_before: Exact,
    /// What was written to the targets.
    pub staged: Exact,
    /// `staged − source`: 0, unless a job asked for something else; then an exception says so.
    pub changed: Exact,
    /// What the targets held when they were verified.
    pub target_after: Exact,
    /// What the targets counted between.
    pub counted: Exact,
    /// The sum of the bounds that verified them.
    pub bound: Exact,
    /// Meters that rolled over at 10¹⁶ between.
    pub rolled_over: usize,
    /// Whether each transfer's `changed` follows from its job, and each one's `counted` is within its bound.
    pub closes: bool,
}

/// A transfer that is not as usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Campaign.
    pub campaign: String,
    /// Id.
    pub id: String,
    /// Whether it is in the sums.
    pub in_balance: bool,
    /// What is not as usual.
    pub says: String,
}

/// A finished transfer's readings and its bound.
struct Entry<'a> {
    source: &'a Readings,
    before: &'a Readings,
    staged: &'a Readings,
    after: &'a Readings,
    width: i128,
    follows: bool,
}

impl Balance {
    /// The balance of these transfers.
    pub fn of(certificates: &[Certificate]) -> Self {
        let entries: Vec<(&Certificate, Entry<'_>)> =
            certificates.iter().filter_map(|certificate| Some((certificate, entry(certificate)?))).collect();
        let quantities: Vec<QuantityBalance> = Quantity::ALL
            .into_iter()
            .map(|quantity| of_quantity(quantity, entries.iter().map(|(_, entry)| entry)))
            .collect();
        let (fresh, older): (Vec<_>, Vec<_>) =
            entries.iter().partition(|(certificate, _)| certificate.has_fresh_gap());
        let gaps = fresh.iter().map(|(certificate, _)| certificate.gap.as_ref()?.at_most);
        Self {
            transfers: entries.len(),
            closes: quantities.iter().all(|quantity| quantity.closes),
            not_counted_at_most: gaps.sum::<Option<Exact>>().filter(|_| !fresh.is_empty()),
            older_readings: older.len(),
            exceptions: certificates.iter().filter_map(exception).collect(),
            quantities,
        }
    }
}

fn entry(certificate: &Certificate) -> Option<Entry<'_>> {
    let transfer = &certificate.transfer;
    if !certificate.is_done() {
        return None;
    }
    Some(Entry {
        source: transfer.source.as_ref()?,
        before: transfer.target_before.as_ref()?,
        staged: transfer.staged.as_ref()?,
        after: transfer.target_after.as_ref()?,
        width: certificate.bound_width?.0,
        follows: staged_follows(certificate),
    })
}

fn staged_follows(certificate: &Certificate) -> bool {
    certificate.guards.as_ref().and_then(|guards| guards.staged_follows) == Some(true)
}

fn of_quantity<'a>(quantity: Quantity, entries: impl Iterator<Item = &'a Entry<'a>>) -> QuantityBalance {
    let zero = Exact::default();
    let mut sums = QuantityBalance {
        quantity,
        unit: quantity.unit(),
        source: zero,
        target_before: zero,
        staged: zero,
        changed: zero,
        target_after: zero,
        counted: zero,
        bound: zero,
        rolled_over: 0,
        closes: true,
    };
    for entry in entries {
        let [source, before, staged, after] =
            [entry.source, entry.before, entry.staged, entry.after].map(|readings| readings.energy(quantity));
        let (counted, rolled_over) = counted(quantity, staged, after);
        sums.source += source.into();
        sums.target_before += before.into();
        sums.staged += staged.into();
        sums.changed += Exact(i128::from(staged) - i128::from(source));
        sums.target_after += after.into();
        sums.counted += Exact(counted);
        sums.bound += Exact(entry.width);
        sums.rolled_over += usize::from(rolled_over);
        sums.closes &= within(quantity, counted, entry.width) && (staged == source || entry.follows);
    }
    sums
}

/// What a target counted from what was written to what it showed, and whether it rolled over on the way: the five that
/// only grow do so at 10¹⁶ (FAQ FA296157).
fn counted(quantity: Quantity, staged: i64, after: i64) -> (i128, bool) {
    let difference = i128::from(after) - i128::from(staged);
    if quantity.is_total() || difference >= 0 {
        return (difference, false);
    }
    (difference.rem_euclid(ENERGY_MODULUS.into()), true)
}

fn within(quantity: Quantity, counted: i128, width: i128) -> bool {
    if quantity.is_total() { counted.abs() <= width } else { (0..=width).contains(&counted) }
}

/// What is to be said of a transfer beside the sums.
fn exception(certificate: &Certificate) -> Option<Exception> {
    let transfer = &certificate.transfer;
    let in_balance = entry(certificate).is_some();
    let says = match transfer.outcome {
        Outcome::Mismatch => "the target does not hold what was staged".to_owned(),
        Outcome::Unknown => "whether the command took effect is not known".to_owned(),
        _ if !certificate.is_done() => return None,
        _ if transfer.bound == Some(BoundUsed::Person) => {
            "a person accepted a reading that is outside the bound".to_owned()
        }
        _ if transfer.target_after.is_none() => {
            "a person accepted it; this program did not read the target afterwards".to_owned()
        }
        _ if !in_balance => "the record holds no complete readings".to_owned(),
        _ => changed(certificate)?,
    };
    let (campaign, id) = (transfer.campaign.clone(), transfer.id.clone());
    Some(Exception { campaign, id, in_balance, says })
}

/// Why other words were staged than the source held.
fn changed(certificate: &Certificate) -> Option<String> {
    let transfer = &certificate.transfer;
    let (source, staged) = (transfer.source.as_ref()?, transfer.staged.as_ref()?);
    let changed: Vec<String> = Quantity::ALL
        .into_iter()
        .filter(|quantity| source.energy(*quantity) != staged.energy(*quantity))
        .map(|quantity| {
            let change = i128::from(staged.energy(quantity)) - i128::from(source.energy(quantity));
            format!("{quantity} by {}", Exact(change).with_unit(quantity))
        })
        .collect();
    let why = match staged_follows(certificate) {
        true => "as the job asks (target_energy or totals)",
        false => "and that does NOT follow from the readings and the job: look into it",
    };
    (!changed.is_empty())
        .then(|| format!("what was staged differs from the source, {why}: {}", changed.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_energy_that_rolled_over_has_counted_on() {
        let (top, rolled) = (ENERGY_MODULUS - 10, 20);
        assert_eq!(counted(Quantity::RealEnergyIn, top, rolled), (30, true));
        assert_eq!(counted(Quantity::RealEnergyTotal, 500, -500), (-1000, false));
    }

    #[test]
    fn a_step_back_is_never_within_the_bound_of_an_energy_that_only_grows() {
        let (counted, _) = counted(Quantity::RealEnergyOut, 5_000, 4_999);
        assert!(!within(Quantity::RealEnergyOut, counted, 1_000_000));
        assert!(within(Quantity::ReactiveEnergyTotal, -1_000, 1_000));
        assert!(!within(Quantity::ReactiveEnergyTotal, -1_001, 1_000));
    }
}
