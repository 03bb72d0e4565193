//! Gateways that stand between the program and simulated meters, and answer as a script says. They keep what was
//! asked and what was delivered, so that it can be judged afterwards what the program could have known.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use meterferry::{
    campaign::{Address, Gateway},
    modbus::{Connect, Connecting, Stream},
    simulator,
};
use tokio::{
    io::{AsyncWriteExt as _, DuplexStream},
    time::sleep,
};

use super::{
    act::{Act, Answer},
    wire,
};

/// Bytes a stream holds in each direction.
const ROOM: usize = 64 * 1024;
/// A flood ends here: whoever drank as much would have drunk all.
const FLOOD: usize = 4 * 1024 * 1024;
/// No transfer needs as many connections; whoever makes more does not stop by itself.
const MOST_CONNECTIONS: usize = 2_000;

/// One connection, as it went.
#[derive(Debug, Default, Clone)]
pub struct Conversation {
    /// Whom it was with.
    pub host: String,
    /// Every request.
    pub requests: Vec<Vec<u8>>,
    /// Everything the client was given, but for floods.
    pub delivered: Vec<u8>,
    /// Bytes of floods the client took.
    pub flooded: usize,
    /// Something came that is no answer, or nothing.
    broken: bool,
}

/// Gateways by host. One script for all, in the order of the requests; when it is at its end they are honest.
#[derive(Clone, Default)]
pub struct Liars(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    gateways: HashMap<String, simulator::Gateway>,
    script: VecDeque<Act>,
    conversations: Vec<Conversation>,
    lied: bool,
}

impl Liars {
    pub fn new(script: Vec<Act>) -> Self {
        let state = State { script: script.into(), ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Puts a meter behind a gateway of its own.
    pub fn meter(&self, host: &str, unit: u8, device: simulator::Device) {
        let gateway = simulator::Gateway::new(simulator::GatewaySettings::default());
        gateway.add(unit, device);
        self.with(|state| state.gateways.insert(host.to_owned(), gateway));
    }

    /// The honest gateway behind the lying one.
    pub fn gateway(&self, host: &str) -> simulator::Gateway {
        self.with(|state| state.gateways[host].clone())
    }

    /// Everything that was said so far.
    pub fn conversations(&self) -> Vec<Conversation> {
        self.with(|state| state.conversations.clone())
    }

    /// Whether a client was told something untrue in a way that nobody could notice.
    pub fn lied(&self) -> bool {
        self.with(|state| state.lied)
    }

    /// From now on everything is answered honestly.
    pub fn reform(&self) {
        self.with(|state| state.script.clear());
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }
}

impl Connect for Liars {
    fn connect<'a>(&'a self, gateway: &'a Gateway) -> Connecting<'a> {
        Box::pin(async move {
            let Address::Tcp { host, .. } = &gateway.address else { panic!("{}", gateway.address) };
            let (ours, theirs) = tokio::io::duplex(ROOM);
            let meter = self.gateway(host).connect()?;
            let number = self.with(|state| {
                let number = state.conversations.len();
                state.conversations.push(Conversation { host: host.clone(), ..Conversation::default() });
                number
            });
            assert!(number < MOST_CONNECTIONS, "one connection after the other, without end");
            let talk = Talk { liars: self.clone(), number, client: ours, meter };
            tokio::spawn(async move { talk.serve().await.unwrap_or_default() });
            Ok(Box::new(theirs) as Box<dyn Stream>)
        })
    }
}

/// One connection's task.
struct Talk {
    liars: Liars,
    number: usize,
    client: DuplexStream,
    meter: simulator::MemoryStream,
}

impl Talk {
    async fn serve(mut self) -> io::Result<()> {
        while let Some(request) = wire::read_frame(&mut self.client).await? {
            let act = self.liars.with(|state| {
                let conversation = &mut state.conversations[self.number];
                assert!(!conversation.broken, "a connection is never used after an error: {request:02X?}");
                conversation.requests.push(request.clone());
                state.script.pop_front().unwrap_or(Act::HONEST)
            });
            let honest = if act.obeyed { self.ask(&request).await? } else { None };
            let bytes = act.bytes(&request, honest.as_deref());
            self.judge(&request, honest.as_deref(), &bytes);
            match act.answer {
                Answer::Close => return Ok(()),
                Answer::Drip(apart) => self.drip(&bytes, apart).await?,
                Answer::Flood(byte) => self.flood(&bytes, byte).await?,
                _ => self.client.write_all(&bytes).await?,
            }
        }
        Ok(())
    }

    async fn ask(&mut self, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.meter.write_all(request).await?;
        wire::read_frame(&mut self.meter).await
    }

    /// Notes what is delivered, and whether it convinces of something untrue. Bytes that come too early may be
    /// taken for the next answer if they bear its number.
    fn judge(&self, request: &[u8], honest: Option<&[u8]>, bytes: &[u8]) {
        let true_so_far = honest.is_some_and(|honest| bytes.starts_with(honest));
        let lie = !true_so_far && wire::convinces(request, bytes);
        let next = u16::from_be_bytes([request[0], request[1]]).wrapping_add(1).to_be_bytes();
        let unasked = honest.and_then(|honest| bytes.strip_prefix(honest)).unwrap_or(bytes);
        let early = unasked.windows(4).any(|window| window == [next[0], next[1], 0, 0]);
        self.liars.with(|state| {
            let conversation = &mut state.conversations[self.number];
            conversation.delivered.extend(bytes);
            conversation.broken = !wire::convinces(request, bytes) && !wire::excepts(request, bytes);
            state.lied |= lie || early;
        });
    }

    async fn drip(&mut self, bytes: &[u8], apart: u8) -> io::Result<()> {
        for byte in bytes {
            self.client.write_all(&[*byte]).await?;
            sleep(Duration::from_millis(10) * u32::from(apart)).await;
        }
        Ok(())
    }

    async fn flood(&mut self, head: &[u8], byte: u8) -> io::Result<()> {
        self.client.write_all(head).await?;
        let wave = [byte; 4096];
        for _ in 0..FLOOD / wave.len() {
            self.client.write_all(&wave).await?;
            self.liars.with(|state| state.conversations[self.number].flooded += wave.len());
        }
        Ok(())
    }
}
