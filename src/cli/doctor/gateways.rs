//! Reaching every gateway of a job, with links that have no way to write: how fast it connects and answers, and who is
//! there.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::StreamExt;
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    campaign::{Address, Endpoint, Gateway, SerialNumber, Transfer},
    cli::Exit,
    meter::{READINGS_WORDS, Read, Readings, SERIAL_WORDS, serial_from_words},
    modbus::{Connect, Open, ReadLink, Trace},
    transfer::{Cause, ReasonCode, RetryClass},
};

/// Reads of a meter's serial number that latency is told from.
const READS: usize = 5;
/// How many meters behind a gateway are tried until one answers.
const TRIED: usize = 3;

/// What a gateway is like.
#[derive(Debug, Serialize)]
pub(super) struct GatewaySeen {
    pub gateway: String,
    pub address: String,
    /// From the first try to an established connection, ms; `null` if there was none.
    pub connect_ms: Option<f64>,
    /// Why there is no connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub meters: Vec<MeterSeen>,
}

/// What a meter is like.
#[derive(Debug, Serialize)]
pub(super) struct MeterSeen {
    pub model: crate::meter::Model,
    pub unit: u8,
    /// As it answers; `null` if it does not say.
    pub serial_number: Option<u32>,
    /// The serial numbers that the job gives for this address; empty for `any`.
    pub expected: Vec<u32>,
    /// From a request to its whole answer, ms.
    pub fastest_ms: Option<f64>,
    pub median_ms: Option<f64>,
    /// Whether 28 registers came in one answer, and were energies; `null` if that was not found out.
    pub reads_28: Option<bool>,
    /// What is wrong, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The stable name of what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<ReasonCode>,
    /// What a run would end with.
    #[serde(skip)]
    pub exit: Exit,
}

/// How to look.
pub(super) struct Settings {
    pub connector: Arc<dyn Connect>,
    pub trace: Option<Trace>,
    pub parallel: usize,
    /// Every meter, not only one a gateway.
    pub all: bool,
}

/// A place where a meter is, and who may be there: old and new meter may take turns.
struct Place {
    endpoint: Endpoint,
    expected: Vec<u32>,
    anybody: bool,
}

/// Looks at every gateway, in the order of the job files.
pub(super) async fn look(transfers: &[Arc<Transfer>], settings: &Settings) -> Vec<GatewaySeen> {
    futures::stream::iter(places(transfers))
        .map(|places| gateway(places, settings))
        .buffered(settings.parallel.max(1))
        .collect()
        .await
}

/// The places behind each gateway.
fn places(transfers: &[Arc<Transfer>]) -> Vec<Vec<Place>> {
    let mut found: Vec<Vec<Place>> = Vec::new();
    let mut known: BTreeMap<Address, usize> = BTreeMap::new();
    for endpoint in transfers.iter().flat_map(|transfer| transfer.endpoints()) {
        let at = *known.entry(endpoint.gateway.address.clone()).or_insert_with(|| {
            found.push(Vec::new());
            found.len() - 1
        });
        let same = found[at].iter().position(|place| place.endpoint.unit == endpoint.unit);
        let same = same.unwrap_or_else(|| {
            let place = Place { endpoint: endpoint.clone(), expected: Vec::new(), anybody: false };
            found[at].push(place);
            found[at].len() - 1
        });
        let place = &mut found[at][same];
        match endpoint.serial_number {
            SerialNumber::Pinned(number) if !place.expected.contains(&number) => place.expected.push(number),
            SerialNumber::Pinned(_) => {}
            SerialNumber::Any => place.anybody = true,
        }
    }
    found
}

async fn gateway(places: Vec<Place>, settings: &Settings) -> GatewaySeen {
    let gateway = Arc::clone(&places.first().expect("a gateway is known by its meters").endpoint.gateway);
    let mut seen = GatewaySeen {
        gateway: gateway.name.clone().unwrap_or_else(|| gateway.address.to_string()),
        address: gateway.address.to_string(),
        connect_ms: None,
        error: None,
        meters: Vec::new(),
    };
    let mut link = None;
    for place in &places {
        let enough = seen.meters.iter().any(|meter| meter.error.is_none()) || seen.meters.len() >= TRIED;
        if enough && !settings.all {
            break;
        }
        let open = match link.take().filter(ReadLink::is_usable) {
            Some(open) => open,
            None => match connect(&gateway, settings, &mut seen).await {
                Some(open) => open,
                None => break,
            },
        };
        seen.meters.push(meter(&open, place).await);
        link = Some(open);
    }
    if let Some(link) = link {
        link.close().await;
    }
    seen
}

async fn connect(gateway: &Arc<Gateway>, settings: &Settings, seen: &mut GatewaySeen) -> Option<ReadLink> {
    let begun = Instant::now();
    match ReadLink::open(&*settings.connector, Arc::clone(gateway), settings.trace.clone()).await {
        Ok(link) => {
            seen.connect_ms.get_or_insert(milliseconds(begun.elapsed()));
            Some(link)
        }
        Err(cause) => {
            seen.error = Some(cause.to_string());
            None
        }
    }
}

async fn meter(link: &ReadLink, place: &Place) -> MeterSeen {
    let endpoint = &place.endpoint;
    let mut seen = MeterSeen {
        model: endpoint.model,
        unit: endpoint.unit.number(),
        serial_number: None,
        expected: place.expected.clone(),
        fastest_ms: None,
        median_ms: None,
        reads_28: None,
        error: None,
        code: None,
        exit: Exit::Done,
    };
    let mut times = Vec::new();
    if let Err(cause) = identify(link, place, &mut seen, &mut times).await {
        seen.fail(cause.code(), cause.to_string(), exit_of(&cause));
    } else if let Err(cause) = energies(link, endpoint, &mut seen).await {
        seen.fail(cause.code(), cause.to_string(), exit_of(&cause));
    }
    times.sort_unstable();
    seen.fastest_ms = times.first().copied().map(milliseconds);
    seen.median_ms = times.get(times.len() / 2).copied().map(milliseconds);
    seen
}

impl MeterSeen {
    /// Keeps what was found wrong first.
    fn fail(&mut self, code: ReasonCode, error: String, exit: Exit) {
        if self.error.is_none() {
            (self.code, self.error, self.exit) = (Some(code), Some(error), exit);
        }
    }
}

async fn identify(
    link: &ReadLink,
    place: &Place,
    seen: &mut MeterSeen,
    times: &mut Vec<Duration>,
) -> Result<(), Cause> {
    let endpoint = &place.endpoint;
    let read = Read { first: endpoint.model.serial_number(), count: SERIAL_WORDS };
    for _ in 0..READS {
        tokio::time::sleep(endpoint.gateway.settings.pace).await;
        let begun = Instant::now();
        let answer = link.read(endpoint, read).await;
        match answer {
            Ok(words) => {
                times.push(begun.elapsed());
                seen.serial_number = words.try_into().ok().map(serial_from_words);
            }
            Err(cause @ Cause::Exception(_)) if cause.retry() == RetryClass::Never => {
                times.push(begun.elapsed());
                if !place.anybody {
                    let error = format!("it does not give its serial number: {cause}");
                    seen.fail(ReasonCode::NoSerialNumber, error, Exit::Refused);
                }
            }
            Err(cause) => return Err(cause),
        }
    }
    match seen.serial_number {
        Some(number) if !place.anybody && !place.expected.contains(&number) && !endpoint.gateway.portable => {
            let pinned: Vec<String> = place.expected.iter().map(u32::to_string).collect();
            let error = format!("serial number {number} answers, the job says {}", pinned.join(" or "));
            seen.fail(ReasonCode::WrongMeter, error, Exit::Refused);
        }
        _ => {}
    }
    Ok(())
}

async fn energies(link: &ReadLink, endpoint: &Endpoint, seen: &mut MeterSeen) -> Result<(), Cause> {
    tokio::time::sleep(endpoint.gateway.settings.pace).await;
    let read = Read { first: endpoint.model.energies(), count: READINGS_WORDS as u16 };
    match link.read(endpoint, read).await {
        Ok(words) => {
            let readings = Readings::from_wire(endpoint.model, &words);
            seen.reads_28 = Some(readings.is_ok());
            if let Err(error) = readings {
                seen.fail(ReasonCode::BadReadings, error.to_string(), Exit::Failed);
            }
            Ok(())
        }
        Err(cause) => {
            seen.reads_28 = matches!(cause, Cause::Exception(_)).then_some(false);
            Err(cause)
        }
    }
}

const fn exit_of(cause: &Cause) -> Exit {
    if cause.is_unreachable() { Exit::Unreachable } else { Exit::Failed }
}

/// With a tenth of a millisecond.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
