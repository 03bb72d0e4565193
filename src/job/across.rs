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

/// A target is known by serial number where it is pinned, by address otherwise.
#[derive(PartialEq, Eq, Hash)]
enum Target<'a> {
    SerialNumber(u32),
    Address(&'a Address, Unit),
}

/// Transfers whose target another campaign writes to as well, unless exactly one says that it is `after` the other.
/// One complaint a transfer.
pub(super) fn unordered<'a>(campaigns: impl Iterator<Item = &'a [Arc<Transfer>]>) -> Vec<Unordered> {
    let mut seen: HashMap<Target<'_>, Vec<(Which, &Transfer)>> = HashMap::new();
    let mut found = Vec::new();
    for (campaign, transfers) in campaigns.enumerate() {
        for (index, transfer) in transfers.iter().enumerate() {
            let here = (campaign, index);
            let earlier = seen.entry(target(transfer)).or_default();
            let others = earlier.iter().filter(|((other, _), _)| *other != campaign);
            found.extend(others.filter_map(|other| conflict((here, transfer), *other)).next());
            earlier.push((here, transfer));
        }
    }
    found
}

fn target(transfer: &Transfer) -> Target<'_> {
    let target = &transfer.target;
    match target.serial_number.pinned() {
        Some(number) => Target::SerialNumber(number),
        None => Target::Address(&target.gateway.address, target.unit),
    }
}

fn conflict((at, one): (Which, &Transfer), (with, other): (Which, &Transfer)) -> Option<Unordered> {
    let meter = match target(one) {
        Target::SerialNumber(number) => format!("the meter with serial number {number}"),
        Target::Address(..) => format!("the meter at {} unit {}", one.target.gateway, one.target.unit),
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
