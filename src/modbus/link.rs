//! One connection to a gateway, owned by one task.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tokio_modbus::{Request, Response, Slave, client::Client, client::Context, slave::SlaveContext};

use super::{
    Connect, Trace, check,
    trace::{Exchange, Tap},
};
use crate::{
    campaign::{Endpoint, Gateway, Unit},
    meter::{Addressing, Read, Write},
    transfer::{Cause, Exception},
};

/// A link that can be opened and read from: what looking at meters needs.
pub trait Open: Sized + Send + Sync + 'static {
    /// Connects, within the gateway's connect timeout.
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
    /// Writes to a meter behind the gateway; `Ok` is the exact echo.
    pub async fn write(&self, endpoint: &Endpoint, write: Write) -> Result<(), Cause> {
        self.0.call(endpoint, Ask::Write(write)).await.map(|_| ())
    }
}

#[derive(Debug)]
enum Ask {
    Read(Read),
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
        // One request in flight: a gateway serves one at a time.
        let (calls, inbox) = mpsc::channel(1);
        let exchange = trace.map(|trace| Exchange::new(trace, gateway.to_string()));
        let context = match &exchange {
            None => attach(stream),
            Some(exchange) => attach(Tap::new(stream, exchange.bytes())),
        };
        let owner = Owner { context, exchange, limit: gateway.settings.request_timeout };
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

fn attach<S: super::Stream + 'static>(stream: S) -> Context {
    tokio_modbus::client::tcp::attach(stream)
}

/// The task that owns a connection. Nobody else awaits a call, so that none is ever cancelled half-way.
struct Owner {
    context: Context,
    exchange: Option<Exchange>,
    limit: Duration,
}

impl Owner {
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
            Ask::Write(write) => {
                let response = self.exchange(call.unit, check::write_request(write, call.addressing)).await?;
                check::echo(write, call.addressing, &response).map(|()| Vec::new())
            }
        }
    }

    async fn exchange(&mut self, unit: Unit, request: Request<'static>) -> Result<Response, Cause> {
        self.context.set_slave(Slave(unit.number()));
        if let Some(exchange) = &mut self.exchange {
            exchange.begin(unit.number(), &request);
        }
        let result = match timeout(self.limit, self.context.call(request)).await {
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(code))) => Err(Cause::Exception(Exception(code.into()))),
            Ok(Err(tokio_modbus::Error::Protocol(error))) => Err(Cause::Nonsense(error.to_string())),
            Ok(Err(tokio_modbus::Error::Transport(error))) => Err(transport(&error)),
            Err(_) => Err(Cause::NoAnswer(self.limit)),
        };
        if let Some(exchange) = &mut self.exchange {
            exchange.end(&result);
        }
        result
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
