//! A serial port of this machine: a pseudo-terminal, with the hand-written meter at its other end. Only here the clock is
//! the real one.

use tokio_serial::{SerialPort as _, SerialStream};

use super::*;
use crate::modbus::Connector;

#[tokio::test]
async fn a_meter_on_a_serial_port_is_read_and_a_late_answer_of_its_is_thrown_away() {
    let (mut meter, slave) = SerialStream::pair().unwrap();
    let device = slave.name().unwrap();
    drop(slave);
    let mut cable = Cable::new(Address::Rtu { device });
    let gateway = Arc::get_mut(&mut cable.gateway).unwrap();
    gateway.settings.request_timeout = 100 * MS;
    gateway.settings.connect_timeout = TIMEOUT;
    meter.write_all(&words(STALE)).await.unwrap();

    let link = Link::open(&Connector::real(), Arc::clone(&cable.gateway), None).await.unwrap();
    let (read, ()) = tokio::join!(cable.read(&link), async {
        let mut request = [0; 8];
        meter.read_exact(&mut request).await.unwrap();
        assert_eq!(crc(&request), 0, "{request:02X?}");
        meter.write_all(&words(RIGHT)).await.unwrap();
    });
    assert_eq!(read, Ok(RIGHT.to_vec()));
    let second = Link::open(&Connector::real(), Arc::clone(&cable.gateway), None).await.map(|_| ());
    assert!(matches!(second, Err(Cause::NoConnection(why)) if why.contains("another program")));
}
