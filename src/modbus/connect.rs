//! How a gateway is reached: a TCP connection, or whatever a test or a simulation puts in its place.

use std::{collections::HashMap, fmt, io, net::SocketAddr};

use futures::future::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

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

/// Connects over TCP. With a map, to the sockets of simulated gateways only: an address that is not in it is
/// refused, so that a rehearsal never reaches a real meter.
#[derive(Debug, Clone, Default)]
pub struct TcpConnector {
    simulated: Option<HashMap<Address, SocketAddr>>,
}

impl TcpConnector {
    /// Connects to the addresses that the job gives.
    pub fn real() -> Self {
        Self::default()
    }

    /// Connects to simulated gateways in their place.
    pub fn simulated(map: HashMap<Address, SocketAddr>) -> Self {
        Self { simulated: Some(map) }
    }

    async fn open(&self, address: &Address) -> io::Result<TcpStream> {
        match (&self.simulated, address) {
            (None, Address::Tcp { host, port }) => TcpStream::connect((host.as_str(), *port)).await,
            (Some(map), address) => match map.get(address) {
                Some(socket) => TcpStream::connect(socket).await,
                None => Err(io::Error::new(
                    io::ErrorKind::AddrNotAvailable,
                    format!("{address} is not among the simulated gateways"),
                )),
            },
        }
    }
}

impl Connect for TcpConnector {
    fn connect<'a>(&'a self, gateway: &'a Gateway) -> Connecting<'a> {
        Box::pin(async move {
            let stream = self.open(&gateway.address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}
