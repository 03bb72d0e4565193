//! `read`: one meter's identity and energies, ready to paste into a job.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    Exit,
    args::{self, Format},
    failure::Failure,
    output::Console,
    way::{self, PasteGateway, PasteWay},
    wires,
};
use crate::{
    campaign::{Address, Endpoint, Line, Role, SerialNumber, Unit},
    meter::{Quantity, READINGS_WORDS, Read, Readings, SERIAL_WORDS, serial_from_words, with_unit},
    modbus::{Open, ReadLink},
    report::{Envelope, json_line, json_text},
    transfer::{Cause, Failure as TransferFailure, RetryClass, Step},
};

#[derive(Serialize)]
struct Meter {
    model: crate::meter::Model,
    #[serde(flatten)]
    address: Address,
    #[serde(flatten)]
    line: Option<Line>,
    unit: u8,
    serial_number: Option<u32>,
    taken: Timestamp,
    /// The 28 words in the order of registers 1700–1727, whatever the model's own order.
    registers: Vec<i16>,
    readings: Readings,
}

pub(super) async fn read(arguments: args::ReadMeter, console: &Console) -> Result<Exit, Failure> {
    let endpoint = endpoint(&arguments)?;
    let address = endpoint.gateway.address.clone();
    let connector = wires::connector(arguments.simulated_gateways.as_deref(), [address])?;
    let trace = wires::trace(arguments.trace.as_deref())?;
    let link = ReadLink::open(&connector, Arc::clone(&endpoint.gateway), trace)
        .await
        .map_err(|cause| told(&endpoint, Step::Identify, cause))?;
    let serial_number = serial_number(&link, &endpoint).await?;
    let energies = Read { first: endpoint.model.energies(), count: READINGS_WORDS as u16 };
    let words =
        link.read(&endpoint, energies).await.map_err(|cause| told(&endpoint, Step::ReadSource, cause))?;
    let readings = Readings::from_wire(endpoint.model, &words).map_err(|error| {
        Failure::new(Exit::Failed, format!("{endpoint}: {error}")).hint("check the model and the addressing")
    })?;
    let meter = Meter {
        model: endpoint.model,
        address: endpoint.gateway.address.clone(),
        line: endpoint.gateway.settings.line,
        unit: endpoint.unit.number(),
        serial_number,
        taken: Timestamp::now(),
        registers: readings.words().iter().map(|word| word.value()).collect(),
        readings,
    };
    console.print(&match arguments.output.format {
        Format::Human => text(&endpoint, &meter),
        Format::Json => json_text(&Envelope::new(None, Exit::Done.code(), &meter)),
        Format::Jsonl => json_line(&Envelope::new(None, Exit::Done.code(), &meter)),
    });
    Ok(Exit::Done)
}

fn endpoint(arguments: &args::ReadMeter) -> Result<Endpoint, Failure> {
    Ok(Endpoint {
        model: arguments.model,
        gateway: Arc::new(way::gateway(&arguments.way)?),
        unit: Unit::new(arguments.unit).expect("the argument is within 1..=247"),
        serial_number: SerialNumber::Any,
        addressing: arguments.addressing.into(),
    })
}

async fn serial_number(link: &ReadLink, endpoint: &Endpoint) -> Result<Option<u32>, Failure> {
    let read = Read { first: endpoint.model.serial_number(), count: SERIAL_WORDS };
    match link.read(endpoint, read).await {
        Ok(words) => Ok(words.try_into().ok().map(serial_from_words)),
        Err(cause @ Cause::Exception(_)) if cause.retry() == RetryClass::Never => Ok(None),
        Err(cause) => Err(told(endpoint, Step::Identify, cause)),
    }
}

fn told(endpoint: &Endpoint, step: Step, cause: Cause) -> Failure {
    let place = format!("{} unit {}", endpoint.gateway, endpoint.unit);
    let exit = if cause.is_unreachable() { Exit::Unreachable } else { Exit::Failed };
    let failure =
        TransferFailure::Request { step, role: Role::Source, place: place.clone(), cause: cause.clone() };
    Failure::new(exit, format!("{} at {place}: {cause}", endpoint.model)).hint(failure.hint())
}

/// The energies for people, and the endpoint as a job wants it.
fn text(endpoint: &Endpoint, meter: &Meter) -> String {
    let mut text = format!("# {endpoint}, read {:.0}\n", meter.taken);
    for quantity in Quantity::ALL {
        let registers = meter.readings.registers(quantity).map(|word| word.value().to_string()).join(" ");
        let energy = with_unit(quantity, meter.readings.energy(quantity));
        text.push_str(&format!("#   {:<22} {energy:>32}   registers {registers}\n", quantity.to_string()));
    }
    if meter.serial_number.is_none() {
        text.push_str(
            "# It does not give its serial number: `any` goes without proof of which meter it is.\n",
        );
    }
    text.push_str(&paste(endpoint, meter));
    text
}

#[derive(Serialize)]
struct Paste<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    gateways: BTreeMap<&'static str, PasteGateway<'a>>,
    source: PasteEndpoint<'a>,
}

#[derive(Serialize)]
struct PasteEndpoint<'a> {
    model: &'a str,
    #[serde(flatten)]
    way: PasteWay<'a>,
    unit: u8,
    serial_number: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    addressing: Option<String>,
}

fn paste(endpoint: &Endpoint, meter: &Meter) -> String {
    let (gateways, way) = way::paste(&endpoint.gateway);
    let addressing =
        (endpoint.addressing != crate::meter::Addressing::default()).then(|| endpoint.addressing.to_string());
    let source = PasteEndpoint {
        model: meter.model.name(),
        way,
        unit: meter.unit,
        serial_number: meter.serial_number.map_or_else(|| "any".into(), Into::into),
        addressing,
    };
    serde_yaml::to_string(&Paste { gateways, source }).expect("plain values are YAML")
}
