//! How many of which: every word is present, zero included, and they add up to the total.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    run::{Standing, Would},
    transfer::Outcome,
};

/// One of a closed list of words that things are counted by.
pub trait Countable: Copy + PartialEq + 'static {
    /// All of them, in the order they are printed.
    const ALL: &'static [Self];

    /// The word in files.
    fn word(self) -> &'static str;
}

impl Countable for Outcome {
    const ALL: &'static [Self] = &Outcome::ALL;

    fn word(self) -> &'static str {
        self.word()
    }
}

impl Countable for Would {
    const ALL: &'static [Self] = &[
        Self::Transfer,
        Self::Nothing,
        Self::Settle,
        Self::Wait,
        Self::Mismatch,
        Self::Unknown,
        Self::Refuse,
        Self::NotReach,
        Self::Fail,
        Self::NotLooked,
    ];

    fn word(self) -> &'static str {
        self.word()
    }
}

impl Countable for Standing {
    const ALL: &'static [Self] = &Standing::ALL;

    fn word(self) -> &'static str {
        self.word()
    }
}

/// A number for every word. As JSON: an object with every word as a key, and `total`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts<K> {
    numbers: Vec<(K, usize)>,
    total: usize,
}

impl<K: Countable> Counts<K> {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self { numbers: K::ALL.iter().map(|word| (*word, 0)).collect(), total: 0 }
    }

    /// Counts one more.
    pub fn add(&mut self, word: K) {
        self.add_many(word, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, word: K, number: usize) {
        *self.number(word) += number;
        self.total += number;
    }

    /// Counts one less, if there is one.
    pub fn take(&mut self, word: K) {
        let number = self.number(word);
        if *number > 0 {
            *number -= 1;
            self.total -= 1;
        }
    }

    fn number(&mut self, word: K) -> &mut usize {
        let place = self.numbers.iter().position(|(known, _)| *known == word);
        &mut self.numbers[place.expect("`ALL` holds every word")].1
    }

    /// How many of this word.
    pub fn of(&self, word: K) -> usize {
        self.numbers.iter().find(|(known, _)| *known == word).map_or(0, |(_, number)| *number)
    }

    /// How many in all.
    pub fn total(&self) -> usize {
        self.total
    }

    /// The words that occurred, with their numbers, in the order they are printed.
    pub fn present(&self) -> impl Iterator<Item = (K, usize)> + '_ {
        self.numbers.iter().copied().filter(|(_, number)| *number > 0)
    }
}

impl<K: Countable> Default for Counts<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Countable> FromIterator<K> for Counts<K> {
    fn from_iter<I: IntoIterator<Item = K>>(words: I) -> Self {
        let mut counts = Self::new();
        words.into_iter().for_each(|word| counts.add(word));
        counts
    }
}

impl<K: Countable> Serialize for Counts<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.numbers.len() + 1))?;
        for (word, number) in &self.numbers {
            map.serialize_entry(word.word(), number)?;
        }
        map.serialize_entry("total", &self.total)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails to compile for a new word, which then belongs into `ALL`.
    const fn place(would: Would) -> usize {
        match would {
            Would::Transfer => 0,
            Would::Nothing => 1,
            Would::Settle => 2,
            Would::Wait => 3,
            Would::Mismatch => 4,
            Would::Unknown => 5,
            Would::Refuse => 6,
            Would::NotReach => 7,
            Would::Fail => 8,
            Would::NotLooked => 9,
        }
    }

    #[test]
    fn every_word_of_a_plan_is_counted() {
        for (index, would) in <Would as Countable>::ALL.iter().enumerate() {
            assert_eq!(place(*would), index);
        }
        assert_eq!(<Would as Countable>::ALL.len(), 10);
    }

    #[test]
    fn a_number_for_every_outcome_adds_up_to_the_total() {
        let outcomes = [Outcome::Done, Outcome::Done, Outcome::Unknown];
        let json = serde_json::to_value(outcomes.into_iter().collect::<Counts<Outcome>>()).unwrap();
        let numbers = json.as_object().unwrap();
        assert_eq!(numbers.len(), Outcome::ALL.len() + 1);
        let sum: u64 = Outcome::ALL.iter().map(|outcome| numbers[outcome.word()].as_u64().unwrap()).sum();
        assert_eq!((sum, &numbers["total"]), (3, &3.into()));
        assert_eq!(
            (&numbers["done"], &numbers["unknown"], &numbers["failed"]),
            (&2.into(), &1.into(), &0.into())
        );
    }

    #[test]
    fn only_words_that_occurred_are_present() {
        let counts: Counts<Outcome> = [Outcome::Unknown, Outcome::Done].into_iter().collect();
        assert_eq!(counts.present().collect::<Vec<_>>(), [(Outcome::Done, 1), (Outcome::Unknown, 1)]);
        assert_eq!(counts.of(Outcome::Failed), 0);
    }
}
