//! Function codes 03, 04, 06 and 16: requests taken apart, answers put together.
//! Knows wire addresses only; which registers they mean, and what surrounds a PDU on a line, is said elsewhere.

/// Exception: the function code is not known.
pub(super) const ILLEGAL_FUNCTION: u8 = 0x01;
/// Exception: no such register, or it cannot be written.
pub(super) const ILLEGAL_ADDRESS: u8 = 0x02;
/// Exception: a quantity or a length that cannot be.
pub(super) const ILLEGAL_VALUE: u8 = 0x03;

/// Read holding registers.
pub(super) const READ_HOLDING: u8 = 3;
/// Read input registers.
pub(super) const READ_INPUT: u8 = 4;
/// Write one register.
pub(super) const WRITE_ONE: u8 = 6;
/// Write a block of registers.
pub(super) const WRITE_BLOCK: u8 = 16;

const MOST_READ: u16 = 125;
const MOST_WRITTEN: u16 = 123;

/// One request. Connections keep one and fill it again, so that serving takes no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) function: u8,
    /// First wire address.
    pub(super) address: u16,
    /// Registers asked for or written.
    pub(super) count: u16,
    /// Words to be written.
    pub(super) words: Vec<u16>,
    /// The quantity is out of bounds, or the length does not agree with it.
    pub(super) malformed: bool,
}

impl Request {
    pub(super) fn is_read(&self) -> bool {
        matches!(self.function, READ_HOLDING | READ_INPUT)
    }

    pub(super) fn is_write(&self) -> bool {
        matches!(self.function, WRITE_ONE | WRITE_BLOCK)
    }

    /// Takes a PDU (function code first, at least one byte) apart into this request.
    pub(super) fn fill(&mut self, pdu: &[u8]) {
        self.function = pdu[0];
        self.address = word_at(pdu, 1);
        self.words.clear();
        match self.function {
            READ_HOLDING | READ_INPUT => {
                self.count = word_at(pdu, 3);
                self.malformed = pdu.len() != 5 || !(1..=MOST_READ).contains(&self.count);
            }
            WRITE_ONE => {
                self.count = 1;
                self.words.push(word_at(pdu, 3));
                self.malformed = pdu.len() != 5;
            }
            WRITE_BLOCK => self.fill_block(pdu),
            _ => {
                self.count = 0;
                self.malformed = false;
            }
        }
    }

    fn fill_block(&mut self, pdu: &[u8]) {
        self.count = word_at(pdu, 3);
        let bytes = pdu.get(6..).unwrap_or_default();
        self.words.extend(bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])));
        let stated = pdu.get(5).copied().map(usize::from);
        self.malformed = !(1..=MOST_WRITTEN).contains(&self.count)
            || stated != Some(bytes.len())
            || bytes.len() != 2 * usize::from(self.count);
    }
}

/// The word at a byte offset; zero where the PDU is too short (its length is judged apart).
fn word_at(pdu: &[u8], offset: usize) -> u16 {
    match pdu.get(offset..offset + 2) {
        Some(pair) => u16::from_be_bytes([pair[0], pair[1]]),
        None => 0,
    }
}

/// Begins the answer to a read; the words follow.
pub(super) fn begin_read_answer(out: &mut Vec<u8>, function: u8, count: u16) {
    out.push(function);
    out.push(u8::try_from(2 * count).expect("at most 125 registers are read"));
}

/// The echo of a write.
pub(super) fn write_echo(out: &mut Vec<u8>, request: &Request) {
    let second = if request.function == WRITE_ONE { request.words[0] } else { request.count };
    out.push(request.function);
    out.extend(request.address.to_be_bytes());
    out.extend(second.to_be_bytes());
}

/// An exception.
pub(super) fn exception(out: &mut Vec<u8>, function: u8, code: u8) {
    out.push(function | 0x80);
    out.push(code);
}
