//! Who answered at an address that many meters share in turn (a portable gateway): asked once a run for all transfers
//! whose meter is not there. A transfer whose meter seems to be there asks again for itself, so that nothing is ever
//! read for billing, or written, on an old answer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    campaign::{Endpoint, GatewayKey, Role, Transfer, Unit},
    meter::{Addressing, Read, serial_from_words},
    transfer::Step,
};

type Place = (GatewayKey, Unit, Addressing, u16);

/// Serial-number words by where they were read.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<Place, [u16; 2]>>);

impl Seen {
    /// What an earlier transfer of this run read there, if it shows that neither meter of `plan` is there.
    pub(super) fn stranger(&self, plan: &Transfer, role: Role, step: Step, read: Read) -> Option<Vec<u16>> {
        let endpoint = plan.endpoint(role)?;
        // A source that is not there may be stood in for by a captured reading: that needs an answer of now.
        let stood_in_for = role == Role::Source && plan.source.captured_within().is_some() && !plan.is_swap();
        if stood_in_for || !concerns(endpoint, step) {
            return None;
        }
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let words = seen.get(&place(endpoint, read))?;
        let serial = Some(serial_from_words(*words));
        let is_ours = serial == plan.source.pinned() || serial == plan.target.serial_number.pinned();
        (!is_ours).then(|| words.to_vec())
    }

    /// Remembers what was read.
    pub(super) fn note(&self, endpoint: &Endpoint, step: Step, read: Read, words: &[u16]) {
        if let (true, Ok(words)) = (concerns(endpoint, step), <[u16; 2]>::try_from(words)) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place(endpoint, read), words);
        }
    }
}

/// Only where the job pins who must answer can an old answer show that it is somebody else.
fn concerns(endpoint: &Endpoint, step: Step) -> bool {
    endpoint.gateway.portable && endpoint.serial_number.pinned().is_some() && step == Step::Identify
}

fn place(endpoint: &Endpoint, read: Read) -> Place {
    (endpoint.gateway.address.clone(), endpoint.unit, endpoint.addressing, read.first.number())
}
