//! A gateway that speaks RTU: frames, nonsense, silence, and a line that outlives the connections to it.

use std::time::Duration;

use super::*;
use crate::simulator::{Fault, Framing, MemoryStream, UnknownUnit, ViolationKind, When};

const MS: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
/// A read of the serial number, and its answer, spelled out.
const READ: [u8; 8] = [0x0C, 0x03, 0x0B, 0xC8, 0x00, 0x02, 0x46, 0xCC];
const ANSWER: [u8; 9] = [0x0C, 0x03, 0x04, 0xD9, 0x3E, 0x00, 0xA7, 0x3D, 0xD9];

/// A gateway that speaks RTU with one device, and a client connected to it.
pub(super) fn wired_rtu() -> (Gateway, Client<MemoryStream>) {
    wired_with(GatewaySettings::default())
}

fn wired_with(settings: GatewaySettings) -> (Gateway, Client<MemoryStream>) {
    let gateway = Gateway::new(GatewaySettings { framing: Framing::Rtu, ..settings });
    gateway.add(UNIT, pm800());
    let client = another(&gateway);
    (gateway, client)
}

pub(super) fn another(gateway: &Gateway) -> Client<MemoryStream> {
    Client::new(gateway.connect().unwrap())
}

/// The CRC by long division of the reflected bits, as a serial receiver would shift them in.
fn crc(bytes: &[u8]) -> [u8; 2] {
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    let crc = bits.fold(0xFFFF_u16, |crc, bit| {
        let carry = (crc & 1 == 1) != bit;
        crc >> 1 ^ if carry { 0x8005_u16.reverse_bits() } else { 0 }
    });
    crc.to_le_bytes()
}

/// A frame on a line.
pub(super) fn rtu(unit: u8, pdu: &[u8]) -> Vec<u8> {
    let frame = [&[unit], pdu].concat();
    [&frame[..], &crc(&frame)].concat()
}

/// The meter answers as ever.
pub(super) async fn is_faithful(client: &mut Client<MemoryStream>) {
    client.send(&READ).await;
    client.expect(&ANSWER).await;
}

#[tokio::test(start_paused = true)]
async fn every_function_is_served_and_nothing_stands_before_or_behind_an_answer() {
    let (gateway, mut client) = wired_rtu();
    is_faithful(&mut client).await;
    let block = block_pdu(8022, &[1, 2]);
    client.send(&rtu(UNIT, &block)).await;
    client.expect(&rtu(UNIT, &block[..5])).await;
    client.send(&rtu(UNIT, &single_pdu(8024, 3))).await;
    client.expect(&rtu(UNIT, &single_pdu(8024, 3))).await;
    client.send(&rtu(UNIT, &[4, 0x1F, 0x55, 0, 3])).await;
    client.expect(&rtu(UNIT, &[4, 6, 0, 1, 0, 2, 0, 3])).await;
    client.send(&rtu(UNIT, &read_pdu(1, 1))).await;
    client.expect(&rtu(UNIT, &[0x83, 2])).await;
    client.silence(PATIENCE).await;
    assert_eq!((gateway.audit(UNIT).requests_total(), gateway.audit(UNIT).connections()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_frame_is_met_with_silence_and_forgotten_once_the_line_is_quiet() {
    let mut wrong_crc = READ;
    wrong_crc[7] ^= 1;
    let in_front = [&[0x55][..], &READ].concat();
    let on_tcp = frame(1, UNIT, &read_pdu(3017, 2));
    for nonsense in [&wrong_crc[..], &in_front, &READ[..7], &READ[1..], &[0; 600], &on_tcp] {
        let (gateway, mut client) = wired_rtu();
        client.send(nonsense).await;
        client.silence(100 * MS).await;
        assert_eq!(gateway.audit(UNIT).requests_total(), 0, "{}", hex(nonsense));
        is_faithful(&mut client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_nonsense_nothing_is_heard_until_the_line_is_quiet() {
    let (gateway, mut client) = wired_rtu();
    client.send(&[0xFF; 300]).await;
    for _ in 0..5 {
        tokio::time::sleep(40 * MS).await;
        client.send(&READ).await;
    }
    client.silence(100 * MS).await;
    assert_eq!(gateway.audit(UNIT).requests_total(), 0);
    is_faithful(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_may_come_in_pieces_but_not_after_a_silence() {
    let (_gateway, mut client) = wired_rtu();
    for byte in READ {
        client.send(&[byte]).await;
        tokio::time::sleep(10 * MS).await;
    }
    client.expect(&ANSWER).await;
    client.send(&READ[..4]).await;
    tokio::time::sleep(60 * MS).await;
    client.send(&READ[4..]).await;
    client.silence(PATIENCE).await;
    is_faithful(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn a_function_that_nobody_knows_is_refused_once_the_line_is_quiet() {
    let (_gateway, mut client) = wired_rtu();
    client.send(&rtu(UNIT, &[43, 14, 1, 0])).await;
    client.silence(49 * MS).await;
    client.expect(&rtu(UNIT, &[0xAB, 1])).await;
    client.send(&rtu(UNIT, &[16, 0x1F, 0x55, 0, 2, 9, 0, 1])).await;
    client.expect(&rtu(UNIT, &[0x90, 3])).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_answers_for_another_unit_and_nobody_obeys_a_broadcast() {
    let (gateway, mut client) = wired_with(GatewaySettings {
        unknown_unit: UnknownUnit::Exception(0x0B),
        ..GatewaySettings::default()
    });
    client.send(&rtu(UNIT + 1, &read_pdu(3017, 2))).await;
    client.silence(PATIENCE).await;
    client.send(&rtu(0, &single_pdu(8022, 5))).await;
    client.silence(PATIENCE).await;
    assert_eq!(gateway.mailbox(UNIT, 8022), 0);
    assert_eq!(gateway.audit(0).violations()[0].kind, ViolationKind::Broadcast { function: 6 });
    is_faithful(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_under_way_when_its_client_leaves_reaches_whoever_came_after() {
    let (gateway, mut client) =
        wired_with(GatewaySettings { latency: 200 * MS, ..GatewaySettings::default() });
    client.send(&READ).await;
    tokio::time::sleep(MS).await;
    drop(client);
    let mut next = another(&gateway);
    next.expect(&ANSWER).await;
    next.silence(PATIENCE).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_finds_nobody_is_lost() {
    let (gateway, mut client) =
        wired_with(GatewaySettings { latency: 200 * MS, ..GatewaySettings::default() });
    client.send(&READ).await;
    tokio::time::sleep(MS).await;
    drop(client);
    tokio::time::sleep(SECOND).await;
    another(&gateway).silence(PATIENCE).await;
    assert_eq!(gateway.audit(UNIT).requests_total(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_who_are_connected_hear_every_answer() {
    let (gateway, mut asking) = wired_rtu();
    let mut listening = another(&gateway);
    is_faithful(&mut asking).await;
    listening.expect(&ANSWER).await;
    is_faithful(&mut listening).await;
    asking.expect(&ANSWER).await;
    assert_eq!((gateway.audit(UNIT).connections(), gateway.connections().open), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_survives_a_gateway_that_was_offline() {
    let (gateway, mut client) = wired_rtu();
    gateway.inject(UNIT, When::any(), Fault::LateResponse(3 * SECOND));
    client.send(&READ).await;
    client.silence(SECOND).await;
    gateway.set_offline(true);
    client.closed().await;
    gateway.connect().unwrap_err();
    gateway.set_offline(false);
    let mut next = another(&gateway);
    next.silence(1_999 * MS).await;
    next.expect(&ANSWER).await;
}

#[tokio::test(start_paused = true)]
async fn connections_are_capped_counted_and_taken_down_with_the_last_handle() {
    let (gateway, client) =
        wired_with(GatewaySettings { max_connections: Some(1), ..GatewaySettings::default() });
    gateway.connect().unwrap_err();
    drop(client);
    let mut next = another(&gateway);
    is_faithful(&mut next).await;
    let counts = gateway.connections();
    assert_eq!((counts.accepted, counts.refused, counts.open), (2, 1, 1));
    drop(gateway);
    next.closed().await;
}

#[tokio::test]
async fn over_a_socket_it_is_the_same() {
    let (gateway, _client) = wired_rtu();
    let address = gateway.listen().await.unwrap();
    let mut client = Client::new(tokio::net::TcpStream::connect(address).await.unwrap());
    client.send(&READ).await;
    client.expect(&ANSWER).await;
    gateway.inject(UNIT, When::any(), Fault::DropAfter);
    client.send(&READ).await;
    client.closed().await;
}
