//! Meters that were read again, for people as a table, for programs as JSON. Pure functions of what was found.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Counts, MeterJson, Style,
    paint::{Tone, hanging, paint, printable},
    table::{Cell, Column, table},
    words::{campaigns, name, real_in_or_dash, serial_words},
};
use crate::{
    meter::{Quantity, kilo},
    run::{FoundAgain, Standing},
    transfer::Reading,
};

/// One meter that was read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundAgainJson {
    /// Campaign.
    pub campaign: String,
    /// Id within the campaign.
    pub id: String,
    /// Labels of the job.
    pub labels: BTreeMap<String, String>,
    /// How the target stands.
    pub standing: Standing,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next, or what is worth a look; `null` if nothing.
    pub hint: Option<String>,
    /// The meter.
    pub target_meter: MeterJson,
    /// Its last recorded reading, and when that was.
    pub left: Option<Reading>,
    /// What it shows now.
    pub now: Option<Reading>,
    /// How far each energy has moved in between, as decimal text; `null` unless it is plausible.
    pub grown: Option<BTreeMap<&'static str, String>>,
}

/// The body of `verify --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundAgainBody {
    /// How many meters stand how.
    pub counts: Counts<Standing>,
    /// One answer a transfer, in the order of the job files.
    pub transfers: Vec<FoundAgainJson>,
}

/// The body of the last line of `verify --format jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundAgainSummary {
    /// How many meters stand how.
    pub counts: Counts<Standing>,
}

impl From<&FoundAgain> for FoundAgainJson {
    fn from(found: &FoundAgain) -> Self {
        let transfer = &found.transfer;
        let grown = found.grown.map(|grown| {
            Quantity::ALL.map(|quantity| (quantity.key(), grown[quantity.index()].to_string())).into()
        });
        Self {
            campaign: transfer.key.campaign.to_string(),
            id: transfer.key.id.to_string(),
            labels: transfer.labels.clone(),
            standing: found.standing,
            reason: found.reason.clone(),
            hint: found.hint.clone(),
            target_meter: MeterJson::new(&transfer.target, found.serial_number),
            left: found.left.clone(),
            now: found.now.clone(),
            grown,
        }
    }
}

/// How many meters stand how.
pub fn found_again_summary(found: &[FoundAgain]) -> FoundAgainSummary {
    FoundAgainSummary { counts: found.iter().map(|found| found.standing).collect() }
}

/// The body of `verify --format json`.
pub fn found_again_body(found: &[FoundAgain]) -> FoundAgainBody {
    let counts = found_again_summary(found).counts;
    FoundAgainBody { counts, transfers: found.iter().map(FoundAgainJson::from).collect() }
}

const COLUMNS: [Column; 6] = [
    Column { title: "transfer", right: false, give_up: 0 },
    Column { title: "meter", right: false, give_up: 1 },
    Column { title: "standing", right: false, give_up: 0 },
    Column { title: "kWh in, left at", right: true, give_up: 2 },
    Column { title: "now", right: true, give_up: 0 },
    Column { title: "since", right: true, give_up: 3 },
];

/// A table, what is to be said of those that are not simply plausible, and the counts. Each line ended.
pub fn found_again_text(found: &[FoundAgain], style: Style) -> String {
    let campaigns = campaigns(found.iter().map(|found| &*found.transfer));
    let rows: Vec<_> = found.iter().map(|found| row(found, campaigns)).collect();
    let mut text = table(&COLUMNS, &rows, style.width, style.colour);
    for found in found {
        let id = printable(&name(&found.transfer, campaigns)).into_owned();
        if found.standing != Standing::Plausible {
            text.push_str(&format!("{}\n", hanging(&format!("{id}: "), &found.reason, style.width)));
        }
        if let Some(hint) = &found.hint {
            text.push_str(&format!("{}\n", hanging(&format!("{id}: hint: "), hint, style.width)));
        }
    }
    let counts = found_again_summary(found).counts;
    let numbers: Vec<_> = counts
        .present()
        .map(|(standing, number)| {
            paint(&format!("{number} {}", words(standing)), tone(standing), style.colour).into_owned()
        })
        .collect();
    text.push_str(&format!("{} read again: {}; nothing was written\n", counts.total(), numbers.join(", ")));
    text
}

fn row(found: &FoundAgain, campaigns: usize) -> Vec<Cell> {
    let target = &found.transfer.target;
    let real_in = |reading: &Option<Reading>| {
        Cell::plain(real_in_or_dash(reading.as_ref().map(|reading| &reading.readings)))
    };
    let grown = found.grown.map(|grown| kilo(grown[Quantity::RealEnergyIn.index()]));
    vec![
        Cell::plain(name(&found.transfer, campaigns)),
        Cell::plain(format!(
            "{} {}",
            target.model,
            serial_words(found.serial_number, target.serial_number.pinned())
        )),
        Cell { text: words(found.standing).to_owned(), tone: tone(found.standing) },
        real_in(&found.left),
        real_in(&found.now),
        Cell::plain(grown.unwrap_or_else(|| "–".to_owned())),
    ]
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::OtherMeter => "other meter",
        Standing::NotDone => "not done",
        Standing::NotLooked => "not looked at",
        Standing::Plausible | Standing::Implausible | Standing::Failed | Standing::Unreachable => {
            standing.word()
        }
    }
}

fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Plausible => Tone::Good,
        Standing::NotDone | Standing::NotLooked | Standing::Unreachable => Tone::Soon,
        Standing::Implausible | Standing::OtherMeter | Standing::Failed => Tone::Bad,
    }
}
