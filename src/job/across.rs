//! Transfers of different campaigns that write to one target: which of them goes first must be said.
//!
//! Within a campaign a target can be written to once; that is checked with the campaign itself.

use std::{collections::HashMap, sync::Arc};

use crate::campaign::{Address, Transfer, Unit};

/// Which campaign, and which transfer of it.
pub(super) type Which = (usize, usize);

/// Two transfers that could race for their target.
pub(super) struct Unordered {
    pub at: Which,
    pub with: Which,
    pub message: String,
    pub hint: String,
}

/// What a target may be known by.
#[derive(PartialEq, Eq, Hash)]
enum Name<'a> {
    SerialNumber(u32),
    Address(&'a Address, Unit),
}

/// Transfers whose target another campaign writes to as well, unless exactly one says that it is `after` the other.
/// A target is known by serial number where both places give it, by address otherwise. One complaint a transfer.
pub(super) fn unordered<'a>(campaigns: impl Iterator<Item = &'a [Arc<Transfer>]>) -> Vec<Unordered> {
    let mut seen: HashMap<Name<'_>, Vec<(Which, &Transfer)>> = HashMap::new();
    let mut found = Vec::new();
    for (campaign, transfers) in campaigns.enumerate() {
        for (index, transfer) in transfers.iter().enumerate() {
            let here = ((campaign, index), &**transfer);
            let mut conflicts = names(transfer).flat_map(|name| {
                let earlier = seen.get(&name).map_or(&[][..], Vec::as_slice);
                earlier
                    .iter()
                    .filter(|earlier| earlier.0.0 != campaign)
                    .filter_map(move |earlier| conflict(here, *earlier))
            });
            found.extend(conflicts.next());
            drop(conflicts);
            names(transfer).for_each(|name| seen.entry(name).or_default().push(here));
        }
    }
    found
}

fn names(transfer: &Transfer) -> impl Iterator<Item = Name<'_>> {
    let target = &transfer.target;
    let serial_number = target.serial_number.pinned().map(Name::SerialNumber);
    serial_number.into_iter().chain([Name::Address(&target.gateway.address, target.unit)])
}

fn conflict((at, one): (Which, &Transfer), (with, other): (Which, &Transfer)) -> Option<Unordered> {
    let meter = match (one.target.serial_number.pinned(), other.target.serial_number.pinned()) {
        (Some(one), Some(other)) if one != other => return None,
        (Some(number), Some(_)) => format!("the meter with serial number {number}"),
        _ => format!("the meter at {} unit {}", one.target.gateway, one.target.unit),
    };
    let (message, hint) = match (one.after.contains(&other.key), other.after.contains(&one.key)) {
        (true, false) | (false, true) => return None,
        (true, true) => (
            format!(
                "{meter} is the target of {} and of {}, and each is `after` the other",
                other.key, one.key
            ),
            "remove `after` from the one that goes first".to_owned(),
        ),
        (false, false) => (
            format!("{meter} is the target of transfers of two campaigns: {} and {}", other.key, one.key),
            format!(
                "check the target of both; if both are meant, say in the later one which it follows: `after: {}`",
                other.key
            ),
        ),
    };
    Some(Unordered { at, with, message, hint })
}
