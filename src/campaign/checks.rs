//! What one transfer cannot see alone: two transfers that want the same meter, id or gateway.

use std::collections::HashMap;

use super::{Address, Endpoint, Role, SerialNumber, Transfer, Unit};

/// What of a transfer a conflict points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// Its id.
    Id,
    /// One of its endpoints.
    Endpoint(Role),
}

/// A place in the campaign: the transfer's position in the list that was checked, and what of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Position in the checked list.
    pub transfer: usize,
    /// What of it.
    pub member: Member,
}

/// What two places have in common that they must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictKind {
    /// Two transfers of one id.
    DuplicateId,
    /// One meter is the target of two transfers.
    TargetTwice,
    /// One meter is the source of two transfers.
    SourceTwice,
    /// One meter is the source of one transfer and the target of another.
    SourceAndTarget,
    /// One meter is at both ends of one transfer.
    SourceIsTarget,
    /// Two meters are said to answer at one address.
    SharedAddress,
}

/// Two places that cannot both be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// What they have in common.
    pub kind: ConflictKind,
    /// Where it was found.
    pub at: Place,
    /// What it conflicts with, found earlier.
    pub with: Place,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// All conflicts among the transfers of one campaign: duplicate ids, a meter that is twice a target, twice a
/// source, both, or at both ends of one transfer. A meter is known by serial number where both places give
/// it, by address otherwise. Two meters may take turns at one address: within a transfer, or anywhere behind a
/// portable gateway, if both serial numbers are pinned.
pub fn conflicts<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Vec<Conflict> {
    let mut found = Vec::new();
    let mut seen = Seen::default();
    for (transfer, plan) in transfers.into_iter().enumerate() {
        seen.id(transfer, plan, &mut found);
        seen.meter(transfer, plan, Role::Source, &mut found);
        seen.meter(transfer, plan, Role::Target, &mut found);
    }
    found
}

#[derive(Default)]
struct Seen<'a> {
    ids: HashMap<&'a str, usize>,
    serials: HashMap<u32, Place>,
    addresses: HashMap<(&'a Address, Unit), (Place, &'a Endpoint)>,
}

impl<'a> Seen<'a> {
    fn id(&mut self, transfer: usize, plan: &'a Transfer, found: &mut Vec<Conflict>) {
        let id = &*plan.key.id;
        if let Some(first) = self.ids.insert(id, transfer) {
            found.push(Conflict {
                kind: ConflictKind::DuplicateId,
                at: Place { transfer, member: Member::Id },
                with: Place { transfer: first, member: Member::Id },
                message: format!("transfer id {id:?} is used twice in campaign {:?}", plan.key.campaign),
                hint: "an id names one transfer for ever: give each its own".to_owned(),
            });
        }
    }

    fn meter(&mut self, transfer: usize, plan: &'a Transfer, role: Role, found: &mut Vec<Conflict>) {
        let here = Place { transfer, member: Member::Endpoint(role) };
        let pinned = match role {
            // A meter that lost its energies may get its own readings back: a snapshot, or typed ones.
            Role::Source if plan.restores_itself() => None,
            Role::Source => plan.source.pinned(),
            Role::Target => plan.target.serial_number.pinned(),
        };
        if let Some(serial) = pinned
            && let Some(with) = self.serials.insert(serial, here)
        {
            found.push(conflict(here, with, role, &format!("the meter with serial number {serial}")));
        } else if let Some(endpoint) = plan.endpoint(role) {
            self.address(here, endpoint, role, found);
        }
    }

    fn address(&mut self, here: Place, endpoint: &'a Endpoint, role: Role, found: &mut Vec<Conflict>) {
        let address = (&endpoint.gateway.address, endpoint.unit);
        let Some((with, other)) = self.addresses.insert(address, (here, endpoint)) else { return };
        let meter = format!("the meter at {} unit {}", endpoint.gateway, endpoint.unit);
        if !both_pinned(endpoint, other) {
            found.push(conflict(here, with, role, &meter));
        } else if here.transfer != with.transfer && !endpoint.gateway.portable {
            found.push(shared_address(here, with, &meter));
        }
    }
}

fn both_pinned(one: &Endpoint, other: &Endpoint) -> bool {
    one.serial_number != SerialNumber::Any && other.serial_number != SerialNumber::Any
}

fn conflict(at: Place, with: Place, role: Role, meter: &str) -> Conflict {
    let earlier = match with.member {
        Member::Endpoint(earlier) => earlier,
        Member::Id => role,
    };
    let (kind, message) = match (role, earlier) {
        (Role::Target, Role::Target) => {
            (ConflictKind::TargetTwice, format!("{meter} is the target of two transfers"))
        }
        (Role::Source, Role::Source) => {
            (ConflictKind::SourceTwice, format!("{meter} is the source of two transfers"))
        }
        _ if at.transfer == with.transfer => {
            let message = format!("{meter} is both the source and the target of this transfer");
            (ConflictKind::SourceIsTarget, message)
        }
        _ => {
            let message = format!("{meter} is the source of one transfer and the target of another");
            (ConflictKind::SourceAndTarget, message)
        }
    };
    let hint =
        "each meter may appear once in a campaign: check the gateway, the unit and the serial number of both";
    Conflict { kind, at, with, message, hint: hint.to_owned() }
}

fn shared_address(at: Place, with: Place, meter: &str) -> Conflict {
    Conflict {
        kind: ConflictKind::SharedAddress,
        at,
        with,
        message: format!("{meter} is named with two serial numbers, in two transfers"),
        hint: "old and new meter of one transfer may take turns at one address; for a gateway that is carried from meter to meter say `portable: true`".to_owned(),
    }
}
