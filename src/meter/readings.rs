//! All seven energies of a meter as its 28 words, in canonical (1700–1727) order.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Model, Quantity, Register};

/// How many registers the seven energies take.
pub const READINGS_WORDS: usize = 28;
/// A word is in −9999…+9999; anything else aborts command 6209 (FA221464 step 2).
pub const WORD_LIMIT: i16 = 9999;
const WORDS_PER_QUANTITY: usize = 4;
const BASE: i64 = 10_000;

/// One register of an energy: −9999…+9999, 16-bit two's complement on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Word(i16);

impl Word {
    /// The word with this value, or nothing outside −9999…+9999 (0x8000, "not available", included).
    pub const fn new(value: i16) -> Option<Self> {
        if value >= -WORD_LIMIT && value <= WORD_LIMIT { Some(Self(value)) } else { None }
    }

    /// The value.
    pub const fn value(self) -> i16 {
        self.0
    }

    /// The word as sent on the wire.
    pub const fn to_wire(self) -> u16 {
        self.0.cast_unsigned()
    }
}

/// Words that are no readings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReadings {
    /// A register is outside −9999…+9999.
    #[error("register {register} ({quantity}) holds {raw:#06X} ({value}), outside -9999..=9999{}", if *.raw == 0x8000 { ": the meter says \"not available\"" } else { "" })]
    OutOfRange {
        /// The register as printed for the meter's model.
        register: Register,
        /// The quantity it belongs to.
        quantity: Quantity,
        /// As read.
        raw: u16,
        /// As read, as a signed number.
        value: i16,
    },
    /// Not 28 words.
    #[error("{0} words, expected 28")]
    WrongCount(usize),
}

/// The seven energies of one meter: 28 words that are all in range. The transfer moves these words;
/// decoded values are for people, guards and verification.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Readings([Word; READINGS_WORDS]);

impl Readings {
    /// All zero.
    pub const ZERO: Self = Self([Word(0); READINGS_WORDS]);

    /// Readings from the registers of `model` as they came off the wire, in the model's own order.
    pub fn from_wire(model: Model, registers: &[u16]) -> Result<Self, BadReadings> {
        if registers.len() != READINGS_WORDS {
            return Err(BadReadings::WrongCount(registers.len()));
        }
        let mut words = [Word(0); READINGS_WORDS];
        for quantity in Quantity::ALL {
            let offset = model.energy_offset(quantity);
            for digit in 0..WORDS_PER_QUANTITY {
                let raw = registers[offset + digit];
                let value = raw.cast_signed();
                let register = model.energies().plus((offset + digit) as u16);
                words[quantity.index() * WORDS_PER_QUANTITY + digit] =
                    Word::new(value).ok_or(BadReadings::OutOfRange { register, quantity, raw, value })?;
            }
        }
        Ok(Self(words))
    }

    /// Readings from seven values in canonical order; `None` if one needs more than 16 digits.
    /// Every word of a negative value is negative or zero (truncation toward zero; FA221464, DOMAIN.md §1).
    pub fn from_energies(energies: [i64; 7]) -> Option<Self> {
        let mut words = [Word(0); READINGS_WORDS];
        for (quantity, energy) in energies.into_iter().enumerate() {
            let mut rest = energy;
            for digit in 0..WORDS_PER_QUANTITY {
                words[quantity * WORDS_PER_QUANTITY + digit] = Word((rest % BASE) as i16);
                rest /= BASE;
            }
            if rest != 0 {
                return None;
            }
        }
        Some(Self(words))
    }

    /// The words in canonical order.
    pub fn words(&self) -> &[Word; READINGS_WORDS] {
        &self.0
    }

    /// The words of one quantity, least significant first.
    pub fn registers(&self, quantity: Quantity) -> [Word; WORDS_PER_QUANTITY] {
        let first = quantity.index() * WORDS_PER_QUANTITY;
        [self.0[first], self.0[first + 1], self.0[first + 2], self.0[first + 3]]
    }

    /// The words as written to the buffer.
    pub fn to_wire(&self) -> [u16; READINGS_WORDS] {
        self.0.map(Word::to_wire)
    }

    /// The value of one quantity in its own unit: R1 + R2·10⁴ + R3·10⁸ + R4·10¹² (FA146443).
    pub fn energy(&self, quantity: Quantity) -> i64 {
        self.registers(quantity).iter().rev().fold(0, |sum, word| sum * BASE + i64::from(word.0))
    }

    /// All seven values, in canonical order.
    pub fn energies(&self) -> [i64; 7] {
        Quantity::ALL.map(|quantity| self.energy(quantity))
    }

    /// The first quantity whose words carry both signs: no meter writes that.
    pub fn mixed_sign(&self) -> Option<Quantity> {
        Quantity::ALL.into_iter().find(|quantity| {
            let words = self.registers(*quantity);
            words.iter().any(|word| word.0 < 0) && words.iter().any(|word| word.0 > 0)
        })
    }

    /// Whether every word is zero.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|word| word.0 == 0)
    }

    /// Whether every quantity is within `distance` of the other's.
    pub fn within(&self, other: &Self, distance: i64) -> bool {
        Quantity::ALL
            .into_iter()
            .all(|quantity| (self.energy(quantity) - other.energy(quantity)).abs() <= distance)
    }

    /// Quantity by quantity sum; `None` where it needs more than 16 digits.
    pub fn sum(&self, other: &Self) -> Option<Self> {
        Self::from_energies(Quantity::ALL.map(|quantity| self.energy(quantity) + other.energy(quantity)))
    }
}

/// JSON of one quantity: the four registers next to the exact value as a string.
#[derive(Serialize, Deserialize)]
struct QuantityJson<T> {
    registers: [i16; WORDS_PER_QUANTITY],
    value: T,
}

/// A value as decimal text, made without taking memory: a ledger holds many thousands.
struct Decimal(i64);

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A sign and 19 digits: the longest there is.
        let mut text = [b'-'; 20];
        let (mut begin, mut rest) = (text.len(), self.0.unsigned_abs());
        loop {
            begin -= 1;
            text[begin] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        begin -= usize::from(self.0 < 0);
        serializer.serialize_str(str::from_utf8(&text[begin..]).expect("digits are ASCII"))
    }
}

impl Serialize for Readings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Quantity::ALL.map(|quantity| {
            let registers = self.registers(quantity).map(Word::value);
            (quantity.key(), QuantityJson { registers, value: Decimal(self.energy(quantity)) })
        }))
    }
}

impl<'de> Deserialize<'de> for Readings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = std::collections::BTreeMap::<String, QuantityJson<String>>::deserialize(deserializer)?;
        let mut words = [Word(0); READINGS_WORDS];
        for quantity in Quantity::ALL {
            let json = map.remove(quantity.key()).ok_or_else(|| D::Error::missing_field(quantity.key()))?;
            for (digit, value) in json.registers.into_iter().enumerate() {
                words[quantity.index() * WORDS_PER_QUANTITY + digit] = Word::new(value)
                    .ok_or_else(|| D::Error::custom(format!("{quantity}: word {value} is out of range")))?;
            }
        }
        let readings = Self(words);
        match map.into_keys().next() {
            Some(unknown) => Err(D::Error::custom(format!("unknown quantity {unknown:?}"))),
            None => Ok(readings),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(first: [u16; 4]) -> Vec<u16> {
        let mut registers = vec![0; READINGS_WORDS];
        registers[..4].copy_from_slice(&first);
        registers
    }

    #[test]
    fn the_makers_example_decodes() {
        let readings = Readings::from_wire(Model::Pm800, &wire([4567, 123, 0, 0])).unwrap();
        assert_eq!(readings.energy(Quantity::RealEnergyIn), 1_234_567);
    }

    #[test]
    fn a_real_reading_off_the_wire_decodes() {
        let readings = Readings::from_wire(Model::Pm800, &wire([0x0108, 0x18D4, 0x002B, 0])).unwrap();
        assert_eq!(readings.energy(Quantity::RealEnergyIn), 4_363_560_264);
    }

    #[test]
    fn not_available_is_refused_and_named() {
        let mut registers = vec![0; READINGS_WORDS];
        registers[21] = 0x8000;
        let error = Readings::from_wire(Model::Cm4000, &registers).unwrap_err().to_string();
        assert!(error.contains("register 1721 (reactive energy total)"), "{error}");
        assert!(error.contains("not available"), "{error}");
        let error = Readings::from_wire(Model::Cm2000, &registers).unwrap_err().to_string();
        assert!(error.contains("register 1622 (real energy total)"), "{error}");
    }

    #[test]
    fn sixteen_digits_fit_and_seventeen_do_not() {
        let mut energies = [0; 7];
        energies[0] = 9_999_999_999_999_999;
        energies[4] = -9_999_999_999_999_999;
        assert_eq!(Readings::from_energies(energies).unwrap().energies(), energies);
        energies[0] += 1;
        assert_eq!(Readings::from_energies(energies), None);
    }

    #[test]
    fn a_negative_value_carries_its_sign_in_every_register() {
        let readings = Readings::from_energies([0, 0, 0, 0, -1_234_567, 0, 0]).unwrap();
        assert_eq!(readings.registers(Quantity::RealEnergyTotal).map(Word::value), [-4567, -123, 0, 0]);
    }

    #[test]
    fn mixed_signs_in_one_quantity_are_found() {
        let mut registers = vec![0; READINGS_WORDS];
        registers[4] = 5;
        registers[5] = (-5i16).cast_unsigned();
        let readings = Readings::from_wire(Model::Pm800, &registers).unwrap();
        assert_eq!(readings.mixed_sign(), Some(Quantity::ReactiveEnergyIn));
        assert_eq!(Readings::ZERO.mixed_sign(), None);
    }

    #[test]
    fn a_value_is_written_as_its_digits() {
        for value in [0, 7, -7, 10, -1_234_567, 9_999_999_999_999_999, i64::MAX, i64::MIN] {
            assert_eq!(serde_json::to_string(&Decimal(value)).unwrap(), format!("\"{value}\""));
        }
    }

    const LIMIT: i64 = 9_999_999_999_999_999;

    proptest! {
        #[test]
        fn energies_survive_the_words(energies in proptest::array::uniform7(-LIMIT..=LIMIT)) {
            let readings = Readings::from_energies(energies).unwrap();
            prop_assert_eq!(readings.energies(), energies);
            prop_assert_eq!(readings.mixed_sign(), None);
            prop_assert_eq!(Readings::from_wire(Model::Pm800, &readings.to_wire()).unwrap(), readings);
        }

        #[test]
        fn readings_survive_json(energies in proptest::array::uniform7(-LIMIT..=LIMIT)) {
            let readings = Readings::from_energies(energies).unwrap();
            let json = serde_json::to_string(&readings).unwrap();
            prop_assert_eq!(serde_json::from_str::<Readings>(&json).unwrap(), readings);
        }
    }
}
