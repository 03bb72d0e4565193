//! Meters that answer anything at all, in the middle of an otherwise honest transfer.

use meterferry::transfer::Outcome;
use proptest::{collection::vec, prelude::*};

use super::checks::{
    act::{Act, Answer},
    meter_answers::check,
};

/// The usual transfer's requests: what is answered to later ones is answered to a second try, or to settling.
const REQUESTS: usize = 11;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..80)
}

/// A PDU that is at least of a function that was asked for.
fn pdu() -> impl Strategy<Value = Vec<u8>> {
    let function =
        prop_oneof![Just(3_u8), Just(6), Just(16), Just(0x83), Just(0x86), Just(0x90), any::<u8>()];
    (function, bytes()).prop_map(|(function, rest)| [vec![function], rest].concat())
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Honest),
        Just(Answer::Silence),
        Just(Answer::Close),
        bytes().prop_map(Answer::Bytes),
        pdu().prop_map(Answer::Pdu),
        (0..70_u8, 1_u8..).prop_map(|(at, mask)| Answer::Flip(at, mask)),
        (0..33_u8, any::<u16>()).prop_map(|(index, word)| Answer::Word(index, word)),
        any::<u16>().prop_map(Answer::Length),
        (1..34_u8).prop_map(Answer::Fewer),
        any::<u8>().prop_map(Answer::Cut),
        bytes().prop_map(Answer::Append),
        any::<u8>().prop_map(Answer::Drip),
        any::<u8>().prop_map(Answer::Flood),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    (prop::bool::weighted(0.8), answer()).prop_map(|(obeyed, answer)| Act { obeyed, answer })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_meters_answer_a_transfer_ends_and_done_is_true(
        honest in 0..REQUESTS,
        acts in vec(act(), 1..6),
    ) {
        check([vec![Act::HONEST; honest], acts].concat());
    }

    #[test]
    fn meters_that_never_make_sense_are_never_done(acts in vec(act(), 200)) {
        let senseless = |act: &Act| !matches!(act.answer, Answer::Honest | Answer::Append(_) | Answer::Drip(_));
        let acts: Vec<_> = acts.into_iter().filter(senseless).collect();
        check(acts);
    }
}

#[test]
fn an_honest_script_is_done_and_then_already_done() {
    assert_eq!(check(Vec::new()), [Outcome::Done, Outcome::AlreadyDone]);
}

#[test]
fn each_single_oddity_at_each_request_ends_well() {
    let oddities = [
        Answer::Silence,
        Answer::Close,
        Answer::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Answer::Pdu(vec![]),
        Answer::Pdu(vec![0x83]),
        Answer::Pdu(vec![0x83, 0]),
        Answer::Pdu(vec![0x90, 0xFF]),
        Answer::Pdu(vec![3, 255]),
        Answer::Pdu(vec![3, 1, 0]),
        Answer::Pdu(vec![0x2B, 0x0E]),
        Answer::Length(0),
        Answer::Length(1),
        Answer::Length(0xFFFF),
        Answer::Fewer(1),
        Answer::Fewer(20),
        Answer::Cut(7),
        Answer::Append(vec![0; 300]),
        Answer::Drip(100),
        Answer::Flood(0),
    ];
    for oddity in oddities {
        for honest in 0..REQUESTS {
            for obeyed in [true, false] {
                let mut script = vec![Act::HONEST; honest];
                script.push(Act { obeyed, answer: oddity.clone() });
                check(script);
            }
        }
    }
}
