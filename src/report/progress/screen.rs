//! What stands on the terminal: the run in one line, and a line for each gateway that is being worked on, as many as
//! there is room for, those that are most behind first. Pure.

use std::{cmp::Reverse, time::Duration};

use super::tally::{Tally, failed_requests};
use crate::{
    report::{
        paint::{columns, printable},
        words::{about, counted, duration_words, gateway_name},
    },
    run::{GatewayPulse, Pulse},
};

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub rows: usize,
    pub columns: usize,
}

/// Columns of the bar and the space behind it.
pub(super) const BAR: usize = 25;
/// A terminal that is narrower gets no bar.
const ROOM_FOR_A_BAR: usize = 60;
/// Lines are no longer than this: they are read at a glance, and a smaller window does not break them.
const WIDEST: usize = 100;
/// A gateway's name is cut there.
const NAME: usize = 28;

impl Size {
    /// Whether a bar fits before the first line.
    pub(super) const fn has_bar(self) -> bool {
        self.columns >= ROOM_FOR_A_BAR
    }

    /// The last column stays free: some terminals begin a new line there.
    fn width(self) -> usize {
        self.columns.saturating_sub(1).clamp(1, WIDEST)
    }

    /// A third of the terminal is left to log lines.
    const fn lines(self) -> usize {
        let lines = self.rows * 2 / 3;
        if lines == 0 { 1 } else { lines }
    }
}

/// The lines, each within the terminal's width. The first stands behind the bar, if there is one.
pub(super) fn screen(tally: &Tally, pulse: Option<&Pulse>, elapsed: Duration, size: Size) -> Vec<String> {
    let first = size.width().saturating_sub(if size.has_bar() { BAR } else { 0 });
    let mut lines = vec![cut(&total(tally, pulse, elapsed), first)];
    if let Some(pulse) = pulse {
        lines.extend(gateways(pulse, size.lines() - 1).iter().map(|line| cut(line, size.width())));
    }
    lines
}

/// `118 of 1000 after 12 s, about 3 min to go; 2 not done, 12 failed requests`
fn total(tally: &Tally, pulse: Option<&Pulse>, elapsed: Duration) -> String {
    let elapsed = match elapsed.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        _ => duration_words(elapsed),
    };
    let mut text = format!("{} of {} after {elapsed}", tally.ended(), tally.total);
    match pulse.and_then(|pulse| pulse.time_left) {
        _ if tally.stopping => text.push_str(", stopping"),
        Some(left) if tally.left() > 0 => text.push_str(&format!(", {} to go", about(left))),
        _ => {}
    }
    let not_done = (tally.not_done > 0).then(|| format!("{} not done", tally.not_done));
    let trouble: Vec<String> = not_done.into_iter().chain(pulse.and_then(failed_requests)).collect();
    if !trouble.is_empty() {
        text.push_str(&format!("; {}", trouble.join(", ")));
    }
    text
}

/// A line for each of the gateways that are most behind, and one for how many more there are.
fn gateways(pulse: &Pulse, room: usize) -> Vec<String> {
    let behind = pulse.gateways.iter().filter(|gateway| gateway.left > 0).count();
    let mut shown: Vec<&GatewayPulse> =
        pulse.gateways.iter().filter(|gateway| is_under_way(gateway)).collect();
    // Whole seconds: lines are not to jump.
    shown.sort_by_key(|gateway| Reverse((seconds_left(gateway), gateway.left)));
    // Two lines at least, or the second would only say that there is more.
    let room = if behind > room.min(shown.len()) { room.saturating_sub(1) } else { room };
    shown.truncate(room);
    let names: Vec<String> =
        shown.iter().map(|gateway| cut(&printable(&gateway_name(&gateway.gateway)), NAME)).collect();
    let widest = names.iter().map(|name| columns(name)).max().unwrap_or(0);
    let mut lines: Vec<String> =
        shown.iter().zip(&names).map(|(gateway, name)| line(gateway, name, widest)).collect();
    let more = behind - shown.len();
    if more > 0 && room > 0 {
        lines.push(format!("  … and {}", counted(more as u64, "more gateway")));
    }
    lines
}

/// Whether it has been asked anything, or is about to be.
fn is_under_way(gateway: &GatewayPulse) -> bool {
    let asked = gateway.traffic.requests > 0 || gateway.traffic.failures() > 0;
    gateway.left > 0 && (gateway.busy || asked)
}

/// A gateway that nobody knows the time of is the one most behind.
fn seconds_left(gateway: &GatewayPulse) -> u64 {
    gateway.time_left.map_or(u64::MAX, |left| left.as_secs())
}

/// `  plant-a         3 of 20  about 40 s left, 2 not done, 7 failed requests`
fn line(gateway: &GatewayPulse, name: &str, widest: usize) -> String {
    let ended = gateway.done + gateway.not_done;
    let progress = format!("{ended} of {}", ended + gateway.left);
    let mut parts = Vec::new();
    match gateway.time_left {
        _ if gateway.traffic.answered == 0 => parts.push("no answer yet".to_owned()),
        Some(left) => parts.push(format!("{} left", about(left))),
        None => {}
    }
    if gateway.not_done > 0 {
        parts.push(format!("{} not done", gateway.not_done));
    }
    if gateway.traffic.failures() > 0 {
        parts.push(counted(gateway.traffic.failures().into(), "failed request"));
    }
    format!("  {name}{}  {progress:>9}  {}", " ".repeat(widest - columns(name)), parts.join(", "))
}

/// As much of `text` as `width` columns take, with a sign that there was more.
fn cut(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}
