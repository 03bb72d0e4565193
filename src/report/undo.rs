//! What an undo would write, energy by energy: for people as a table, for programs as JSON. A pure function of a look.

use serde::Serialize;

use super::{
    MeterJson, Style,
    paint::{Tone, hanging, paint, printable},
    table::{Cell, Column, table},
    words::{guard_words, would_tone},
};
use crate::{
    campaign::{Source, UndoSource},
    meter::{Quantity, Readings, kilo},
    run::{Looked, Would},
    transfer::Verdict,
};

/// The body of `undo --dry-run --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UndoJson {
    /// Campaign.
    pub campaign: String,
    /// Id of the transfer that would be undone.
    pub id: String,
    /// Id under which the undo has its own record.
    pub undo_id: String,
    /// What an undo would do: `transfer` is to write.
    pub would: Would,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do next; `null` if nothing.
    pub hint: Option<String>,
    /// What each guard said.
    pub verdicts: Vec<Verdict>,
    /// The meter that would be written to.
    pub target_meter: MeterJson,
    /// What it was last recorded to hold.
    pub after: Option<Readings>,
    /// What it holds now; `null` if it was not read.
    pub now: Option<Readings>,
    /// What it has counted since it was set, by quantity in [`Quantity::ALL`]'s order, as decimal text.
    pub counted: Option<[String; 7]>,
    /// What it held before the transfer.
    pub pre_image: Option<Readings>,
    /// What would be written.
    pub staged: Option<Readings>,
}

fn source(looked: &Looked) -> Option<&UndoSource> {
    match &looked.transfer.source {
        Source::Undo(undo) => Some(undo),
        Source::Live(_) | Source::Typed(_) | Source::Snapshot(_) => None,
    }
}

/// What would be staged, if the target was read: also where a guard says no, so that its numbers can be judged.
fn staged(looked: &Looked) -> Option<Readings> {
    let (undo, now) = (source(looked)?, looked.target.as_ref()?);
    looked.staged.clone().or_else(|| undo.put_back(now))
}

impl From<&Looked> for UndoJson {
    fn from(looked: &Looked) -> Self {
        let undo = source(looked);
        let key = &looked.transfer.key;
        let counted = undo.zip(looked.target.as_ref()).map(|(undo, now)| undo.counted(now));
        Self {
            campaign: key.campaign.to_string(),
            id: key.undoes().map_or_else(|| key.id.to_string(), |undone| undone.id.to_string()),
            undo_id: key.id.to_string(),
            would: looked.would,
            reason: looked.reason.clone(),
            hint: looked.hint.clone(),
            verdicts: looked.verdicts.clone(),
            target_meter: MeterJson::new(&looked.transfer.target, None)
                .identified(looked.target_identity.as_ref()),
            after: undo.map(|undo| undo.after.clone()),
            now: looked.target.clone(),
            counted: counted.map(|counted| counted.map(|energy| energy.to_string())),
            pre_image: undo.map(|undo| undo.pre_image.clone()),
            staged: staged(looked),
        }
    }
}

const COLUMNS: [Column; 6] = [
    Column { title: "energy", right: false, give_up: 0 },
    Column { title: "after it", right: true, give_up: 1 },
    Column { title: "now", right: true, give_up: 0 },
    Column { title: "counted since", right: true, give_up: 0 },
    Column { title: "before it", right: true, give_up: 2 },
    Column { title: "would be set to", right: true, give_up: 0 },
];

/// What an undo would write, each line ended.
pub fn undo_text(looked: &Looked, style: Style) -> String {
    let key = &looked.transfer.key;
    let would = match looked.would {
        Would::Transfer => "would be set back",
        Would::Settle => "an undo was begun and would be settled",
        Would::Nothing => "an undo of it is done; undo it again to have that recorded",
        Would::Refuse => "would be refused",
        Would::Unknown | Would::Mismatch => "a person must look",
        Would::NotReach => "could not be reached",
        Would::Wait | Would::Fail | Would::NotLooked => "would not be set back now",
    };
    let would = paint(would, would_tone(looked.would), style.colour);
    let mut text = format!("{}: {would}\n", paint(&printable(&key.id), Tone::Bold, style.colour));
    text.push_str(&format!("{}\n", hanging("  target  ", &looked.transfer.target.to_string(), style.width)));
    let rows = source(looked).map(|undo| rows(undo, looked)).unwrap_or_default();
    text.push_str(&table(&COLUMNS, &rows, style.width, style.colour));
    for verdict in &looked.verdicts {
        let passed = if verdict.passed { "passed" } else { "NO" };
        let line = format!("{}: {}", guard_words(verdict.guard), verdict.says);
        text.push_str(&format!("{}\n", hanging(&format!("  {passed:<6}  "), &line, style.width)));
    }
    if looked.would != Would::Transfer {
        text.push_str(&format!("{}\n", hanging("  why     ", &looked.reason, style.width)));
    }
    if let Some(hint) = &looked.hint {
        text.push_str(&format!("{}\n", hanging("  hint    ", hint, style.width)));
    }
    text.push_str("nothing was written\n");
    text
}

fn rows(undo: &UndoSource, looked: &Looked) -> Vec<Vec<Cell>> {
    let staged = staged(looked);
    let counted = looked.target.as_ref().map(|now| undo.counted(now));
    let shown = |value: Option<i64>| Cell::plain(value.map_or_else(|| "–".to_owned(), kilo));
    let of =
        |readings: Option<&Readings>, quantity| shown(readings.map(|readings| readings.energy(quantity)));
    let row = |quantity: Quantity| {
        vec![
            Cell::plain(format!("{quantity}, k{}", quantity.unit())),
            of(Some(&undo.after), quantity),
            of(looked.target.as_ref(), quantity),
            shown(counted.map(|counted| counted[quantity.index()])),
            of(Some(&undo.pre_image), quantity),
            of(staged.as_ref(), quantity),
        ]
    };
    Quantity::ALL.into_iter().map(row).collect()
}
