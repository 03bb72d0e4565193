//! Every fault on a line: what it is there, byte for byte, and whether the meter obeyed.

use std::time::Duration;

use super::rtu::{SECOND, another, is_faithful, rtu, wired_rtu};
use super::*;
use crate::simulator::{Fault, Load, MemoryStream, Origin, When};

const MS: Duration = Duration::from_millis(1);

/// A write that shows whether it was executed.
fn mark() -> Vec<u8> {
    single_pdu(8100, 7)
}

/// What the mark with a fault is answered with.
async fn marked(fault: &Fault) -> (Gateway, Client<MemoryStream>) {
    let (gateway, mut client) = wired_rtu();
    gateway.inject(UNIT, When::any(), fault.clone());
    client.send(&rtu(UNIT, &mark())).await;
    (gateway, client)
}

/// With the fault, the mark is answered with these bytes and no more; then all is as ever.
async fn check(fault: Fault, answer: &[u8], obeyed: bool) {
    let (gateway, mut client) = marked(&fault).await;
    client.expect(answer).await;
    client.silence(PATIENCE).await;
    assert_eq!(gateway.mailbox(UNIT, 8100) == 7, obeyed, "{fault:?}");
    is_faithful(&mut client).await;
    assert_eq!((gateway.audit(UNIT).faults().len(), gateway.armed_faults(UNIT)), (1, 0), "{fault:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_and_answers_are_lost() {
    check(Fault::SwallowRequest, &[], false).await;
    check(Fault::SwallowResponse, &[], true).await;
    check(Fault::Truncated, &rtu(UNIT, &mark())[..4], true).await;
}

#[tokio::test(start_paused = true)]
async fn bent_answers_have_a_crc_that_agrees_with_them() {
    check(Fault::Exception(6), &rtu(UNIT, &[0x86, 6]), false).await;
    check(Fault::ExceptionAfter(0x0A), &rtu(UNIT, &[0x86, 0x0A]), true).await;
    check(Fault::ShortResponse, &rtu(UNIT, &mark()[..3]), true).await;
    check(Fault::LongResponse, &rtu(UNIT, &[&mark()[..], &[0x12, 0x34]].concat()), true).await;
    check(Fault::WrongEcho, &rtu(UNIT, &single_pdu(8100, 8)), true).await;
    check(Fault::WrongEchoAddress, &rtu(UNIT, &single_pdu(8101, 7)), true).await;
    check(Fault::WrongUnit, &rtu(UNIT + 1, &mark()), true).await;
    let mut other_function = mark();
    other_function[0] = 7;
    check(Fault::WrongFunction, &rtu(UNIT, &other_function), true).await;
}

#[tokio::test(start_paused = true)]
async fn reads_are_bent_as_on_tcp() {
    for (fault, answer) in [
        (Fault::ShortResponse, &[3, 2, 0xD9, 0x3E][..]),
        (Fault::LongResponse, &[3, 6, 0xD9, 0x3E, 0, 0xA7, 0x12, 0x34]),
        (Fault::WrongFunction, &[4, 4, 0xD9, 0x3E, 0, 0xA7]),
        (Fault::WrongEcho, &[3, 4, 0xD9, 0x3E, 0, 0xA7]),
        (Fault::WrongEchoAddress, &[3, 4, 0xD9, 0x3E, 0, 0xA7]),
    ] {
        let (gateway, mut client) = wired_rtu();
        gateway.inject(UNIT, When::any(), fault);
        client.send(&rtu(UNIT, &read_pdu(3017, 2))).await;
        client.expect(&rtu(UNIT, answer)).await;
        client.silence(PATIENCE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_has_no_crc_and_is_always_the_same() {
    let mut heard = Vec::new();
    for _ in 0..2 {
        let (gateway, mut client) = marked(&Fault::Garbage).await;
        let mut bytes = [0; 8];
        client.stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(gateway.mailbox(UNIT, 8100), 7);
        assert_ne!(bytes[..], rtu(bytes[0], &bytes[1..6]));
        heard.push(bytes);
    }
    assert_eq!(heard[0], heard[1]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_takes_nothing_off_the_line() {
    for (fault, before, obeyed) in [
        (Fault::DropBefore, &[][..], false),
        (Fault::DropAfter, &[], true),
        (Fault::TruncatedDrop, &rtu(UNIT, &mark())[..4], true),
    ] {
        let (gateway, mut client) = marked(&fault).await;
        client.expect(before).await;
        client.closed().await;
        assert_eq!(gateway.mailbox(UNIT, 8100) == 7, obeyed, "{fault:?}");
        is_faithful(&mut another(&gateway)).await;
        assert_eq!(gateway.connections().accepted, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn late_response_reaches_a_client_that_never_asked() {
    let (gateway, mut client) = marked(&Fault::LateResponse(3 * SECOND)).await;
    client.silence(SECOND).await;
    drop(client);
    let mut next = another(&gateway);
    is_faithful(&mut next).await;
    next.silence(1_999 * MS).await;
    next.expect(&rtu(UNIT, &mark())).await;
}

#[tokio::test(start_paused = true)]
async fn late_response_comes_in_front_of_the_answer_to_the_next_request() {
    let (gateway, mut client) = wired_rtu();
    gateway.inject(UNIT, When::any(), Fault::LateResponse(SECOND));
    gateway.inject(UNIT, When::any().nth(2), Fault::Delay(500 * MS));
    client.send(&rtu(UNIT, &read_pdu(3017, 1))).await;
    client.silence(900 * MS).await;
    drop(client);
    let mut next = another(&gateway);
    next.send(&rtu(UNIT, &read_pdu(3018, 1))).await;
    next.expect(&rtu(UNIT, &[3, 2, 0xD9, 0x3E])).await; // of another register, and nothing shows it
    next.expect(&rtu(UNIT, &[3, 2, 0x00, 0xA7])).await;
}

#[tokio::test(start_paused = true)]
async fn late_execution_is_answered_when_it_happens() {
    let (gateway, mut client) = marked(&Fault::LateExecution(2 * SECOND)).await;
    client.silence(SECOND).await;
    drop(client);
    assert_eq!(gateway.mailbox(UNIT, 8100), 0);
    let mut next = another(&gateway);
    next.silence(999 * MS).await;
    next.expect(&rtu(UNIT, &mark())).await;
    assert_eq!(gateway.mailbox(UNIT, 8100), 7);
    assert_eq!(gateway.audit(UNIT).writes()[0].origin, Origin::Late);
    is_faithful(&mut next).await;
}

#[tokio::test(start_paused = true)]
async fn late_execution_may_be_refused_and_says_so() {
    let (gateway, mut client) = wired_rtu();
    gateway.inject(UNIT, When::any(), Fault::LateExecution(SECOND));
    client.send(&rtu(UNIT, &single_pdu(7000, 7))).await;
    client.silence(999 * MS).await;
    client.expect(&rtu(UNIT, &[0x86, 2])).await;
}

#[tokio::test(start_paused = true)]
async fn duplicate_execution_is_answered_twice_with_what_is_there_each_time() {
    let (gateway, mut client) = wired_rtu();
    gateway.set_load(UNIT, Load { real_in: 3_600, ..Load::default() });
    gateway.inject(UNIT, When::any(), Fault::DuplicateExecution(2 * SECOND));
    client.send(&rtu(UNIT, &read_pdu(1700, 1))).await;
    client.expect(&rtu(UNIT, &[3, 2, 0, 0])).await;
    client.silence(1_999 * MS).await;
    client.expect(&rtu(UNIT, &[3, 2, 0, 2])).await;
    client.silence(PATIENCE).await;
}

#[tokio::test(start_paused = true)]
async fn wrong_transaction_is_the_answer_before_once_more_and_then_its_own() {
    check(Fault::WrongTransaction, &rtu(UNIT, &mark()), true).await;
    let (gateway, mut client) = wired_rtu();
    gateway.inject(UNIT, When::any().nth(2), Fault::WrongTransaction);
    client.send(&rtu(UNIT, &read_pdu(3017, 1))).await;
    client.expect(&rtu(UNIT, &[3, 2, 0xD9, 0x3E])).await;
    client.send(&rtu(UNIT, &read_pdu(3018, 1))).await;
    client.expect(&rtu(UNIT, &[3, 2, 0xD9, 0x3E])).await;
    client.expect(&rtu(UNIT, &[3, 2, 0x00, 0xA7])).await;
    client.silence(PATIENCE).await;
    is_faithful(&mut client).await;
}

#[tokio::test(start_paused = true)]
async fn answers_are_slow() {
    let (_gateway, mut client) = marked(&Fault::OneByteAtATime(10 * MS)).await;
    for byte in rtu(UNIT, &mark()) {
        client.expect(&[byte]).await;
        client.silence(9 * MS).await;
    }
    let (gateway, mut client) = marked(&Fault::Delay(400 * MS)).await;
    client.silence(399 * MS).await;
    assert_eq!(gateway.mailbox(UNIT, 8100), 0, "executed late, too");
    client.expect(&rtu(UNIT, &mark())).await;
}

#[tokio::test(start_paused = true)]
async fn what_happens_at_the_meter_happens_in_either_framing() {
    let foreign = Fault::ForeignWrite { register: 8101, words: vec![3] };
    check(foreign, &rtu(UNIT, &mark()), true).await;
    let (gateway, mut client) = wired_rtu();
    gateway.inject(UNIT, When::any(), Fault::SerialBecomes(0x0001_0002));
    client.send(&rtu(UNIT, &read_pdu(3017, 2))).await;
    client.expect(&rtu(UNIT, &[3, 4, 0, 2, 0, 1])).await;
    gateway.set_energies(UNIT, [19_999, 0, 0, 0, 0, 0, 0]);
    gateway.inject(UNIT, When::energies(), Fault::TornRead);
    client.send(&rtu(UNIT, &read_pdu(1700, 2))).await;
    client.expect(&rtu(UNIT, &[3, 4, 0x27, 0x0F, 0, 2])).await;
}
