//! Which of a job's transfers the matrix takes, and the meters' habits that the manuals leave open (DOMAIN.md §2).

use std::{collections::HashSet, fmt, sync::Arc, time::Duration};

use crate::{
    campaign::Transfer,
    meter::{Model, WriteMode},
    simulator::Device,
};

/// How a target goes about a command. The manuals do not say, so all of them are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Firmware {
    /// At once, with its result.
    Plain,
    /// Success leaves the result register as it was.
    Quiet,
    /// The result comes after three seconds; pointers and data are looked at only then.
    Slow,
    /// Function 16 is not known.
    SinglesOnly,
    /// Register 8000 is cleared afterwards.
    ClearsCommand,
}

impl Firmware {
    const SLOW: Duration = Duration::from_secs(3);

    pub(super) fn equip(self, device: Device) -> Device {
        match self {
            Self::Plain => device,
            Self::Quiet => device.keeping_quiet_about_success(),
            Self::Slow => device.with_processing_time(Self::SLOW),
            Self::SinglesOnly => device.rejecting_block_writes(),
            Self::ClearsCommand => device.clearing_its_command_register(),
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Quiet => "quiet about success",
            Self::Slow => "slow to execute",
            Self::SinglesOnly => "without function 16",
            Self::ClearsCommand => "clears its command",
        }
    }
}

/// One transfer of the job with one kind of target.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub transfer: Arc<Transfer>,
    pub firmware: Firmware,
}

impl Shape {
    /// Whether the words go one by one.
    pub(super) fn single_writes(&self) -> bool {
        self.transfer.options.write_mode == WriteMode::Single
            || (self.firmware == Firmware::SinglesOnly && self.transfer.options.write_mode == WriteMode::Auto)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transfer { key, source, target, options, .. } = &*self.transfer;
        let together = if one_gateway(&self.transfer) { ", one gateway" } else { "" };
        let mode = match options.write_mode {
            WriteMode::Single => ", single writes",
            WriteMode::Auto | WriteMode::Block => "",
        };
        let firmware = self.firmware.words();
        write!(f, "{} ({} → {}{together}{mode}, target {firmware})", key.id, source.model(), target.model)
    }
}

/// At most this many different transfers are taken.
const TRANSFERS: usize = 3;

/// The shapes of a job: the first transfers that differ in models, gateways or write mode, as they are; the first
/// also with single writes, and with every kind of target.
pub(super) fn shapes(transfers: &[Arc<Transfer>]) -> Vec<Shape> {
    let mut seen = HashSet::new();
    let different: Vec<&Arc<Transfer>> =
        transfers.iter().filter(|transfer| seen.insert(kind(transfer))).take(TRANSFERS).collect();
    let Some(first) = different.first() else { return Vec::new() };
    let plain =
        |transfer: &Arc<Transfer>| Shape { transfer: Arc::clone(transfer), firmware: Firmware::Plain };
    let with = |firmware| Shape { transfer: Arc::clone(first), firmware };
    let mut shapes = vec![plain(first), plain(&in_singles(first))];
    shapes.extend(different[1..].iter().map(|transfer| plain(transfer)));
    let firmwares = [Firmware::Quiet, Firmware::Slow, Firmware::SinglesOnly, Firmware::ClearsCommand];
    shapes.extend(firmwares.map(with));
    shapes
}

fn in_singles(transfer: &Arc<Transfer>) -> Arc<Transfer> {
    let mut transfer = Transfer::clone(transfer);
    transfer.options.write_mode = WriteMode::Single;
    Arc::new(transfer)
}

fn one_gateway(transfer: &Transfer) -> bool {
    let source = transfer.source.endpoint();
    source.is_some_and(|source| source.gateway.address == transfer.target.gateway.address)
}

type Kind = (Model, Model, bool, u8);

fn kind(transfer: &Transfer) -> Kind {
    let mode = match transfer.options.write_mode {
        WriteMode::Auto => 0,
        WriteMode::Block => 1,
        WriteMode::Single => 2,
    };
    (transfer.source.model(), transfer.target.model, one_gateway(transfer), mode)
}
