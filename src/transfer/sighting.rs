//! A look at one meter for its own sake: who is it, and what has it counted? Asks as a survey asks the source, and
//! trusts no less: the serial number is compared, and two readings must agree. It can only read.

use std::sync::Arc;

use super::{
    Cause, Failure, Identity, Look, Now, Reading, Refusal, Reply, Step,
    carried::Timed,
    identify::{self, Shown},
    survey::steady,
};
use crate::{
    campaign::{Endpoint, Retry, Role, Transfer},
    meter::{READINGS_WORDS, Read, Readings},
};

/// What a meter showed.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Which meter of the transfer it is.
    pub role: Role,
    /// What it answered when it was asked who it is.
    pub identity: Identity,
    /// Its energies, read twice and found steady; the second of the two readings.
    pub reading: Reading,
}

/// How a look ended.
#[derive(Debug, Clone)]
pub enum Sighted {
    /// The meter was read.
    Read(Box<Sight>),
    /// Another meter is there, behind a gateway that goes from meter to meter.
    NotHere {
        /// In a sentence.
        reason: String,
    },
    /// It is another meter, or what it shows is no reading.
    Refused(Box<Refusal>),
    /// It gave no usable answer.
    Failed(Box<Failure>),
}

#[derive(Debug, Clone)]
enum State {
    Identify,
    OneOff { pinned: u32, answered: u32 },
    Energies { identity: Identity, last: Option<Timed>, reads: u32 },
    Over(Sighted),
}

/// A look at one meter of a transfer, or at whichever of the two is there where they share an address.
#[derive(Debug, Clone)]
pub struct Sighting {
    plan: Arc<Transfer>,
    role: Role,
    state: State,
}

impl Sighting {
    /// A look at the meter with this role. Nothing where the transfer has none: its readings are in the job.
    pub fn new(plan: Arc<Transfer>, role: Role) -> Option<Self> {
        // Who shares an address is looked for one after the other.
        let role = if plan.is_swap() { Role::Source } else { role };
        plan.endpoint(role)?;
        Some(Self { plan, role, state: State::Identify })
    }

    /// The transfer.
    pub fn plan(&self) -> &Arc<Transfer> {
        &self.plan
    }

    /// Which meter it is about, as far as is known.
    pub fn role(&self) -> Role {
        self.role
    }

    /// How often and how soon to try again.
    pub fn retry(&self) -> &Retry {
        &self.plan.options.retry
    }

    /// The meter it is about.
    pub fn endpoint(&self) -> &Endpoint {
        self.plan.endpoint(self.role).expect("a look begins only where there is a meter")
    }

    /// Where it is.
    pub fn step(&self) -> Step {
        match self.state {
            State::Identify | State::OneOff { .. } => Step::Identify,
            State::Energies { .. } | State::Over(_) => Step::ReadSource,
        }
    }

    /// What to do next, or how it ended.
    pub fn next(&self) -> Result<Look, &Sighted> {
        let endpoint = self.endpoint();
        let read = match &self.state {
            State::Identify => identify::request(endpoint),
            State::OneOff { .. } => identify::request_one_off(endpoint),
            State::Energies { .. } => Read { first: endpoint.model.energies(), count: READINGS_WORDS as u16 },
            State::Over(end) => return Err(end),
        };
        Ok(Look::Read(self.role, read))
    }

    /// Takes the answer.
    pub fn handle(&mut self, now: Now, reply: Reply) {
        let Reply::Read(answer) = reply else { return };
        let state = std::mem::replace(&mut self.state, State::Identify);
        self.state = match state {
            State::Identify => self.identified(answer),
            State::OneOff { pinned, answered } => {
                refused(identify::refuse_stranger(self.role, self.endpoint(), pinned, answered, answer))
            }
            State::Energies { identity, last, reads } => self.read(identity, last, reads + 1, answer, now),
            over @ State::Over(_) => over,
        };
    }

    fn identified(&mut self, answer: Result<Vec<u16>, Cause>) -> State {
        let endpoint = self.endpoint();
        let other_may_be_here = self.plan.is_swap() && self.role == Role::Source;
        match identify::judge(self.role, endpoint, answer) {
            Shown::Welcome(_, identity) => State::Energies { identity, last: None, reads: 0 },
            Shown::NoAnswer(cause) => self.failed(Step::Identify, cause),
            Shown::Stranger { .. } | Shown::Refused(_) if other_may_be_here => {
                self.role = Role::Target;
                State::Identify
            }
            Shown::Stranger { answered, .. } if endpoint.gateway.portable => {
                let (place, role) = (identify::place(endpoint), self.role);
                let reason = if self.plan.is_swap() {
                    format!("neither meter is at {place}: serial number {answered} answers")
                } else {
                    format!("the {role} is not at {place}: serial number {answered} answers")
                };
                State::Over(Sighted::NotHere { reason })
            }
            Shown::Stranger { pinned, answered } => State::OneOff { pinned, answered },
            Shown::Refused(refusal) => refused(refusal),
        }
    }

    fn read(
        &self,
        identity: Identity,
        last: Option<Timed>,
        reads: u32,
        answer: Result<Vec<u16>, Cause>,
        now: Now,
    ) -> State {
        let words = match answer {
            Ok(words) => words,
            Err(cause) => return self.failed(Step::ReadSource, cause),
        };
        let role = self.role;
        let readings = match Readings::from_wire(self.endpoint().model, &words) {
            Ok(readings) => readings,
            Err(error) => return refused(Refusal::BadReadings { role, error }),
        };
        let this = Timed { reading: Reading { readings, at: now.wall }, steady: now.steady };
        let verify = &self.plan.options.verify;
        match last.map_or(Ok(false), |last| steady(verify, role, &last, &this, reads)) {
            Ok(true) => State::Over(Sighted::Read(Box::new(Sight { role, identity, reading: this.reading }))),
            Ok(false) => State::Energies { identity, last: Some(this), reads },
            Err(failure) => State::Over(Sighted::Failed(Box::new(failure))),
        }
    }

    fn failed(&self, step: Step, cause: Cause) -> State {
        let place = identify::place(self.endpoint());
        State::Over(Sighted::Failed(Box::new(Failure::Request { step, role: self.role, place, cause })))
    }
}

fn refused(refusal: Refusal) -> State {
    State::Over(Sighted::Refused(Box::new(refusal)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        campaign::{Address, Gateway, SerialNumber, TransferKey, Unit},
        meter::{Addressing, Model},
    };

    const NOW: Now = Now { wall: Timestamp::UNIX_EPOCH, steady: std::time::Duration::ZERO };

    fn transfer(portable: bool, target_unit: u8) -> Arc<Transfer> {
        let address = Address::Tcp { host: "meters.example".to_owned(), port: 502 };
        let gateway = Arc::new(Gateway { portable, ..Gateway::new(address) });
        let endpoint = |unit, serial| Endpoint {
            model: Model::Pm800,
            gateway: Arc::clone(&gateway),
            unit: Unit::new(unit).unwrap(),
            serial_number: SerialNumber::Pinned(serial),
            addressing: Addressing::Modbus,
        };
        let key = TransferKey { campaign: "c".into(), id: "t".into() };
        Arc::new(Transfer::new(key, endpoint(1, 7), endpoint(target_unit, 8)))
    }

    fn serial(number: u16) -> Vec<u16> {
        vec![number, 0]
    }

    /// A reading whose first register is `low`, and its second `high`.
    fn energies(low: u16, high: u16) -> Vec<u16> {
        let mut words = vec![0; READINGS_WORDS];
        (words[0], words[1]) = (low, high);
        words
    }

    fn played(transfer: Arc<Transfer>, role: Role, answers: impl IntoIterator<Item = Vec<u16>>) -> Sighted {
        let mut sighting = Sighting::new(transfer, role).unwrap();
        for answer in answers {
            assert!(sighting.next().is_ok(), "it asks for more than it needs");
            sighting.handle(NOW, Reply::Read(Ok(answer)));
        }
        sighting.next().expect_err("it is over").clone()
    }

    #[test]
    fn a_torn_reading_is_never_kept() {
        // 9999 and one more, read between the two registers: 1·10⁴ + 9999.
        let answers = [serial(7), energies(9999, 1), energies(0, 1), energies(1, 1)];
        let Sighted::Read(sight) = played(transfer(false, 2), Role::Source, answers) else { panic!() };
        assert_eq!(sight.reading.readings.energies()[0], 10_001);
        let torn = (0..5).map(|read| energies(if read % 2 == 0 { 9999 } else { 0 }, 1));
        let end = played(transfer(false, 2), Role::Source, std::iter::once(serial(7)).chain(torn));
        assert!(matches!(end, Sighted::Failed(failure) if matches!(*failure, Failure::Unsteady { .. })));
    }

    #[test]
    fn a_stranger_is_refused_or_behind_a_portable_gateway_not_here_yet() {
        let end = played(transfer(false, 2), Role::Target, [serial(9), serial(0)]);
        assert!(matches!(end, Sighted::Refused(_)), "{end:?}");
        let end = played(transfer(true, 2), Role::Target, [serial(9)]);
        assert!(matches!(end, Sighted::NotHere { .. }), "{end:?}");
    }

    #[test]
    fn at_a_shared_address_either_meter_is_welcome_and_nobody_else() {
        for (answers, role) in [(vec![serial(7)], Role::Source), (vec![serial(8), serial(8)], Role::Target)] {
            let reads = [energies(5, 0), energies(5, 0)];
            let end = played(transfer(false, 1), Role::Source, answers.into_iter().chain(reads));
            assert!(matches!(&end, Sighted::Read(sight) if sight.role == role), "{end:?}");
        }
        let end = played(transfer(false, 1), Role::Source, [serial(9), serial(9), serial(0)]);
        assert!(matches!(end, Sighted::Refused(_)), "{end:?}");
    }
}
