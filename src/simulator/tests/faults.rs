//! Every fault, at the request it is meant for and at no other.

use std::time::Duration;

use tokio::time::advance;

use super::*;
use crate::simulator::{Fault, Load, MemoryStream, Origin, When};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A write that shows whether it was executed.
fn mark() -> Vec<u8> {
    single_pdu(8100, 7)
}

/// A meter with a fault for the next request.
fn faulty(fault: Fault) -> (Gateway, Client<MemoryStream>) {
    let (gateway, client) = wired(pm800());
    gateway.inject(UNIT, When::any(), fault);
    (gateway, client)
}

/// Whether the mark was written.
fn is_marked(gateway: &Gateway) -> bool {
    gateway.mailbox(UNIT, 8100) == 7
}

/// The fault struck once, and the meter is faithful again.
async fn is_over(gateway: &Gateway, client: &mut Client<MemoryStream>) {
    assert_eq!(client.read(3017, 2).await, [0xD93E, 0x00A7]);
    assert_eq!((gateway.audit(UNIT).faults().len(), gateway.armed_faults(UNIT)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn swallow_request() {
    let (gateway, mut client) = faulty(Fault::SwallowRequest);
    client.request(UNIT, &mark()).await;
    client.silence(PATIENCE).await;
    assert!(!is_marked(&gateway));
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn swallow_response() {
    let (gateway, mut client) = faulty(Fault::SwallowResponse);
    client.request(UNIT, &mark()).await;
    client.silence(PATIENCE).await;
    assert!(is_marked(&gateway));
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn late_response_comes_after_the_answers_to_later_requests() {
    let (gateway, mut client) = faulty(Fault::LateResponse(3 * SECOND));
    let late = client.request(UNIT, &mark()).await;
    client.silence(SECOND).await;
    assert!(is_marked(&gateway));
    is_over(&gateway, &mut client).await;
    client.silence(1_999 * MS).await;
    client.expect(&frame(late, UNIT, &mark())).await;
}

#[tokio::test(start_paused = true)]
async fn late_response_comes_while_a_later_request_is_being_served() {
    let (gateway, mut client) = faulty(Fault::LateResponse(500 * MS));
    gateway.inject(UNIT, When::any().nth(2), Fault::Delay(SECOND));
    let late = client.request(UNIT, &mark()).await;
    tokio::time::sleep(MS).await;
    let delayed = client.request(UNIT, &single_pdu(8101, 9)).await;
    client.expect(&frame(late, UNIT, &mark())).await;
    client.silence(490 * MS).await;
    client.expect(&frame(delayed, UNIT, &single_pdu(8101, 9))).await;
}

#[tokio::test(start_paused = true)]
async fn late_response_does_not_outlive_its_connection() {
    let (gateway, mut client) = faulty(Fault::LateResponse(SECOND));
    client.request(UNIT, &mark()).await;
    tokio::time::sleep(MS).await;
    drop(client);
    let mut next = Client::new(gateway.connect().unwrap());
    next.silence(2 * SECOND).await;
    is_over(&gateway, &mut next).await;
    assert_eq!(gateway.connections().open, 1);
}

#[tokio::test(start_paused = true)]
async fn late_execution_happens_even_when_the_connection_is_gone() {
    let (gateway, mut client) = wired(pm800().with_load(Load { real_in: 3_600, ..Load::default() }));
    client.stage(&small([100, 2, 3, 4, 5, 6, 7])).await;
    gateway.inject(UNIT, When::commit(), Fault::LateExecution(5 * SECOND));
    client.request(UNIT, &COMMIT).await;
    client.silence(2 * SECOND).await;
    drop(client);
    assert_eq!(gateway.energies(UNIT)[0], 2);
    advance(8 * SECOND).await;
    assert_eq!(gateway.energies(UNIT)[0], 105, "preset at 5 s, looked at 5 s later");
    let audit = gateway.audit(UNIT);
    assert_eq!((audit.executions()[0].at, audit.effective_commits()), (5 * SECOND, 1));
    assert_eq!(audit.writes().last().unwrap().origin, Origin::Late);
}

#[tokio::test(start_paused = true)]
async fn late_execution_is_stopped_by_a_fence() {
    let (gateway, mut client) = wired(pm800());
    client.stage(&small([1, 2, 3, 4, 5, 6, 7])).await;
    gateway.inject(UNIT, When::commit(), Fault::LateExecution(5 * SECOND));
    client.request(UNIT, &COMMIT).await;
    client.silence(SECOND).await;
    client.ask(UNIT, &single_pdu(8022, 0x8000)).await;
    advance(10 * SECOND).await;
    assert_eq!(client.read(8021, 1).await, [82]);
    assert_eq!(gateway.audit(UNIT).effective_commits(), 0);
}

#[tokio::test(start_paused = true)]
async fn drop_before() {
    let (gateway, mut client) = faulty(Fault::DropBefore);
    client.request(UNIT, &mark()).await;
    client.closed().await;
    assert!(!is_marked(&gateway));
    is_over(&gateway, &mut Client::new(gateway.connect().unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn drop_after() {
    let (gateway, mut client) = faulty(Fault::DropAfter);
    client.request(UNIT, &mark()).await;
    client.closed().await;
    assert!(is_marked(&gateway));
    is_over(&gateway, &mut Client::new(gateway.connect().unwrap())).await;
}

#[tokio::test(start_paused = true)]
async fn exception() {
    let (gateway, mut client) = faulty(Fault::Exception(6));
    assert_eq!(client.ask(UNIT, &mark()).await, [0x86, 6]);
    assert!(!is_marked(&gateway));
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn exception_after() {
    let (gateway, mut client) = faulty(Fault::ExceptionAfter(0x0A));
    assert_eq!(client.ask(UNIT, &mark()).await, [0x86, 0x0A]);
    assert!(is_marked(&gateway));
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn short_response() {
    let (gateway, mut client) = faulty(Fault::ShortResponse);
    assert_eq!(client.ask(UNIT, &read_pdu(3017, 2)).await, [3, 2, 0xD9, 0x3E]);
    gateway.inject(UNIT, When::any(), Fault::ShortResponse);
    assert_eq!(client.ask(UNIT, &mark()).await, mark()[..3]);
    gateway.inject(UNIT, When::any(), Fault::ShortResponse);
    assert_eq!(client.ask(UNIT, &read_pdu(1, 1)).await, [0x83, 2], "an exception stays whole");
}

#[tokio::test(start_paused = true)]
async fn long_response() {
    let (gateway, mut client) = faulty(Fault::LongResponse);
    assert_eq!(client.ask(UNIT, &read_pdu(3017, 1)).await, [3, 4, 0xD9, 0x3E, 0x12, 0x34]);
    gateway.inject(UNIT, When::any(), Fault::LongResponse);
    assert_eq!(client.ask(UNIT, &mark()).await, [&mark()[..], &[0x12, 0x34]].concat());
}

#[tokio::test(start_paused = true)]
async fn wrong_echo() {
    let (gateway, mut client) = faulty(Fault::WrongEcho);
    assert_eq!(client.ask(UNIT, &mark()).await, single_pdu(8100, 8));
    assert!(is_marked(&gateway));
    gateway.inject(UNIT, When::any(), Fault::WrongEcho);
    assert_eq!(client.ask(UNIT, &block_pdu(8100, &[1, 2])).await, [16, 0x1F, 0xA3, 0, 3]);
}

#[tokio::test(start_paused = true)]
async fn wrong_echo_address() {
    let (gateway, mut client) = faulty(Fault::WrongEchoAddress);
    assert_eq!(client.ask(UNIT, &mark()).await, single_pdu(8101, 7));
    assert!(is_marked(&gateway));
}

#[tokio::test(start_paused = true)]
async fn wrong_transaction() {
    let (gateway, mut client) = faulty(Fault::WrongTransaction);
    client.send(&frame(0x00FF, UNIT, &mark())).await;
    client.expect(&frame(0x0100, UNIT, &mark())).await;
    assert!(is_marked(&gateway));
}

#[tokio::test(start_paused = true)]
async fn wrong_unit() {
    let (gateway, mut client) = faulty(Fault::WrongUnit);
    client.send(&frame(1, UNIT, &mark())).await;
    client.expect(&frame(1, UNIT + 1, &mark())).await;
    assert!(is_marked(&gateway));
}

#[tokio::test(start_paused = true)]
async fn wrong_function() {
    let (_gateway, mut client) = faulty(Fault::WrongFunction);
    assert_eq!(client.ask(UNIT, &read_pdu(3017, 1)).await, [4, 2, 0xD9, 0x3E]);
}

#[tokio::test(start_paused = true)]
async fn garbage_is_no_frame_and_always_the_same() {
    let mut heard = Vec::new();
    for _ in 0..2 {
        let (gateway, mut client) = faulty(Fault::Garbage);
        client.request(UNIT, &mark()).await;
        let mut bytes = [0; 12];
        client.stream.read_exact(&mut bytes).await.unwrap();
        assert!(bytes[2..4] != [0, 0] && is_marked(&gateway), "{}", hex(&bytes));
        heard.push(bytes);
    }
    assert_eq!(heard[0], heard[1]);
}

#[tokio::test(start_paused = true)]
async fn truncated() {
    let (gateway, mut client) = faulty(Fault::Truncated);
    client.send(&frame(1, UNIT, &mark())).await;
    client.expect(&frame(1, UNIT, &mark())[..6]).await;
    client.silence(PATIENCE).await;
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn truncated_drop() {
    let (gateway, mut client) = faulty(Fault::TruncatedDrop);
    client.send(&frame(1, UNIT, &mark())).await;
    client.expect(&frame(1, UNIT, &mark())[..6]).await;
    client.closed().await;
    assert!(is_marked(&gateway));
}

#[tokio::test(start_paused = true)]
async fn one_byte_at_a_time() {
    let (gateway, mut client) = faulty(Fault::OneByteAtATime(10 * MS));
    client.send(&frame(1, UNIT, &mark())).await;
    for byte in frame(1, UNIT, &mark()) {
        client.expect(&[byte]).await;
        client.silence(9 * MS).await;
    }
    tokio::time::sleep(PATIENCE).await;
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn foreign_write_comes_just_before_the_commit() {
    let (gateway, mut client) = wired(pm800());
    client.stage(&small([1, 2, 3, 4, 5, 6, 7])).await;
    gateway.inject(UNIT, When::commit(), Fault::ForeignWrite { register: 8022, words: vec![500, 1] });
    client.commit().await;
    assert_eq!(gateway.energies(UNIT)[..2], [10_500, 2]);
    let origins: Vec<_> = gateway.audit(UNIT).writes().iter().map(|write| write.origin).collect();
    assert_eq!(origins, [Origin::Client, Origin::Client, Origin::Foreign, Origin::Client]);
    assert_eq!(gateway.violations(), []);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "within 8000–8149")]
async fn foreign_write_outside_the_mailbox_is_a_mistake_in_the_test() {
    faulty(Fault::ForeignWrite { register: 8149, words: vec![1, 2] });
}

#[tokio::test(start_paused = true)]
async fn delay() {
    let (gateway, mut client) = faulty(Fault::Delay(400 * MS));
    let transaction = client.request(UNIT, &mark()).await;
    client.silence(399 * MS).await;
    assert!(!is_marked(&gateway), "executed late, too");
    client.expect(&frame(transaction, UNIT, &mark())).await;
    is_over(&gateway, &mut client).await;
}

#[tokio::test(start_paused = true)]
async fn duplicate_execution_loses_what_was_counted_in_between() {
    let (gateway, mut client) = wired(pm800().with_load(Load { real_in: 3_600, ..Load::default() }));
    client.stage(&small([100, 2, 3, 4, 5, 6, 7])).await;
    gateway.inject(UNIT, When::commit(), Fault::DuplicateExecution(10 * SECOND));
    client.commit().await;
    advance(9 * SECOND).await;
    assert_eq!(gateway.energies(UNIT)[0], 109);
    advance(2 * SECOND).await;
    assert_eq!(gateway.energies(UNIT)[0], 101);
    let audit = gateway.audit(UNIT);
    assert_eq!((audit.effective_commits(), audit.commit_requests()), (2, 1));
    assert_eq!(audit.writes().last().unwrap().origin, Origin::Repeat);
}

#[tokio::test(start_paused = true)]
async fn a_late_execution_reaches_whoever_is_there_then() {
    let (gateway, mut client) = faulty(Fault::LateExecution(SECOND));
    client.request(UNIT, &mark()).await;
    client.silence(MS).await;
    gateway.exchange(UNIT, pm800());
    advance(SECOND).await;
    assert!(is_marked(&gateway));
}

#[tokio::test(start_paused = true)]
async fn a_command_under_way_and_a_repeated_one_are_executed_in_their_order() {
    let device = pm800().with_processing_time(3 * SECOND);
    let (gateway, mut client) = wired(device);
    client.stage(&small([1, 2, 3, 4, 5, 6, 7])).await;
    gateway.inject(UNIT, When::commit(), Fault::DuplicateExecution(2 * SECOND));
    client.commit().await;
    advance(60 * SECOND).await;
    let times: Vec<_> = gateway.audit(UNIT).executions().iter().map(|execution| execution.at).collect();
    assert_eq!(times, [3 * SECOND, 5 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn a_late_write_that_comes_before_a_command_is_due_is_seen_by_it() {
    for (late, first_quantity) in [(2 * SECOND, 50), (4 * SECOND, 1)] {
        let (gateway, mut client) = wired(pm800().with_processing_time(3 * SECOND));
        client.stage(&small([1, 2, 3, 4, 5, 6, 7])).await;
        gateway.inject(UNIT, When::stage(), Fault::LateExecution(late));
        client.request(UNIT, &single_pdu(8022, 50)).await;
        client.silence(MS).await;
        client.commit().await;
        advance(60 * SECOND).await;
        assert_eq!(gateway.energies(UNIT)[0], first_quantity);
    }
}

#[tokio::test(start_paused = true)]
async fn serial_becomes() {
    let (gateway, mut client) = wired(pm800());
    gateway.inject(UNIT, When::serial_number().nth(2), Fault::SerialBecomes(0x0001_0002));
    assert_eq!(client.read(3017, 2).await, [0xD93E, 0x00A7]);
    assert_eq!(client.read(3017, 2).await, [2, 1]);
    assert_eq!(gateway.serial_number(UNIT), 0x0001_0002);
}

#[tokio::test(start_paused = true)]
async fn torn_read() {
    let (gateway, mut client) = wired(pm800().with_energies([19_999, 0, 0, 0, 0, 0, 0]));
    gateway.inject(UNIT, When::energies(), Fault::TornRead);
    assert_eq!(client.read(1700, 8).await, [9_999, 2, 0, 0, 0, 0, 0, 0]);
    assert_eq!(client.read(1700, 8).await, [9_999, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(gateway.energies(UNIT)[0], 19_999);
}

#[tokio::test(start_paused = true)]
async fn several_faults_may_strike_one_request() {
    let (gateway, mut client) = faulty(Fault::ForeignWrite { register: 8101, words: vec![3] });
    gateway.inject(UNIT, When::any(), Fault::Delay(200 * MS));
    gateway.inject(UNIT, When::any(), Fault::SwallowResponse);
    client.request(UNIT, &mark()).await;
    client.silence(PATIENCE).await;
    assert!(is_marked(&gateway));
    assert_eq!(client.read(8101, 1).await, [3]);
    assert_eq!(gateway.audit(UNIT).faults().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn bent_answers_of_requests_that_were_not_executed_are_no_answers() {
    for bend in [Fault::WrongFunction, Fault::ShortResponse, Fault::Truncated, Fault::OneByteAtATime(MS)] {
        let (gateway, mut client) = faulty(Fault::SwallowRequest);
        gateway.inject(UNIT, When::any(), bend);
        client.request(UNIT, &mark()).await;
        client.silence(PATIENCE).await;
        client.read(3017, 2).await;
        assert!(!is_marked(&gateway));
    }
}

#[tokio::test(start_paused = true)]
async fn faults_may_be_taken_back() {
    let (gateway, mut client) = faulty(Fault::SwallowRequest);
    gateway.clear_faults(UNIT);
    assert_eq!(client.ask(UNIT, &mark()).await, mark());
    assert_eq!(gateway.audit(UNIT).faults(), []);
}

/// The steps of one transfer that commits and fences; which of them does a description strike?
async fn struck_by(when: When) -> Vec<usize> {
    let (gateway, mut client) = wired(pm800());
    gateway.inject(UNIT, when.always(), Fault::SerialBecomes(1));
    let data = small([1, 2, 3, 4, 5, 6, 7]);
    let steps = [
        read_pdu(3017, 2),
        read_pdu(1700, 28),
        single_pdu(8022, 0x8000), // 2: staging by singles begins with a word out of range: not a fence
        block_pdu(8022, &data),
        block_pdu(8017, &[8020, 8021, 8022, 0, 4242]),
        read_pdu(8017, 33),
        COMMIT.to_vec(), // 6
        read_pdu(8021, 1),
        single_pdu(8022, 0x8000), // 8
        read_pdu(8022, 1),
    ];
    let mut struck = Vec::new();
    for (number, pdu) in steps.iter().enumerate() {
        let before = gateway.audit(UNIT).faults().len();
        client.ask(UNIT, pdu).await;
        if gateway.audit(UNIT).faults().len() > before {
            struck.push(number);
        }
    }
    struck
}

#[tokio::test(start_paused = true)]
async fn every_step_of_the_procedure_can_be_named() {
    assert_eq!(struck_by(When::any()).await, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(struck_by(When::serial_number()).await, [0]);
    assert_eq!(struck_by(When::energies()).await, [1]);
    assert_eq!(struck_by(When::stage()).await, [2, 3, 8]);
    assert_eq!(struck_by(When::stage().and_function(16)).await, [3]);
    assert_eq!(struck_by(When::pointers()).await, [4]);
    assert_eq!(struck_by(When::read_back()).await, [5]);
    assert_eq!(struck_by(When::commit()).await, [6]);
    assert_eq!(struck_by(When::status_poll()).await, [7]);
    assert_eq!(struck_by(When::fence()).await, [8]);
    assert_eq!(struck_by(When::function(6)).await, [2, 6, 8]);
    assert_eq!(struck_by(When::read(8022..=8022)).await, [5, 9]);
    assert_eq!(struck_by(When::write(8000..=8017)).await, [4, 6]);
    assert_eq!(struck_by(When::touching(8049..=8149)).await, [3, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_description_may_let_pass_and_may_strike_several_times() {
    let (gateway, mut client) = wired(pm800());
    gateway.inject(UNIT, When::status_poll().skip(2).times(2), Fault::Exception(6));
    let mut refused = Vec::new();
    for _ in 0..6 {
        client.read(3017, 2).await;
        refused.push(client.ask(UNIT, &read_pdu(8021, 1)).await[0] == 0x83);
    }
    assert_eq!(refused, [false, false, true, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_swallowed_commit_counts_as_asked_for() {
    let (gateway, mut client) = wired(pm800());
    gateway.inject(UNIT, When::commit(), Fault::SwallowRequest);
    gateway.inject(UNIT, When::fence(), Fault::Exception(4));
    client.request(UNIT, &COMMIT).await;
    client.silence(PATIENCE).await;
    assert_eq!(client.ask(UNIT, &single_pdu(8022, 0x8000)).await, [0x86, 4]);
    let audit = gateway.audit(UNIT);
    assert_eq!((audit.commit_requests(), audit.executions().len()), (1, 0));
}
