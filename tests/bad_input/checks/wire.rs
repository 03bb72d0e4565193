//! Modbus TCP frames as the wire sees them, read by rules of their own (DOMAIN.md §4): what the program took an
//! answer for is held against this.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Transaction, protocol, length, unit.
pub const HEADER: usize = 7;
/// Reads holding registers.
pub const READ: u8 = 3;
const WRITE_ONE: u8 = 6;
const WRITE_BLOCK: u8 = 16;

/// One whole frame, or nothing at the end of the stream.
pub async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut frame = vec![0; HEADER];
    match stream.read_exact(&mut frame).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    };
    let length = usize::from(u16::from_be_bytes([frame[4], frame[5]]));
    frame.resize(HEADER - 1 + length.max(1), 0);
    stream.read_exact(&mut frame[HEADER..]).await?;
    Ok(Some(frame))
}

/// A frame that answers `request` with this PDU.
pub fn answer(request: &[u8], pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 1).expect("a PDU is short");
    let mut frame = request[..4].to_vec();
    frame.extend(length.to_be_bytes());
    frame.push(request[HEADER - 1]);
    frame.extend(pdu);
    frame
}

/// The words of a frame that answers a read, if that is what it is, to the byte; trailing bytes are not looked at.
pub fn words_read(request: &[u8], delivered: &[u8]) -> Option<Vec<u16>> {
    let [READ, _, _, high, low] = *request.get(HEADER..)? else { return None };
    let count = usize::from(u16::from_be_bytes([high, low]));
    let mut head = answer(request, &[READ, u8::try_from(2 * count).ok()?]);
    head[4..6].copy_from_slice(&u16::try_from(3 + 2 * count).ok()?.to_be_bytes());
    let data = delivered.strip_prefix(&head[..])?.get(..2 * count)?;
    Some(data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
}

/// Whether what was delivered begins with an answer that a client cannot but believe: the right number of
/// registers, or the exact echo of a write.
pub fn convinces(request: &[u8], delivered: &[u8]) -> bool {
    match request[HEADER] {
        READ => words_read(request, delivered).is_some(),
        WRITE_ONE => delivered.starts_with(request),
        WRITE_BLOCK => delivered.starts_with(&answer(request, &request[HEADER..HEADER + 5])),
        other => panic!("the program used function {other}"),
    }
}

/// Whether what was delivered begins with an exception that answers the request. The Modbus library does not look
/// at what an exception's frame holds beyond its code, and nothing depends on it.
pub fn excepts(request: &[u8], delivered: &[u8]) -> bool {
    let function = request[HEADER] | 0x80;
    let head_is_right = delivered.get(..4) == request.get(..4) && delivered.get(6) == request.get(6);
    let length =
        delivered.get(4..6).map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
    head_is_right && length >= 3 && delivered.get(HEADER) == Some(&function) && delivered.len() >= 6 + length
}

/// A read's first wire address and count.
pub fn read_span(request: &[u8]) -> Option<(u16, u16)> {
    let [READ, a, b, c, d] = *request.get(HEADER..)? else { return None };
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

/// What a request writes to a wire address, if anything.
pub fn written_to(request: &[u8], address: u16) -> Option<u16> {
    let pdu = &request[HEADER..];
    let first = u16::from_be_bytes([pdu[1], pdu[2]]);
    let data = match pdu[0] {
        WRITE_ONE => &pdu[3..5],
        WRITE_BLOCK => &pdu[6..],
        _ => return None,
    };
    let offset = usize::from(address.checked_sub(first)?) * 2;
    Some(u16::from_be_bytes([*data.get(offset)?, *data.get(offset + 1)?]))
}
