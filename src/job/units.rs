//! Durations, energies and apparent powers as people write them, read exactly: no number here is ever a float.

use std::time::Duration;

use jiff::SignedDuration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `1min 30s` → 90 s.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: SignedDuration = text
        .parse()
        .map_err(|_| "units must go from large to small, each once, as in 1h 30min".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "a duration cannot be negative".to_owned())
}

/// `7d` → 168 h: a duration that may begin with whole days.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let (days, rest) = text.split_once('d').unwrap_or(("0", text));
    let days: u32 =
        days.trim_end().parse().map_err(|_| "days are whole numbers, as in 7d or 1d 12h".to_owned())?;
    let rest = if rest.trim().is_empty() { Duration::ZERO } else { duration(rest.trim())? };
    Ok(DAY * days + rest)
}

/// `-1.5 MVARh` → -1,500,000, for the unit `VARh`.
pub(super) fn energy_of(text: &str, unit: &str) -> Result<i64, String> {
    let (sign, magnitude) = text.strip_prefix('-').map_or((1, text), |magnitude| (-1, magnitude));
    let value = scaled(magnitude, unit)?;
    i64::try_from(value).map(|value| sign * value).map_err(|_| too_large(text))
}

/// `1.5 MWh` → 1,500,000 Wh, or why it is none.
pub fn energy(text: &str) -> Result<i64, String> {
    let value = scaled(text, "Wh")?;
    i64::try_from(value).map_err(|_| too_large(text))
}

/// `250 kVA` → 250,000 VA.
pub(super) fn power(text: &str) -> Result<u64, String> {
    scaled(text, "VA")
}

fn scaled(text: &str, unit: &str) -> Result<u64, String> {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, symbol) = (text[..split].trim_end(), &text[split..]);
    let exponent = match symbol.strip_suffix(unit) {
        Some("") => 0,
        Some("k") => 3,
        Some("M") => 6,
        Some("G") => 9,
        _ => return Err(format!("the unit must be {unit}, k{unit}, M{unit} or G{unit}")),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > exponent {
        return Err(format!("it is not a whole number of {unit}"));
    }
    format!("{whole}{fraction:0<exponent$}").parse().map_err(|_| too_large(text))
}

fn too_large(text: &str) -> String {
    format!("{text} is more than any meter can count")
}

/// 90 s → `1min 30s`, for messages.
pub(super) fn show_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let parts = [
        (milliseconds / 86_400_000, "d"),
        (milliseconds / 3_600_000 % 24, "h"),
        (milliseconds / 60_000 % 60, "min"),
        (milliseconds / 1000 % 60, "s"),
        (milliseconds % 1000, "ms"),
    ];
    let shown: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if shown.is_empty() { "0ms".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_and_powers_are_read_exactly() {
        assert_eq!(energy("1 kWh"), Ok(1_000));
        assert_eq!(energy("500 Wh"), Ok(500));
        assert_eq!(energy("1.5 MWh"), Ok(1_500_000));
        assert_eq!(energy("0.0010 kWh"), Ok(1));
        assert_eq!(energy("9007199254740.993 kWh"), Ok(9_007_199_254_740_993), "more than 2⁵³");
        assert!(energy("0.5 Wh").is_err());
        assert!(energy("99999999999 GWh").is_err());
        assert!(energy("5 kW").is_err());
        assert_eq!(power("250 kVA"), Ok(250_000));
        assert_eq!(power("10 GVA"), Ok(10_000_000_000));
        assert_eq!(power("800VA"), Ok(800));
    }

    #[test]
    fn energies_of_every_kind_are_read_exactly() {
        assert_eq!(energy_of("1234.567 MWh", "Wh"), Ok(1_234_567_000));
        assert_eq!(energy_of("-0.002 kVARh", "VARh"), Ok(-2));
        assert_eq!(energy_of("9999999.999999999 GVAh", "VAh"), Ok(9_999_999_999_999_999));
        assert!(energy_of("1 kWh", "VARh").is_err(), "another kind");
        assert!(energy_of("0.0001 kWh", "Wh").is_err(), "no whole Wh");
        assert!(energy_of("99999999999999999999 Wh", "Wh").is_err());
    }

    #[test]
    fn ages_may_be_counted_in_days() {
        for (text, hours) in [("24h", 24), ("7d", 168), ("1d 12h", 36), ("1d12h", 36), ("90min", 1)] {
            let minutes = if text == "90min" { 30 } else { 0 };
            assert_eq!(age(text), Ok(Duration::from_secs(hours * 3600 + minutes * 60)), "{text}");
        }
        assert!(age("1.5d").is_err());
        assert_eq!(show_duration(DAY * 365), "365d");
    }

    #[test]
    fn durations_are_read_and_shown() {
        for (text, milliseconds) in
            [("500ms", 500), ("2s", 2_000), ("1.5s", 1_500), ("1min 30s", 90_000), ("1h", 3_600_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        assert!(duration("5").is_err());
        assert!(duration("5s 1h").is_err());
        assert_eq!(show_duration(Duration::from_millis(90_250)), "1min 30s 250ms");
        assert_eq!(show_duration(Duration::ZERO), "0ms");
    }
}
