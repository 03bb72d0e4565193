//! The two charts as numbers for drawings. Each stands in a table that says the same in words.

use super::view::time;
use crate::{
    meter::{Quantity, kilo},
    report::evidence::{Bars, Timeline},
};

/// A drawing is this many units wide or high.
const WHOLE: i128 = 1000;
/// Bars that are shown; all of them are in report.json.
const BARS: usize = 40;

/// Commands over time.
pub(super) struct TimelineView {
    pub step: String,
    pub most: usize,
    pub total: usize,
    pub from: String,
    pub to: String,
    /// Width of the drawing.
    pub width: usize,
    /// Place from the left, place from the top, height; steps without commits are left out.
    pub columns: Vec<(usize, i128, i128)>,
    /// Time and number, of the steps with commits.
    pub rows: Vec<(String, usize)>,
}

/// Energy by label.
pub(super) struct BarsView {
    pub label: String,
    /// Value, how many are done of how many, energy, and width in thousandths.
    pub rows: Vec<(String, String, String, i128)>,
    pub left_out: usize,
}

/// Nothing if all is in one step: a single bar says no more than a sentence.
pub(super) fn timeline(timeline: &Timeline) -> Option<TimelineView> {
    if timeline.buckets.len() < 2 {
        return None;
    }
    let most = timeline.most();
    let height = |number: usize| (number as i128 * WHOLE).div_euclid((most as i128).max(1)).max(8);
    let with_commits = || timeline.buckets.iter().enumerate().filter(|(_, bucket)| bucket.committed > 0);
    let edge = |bucket: Option<&crate::report::evidence::Bucket>| {
        bucket.map(|bucket| time(bucket.from)).unwrap_or_default()
    };
    Some(TimelineView {
        step: timeline.step_words(),
        most,
        total: timeline.buckets.iter().map(|bucket| bucket.committed).sum(),
        from: edge(timeline.buckets.first()),
        to: edge(timeline.buckets.last()),
        width: timeline.buckets.len() * 10,
        columns: with_commits()
            .map(|(place, bucket)| {
                let height = height(bucket.committed);
                (place * 10 + 1, WHOLE - height, height)
            })
            .collect(),
        rows: with_commits().map(|(_, bucket)| (time(bucket.from), bucket.committed)).collect(),
    })
}

pub(super) fn bars(bars: &Bars) -> BarsView {
    let most = bars.most().0.max(1);
    let width = |energy: i128| match energy {
        ..=0 => 0,
        energy => (energy * WHOLE / most).max(2),
    };
    let rows = bars.bars.iter().take(BARS).map(|bar| {
        let value = bar.value.clone().unwrap_or_else(|| "(without)".to_owned());
        let done = if bar.done == bar.transfers {
            bar.done.to_string()
        } else {
            format!("{} of {}", bar.done, bar.transfers)
        };
        let energy = format!("{} k{}", kilo(bar.real_energy_in.0), Quantity::RealEnergyIn.unit());
        (value, done, energy, width(bar.real_energy_in.0))
    });
    BarsView {
        label: bars.label.clone(),
        rows: rows.collect(),
        left_out: bars.bars.len().saturating_sub(BARS),
    }
}
