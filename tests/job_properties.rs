//! Whatever stands in a job file, reading it ends with campaigns or with errors that have a place, never in a panic.

use meterferry::job::{Code, Loaded, load_text};
use proptest::prelude::*;

const JOB: &str = include_str!("../jobs/demo.yaml");
/// Jobs with every kind of key.
const JOBS: [&str; 4] = [
    JOB,
    include_str!("../jobs/reference.yaml"),
    include_str!("../jobs/swap.yaml"),
    include_str!("../jobs/typed.yaml"),
];
/// Pieces that are known to be awkward.
const PIECES: [&str; 24] = [
    "",
    "\t",
    "\n",
    "\r\n",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "#",
    "&a ",
    "*a",
    "!t ",
    "---\n",
    "0",
    "010",
    "-1",
    "1e999",
    "null",
    "yes",
    "\u{feff}é🔌",
];

/// Errors are worded and placed within the text.
fn read(text: &str) -> Option<Loaded> {
    match load_text("job.yaml", text) {
        Ok(loaded) => Some(loaded),
        Err(found) => {
            assert!(!found.is_empty());
            for error in &found.diagnostics {
                let at = error.at.as_ref().unwrap_or_else(|| panic!("no place: {error}\n{text:?}"));
                let lines = text.matches('\n').count() + 1;
                assert!((1..=lines).contains(&(at.line as usize)) && at.column > 0, "{at} in {text:?}");
                assert!(!error.message.is_empty() && error.to_string().contains(error.code.as_str()));
                assert!(!error.hints.is_empty(), "nothing to do next: {error}");
            }
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}|[ \\n\\t:\\-\\[\\]{}a-z0-9\"'&*!|>%@`#?,.]{0,200}") {
        read(&text);
    }

    #[test]
    fn a_mutilated_job_is_read_or_refused(
        job in 0..JOBS.len(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, 0..PIECES.len()), 1..6)
    ) {
        let mut text: Vec<char> = JOBS[job].chars().collect();
        for (index, length, piece) in cuts {
            let start = index.index(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, PIECES[piece].chars());
        }
        read(&text.into_iter().collect::<String>());
    }

    #[test]
    fn a_job_cut_short_anywhere_never_names_a_transfer_it_does_not_hold(end in 0..JOB.len()) {
        if let Some(loaded) = JOB.get(..end).and_then(read) {
            let whole = read(JOB).unwrap();
            for transfer in &loaded.campaigns[0].transfers {
                prop_assert!(whole.campaigns[0].transfers.iter().any(|other| other.key == transfer.key));
            }
        }
    }

    #[test]
    fn an_energy_is_read_to_the_watt_hour(whole in 0_i64..1_000_000_000_000, thousandth in 0_i64..1000) {
        let text = JOB.replacen("defaults:", &format!("defaults:\n  fresh_below: {whole}.{thousandth:03} kWh"), 1);
        let loaded = read(&text).unwrap();
        prop_assert_eq!(loaded.campaigns[0].transfers[0].options.fresh_below, whole * 1000 + thousandth);
    }
}

#[test]
fn very_deep_nesting_is_refused() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        let found = load_text("job.yaml", &text).unwrap_err();
        let code = found.diagnostics[0].code;
        assert!([Code::TooDeep, Code::YamlSyntax].contains(&code), "{code}");
    }
}

#[test]
fn twenty_thousand_transfers_are_read_and_many_errors_are_cut_short() {
    let job = |unit: u32| {
        let mut text = "version: 1\ncampaign: big\ntransfers:\n".to_owned();
        for number in 1..=20_000 {
            text += &format!(
                "  - id: f{number}\n    source: {{ model: CM2000, host: old-{number}, unit: {unit}, serial_number: {number} }}\n    \
                 target: {{ model: PM800, host: new-{number}, unit: 1, serial_number: {} }}\n",
                number + 100_000
            );
        }
        text
    };
    assert_eq!(read(&job(1)).unwrap().campaigns[0].transfers.len(), 20_000);
    let found = load_text("job.yaml", &job(0)).unwrap_err();
    assert_eq!((found.diagnostics.len(), found.len()), (1_000, 20_000));
    assert!(found.to_string().ends_with("and 19000 more; correct these first"));
}

#[test]
fn diagnostics_serialise_with_place_and_code() {
    let found = load_text("job.yaml", &JOB.replacen("unit: 101", "unit: 0", 1)).unwrap_err();
    let json = serde_json::to_value(&found).unwrap();
    let first = &json["diagnostics"][0];
    assert_eq!((&first["severity"], &first["code"]), (&"error".into(), &"unit_out_of_range".into()));
    assert_eq!((&first["file"], &first["line"]), (&"job.yaml".into(), &20.into()), "{json:#}");
    assert_eq!(json["more"], 0);
}
