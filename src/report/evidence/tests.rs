//! What a report says of transfers that went in every way, made of facts by hand.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::{
    campaign::{CT_PT, Role, TargetEnergy, Transfer},
    ledger::Kind,
    meter::{Bound, ENERGY_MODULUS, Quantity, Readings},
    report::{Envelope, json_text, sample},
    transfer::{
        Author, Began, BoundUsed, Ending, Evidence as Known, Fact, History, Identity, Intent, Reading,
        Recorded, Resolution, Verification,
    },
};

/// Text that must stay text wherever it stands.
const HOSTILE: &str = "</script><script>alert(1)</script> | `x` & \"q\" 'r' @all\u{1b}[2J";

const OLD: [i64; 7] = [5_123_456_789, 1_000_200_300, 40_000, 7, 5_123_496_789, 1_000_200_307, 5_400_000_000];

fn readings(energies: [i64; 7]) -> Readings {
    Readings::from_energies(energies).unwrap()
}

fn plus(energies: [i64; 7], counted: i64) -> [i64; 7] {
    energies.map(|energy| energy + counted)
}

/// The facts of a transfer, one a second.
struct Record {
    transfer: Transfer,
    facts: Vec<Recorded>,
}

impl Record {
    fn new(number: u8) -> Self {
        let mut transfer = Transfer::clone(&sample::transfer(number));
        transfer.options.verify.max_load = Some(250_000);
        Self { transfer, facts: Vec::new() }.begun()
    }

    fn begun(mut self) -> Self {
        let author = Author { operator: Some(HOSTILE.into()), revision: Some("c357659".into()) };
        let (meaning, transfer) = (self.transfer.meaning(), self.transfer.clone());
        self.facts.clear();
        self.fact(Fact::Began(Box::new(Began { meaning, transfer, tool_version: "0.1.0".into(), author })))
    }

    fn with(mut self, change: impl FnOnce(&mut Transfer)) -> Self {
        change(&mut self.transfer);
        self.begun()
    }

    fn fact(mut self, fact: Fact) -> Self {
        let seq = self.facts.len() as u64 + 1;
        let at = sample::time(seq as i64);
        self.facts.push(Recorded { seq, at, run: "r-1".into(), fact });
        self
    }

    fn reading(&self, energies: [i64; 7]) -> Reading {
        Reading { readings: readings(energies), at: sample::time(self.facts.len() as i64 + 1) }
    }

    /// Up to the command, with these words.
    fn sent(self, before: [i64; 7], staged: [i64; 7]) -> Self {
        let (source, pre_image) = (self.reading(OLD), self.reading(before));
        let intent = Intent {
            number: 1,
            attempt: 2,
            staged: readings(staged),
            source: source.clone(),
            snapshot: None,
            pre_image: pre_image.clone(),
            source_serial: Some(20_344_871),
            target_serial: Some(11_000_126),
            target_energy: self.transfer.options.target_energy,
            at: source.at,
        };
        self.fact(Fact::Identified { role: Role::Source, identity: Identity::SerialNumber(20_344_871) })
            .fact(Fact::SourceRead(source))
            .fact(Fact::TargetRead(pre_image))
            .fact(Fact::Intended(Box::new(intent)))
            .fact(Fact::CommitSent { answer: "echo".into() })
    }

    fn committed(self) -> Self {
        self.fact(Fact::Committed { intent: 1, evidence: Known::Status, note: "0".into() })
    }

    fn verified(self, after: [i64; 7], width: i64) -> Self {
        let bound = Bound { tolerance: 1_000, max_load: 250_000 };
        let after = self.reading(after);
        let bound = BoundUsed::MaxLoad { bound, width };
        self.fact(Fact::Verified(Verification { after, bound }))
    }

    fn ended(self, outcome: Outcome, reason: &str) -> Self {
        self.fact(Fact::Ended(Ending {
            outcome,
            reason: reason.to_owned(),
            hint: Some(HOSTILE.to_owned()),
            code: None,
        }))
    }

    fn subject(self) -> Subject {
        let history = History::replay(self.facts.iter().cloned()).unwrap();
        let done =
            Ending { outcome: Outcome::AlreadyDone, reason: "verified".to_owned(), hint: None, code: None };
        let ending = history.ending.clone().unwrap_or(done);
        Subject::new(Some((self.facts, history)), None, |_, _| ending).unwrap()
    }
}

/// As usual: `counted` since it was written to.
fn done(number: u8, counted: i64) -> Subject {
    Record::new(number).sent([0; 7], OLD).committed().verified(plus(OLD, counted), 1_300).subject()
}

fn evidence(subjects: &[Subject]) -> Evidence {
    evidence_by(subjects, None).unwrap()
}

fn evidence_by(subjects: &[Subject], by: Option<&str>) -> Result<Evidence, NoSuchLabel> {
    let origin = Origin {
        kind: Kind::Real,
        created_at: "2026-01-01T00:00:00Z".to_owned(),
        id: "7c8c".to_owned(),
        tool_version: "0.1.0".to_owned(),
    };
    let head = origin.head();
    Evidence::new(Provenance { origin, head, fault: None }, sample::time(9_000), subjects, by)
}

fn json(evidence: &Evidence) -> Value {
    serde_json::from_str(&json_text(&Envelope::new(None, 0, EvidenceBody::from(evidence)))).unwrap()
}

fn real_in(evidence: &Evidence) -> &QuantityBalance {
    &evidence.balance.quantities[Quantity::RealEnergyIn.index()]
}

#[test]
fn what_was_carried_and_what_was_counted_add_up_exactly() {
    let evidence = evidence(&[done(1, 84), done(2, 0), done(3, 1_300)]);
    let sums = real_in(&evidence);
    assert_eq!((evidence.balance.transfers, evidence.balance.closes), (3, true));
    assert_eq!(sums.source, Exact(3 * i128::from(OLD[0])));
    assert_eq!((sums.changed, sums.counted, sums.bound), (Exact(0), Exact(1_384), Exact(3_900)));
    for sums in &evidence.balance.quantities {
        assert_eq!(sums.source.0 + sums.changed.0, sums.staged.0, "{}", sums.quantity);
        assert_eq!(sums.staged.0 + sums.counted.0, sums.target_after.0, "{}", sums.quantity);
    }
    assert_eq!(evidence.balance.exceptions, []);
    assert_eq!(evidence.balance.not_counted_at_most, Some(Exact(3 * 278)), "250 kVA for 4 s, each");
}

#[test]
fn sums_that_no_64_bits_hold_are_exact_and_strings_in_json() {
    let top = ENERGY_MODULUS - 1;
    let large = [top, 0, 0, 0, top, 0, top];
    let subjects: Vec<Subject> = (1..=200)
        .map(|number| {
            let record = Record::new(number);
            let mut subject = record.sent([0; 7], OLD).committed().verified(OLD, 1_000).subject();
            let intent = subject.history.intent.as_mut().unwrap();
            (intent.source.readings, intent.staged) = (readings(large), readings(large));
            subject.history.verification.as_mut().unwrap().after.readings = readings(large);
            subject
        })
        .collect();
    let evidence = evidence(&subjects);
    assert_eq!(real_in(&evidence).source, Exact(200 * i128::from(top)));
    assert_eq!(json(&evidence)["balance"]["quantities"][0]["source"], "1999999999999999800");
    assert!(html(&evidence).contains("1,999,999,999,999,999.800"));
}

#[test]
fn a_reading_past_its_bound_or_words_that_do_not_follow_break_the_balance() {
    let past = Record::new(1).sent([0; 7], OLD).committed().verified(plus(OLD, 1_301), 1_300).subject();
    assert!(!evidence(&[done(2, 0), past]).balance.closes);
    let other = plus(OLD, 5_000);
    let invented = Record::new(1).sent([0; 7], other).committed().verified(other, 1_300).subject();
    let evidence = evidence(&[done(2, 0), invented]);
    assert_eq!((evidence.balance.closes, real_in(&evidence).changed), (false, Exact(5_000)));
    assert!(evidence.balance.exceptions[0].says.contains("NOT follow"), "{:?}", evidence.balance.exceptions);
    assert!(html(&evidence).contains("It does not add up"));
    assert!(markdown(&evidence).contains("does not close"));
}

#[test]
fn energy_that_a_job_adds_is_explained_and_stays_in_the_sums() {
    let before = [7_000, 100, 0, 0, 7_000, 100, 8_000];
    let mut sum = OLD;
    sum.iter_mut().zip(before).for_each(|(sum, before)| *sum += before);
    let added = Record::new(1)
        .with(|transfer| transfer.options.target_energy = TargetEnergy::Add)
        .sent(before, sum)
        .committed()
        .verified(sum, 1_300)
        .subject();
    let evidence = evidence(&[added]);
    assert_eq!((evidence.balance.closes, real_in(&evidence).changed), (true, Exact(7_000)));
    let exception = &evidence.balance.exceptions[0];
    assert!(exception.in_balance && exception.says.contains("real energy in by 7.000 kWh"), "{exception:?}");
}

#[test]
fn an_energy_that_rolled_over_is_counted_and_named() {
    let top = ENERGY_MODULUS - 10;
    let mut subject = done(1, 0);
    let old = [top, 0, 0, 0, 0, 0, 0];
    let intent = subject.history.intent.as_mut().unwrap();
    (intent.source.readings, intent.staged) = (readings(old), readings(old));
    let after = [20, 0, 0, 0, 0, 0, 0];
    subject.history.verification.as_mut().unwrap().after.readings = readings(after);
    let evidence = evidence(&[subject]);
    let sums = real_in(&evidence);
    assert_eq!((sums.counted, sums.rolled_over, sums.closes), (Exact(30), 1, true));
}

#[test]
fn what_a_person_accepted_is_left_out_of_the_sums_and_named() {
    let decided = Fact::Resolved {
        decision: Resolution::Accepted,
        reason: "the display is right".to_owned(),
        operator: "ana@site".to_owned(),
    };
    let unread = Record::new(1).sent([0; 7], OLD).fact(decided).subject();
    let evidence = evidence(&[unread, done(2, 0)]);
    assert_eq!(evidence.balance.transfers, 1);
    assert!(!evidence.balance.exceptions[0].in_balance);
    let page = html(&evidence);
    assert!(page.contains("resolved as accepted by ana@site: the display is right"));
}

#[test]
fn a_certificate_says_where_nobody_compared_the_ratios() {
    let checked = Record::new(1)
        .with(|transfer| drop(transfer.checked.insert(CT_PT.to_owned(), "800:5 both".to_owned())))
        .sent([0; 7], OLD)
        .committed()
        .verified(OLD, 1_300)
        .subject();
    let evidence = evidence(&[checked, done(2, 0)]);
    let names: Vec<&str> = evidence.ct_pt_unchecked().iter().map(|one| one.transfer.id.as_str()).collect();
    assert_eq!(names, ["feeder-2"]);
    let page = html(&evidence);
    assert!(page.contains("checked: 800:5 both"));
    assert!(page.contains("not checked, as far as is recorded"));
    assert!(page.contains("for 1 of 2 transfers (feeder-2)"));
    assert!(markdown(&evidence).contains("not on record as compared for 1 of 2 transfers"));
}

#[test]
fn what_needs_a_person_comes_first_and_in_order() {
    let open = |number, outcome| Record::new(number).ended(outcome, HOSTILE).subject();
    let unknown = Record::new(5).sent([0; 7], OLD).ended(Outcome::Unknown, "lost").subject();
    let evidence = evidence(&[
        open(2, Outcome::Unreachable),
        open(3, Outcome::Refused),
        open(4, Outcome::Waiting),
        unknown,
        open(1, Outcome::Failed),
        done(6, 0),
    ]);
    let outcomes: Vec<&str> = evidence.open().iter().map(|one| one.transfer.outcome.word()).collect();
    assert_eq!(outcomes, ["unknown", "refused", "failed", "unreachable"]);
    let first = evidence.open()[0];
    assert_eq!(first.next.as_deref(), Some("meterferry run JOB --only id=feeder-5"));
    assert_eq!(json(&evidence)["counts"]["done"], 1, "what is done counts as done, whenever that was");
}

/// A done one, and one that ended badly, with hostile text wherever text can come from.
fn hostile() -> Evidence {
    let bad = Record::new(2)
        .with(|transfer| {
            transfer.key.id = HOSTILE.into();
            transfer.labels.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
            transfer.checked.insert(HOSTILE.to_owned(), HOSTILE.to_owned());
        })
        .ended(Outcome::Refused, HOSTILE)
        .subject();
    evidence_by(&[done(1, 0), bad], Some(HOSTILE)).unwrap()
}

#[test]
fn hostile_text_stays_text_in_the_page() {
    let page = html(&hostile());
    assert_eq!(page.matches("<script>").count(), 1);
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "it is shown");
}

#[test]
fn junit_is_xml_whatever_stands_in_it_and_its_numbers_add_up() {
    let text = junit(&hostile());
    let document = roxmltree::Document::parse(&text).unwrap();
    let cases: Vec<_> = document.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    let named = |name: &str| cases.iter().filter(|case| case.attribute("name") == Some(name)).count();
    assert_eq!((cases.len(), named("feeder-1")), (2, 1));
    assert_eq!(named(&HOSTILE.replace('\u{1b}', "\u{fffd}")), 1, "{text}");
    let failures = document.descendants().filter(|node| node.has_tag_name("failure")).count();
    assert_eq!(document.root_element().attribute("failures"), Some(&*failures.to_string()));
    assert_eq!(document.root_element().attribute("tests"), Some("2"));
}

#[test]
fn a_table_row_of_the_summary_has_as_many_cells_as_its_head() {
    let text = markdown(&hostile());
    let mut cells = None;
    for line in text.lines() {
        let found = line.starts_with('|').then(|| line.matches('|').count());
        assert!(cells.is_none() || found.is_none() || cells == found, "{line}");
        cells = found;
    }
    for raw in ["<script", "@all", "`x`"] {
        assert!(!text.contains(raw), "{text}");
    }
}

#[test]
fn the_label_with_the_fewest_values_is_charted_and_an_unknown_one_is_an_error() {
    let labelled = |number: u8, building: &str| {
        let (building, row) = (building.to_owned(), number.to_string());
        Record::new(number)
            .with(|transfer| {
                transfer.labels = [("building".to_owned(), building), ("row".to_owned(), row)].into();
            })
            .sent([0; 7], OLD)
            .committed()
            .verified(OLD, 1_300)
            .subject()
    };
    let subjects = [labelled(1, "A"), labelled(2, "B"), labelled(3, "B")];
    let bars = evidence(&subjects).bars.unwrap();
    let energies: Vec<_> =
        bars.bars.iter().map(|bar| (bar.value.as_deref().unwrap(), bar.real_energy_in.0)).collect();
    assert_eq!(bars.label, "building");
    assert_eq!(energies, [("B", 2 * i128::from(OLD[0])), ("A", i128::from(OLD[0]))]);
    assert_eq!(evidence_by(&subjects, Some("row")).unwrap().bars.unwrap().bars.len(), 3);
    let error = evidence_by(&subjects, Some("floor")).unwrap_err();
    assert_eq!(error.known, ["building", "row"]);
    assert_eq!(evidence(&[done(1, 0)]).bars, None, "one value tells nothing apart");
}

#[test]
fn another_use_of_an_id_is_told_without_what_the_first_one_did() {
    let first = Record::new(1).sent([0; 7], OLD).committed().verified(OLD, 1_300);
    let mut job = first.transfer.clone();
    job.generation = 2;
    let history = History::replay(first.facts.iter().cloned()).unwrap();
    let subject = Subject::new(Some((first.facts, history)), Some(Arc::new(job)), |_, _| Ending {
        outcome: Outcome::NotRun,
        reason: "generation 2 is not done yet".to_owned(),
        hint: None,
        code: None,
    });
    let evidence = evidence(&[subject.unwrap()]);
    let certificate = &evidence.certificates[0];
    assert_eq!((certificate.steps.len(), certificate.earlier_facts), (0, 8));
    assert_eq!((evidence.balance.transfers, certificate.transfer.staged.is_none()), (0, true));
}

#[test]
fn two_thousand_transfers_make_a_page_of_a_few_megabytes() {
    let one = done(1, 84);
    let subjects: Vec<Subject> = (0..2_000)
        .map(|number| {
            let mut transfer = Transfer::clone(&one.transfer);
            transfer.key.id = format!("feeder-{number}").into();
            Subject { transfer: Arc::new(transfer), ..one.clone() }
        })
        .collect();
    let page = html(&evidence(&subjects));
    println!("{} bytes", page.len());
    assert!(page.len() < 12_000_000, "{}", page.len());
}
