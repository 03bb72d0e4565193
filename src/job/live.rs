//! A source that is a meter on the wire: how old a reading of an earlier run may be.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    raw::AgeText,
    tree::Document,
    units,
};
use crate::campaign::{Endpoint, LiveSource, SerialNumber};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// A swap is done within a day; who needs more says so.
const DEFAULT: Duration = HOUR.saturating_mul(24);
const ALLOWED: RangeInclusive<Duration> = Duration::from_secs(1)..=HOUR.saturating_mul(24 * 365);

/// The live source, with the age that applies: what the job says, or a day where the old meter can be expected to be
/// gone when the new one is there.
pub(super) fn resolve(
    endpoint: Endpoint,
    given: Option<Duration>,
    target: Option<&Endpoint>,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> LiveSource {
    let is_pinned = endpoint.serial_number != SerialNumber::Any;
    if given.is_some() && !is_pinned {
        found.push(needs_serial_number(pointer, document));
    }
    let takes_turns = target.is_some_and(|target| take_turns(&endpoint, target));
    let default = (is_pinned && takes_turns).then_some(DEFAULT);
    LiveSource { endpoint, captured_within: given.or(default) }
}

fn take_turns(source: &Endpoint, target: &Endpoint) -> bool {
    let one_address = source.gateway.address == target.gateway.address && source.unit == target.unit;
    one_address || source.gateway.portable || target.gateway.portable
}

/// The age that the job gives under `key`; a bad one is reported and counts as not given.
pub(super) fn age(
    key: &str,
    text: &AgeText,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Option<Duration> {
    let (code, what, hint) = match units::age(&text.0) {
        Ok(age) if ALLOWED.contains(&age) => return Some(age),
        Ok(_) => (Code::DurationOutOfRange, "is out of range", "choose an age from 1s to 365d".to_owned()),
        Err(why) => (Code::BadDuration, "cannot be read", why),
    };
    found.push(
        Diagnostic::error(code, format!("`{key}: {}` {what}", text.0))
            .at(document.spot(&format!("{pointer}/{key}")))
            .expected("an age from 1s to 365d")
            .hint(hint),
    );
    None
}

fn needs_serial_number(pointer: &str, document: &Document) -> Diagnostic {
    let message = "`captured_within` needs the source's serial number: a reading of an earlier run must be known to be this meter's";
    Diagnostic::error(Code::NeedsSerialNumber, message)
        .at(document.key_spot(&format!("{pointer}/captured_within")))
        .related(document.spot(&format!("{pointer}/serial_number")), "`any` proves nothing")
        .hint("write the number from the old meter's label, or remove `captured_within`")
}
