//! Options from several places, one over the other, key by key; each checked where it was written.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    diagnostic::{Code, Diagnostic},
    diagnostics::Diagnostics,
    raw::{self, DurationText, EnergyText, PowerText},
    tree::Document,
    units, window,
};
use crate::{
    campaign::{GatewaySettings, Options, Retry, TargetEnergy, TotalsPolicy, Verify, Windows},
    meter::WriteMode,
};

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const CONNECTION: RangeInclusive<Duration> = MILLISECOND.saturating_mul(10)..=MINUTE;
/// The commit must follow the last check within 250 ms (DOMAIN.md), and the gateway's pace lies between the two.
const PACE: RangeInclusive<Duration> = Duration::ZERO..=MILLISECOND.saturating_mul(200);
const COMMAND: RangeInclusive<Duration> = MILLISECOND.saturating_mul(100)..=MINUTE.saturating_mul(10);
const SETTLE: RangeInclusive<Duration> = Duration::ZERO..=MINUTE.saturating_mul(10);
const BACKOFF: RangeInclusive<Duration> = Duration::ZERO..=SECOND.saturating_mul(3600);
/// 1 GWh: more would accept any reading.
const MAX_TOLERANCE: i64 = 1_000_000_000;
/// 10¹⁶ Wh, where the meters roll over (FAQ FA296157).
const MAX_ENERGY: i64 = 9_999_999_999_999_999;
/// 10 GVA: more than any power station.
const LOADS: RangeInclusive<u64> = 1..=10_000_000_000;

/// The options of a transfer that one place gives.
#[derive(Debug, Default, Clone)]
pub(super) struct OptionLayer {
    write_mode: Option<WriteMode>,
    target_energy: Option<TargetEnergy>,
    totals: Option<TotalsPolicy>,
    fresh_below: Option<i64>,
    allow_zero: Option<bool>,
    tolerance: Option<i64>,
    max_load: Option<u64>,
    attempts: Option<u32>,
    backoff: Option<Duration>,
    max_backoff: Option<Duration>,
    command_timeout: Option<Duration>,
    settle: Option<Duration>,
    window: Option<Windows>,
}

/// The options of a gateway that one place gives.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct GatewayLayer {
    connect_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    pace: Option<Duration>,
}

impl OptionLayer {
    /// Reads what stands under a pointer.
    pub fn read(raw: raw::Options, pointer: &str, document: &Document, found: &mut Diagnostics) -> Self {
        let window = window::windows(raw.window, pointer, document, found);
        let mut read = Reader { pointer, document, found };
        let verify = raw.verify.unwrap_or_default();
        let retry = raw.retry.unwrap_or_default();
        Self {
            write_mode: raw.write_mode,
            target_energy: raw.target_energy,
            totals: raw.totals,
            fresh_below: read.energy("fresh_below", raw.fresh_below, MAX_ENERGY),
            allow_zero: raw.allow_zero,
            tolerance: read.energy("verify/tolerance", verify.tolerance, MAX_TOLERANCE),
            max_load: read.power("verify/max_load", verify.max_load),
            attempts: retry.attempts,
            backoff: read.duration("retry/backoff", retry.backoff, BACKOFF, ""),
            max_backoff: read.duration("retry/max_backoff", retry.max_backoff, BACKOFF, ""),
            command_timeout: read.duration("command_timeout", raw.command_timeout, COMMAND, ""),
            settle: read.duration("settle", raw.settle, SETTLE, ""),
            window,
        }
    }

    /// This one's values where it has them, the other's where it has not.
    pub fn over(self, base: Self) -> Self {
        Self {
            write_mode: self.write_mode.or(base.write_mode),
            target_energy: self.target_energy.or(base.target_energy),
            totals: self.totals.or(base.totals),
            fresh_below: self.fresh_below.or(base.fresh_below),
            allow_zero: self.allow_zero.or(base.allow_zero),
            tolerance: self.tolerance.or(base.tolerance),
            max_load: self.max_load.or(base.max_load),
            attempts: self.attempts.or(base.attempts),
            backoff: self.backoff.or(base.backoff),
            max_backoff: self.max_backoff.or(base.max_backoff),
            command_timeout: self.command_timeout.or(base.command_timeout),
            settle: self.settle.or(base.settle),
            window: self.window.or(base.window),
        }
    }

    /// Every option, with the built-in default where nobody said anything.
    pub fn decide(self) -> Options {
        let default = Options::default();
        Options {
            write_mode: self.write_mode.unwrap_or(default.write_mode),
            target_energy: self.target_energy.unwrap_or(default.target_energy),
            totals: self.totals.unwrap_or(default.totals),
            fresh_below: self.fresh_below.unwrap_or(default.fresh_below),
            allow_zero: self.allow_zero.unwrap_or(default.allow_zero),
            verify: Verify {
                tolerance: self.tolerance.unwrap_or(default.verify.tolerance),
                max_load: self.max_load.or(default.verify.max_load),
            },
            retry: Retry {
                attempts: self.attempts.unwrap_or(default.retry.attempts),
                backoff: self.backoff.unwrap_or(default.retry.backoff),
                max_backoff: self.max_backoff.unwrap_or(default.retry.max_backoff),
            },
            command_timeout: self.command_timeout.unwrap_or(default.command_timeout),
            settle: self.settle.unwrap_or(default.settle),
            window: self.window.unwrap_or(default.window),
        }
    }

    /// Complains if this layer, over the others, makes the first delay longer than the longest one.
    pub fn check_backoff(
        &self,
        decided: &Retry,
        pointer: &str,
        document: &Document,
        found: &mut Diagnostics,
    ) {
        let key = match (self.backoff, self.max_backoff) {
            (None, None) => return,
            (Some(_), _) => "backoff",
            (None, Some(_)) => "max_backoff",
        };
        if decided.backoff > decided.max_backoff {
            let (first, longest) =
                (units::show_duration(decided.backoff), units::show_duration(decided.max_backoff));
            let message = format!("`backoff` is {first}, longer than `max_backoff`, which is {longest}");
            found.push(
                Diagnostic::error(Code::DurationOutOfRange, message)
                    .at(document.spot(&format!("{pointer}/retry/{key}")))
                    .expected("`backoff` may be at most `max_backoff`")
                    .hint("give both: the delay begins at `backoff` and doubles up to `max_backoff`"),
            );
        }
    }
}

impl GatewayLayer {
    /// Reads what stands under a pointer.
    pub fn read(
        raw: raw::GatewayOptions,
        pointer: &str,
        document: &Document,
        found: &mut Diagnostics,
    ) -> Self {
        let mut read = Reader { pointer, document, found };
        let why_pace = "the commit must follow the check of what was staged within 250 ms";
        Self {
            connect_timeout: read.duration("connect_timeout", raw.connect_timeout, CONNECTION, ""),
            request_timeout: read.duration("request_timeout", raw.request_timeout, CONNECTION, ""),
            pace: read.duration("pace", raw.pace, PACE, why_pace),
        }
    }

    /// This one's values where it has them, the other's where it has not.
    pub fn over(self, base: Self) -> Self {
        Self {
            connect_timeout: self.connect_timeout.or(base.connect_timeout),
            request_timeout: self.request_timeout.or(base.request_timeout),
            pace: self.pace.or(base.pace),
        }
    }

    /// Every setting, with the built-in default where nobody said anything.
    pub fn decide(self) -> GatewaySettings {
        let default = GatewaySettings::default();
        GatewaySettings {
            connect_timeout: self.connect_timeout.unwrap_or(default.connect_timeout),
            request_timeout: self.request_timeout.unwrap_or(default.request_timeout),
            pace: self.pace.unwrap_or(default.pace),
            ..default
        }
    }
}

/// Reads texts with units; a bad one is reported and counts as not given.
struct Reader<'a> {
    pointer: &'a str,
    document: &'a Document,
    found: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn duration(
        &mut self,
        key: &str,
        text: Option<DurationText>,
        range: RangeInclusive<Duration>,
        why: &str,
    ) -> Option<Duration> {
        let text = text?.0;
        match units::duration(&text) {
            Ok(value) if range.contains(&value) => Some(value),
            Ok(_) => {
                let (least, most) =
                    (units::show_duration(*range.start()), units::show_duration(*range.end()));
                let hint = if why.is_empty() {
                    format!("choose a value from {least} to {most}")
                } else {
                    why.to_owned()
                };
                self.complain(key, Code::DurationOutOfRange, &text, &format!("from {least} to {most}"), hint);
                None
            }
            Err(why) => {
                self.complain(key, Code::BadDuration, &text, "a duration: 500ms, 2s, 1min 30s, 1h", why);
                None
            }
        }
    }

    fn energy(&mut self, key: &str, text: Option<EnergyText>, most: i64) -> Option<i64> {
        let text = text?.0;
        match units::energy(&text) {
            Ok(value) if value <= most => Some(value),
            Ok(_) => {
                let limit = if most == MAX_TOLERANCE { "at most 1 GWh" } else { "less than 10,000,000 GWh" };
                let hint = "check the unit: 1 GWh is 1,000,000 kWh".to_owned();
                self.complain(key, Code::EnergyOutOfRange, &text, limit, hint);
                None
            }
            Err(why) => {
                self.complain(
                    key,
                    Code::BadEnergy,
                    &text,
                    "an energy in whole Wh: 500 Wh, 1 kWh, 1.5 MWh",
                    why,
                );
                None
            }
        }
    }

    fn power(&mut self, key: &str, text: Option<PowerText>) -> Option<u64> {
        let text = text?.0;
        match units::power(&text) {
            Ok(value) if LOADS.contains(&value) => Some(value),
            Ok(_) => {
                let hint = "give the apparent power of the largest load on this meter".to_owned();
                self.complain(key, Code::PowerOutOfRange, &text, "from 1 VA to 10 GVA", hint);
                None
            }
            Err(why) => {
                self.complain(key, Code::BadPower, &text, "an apparent power in whole VA: 250 kVA", why);
                None
            }
        }
    }

    fn complain(&mut self, key: &str, code: Code, text: &str, expected: &str, hint: String) {
        let what = match code {
            Code::BadDuration | Code::BadEnergy | Code::BadPower => "cannot be read",
            _ => "is out of range",
        };
        let field = key.rsplit('/').next().unwrap_or(key);
        self.found.push(
            Diagnostic::error(code, format!("`{field}: {text}` {what}"))
                .at(self.document.spot(&format!("{}/{key}", self.pointer)))
                .expected(expected)
                .hint(hint),
        );
    }
}
