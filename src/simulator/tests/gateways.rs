//! Buses, connections, units that come and go.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::simulator::{Load, UnknownUnit, ViolationKind};

const MS: Duration = Duration::from_millis(1);

fn gateway(settings: GatewaySettings) -> Gateway {
    let gateway = Gateway::new(settings);
    gateway.add(UNIT, pm800());
    gateway
}

fn client(gateway: &Gateway) -> Client<crate::simulator::MemoryStream> {
    Client::new(gateway.connect().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_bus_serves_one_request_at_a_time_and_latency_overlaps() {
    let gateway =
        gateway(GatewaySettings { latency: 50 * MS, bus_time: 20 * MS, ..GatewaySettings::default() });
    let start = Instant::now();
    let asks = (0..4).map(|_| async {
        let mut client = client(&gateway);
        client.read(1700, 28).await;
        start.elapsed()
    });
    let mut times = futures::future::join_all(asks).await;
    times.sort();
    assert_eq!(times, [70 * MS, 90 * MS, 110 * MS, 130 * MS]);
}

#[tokio::test(start_paused = true)]
async fn requests_sent_ahead_are_served_in_order() {
    let gateway = gateway(GatewaySettings { bus_time: 5 * MS, ..GatewaySettings::default() });
    let mut client = client(&gateway);
    let both = [frame(1, UNIT, &read_pdu(3017, 1)), frame(2, UNIT, &read_pdu(3018, 1))].concat();
    client.send(&both).await;
    client.expect(&[0, 1, 0, 0, 0, 5, UNIT, 3, 2, 0xD9, 0x3E]).await;
    client.expect(&[0, 2, 0, 0, 0, 5, UNIT, 3, 2, 0x00, 0xA7]).await;
}

#[tokio::test(start_paused = true)]
async fn frames_may_come_in_pieces_and_nonsense_closes_the_connection() {
    let gateway = gateway(GatewaySettings::default());
    let mut client = client(&gateway);
    for byte in frame(7, UNIT, &read_pdu(3017, 1)) {
        client.send(&[byte]).await;
        tokio::time::sleep(MS).await;
    }
    client.expect(&[0, 7, 0, 0, 0, 5, UNIT, 3, 2, 0xD9, 0x3E]).await;
    client.send(&[0, 1, 0, 1, 0, 6, UNIT, 3, 0, 0, 0, 1]).await;
    client.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_is_not_there_is_silent_and_holds_up_the_bus() {
    let gateway = gateway(GatewaySettings { unit_timeout: 500 * MS, ..GatewaySettings::default() });
    let mut first = client(&gateway);
    let mut second = client(&gateway);
    first.request(99, &read_pdu(3017, 1)).await;
    tokio::time::sleep(MS).await;
    let start = Instant::now();
    second.read(3017, 1).await;
    assert_eq!(start.elapsed(), 499 * MS);
    first.silence(5 * PATIENCE).await;
}

#[tokio::test(start_paused = true)]
async fn a_gateway_may_answer_for_a_unit_that_is_not_there() {
    let gateway =
        gateway(GatewaySettings { unknown_unit: UnknownUnit::Exception(0x0B), ..GatewaySettings::default() });
    assert_eq!(client(&gateway).ask(99, &read_pdu(3017, 1)).await, [0x83, 0x0B]);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_obeyed_by_nobody_and_held_against_the_client() {
    let gateway = gateway(GatewaySettings::default());
    let mut client = client(&gateway);
    client.request(0, &single_pdu(8022, 5)).await;
    client.silence(PATIENCE).await;
    assert_eq!(gateway.mailbox(UNIT, 8022), 0);
    let kind = ViolationKind::Broadcast { function: 6 };
    assert_eq!(gateway.audit(UNIT).violations()[0].kind, kind);
    assert_eq!(gateway.audit(0).violations()[0].kind, kind);
    assert_eq!(gateway.violations().len(), 2);
    client.read(3017, 1).await;
}

#[tokio::test(start_paused = true)]
async fn connections_are_capped_and_a_dropped_one_is_free_at_once() {
    let gateway = gateway(GatewaySettings {
        max_connections: Some(1),
        latency: 100 * MS,
        ..GatewaySettings::default()
    });
    let mut first = client(&gateway);
    assert_eq!(gateway.connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
    first.request(UNIT, &single_pdu(8022, 5)).await;
    tokio::time::sleep(MS).await;
    drop(first);
    let mut second = client(&gateway);
    assert_eq!(second.read(8022, 1).await, [5]);
    drop(second);
    tokio::time::sleep(PATIENCE).await;
    let counts = gateway.connections();
    assert_eq!((counts.accepted, counts.refused, counts.open, counts.most_open), (2, 1, 0, 1));
    assert_eq!(gateway.audit(UNIT).connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_offline_gateway_cuts_and_refuses() {
    let gateway = gateway(GatewaySettings { latency: 100 * MS, ..GatewaySettings::default() });
    let mut cut = client(&gateway);
    cut.request(UNIT, &read_pdu(3017, 1)).await;
    tokio::time::sleep(MS).await;
    gateway.set_offline(true);
    cut.closed().await;
    assert_eq!(gateway.connect().unwrap_err().kind(), ErrorKind::ConnectionRefused);
    gateway.set_offline(false);
    client(&gateway).read(3017, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_unit_neither_obeys_nor_answers() {
    let gateway = gateway(GatewaySettings::default());
    let mut client = client(&gateway);
    gateway.set_silent(UNIT, true);
    client.request(UNIT, &single_pdu(8022, 5)).await;
    client.silence(PATIENCE).await;
    gateway.set_silent(UNIT, false);
    assert_eq!(client.read(8022, 1).await, [0]);
    assert_eq!(gateway.audit(UNIT).requests(6), 1);
}

#[tokio::test(start_paused = true)]
async fn an_exchanged_device_stops_counting_and_its_audit_is_kept() {
    let gateway = gateway(GatewaySettings::default());
    gateway.set_load(UNIT, Load { real_in: 3_600, ..Load::default() });
    client(&gateway).read(1700, 28).await;
    tokio::time::advance(Duration::from_secs(9)).await;
    let old = gateway.exchange(UNIT, Device::new(Model::Cm3000, 77));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(client(&gateway).read(3017, 2).await, [77, 0]);
    assert_eq!((gateway.past_audits(UNIT)[0].requests(3), gateway.audit(UNIT).requests(3)), (1, 1));
    gateway.add(13, old);
    assert_eq!((gateway.energies(13)[0], gateway.serial_number(13)), (9, 11_000_126));
    assert_eq!(gateway.units(), [12, 13]);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_the_connections_with_it() {
    let gateway = gateway(GatewaySettings::default());
    let mut client = client(&gateway);
    let other = gateway.clone();
    drop(gateway);
    client.read(3017, 1).await;
    drop(other);
    client.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_shut_down_stays_down() {
    let gateway = gateway(GatewaySettings::default());
    let mut client = client(&gateway);
    gateway.shut_down();
    client.closed().await;
    gateway.connect().unwrap_err();
}
