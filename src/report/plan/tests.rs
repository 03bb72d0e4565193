//! Plans, as people read them.

use super::*;
use crate::report::sample::plan;

#[test]
fn a_plan_says_what_would_change_and_every_verdict() {
    insta::assert_snapshot!(plan_text(&plan(), Style { width: Some(100), ..Style::default() }), @r#"
    feeder-1: would be transferred
      source  CM2000 20344871 at plant-a (10.20.1.5:502) unit 1
      target  PM800 (identity and addressing unproved) at 10.20.4.12:502 unit 1
      energy  real energy in: source 1,234,567.000 kWh, target 0.900 → 1,234,567.000 kWh
      ✓ passed  word signs     every word is in -9999..=9999, one sign a quantity
      ✓ passed  zero source    the source has counted
      ✓ passed  expected       the job pins no ranges
      ✓ passed  direction      the source is ahead in real energy in
      ✓ passed  target energy  the target is fresh
      ✓ passed  totals         the source's totals are signed or absolute, the target's signed or
                               absolute
      ✓ passed  digits         all seven fit into 16 digits
      ✓ passed  ledger         no other transfer wrote to this target

    feeder-2: would be refused[target_has_counted]
      source  CM2000 20344872 at plant-a (10.20.1.5:502) unit 2
      target  PM800 (identity and addressing unproved) at 10.20.4.12:502 unit 2
      energy  real energy in: source 1,234,567.000 kWh, target 2,500.000 kWh
      ✓ passed  word signs     every word is in -9999..=9999, one sign a quantity
      ✓ passed  zero source    the source has counted
      ✓ passed  expected       the job pins no ranges
      ✓ passed  direction      the source is ahead in real energy in
      ✗ NO      target energy  the target has already counted 2,500.000 kWh of real energy in; the job
                               does not say what to do with it. `replace` would set real energy in to
                               1,234,567.000 kWh, `add` to 1,237,067.000 kWh
      ✓ passed  totals         the source's totals are signed or absolute, the target's neither in + out
                               nor in - out
      ✓ passed  digits         all seven fit into 16 digits
      ✓ passed  ledger         no other transfer wrote to this target
      hint    add `target_energy: replace` if both meters counted the same energy, `target_energy: add`
              if the target alone counted since

    feeder-3: could not be reached[no_connection]
      source  CM2000 20344873 (expected) at plant-a (10.20.1.5:502) unit 3
      target  PM800 11000128 (expected) at 10.20.4.12:502 unit 3
      why     no connection to the gateway: connection refused
      hint    check power and network

    Carried are the seven accumulated energies (registers 1700–1727). Conditional, incremental and
    input-metering energies, CT and PT settings are not.

    CT and PT ratios are not checked for 3 of 3 transfers (feeder-1, feeder-2, feeder-3): compare them
    on both meters, and write `checked: { ct_pt: … }` in the job.

    A run would send 11 requests; 10.20.4.12:502 has most to do, 8 in about 2 s. All together: about 3
    s.

    3 transfers: 1 would be transferred, 1 would be refused, 1 could not be reached; nothing was written
    "#);
}

#[test]
fn all_seven_energies_are_shown_when_asked_for() {
    let text = plan_text(&first(), Style { verbose: true, ..Style::default() });
    for quantity in Quantity::ALL {
        assert!(text.contains(&format!("  energy  {quantity}")), "{quantity} is missing:\n{text}");
    }
}

#[test]
fn an_empty_plan_says_so() {
    let empty = LookReport { looked: Vec::new(), forecast: Forecast::default() };
    assert_eq!(plan_text(&empty, Style::default()), "0 transfers: nothing to do; nothing was written\n");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let style = Style { width: Some(80), ..Style::default() };
    let coloured = plan_text(&plan(), Style { colour: true, ..style });
    assert_eq!(crate::report::sample::without_colour(&coloured), plan_text(&plan(), style));
}

/// The first transfer of the plan alone.
fn first() -> LookReport {
    let mut plan = plan();
    plan.looked.truncate(1);
    plan
}

#[test]
fn a_plan_says_whose_window_is_closed() {
    let mut plan = plan();
    let opens = "its window opens Mon 2026-06-01 22:00 +02:00 (Europe/Berlin)";
    plan.looked[0].window_closed = Some(opens.to_owned());
    let text = plan_text(&plan, Style::default());
    assert!(
        text.contains(&format!("  window  closed now, so a run would not begin it; {opens}\n")),
        "{text}"
    );
    let last = text.lines().last().unwrap();
    assert!(last.ends_with("; not now: 1, whose window is closed; nothing was written"), "{last}");
}

#[test]
fn a_plan_says_nothing_of_ratios_that_are_on_record_as_compared() {
    let mut plan = plan();
    for looked in &mut plan.looked {
        let checked = &mut std::sync::Arc::make_mut(&mut looked.transfer).checked;
        checked.insert(crate::campaign::CT_PT.to_owned(), "800:5 both".to_owned());
    }
    assert!(!plan_text(&plan, Style::default()).contains("CT and PT ratios"));
}
