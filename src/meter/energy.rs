//! Energies in words for people. Values are whole Wh, VARh or VAh in an `i64`, never a float:
//! 10¹⁶ is more than 2⁵³ (DOMAIN.md §1).

use super::Quantity;

/// `1234567` → `1,234.567`: a value in thousands of its unit, exact, for people. Sums of many meters take more than an
/// `i64`.
pub fn kilo(value: impl Into<i128>) -> String {
    let value = value.into();
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    format!("{sign}{}.{:03}", in_threes(&(magnitude / 1000).to_string()), magnitude % 1000)
}

/// `1234567` Wh → `1,234.567 kWh`.
pub fn with_unit(quantity: Quantity, value: i64) -> String {
    format!("{} k{}", kilo(value), quantity.unit())
}

/// `12408` → `12,408`.
pub fn grouped(value: u64) -> String {
    in_threes(&value.to_string())
}

fn in_threes(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_read_as_people_write_them() {
        assert_eq!(kilo(0), "0.000");
        assert_eq!(kilo(-7), "-0.007");
        assert_eq!(kilo(1_234_567), "1,234.567");
        assert_eq!(with_unit(Quantity::RealEnergyIn, 9_999_999_999_999_999), "9,999,999,999,999.999 kWh");
        assert_eq!(kilo(i128::from(i64::MAX) * 1000), "9,223,372,036,854,775,807.000");
        assert_eq!(with_unit(Quantity::ReactiveEnergyIn, -1000), "-1.000 kVARh");
    }
}
