//! Energies a job gives by quantity, each checked where it was written: readings, and ranges they must be in.

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    raw,
    tree::Document,
    units,
};
use crate::{
    campaign::{Expect, ExpectRange},
    meter::{Quantity, with_unit},
};

/// Four registers of four digits each (FAQ FA296157).
const MOST: i64 = 9_999_999_999_999_999;

/// The given energies in canonical order. Nothing if one is bad, which is reported.
pub(super) fn given(
    raw: &raw::Given,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Option<[Option<i64>; 7]> {
    let mut energies = [None; 7];
    let mut good = true;
    for (quantity, text) in &raw.0 {
        let value = energy(*quantity, text, &format!("{pointer}/{}", quantity.key()), document, found);
        good &= value.is_some();
        energies[quantity.index()] = value;
    }
    good.then_some(energies)
}

/// The ranges under `expect`, in canonical order. What is bad is reported and left out.
pub(super) fn expect(
    raw: Option<raw::Expect>,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Expect {
    let mut ranges = Vec::new();
    for (quantity, range) in raw.map(|raw| raw.0).unwrap_or_default() {
        let pointer = format!("{pointer}/expect/{}", quantity.key());
        let mut end = |key: &str, text: Option<String>| {
            energy(quantity, &text?, &format!("{pointer}/{key}"), document, found)
        };
        let range = ExpectRange { min: end("min", range.min), max: end("max", range.max) };
        if let (Some(min), Some(max)) = (range.min, range.max)
            && min > max
        {
            found.push(empty_range(quantity, min, max, &pointer, document));
        }
        ranges.push((quantity, range));
    }
    Expect(ranges)
}

fn energy(
    quantity: Quantity,
    text: &str,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Option<i64> {
    let unit = quantity.unit();
    let (code, what, why) = match units::energy_of(text, unit) {
        Ok(value) if value.abs() <= MOST => return Some(value),
        Ok(_) => (
            Code::EnergyOutOfRange,
            "is out of range",
            "a meter counts to 9,999,999,999,999,999: check the unit and the digits".to_owned(),
        ),
        Err(why) => (Code::BadEnergy, "cannot be read", why),
    };
    let field = pointer.rsplit('/').next().unwrap_or_default();
    found.push(
        Diagnostic::error(code, format!("`{field}: {text}` {what}"))
            .at(document.spot(pointer))
            .expected(format!("an energy in whole {unit}, of at most 16 digits"))
            .hint(why),
    );
    None
}

fn empty_range(quantity: Quantity, min: i64, max: i64, pointer: &str, document: &Document) -> Diagnostic {
    let (least, most) = (with_unit(quantity, min), with_unit(quantity, max));
    let message = format!("`min` of the {quantity} is {least}, above `max`, which is {most}");
    Diagnostic::error(Code::EmptyRange, message)
        .at(document.spot(&format!("{pointer}/max")))
        .expected("`max` must not be below `min`")
        .related(document.spot(&format!("{pointer}/min")), "`min`")
        .hint("check the digits and units of both; were they swapped?")
}
