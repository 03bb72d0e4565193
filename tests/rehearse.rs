//! The rehearsal of the demo job, over TCP and on serial lines: nothing goes wrong, and nothing is done twice, whatever
//! fails and whenever the program dies. The long form: `cargo run --release -- rehearse --long jobs/demo.yaml`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its job has failed")]

use std::{path::Path, sync::Arc};

use meterferry::{
    campaign::{Address, Endpoint, Gateway, Line, Parity, Source, StopBits, Transfer},
    cli::rehearse::{Class, Effort, Verdict, rehearse, text},
    job::{JobPath, load},
};

fn demo() -> Vec<Arc<Transfer>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/demo.yaml");
    let loaded = load(&[JobPath::Path(path)]).unwrap();
    loaded.campaigns.into_iter().flat_map(|campaign| campaign.transfers).collect()
}

/// The demo job where named gateways are serial ports, and all others serial device servers.
fn demo_on_lines() -> Vec<Arc<Transfer>> {
    let on_lines = |transfer: &Arc<Transfer>| {
        let mut transfer = Transfer::clone(transfer);
        transfer.target = on_a_line(&transfer.target);
        if let Source::Live(live) = &mut transfer.source {
            live.endpoint = on_a_line(&live.endpoint);
        }
        Arc::new(transfer)
    };
    demo().iter().map(on_lines).collect()
}

fn on_a_line(endpoint: &Endpoint) -> Endpoint {
    let mut gateway = Gateway::clone(&endpoint.gateway);
    let Address::Tcp { host, port } = gateway.address else { panic!("{gateway}") };
    gateway.address = match gateway.name {
        Some(_) => Address::Rtu { device: format!("/dev/{host}") },
        None => Address::RtuOverTcp { host, port },
    };
    let line = Line { baud: 19_200, parity: Parity::Even, stop_bits: StopBits::One };
    gateway.settings.line = gateway.name.as_ref().map(|_| line);
    Endpoint { gateway: Arc::new(gateway), ..endpoint.clone() }
}

fn assert_no_defect(transfers: &[Arc<Transfer>], effort: Effort) {
    let rehearsal = rehearse(transfers, effort);
    println!("{}", text(&rehearsal));
    assert_eq!(rehearsal.tally.defects(), 0, "{}", text(&rehearsal));
    let counts = &rehearsal.tally.classes[&Class::Covered];
    assert!(counts.of(Verdict::Done) * 10 > counts.total() * 8, "most of them come to a good end");
}

#[test]
fn nothing_goes_wrong_in_the_short_form() {
    assert_no_defect(&demo(), Effort::SHORT);
}

#[test]
fn nothing_goes_wrong_in_the_short_form_where_no_answer_bears_a_number() {
    assert_no_defect(&demo_on_lines(), Effort::SHORT);
}

#[test]
#[ignore = "takes minutes: the long form"]
fn nothing_goes_wrong_in_the_long_form() {
    assert_no_defect(&demo(), Effort::LONG);
}

#[test]
#[ignore = "takes minutes: the long form"]
fn nothing_goes_wrong_in_the_long_form_where_no_answer_bears_a_number() {
    assert_no_defect(&demo_on_lines(), Effort::LONG);
}
