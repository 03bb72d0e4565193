//! What a gateway owes: connections that failed in a row, and units that kept silent. It belongs to the gateway and not
//! to the transfers behind it, so that these do not all find out for themselves, each with tries of its own.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{
    campaign::{Retry, Unit},
    transfer::Cause,
};

/// What is wrong with a gateway now.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    down: Option<Down>,
    /// A new connection was closed in answer to a request to this unit. By the unit, or the gateway?
    closed_for: Option<Unit>,
    silent: HashMap<Unit, u32>,
}

/// A gateway that cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct Down {
    /// Connections that failed in a row.
    pub tries: u32,
    /// It is not tried again before.
    pub until: Instant,
    /// What the last one came to.
    pub why: String,
}

impl Down {
    /// What a transfer that allows so many tries is told, if there were as many. The tries are the gateway's: they
    /// are not made again for each transfer behind it.
    pub(super) fn given_up(&self, retry: &Retry) -> Option<Cause> {
        let Self { tries, why, .. } = self;
        (*tries >= retry.attempts).then(|| Cause::GatewayGivenUp { tries: *tries, why: why.clone() })
    }
}

impl Trouble {
    /// The connections that failed since the last that worked.
    pub(super) fn down(&self) -> Option<&Down> {
        self.down.as_ref()
    }

    /// How often in a row a unit kept silent.
    pub(super) fn silences(&self, unit: Unit) -> u32 {
        self.silent.get(&unit).copied().unwrap_or_default()
    }

    /// A connection failed. The next follows after a delay as between tries of `retry`.
    pub(super) fn not_connected(&mut self, why: String, retry: &Retry) {
        let tries = self.down.as_ref().map_or(0, |down| down.tries) + 1;
        self.down = Some(Down { tries, until: Instant::now() + delay(retry, tries), why });
    }

    /// A new connection was lost before the first answer. A gateway whose connections are all taken may grant one and
    /// close it at once; but one that drops it for the sake of a unit must not keep the other units waiting. It is the
    /// gateway if it happens to two units in a row. Whether it is.
    pub(super) fn closed_at_once(&mut self, unit: Unit, why: &str, retry: &Retry) -> bool {
        let another = self.closed_for.replace(unit).is_some_and(|before| before != unit);
        let is_gateway = self.down.is_some() || another;
        if is_gateway {
            self.not_connected(format!("it was closed at once: {why}"), retry);
        }
        is_gateway
    }

    /// What came of a request that was sent over a connection that had worked, or of the first over a new one.
    pub(super) fn asked<T>(&mut self, unit: Unit, result: &Result<T, Cause>) {
        match result {
            Err(Cause::NoConnection(_) | Cause::NotSilent(_) | Cause::Dropped(_)) => return,
            Err(cause) if cause.is_silence() => *self.silent.entry(unit).or_default() += 1,
            Ok(_) | Err(_) => drop(self.silent.remove(&unit)),
        }
        (self.down, self.closed_for) = (None, None);
    }
}

fn delay(retry: &Retry, tries: u32) -> Duration {
    retry.backoff.saturating_mul(1 << (tries - 1).min(20)).min(retry.max_backoff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> [Unit; 2] {
        [1, 2].map(|unit| Unit::new(unit).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn tries_of_a_gateway_are_further_and_further_apart_until_it_answers() {
        let (mut trouble, retry) = (Trouble::default(), Retry::default());
        let mut waits = Vec::new();
        for _ in 0..7 {
            trouble.not_connected("refused".to_owned(), &retry);
            waits.push((trouble.down().unwrap().until - Instant::now()).as_millis());
        }
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
        trouble.asked(units()[0], &Ok(()));
        assert_eq!(trouble.down(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_closed_at_once_is_the_units_fault_until_it_happens_to_another() {
        let (mut trouble, retry, [one, other]) = (Trouble::default(), Retry::default(), units());
        assert!(!trouble.closed_at_once(one, "end of file", &retry));
        assert!(!trouble.closed_at_once(one, "end of file", &retry));
        assert!(trouble.closed_at_once(other, "end of file", &retry));
        assert!(trouble.closed_at_once(other, "end of file", &retry));
        assert_eq!(trouble.down().unwrap().tries, 2);
    }

    #[test]
    fn a_unit_is_silent_until_it_answers() {
        let (mut trouble, [one, other]) = (Trouble::default(), units());
        let silence = Err::<(), _>(Cause::NoAnswer(Duration::from_secs(2)));
        trouble.asked(one, &silence);
        trouble.asked(one, &silence);
        assert_eq!((trouble.silences(one), trouble.silences(other)), (2, 0));
        trouble.asked(one, &Err::<(), _>(Cause::Exception(crate::transfer::Exception(2))));
        assert_eq!(trouble.silences(one), 0);
    }
}
