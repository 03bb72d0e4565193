//! One reading after the other on a faulty serial line: requests that only their register tells apart, so that any
//! answer would pass for any other's. None may ever be given another's word.

use std::{sync::Arc, time::Duration};

use meterferry::{
    campaign::{Address, Endpoint, Gateway},
    meter::{Model, Read, Register},
    modbus::{Open, ReadLink},
    simulator::{Fault, Framing, GatewaySettings, When},
    transfer::SplitMix,
};

use crate::world::*;

const MS: Duration = Duration::from_millis(1);
const LINE: &str = "line";
const UNIT: u8 = 2;
const FIRST: u16 = 8020;
/// Registers that hold their own number.
const REGISTERS: u16 = 130;
const REQUEST_TIMEOUT: u64 = 400;
/// An answer that is as late is not there before the line has been silent for a request timeout.
const LATEST: u64 = 2 * REQUEST_TIMEOUT - 20;
/// The program has something else to do between two readings. What a line says twice is heard by then.
const BETWEEN: Duration = Duration::from_millis(30);
const SEEDS: u64 = 150;
const READINGS: usize = 40;

#[tokio::test(start_paused = true)]
async fn no_reading_is_ever_given_the_word_of_another() {
    let first = std::env::var("METERFERRY_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    let (mut read, mut lost) = (0, 0);
    for seed in first..first + SEEDS {
        println!("METERFERRY_TEST_SEED={seed}");
        for answered in readings(seed).await {
            *(if answered { &mut read } else { &mut lost }) += 1;
        }
    }
    println!("{read} read, {lost} lost");
    assert!(read > lost && lost > SEEDS, "{read} read, {lost} lost");
}

/// Forty readings, every other one struck by a fault; which of them were answered, always rightly.
async fn readings(seed: u64) -> Vec<bool> {
    let mut dice = SplitMix::new(seed);
    let world = World::default();
    let settings = GatewaySettings {
        framing: Framing::Rtu,
        bus_time: 8 * MS,
        latency: 4 * MS,
        ..GatewaySettings::default()
    };
    let numbers: Vec<u16> = (FIRST..FIRST + REGISTERS).collect();
    let line = world.gateway_with(LINE, settings);
    line.add(UNIT, fresh().with_mailbox(FIRST, &numbers));
    let meter = endpoint_on_the_line();
    let mut link = None;
    let mut answered = Vec::new();
    for _ in 0..READINGS {
        // Two delays of one request would add up to more than the line is listened to for.
        line.clear_faults(UNIT);
        if dice.draw().is_multiple_of(2) {
            line.inject(UNIT, When::any(), fault(&mut dice));
        }
        let register = FIRST + (dice.draw() % u64::from(REGISTERS)) as u16;
        let words = read(&world, &mut link, &meter, register).await;
        if let Some(words) = &words {
            assert_eq!(*words, [register], "seed {seed}: {:?}", line.audit(UNIT).faults().last());
        }
        answered.push(words.is_some());
        tokio::time::sleep(BETWEEN).await;
    }
    answered
}

fn endpoint_on_the_line() -> Endpoint {
    let mut gateway = Gateway::new(Address::RtuOverTcp { host: LINE.to_owned(), port: 4001 });
    gateway.settings.request_timeout = Duration::from_millis(REQUEST_TIMEOUT);
    Endpoint { gateway: Arc::new(gateway), ..endpoint(Model::Pm800, LINE, UNIT, TARGET_SERIAL) }
}

/// Reads over the link that there is, or over a new one.
async fn read(
    world: &World,
    link: &mut Option<ReadLink>,
    meter: &Endpoint,
    register: u16,
) -> Option<Vec<u16>> {
    if link.as_ref().is_none_or(|link| !link.is_usable()) {
        *link = ReadLink::open(world, Arc::clone(&meter.gateway), None).await.ok();
    }
    let read = Read { first: Register::new(register), count: 1 };
    link.as_ref()?.read(meter, read).await.ok()
}

/// All that can happen to an answer. A line that says something twice says it within [`BETWEEN`].
fn fault(dice: &mut SplitMix) -> Fault {
    let late = Duration::from_millis(REQUEST_TIMEOUT + dice.draw() % (LATEST - REQUEST_TIMEOUT));
    let all = [
        Fault::SwallowRequest,
        Fault::SwallowResponse,
        Fault::LateResponse(late),
        Fault::LateResponse(late / 2),
        Fault::LateExecution(late),
        Fault::Delay(late),
        Fault::DuplicateExecution(5 * MS),
        Fault::WrongTransaction,
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::Exception(6),
        Fault::ExceptionAfter(4),
        Fault::ShortResponse,
        Fault::LongResponse,
        Fault::WrongUnit,
        Fault::WrongFunction,
        Fault::Garbage,
        Fault::Truncated,
        Fault::TruncatedDrop,
        Fault::OneByteAtATime(5 * MS),
        Fault::OneByteAtATime(90 * MS),
    ];
    all[(dice.draw() % all.len() as u64) as usize].clone()
}
