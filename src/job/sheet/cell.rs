//! One cell → one value, strictly: what a spreadsheet program has changed is refused, never repaired. Pure.

use crate::job::{diagnostic::Code, tree::Kind};

/// What the schema wants where a cell goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// A whole number.
    Integer,
    /// A whole number, or a word.
    IntegerOrWord,
    /// `true` or `false`.
    Boolean,
    /// Text: words, names, numbers with their units. The schema looks at it.
    Text,
}

/// Why a cell is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub code: Code,
    /// Follows the cell in a sentence: "`1.1E+07` …".
    pub what: String,
    pub hint: String,
}

const AS_TEXT: &str = "format the column as text (or as a number without decimals and separators), enter the value \
                       again from its source, and save the sheet again";

fn damaged(what: &str, hint: &str) -> Bad {
    Bad { code: Code::DamagedCell, what: what.to_owned(), hint: hint.to_owned() }
}

/// The value of a cell that is not empty.
pub(super) fn read(cell: &str, wants: Wants) -> Result<Kind, Bad> {
    if let Some(bad) = damage(cell) {
        return Err(bad);
    }
    match wants {
        Wants::Text => Ok(Kind::Text(cell.into())),
        Wants::Boolean => boolean(cell),
        Wants::IntegerOrWord if cell.bytes().all(|letter| letter.is_ascii_alphabetic()) => {
            Ok(Kind::Text(cell.into()))
        }
        Wants::Integer | Wants::IntegerOrWord => integer(cell),
    }
}

/// What no cell may be, whatever is wanted.
fn damage(cell: &str) -> Option<Bad> {
    if let Some(letter) = cell.chars().find(|letter| is_invisible(*letter)) {
        let what = format!("contains {}", invisible_name(letter));
        return Some(damaged(&what, "delete the cell's content and type it again"));
    }
    if is_error(cell) {
        return Some(damaged(
            "is an error of the spreadsheet program, not a value",
            "mend the formula in the sheet, and save it again",
        ));
    }
    if cell.starts_with('=') {
        return Some(Bad {
            code: Code::FormulaCell,
            what: "is a formula, not a value".to_owned(),
            hint: "copy the column and paste it as values, and save the sheet again".to_owned(),
        });
    }
    if cell.starts_with(['\'', '’']) {
        return Some(damaged(
            "begins with the apostrophe that marks text in a spreadsheet",
            "remove the apostrophe; a cell of a CSV file is text anyway",
        ));
    }
    is_exponential(cell)
        .then(|| damaged("has lost digits: a spreadsheet showed a long number with an exponent", AS_TEXT))
}

fn boolean(cell: &str) -> Result<Kind, Bad> {
    match cell {
        "true" | "TRUE" => Ok(Kind::Bool(true)),
        "false" | "FALSE" => Ok(Kind::Bool(false)),
        _ => Err(Bad {
            code: Code::BadCell,
            what: "is neither `true` nor `false`".to_owned(),
            hint: "write `true` or `false`; an empty cell leaves the template's value".to_owned(),
        }),
    }
}

fn integer(cell: &str) -> Result<Kind, Bad> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    if digits.bytes().all(|letter| letter.is_ascii_digit()) && !digits.is_empty() {
        return match cell.parse::<i64>() {
            _ if digits.len() > 1 && digits.starts_with('0') => Err(Bad {
                code: Code::LeadingZero,
                what: "begins with a zero".to_owned(),
                hint: format!("write {}", digits.trim_start_matches('0')),
            }),
            Ok(number) => Ok(Kind::Integer(number.into())),
            Err(_) => Err(not_a_number("has more digits than any number here")),
        };
    }
    Err(if is_grouped(digits) {
        damaged("has thousands separators", AS_TEXT)
    } else if is_date(cell) {
        damaged("is a date, and a number belongs here: spreadsheets turn 12-1 or 1.12 into dates", AS_TEXT)
    } else if digits.split_once(['.', ',']).is_some_and(|(whole, rest)| is_digits(whole) && is_digits(rest)) {
        damaged("has decimals, and a whole number belongs here", AS_TEXT)
    } else {
        not_a_number("is not a whole number")
    })
}

fn not_a_number(what: &str) -> Bad {
    Bad { code: Code::BadCell, what: what.to_owned(), hint: "write digits only".to_owned() }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit())
}

/// `1.1E+07`, `1,1e7`.
fn is_exponential(cell: &str) -> bool {
    let Some((before, after)) = cell.split_once(['e', 'E']) else { return false };
    let before = before.strip_prefix('-').unwrap_or(before);
    let (whole, fraction) = before.split_once(['.', ',']).unwrap_or((before, "0"));
    // `12E7` may be the name of a room; with a sign or decimals it is a number.
    let surely = after.starts_with(['+', '-']) || before.len() > whole.len();
    surely && is_digits(whole) && is_digits(fraction) && is_digits(after.trim_start_matches(['+', '-']))
}

/// `20,344,871`, `20.344.871`, `20 344 871`, `20'344'871`: groups of three after the first.
fn is_grouped(digits: &str) -> bool {
    [',', '.', ' ', '\'', '’'].into_iter().any(|separator| {
        let mut groups = digits.split(separator);
        let first = groups.next().is_some_and(|group| is_digits(group) && group.len() <= 3);
        let rest: Vec<_> = groups.collect();
        first && !rest.is_empty() && rest.iter().all(|group| is_digits(group) && group.len() == 3)
    })
}

/// `2026-01-12`, `12.01.2026`, `1/12/26`, `12.Jan`, `Jan 12`, `12-Jan-26`; a time of day may follow.
fn is_date(cell: &str) -> bool {
    const MONTHS: [&str; 24] = [
        "jan", "feb", "mar", "mär", "mrz", "apr", "may", "mai", "jun", "jul", "aug", "sep", "okt", "oct",
        "nov", "dec", "dez", "fév", "avr", "aoû", "déc", "ene", "ago", "dic",
    ];
    let parts: Vec<_> = cell.split(['-', '.', '/', ' ', 'T']).filter(|part| !part.is_empty()).collect();
    let month = |part: &&str| {
        let part = part.to_lowercase();
        MONTHS.iter().any(|month| part.starts_with(month)) && part.chars().all(char::is_alphabetic)
    };
    let numbers = parts.iter().filter(|part| is_digits(part) && part.len() <= 4).count();
    let others = parts.iter().filter(|part| !is_digits(part)).count();
    match parts.iter().filter(|part| month(part)).count() {
        0 => {
            let is_dashed = cell.contains(['-', '/']) || cell.matches('.').count() == 2;
            is_dashed
                && numbers == 3
                && parts.iter().filter(|part| is_digits(part)).all(|part| part.len() <= 4)
                && parts.iter().any(|part| part.len() <= 2)
                && (others == 0 || cell.contains(':'))
        }
        1 => numbers >= 1,
        _ => false,
    }
}

/// `#REF!`, `#DIV/0!`, `#N/A`, `#NAME?`, `#BEZUG!`, `#NV`, `#####`.
fn is_error(cell: &str) -> bool {
    let Some(name) = cell.strip_prefix('#') else { return false };
    matches!(name, "N/A" | "NV" | "N/D")
        || (name.len() > 1 && name.bytes().all(|letter| letter == b'#'))
        || (name.ends_with(['!', '?'])
            && name.chars().all(|letter| letter.is_uppercase() || "/0123456789_!?".contains(letter)))
}

fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{A0}' | '\u{2007}' | '\u{202F}' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFFD}')
        || (letter.is_control() && !"\n\r\t".contains(letter))
}

fn invisible_name(letter: char) -> String {
    let code = u32::from(letter);
    match letter {
        '\u{A0}' | '\u{2007}' | '\u{202F}' => format!("a non-breaking space (U+{code:04X})"),
        '\u{FFFD}' => "the sign for a letter that was lost (U+FFFD)".to_owned(),
        _ => format!("an invisible character (U+{code:04X})"),
    }
}

/// Whether a number may have lost its last digits: spreadsheets keep 15. A number of more digits, or of 15 with
/// decimals, may be one that was longer.
pub(super) fn may_be_cut(cell: &str) -> bool {
    let number = cell.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
    let digits = number.chars().filter(char::is_ascii_digit).skip_while(|digit| *digit == '0').count();
    digits > 15 || (digits == 15 && number.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(cell: &str, wants: Wants) -> Code {
        read(cell, wants).err().unwrap_or_else(|| panic!("{cell:?} was read")).code
    }

    #[test]
    fn whole_numbers_are_digits_and_nothing_else() {
        let read = |cell| read(cell, Wants::Integer).map(|kind| format!("{kind:?}"));
        assert_eq!(read("20344871").unwrap(), format!("{:?}", Kind::Integer(20_344_871.into())));
        assert_eq!(read("-1").unwrap(), format!("{:?}", Kind::Integer((-1).into())));
        for cell in ["12a", "+5", "-", "any", "0x10", "1_000", "9999999999999999999999"] {
            assert_eq!(code(cell, Wants::Integer), Code::BadCell, "{cell}");
        }
        assert_eq!(code("007", Wants::Integer), Code::LeadingZero);
        assert!(matches!(super::read("any", Wants::IntegerOrWord), Ok(Kind::Text(_))));
    }

    #[test]
    fn what_a_spreadsheet_did_to_a_number_is_named() {
        for (cell, what) in [
            ("1.1E+07", "exponent"),
            ("1,1E+07", "exponent"),
            ("2E+07", "exponent"),
            ("20344871.0", "decimals"),
            ("20344871,00", "decimals"),
            ("20,344,871", "thousands"),
            ("20.344.871", "thousands"),
            ("20 344 871", "thousands"),
            ("20'344'871", "thousands"),
            ("20\u{A0}344\u{A0}871", "non-breaking"),
            ("20344871\u{200B}", "invisible"),
            ("'20344871", "apostrophe"),
            ("2026-01-12", "a date"),
            ("12.01.2026", "a date"),
            ("1/12/26", "a date"),
            ("12.Jan", "a date"),
            ("12-Jan-26", "a date"),
            ("Mrz 26", "a date"),
            ("2026-01-12 00:00:00", "a date"),
            ("#REF!", "an error"),
            ("#N/A", "an error"),
            ("#DIV/0!", "an error"),
            ("#BEZUG!", "an error"),
            ("#NAME?", "an error"),
            ("########", "an error"),
        ] {
            let bad = read(cell, Wants::IntegerOrWord).expect_err(cell);
            assert_eq!(bad.code, Code::DamagedCell, "{cell}");
            assert!(bad.what.contains(what), "{cell} {}", bad.what);
        }
        assert_eq!(code("=1+2", Wants::Integer), Code::FormulaCell);
        assert_eq!(code("=A1", Wants::Text), Code::FormulaCell);
    }

    #[test]
    fn words_that_only_look_odd_are_text() {
        for cell in
            ["12E7", "#12", "B7", "2026-01-12", "1.10", "no", "TRUE", "-5", "+49 30", "@home", "a\nb", "1E"]
        {
            assert!(matches!(read(cell, Wants::Text), Ok(Kind::Text(text)) if *text == *cell), "{cell}");
        }
    }

    #[test]
    fn numbers_that_a_spreadsheet_may_have_cut_are_noticed() {
        for cell in ["9000049740819060 Wh", "9000049740819.06 kWh", "-1234567890123456"] {
            assert!(may_be_cut(cell), "{cell}");
        }
        for cell in ["123456789012345 Wh", "1234.567 MWh", "0.00000000000000001 GWh"] {
            assert!(!may_be_cut(cell), "{cell}");
        }
    }
}
