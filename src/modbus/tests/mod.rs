//! RTU lines with a hand-written meter at the other end: framing and CRC are its own, so that a mistake of ours is not
//! made twice. The clock is paused; all times are exact.

mod frames;
mod late;
#[cfg(all(unix, feature = "serial"))]
mod port;

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::{Mutex, mpsc},
    time::{sleep, timeout},
};

use super::{Connect, Connecting, Link, Open as _, Stream};
use crate::{
    campaign::{Address, Endpoint, Gateway, GatewaySettings, Line, Parity, SerialNumber, StopBits, Unit},
    meter::{Addressing, Model, Read, Register, Write},
    transfer::Cause,
};

const UNIT: u8 = 7;
const TIMEOUT: Duration = Duration::from_secs(2);
/// 3.5 characters at 9600 8E1 (11 bits each).
const SILENCE: Duration = Duration::from_micros(4_010);
const MS: Duration = Duration::from_millis(1);

/// The serial number's registers (DOMAIN.md §4).
const READ: Read = Read { first: Register::new(3017), count: 2 };
const RIGHT: [u16; 2] = [0xD93E, 0x00A7];
/// What another meter, or another moment, would answer: as long, and in order.
const STALE: [u16; 2] = [0x1111, 0x2222];

const COMMIT: Write = Write::Single { register: Register::new(8000), word: 6209 };

/// A line that outlives connections, as the one behind a serial device server, or a cable.
struct Cable {
    clients: mpsc::UnboundedSender<DuplexStream>,
    plugged: Mutex<mpsc::UnboundedReceiver<DuplexStream>>,
    gateway: Arc<Gateway>,
}

impl Connect for Cable {
    fn connect<'a>(&'a self, _: &'a Gateway) -> Connecting<'a> {
        let (ours, theirs) = duplex(4096);
        self.clients.send(theirs).expect("the cable holds the other end");
        Box::pin(async { Ok(Box::new(ours) as Box<dyn Stream>) })
    }
}

impl Cable {
    fn new(address: Address) -> Self {
        let line = matches!(address, Address::Rtu { .. }).then_some(Line {
            baud: 9_600,
            parity: Parity::Even,
            stop_bits: StopBits::One,
        });
        // A short connect timeout: waiting for silence is no part of it.
        let settings = GatewaySettings {
            connect_timeout: 10 * MS,
            request_timeout: TIMEOUT,
            line,
            ..GatewaySettings::default()
        };
        let (clients, plugged) = mpsc::unbounded_channel();
        let gateway = Arc::new(Gateway { settings, ..Gateway::new(address) });
        Self { clients, plugged: Mutex::new(plugged), gateway }
    }

    /// One of each kind of RTU line.
    fn both() -> [Self; 2] {
        [Address::Rtu { device: "/dev/ttyTEST".to_owned() }, over_tcp()].map(Self::new)
    }

    async fn open(&self) -> Result<Link, Cause> {
        Link::open(self, Arc::clone(&self.gateway), None).await
    }

    /// The meter's end of the newest connection.
    async fn meter(&self) -> Meter {
        Meter(self.plugged.lock().await.recv().await.expect("the cable holds the other end"))
    }

    /// A link that is ready, and the meter at its other end.
    async fn linked(&self) -> (Link, Meter) {
        let link = self.open().await.expect("the line is silent");
        (link, self.meter().await)
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint {
            model: Model::Pm800,
            gateway: Arc::clone(&self.gateway),
            unit: Unit::new(UNIT).unwrap(),
            serial_number: SerialNumber::Any,
            addressing: Addressing::Modbus,
        }
    }

    async fn read(&self, link: &Link) -> Result<Vec<u16>, Cause> {
        link.read(&self.endpoint(), READ).await
    }
}

fn over_tcp() -> Address {
    Address::RtuOverTcp { host: "server.example".to_owned(), port: 4001 }
}

/// The other end.
struct Meter(DuplexStream);

impl Meter {
    /// A whole request of eight bytes (read, or write of one register).
    async fn request(&mut self) -> [u8; 8] {
        let mut request = [0; 8];
        // Longer than anything takes: a test that goes wrong ends.
        timeout(10 * TIMEOUT, self.0.read_exact(&mut request)).await.expect("a request comes").unwrap();
        assert_eq!(crc(&request), 0, "{request:02X?}");
        request
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Waits for a request and answers it.
    async fn answers(&mut self, bytes: impl AsRef<[u8]>) {
        self.request().await;
        self.send(bytes).await;
    }

    /// That nothing was sent to it.
    async fn was_not_asked(&mut self) {
        let mut byte = [0];
        let read = timeout(MS, self.0.read(&mut byte)).await;
        assert!(!matches!(read, Ok(Ok(1))), "it was asked");
    }
}

/// CRC-16/MODBUS, bit by bit; 0 over a frame with its own.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 })
    })
}

/// A frame with its CRC.
fn frame(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut frame = vec![unit];
    frame.extend(pdu);
    frame.extend(crc(&frame).to_le_bytes());
    frame
}

/// The answer to [`READ`] with these words.
fn words(words: [u16; 2]) -> Vec<u8> {
    let [[a, b], [c, d]] = words.map(u16::to_be_bytes);
    frame(UNIT, &[3, 4, a, b, c, d])
}

#[test]
fn the_meters_own_crc_is_that_of_the_specification() {
    assert_eq!(frame(1, &[3, 0x08, 0x2B, 0, 2])[6..], [0xB6, 0x63], "a worked example");
    assert_eq!(crc(&words(RIGHT)), 0);
}

/// After `delay`, sends `bytes`.
async fn later(meter: &mut Meter, delay: Duration, bytes: impl AsRef<[u8]>) {
    sleep(delay).await;
    meter.send(bytes).await;
}
