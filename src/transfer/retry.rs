//! Delays between tries: exponential, with a jitter that comes from a seed, so that a run can be repeated.

use std::time::Duration;

use crate::campaign::Retry;

/// A small generator (SplitMix64, Steele et al. 2014): plain state, the same on every machine.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

impl SplitMix {
    /// The generator that begins at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Delays that differ a little from each other.
#[derive(Debug, Clone)]
pub(super) struct Jitter(SplitMix);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(SplitMix::new(seed))
    }

    /// The delay before try `attempt + 1`: between half of and the whole doubled backoff.
    pub(super) fn delay(&mut self, retry: &Retry, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(20);
        let whole = retry.backoff.saturating_mul(1 << doublings).min(retry.max_backoff);
        let half = whole / 2;
        let part = self.0.draw() % 1024;
        half + half * u32::try_from(part).expect("below 1024") / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_limit_and_repeat_with_the_seed() {
        let retry =
            Retry { attempts: 9, backoff: Duration::from_millis(500), max_backoff: Duration::from_secs(10) };
        let delays = |seed| {
            let mut jitter = Jitter::new(seed);
            (1..9).map(|attempt| jitter.delay(&retry, attempt)).collect::<Vec<_>>()
        };
        assert_eq!(delays(7), delays(7));
        assert_ne!(delays(7), delays(8));
        for (place, delay) in delays(7).into_iter().enumerate() {
            let whole = Duration::from_millis(500 << place).min(Duration::from_secs(10));
            assert!(delay >= whole / 2 && delay <= whole, "{place}: {delay:?}");
        }
    }
}
