//! What a hostile gateway does with one request: the alphabet of the tests and of the fuzzer.

use super::wire;

/// What comes of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Whether the meter obeys the request.
    pub obeyed: bool,
    /// What the client gets.
    pub answer: Answer,
}

/// What the client gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What the meter says.
    Honest,
    /// Nothing.
    Silence,
    /// The end of the connection.
    Close,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A right header with these bytes as its PDU.
    Pdu(Vec<u8>),
    /// What the meter says, with this byte of it changed.
    Flip(u8, u8),
    /// What the meter says, with one of its words replaced.
    Word(u8, u16),
    /// What the meter says, with another length in the header.
    Length(u16),
    /// What the meter says to a read, in so many registers fewer, and lengths that agree with it.
    Fewer(u8),
    /// The beginning of what the meter says.
    Cut(u8),
    /// What the meter says, and these bytes behind it.
    Append(Vec<u8>),
    /// What the meter says, byte by byte, so many tens of milliseconds apart.
    Drip(u8),
    /// A right header that promises 64 KiB, and this byte without end.
    Flood(u8),
}

impl Act {
    /// The meter obeys and is heard.
    pub const HONEST: Self = Self { obeyed: true, answer: Answer::Honest };

    /// The bytes for `request`, of which the meter itself said `honest`.
    pub fn bytes(&self, request: &[u8], honest: Option<&[u8]>) -> Vec<u8> {
        let said = honest.unwrap_or_default().to_vec();
        match &self.answer {
            Answer::Honest | Answer::Drip(_) => said,
            Answer::Silence | Answer::Close => Vec::new(),
            Answer::Bytes(bytes) => bytes.clone(),
            Answer::Pdu(pdu) => wire::answer(request, pdu),
            Answer::Flip(at, mask) => changed(said, usize::from(*at), &[*mask], |old, mask| old ^ mask),
            Answer::Word(index, word) => {
                let at = wire::HEADER + 2 + 2 * usize::from(*index);
                changed(said, at, &word.to_be_bytes(), |_, new| new)
            }
            Answer::Length(length) => changed(said, 4, &length.to_be_bytes(), |_, new| new),
            Answer::Fewer(registers) => shortened(request, &said, usize::from(*registers)),
            Answer::Cut(at) => said[..said.len().min(usize::from(*at))].to_vec(),
            Answer::Append(more) => [said, more.clone()].concat(),
            Answer::Flood(_) => {
                let mut bytes = wire::answer(request, &request[wire::HEADER..=wire::HEADER]);
                bytes[4..6].copy_from_slice(&u16::MAX.to_be_bytes());
                bytes
            }
        }
    }

    /// A script from bytes: one act after the other while they last. Zeros are honest acts, so that a fuzzer
    /// gets deep into a transfer.
    pub fn script(bytes: &[u8]) -> Vec<Self> {
        let mut input = Input(bytes);
        let mut acts = Vec::new();
        while let Some(code) = input.byte() {
            let answer = match code & 0x0F {
                1 => Answer::Silence,
                2 => Answer::Close,
                3 => Answer::Bytes(input.some()),
                4 => Answer::Pdu(input.some()),
                5 => Answer::Flip(input.next(), input.next()),
                6 => Answer::Word(input.next(), u16::from_be_bytes([input.next(), input.next()])),
                7 => Answer::Length(u16::from_be_bytes([input.next(), input.next()])),
                8 => Answer::Cut(input.next()),
                9 => Answer::Append(input.some()),
                10 => Answer::Drip(input.next()),
                11 => Answer::Flood(input.next()),
                12 => Answer::Fewer(input.next()),
                _ => Answer::Honest,
            };
            acts.push(Self { obeyed: code & 0x80 == 0, answer });
        }
        acts
    }
}

/// `bytes` with those from `at` on combined with `with`, as far as there are any.
fn changed(mut bytes: Vec<u8>, at: usize, with: &[u8], how: fn(u8, u8) -> u8) -> Vec<u8> {
    for (old, new) in bytes.iter_mut().skip(at).zip(with) {
        *old = how(*old, *new);
    }
    bytes
}

/// An answer to a read, without its last registers; another answer as it is.
fn shortened(request: &[u8], said: &[u8], registers: usize) -> Vec<u8> {
    match said.get(wire::HEADER..) {
        Some([wire::READ, bytes, data @ ..]) => {
            let bytes = usize::from(*bytes).saturating_sub(2 * registers).min(data.len());
            wire::answer(request, &[&[wire::READ, bytes as u8], &data[..bytes]].concat())
        }
        _ => said.to_vec(),
    }
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn next(&mut self) -> u8 {
        self.byte().unwrap_or_default()
    }

    /// As many bytes as the next one says.
    fn some(&mut self) -> Vec<u8> {
        let count = usize::from(self.next());
        let (some, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        some.to_vec()
    }
}
