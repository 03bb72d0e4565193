//! The rehearsal of the demo job: nothing goes wrong, and nothing is done twice, whatever fails and whenever the
//! program dies. The long form: `cargo run --release -- rehearse --long jobs/demo.yaml`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its job has failed")]

use std::{path::Path, sync::Arc};

use meterferry::{
    campaign::Transfer,
    cli::rehearse::{Class, Effort, Verdict, rehearse, text},
    job::{JobPath, load},
};

fn demo() -> Vec<Arc<Transfer>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/demo.yaml");
    let loaded = load(&[JobPath::Path(path)]).unwrap();
    loaded.campaigns.into_iter().flat_map(|campaign| campaign.transfers).collect()
}

fn assert_no_defect(effort: Effort) {
    let rehearsal = rehearse(&demo(), effort);
    println!("{}", text(&rehearsal));
    assert_eq!(rehearsal.tally.defects(), 0, "{}", text(&rehearsal));
    let counts = &rehearsal.tally.classes[&Class::Covered];
    assert!(counts.of(Verdict::Done) * 10 > counts.total() * 8, "most of them come to a good end");
}

#[test]
fn nothing_goes_wrong_in_the_short_form() {
    assert_no_defect(Effort::SHORT);
}

#[test]
#[ignore = "takes minutes: the long form"]
fn nothing_goes_wrong_in_the_long_form() {
    assert_no_defect(Effort::LONG);
}
