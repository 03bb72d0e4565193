//! Seven accumulated energies: how they are written into registers and how they grow with a load (DOMAIN.md §1).
//! Knows no register numbers and no frames.

use serde::Serialize;
use tokio::time::Instant;

use super::registers::{QUANTITIES, WORDS};

/// The seven energies in Wh, VARh or VAh, in the order of registers 1700–1727: real in, reactive in, real out,
/// reactive out, real total, reactive total, apparent total.
pub type Energies = [i64; QUANTITIES];

/// The same as 28 words, four a quantity, least significant first, modulo 10,000, the sign in every word.
pub type EnergyWords = [i16; WORDS];

const BASE: i64 = 10_000;
/// A quantity starts again at zero when it gets here (maker's FAQ FA296157).
const ROLL_OVER: i128 = 10_000_000_000_000_000;
const NANOS_PER_HOUR: i128 = 3_600_000_000_000;

/// What passes through the meter, each in the unit of its own quantity (W, VAR or VA). The two other totals follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Real power in, W.
    pub real_in: i64,
    /// Reactive power in, VAR.
    pub reactive_in: i64,
    /// Real power out, W.
    pub real_out: i64,
    /// Reactive power out, VAR.
    pub reactive_out: i64,
    /// Apparent power, VA.
    pub apparent: i64,
}

impl Load {
    /// A plain consumer: real power in, and the same apparent power.
    pub fn consuming(watts: i64) -> Self {
        Self { real_in: watts, apparent: watts, ..Self::default() }
    }
}

/// How the meter makes its real and reactive totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Totals {
    /// total = in + out
    #[default]
    Absolute,
    /// total = in − out
    Signed,
}

/// One quantity as its four words.
fn encode(value: i64) -> [i16; 4] {
    let mut rest = value;
    [(); 4].map(|()| {
        let word = rest % BASE; // truncates toward zero: every word carries the sign
        rest /= BASE;
        i16::try_from(word).expect("a remainder of 10,000 fits a word")
    })
}

/// Four words as one quantity, the words out of range included.
fn decode(words: [i16; 4]) -> i64 {
    words.iter().rev().fold(0, |value, &word| value * BASE + i64::from(word))
}

/// All seven as words.
pub(super) fn to_words(energies: &Energies) -> EnergyWords {
    let mut words = [0; WORDS];
    for (place, &value) in words.chunks_exact_mut(4).zip(energies) {
        place.copy_from_slice(&encode(value));
    }
    words
}

/// All seven from words.
pub(super) fn from_words(words: &EnergyWords) -> Energies {
    std::array::from_fn(|n| decode([words[4 * n], words[4 * n + 1], words[4 * n + 2], words[4 * n + 3]]))
}

fn roll_over(value: i128) -> i64 {
    i64::try_from(value % ROLL_OVER).expect("below 10^16")
}

/// The counters of one meter: a value, since when it has been growing, and how fast.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    base: Energies,
    /// `None` while the meter is not connected: it counts nothing.
    since: Option<Instant>,
    load: Load,
    totals: Totals,
    /// Words shown instead of the counters, until a preset.
    raw: Option<Box<EnergyWords>>,
}

impl Counters {
    pub(super) fn new() -> Self {
        Self {
            base: [0; QUANTITIES],
            since: None,
            load: Load::default(),
            totals: Totals::default(),
            raw: None,
        }
    }

    pub(super) fn set(&mut self, energies: Energies, now: Option<Instant>) {
        self.base = energies.map(|value| roll_over(value.into()));
        self.since = now;
        self.raw = None;
    }

    pub(super) fn set_raw(&mut self, words: EnergyWords) {
        self.raw = Some(Box::new(words));
    }

    pub(super) fn set_totals(&mut self, totals: Totals) {
        self.totals = totals;
    }

    /// A new load from now on.
    pub(super) fn set_load(&mut self, load: Load, now: Option<Instant>) {
        if let Some(now) = now {
            self.stop(now);
            self.start(now);
        }
        self.load = load;
    }

    pub(super) fn start(&mut self, now: Instant) {
        self.since = Some(now);
    }

    pub(super) fn stop(&mut self, now: Instant) {
        self.base = self.counted(now);
        self.since = None;
    }

    /// Sets all seven as given; they grow from here.
    pub(super) fn preset(&mut self, words: &EnergyWords, now: Instant) {
        self.set(from_words(words), Some(now));
    }

    pub(super) fn energies(&self, now: Instant) -> Energies {
        self.raw.as_ref().map_or_else(|| self.counted(now), |raw| from_words(raw))
    }

    pub(super) fn words(&self, now: Instant) -> EnergyWords {
        self.raw.as_ref().map_or_else(|| to_words(&self.counted(now)), |raw| **raw)
    }

    /// The words in the middle of a carry: the second word has been counted up, the first has not gone back yet.
    pub(super) fn torn_words(&self, now: Instant) -> EnergyWords {
        to_words(
            &self.energies(now).map(|value| roll_over(i128::from(value) + i128::from(value.signum() * BASE))),
        )
    }

    fn counted(&self, now: Instant) -> Energies {
        let Some(since) = self.since else { return self.base };
        let nanos = i128::try_from(now.saturating_duration_since(since).as_nanos()).expect("centuries fit");
        let grown = |power: i64| i128::from(power) * nanos / NANOS_PER_HOUR;
        let sign = match self.totals {
            Totals::Absolute => 1,
            Totals::Signed => -1,
        };
        let Load { real_in, reactive_in, real_out, reactive_out, apparent } = self.load;
        let growth = [
            grown(real_in),
            grown(reactive_in),
            grown(real_out),
            grown(reactive_out),
            grown(real_in) + sign * grown(real_out),
            grown(reactive_in) + sign * grown(reactive_out),
            grown(apparent),
        ];
        std::array::from_fn(|n| roll_over(i128::from(self.base[n]) + growth[n]))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_real_reading_is_written_as_its_four_words() {
        assert_eq!(encode(4_363_560_264), [0x0108, 0x18D4, 0x002B, 0]);
        assert_eq!(encode(1_234_567), [4567, 123, 0, 0]);
        assert_eq!(decode([264, 6356, 43, 0]), 4_363_560_264);
    }

    #[test]
    fn the_sign_is_in_every_word() {
        assert_eq!(encode(-1_234_567), [-4567, -123, 0, 0]);
        assert_eq!(decode([-4567, -123, 0, 0]), -1_234_567);
    }

    #[tokio::test(start_paused = true)]
    async fn energies_grow_with_the_load_and_totals_follow_in_and_out() {
        for (totals, real_total) in [(Totals::Absolute, 5_500), (Totals::Signed, 4_500)] {
            let now = Instant::now();
            let mut counters = Counters::new();
            counters.set_totals(totals);
            counters.set_load(
                Load {
                    real_in: 2_000,
                    reactive_in: 300,
                    real_out: 1_000,
                    reactive_out: 100,
                    apparent: 4_000,
                },
                None,
            );
            counters.set([1_000, 0, 0, 0, 4_000, 0, 0], Some(now));
            let read = counters.energies(now + Duration::from_secs(1_800));
            let reactive_total = if totals == Totals::Signed { 100 } else { 200 };
            assert_eq!(read, [2_000, 150, 500, 50, real_total, reactive_total, 2_000]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_counter_rolls_over_at_ten_to_the_sixteenth() {
        let now = Instant::now();
        let mut counters = Counters::new();
        counters.set_load(Load { real_in: 3_600, ..Load::default() }, None);
        counters.set([9_999_999_999_999_999, 0, 0, 0, 0, 0, 0], Some(now));
        assert_eq!(counters.words(now)[..4], [9_999; 4]);
        assert_eq!(counters.energies(now + Duration::from_secs(2))[0], 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_torn_reading_is_one_carry_too_high() {
        let now = Instant::now();
        let mut counters = Counters::new();
        counters.set([19_999, 0, 0, 0, -5, 0, 0], None);
        let torn = counters.torn_words(now);
        assert_eq!(torn[..8], [9_999, 2, 0, 0, 0, 0, 0, 0]);
        assert_eq!(torn[16..20], [-5, -1, 0, 0]);
    }
}
