//! Energies in tables: a transfer's seven before and after, and the balance of all.

use crate::{
    meter::{Quantity, Readings, Word, grouped, kilo},
    report::{
        evidence::{Balance, Certificate, QuantityBalance},
        words::transfers,
    },
    transfer::Outcome,
};

/// The seven energies of one transfer.
pub(super) struct EnergyTable {
    pub staged_title: &'static str,
    pub rows: Vec<EnergyRow>,
}

/// One energy: its name, its unit, and source, target before, staged, target after: value and registers.
pub(super) struct EnergyRow {
    pub name: String,
    pub unit: String,
    pub cells: [Cell; 4],
    /// What the target counted since it was written to.
    pub since: String,
}

/// A value and the registers it is from.
pub(super) struct Cell {
    pub value: String,
    pub registers: String,
}

/// The balance, in words.
pub(super) struct BalanceView<'a> {
    pub of: &'a Balance,
    pub rows: Vec<BalanceRow>,
    pub not_counted: String,
}

/// One energy of the balance.
pub(super) struct BalanceRow {
    pub name: String,
    pub unit: String,
    pub source: String,
    pub changed: String,
    pub staged: String,
    pub counted: String,
    pub after: String,
    pub bound: String,
    pub before: String,
    pub closes: bool,
}

pub(super) fn table(certificate: &Certificate) -> Option<EnergyTable> {
    let transfer = &certificate.transfer;
    let all = [&transfer.source, &transfer.target_before, &transfer.staged, &transfer.target_after];
    if all.iter().all(|readings| readings.is_none()) {
        return None;
    }
    let row = |quantity: Quantity| EnergyRow {
        name: quantity.to_string(),
        unit: format!("k{}", quantity.unit()),
        cells: all
            .map(|readings| readings.as_ref().map_or_else(nothing, |readings| cell(readings, quantity))),
        since: since(transfer.staged.as_ref(), transfer.target_after.as_ref(), quantity),
    };
    let sent = certificate.took_effect() || matches!(transfer.outcome, Outcome::Unknown | Outcome::Mismatch);
    let staged_title = if sent { "written" } else { "to be written" };
    Some(EnergyTable { staged_title, rows: Quantity::ALL.into_iter().map(row).collect() })
}

fn cell(readings: &Readings, quantity: Quantity) -> Cell {
    let energy = readings.energy(quantity);
    let registers = readings.registers(quantity).map(Word::value).map(|word| word.to_string());
    // Words in range add up to 0 only if each is 0.
    Cell { value: kilo(energy), registers: if energy == 0 { String::new() } else { registers.join(" ") } }
}

/// What was not read.
fn nothing() -> Cell {
    Cell { value: "–".to_owned(), registers: String::new() }
}

fn since(staged: Option<&Readings>, after: Option<&Readings>, quantity: Quantity) -> String {
    let Some((staged, after)) = staged.zip(after) else { return String::new() };
    signed(i128::from(after.energy(quantity)) - i128::from(staged.energy(quantity)))
}

/// `+0.084`
fn signed(value: i128) -> String {
    let sign = if value > 0 { "+" } else { "" };
    format!("{sign}{}", kilo(value))
}

pub(super) fn balance(of: &Balance) -> Option<BalanceView<'_>> {
    if of.transfers == 0 {
        return None;
    }
    let row = |sums: &QuantityBalance| BalanceRow {
        name: sums.quantity.to_string(),
        unit: format!("k{}", sums.unit),
        source: kilo(sums.source.0),
        changed: signed(sums.changed.0),
        staged: kilo(sums.staged.0),
        counted: match sums.rolled_over {
            0 => signed(sums.counted.0),
            meters => format!("{} ({} rolled over)", signed(sums.counted.0), grouped(meters as u64)),
        },
        after: kilo(sums.target_after.0),
        bound: kilo(sums.bound.0),
        before: kilo(sums.target_before.0),
        closes: sums.closes,
    };
    let not_counted = not_counted(of);
    Some(BalanceView { of, rows: of.quantities.iter().map(row).collect(), not_counted })
}

/// What is in no meter, in a sentence or two.
fn not_counted(of: &Balance) -> String {
    let mut says = match of.not_counted_at_most {
        Some(most) => format!(
            "Between the last readings and the commands at most {} kWh (kVARh, kVAh) can have flowed in all; that is in no \
             meter.",
            kilo(most.0)
        ),
        None if of.older_readings == of.transfers => String::new(),
        None => "How much can have flowed between the last readings and the commands is not bounded: not every transfer \
                 has a max_load."
            .to_owned(),
    };
    if of.older_readings > 0 {
        says.push_str(&format!(
            " {} with captured, typed or kept readings: their certificates give the time.",
            transfers(of.older_readings)
        ));
    }
    says
}
