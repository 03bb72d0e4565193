//! The names of snapshots: one meter's stand together and sort by time, in characters that every file system takes.

use super::Snapshot;
use crate::meter::Model;

/// Characters of a place that go into a name.
const PLACE_CHARACTERS: usize = 100;

/// What the names of one meter's snapshots begin with: `PM800-11000126-`.
pub fn prefix(model: Model, serial_number: u32) -> String {
    format!("{model}-{serial_number}-")
}

/// `PM800-11000126-20260714T073000Z.json`; from the second on of one second `PM800-11000126-20260714T073000Z-2.json`.
/// A meter that would not say its serial number goes by its place.
pub fn file_name(snapshot: &Snapshot, copy: u32) -> String {
    let begin = match snapshot.serial_number {
        Some(number) => prefix(snapshot.model, number),
        None => format!("{}-at-{}-", snapshot.model, safe(&snapshot.place)),
    };
    let time = snapshot.taken.strftime("%Y%m%dT%H%M%SZ");
    let copy = if copy > 1 { format!("-{copy}") } else { String::new() };
    format!("{begin}{time}{copy}.json")
}

fn safe(place: &str) -> String {
    let kept = |character: char| if character.is_ascii_alphanumeric() { character } else { '_' };
    place.chars().take(PLACE_CHARACTERS).map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        meter::Readings,
        snapshot::{MeterKind, Proof},
    };

    #[test]
    fn names_sort_by_time_and_hold_nothing_that_a_file_system_minds() {
        let mut snapshot = Snapshot {
            tool_version: "0.1.0".to_owned(),
            meter: MeterKind::Real,
            model: Model::Cm2000,
            serial_number: Some(7),
            identity: Proof::Proved,
            place: "../../etc (10.20.1.5:502) unit 12\n".to_owned(),
            taken: "2026-07-14T09:30:00.9+02:00".parse().unwrap(),
            written: "2026-07-14T07:30:01Z".parse().unwrap(),
            readings: Readings::ZERO,
        };
        assert_eq!(file_name(&snapshot, 1), "CM2000-7-20260714T073000Z.json");
        assert_eq!(file_name(&snapshot, 2), "CM2000-7-20260714T073000Z-2.json");
        assert!(!file_name(&snapshot, 1).starts_with(&prefix(Model::Cm2000, 70)));
        snapshot.serial_number = None;
        let name = file_name(&snapshot, 1);
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)), "{name}");
    }
}
