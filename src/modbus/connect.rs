//! How a gateway is reached: a TCP connection, a serial port, or whatever a test or a simulation puts in its place.

use std::{collections::HashMap, fmt, io, net::SocketAddr};

use futures::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::serial;
use crate::campaign::{Address, Gateway};

/// A byte stream to a gateway.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Stream for T {}

/// A connection attempt.
pub type Connecting<'a> = BoxFuture<'a, io::Result<Box<dyn Stream>>>;

/// Makes connections to gateways. Deadlines are the caller's.
pub trait Connect: Send + Sync {
    /// Connects to `gateway`.
    fn connect<'a>(&'a self, gateway: &'a Gateway) -> Connecting<'a>;
}

/// Connects over TCP, or opens serial ports. With a map, it connects to the sockets of simulated gateways only: an
/// address that is not in it is refused, so that a rehearsal never reaches a real meter, over whatever transport.
#[derive(Debug, Clone, Default)]
pub struct Connector {
    simulated: Option<HashMap<Address, SocketAddr>>,
}

impl Connector {
    /// Connects to the addresses that the job gives.
    pub fn real() -> Self {
        Self::default()
    }

    /// Connects to simulated gateways in their place.
    pub fn simulated(map: HashMap<Address, SocketAddr>) -> Self {
        Self { simulated: Some(map) }
    }

    async fn open(&self, gateway: &Gateway) -> io::Result<Box<dyn Stream>> {
        let Some(map) = &self.simulated else { return real(gateway).await };
        match map.get(&gateway.address) {
            Some(socket) => prompt(TcpStream::connect(socket).await?),
            None => Err(io::Error::new(
                io::ErrorKind::AddrNotAvailable,
                format!("{} is not among the simulated gateways", gateway.address),
            )),
        }
    }
}

impl Connect for Connector {
    fn connect<'a>(&'a self, gateway: &'a Gateway) -> Connecting<'a> {
        Box::pin(self.open(gateway))
    }
}

async fn real(gateway: &Gateway) -> io::Result<Box<dyn Stream>> {
    match &gateway.address {
        Address::Tcp { host, port } | Address::RtuOverTcp { host, port } => {
            prompt(TcpStream::connect((host.as_str(), *port)).await?)
        }
        Address::Rtu { device } => serial::open(device, gateway.settings.line),
    }
}

/// A stream that sends a request at once.
fn prompt(stream: TcpStream) -> io::Result<Box<dyn Stream>> {
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}
