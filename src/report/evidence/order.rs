//! The order people expect: `feeder-2` before `feeder-10`.

use std::{cmp::Ordering, iter::Peekable, str::Chars};

/// Compares campaign and id, runs of digits by their value.
pub(super) fn compare(one: &(&str, &str), other: &(&str, &str)) -> Ordering {
    natural(one.0, other.0).then_with(|| natural(one.1, other.1)).then_with(|| one.cmp(other))
}

pub(super) fn natural(one: &str, other: &str) -> Ordering {
    let (mut one, mut other) = (one.chars().peekable(), other.chars().peekable());
    loop {
        let order = match (one.peek(), other.peek()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (a, b) = (digits(&mut one), digits(&mut other));
                a.len().cmp(&b.len()).then_with(|| a.cmp(&b))
            }
            _ => one.next().cmp(&other.next()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A run of digits without leading zeros: the longer is the larger.
fn digits(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        if digit != '0' || !digits.is_empty() {
            digits.push(digit);
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_their_value() {
        let mut ids =
            ["feeder-10", "feeder-2", "feeder-02", "chiller", "feeder", "feeder-99999999999999999999999"];
        ids.sort_by(|one, other| natural(one, other).then_with(|| one.cmp(other)));
        assert_eq!(
            ids,
            ["chiller", "feeder", "feeder-02", "feeder-2", "feeder-10", "feeder-99999999999999999999999"]
        );
    }
}
