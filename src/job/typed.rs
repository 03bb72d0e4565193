//! Readings that a person wrote into the job, in place of a meter that can be asked.

use jiff::{Timestamp, fmt::temporal::DateTimeParser};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    energies,
    raw::{self, SerialText, TimeText},
    suggest,
    tree::{Document, Kind},
};
use crate::{
    campaign::{Given, Others, TypedSource},
    meter::{Model, Quantity, READINGS_WORDS, Readings},
};

/// Resolves a typed source. Nothing if something in it is bad, which is reported.
pub(super) fn resolve(
    raw: raw::Source,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Option<TypedSource> {
    let raw::Source { endpoint, more } = raw;
    let taken = more.taken.and_then(|taken| time(&taken, pointer, document, found));
    let given = match (more.registers, more.readings) {
        (Some(words), _) => registers(&words, pointer, document, found).map(Given::Registers),
        (None, Some(readings)) => given(&readings, more.others, pointer, document, found),
        (None, None) => None,
    };
    let serial_number = match endpoint.serial_number {
        Some(SerialText::Pinned(number)) => Some(number),
        Some(SerialText::Any(_)) | None => None,
    };
    let model = endpoint.model;
    Some(TypedSource { model: model?, serial_number, taken: taken?, given: given? })
}

fn time(text: &TimeText, pointer: &str, document: &Document, found: &mut Diagnostics) -> Option<Timestamp> {
    // The schema lets only RFC 3339 through; this one knows the days of the months.
    static PARSER: DateTimeParser = DateTimeParser::new();
    match PARSER.parse_timestamp(&text.0) {
        Ok(time) => Some(time),
        Err(_) => {
            found.push(
                Diagnostic::error(Code::BadTime, format!("`taken: {}` is on no calendar or clock", text.0))
                    .at(document.spot(&format!("{pointer}/taken")))
                    .expected("a time with its offset from UTC: 2026-07-14T09:30:00+02:00")
                    .hint("check the day, the hour and the offset"),
            );
            None
        }
    }
}

fn registers(words: &[i16], pointer: &str, document: &Document, found: &mut Diagnostics) -> Option<Readings> {
    let wire: Vec<u16> = words.iter().map(|word| word.cast_unsigned()).collect();
    // Canonical order is the order of these models.
    let readings = Readings::from_wire(Model::Pm800, &wire).ok()?;
    let Some(quantity) = readings.mixed_sign() else { return Some(readings) };
    let first = quantity.index() * READINGS_WORDS / Quantity::ALL.len();
    let shown: Vec<_> = readings.registers(quantity).iter().map(|word| word.value().to_string()).collect();
    let message = format!("the registers of {quantity} have both signs: {}", shown.join(", "));
    let odd = (first..first + shown.len()).find(|place| words[*place] < 0).unwrap_or(first);
    found.push(
        Diagnostic::error(Code::BadRegisters, message)
            .at(document.spot(&format!("{pointer}/registers/{odd}")))
            .expected("the four registers of an energy have one sign")
            .hint(format!(
                "{quantity} is the words {} to {} of the list; copy them again",
                first + 1,
                first + shown.len()
            )),
    );
    None
}

fn given(
    readings: &raw::Given,
    others: Option<Others>,
    pointer: &str,
    document: &Document,
    found: &mut Diagnostics,
) -> Option<Given> {
    let energies = energies::given(readings, &format!("{pointer}/readings"), document, found)?;
    // What is there and bad has been reported already: only what is not there is missing.
    let is_there = |key: &str| document.find(&format!("{pointer}/{key}")).is_some();
    let missing: Vec<_> = Quantity::ALL
        .into_iter()
        .filter(|quantity| !quantity.is_total())
        .map(Quantity::key)
        .filter(|key| !is_there(&format!("readings/{key}")))
        .collect();
    let others = match others {
        // Nothing is left over, so the word means nothing: one word for it, whatever was written.
        _ if missing.is_empty() => Others::Keep,
        Some(others) => others,
        None if is_there("others") || is_misspelt(document, pointer) => return None,
        None => {
            let message = format!(
                "nothing says what becomes of the energies that are not given: {}",
                missing.join(", ")
            );
            found.push(
                Diagnostic::error(Code::MissingKey, message)
                    .at(document.key_spot(&format!("{pointer}/readings")))
                    .expected("`others` is required next to these")
                    .hint(
                        "give them too, or add `others: keep` (the target keeps its own) or `others: zero`",
                    ),
            );
            return None;
        }
    };
    Some(Given::Energies { energies, others })
}

/// Whether another key was meant to be `others`, which is reported.
fn is_misspelt(document: &Document, pointer: &str) -> bool {
    let Some(Kind::Map(entries)) = document.find(pointer).map(|found| &found.node.kind) else { return false };
    entries.iter().any(|(key, _)| suggest::closest(&key.name, &["others"]).is_some())
}
