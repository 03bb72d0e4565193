//! Taking back what a finished transfer did. Pure: from the record of the transfer to another one that puts its target
//! back to the pre-image, plus what the target has counted since; and the guards of that one. Everything else, from
//! the intent to the verification, is the machine's, as for any transfer.

use jiff::Timestamp;

use super::{
    BoundUsed, Case, Examination, Guard, History, Phase, Refusal,
    clock::Since,
    guard::{ledger, summed_up, word_signs},
};
use crate::{
    campaign::{Expect, Meaning, Source, TargetEnergy, Transfer, UndoSource, Verify},
    meter::{ENERGY_MODULUS, Quantity, Readings},
    transfer::Now,
};

/// Why what a transfer did cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotUndoable {
    /// Nothing was done.
    #[error("nothing of it is done, so there is nothing to undo")]
    NothingDone,
    /// Its own command is not settled.
    #[error("its command may have taken effect, and is not verified yet")]
    NotFinished,
    /// It was taken back.
    #[error("it was undone before")]
    Undone,
    /// The job means something else now.
    #[error("it was done as {done}, and the job now says {asked}")]
    MeaningChanged {
        /// What was done.
        done: Box<Meaning>,
        /// What the job says now.
        asked: Box<Meaning>,
    },
    /// Nobody knows what to put back.
    #[error(
        "the record has no {what}: it was {}",
        if *.adopted { "done by hand and adopted" } else { "accepted by a person without a reading" }
    )]
    NotRecorded {
        /// What is missing.
        what: &'static str,
        /// Whether it was done by hand.
        adopted: bool,
    },
}

impl NotUndoable {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NothingDone => "`meterferry status PATH…` shows how each transfer stands",
            Self::NotFinished => "run again first: a run settles and verifies it; then undo it",
            Self::Undone => "a higher `generation` in the job asks for the transfer again",
            Self::MeaningChanged { .. } => "put the job back to what was done, then undo it",
            Self::NotRecorded { .. } => {
                "carry the readings that the meter must show by a transfer of its own: typed ones, with `after` and `expect`"
            }
        }
    }
}

/// The transfer that takes back what `plan`, with this record, did to its target. `max_growth`: what a person says
/// the target can have counted since at most, Wh, VARh or VAh.
pub fn undo_of(plan: &Transfer, history: &History, max_growth: Option<i64>) -> Result<Transfer, NotUndoable> {
    let verified = match history.phase() {
        Phase::Idle => return Err(NotUndoable::NothingDone),
        Phase::Open | Phase::Committed => return Err(NotUndoable::NotFinished),
        Phase::Undone => return Err(NotUndoable::Undone),
        Phase::Done => true,
        Phase::Mismatch => false,
        Phase::Undoing { done } => done,
    };
    let missing = |what| NotUndoable::NotRecorded { what, adopted: history.adopted.is_some() };
    let (began, asked) = (history.began.as_deref().ok_or(missing("beginning"))?, plan.meaning());
    if began.meaning != asked {
        let (done, asked) = (Box::new(began.meaning.clone()), Box::new(asked));
        return Err(NotUndoable::MeaningChanged { done, asked });
    }
    let intent = history.intent.as_deref().ok_or(missing("pre-image"))?;
    let verification = history.verification.as_ref().ok_or(missing("reading after it"))?;
    // What was verified was set to the staged words: all beyond them was counted, however late it was verified.
    let held_the_staged = verified && verification.bound != BoundUsed::Person;
    let set_to = if held_the_staged { &intent.staged } else { &verification.after.readings };
    let source = UndoSource {
        of: plan.key.clone(),
        model: plan.target.model,
        serial_number: intent.target_serial.or(plan.target.serial_number.pinned()),
        pre_image: intent.pre_image.readings.clone(),
        pre_image_at: intent.pre_image.at,
        set_to: set_to.clone(),
        after: verification.after.readings.clone(),
        after_at: verification.after.at,
        max_growth,
    };
    let mut undo = plan.clone();
    undo.key = plan.key.undo(began.meaning.generation);
    undo.source = Source::Undo(Box::new(source));
    (undo.expect_source, undo.expect_target) = (Expect::default(), Expect::default());
    undo.after.push(plan.key.clone());
    undo.generation = 1;
    // The target's own energies are part of what is staged.
    undo.options.target_energy = TargetEnergy::Add;
    Ok(undo)
}

impl UndoSource {
    /// What the target has counted since it was set, by quantity; a total may have fallen.
    pub fn counted(&self, now: &Readings) -> [i64; 7] {
        Quantity::ALL.map(|quantity| moved(quantity, &self.set_to, now))
    }

    /// The pre-image, and what the target has counted since it was set; `None` where that needs more than 16 digits.
    pub fn put_back(&self, now: &Readings) -> Option<Readings> {
        let counted = self.counted(now);
        Readings::from_energies(Quantity::ALL.map(|quantity| {
            let sum = self.pre_image.energy(quantity) + counted[quantity.index()];
            if !quantity.is_total() && sum >= ENERGY_MODULUS { sum - ENERGY_MODULUS } else { sum }
        }))
    }

    /// What the target can have counted at most from its last recorded reading until `at`, by the job's load and by
    /// what a person said; `None` where the clock went backwards. Without either it is the tolerance: the load that
    /// is assumed elsewhere proves nothing about days.
    pub fn growth_allowed(&self, verify: &Verify, at: Timestamp) -> Option<i64> {
        let now = Now { wall: at, steady: std::time::Duration::ZERO };
        let elapsed = Since::recorded(self.after_at).elapsed(now)?;
        let by_load = verify.max_load.map(|_| verify.bound_or_tolerance().width(elapsed));
        Some(by_load.into_iter().chain(self.max_growth).min().unwrap_or(verify.tolerance))
    }
}

/// How far a quantity moved, the short way round.
pub(super) fn moved(quantity: Quantity, from: &Readings, to: &Readings) -> i64 {
    let difference = to.energy(quantity) - from.energy(quantity);
    if quantity.is_total() {
        return difference;
    }
    let ahead = difference.rem_euclid(ENERGY_MODULUS);
    if ahead > ENERGY_MODULUS / 2 { ahead - ENERGY_MODULUS } else { ahead }
}

/// Asks the guards of an undo of a target that was read at `at`.
pub(super) fn examine(case: &Case<'_>, undo: &UndoSource, at: Timestamp) -> Examination {
    let staged = || undo.put_back(case.target).ok_or(Refusal::Overflow);
    summed_up(
        [
            (Guard::WordSigns, word_signs(case)),
            (Guard::AsLeft, as_left(undo, &case.plan.options.verify, case.target, at)),
            (Guard::Digits, staged().map(|_| "all seven fit into 16 digits".to_owned())),
            (Guard::Ledger, ledger(case)),
        ],
        staged,
    )
}

/// The target is at its last recorded reading, plus what it can have counted since. A meter that was set again, reset
/// or exchanged in between is not put back to anything.
fn as_left(undo: &UndoSource, verify: &Verify, now: &Readings, at: Timestamp) -> Result<String, Refusal> {
    let allowed = undo.growth_allowed(verify, at);
    let fits = |quantity: &Quantity| {
        let moved = moved(*quantity, &undo.after, now);
        let counted = if quantity.is_total() { moved.abs() } else { moved };
        allowed.is_some_and(|allowed| (0..=allowed).contains(&counted))
    };
    match (Quantity::ALL.into_iter().find(|quantity| !fits(quantity)), allowed) {
        (None, Some(allowed)) => Ok(format!(
            "the target is where {} left it, plus at most {} k of each energy",
            undo.of,
            crate::meter::kilo(allowed)
        )),
        (quantity, _) => {
            let quantity = quantity.unwrap_or(Quantity::RealEnergyIn);
            Err(Refusal::NotAsLeft {
                of: undo.of.clone(),
                left_at: undo.after_at,
                quantity,
                left: undo.after.energy(quantity),
                found: now.energy(quantity),
                moved: moved(quantity, &undo.after, now),
                allowed,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{campaign::TransferKey, meter::Model};

    const AT: &str = "2026-06-01T08:00:00Z";

    fn readings(energies: [i64; 7]) -> Readings {
        Readings::from_energies(energies).unwrap()
    }

    fn undo(pre_image: [i64; 7], set_to: [i64; 7]) -> UndoSource {
        UndoSource {
            of: TransferKey { campaign: "c".into(), id: "t".into() },
            model: Model::Pm800,
            serial_number: None,
            pre_image: readings(pre_image),
            pre_image_at: AT.parse().unwrap(),
            set_to: readings(set_to),
            after: readings(set_to),
            after_at: AT.parse().unwrap(),
            max_growth: None,
        }
    }

    fn later(hours: i64) -> Timestamp {
        AT.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(hours)
    }

    #[test]
    fn what_was_counted_since_is_added_to_the_pre_image() {
        let undo = undo([5, 6, 0, 0, 5, 6, 7], [5_000, 600, 0, 0, 5_000, 600, 7_000]);
        let now = readings([5_100, 600, 50, 0, 5_050, 601, 7_120]);
        assert_eq!(undo.put_back(&now).unwrap().energies(), [105, 6, 50, 0, 55, 7, 127]);
    }

    #[test]
    fn energies_roll_over_and_totals_fall() {
        let last = ENERGY_MODULUS - 1;
        let undo = undo([last, 3, 0, 0, -5, 0, 0], [last - 1, last, 0, 0, 100, 0, 0]);
        let now = readings([4, 1, 0, 0, 40, 0, 0]);
        assert_eq!(undo.counted(&now), [6, 2, 0, 0, -60, 0, 0]);
        assert_eq!(undo.put_back(&now).unwrap().energies(), [5, 5, 0, 0, -65, 0, 0]);
    }

    #[test]
    fn a_total_of_seventeen_digits_is_refused() {
        let undo = undo([0, 0, 0, 0, ENERGY_MODULUS - 5, 0, 0], [0; 7]);
        assert_eq!(undo.put_back(&readings([0, 0, 0, 0, 100, 0, 0])), None);
    }

    #[test]
    fn the_target_must_be_where_it_was_left_plus_what_its_load_can_have_counted() {
        let undo = undo([0; 7], [1_000_000, 0, 0, 0, 1_000_000, 0, 1_000_000]);
        let verify = Verify { tolerance: 1_000, max_load: Some(100_000) };
        let judge = |wh: i64, hours| {
            let now = readings([1_000_000 + wh, 0, 0, 0, 1_000_000 + wh, 0, 1_000_000]);
            as_left(&undo, &verify, &now, later(hours))
        };
        assert!(judge(0, 0).is_ok() && judge(301_000, 3).is_ok());
        assert!(judge(301_001, 3).is_err(), "more than the load can make");
        assert!(judge(-1, 3).is_err(), "it went back");
        assert!(matches!(judge(0, -1), Err(Refusal::NotAsLeft { allowed: None, .. })), "so did the clock");
    }

    #[test]
    fn without_a_load_only_the_tolerance_or_what_a_person_says_is_believed() {
        let mut undo = undo([0; 7], [1_000_000, 0, 0, 0, 1_000_000, 0, 1_000_000]);
        let none = Verify { tolerance: 1_000, max_load: None };
        let loaded = Verify { tolerance: 1_000, max_load: Some(100_000) };
        assert_eq!(undo.growth_allowed(&none, later(48)), Some(1_000));
        undo.max_growth = Some(500_000);
        assert_eq!(undo.growth_allowed(&none, later(48)), Some(500_000));
        assert_eq!(undo.growth_allowed(&loaded, later(48)), Some(500_000));
        assert_eq!(undo.growth_allowed(&loaded, later(1)), Some(101_000), "the narrower of both");
    }
}
