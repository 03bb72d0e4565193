//! State 1 for one endpoint: ask for the serial number, and judge the answer.

use super::{Cause, Fact, Identity, Refusal, RetryClass};
use crate::{
    campaign::{Endpoint, Role, SerialNumber},
    meter::{Addressing, Read, SERIAL_WORDS, serial_from_words},
};

/// The request for an endpoint's serial number.
pub(super) fn request(endpoint: &Endpoint) -> Read {
    Read { first: endpoint.model.serial_number(), count: SERIAL_WORDS }
}

/// The same registers under the other addressing, as a request under the one the job gives.
pub(super) fn request_one_off(endpoint: &Endpoint) -> Read {
    let first = endpoint.model.serial_number().number();
    let first = match endpoint.addressing {
        Addressing::Modbus => first + 1,
        Addressing::Jbus => first - 1,
    };
    Read { first: crate::meter::Register::new(first), count: SERIAL_WORDS }
}

/// What an answer to [`request`] shows.
pub(super) enum Shown {
    /// The right meter, or one that the job does not pin.
    Welcome(Fact, Identity),
    /// Another serial number than the pinned one.
    Stranger { pinned: u32, answered: u32 },
    /// A pinned meter that will not say.
    Refused(Refusal),
    /// No answer to judge.
    NoAnswer(Cause),
}

/// Judges the answer to [`request`].
pub(super) fn judge(role: Role, endpoint: &Endpoint, answer: Result<Vec<u16>, Cause>) -> Shown {
    match (serial_number(answer), endpoint.serial_number) {
        (Ok(answered), SerialNumber::Pinned(pinned)) if answered != pinned => {
            Shown::Stranger { pinned, answered }
        }
        (Ok(answered), _) => welcome(role, Identity::SerialNumber(answered)),
        (Err(cause), _) if cause.retry() == RetryClass::Again || cause.is_unreachable() => {
            Shown::NoAnswer(cause)
        }
        (Err(cause), SerialNumber::Pinned(pinned)) => {
            Shown::Refused(Refusal::NoSerialNumber { role, place: place(endpoint), pinned, cause })
        }
        (Err(cause), SerialNumber::Any) => welcome(role, Identity::Unproved(cause.to_string())),
    }
}

fn welcome(role: Role, identity: Identity) -> Shown {
    Shown::Welcome(Fact::Identified { role, identity: identity.clone() }, identity)
}

/// The refusal of a stranger, with the other addressing if the pinned number stands one register off.
pub(super) fn refuse_stranger(
    role: Role,
    endpoint: &Endpoint,
    pinned: u32,
    answered: u32,
    one_off: Result<Vec<u16>, Cause>,
) -> Refusal {
    let other = match endpoint.addressing {
        Addressing::Modbus => Addressing::Jbus,
        Addressing::Jbus => Addressing::Modbus,
    };
    let found = serial_number(one_off).is_ok_and(|serial| serial == pinned);
    Refusal::WrongMeter { role, place: place(endpoint), pinned, answered, one_off: found.then_some(other) }
}

/// Gateway and unit, for messages.
pub(super) fn place(endpoint: &Endpoint) -> String {
    format!("{} unit {}", endpoint.gateway, endpoint.unit)
}

fn serial_number(answer: Result<Vec<u16>, Cause>) -> Result<u32, Cause> {
    let words = answer?;
    match words.as_slice() {
        [low, high] => Ok(serial_from_words([*low, *high])),
        _ => Err(Cause::Nonsense(format!("{} registers for a serial number of {SERIAL_WORDS}", words.len()))),
    }
}
