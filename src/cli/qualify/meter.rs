//! The meter on the bench: requests to it over a connection that is made anew when it breaks. Knows nothing of what
//! is examined.

use std::sync::Arc;

use crate::{
    campaign::{Endpoint, Gateway},
    meter::{Addressing, Read, SERIAL_WORDS, Write, serial_from_words},
    modbus::{Connect, Link, Open, Trace},
    transfer::Cause,
};

/// The one meter that is written to.
pub(super) struct BenchMeter {
    endpoint: Endpoint,
    /// Who must be there: asked anew on every connection.
    serial_number: u32,
    connector: Arc<dyn Connect>,
    trace: Option<Trace>,
    link: Option<Link>,
}

impl BenchMeter {
    pub(super) fn new(
        endpoint: Endpoint,
        serial_number: u32,
        connector: Arc<dyn Connect>,
        trace: Option<Trace>,
    ) -> Self {
        Self { endpoint, serial_number, connector, trace, link: None }
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Which serial number answers under this addressing, on a connection of its own.
    pub(super) async fn serial_number_by(&mut self, addressing: Addressing) -> Result<u32, Cause> {
        self.endpoint.addressing = addressing;
        if self.link.as_ref().is_none_or(|link| !link.is_usable()) {
            self.link = Some(self.open().await?);
        }
        self.asked_who().await
    }

    /// Reads; once more on a new connection if the first one broke.
    pub(super) async fn read(&mut self, read: Read) -> Result<Vec<u16>, Cause> {
        self.connected().await?;
        match self.link().read(&self.endpoint, read).await {
            Err(cause) if !matches!(cause, Cause::Exception(_)) => {
                self.connected().await?;
                self.link().read(&self.endpoint, read).await
            }
            answer => answer,
        }
    }

    /// Reads with function 04, which a transfer never uses.
    pub(super) async fn read_input(&mut self, read: Read) -> Result<Vec<u16>, Cause> {
        self.connected().await?;
        self.link().read_input(&self.endpoint, read).await
    }

    /// Writes, once: what was not answered may have been done.
    pub(super) async fn write(&mut self, write: Write) -> Result<(), Cause> {
        self.connected().await?;
        self.link().write(&self.endpoint, write).await
    }

    pub(super) async fn close(&mut self) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    /// A usable connection, to the same meter.
    async fn connected(&mut self) -> Result<(), Cause> {
        if self.link.as_ref().is_some_and(Link::is_usable) {
            return Ok(());
        }
        self.close().await;
        self.link = Some(self.open().await?);
        match self.asked_who().await? {
            number if number == self.serial_number => Ok(()),
            other => Err(Cause::Nonsense(format!("serial number {other} answers on a new connection"))),
        }
    }

    async fn open(&self) -> Result<Link, Cause> {
        let gateway: Arc<Gateway> = Arc::clone(&self.endpoint.gateway);
        Link::open(&*self.connector, gateway, self.trace.clone()).await
    }

    async fn asked_who(&self) -> Result<u32, Cause> {
        let read = Read { first: self.endpoint.model.serial_number(), count: SERIAL_WORDS };
        let words = self.link().read(&self.endpoint, read).await?;
        Ok(serial_from_words(words.try_into().expect("a link gives as many registers as were asked for")))
    }

    fn link(&self) -> &Link {
        self.link.as_ref().expect("it was connected")
    }
}
