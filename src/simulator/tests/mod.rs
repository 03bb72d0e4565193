//! The simulator against clients that write their bytes by hand. Frames are spelled out where they are the point; the
//! rest is put together by the few helpers here, which share nothing with the simulator's own framing.

mod commands;
mod faults;
mod gateways;
mod readings;
mod rtu;
mod rtu_faults;
mod sockets;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::{Device, Gateway, GatewaySettings, Model};

const UNIT: u8 = 12;
/// Longer than anything here takes, except what is meant to take longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A gateway with one device, and a client connected to it in memory.
fn wired(device: Device) -> (Gateway, Client<super::MemoryStream>) {
    let gateway = Gateway::new(GatewaySettings::default());
    gateway.add(UNIT, device);
    let client = Client::new(gateway.connect().unwrap());
    (gateway, client)
}

fn pm800() -> Device {
    Device::new(Model::Pm800, 11_000_126)
}

/// Hand-made requests over any stream.
struct Client<S> {
    stream: S,
    transaction: u16,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    fn new(stream: S) -> Self {
        Self { stream, transaction: 0 }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a PDU to a unit and gives back the frame's transaction number.
    async fn request(&mut self, unit: u8, pdu: &[u8]) -> u16 {
        self.transaction += 1;
        let frame = frame(self.transaction, unit, pdu);
        self.send(&frame).await;
        self.transaction
    }

    /// Exactly these bytes come.
    async fn expect(&mut self, bytes: &[u8]) {
        let mut heard = vec![0; bytes.len()];
        timeout(PATIENCE, self.stream.read_exact(&mut heard)).await.expect("an answer in time").unwrap();
        assert_eq!(hex(&heard), hex(bytes));
    }

    /// A request and the PDU of its answer, which must belong to it.
    async fn ask(&mut self, unit: u8, pdu: &[u8]) -> Vec<u8> {
        let transaction = self.request(unit, pdu).await;
        let mut header = [0; 7];
        timeout(PATIENCE, self.stream.read_exact(&mut header)).await.expect("an answer in time").unwrap();
        assert_eq!(header[..4], frame(transaction, unit, &[])[..4], "transaction and protocol");
        assert_eq!(header[6], unit);
        let mut answer = vec![0; usize::from(header[5]) - 1];
        self.stream.read_exact(&mut answer).await.unwrap();
        answer
    }

    /// Reads registers by their printed numbers.
    async fn read(&mut self, register: u16, count: u16) -> Vec<u16> {
        let answer = self.ask(UNIT, &read_pdu(register, count)).await;
        assert_eq!(answer[..2], [3, 2 * count as u8], "the answer to a read of {register}");
        answer[2..].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }

    /// Writes registers by their printed numbers with function 16.
    async fn write(&mut self, register: u16, words: &[u16]) {
        let answer = self.ask(UNIT, &block_pdu(register, words)).await;
        let [a, b] = (register - 1).to_be_bytes();
        assert_eq!(answer, [16, a, b, 0, words.len() as u8]);
    }

    /// Stages 28 words with the three pointers and a sentinel in 8021, as the maker's procedure has it.
    async fn stage(&mut self, words: &[u16; 28]) {
        self.write(8022, words).await;
        self.write(8017, &[8020, 8021, 8022, 0, 4242]).await;
    }

    /// Writes 6209 to 8000.
    async fn commit(&mut self) {
        assert_eq!(self.ask(UNIT, &COMMIT).await, COMMIT);
    }

    /// Nothing comes for a while.
    async fn silence(&mut self, time: Duration) {
        let mut byte = [0];
        let heard = timeout(time, self.stream.read(&mut byte)).await;
        assert!(heard.is_err(), "something came: {heard:?} {byte:?}");
    }

    /// The connection is closed, and nothing came before.
    async fn closed(&mut self) {
        let mut byte = [0];
        match timeout(PATIENCE, self.stream.read(&mut byte)).await.expect("closed in time") {
            Ok(count) => assert_eq!(count, 0, "something came: {byte:?}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
}

/// The write of 6209 (0x1841) to register 8000 (wire address 0x1F3F), and its echo.
const COMMIT: [u8; 5] = [6, 0x1F, 0x3F, 0x18, 0x41];

fn frame(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let [high, low] = transaction.to_be_bytes();
    [&[high, low, 0, 0, 0, pdu.len() as u8 + 1, unit], pdu].concat()
}

fn read_pdu(register: u16, count: u16) -> Vec<u8> {
    let [a, b] = (register - 1).to_be_bytes();
    vec![3, a, b, 0, count as u8]
}

fn single_pdu(register: u16, word: u16) -> Vec<u8> {
    let ([a, b], [c, d]) = ((register - 1).to_be_bytes(), word.to_be_bytes());
    vec![6, a, b, c, d]
}

fn block_pdu(register: u16, words: &[u16]) -> Vec<u8> {
    let [a, b] = (register - 1).to_be_bytes();
    let mut pdu = vec![16, a, b, 0, words.len() as u8, 2 * words.len() as u8];
    pdu.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    pdu
}

/// 28 words for seven quantities of up to 9999 each.
fn small(quantities: [u16; 7]) -> [u16; 28] {
    std::array::from_fn(|n| if n % 4 == 0 { quantities[n / 4] } else { 0 })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X} ")).collect()
}
