//! What meters show.

use std::time::Duration;

use super::*;
use crate::simulator::{Load, Totals};

#[tokio::test(start_paused = true)]
async fn the_serial_number_of_a_pm800_is_d93e_00a7() {
    let (_gateway, mut client) = wired(pm800());
    client.send(&[0xAB, 0xCD, 0, 0, 0, 6, 12, 3, 0x0B, 0xC8, 0, 2]).await;
    client.expect(&[0xAB, 0xCD, 0, 0, 0, 7, 12, 3, 4, 0xD9, 0x3E, 0x00, 0xA7]).await;
}

#[tokio::test(start_paused = true)]
async fn the_serial_number_of_a_cm2000_is_at_2096() {
    let (_gateway, mut client) = wired(Device::new(Model::Cm2000, 3 * 65_536 + 17));
    assert_eq!(client.read(2096, 2).await, [17, 3]);
    assert_eq!(client.ask(UNIT, &read_pdu(3017, 2)).await, [0x83, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_real_reading_goes_over_the_wire_as_its_four_words() {
    let (_gateway, mut client) = wired(pm800().with_energies([4_363_560_264, 0, 0, 0, 0, 0, -1_234_567]));
    client.send(&[0, 1, 0, 0, 0, 6, 12, 3, 0x06, 0xA3, 0, 4]).await;
    client.expect(&[0, 1, 0, 0, 0, 11, 12, 3, 8, 0x01, 0x08, 0x18, 0xD4, 0x00, 0x2B, 0, 0]).await;
    assert_eq!(client.read(1724, 2).await, [(-4567_i16) as u16, (-123_i16) as u16]);
}

#[tokio::test(start_paused = true)]
async fn a_cm2000_keeps_its_energies_in_its_own_order_and_other_data_at_1700() {
    let (gateway, mut client) =
        wired(Device::new(Model::Cm2000, 1).with_energies([101, 102, 103, 104, 105, 106, 107]));
    let words = client.read(1601, 28).await;
    assert_eq!(words, small([101, 102, 103, 104, 107, 105, 106]));
    let nonsense = client.read(1700, 28).await;
    assert!(nonsense.iter().all(|&word| word < 10_000) && nonsense.iter().any(|&word| word > 0));
    assert_ne!(nonsense, small([101, 102, 103, 104, 105, 106, 107]));
    assert_eq!(gateway.words(UNIT)[24], 107, "the handle has them in the order of 1700–1727");
}

#[tokio::test(start_paused = true)]
async fn raw_words_are_shown_as_they_are() {
    let mut raw = [0; 28];
    raw[5] = i16::MIN;
    let (gateway, mut client) = wired(pm800().with_raw_words(raw));
    assert_eq!(client.read(1700, 28).await[5], 0x8000);
    assert_eq!(gateway.words(UNIT), raw);
}

#[tokio::test(start_paused = true)]
async fn energies_grow_while_time_passes() {
    let load = Load { real_in: 7_200, real_out: 3_600, ..Load::default() };
    let device =
        pm800().with_energies([9_999, 0, 0, 0, 50, 0, 0]).with_load(load).with_totals(Totals::Signed);
    let (gateway, mut client) = wired(device);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(gateway.energies(UNIT), [10_019, 0, 10, 0, 60, 0, 0]);
    assert_eq!(client.read(1700, 4).await, [19, 1, 0, 0]);
    gateway.set_load(UNIT, Load::default());
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(gateway.energies(UNIT)[0], 10_019);
}

#[tokio::test(start_paused = true)]
async fn jbus_addressing_is_a_silent_shift_by_one() {
    let energies = [4_363_560_264, 0, 0, 0, 0, 0, 0];
    let (_gateway, mut client) = wired(pm800().with_energies(energies).with_jbus_addressing());
    assert_eq!(client.ask(UNIT, &[3, 0x06, 0xA4, 0, 1]).await, [3, 2, 0x01, 0x08], "wire address 1700");
    assert_eq!(client.read(1701, 4).await, [264, 6356, 43, 0], "a Modbus master is one register off");
    assert_eq!(client.read(1700, 28).await.len(), 28, "and is not told");
    assert_eq!(client.read(3018, 2).await, [0xD93E, 0x00A7]);
    assert_eq!(client.read(3017, 2).await[1], 0xD93E);
}

#[tokio::test(start_paused = true)]
async fn a_jbus_master_at_a_modbus_port_is_not_told_either() {
    let (_gateway, mut client) = wired(pm800());
    assert_eq!(client.ask(UNIT, &[3, 0x06, 0xA4, 0, 28]).await.len(), 58);
    assert_eq!(client.ask(UNIT, &[3, 0x0B, 0xC9, 0, 2]).await[..4], [3, 4, 0x00, 0xA7]);
}

#[tokio::test(start_paused = true)]
async fn a_serial_number_may_be_hidden() {
    let (_gateway, mut client) = wired(pm800().hiding_its_serial_number());
    assert_eq!(client.ask(UNIT, &read_pdu(3017, 2)).await, [0x83, 2]);
    assert_eq!(client.read(1700, 28).await, [0; 28]);
}

#[tokio::test(start_paused = true)]
async fn impossible_requests_get_the_exceptions_of_the_book() {
    let (_gateway, mut client) = wired(pm800());
    for (pdu, answer) in [
        (vec![43, 14, 1, 0], [0x80 | 43, 1]),
        (vec![3, 0x06, 0xA3, 0, 0], [0x83, 3]),
        (vec![3, 0x06, 0xA3, 0, 126], [0x83, 3]),
        (vec![3, 0x06, 0xA3, 0], [0x83, 3]),
        (read_pdu(500, 2), [0x83, 2]),
        (vec![3, 0xFF, 0xFF, 0, 125], [0x83, 2]),
        (read_pdu(8149, 2), [0x83, 2]),
        (vec![16, 0x1F, 0x55, 0, 2, 4, 0, 1], [0x90, 3]),
        (vec![16, 0x1F, 0x55, 0, 2, 2, 0, 1], [0x90, 3]),
        (vec![16, 0x1F, 0x55, 0, 0, 0], [0x90, 3]),
        (vec![6, 0x1F, 0x55, 0], [0x86, 3]),
    ] {
        assert_eq!(client.ask(UNIT, &pdu).await, answer, "{}", hex(&pdu));
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_pm800_reads_with_function_04() {
    let (_gateway, mut client) = wired(pm800());
    assert_eq!(client.ask(UNIT, &[4, 0x0B, 0xC8, 0, 1]).await, [4, 2, 0xD9, 0x3E]);
    let (_gateway, mut client) = wired(Device::new(Model::Cm4000, 5));
    assert_eq!(client.ask(UNIT, &[4, 0x0B, 0xC8, 0, 1]).await, [0x84, 1]);
}
