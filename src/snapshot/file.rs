//! The text of a snapshot: JSON with the 28 registers, the seven energies as decimal strings, and a digest of all of it.
//!
//! The digest is SHA-256 (FIPS 180-4) over the same JSON without the key `digest`, in the order in which it is written
//! and without any blanks: what an editor or Git does to blanks and line ends changes nothing, and every other change
//! shows. It finds damage and slips of the hand; against somebody who makes a new digest, there is Git.

use std::{collections::BTreeMap, fmt::Write as _};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Damage;
use crate::meter::{Model, Quantity, READINGS_WORDS, Readings};

/// Version of the format; grows when an older reader would be wrong about a newer file.
pub const FORMAT_VERSION: u32 = 1;
/// A snapshot has about 1 KiB.
pub const MAX_BYTES: u64 = 64 * 1024;

/// Whether meters were asked, or simulated ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterKind {
    /// A meter.
    Real,
    /// A simulated one: never carried into a real meter.
    Simulated,
}

/// Whether it is known which meter was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It answered with the serial number that the job gave.
    Proved,
    /// The job said `any`: identity and addressing are unproved.
    Unproved,
}

/// What one meter showed at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Version of the program that wrote it.
    pub tool_version: String,
    /// Real or simulated.
    pub meter: MeterKind,
    /// The meter's family.
    pub model: Model,
    /// The serial number it answered with; `None` if it would not say.
    pub serial_number: Option<u32>,
    /// Whether that is the one the job gave.
    pub identity: Proof,
    /// Gateway and unit, for people.
    pub place: String,
    /// When its energies were read.
    pub taken: Timestamp,
    /// When the file was written.
    pub written: Timestamp,
    /// All seven energies.
    pub readings: Readings,
}

/// The JSON, in the order of its keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format_version: u32,
    tool_version: String,
    meter: MeterKind,
    model: Model,
    serial_number: Option<u32>,
    identity: Proof,
    place: String,
    taken: Timestamp,
    written: Timestamp,
    /// In the order of registers 1700–1727, whatever the model's own order.
    registers: Vec<i16>,
    /// In Wh, VARh and VAh.
    energies: BTreeMap<Quantity, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

impl File {
    fn of(snapshot: &Snapshot) -> Self {
        let Snapshot { tool_version, meter, model, serial_number, identity, place, taken, written, readings } =
            snapshot;
        Self {
            format_version: FORMAT_VERSION,
            tool_version: tool_version.clone(),
            meter: *meter,
            model: *model,
            serial_number: *serial_number,
            identity: *identity,
            place: place.clone(),
            taken: *taken,
            written: *written,
            registers: readings.words().iter().map(|word| word.value()).collect(),
            energies: Quantity::ALL.map(|quantity| (quantity, readings.energy(quantity).to_string())).into(),
            digest: None,
        }
    }

    /// `sha256:` and 64 hexadecimal digits, over all but the digest.
    fn computed(&self) -> String {
        let text = serde_json::to_string(self).expect("plain values with string keys are JSON");
        Sha256::digest(text.as_bytes()).iter().fold("sha256:".to_owned(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes everything");
            hex
        })
    }
}

/// The text of the file, and its digest.
pub fn written(snapshot: &Snapshot) -> (String, String) {
    let mut file = File::of(snapshot);
    let digest = file.computed();
    file.digest = Some(digest.clone());
    let text = serde_json::to_string_pretty(&file).expect("plain values with string keys are JSON");
    (text + "\n", digest)
}

/// The snapshot that a text holds, and its digest.
///
/// # Errors
/// [`Damage`] if it is no snapshot as [`written`] makes it, apart from blanks.
pub fn read(text: &[u8]) -> Result<(Snapshot, String), Damage> {
    if text.len() as u64 > MAX_BYTES {
        return Err(Damage::TooLong { limit: MAX_BYTES });
    }
    let shape = |error: serde_json::Error| Damage::Shape(error.to_string());
    let any: serde_json::Value = serde_json::from_slice(text).map_err(shape)?;
    match any.get("format_version") {
        Some(version) if *version != FORMAT_VERSION => {
            return Err(Damage::Version { found: version.to_string(), known: FORMAT_VERSION });
        }
        Some(_) | None => {}
    }
    let mut file: File = serde_json::from_slice(text).map_err(shape)?;
    let digest = file.digest.take().ok_or_else(|| Damage::Shape("it has no digest".to_owned()))?;
    let computed = file.computed();
    if computed != digest {
        return Err(Damage::Digest { written: digest, computed });
    }
    let readings = readings(&file)?;
    let File { tool_version, meter, model, serial_number, identity, place, taken, written, .. } = file;
    let snapshot =
        Snapshot { tool_version, meter, model, serial_number, identity, place, taken, written, readings };
    Ok((snapshot, digest))
}

/// The registers, which say the same as the energies.
fn readings(file: &File) -> Result<Readings, Damage> {
    if file.registers.len() != READINGS_WORDS {
        let message = format!("{} in place of {READINGS_WORDS}", file.registers.len());
        return Err(Damage::Registers(message));
    }
    let wire: Vec<u16> = file.registers.iter().map(|word| word.cast_unsigned()).collect();
    // Canonical order is the order of these models.
    let readings =
        Readings::from_wire(Model::Pm800, &wire).map_err(|error| Damage::Registers(error.to_string()))?;
    for quantity in Quantity::ALL {
        let (written, registers) = (file.energies.get(&quantity), readings.energy(quantity));
        if written.is_none_or(|written| *written != registers.to_string()) {
            return Err(Damage::Energy { quantity, written: written.cloned(), registers });
        }
    }
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snapshot() -> Snapshot {
        let energies = [9_999_999_999_999_999, 1, 0, 0, -1_234_567, 1, 3];
        Snapshot {
            tool_version: "0.1.0".to_owned(),
            meter: MeterKind::Real,
            model: Model::Pm800,
            serial_number: Some(11_000_126),
            identity: Proof::Proved,
            place: "plant-a (10.20.1.5:502) unit 12".to_owned(),
            taken: "2026-07-14T07:30:00.25Z".parse().unwrap(),
            written: "2026-07-14T07:30:01Z".parse().unwrap(),
            readings: Readings::from_energies(energies).unwrap(),
        }
    }

    /// The file with one piece of text changed, and a digest that fits it.
    fn signed(from: &str, to: &str) -> String {
        let text = written(&snapshot()).0.replacen(from, to, 1);
        let mut file: File = serde_json::from_str(&text).unwrap();
        file.digest = None;
        file.digest = Some(file.computed());
        serde_json::to_string(&file).unwrap()
    }

    #[test]
    fn what_is_written_is_read_whatever_happens_to_blanks_and_line_ends() {
        let (text, digest) = written(&snapshot());
        for text in [text.clone(), text.replace('\n', "\r\n"), text.replace("\n  ", "\n\t")] {
            assert_eq!(read(text.as_bytes()), Ok((snapshot(), digest.clone())));
        }
    }

    #[test]
    fn sixteen_digits_are_a_string_and_no_number() {
        assert!(written(&snapshot()).0.contains("\"real_energy_in\": \"9999999999999999\""));
    }

    #[test]
    fn what_no_meter_writes_is_damage_even_under_a_digest_that_fits() {
        for (from, to) in [
            ("    9999,\n    9999", "    9999,\n    10000"),
            ("    9999,\n    9999", "    9999,\n    -32768"),
            ("    9999,\n    9999,\n", "    9999,\n"),
        ] {
            let read = read(signed(from, to).as_bytes());
            assert!(matches!(read, Err(Damage::Registers(_))), "{from} → {to}: {read:?}");
        }
        let other = signed("\"9999999999999999\"", "\"9999999999999998\"");
        assert!(matches!(read(other.as_bytes()), Err(Damage::Energy { .. })));
    }

    #[test]
    fn another_version_is_named_before_anything_else_is_judged() {
        let text = r#"{ "format_version": 2, "everything": "else" }"#;
        assert_eq!(read(text.as_bytes()), Err(Damage::Version { found: "2".to_owned(), known: 1 }));
    }

    #[test]
    fn no_snapshot_is_read_out_of_other_texts() {
        let text = written(&snapshot()).0;
        let twice = text.replacen("\"model\"", "\"model\": \"CM4000\",\n  \"model\"", 1);
        let unknown = text.replacen("\"model\"", "\"note\": 1,\n  \"model\"", 1);
        let nested = "[".repeat(50_000);
        for text in ["", "{}", "[]", "null", "\0", &text[..text.len() / 2], &twice, &unknown, &nested] {
            assert!(matches!(read(text.as_bytes()), Err(Damage::Shape(_))), "{text:.60}");
        }
        let long = " ".repeat(usize::try_from(MAX_BYTES).unwrap() + 1);
        assert!(matches!(read(long.as_bytes()), Err(Damage::TooLong { .. })));
    }

    proptest! {
        /// Whatever byte is changed to whatever: it is the same snapshot, or an error.
        #[test]
        fn no_changed_byte_goes_unseen(place in 0_usize..1_400, byte: u8) {
            let mut text = written(&snapshot()).0.into_bytes();
            let place = place % text.len();
            text[place] = byte;
            match read(&text) {
                Ok((read, _)) => prop_assert_eq!(read, snapshot()),
                Err(damage) => prop_assert!(!damage.hint().is_empty()),
            }
        }
    }
}
