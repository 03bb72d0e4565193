//! Counting what came of the schedules. Knows no meters and prints nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Class, Step, Verdict, unknown::Why};

/// How many schedules ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts(BTreeMap<Verdict, u64>);

impl Counts {
    /// Schedules with this verdict.
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.0.get(&verdict).copied().unwrap_or_default()
    }

    /// All schedules.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Schedules whose end is a defect.
    pub fn defects(&self) -> u64 {
        Verdict::ALL.into_iter().filter(|verdict| verdict.is_defect()).map(|verdict| self.of(verdict)).sum()
    }

    fn add(&mut self, verdict: Verdict, number: u64) {
        *self.0.entry(verdict).or_default() += number;
    }

    fn merge(&mut self, other: Self) {
        for (verdict, number) in other.0 {
            self.add(verdict, number);
        }
    }
}

/// Schedules that ended in a way worth reading about, with one of them to be played again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// How many there are.
    pub schedules: u64,
    /// The number that `--seed` takes, of one of them.
    pub seed: u64,
    /// What was tried.
    pub tried: String,
    /// What the program or the judge said.
    pub says: String,
}

impl Example {
    fn merge(&mut self, other: Self) {
        self.schedules += other.schedules;
        if other.seed < self.seed {
            *self = Self { schedules: self.schedules, ..other };
        }
    }
}

/// What one schedule came to, as it is counted.
#[derive(Debug)]
pub(super) struct Entry {
    pub class: Class,
    /// Of the matrix only.
    pub place: Option<(Step, &'static str)>,
    pub seed: u64,
    pub verdict: Verdict,
    pub why: Option<Why>,
    pub repeated: bool,
    pub tried: String,
    pub says: String,
}

/// What came of all schedules.
#[derive(Debug, Default)]
pub struct Tally {
    /// By class.
    pub classes: BTreeMap<Class, Counts>,
    /// Schedules of the matrix by step, guarantees only.
    pub steps: BTreeMap<Step, Counts>,
    /// Schedules of the matrix by fault, in every class.
    pub faults: BTreeMap<(Class, &'static str), Counts>,
    /// Storms, in every class.
    pub storms: BTreeMap<Class, Counts>,
    /// Unknown and mismatch by reason, guarantees only.
    pub unknown: BTreeMap<(Verdict, Why), Example>,
    /// Defects, by class and what they are; the first so many of each.
    pub defects: BTreeMap<(Class, Verdict), Vec<Example>>,
    /// Schedules in which the gateway preset the target once more by itself.
    pub repeated: u64,
}

/// Defects that are told one by one.
const TOLD: usize = 20;

impl Tally {
    /// Schedules for which the guarantees hold, and which ended in a defect.
    pub fn defects(&self) -> u64 {
        self.classes.get(&Class::Covered).map_or(0, Counts::defects)
            + self
                .classes
                .values()
                .map(|counts| counts.of(Verdict::Hang) + counts.of(Verdict::Lost))
                .sum::<u64>()
    }

    /// All schedules.
    pub fn schedules(&self) -> u64 {
        self.classes.values().map(Counts::total).sum()
    }

    pub(super) fn add(&mut self, entry: Entry) {
        let Entry { class, place, seed, verdict, why, repeated, tried, says } = entry;
        self.classes.entry(class).or_default().add(verdict, 1);
        match place {
            Some((step, fault)) => {
                self.faults.entry((class, fault)).or_default().add(verdict, 1);
                if class == Class::Covered {
                    self.steps.entry(step).or_default().add(verdict, 1);
                }
            }
            None => self.storms.entry(class).or_default().add(verdict, 1),
        }
        self.repeated += u64::from(repeated);
        let example = Example { schedules: 1, seed, tried, says };
        if verdict.is_defect() {
            let told = self.defects.entry((class, verdict)).or_default();
            told.push(example);
            told.sort_by_key(|example| example.seed);
            told.truncate(TOLD);
        } else if let (Class::Covered, Some(why)) = (class, why) {
            self.unknown
                .entry((verdict, why))
                .and_modify(|known| known.merge(example.clone()))
                .or_insert(example);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        merge_all(&mut self.classes, other.classes);
        merge_all(&mut self.steps, other.steps);
        merge_all(&mut self.faults, other.faults);
        merge_all(&mut self.storms, other.storms);
        for (key, example) in other.unknown {
            self.unknown.entry(key).and_modify(|known| known.merge(example.clone())).or_insert(example);
        }
        for (key, examples) in other.defects {
            let told = self.defects.entry(key).or_default();
            told.extend(examples);
            told.sort_by_key(|example| example.seed);
            told.truncate(TOLD);
        }
        self.repeated += other.repeated;
    }
}

fn merge_all<K: Ord>(into: &mut BTreeMap<K, Counts>, from: BTreeMap<K, Counts>) {
    for (key, counts) in from {
        into.entry(key).or_default().merge(counts);
    }
}
