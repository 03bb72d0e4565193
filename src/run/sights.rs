//! Looks at single meters, many at once, each gateway one request at a time, with the patience of a run. The links it
//! uses have no way to write.

use tokio::time::Instant;

use super::{
    Gates, LookSettings, StopLevel,
    gate::Down,
    look::{backoff, slept},
};
use crate::{
    campaign::Endpoint,
    meter::Read,
    modbus::ReadLink,
    transfer::{Cause, Look, Reply, RetryClass, Sighted, Sighting},
};

/// What all looks of one command share.
pub struct Sights {
    gates: Gates<ReadLink>,
    settings: LookSettings,
}

impl Sights {
    /// For looks at any of these meters.
    pub fn new<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>, settings: LookSettings) -> Self {
        let gates = settings.gates(endpoints);
        Self { gates, settings }
    }

    /// How many looks to keep under way.
    pub fn parallel(&self) -> usize {
        self.settings.at_a_time(&self.gates)
    }

    /// Looks, and tries again as the job says. `None` if somebody asked to stop before it was over.
    pub async fn look(&self, sighting: &Sighting) -> Option<Sighted> {
        let retry = sighting.retry();
        let mut attempt = 1;
        loop {
            match self.try_once(sighting.clone()).await? {
                Sighted::Failed(failure)
                    if failure.retry() == RetryClass::Again && attempt < retry.attempts =>
                {
                    if !slept(backoff(retry, attempt), &self.settings).await {
                        return None;
                    }
                    attempt += 1;
                }
                end => return Some(end),
            }
        }
    }

    async fn try_once(&self, mut sighting: Sighting) -> Option<Sighted> {
        loop {
            if self.settings.stop.level() > StopLevel::Go {
                return None;
            }
            let reply = match sighting.next() {
                Err(end) => return Some(end.clone()),
                Ok(Look::Read(_, read)) => match self.ask(&sighting, read).await {
                    Ok(answer) => Reply::Read(answer),
                    Err(down) => {
                        let delay = down.until.saturating_duration_since(Instant::now());
                        if !slept(delay, &self.settings).await {
                            return None;
                        }
                        continue;
                    }
                },
                Ok(Look::Wait(delay)) => {
                    if !slept(delay, &self.settings).await {
                        return None;
                    }
                    Reply::Waited
                }
            };
            sighting.handle(self.settings.clock.now(), reply);
        }
    }

    /// Asks at a gateway, unless that is known to be in vain or has to wait until the gateway is tried again.
    async fn ask(&self, sighting: &Sighting, read: Read) -> Result<Result<Vec<u16>, Cause>, Down> {
        let (endpoint, retry) = (sighting.endpoint(), sighting.retry());
        let permit = self.gates.enter(endpoint, sighting.step()).await;
        permit.pace().await;
        permit.ask(endpoint, read, retry).await
    }
}
