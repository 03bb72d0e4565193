//! One connection to a gateway, owned by one task.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_modbus::{Request, Response, Slave, client::Client, client::Context, slave::SlaveContext};

use super::{Connect, Trace, check, silence, tap::Tap, trace::Exchange};
use crate::{
    campaign::{Endpoint, Framing, Gateway, Unit},
    meter::{Addressing, Read, Write},
    transfer::{Cause, Exception},
};

/// A link that can be opened and read from: what looking at meters needs.
pub trait Open: Sized + Send + Sync + 'static {
    /// Connects, within the gateway's connect timeout. Where frames are RTU, it then waits for a request timeout's
    /// silence, so that no answer to an earlier request, of whatever program, is still under way.
    fn open(
        connector: &dyn Connect,
        gateway: Arc<Gateway>,
        trace: Option<Trace>,
    ) -> impl Future<Output = Result<Self, Cause>> + Send;

    /// Reads registers of a meter behind the gateway: exactly as many as asked for.
    fn read(&self, endpoint: &Endpoint, read: Read) -> impl Future<Output = Result<Vec<u16>, Cause>> + Send;

    /// Whether it can be used again. After any error but an exception it cannot.
    fn is_usable(&self) -> bool;

    /// Ends the connection; when this returns it is closed, so that a gateway that grants only one will take
    /// the next.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// A link that can only read: it has no way to write.
#[derive(Debug)]
pub struct ReadLink(Calls);

/// A link that can read and write.
#[derive(Debug)]
pub struct Link(Calls);

impl Open for ReadLink {
    async fn open(
        connector: &dyn Connect,
        gateway: Arc<Gateway>,
        trace: Option<Trace>,
    ) -> Result<Self, Cause> {
        Calls::open(connector, gateway, trace).await.map(Self)
    }

    async fn read(&self, endpoint: &Endpoint, read: Read) -> Result<Vec<u16>, Cause> {
        self.0.read(endpoint, read).await
    }

    fn is_usable(&self) -> bool {
        self.0.is_usable()
    }

    async fn close(self) {
        self.0.close().await;
    }
}

impl Open for Link {
    async fn open(
        connector: &dyn Connect,
        gateway: Arc<Gateway>,
        trace: Option<Trace>,
    ) -> Result<Self, Cause> {
        Calls::open(connector, gateway, trace).await.map(Self)
    }

    async fn read(&self, endpoint: &Endpoint, read: Read) -> Result<Vec<u16>, Cause> {
        self.0.read(endpoint, read).await
    }

    fn is_usable(&self) -> bool {
        self.0.is_usable()
    }

    async fn close(self) {
        self.0.close().await;
    }
}

impl Link {
    /// Reads with function 04, which the meters' manuals give beside 03: for who examines a meter.
    pub async fn read_input(&self, endpoint: &Endpoint, read: Read) -> Result<Vec<u16>, Cause> {
        self.0.call(endpoint, Ask::ReadInput(read)).await
    }

    /// Writes to a meter behind the gateway; `Ok` is the exact echo.
    pub async fn write(&self, endpoint: &Endpoint, write: Write) -> Result<(), Cause> {
        self.0.call(endpoint, Ask::Write(write)).await.map(|_| ())
    }
}

#[derive(Debug)]
enum Ask {
    Read(Read),
    ReadInput(Read),
    Write(Write),
}

#[derive(Debug)]
struct Call {
    unit: Unit,
    addressing: Addressing,
    ask: Ask,
    reply: oneshot::Sender<Result<Vec<u16>, Cause>>,
}

/// The caller's end of the owning task.
#[derive(Debug)]
struct Calls {
    calls: mpsc::Sender<Call>,
    owner: JoinHandle<()>,
}

impl Calls {
    async fn open(
        connector: &dyn Connect,
        gateway: Arc<Gateway>,
        trace: Option<Trace>,
    ) -> Result<Self, Cause> {
        let connect_limit = gateway.settings.connect_timeout;
        let stream = match timeout(connect_limit, connector.connect(&gateway)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(Cause::NoConnection(error.to_string())),
            Err(_) => {
                return Err(Cause::NoConnection(format!("not within {} ms", connect_limit.as_millis())));
            }
        };
        let mut owner = Owner::new(stream, &gateway, trace);
        owner.prepare().await?;
        // One request in flight: a gateway serves one at a time.
        let (calls, inbox) = mpsc::channel(1);
        Ok(Self { calls, owner: tokio::spawn(owner.serve(inbox)) })
    }

    async fn read(&self, endpoint: &Endpoint, read: Read) -> Result<Vec<u16>, Cause> {
        self.call(endpoint, Ask::Read(read)).await
    }

    async fn call(&self, endpoint: &Endpoint, ask: Ask) -> Result<Vec<u16>, Cause> {
        let (reply, answer) = oneshot::channel();
        let call = Call { unit: endpoint.unit, addressing: endpoint.addressing, ask, reply };
        if self.calls.send(call).await.is_err() {
            return Err(Cause::NoConnection("the connection had already failed".to_owned()));
        }
        // The owner answers every call it took, unless decoding the answer ended it.
        answer.await.unwrap_or_else(|_| Err(Cause::Nonsense("the answer could not be decoded".to_owned())))
    }

    fn is_usable(&self) -> bool {
        !self.calls.is_closed()
    }

    async fn close(self) {
        drop(self.calls);
        // A panic in the owner closed the connection too.
        let _ = self.owner.await;
    }
}

/// The task that owns a connection. Nobody else awaits a call, so that none is ever cancelled half-way.
struct Owner {
    context: Context,
    line: Tap,
    framing: Framing,
    exchange: Option<Exchange>,
    limit: Duration,
    /// How long the line is silent between frames.
    silence: Duration,
}

impl Owner {
    fn new(stream: Box<dyn super::Stream>, gateway: &Gateway, trace: Option<Trace>) -> Self {
        let line = Tap::new(stream);
        let framing = gateway.address.framing();
        Self {
            context: match framing {
                Framing::Mbap => tokio_modbus::client::tcp::attach(line.clone()),
                Framing::Rtu => tokio_modbus::client::rtu::attach(line.clone()),
            },
            line,
            framing,
            exchange: trace.map(|trace| Exchange::new(trace, gateway.to_string())),
            limit: gateway.settings.request_timeout,
            silence: gateway.silence(),
        }
    }

    /// Makes the line fit for the first request. An answer is due within the limit, whoever asked for it: after so long
    /// a silence there is none under way.
    async fn prepare(&mut self) -> Result<(), Cause> {
        match self.framing {
            Framing::Mbap => Ok(()),
            Framing::Rtu => {
                let result = silence::drain(&self.line, self.limit).await;
                if let Some(exchange) = &mut self.exchange {
                    self.line.look(|bytes| exchange.drained(bytes));
                }
                result
            }
        }
    }

    async fn serve(mut self, mut inbox: mpsc::Receiver<Call>) {
        while let Some(call) = inbox.recv().await {
            let result = self.answer(&call).await;
            if matches!(result, Ok(_) | Err(Cause::Exception(_))) {
                let _ = call.reply.send(result);
                continue;
            }
            // Closed before the caller hears of it, so that nobody takes a dead link for a usable one, and
            // a gateway that grants one connection takes the next.
            inbox.close();
            drop(self);
            let _ = call.reply.send(result);
            return;
        }
    }

    async fn answer(&mut self, call: &Call) -> Result<Vec<u16>, Cause> {
        match &call.ask {
            Ask::Read(read) => {
                let response = self.exchange(call.unit, check::read_request(*read, call.addressing)).await?;
                check::registers(*read, response)
            }
            Ask::ReadInput(read) => {
                let request = check::read_input_request(*read, call.addressing);
                check::input_registers(*read, self.exchange(call.unit, request).await?)
            }
            Ask::Write(write) => {
                let response = self.exchange(call.unit, check::write_request(write, call.addressing)).await?;
                check::echo(write, call.addressing, &response).map(|()| Vec::new())
            }
        }
    }

    async fn exchange(&mut self, unit: Unit, request: Request<'static>) -> Result<Response, Cause> {
        self.line.begin();
        if let Some(exchange) = &mut self.exchange {
            exchange.begin(unit.number(), &request);
        }
        let result = match self.silent_before().await {
            Ok(()) => self.ask(unit, request).await,
            Err(cause) => Err(cause),
        };
        if let Some(exchange) = &mut self.exchange {
            self.line.look(|bytes| exchange.end(bytes, &result));
        }
        result
    }

    /// Nothing may be there that could be taken for the answer.
    async fn silent_before(&mut self) -> Result<(), Cause> {
        if self.framing == Framing::Mbap {
            return Ok(());
        }
        match silence::broken(&self.line, Instant::now()).await {
            None => Ok(()),
            Some(Ok(bytes)) => Err(Cause::NotSilent(format!(
                "{bytes} bytes that nobody asked for were there before the request"
            ))),
            Some(Err(end)) => Err(Cause::Dropped(end)),
        }
    }

    async fn ask(&mut self, unit: Unit, request: Request<'static>) -> Result<Response, Cause> {
        self.context.set_slave(Slave(unit.number()));
        let answered = match timeout(self.limit, self.context.call(request)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(tokio_modbus::Error::Protocol(error))) => return Err(Cause::Nonsense(error.to_string())),
            Ok(Err(tokio_modbus::Error::Transport(error))) => return Err(transport(&error)),
            Err(_) => return Err(Cause::NoAnswer(self.limit)),
        };
        self.line.look(|bytes| check::whole(self.framing, &bytes.received, &answered))?;
        self.silent_after().await?;
        answered.map_err(|code| Cause::Exception(Exception(code.into())))
    }

    /// An RTU frame ends with silence: what goes on is not the frame that was taken for the answer.
    async fn silent_after(&mut self) -> Result<(), Cause> {
        if self.silence.is_zero() {
            return Ok(());
        }
        match silence::broken(&self.line, Instant::now() + self.silence).await {
            // The end of the line is the next request's concern.
            None | Some(Err(_)) => Ok(()),
            Some(Ok(bytes)) => Err(Cause::Nonsense(format!("{bytes} more bytes followed the answer"))),
        }
    }
}

/// The library reports the end of the stream with whatever the operating system said last, and a broken frame
/// as invalid data: told apart as far as it goes, and treated alike.
fn transport(error: &std::io::Error) -> Cause {
    match error.kind() {
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => {
            Cause::Nonsense(error.to_string())
        }
        _ => Cause::Dropped(error.to_string()),
    }
}
