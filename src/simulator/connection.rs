//! One connection to a gateway, or the line all its connections share: bytes in, one request after the other through the
//! bus, bytes out. Knows nothing of registers; what a request means is the unit's business. One task a connection or line,
//! and no memory taken a request.

use std::io;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::fault::{Deliver, Plan};
use super::framing::{Framing, Header, Heard};
use super::late::{Held, Late};
use super::line::Line;
use super::link::Slot;
use super::mangle;
use super::pdu::Request;
use super::shared::Shared;

/// A client that sends more than this ahead has to wait.
const MOST_HEARD: usize = 2_048;
/// Room for one read.
const ROOM: usize = 512;
/// After so long without a byte, what was heard on a line and is no frame is forgotten. A slave waits for 3.5 characters
/// (4 ms at 9600 baud); here bytes come through sockets, and a busy machine must not be taken for a silent line.
const QUIET: Duration = Duration::from_millis(50);

/// Serves a connection in a task of its own until either end closes it or the gateway goes away.
pub(super) fn spawn<S>(shared: &Arc<Shared>, slot: Arc<Slot>, online: CancellationToken, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match shared.settings().framing {
        Framing::Mbap => Connection::new(shared, End::Client(slot), stream).spawn(online),
        Framing::Rtu => shared.line(|| begin_line(shared)).connect(slot, online, stream),
    }
}

/// A line, served in a task of its own until the gateway goes away.
fn begin_line(shared: &Arc<Shared>) -> Arc<Line> {
    let (line, end) = Line::new();
    Connection::new(shared, End::Line(Arc::clone(&line)), end).spawn(shared.alive.clone());
    line
}

struct Connection<S> {
    shared: Arc<Shared>,
    framing: Framing,
    end: End,
    stream: S,
    heard: Vec<u8>,
    /// When the last byte came.
    heard_at: Instant,
    answer: Vec<u8>,
    /// The frame before this answer; kept on a line only.
    previous: Vec<u8>,
    request: Request,
    late: Late,
    /// One bit for every unit that was addressed.
    spoken_to: [u64; 4],
    /// Who addressed them, on a line.
    speaker: u64,
    /// The client will say no more.
    ended: bool,
}

/// Who is at the other end.
enum End {
    /// One client, who holds one of the gateway's connections.
    Client(Arc<Slot>),
    /// Whoever is connected to the line.
    Line(Arc<Line>),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Connection<S> {
    fn new(shared: &Arc<Shared>, end: End, stream: S) -> Self {
        Self {
            shared: Arc::clone(shared),
            framing: shared.settings().framing,
            end,
            stream,
            heard: Vec::new(),
            heard_at: Instant::now(),
            answer: Vec::new(),
            previous: Vec::new(),
            request: Request::default(),
            late: Late::default(),
            spoken_to: [0; 4],
            speaker: 0,
            ended: false,
        }
    }

    fn spawn(self, until: CancellationToken) {
        tokio::spawn(async move {
            if let Some(Err(error)) = until.run_until_cancelled(self.serve()).await {
                tracing::trace!(%error, "a connection broke");
            }
        });
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn serve(mut self) -> io::Result<()> {
        loop {
            match self.framing.next(&self.heard, self.is_quiet()) {
                Heard::Frame { header, pdu, end } => {
                    self.request.fill(&self.heard[pdu]);
                    self.heard.drain(..end);
                    if self.serve_request(header).await?.is_break() {
                        return Ok(());
                    }
                }
                Heard::Nonsense if self.framing == Framing::Mbap => return Ok(()),
                Heard::Nonsense => self.forget().await?,
                Heard::Part if self.ended => return Ok(()),
                Heard::Part => self.turn(self.quiet_at()).await?,
            }
        }
    }

    /// When bytes that are no frame yet will not become one any more: on a line only.
    fn quiet_at(&self) -> Option<Instant> {
        (self.framing == Framing::Rtu && !self.heard.is_empty()).then(|| self.heard_at + QUIET)
    }

    fn is_quiet(&self) -> bool {
        self.quiet_at().is_some_and(|quiet| quiet <= Instant::now())
    }

    /// Hears on until it is quiet, as a slave does who has lost the beginning of frames, and makes nothing of it.
    async fn forget(&mut self) -> io::Result<()> {
        while !self.is_quiet() {
            self.heard.truncate(1);
            self.turn(self.quiet_at()).await?;
        }
        self.heard.clear();
        Ok(())
    }

    async fn serve_request(&mut self, header: Header) -> io::Result<ControlFlow<()>> {
        let plan = self.on_the_bus(header).await?;
        self.pause(self.shared.settings().latency).await?;
        self.close_answer(&plan);
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
        self.framing.begin(&mut self.answer, header);
        shared.carry_out(header.unit, &self.request, &plan, &mut self.answer);
        for time in plan.executed_later().filter(|_| self.framing == Framing::Rtu) {
            self.late.push(Instant::now() + time, Held::AnswerOf(header));
        }
        if plan.waits_in_vain() {
            self.pause(shared.settings().unit_timeout).await?;
        }
        Ok(plan)
    }

    /// Makes a frame of the answer. A request that was not executed may have left a bare header: that is none.
    fn close_answer(&mut self, plan: &Plan) {
        if self.answer.len() == self.framing.header() {
            self.answer.clear();
            return;
        }
        if self.framing == Framing::Mbap {
            return mangle::close(&mut self.answer, self.framing, plan.bend, &[]);
        }
        let mut faithful = self.answer.clone();
        self.framing.finish(&mut faithful);
        let previous = std::mem::replace(&mut self.previous, faithful);
        mangle::close(&mut self.answer, self.framing, plan.bend, &previous);
    }

    async fn deliver(&mut self, how: Deliver) -> io::Result<ControlFlow<()>> {
        let half = self.answer.len() / 2;
        match how {
            Deliver::Close => return Ok(self.hang_up()),
            _ if self.answer.is_empty() => {}
            Deliver::Whole => self.stream.write_all(&self.answer).await?,
            Deliver::Nothing => {}
            Deliver::Late(time) => {
                self.late.push(Instant::now() + time, Held::Answer(self.answer.clone()));
            }
            Deliver::Half => self.stream.write_all(&self.answer[..half]).await?,
            Deliver::HalfThenClose => {
                self.stream.write_all(&self.answer[..half]).await?;
                return Ok(self.hang_up());
            }
            Deliver::ByteByByte(apart) => self.deliver_bytes(apart).await?,
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Ends the connection; a line goes on without those who were connected.
    fn hang_up(&self) -> ControlFlow<()> {
        match &self.end {
            End::Client(_) => ControlFlow::Break(()),
            End::Line(line) => {
                line.hang_up();
                ControlFlow::Continue(())
            }
        }
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
        let wake = [until, self.late.next_due()].into_iter().flatten().min();
        self.heard.reserve(ROOM);
        tokio::select! {
            biased;
            read = self.stream.read_buf(&mut self.heard), if !self.ended && self.heard.len() < MOST_HEARD => {
                match (read?, &self.end) {
                    (0, End::Client(slot)) => {
                        self.ended = true;
                        slot.release();
                    }
                    _ => self.heard_at = Instant::now(),
                }
            }
            () = reach(wake) => self.deliver_late().await?,
        }
        Ok(())
    }

    async fn deliver_late(&mut self) -> io::Result<()> {
        let now = Instant::now();
        while let Some(held) = self.late.take_due(now) {
            match held {
                Held::Answer(answer) => self.stream.write_all(&answer).await?,
                Held::AnswerOf(header) => self.deliver_answer_of(header).await?,
            }
        }
        Ok(())
    }

    async fn deliver_answer_of(&mut self, header: Header) -> io::Result<()> {
        for pdu in self.shared.answers_of(header.unit) {
            let mut frame = Vec::new();
            self.framing.begin(&mut frame, header);
            frame.extend(pdu);
            self.framing.finish(&mut frame);
            self.stream.write_all(&frame).await?;
        }
        Ok(())
    }

    /// Whether the client addresses this unit for the first time.
    fn first_to(&mut self, unit: u8) -> bool {
        if let End::Line(line) = &self.end
            && line.speaker() != self.speaker
        {
            (self.speaker, self.spoken_to) = (line.speaker(), [0; 4]);
        }
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
