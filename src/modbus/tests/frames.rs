//! Frames that are damaged, foreign, cut or too long: an error, and never words.

use super::*;
use crate::transfer::Exception;

/// What a read comes to when these bytes answer it, on both kinds of line.
async fn answered_with(bytes: &[u8]) -> [Result<Vec<u16>, Cause>; 2] {
    let mut results = Vec::new();
    for cable in Cable::both() {
        let (link, mut meter) = cable.linked().await;
        let (read, ()) = tokio::join!(cable.read(&link), meter.answers(bytes));
        let fine = matches!(read, Ok(_) | Err(Cause::Exception(_)));
        assert_eq!(link.is_usable(), fine, "any error but an exception ends the link: {read:?}");
        results.push(read);
    }
    results.try_into().unwrap()
}

async fn is_refused(bytes: &[u8]) {
    for read in answered_with(bytes).await {
        assert!(
            matches!(read, Err(Cause::Nonsense(_) | Cause::NoAnswer(_) | Cause::Dropped(_))),
            "{bytes:02X?}: {read:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_in_one_piece_or_in_many_is_taken() {
    assert_eq!(answered_with(&words(RIGHT)).await, [Ok(RIGHT.to_vec()), Ok(RIGHT.to_vec())]);
    for cable in Cable::both() {
        let (link, mut meter) = cable.linked().await;
        let (read, ()) = tokio::join!(cable.read(&link), async {
            meter.request().await;
            for byte in words(RIGHT) {
                later(&mut meter, 10 * MS, &[byte]).await;
            }
        });
        assert_eq!(read, Ok(RIGHT.to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn any_bit_that_is_damaged_makes_it_no_answer() {
    for bit in 0..words(RIGHT).len() * 8 {
        let mut damaged = words(RIGHT);
        damaged[bit / 8] ^= 1 << (bit % 8);
        is_refused(&damaged).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_unit_function_or_length_is_no_answer() {
    let [[a, b], [c, d]] = RIGHT.map(u16::to_be_bytes);
    for foreign in [
        frame(UNIT + 1, &[3, 4, a, b, c, d]),
        frame(0, &[3, 4, a, b, c, d]),
        frame(UNIT, &[4, 4, a, b, c, d]),
        frame(UNIT, &[3, 2, a, b]),
        frame(UNIT, &[3, 6, a, b, c, d, 0, 0]),
        frame(UNIT, &[3, 3, a, b, c]),
        frame(UNIT, &[3, 0]),
        frame(UNIT, &[6, 0x1F, 0x3F, 0x18, 0x41]),
        frame(UNIT, &[0x86, 2]),
        frame(UNIT + 1, &[0x83, 2]),
        frame(UNIT, &[0x66, a, b, c, d]),
    ] {
        is_refused(&foreign).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_answer_with_anything_in_front_of_it_or_behind_it_is_no_answer() {
    for extra in 1..=24 {
        let noise = vec![0x5A; extra];
        is_refused(&[noise.clone(), words(RIGHT)].concat()).await;
        is_refused(&[words(RIGHT), noise].concat()).await;
    }
    let cut = words(RIGHT);
    for length in 1..cut.len() {
        is_refused(&cut[..length]).await;
        is_refused(&[&cut[..length], &words(RIGHT)].concat()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_exception_is_an_answer_if_it_is_exactly_one() {
    let refused = frame(UNIT, &[0x83, 2]);
    for read in answered_with(&refused).await {
        assert_eq!(read, Err(Cause::Exception(Exception(2))));
    }
    is_refused(&[refused.as_slice(), &[0]].concat()).await;
    is_refused(&frame(UNIT, &[0x83, 2, 0])).await;
}

#[tokio::test(start_paused = true)]
async fn over_modbus_tcp_an_exception_that_is_too_long_is_no_answer_either() {
    for (length, is_exception) in [(3, true), (4, false), (9, false)] {
        let cable = Cable::new(Address::Tcp { host: "meter.example".to_owned(), port: 502 });
        let (link, mut meter) = cable.linked().await;
        let (read, ()) = tokio::join!(cable.read(&link), async {
            let mut request = [0; 12];
            meter.0.read_exact(&mut request).await.unwrap();
            let mut answer = vec![request[0], request[1], 0, 0, 0, length, UNIT, 0x83, 2];
            answer.resize(6 + usize::from(length), 0);
            meter.send(&answer).await;
        });
        assert_eq!(read == Err(Cause::Exception(Exception(2))), is_exception, "{length}: {read:?}");
        assert_eq!(link.is_usable(), is_exception);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_exact_echo_confirms_a_commit() {
    let echo = frame(UNIT, &[6, 0x1F, 0x3F, 0x18, 0x41]);
    for (answer, is_right) in [
        (echo.clone(), true),
        (frame(UNIT, &[6, 0x1F, 0x3F, 0x18, 0x42]), false),
        (frame(UNIT, &[6, 0x1F, 0x40, 0x18, 0x41]), false),
        ([echo.as_slice(), &echo].concat(), false),
        (echo[..7].to_vec(), false),
    ] {
        for cable in Cable::both() {
            let (link, mut meter) = cable.linked().await;
            let endpoint = cable.endpoint();
            let (written, ()) = tokio::join!(link.write(&endpoint, COMMIT), meter.answers(&answer));
            assert_eq!(written.is_ok(), is_right, "{answer:02X?}: {written:?}");
            assert!(is_right || written.unwrap_err().may_come_late(), "it was sent");
        }
    }
}

/// Whatever comes with a right CRC and the right unit: no panic of the library, and no words but those of an answer.
#[tokio::test(start_paused = true)]
async fn made_up_frames_are_never_taken_for_more_than_they_are() {
    let mut state: u64 = std::env::var("METERFERRY_TEST_SEED").map_or(0x5EED, |seed| seed.parse().unwrap());
    println!("METERFERRY_TEST_SEED={state}");
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..1_500 {
        let function = [3, 3, 4, 6, 16, 0x83, 0x2B, 0x18, 0x11][next(9)];
        let mut pdu = vec![if next(5) == 0 { u8::try_from(next(256)).unwrap() } else { function }];
        let length = next(40);
        for _ in 0..length {
            let below = if next(3) == 0 { 256 } else { 8 };
            pdu.push(u8::try_from(next(below)).unwrap());
        }
        let answer = frame(UNIT, &pdu);
        for read in answered_with(&answer).await {
            match read {
                Ok(words) => {
                    let data: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                    assert_eq!(pdu, [&[3, 4], data.as_slice()].concat());
                }
                Err(Cause::Exception(Exception(code))) => assert_eq!(pdu, [0x83, code]),
                Err(cause) => {
                    assert_ne!(cause, Cause::Nonsense("the answer could not be decoded".to_owned()))
                }
            }
        }
    }
}
