//! The turn at a gate: whoever holds it asks, over the one connection, and passes the turn on.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Down, Gate, Kept, lock};
use crate::{
    campaign::{Endpoint, Retry, Unit},
    meter::{Read, Write},
    modbus::{Link, Open},
    transfer::Cause,
};

/// The right to use one gateway. Passed on when dropped.
pub(in crate::run) struct Permit<L: Open> {
    /// Empty only while it is passed on.
    gate: Option<Arc<Gate<L>>>,
}

impl<L: Open> Drop for Permit<L> {
    fn drop(&mut self) {
        let Some(gate) = self.gate.take() else { return };
        let mut permit = Permit::of(&gate);
        loop {
            let next = {
                let mut turns = lock(&gate.turns);
                let next = turns.next();
                if next.is_none() {
                    gate.becomes_idle();
                }
                next
            };
            let Some(next) = next else {
                permit.gate = None;
                return;
            };
            match next.send(permit) {
                Ok(()) => return,
                // Whoever waited was stopped: the next one, then.
                Err(back) => permit = back,
            }
        }
    }
}

impl<L: Open> Permit<L> {
    pub(super) fn of(gate: &Arc<Gate<L>>) -> Self {
        Self { gate: Some(Arc::clone(gate)) }
    }

    fn gate(&self) -> &Gate<L> {
        self.gate.as_deref().expect("a permit has its gate until it is dropped")
    }

    /// Waits until the gateway has had its silence since the last answer.
    pub(in crate::run) async fn pace(&self) {
        let pace = self.gate().gateway.settings.pace;
        let answered = lock(&self.gate().slot).answered;
        if let (false, Some(answered)) = (pace == Duration::ZERO, answered) {
            tokio::time::sleep_until(answered + pace).await;
        }
    }

    /// The gateway's failed connections, if its next try is not due yet.
    pub(in crate::run) fn down(&self) -> Option<Down> {
        let slot = lock(&self.gate().slot);
        slot.trouble.down().filter(|down| down.until > Instant::now()).cloned()
    }

    /// What need not be asked: of a gateway or a unit that was tried as often as `retry` allows, or of a gateway whose
    /// next try is not due yet.
    pub(in crate::run) fn in_vain(&self, unit: Unit, retry: &Retry) -> Option<Result<Cause, Down>> {
        if let Some(down) = self.down() {
            return Some(down.given_up(retry).ok_or(down));
        }
        let asked = lock(&self.gate().slot).trouble.silences(unit);
        (asked >= retry.attempts).then_some(Ok(Cause::UnitGivenUp { asked }))
    }

    /// What follows from an answer, if it is that there was no connection: the gateway was tried as often as `retry`
    /// allows, or is tried again.
    pub(in crate::run) fn not_reached<T>(
        &self,
        answer: &Result<T, Cause>,
        retry: &Retry,
    ) -> Option<Result<Cause, Down>> {
        let down = self.down().filter(|_| matches!(answer, Err(Cause::NoConnection(_))))?;
        Some(down.given_up(retry).ok_or(down))
    }

    /// Reads registers, unless that is known to be in vain. `Err`: the gateway's next try has to be waited for.
    pub(in crate::run) async fn ask(
        &self,
        endpoint: &Endpoint,
        read: Read,
        retry: &Retry,
    ) -> Result<Result<Vec<u16>, Cause>, Down> {
        if let Some(known) = self.in_vain(endpoint.unit, retry) {
            return known.map(Err);
        }
        let answer = self.read(endpoint, read, retry).await;
        match self.not_reached(&answer, retry) {
            Some(known) => known.map(Err),
            None => Ok(answer),
        }
    }

    /// Reads registers. A connection that was kept and turns out to be closed is made anew once: many
    /// gateways close an idle one, and a read may always be repeated. Not behind a portable gateway: with the
    /// connection, the meter may have changed. Should the gateway not be reached, the next try follows as `retry` says.
    pub(in crate::run) async fn read(
        &self,
        endpoint: &Endpoint,
        read: Read,
        retry: &Retry,
    ) -> Result<Vec<u16>, Cause> {
        let (kept, was_kept) = self.link(retry).await?;
        let asked = Instant::now();
        let result = kept.link.read(endpoint, read).await;
        self.keep(kept, asked, &result);
        let lost = matches!(result, Err(Cause::Dropped(_)));
        if was_kept && lost && !self.gate().gateway.portable {
            self.pace().await;
            let kept = self.connect(retry).await?;
            let asked = Instant::now();
            let result = kept.link.read(endpoint, read).await;
            self.keep(kept, asked, &result);
            return self.note(endpoint.unit, result, true, retry);
        }
        self.note(endpoint.unit, result, !was_kept, retry)
    }

    /// Gives up the connection.
    pub(in crate::run) async fn disconnect(&self) {
        let kept = lock(&self.gate().slot).link.take();
        if let Some(kept) = kept {
            kept.link.close().await;
        }
    }

    /// The kept connection, or a new one; and whether it was kept.
    async fn link(&self, retry: &Retry) -> Result<(Kept<L>, bool), Cause> {
        let kept = lock(&self.gate().slot).link.take().filter(|kept| kept.link.is_usable());
        match kept {
            Some(kept) => Ok((kept, true)),
            None => Ok((self.connect(retry).await?, false)),
        }
    }

    async fn connect(&self, retry: &Retry) -> Result<Kept<L>, Cause> {
        let Gate { gateway, wires, slot, .. } = self.gate();
        let room = match &wires.budget {
            Some(budget) => Some(budget.room().await),
            None => None,
        };
        let began = Instant::now();
        let opened = L::open(&*wires.connector, Arc::clone(gateway), wires.trace.clone()).await;
        let mut slot = lock(slot);
        slot.traffic.opened(&opened, began.elapsed());
        if let Err(Cause::NoConnection(why)) = &opened {
            slot.trouble.not_connected(why.clone(), retry);
        }
        Ok(Kept { link: opened?, room })
    }

    fn keep<T>(&self, kept: Kept<L>, asked: Instant, result: &Result<T, Cause>) {
        let mut slot = lock(&self.gate().slot);
        slot.traffic.asked(result, asked.elapsed());
        slot.answered = Some(Instant::now());
        slot.link = kept.link.is_usable().then_some(kept);
    }

    /// Learns from what came of a request.
    fn note<T>(
        &self,
        unit: Unit,
        result: Result<T, Cause>,
        is_first: bool,
        retry: &Retry,
    ) -> Result<T, Cause> {
        let trouble = &mut lock(&self.gate().slot).trouble;
        match &result {
            Err(Cause::Dropped(why)) if is_first && trouble.closed_at_once(unit, why, retry) => {
                Err(Cause::NoConnection(why.clone()))
            }
            _ => {
                trouble.asked(unit, &result);
                result
            }
        }
    }
}

impl Permit<Link> {
    /// Writes; `Ok` is the exact echo. Never repeated.
    pub(in crate::run) async fn write(
        &self,
        endpoint: &Endpoint,
        write: Write,
        retry: &Retry,
    ) -> Result<(), Cause> {
        let (kept, _) = self.link(retry).await?;
        let asked = Instant::now();
        let result = kept.link.write(endpoint, write).await;
        self.keep(kept, asked, &result);
        lock(&self.gate().slot).trouble.asked(endpoint.unit, &result);
        result
    }
}
