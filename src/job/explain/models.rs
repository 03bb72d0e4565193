//! Meters that are no allowed model: why not, and what to write instead (DOMAIN.md §3).

use super::Case;
use crate::{
    job::{
        diagnostic::{Code, Diagnostic},
        suggest,
        tree::Kind,
    },
    meter::Model,
};

/// Beginnings of the names of families that carry their energies over by another mechanism, or not at all.
const OTHERS: [&str; 9] = ["ION", "PM8000", "PM5", "PM7", "PM6", "PM3", "PM2", "PM1", "IEM"];

pub(super) fn explain(case: &Case<'_>) -> Diagnostic {
    let number = case.source();
    let text = match case.kind() {
        Kind::Text(text) => text,
        _ => &*number,
    };
    let plain: String = text.to_uppercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let member = family(&plain);
    if member == Some(Model::Cm2000) && case.violation.schema.contains("Target") {
        return not_a_target(case);
    }
    if let Some(family) = member {
        let message = format!("{} is not a name this program knows", case.shown());
        return case
            .at_value(Code::UnknownModel, message)
            .hint(format!("it belongs to the family {family}: write `model: {family}`"));
    }
    if OTHERS.iter().any(|other| plain.starts_with(other)) {
        let message =
            format!("`{}` meters use another mechanism: they are not supported", super::short(text));
        return case.at_value(Code::UnsupportedModel, message).hint(
            "only these families have the preset command this program uses; remove the transfer from the job",
        );
    }
    let names: Vec<_> = Model::ALL.into_iter().map(Model::name).collect();
    let complaint = case.at_value(Code::UnknownModel, format!("{} is no supported model", case.shown()));
    match suggest::closest(text, &names) {
        Some(close) => complaint.hint(format!("did you mean `{close}`?")),
        None => {
            complaint.hint("write the family from the front of the meter; no other families are supported")
        }
    }
}

fn not_a_target(case: &Case<'_>) -> Diagnostic {
    let message = "a CM2000 cannot be a target: the maker documents it as a copy-from meter only; \
                   it has no registers 1700–1727 to verify";
    case.at_value(Code::NotATarget, message)
        .hint("if the CM2000 is the old meter, it is the `source`: check whether the two are swapped")
}

/// The family a name belongs to: `PM850` is a PM800, `CM4250` a CM4000.
fn family(plain: &str) -> Option<Model> {
    let numbered = |prefix: &str, digits: usize| {
        plain.strip_prefix(prefix).is_some_and(|rest| {
            rest.len() >= digits && rest.bytes().take(digits).all(|letter| letter.is_ascii_digit())
        })
    };
    if numbered("CM2", 3) {
        Some(Model::Cm2000)
    } else if numbered("CM3", 3) {
        Some(Model::Cm3000)
    } else if numbered("CM4", 3) {
        Some(Model::Cm4000)
    } else if numbered("PM8", 2) && !numbered("PM8", 3) {
        Some(Model::Pm800)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_family_are_recognised() {
        for (name, model) in [
            ("CM2450", Some(Model::Cm2000)),
            ("CM4000T", Some(Model::Cm4000)),
            ("PM850", Some(Model::Pm800)),
            ("PM8000", None),
            ("PM5560", None),
        ] {
            assert_eq!(family(name), model, "{name}");
        }
    }
}
