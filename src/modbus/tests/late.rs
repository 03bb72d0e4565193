//! Answers that come late, twice, or to somebody else: never taken for the next one. STALE has the right unit, function
//! and length, so nothing but the silence before the request tells it from the answer.

use tokio::time::{Instant, interval};

use super::*;
use crate::modbus::Trace;

#[tokio::test(start_paused = true)]
async fn a_link_begins_after_one_request_timeout_of_silence_to_the_millisecond() {
    for cable in Cable::both() {
        let began = Instant::now();
        let (link, mut meter) = cable.linked().await;
        assert_eq!(began.elapsed(), TIMEOUT);
        let (read, ()) = tokio::join!(cable.read(&link), meter.answers(words(RIGHT)));
        assert_eq!(read, Ok(RIGHT.to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn modbus_tcp_waits_for_no_silence() {
    let cable = Cable::new(Address::Tcp { host: "meter.example".to_owned(), port: 502 });
    let began = Instant::now();
    let (_link, _meter) = cable.linked().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_late_by_any_time_up_to_the_next_request_is_never_taken() {
    for late_by in (0..=4_300).step_by(50).map(|late| late * MS) {
        for cable in Cable::both() {
            let (link, mut first) = cable.linked().await;
            let (read, _) = tokio::join!(cable.read(&link), first.request());
            assert_eq!(read, Err(Cause::NoAnswer(TIMEOUT)));
            assert!(!link.is_usable());
            let asked_again = async {
                let link = cable.open().await?;
                cable.read(&link).await
            };
            let line = async {
                let mut second = cable.meter().await;
                let stale = words(STALE);
                tokio::select! {
                    () = later(&mut second, late_by, &stale) => {}
                    // Later than the next request: no rule can help, and the answer is due before.
                    () = sleep(TIMEOUT + 2 * MS) => {}
                }
                // A meter answers what it is asked, and only then.
                if timeout(3 * TIMEOUT, second.request()).await.is_ok() {
                    second.send(words(RIGHT)).await;
                }
                second
            };
            let (read, _second) = tokio::join!(asked_again, line);
            assert_eq!(read, Ok(RIGHT.to_vec()), "late by {late_by:?}, {}", cable.gateway);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_program_asked_for_is_not_taken_by_the_next_one() {
    for cable in Cable::both() {
        let (link, mut meter) = cable.linked().await;
        // Killed with its request on the line: nobody waits, and the answer goes to whoever is connected then.
        let killed = timeout(MS, cable.read(&link)).await;
        assert!(killed.is_err());
        meter.request().await;
        let (next, mut meter) = tokio::join!(cable.open(), async {
            let mut meter = cable.meter().await;
            later(&mut meter, TIMEOUT - 10 * MS, words(STALE)).await;
            meter
        });
        let next = next.unwrap();
        let (read, ()) = tokio::join!(cable.read(&next), meter.answers(words(RIGHT)));
        assert_eq!(read, Ok(RIGHT.to_vec()));
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_wait_before_a_request_stop_it_before_it_is_sent() {
    for cable in Cable::both() {
        let (link, mut meter) = cable.linked().await;
        meter.send(words(STALE)).await;
        sleep(MS).await;
        let read = cable.read(&link).await;
        assert!(matches!(&read, Err(Cause::NotSilent(why)) if why.contains("9 bytes")), "{read:?}");
        assert!(!link.is_usable(), "the next link is to drain the line");
        meter.was_not_asked().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_not_sent_on_a_line_that_is_not_silent_and_is_known_not_to_be() {
    for cable in Cable::both() {
        let (link, mut meter) = cable.linked().await;
        let (read, ()) = tokio::join!(cable.read(&link), meter.answers(words(RIGHT)));
        read.unwrap();
        // The exact echo of the commit, from another master's mouth.
        meter.send(&frame(UNIT, &[6, 0x1F, 0x3F, 0x18, 0x41])).await;
        sleep(MS).await;
        let cause = link.write(&cable.endpoint(), COMMIT).await.unwrap_err();
        assert!(matches!(cause, Cause::NotSilent(_)), "{cause}");
        assert!(!cause.may_come_late());
        meter.was_not_asked().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_twice_ends_the_link_before_the_next_request() {
    for (cable, apart) in Cable::both().into_iter().zip([SILENCE * 2, MS]) {
        let (link, mut meter) = cable.linked().await;
        let (read, ()) = tokio::join!(cable.read(&link), async {
            meter.answers(words(RIGHT)).await;
            later(&mut meter, apart, words(RIGHT)).await;
        });
        assert_eq!(read, Ok(RIGHT.to_vec()));
        let read = cable.read(&link).await;
        assert!(matches!(read, Err(Cause::NotSilent(_))), "{read:?}");
        meter.was_not_asked().await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_answers_in_one_breath_are_no_answer() {
    for cable in Cable::both() {
        let (link, mut meter) = cable.linked().await;
        let twice = [words(STALE), words(RIGHT)].concat();
        let (read, ()) = tokio::join!(cable.read(&link), meter.answers(&twice));
        assert!(matches!(read, Err(Cause::Nonsense(_))), "{read:?}");
        assert!(!link.is_usable());
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_serial_port_what_follows_within_three_and_a_half_characters_belongs_to_the_frame() {
    let [cable, _] = Cable::both();
    let (link, mut meter) = cable.linked().await;
    let (read, ()) = tokio::join!(cable.read(&link), async {
        meter.answers(words(RIGHT)).await;
        later(&mut meter, 2 * MS, &[0x00]).await;
    });
    assert!(matches!(read, Err(Cause::Nonsense(_))), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_never_falls_silent_is_given_up_with_a_guess_at_the_reason() {
    for cable in Cable::both() {
        let began = Instant::now();
        let babble = async {
            let mut other = cable.meter().await;
            let mut every = interval(TIMEOUT / 3);
            loop {
                other.send(words(STALE)).await;
                every.tick().await;
            }
        };
        let opened = tokio::select! { opened = cable.open() => opened, () = babble => unreachable!() };
        let cause = opened.map(|_| ()).unwrap_err();
        assert!(matches!(&cause, Cause::NotSilent(why) if why.contains("another master")), "{cause}");
        assert!(began.elapsed() <= TIMEOUT * 6, "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_shouts_without_a_pause_is_given_up_as_well() {
    for cable in Cable::both() {
        let shouts = async {
            let mut other = cable.meter().await;
            loop {
                later(&mut other, MS, [0x55; 100]).await;
            }
        };
        let opened = tokio::select! { opened = cable.open() => opened, () = shouts => unreachable!() };
        assert!(matches!(opened.map(|_| ()), Err(Cause::NotSilent(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_closed_is_noticed_before_anything_is_sent() {
    for cable in Cable::both() {
        let (link, meter) = cable.linked().await;
        drop(meter);
        let read = cable.read(&link).await;
        assert!(matches!(read, Err(Cause::Dropped(_))), "{read:?}");
        let (opened, ()) = tokio::join!(cable.open(), async { drop(cable.meter().await) });
        assert!(matches!(opened.map(|_| ()), Err(Cause::NoConnection(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_serial_port_is_silent_for_three_and_a_half_characters_between_frames() {
    for (cable, least) in Cable::both().into_iter().zip([SILENCE, Duration::ZERO]) {
        let (link, mut meter) = cable.linked().await;
        let (_, apart) = tokio::join!(
            async {
                cable.read(&link).await.unwrap();
                cable.read(&link).await.unwrap();
            },
            async {
                meter.answers(words(RIGHT)).await;
                let answered = Instant::now();
                meter.request().await;
                let apart = answered.elapsed();
                meter.send(words(RIGHT)).await;
                apart
            }
        );
        assert!(apart >= least && apart <= least + MS, "{apart:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_trace_shows_rtu_frames_and_what_was_thrown_away() {
    let [_, cable] = Cable::both();
    let file = tempfile::NamedTempFile::new().unwrap();
    let trace = Trace::create(file.path()).unwrap();
    let (link, mut meter) = tokio::join!(
        async { Link::open(&cable, Arc::clone(&cable.gateway), Some(trace)).await.unwrap() },
        async {
            let mut meter = cable.meter().await;
            later(&mut meter, MS, &[0xAB, 0xCD]).await;
            meter
        }
    );
    let (read, ()) = tokio::join!(cable.read(&link), meter.answers(words(RIGHT)));
    read.unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    let lines: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(
        lines,
        [
            "server.example:4001 RTU < ABCD thrown away before the first request",
            "server.example:4001 RTU unit 7 > 07030BC8000247B7 read wire 3016+2 = registers 3017-3018 (serial number)",
            "server.example:4001 RTU unit 7 < 070304D93E00A78719 ok",
        ]
    );
}
