//! State 11: does the target hold what was staged, plus what it may have counted since?

use std::{sync::Arc, time::Duration};

use super::{
    Ask, BoundUsed, Cause, Fact, Intent, Now, Reading, Reply, Verification,
    clock::Since,
    identify::{self, Shown},
};
use crate::{
    campaign::{Role, Transfer},
    meter::{BUFFER, Bound, CARRY, FENCE, Quantity, READINGS_WORDS, Read, Readings, Write, distance},
};

/// How often a reading outside the bound is read again: it may have caught a carry between two registers.
const READS: u32 = 3;
/// Between a reading outside the bound and the next.
const PAUSE: Duration = Duration::from_secs(1);
/// How far apart the two reads are that measure growth: a twentieth of the time to explain, within these.
const GROWTH_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How much faster than measured the target may have counted before.
const GROWTH_FACTOR: i64 = 3;

/// How verification ended.
pub(super) enum Verified {
    /// A reading and its bound.
    Matches(Verification),
    /// The last of the readings that do not fit.
    Differs(Verification),
    /// The target could not be read, or the time since the intent is not known.
    NotRead(String),
}

#[derive(Debug, Clone)]
enum State {
    Identify,
    Fence,
    ReadFence,
    Read,
    Pause { until: Duration },
    FirstOfTwo,
    Between { first: Readings, read: Duration, until: Duration },
    SecondOfTwo { first: Readings, read: Duration },
    Backoff { until: Duration },
}

/// One verification of one intent.
#[derive(Debug, Clone)]
pub(super) struct Verifying {
    plan: Arc<Transfer>,
    intent: Intent,
    intended: Since,
    /// An earlier command may still come, and would set the energies back to what was staged.
    fence: bool,
    /// Growth that a carry could feign was measured twice.
    confirmed: bool,
    reads: u32,
    tries: u32,
    state: State,
}

impl Verifying {
    /// `identified`: the target answered with its serial number on the link that will be used. `fence`: a
    /// command of an earlier intent may still be on its way.
    pub(super) fn new(
        plan: Arc<Transfer>,
        intent: Intent,
        intended: Since,
        identified: bool,
        fence: bool,
    ) -> Self {
        let mut verifying = Self {
            plan,
            intent,
            intended,
            fence,
            confirmed: false,
            reads: 0,
            tries: 0,
            state: State::Identify,
        };
        if identified {
            verifying.state = verifying.once_identified();
        }
        verifying
    }

    fn once_identified(&self) -> State {
        if self.fence { State::Fence } else { State::Read }
    }

    pub(super) fn next(&self, now: Now) -> Ask {
        match &self.state {
            State::Identify => Ask::read_target(identify::request(&self.plan.target)),
            State::Fence => Ask::Write(Write::Single { register: BUFFER, word: FENCE }),
            State::ReadFence => Ask::read_target(Read { first: BUFFER, count: 1 }),
            State::Read | State::FirstOfTwo | State::SecondOfTwo { .. } => Ask::read_target(Read {
                first: self.plan.target.model.energies(),
                count: READINGS_WORDS as u16,
            }),
            State::Pause { until } | State::Between { until, .. } | State::Backoff { until } => {
                Ask::wait(until.saturating_sub(now.steady))
            }
        }
    }

    pub(super) fn handle(
        &mut self,
        now: Now,
        reply: Reply,
        delay: impl FnOnce(u32) -> Duration,
        facts: &mut Vec<Fact>,
    ) -> Option<Verified> {
        match (self.state.clone(), reply) {
            (State::Identify, Reply::Read(answer)) => self.identified(answer, now, delay, facts),
            (State::Fence, Reply::Written(Ok(()))) => self.go(State::ReadFence),
            (State::ReadFence, Reply::Read(Ok(words))) => self.fenced(&words, now, delay, facts),
            (State::Read, Reply::Read(Ok(words))) => self.read(&words, now),
            (State::FirstOfTwo, Reply::Read(Ok(words))) => self.first_of_two(&words, now),
            (State::SecondOfTwo { first, read }, Reply::Read(Ok(words))) => {
                self.second_of_two(&first, read, &words, now)
            }
            (State::Pause { .. }, Reply::Waited) => self.go(State::Read),
            (State::Between { first, read, .. }, Reply::Waited) => {
                self.go(State::SecondOfTwo { first, read })
            }
            (State::Backoff { .. }, Reply::Waited) => self.go(State::Identify),
            (_, Reply::Read(Err(cause)) | Reply::Written(Err(cause))) => self.again(cause, now, delay),
            _ => None,
        }
    }

    fn go(&mut self, state: State) -> Option<Verified> {
        self.state = state;
        None
    }

    fn identified(
        &mut self,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
        delay: impl FnOnce(u32) -> Duration,
        facts: &mut Vec<Fact>,
    ) -> Option<Verified> {
        let target = &self.plan.target;
        match identify::judge(Role::Target, target, answer) {
            Shown::Welcome(fact, identity) => {
                let then = self.intent.target_serial;
                if then.is_some() && then != identity.serial_number() {
                    return Some(Verified::NotRead(format!(
                        "another meter answers at {}",
                        identify::place(target)
                    )));
                }
                facts.push(fact);
                self.go(self.once_identified())
            }
            Shown::Stranger { pinned, answered } => Some(Verified::NotRead(format!(
                "another meter answers at {}: serial number {answered}, expected {pinned}",
                identify::place(target)
            ))),
            Shown::Refused(refusal) => Some(Verified::NotRead(refusal.to_string())),
            Shown::NoAnswer(cause) => self.again(cause, now, delay),
        }
    }

    fn fenced(
        &mut self,
        words: &[u16],
        now: Now,
        delay: impl FnOnce(u32) -> Duration,
        facts: &mut Vec<Fact>,
    ) -> Option<Verified> {
        if words != [FENCE] {
            let cause = Cause::Nonsense(format!("register {BUFFER} does not hold what was written to it"));
            return self.again(cause, now, delay);
        }
        facts.push(Fact::Fenced);
        self.fence = false;
        self.go(State::Read)
    }

    fn read(&mut self, words: &[u16], now: Now) -> Option<Verified> {
        let Some(elapsed) = self.intended.elapsed(now) else { return Some(clock_went_back()) };
        let bound = self.plan.options.verify.bound_or_tolerance();
        let used = self.bound_used(bound, elapsed);
        let read = match Readings::from_wire(self.plan.target.model, words) {
            Ok(read) => read,
            Err(error) => return self.outside(None, used, now, &error.to_string()),
        };
        let width = self.plan.options.verify.max_load.map_or(Duration::ZERO, |_| elapsed);
        let fits = bound.fits(&self.intent.staged, &read, width);
        let after = Reading { readings: read, at: now.wall };
        match (fits, self.plan.options.verify.max_load) {
            (true, _) => Some(Verified::Matches(Verification { after, bound: used })),
            (false, Some(_)) => self.outside(Some(after), used, now, "outside the bound"),
            (false, None) => self.go(State::FirstOfTwo),
        }
    }

    fn bound_used(&self, bound: Bound, elapsed: Duration) -> BoundUsed {
        match self.plan.options.verify.max_load {
            Some(_) => BoundUsed::MaxLoad { bound, width: bound.width(elapsed) },
            None => BoundUsed::Tolerance { tolerance: bound.tolerance },
        }
    }

    fn first_of_two(&mut self, words: &[u16], now: Now) -> Option<Verified> {
        let Some(elapsed) = self.intended.elapsed(now) else { return Some(clock_went_back()) };
        match Readings::from_wire(self.plan.target.model, words) {
            Ok(first) => self.measure_from(first, elapsed, now),
            Err(error) => {
                let tolerance = self.plan.options.verify.tolerance;
                self.outside(None, BoundUsed::Tolerance { tolerance }, now, &error.to_string())
            }
        }
    }

    fn measure_from(&mut self, first: Readings, elapsed: Duration, now: Now) -> Option<Verified> {
        let pause = (elapsed / 20).clamp(GROWTH_PAUSE.0, GROWTH_PAUSE.1);
        self.go(State::Between { first, read: now.steady, until: now.steady + pause })
    }

    fn second_of_two(
        &mut self,
        first: &Readings,
        read: Duration,
        words: &[u16],
        now: Now,
    ) -> Option<Verified> {
        let Some(elapsed) = self.intended.elapsed(now) else { return Some(clock_went_back()) };
        let tolerance = self.plan.options.verify.tolerance;
        let over = now.steady.saturating_sub(read).max(Duration::from_millis(1));
        let second = match Readings::from_wire(self.plan.target.model, words) {
            Ok(second) => second,
            Err(error) => {
                return self.outside(None, BoundUsed::Tolerance { tolerance }, now, &error.to_string());
            }
        };
        let growth = |quantity| distance(quantity, first, &second);
        let used = BoundUsed::MeasuredGrowth {
            tolerance,
            growth: Quantity::ALL.into_iter().map(growth).max().expect("seven quantities"),
            over_milliseconds: over.as_millis() as u64,
        };
        let explained = Quantity::ALL.into_iter().all(|quantity| {
            let width = explained_growth(growth(quantity), elapsed, over).saturating_add(tolerance);
            (0..=width).contains(&distance(quantity, &self.intent.staged, &second))
        });
        // A step back, or a jump that no load makes, is a carry that was caught half-way.
        let credible = self.plan.options.verify.bound_or_assumed().fits(first, &second, over);
        let like_a_carry = Quantity::ALL.into_iter().any(|quantity| growth(quantity) >= CARRY / 2);
        if explained && credible && like_a_carry && !self.confirmed {
            self.confirmed = true;
            return self.measure_from(second, elapsed, now);
        }
        let after = Reading { readings: second, at: now.wall };
        if explained && credible {
            Some(Verified::Matches(Verification { after, bound: used }))
        } else {
            self.outside(Some(after), used, now, "not explained by the growth that was measured")
        }
    }

    fn outside(&mut self, after: Option<Reading>, bound: BoundUsed, now: Now, why: &str) -> Option<Verified> {
        self.reads += 1;
        self.confirmed = false;
        if self.reads < READS {
            return self.go(State::Pause { until: now.steady + PAUSE });
        }
        Some(match after {
            Some(after) => Verified::Differs(Verification { after, bound }),
            None => Verified::NotRead(format!("the target's energies are not readable: {why}")),
        })
    }

    fn again(&mut self, cause: Cause, now: Now, delay: impl FnOnce(u32) -> Duration) -> Option<Verified> {
        self.tries += 1;
        if self.tries >= self.plan.options.retry.attempts {
            let place = identify::place(&self.plan.target);
            let what = match self.fence {
                true => "could not be fenced against an earlier command that may come late",
                false => "could not be read",
            };
            return Some(Verified::NotRead(format!("the target at {place} {what}: {cause}")));
        }
        self.go(State::Backoff { until: now.steady + delay(self.tries) })
    }
}

fn clock_went_back() -> Verified {
    Verified::NotRead("the clock went backwards since the intent was recorded".to_owned())
}

/// What a target that grew by `growth` over `over` may have counted in `elapsed`.
fn explained_growth(growth: i64, elapsed: Duration, over: Duration) -> i64 {
    let explained = i128::from(GROWTH_FACTOR) * i128::from(growth) * (elapsed.as_millis() as i128)
        / (over.as_millis() as i128);
    i64::try_from(explained).unwrap_or(i64::MAX / 2)
}
