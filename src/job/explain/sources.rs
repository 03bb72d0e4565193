//! Sources that are neither quite a meter on the wire nor quite readings written in the job, nor quite a snapshot.

use super::{Case, keys::key};
use crate::job::{
    diagnostic::{Code, Diagnostic},
    raw::{KEPT, LATEST, LIVE, TYPED},
    tree::{Document, Kind},
};

/// Which of the keys of a typed source or of a snapshot makes it one. Nothing for a meter on the wire.
pub(super) fn kind(document: &Document, endpoint: &str) -> Option<&'static str> {
    endpoint.ends_with("/source").then_some(())?;
    KEPT[..1].iter().copied().chain(TYPED).find(|key| document.find(&format!("{endpoint}/{key}")).is_some())
}

/// A target with keys of a typed source or of a snapshot, which are reported: what it lacks as a meter does not matter then.
pub(super) fn is_typed_target(case: &Case<'_>) -> bool {
    case.field() == "target" && TYPED.into_iter().chain([KEPT[0]]).any(|name| key(case, name).is_some())
}

/// A key that cannot stand in a typed source. One complaint for all the keys of a meter on the wire, and none where
/// readings are missing, which is reported.
pub(super) fn forbidden(case: &Case<'_>, endpoint: &str, field: &str, kind: &str) -> Option<Diagnostic> {
    let is_there = |key: &str| case.document.find(&format!("{endpoint}/{key}")).is_some();
    let complaint = |message: String| {
        Diagnostic::error(Code::TwoSources, message)
            .at(case.document.key_spot(&case.violation.pointer))
            .related(case.document.key_spot(&format!("{endpoint}/{kind}")), "these are written in the job")
    };
    if kind == KEPT[0] {
        return next_to_a_snapshot(case, endpoint, field);
    }
    match field {
        "readings" => {
            let other = case.document.key_spot(&format!("{endpoint}/registers"));
            let message = "`readings` and `registers` cannot stand together".to_owned();
            let complaint = Diagnostic::error(Code::TwoSources, message)
                .at(case.document.key_spot(&case.violation.pointer));
            Some(
                complaint
                    .related(other, "all seven energies are given here")
                    .hint("remove one of the two: `registers` gives all seven energies already"),
            )
        }
        "others" => Some(
            complaint("`others` has no meaning next to `registers`".to_owned())
                .hint("remove `others`: `registers` gives all seven energies"),
        ),
        _ if kind == "taken" => None,
        _ => {
            let first = LIVE.into_iter().find(|key| is_there(key))?;
            let all: Vec<_> =
                LIVE.into_iter().filter(|key| is_there(key)).map(|key| format!("`{key}`")).collect();
            (field == first).then(|| {
                complaint(format!(
                    "{} cannot stand in a source whose readings are written in the job",
                    all.join(", ")
                ))
                .expected("either a meter that is asked, or readings")
                .hint(format!(
                    "to carry the written readings, remove {}; to ask the meter, remove `{kind}`",
                    all.join(", ")
                ))
            })
        }
    }
}

/// The keys of a meter on the wire or of typed readings next to `snapshot`: one complaint for all of them.
fn next_to_a_snapshot(case: &Case<'_>, endpoint: &str, field: &str) -> Option<Diagnostic> {
    let is_there = |key: &str| case.document.find(&format!("{endpoint}/{key}")).is_some();
    let all: Vec<_> = LIVE.into_iter().chain(TYPED).chain(["others"]).filter(|key| is_there(key)).collect();
    let shown = all.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    (all.first() == Some(&field)).then(|| {
        Diagnostic::error(Code::TwoSources, format!("{shown} cannot stand next to `snapshot`"))
            .at(case.document.key_spot(&case.violation.pointer))
            .related(
                case.document.key_spot(&format!("{endpoint}/{}", KEPT[0])),
                "the readings are in this file",
            )
            .expected("a meter that is asked, or written readings, or a snapshot")
            .hint(format!("to carry the snapshot, remove {shown}; else remove `snapshot`"))
    })
}

/// `max_age` or `folder` where there is no snapshot, or where its file is named.
pub(super) fn of_a_snapshot(case: &Case<'_>, endpoint: &str, field: &str) -> Option<Diagnostic> {
    KEPT[1..].contains(&field).then_some(())?;
    let spot = case.document.key_spot(&case.violation.pointer);
    let is_kept = case.document.find(&format!("{endpoint}/{}", KEPT[0])).is_some();
    let (message, hint) = if is_kept {
        let hint = format!("write the folder into the path, or `snapshot: {LATEST}` for the newest one");
        (format!("`{field}` has no meaning where the file of the snapshot is named"), hint)
    } else {
        let hint = if field == "max_age" {
            "for the reading of an earlier run it is `captured_within`; else remove it"
        } else {
            "remove it, or add `snapshot: latest`"
        };
        (format!("`{field}` belongs next to `snapshot`"), hint.to_owned())
    };
    Some(Diagnostic::error(Code::TwoSources, message).at(spot).hint(hint))
}

/// `others` in a source that is a meter on the wire.
pub(super) fn others_of_a_meter(case: &Case<'_>) -> Diagnostic {
    Diagnostic::error(
        Code::TwoSources,
        "`others` has no meaning for a meter that is asked: it gives all seven energies",
    )
    .at(case.document.key_spot(&case.violation.pointer))
    .hint("remove `others`; it belongs next to `readings` written in the job")
}

/// A typed source without anything that was read.
pub(super) fn no_readings(case: &Case<'_>) -> Diagnostic {
    let spot = key(case, "taken").map(|key| case.document.spot_at(key.at));
    Diagnostic::error(Code::MissingKey, "`taken` says when readings were written down, and there are none")
        .at(spot.unwrap_or_else(|| case.document.spot(&case.violation.pointer)))
        .expected("`readings` or `registers` is required next to it")
        .hint("add `readings:` with the energies that were read; for a meter that is asked, remove `taken`")
}

/// Whether a value is one of a list of registers.
pub(super) fn is_register(case: &Case<'_>) -> bool {
    case.field().is_empty() && case.violation.pointer.contains("/registers/")
}

/// A number that no register of an energy shows.
pub(super) fn bad_register(case: &Case<'_>, source: &str) -> Diagnostic {
    let number = match case.kind() {
        Kind::Integer(number) => number.as_i64(),
        _ => None,
    };
    let hint = match number {
        Some(-32_768 | 32_768) => "0x8000 is how a meter says \"not available\": these registers hold no readings".to_owned(),
        Some(number @ 55_537..=65_535) => {
            format!("as a signed number {number} is {}: write that", number - 65_536)
        }
        _ => "each register holds four decimal digits of an energy; copy the list as `read --format json` prints it".to_owned(),
    };
    case.at_value(Code::BadRegisters, format!("`{source}` cannot be a register of an energy")).hint(hint)
}
