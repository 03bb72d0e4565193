//! State 10: find out by reading what an unanswered commit did. On a new link, behind a fence, in two looks.

use std::{sync::Arc, time::Duration};

use super::{
    Ask, Cause, CommandOutcome, Fact, Intent, Now, Reading, Reply,
    clock::Since,
    identify::{self, Shown},
};
use crate::{
    campaign::{Transfer, Verify},
    meter::{BUFFER, FENCE, Model, Quantity, READINGS_WORDS, Read, Readings, Write, with_unit},
};

/// Two looks must agree; a torn or changing reading may need more.
const LOOKS: usize = 4;

/// What the looks came to.
pub(super) enum Settled {
    /// It took effect; how that is known.
    Committed(String),
    /// It had no effect; how that is known.
    NotCommitted(String),
    /// No reading can tell, or none was to be had.
    Unknown(String),
}

/// What one look shows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Judgement {
    Committed,
    /// Staged words and pre-image are so close that it makes no difference.
    CommittedEitherWay,
    NotCommitted,
    Undecided(String),
}

#[derive(Debug, Clone)]
enum State {
    Relink,
    Identify,
    Fence,
    ReadFence,
    Wait { until: Duration },
    Look,
    Backoff { until: Duration },
}

/// One settling of one intent.
#[derive(Debug, Clone)]
pub(super) struct Settling {
    plan: Arc<Transfer>,
    intent: Intent,
    intended: Since,
    pre_image_read: Since,
    tries: u32,
    last: Option<Judgement>,
    looks: usize,
    state: State,
    /// Why it has to be settled.
    pub why: CommandOutcome,
}

impl Settling {
    pub(super) fn new(
        plan: Arc<Transfer>,
        intent: Intent,
        intended: Since,
        pre_image_read: Since,
        why: CommandOutcome,
    ) -> Self {
        Self {
            plan,
            intent,
            intended,
            pre_image_read,
            tries: 0,
            last: None,
            looks: 0,
            state: State::Relink,
            why,
        }
    }

    pub(super) fn next(&self, now: Now) -> Ask {
        match self.state {
            State::Relink => Ask::Relink,
            State::Identify => Ask::read_target(identify::request(&self.plan.target)),
            State::Fence => Ask::Write(Write::Single { register: BUFFER, word: FENCE }),
            State::ReadFence => Ask::read_target(Read { first: BUFFER, count: 1 }),
            State::Look => Ask::read_target(Read {
                first: self.plan.target.model.energies(),
                count: READINGS_WORDS as u16,
            }),
            State::Wait { until } | State::Backoff { until } => Ask::wait(until.saturating_sub(now.steady)),
        }
    }

    pub(super) fn handle(
        &mut self,
        now: Now,
        reply: Reply,
        delay: impl FnOnce(u32) -> Duration,
        facts: &mut Vec<Fact>,
    ) -> Option<Settled> {
        let result = match (&self.state, reply) {
            (State::Relink, Reply::Relinked) => self.go(State::Identify),
            (State::Identify, Reply::Read(answer)) => self.identified(answer, facts),
            (State::Fence, Reply::Written(Ok(()))) => self.go(State::ReadFence),
            (State::ReadFence, Reply::Read(Ok(words))) => self.fenced(&words, now, facts),
            (State::Wait { .. }, Reply::Waited) => self.go(State::Look),
            (State::Backoff { .. }, Reply::Waited) => self.go(State::Relink),
            (State::Look, Reply::Read(Ok(words))) => self.looked(&words, now, facts),
            (_, Reply::Read(Err(cause)) | Reply::Written(Err(cause))) => Err(Trouble::Request(cause)),
            _ => Ok(None),
        };
        match result {
            Ok(end) => end,
            Err(Trouble::Final(why)) => Some(Settled::Unknown(why)),
            Err(Trouble::Request(cause)) => self.again(cause, now, delay),
        }
    }

    fn go(&mut self, state: State) -> Result<Option<Settled>, Trouble> {
        self.state = state;
        Ok(None)
    }

    fn identified(
        &mut self,
        answer: Result<Vec<u16>, Cause>,
        facts: &mut Vec<Fact>,
    ) -> Result<Option<Settled>, Trouble> {
        let target = &self.plan.target;
        match identify::judge(crate::campaign::Role::Target, target, answer) {
            Shown::Welcome(fact, identity) => {
                let (then, now) = (self.intent.target_serial, identity.serial_number());
                if then.is_some() && then != now {
                    return Err(Trouble::Final(another_meter(&identify::place(target), then, now)));
                }
                facts.push(fact);
                self.go(State::Fence)
            }
            Shown::Stranger { pinned, answered } => {
                Err(Trouble::Final(another_meter(&identify::place(target), Some(pinned), Some(answered))))
            }
            Shown::Refused(refusal) => Err(Trouble::Final(refusal.to_string())),
            Shown::NoAnswer(cause) => Err(Trouble::Request(cause)),
        }
    }

    fn fenced(&mut self, words: &[u16], now: Now, facts: &mut Vec<Fact>) -> Result<Option<Settled>, Trouble> {
        if words != [FENCE] {
            let holds = words.first().copied().unwrap_or_default();
            return Err(Trouble::Request(Cause::Nonsense(format!(
                "register {BUFFER} was set to {FENCE:#06X} to stop a late command, and holds {holds:#06X}"
            ))));
        }
        facts.push(Fact::Fenced);
        self.last = None;
        self.wait(now)
    }

    fn wait(&mut self, now: Now) -> Result<Option<Settled>, Trouble> {
        self.go(State::Wait { until: now.steady + self.plan.options.settle })
    }

    fn looked(&mut self, words: &[u16], now: Now, facts: &mut Vec<Fact>) -> Result<Option<Settled>, Trouble> {
        self.looks += 1;
        let judgement = self.judge(words, now, facts);
        let agreed = self.last.as_ref() == Some(&judgement);
        let shown = self.shown(words);
        match &judgement {
            Judgement::Committed if agreed => {
                Ok(Some(Settled::Committed(format!("two looks found the staged energies; {shown}"))))
            }
            Judgement::CommittedEitherWay if agreed => Ok(Some(Settled::Committed(format!(
                "staged energies and pre-image differ by no more than the tolerance, so that it makes no difference; {shown}"
            )))),
            Judgement::NotCommitted if agreed => {
                Ok(Some(Settled::NotCommitted(format!("two looks found the pre-image; {shown}"))))
            }
            _ if self.looks < LOOKS => {
                self.last = Some(judgement);
                self.wait(now)
            }
            Judgement::Undecided(why) => Err(Trouble::Final(format!("{why}; {shown}"))),
            _ => Err(Trouble::Final(format!("{LOOKS} looks at the target do not agree; {shown}"))),
        }
    }

    fn judge(&self, words: &[u16], now: Now, facts: &mut Vec<Fact>) -> Judgement {
        let read = match Readings::from_wire(self.plan.target.model, words) {
            Ok(read) => read,
            Err(error) => return Judgement::Undecided(format!("the target's {error}")),
        };
        let (Some(since_intent), Some(since_pre_image)) =
            (self.intended.elapsed(now), self.pre_image_read.elapsed(now))
        else {
            return Judgement::Undecided("the clock went backwards since the intent was recorded".to_owned());
        };
        facts.push(Fact::Looked(Reading { readings: read.clone(), at: now.wall }));
        decide(&self.plan.options.verify, &self.intent, &read, since_intent, since_pre_image)
    }

    fn shown(&self, words: &[u16]) -> String {
        shown(self.plan.target.model, &self.intent, words)
    }

    fn again(&mut self, cause: Cause, now: Now, delay: impl FnOnce(u32) -> Duration) -> Option<Settled> {
        self.tries += 1;
        if self.tries >= self.plan.options.retry.attempts {
            let place = identify::place(&self.plan.target);
            let known = before_and_staged(&self.intent);
            return Some(Settled::Unknown(format!(
                "the target at {place} could not be looked at: {cause}; {known}"
            )));
        }
        self.last = None;
        self.looks = 0;
        self.state = State::Backoff { until: now.steady + delay(self.tries) };
        None
    }
}

enum Trouble {
    Request(Cause),
    Final(String),
}

fn another_meter(place: &str, then: Option<u32>, now: Option<u32>) -> String {
    let number = |serial: Option<u32>| serial.map_or_else(|| "none".to_owned(), |serial| serial.to_string());
    format!("another meter answers at {place}: serial number {}, expected {}", number(now), number(then))
}

/// The predicates of DESIGN.md §3, *Settle*.
fn decide(
    verify: &Verify,
    intent: &Intent,
    read: &Readings,
    since_intent: Duration,
    since_pre_image: Duration,
) -> Judgement {
    let bound = verify.bound_or_assumed();
    let fits_staged = bound.fits(&intent.staged, read, since_intent);
    let fits_pre_image = bound.fits(&intent.pre_image.readings, read, since_pre_image);
    match (fits_staged, fits_pre_image) {
        (true, false) => Judgement::Committed,
        (false, true) => Judgement::NotCommitted,
        (true, true) if intent.staged.within(&intent.pre_image.readings, verify.tolerance) => {
            Judgement::CommittedEitherWay
        }
        (true, true) => Judgement::Undecided(format!(
            "the target's energies can be the staged ones or the old ones, given up to {} kVA for {} s",
            bound.max_load / 1000,
            since_intent.as_secs()
        )),
        (false, false) => Judgement::Undecided(
            "the target's energies are neither the staged ones nor the old ones, nor what it can have counted since"
                .to_owned(),
        ),
    }
}

/// What a person compares the meter's display with.
pub(super) fn before_and_staged(intent: &Intent) -> String {
    let quantity = Quantity::RealEnergyIn;
    let kwh = |readings: &Readings| with_unit(quantity, readings.energy(quantity));
    format!("{quantity}: before {}, staged {}", kwh(&intent.pre_image.readings), kwh(&intent.staged))
}

fn shown(model: Model, intent: &Intent, words: &[u16]) -> String {
    let quantity = Quantity::RealEnergyIn;
    let read = Readings::from_wire(model, words)
        .map_or_else(|_| "not readable".to_owned(), |read| with_unit(quantity, read.energy(quantity)));
    format!("{}, read {read}", before_and_staged(intent))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::campaign::TargetEnergy;

    const SECOND: Duration = Duration::from_secs(1);

    fn real_in(value: i64) -> Readings {
        Readings::from_energies([value, 0, 0, 0, 0, 0, 0]).unwrap()
    }

    fn judge(max_load: Option<u64>, staged: i64, before: i64, read: i64) -> Judgement {
        let reading = |value| Reading { readings: real_in(value), at: Timestamp::UNIX_EPOCH };
        let intent = Intent {
            number: 1,
            attempt: 1,
            staged: real_in(staged),
            source: reading(staged),
            snapshot: None,
            pre_image: reading(before),
            source_serial: None,
            target_serial: None,
            target_energy: TargetEnergy::Replace,
            at: Timestamp::UNIX_EPOCH,
        };
        decide(&Verify { tolerance: 1000, max_load }, &intent, &real_in(read), SECOND, SECOND)
    }

    #[test]
    fn the_staged_energies_mean_committed_and_the_old_ones_not() {
        assert_eq!(judge(Some(250_000), 5_000_000, 0, 5_000_070), Judgement::Committed);
        assert_eq!(judge(Some(250_000), 5_000_000, 0, 70), Judgement::NotCommitted);
    }

    #[test]
    fn neither_and_both_are_undecided() {
        assert!(matches!(judge(Some(250_000), 5_000_000, 0, 4_000_000), Judgement::Undecided(_)));
        assert!(matches!(judge(None, 5_000_000, 4_990_000, 5_000_500), Judgement::Undecided(_)));
        assert_eq!(judge(Some(250_000), 5_000_000, 4_990_000, 5_000_500), Judgement::Committed);
    }

    #[test]
    fn a_difference_below_the_tolerance_makes_no_difference() {
        assert_eq!(judge(Some(250_000), 800, 0, 810), Judgement::CommittedEitherWay);
    }
}
