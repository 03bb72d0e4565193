//! What only sockets show, in real time.

use tokio::net::TcpStream;

use super::*;
use crate::simulator::{Fault, When};

async fn connect(gateway: &Gateway) -> Client<TcpStream> {
    Client::new(TcpStream::connect(gateway.listen().await.unwrap()).await.unwrap())
}

#[tokio::test]
async fn a_meter_is_read_and_preset_over_tcp() {
    let gateway = Gateway::new(GatewaySettings::default());
    gateway.add(UNIT, pm800());
    let mut client = connect(&gateway).await;
    assert_eq!(client.read(3017, 2).await, [0xD93E, 0x00A7]);
    client.stage(&small([1, 2, 3, 4, 5, 6, 7])).await;
    client.commit().await;
    assert_eq!(gateway.energies(UNIT), [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_full_gateway_closes_what_it_cannot_serve_but_not_who_comes_back() {
    let gateway = Gateway::new(GatewaySettings { max_connections: Some(1), ..GatewaySettings::default() });
    gateway.add(UNIT, pm800());
    let address = gateway.listen().await.unwrap();
    for _ in 0..20 {
        let mut client = Client::new(TcpStream::connect(address).await.unwrap());
        client.read(3017, 2).await;
    }
    let mut first = Client::new(TcpStream::connect(address).await.unwrap());
    first.read(3017, 2).await;
    Client::new(TcpStream::connect(address).await.unwrap()).closed().await;
    first.read(3017, 2).await;
    assert_eq!(gateway.connections().refused, 1);
}

#[tokio::test]
async fn a_client_that_gives_up_on_an_answer_does_not_keep_its_connection() {
    let latency = Duration::from_millis(200);
    let settings = GatewaySettings { max_connections: Some(1), latency, ..GatewaySettings::default() };
    let gateway = Gateway::new(settings);
    gateway.add(UNIT, pm800());
    let address = gateway.listen().await.unwrap();
    let mut first = Client::new(TcpStream::connect(address).await.unwrap());
    first.request(UNIT, &read_pdu(3017, 2)).await;
    while gateway.audit(UNIT).requests_total() == 0 {
        tokio::task::yield_now().await;
    }
    drop(first);
    Client::new(TcpStream::connect(address).await.unwrap()).read(3017, 2).await;
    assert_eq!(gateway.connections().refused, 0);
}

#[tokio::test]
async fn a_dropped_connection_is_seen_as_closed() {
    let gateway = Gateway::new(GatewaySettings::default());
    gateway.add(UNIT, pm800());
    gateway.inject(UNIT, When::any(), Fault::DropBefore);
    let mut client = connect(&gateway).await;
    client.request(UNIT, &read_pdu(3017, 2)).await;
    client.closed().await;
}

#[tokio::test]
async fn an_offline_gateway_closes_connections_and_takes_no_new_ones() {
    let gateway = Gateway::new(GatewaySettings::default());
    gateway.add(UNIT, pm800());
    let address = gateway.listen().await.unwrap();
    let mut client = Client::new(TcpStream::connect(address).await.unwrap());
    client.read(3017, 2).await;
    gateway.set_offline(true);
    client.closed().await;
    Client::new(TcpStream::connect(address).await.unwrap()).closed().await;
    gateway.set_offline(false);
    Client::new(TcpStream::connect(address).await.unwrap()).read(3017, 2).await;
    gateway.shut_down();
    tokio::time::sleep(Duration::from_millis(20)).await;
    TcpStream::connect(address).await.unwrap_err();
}
