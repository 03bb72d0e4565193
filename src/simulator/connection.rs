//! One connection to a gateway: bytes in, one request after the other through the bus, bytes out.
//! Knows nothing of registers; what a request means is the unit's business. One task a connection, and no memory taken
//! a request.

use std::io;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fault::{Deliver, Plan};
use super::link::Slot;
use super::mangle;
use super::mbap::{self, HEADER, Header, Heard};
use super::pdu::Request;
use super::shared::Shared;

/// A client that sends more than this ahead has to wait.
const MOST_HEARD: usize = 2_048;
/// Room for one read.
const ROOM: usize = 512;

/// Serves a connection in a task of its own until either end closes it or the gateway goes away.
pub(super) fn spawn<S>(shared: Arc<Shared>, slot: Arc<Slot>, online: CancellationToken, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = Connection {
        shared,
        slot,
        stream,
        heard: Vec::new(),
        answer: Vec::new(),
        request: Request::default(),
        late: Vec::new(),
        spoken_to: [0; 4],
        ended: false,
    };
    tokio::spawn(async move {
        if let Some(Err(error)) = online.run_until_cancelled(connection.serve()).await {
            tracing::trace!(%error, "a connection broke");
        }
    });
}

struct Connection<S> {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    stream: S,
    heard: Vec<u8>,
    answer: Vec<u8>,
    request: Request,
    late: Vec<Late>,
    /// One bit for every unit that was addressed.
    spoken_to: [u64; 4],
    /// The client will say no more.
    ended: bool,
}

/// An answer that is held back.
struct Late {
    due: Instant,
    answer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn serve(mut self) -> io::Result<()> {
        loop {
            match mbap::next(&self.heard) {
                Heard::Frame(header, pdu) => {
                    self.request.fill(&self.heard[pdu.clone()]);
                    self.heard.drain(..pdu.end);
                    if self.serve_request(header).await?.is_break() {
                        return Ok(());
                    }
                }
                Heard::Nonsense => return Ok(()),
                Heard::Part if self.ended => return Ok(()),
                Heard::Part => self.turn(None).await?,
            }
        }
    }

    async fn serve_request(&mut self, header: Header) -> io::Result<ControlFlow<()>> {
        let plan = self.on_the_bus(header).await?;
        self.pause(self.shared.settings().latency).await?;
        if let Some(bend) = plan.bend.filter(|_| self.has_answer()) {
            mangle::bend(&mut self.answer, bend);
        }
        self.deliver(plan.deliver).await
    }

    /// All that happens while the bus is taken. Leaves the answer, if there is one, in `self.answer`.
    async fn on_the_bus(&mut self, header: Header) -> io::Result<Plan> {
        let shared = Arc::clone(&self.shared);
        let mut free = pin!(shared.bus());
        let _bus = loop {
            tokio::select! {
                biased;
                bus = &mut free => break bus,
                turn = self.turn(None), if !self.ended => turn?,
            }
        };
        let is_first = self.first_to(header.unit);
        let plan = shared.receive(header.unit, &self.request, is_first);
        self.pause(shared.settings().bus_time + plan.delay).await?;
        mbap::begin(&mut self.answer, header);
        shared.carry_out(header.unit, &self.request, &plan, &mut self.answer);
        mbap::finish(&mut self.answer);
        if plan.waits_in_vain() {
            self.pause(shared.settings().unit_timeout).await?;
        }
        Ok(plan)
    }

    async fn deliver(&mut self, how: Deliver) -> io::Result<ControlFlow<()>> {
        let half = self.answer.len() / 2;
        match how {
            Deliver::Close => return Ok(ControlFlow::Break(())),
            _ if !self.has_answer() => {}
            Deliver::Whole => self.stream.write_all(&self.answer).await?,
            Deliver::Nothing => {}
            Deliver::Late(time) => {
                let due = Instant::now() + time;
                self.late.push(Late { due, answer: self.answer.clone() });
            }
            Deliver::Half => self.stream.write_all(&self.answer[..half]).await?,
            Deliver::HalfThenClose => {
                self.stream.write_all(&self.answer[..half]).await?;
                return Ok(ControlFlow::Break(()));
            }
            Deliver::ByteByByte(apart) => self.deliver_bytes(apart).await?,
        }
        Ok(ControlFlow::Continue(()))
    }

    /// A request that was not executed may have left a bare header.
    fn has_answer(&self) -> bool {
        self.answer.len() > HEADER
    }

    async fn deliver_bytes(&mut self, apart: Duration) -> io::Result<()> {
        for place in 0..self.answer.len() {
            self.stream.write_all(&self.answer[place..=place]).await?;
            self.pause(apart).await?;
        }
        Ok(())
    }

    /// Lets time pass, without turning a deaf ear to the client and without forgetting late answers.
    async fn pause(&mut self, time: Duration) -> io::Result<()> {
        if time.is_zero() {
            return Ok(());
        }
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.turn(Some(until)).await?;
        }
        Ok(())
    }

    /// Waits until something is heard, a late answer has been sent, or `until`.
    async fn turn(&mut self, until: Option<Instant>) -> io::Result<()> {
        let late = self.late.iter().map(|late| late.due).min();
        let wake = [until, late].into_iter().flatten().min();
        self.heard.reserve(ROOM);
        tokio::select! {
            biased;
            read = self.stream.read_buf(&mut self.heard), if !self.ended && self.heard.len() < MOST_HEARD => {
                if read? == 0 {
                    self.ended = true;
                    self.slot.release();
                }
            }
            () = reach(wake) => self.deliver_late().await?,
        }
        Ok(())
    }

    async fn deliver_late(&mut self) -> io::Result<()> {
        let now = Instant::now();
        while let Some(place) = self.first_late(now) {
            let late = self.late.remove(place);
            self.stream.write_all(&late.answer).await?;
        }
        Ok(())
    }

    fn first_late(&self, now: Instant) -> Option<usize> {
        let due = (0..self.late.len()).filter(|&place| self.late[place].due <= now);
        due.min_by_key(|&place| self.late[place].due)
    }

    fn first_to(&mut self, unit: u8) -> bool {
        let (word, bit) = (usize::from(unit / 64), 1 << (unit % 64));
        let is_first = self.spoken_to[word] & bit == 0;
        self.spoken_to[word] |= bit;
        is_first
    }
}

async fn reach(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
