//! Transfers that end in every way, on simulated meters, in a ledger: what reports are made of.

use std::sync::{Arc, Mutex, Weak};

use meterferry::simulator::{Device, Energies, Fault, Model, When};

use crate::{bench::Bench, job, meters::Meters, support::Ended};

/// Text that must stay text wherever a report shows it.
pub const HOSTILE: &str = "<script>alert(1)</script> | `x` & 'r' @all";

/// Who ran it.
pub const OPERATOR: &str = "<b>Eve</b> @site";

/// What the sources have counted: the first of each energy, then more of it.
fn counted(number: i64) -> Energies {
    let real_in = 1_234_567_890 * (number + 1);
    [real_in, 400_000, 12_345, 0, real_in + 12_345, 400_000, real_in + 700_000]
}

/// What the added one's target has counted before.
pub const BEFORE: Energies = [5_000, 300, 0, 0, 5_000, 300, 6_000];

/// A ledger with every outcome but `not_run`, and its job.
pub struct Fleet {
    pub bench: Bench,
    pub job: String,
    pub meters: Meters,
}

/// Ids, and the units of source and target; the typed one has no source.
const DONE: [(&str, u8, u8); 3] = [("feeder-1", 1, 101), ("feeder-2", 2, 102), ("feeder-10", 3, 103)];

/// The units of targets that are done.
pub const DONE_TARGETS: [u8; 5] = [101, 102, 103, 104, 105];

impl Fleet {
    /// One that tests which change nothing share; it goes away with the last of them.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Fleet>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let fleet = Arc::new(Self::new());
            *shared = Arc::downgrade(&fleet);
            fleet
        })
    }

    /// Runs it all.
    pub fn new() -> Self {
        let bench = Bench::new();
        let meters = Meters::at_units(&bench, devices());
        let fault = |unit, when, fault| meters.gateway.inject(unit, when, fault);
        fault(106, When::commit(), Fault::SwallowResponse);
        fault(106, When::fence().always(), Fault::SwallowRequest);
        fault(107, When::commit(), Fault::SwallowRequest);
        fault(107, When::fence().always(), Fault::SwallowRequest);
        fault(9, When::any().always(), Fault::SwallowRequest);
        fault(110, When::stage().always(), Fault::Exception(4));
        let job = bench.write("job.yaml", &job_text());
        let fleet = Self { bench, job, meters };
        fleet.run(&[]).exits(5);
        fleet.meters.gateway.clear_faults(107);
        let state = fleet.bench.at("ledger");
        let reason = ["--as", "committed", "--reason", "the display shows it", "--state-dir", &state];
        fleet.bench.run(&[&["resolve", &fleet.job, "--id", "wrong"][..], &reason].concat()).exits(0);
        fleet.run(&["--only", "id=wrong"]).exits(8);
        fleet
    }

    fn run(&self, further: &[&str]) -> Ended {
        let who = ["--operator", OPERATOR, "--revision", "c357659"];
        self.bench.on_map("run", &self.job, &[&who[..], further].concat())
    }

    /// `report` with these arguments.
    pub fn report(&self, arguments: &[&str]) -> Ended {
        self.bench.run(&[&["report"], arguments].concat())
    }

    /// `report` of the job into a folder of the bench; gives the folder.
    pub fn reported(&self, to: &str) -> std::path::PathBuf {
        let (state, folder) = (self.bench.at("ledger"), self.bench.at(to));
        self.report(&[&self.job, "--state-dir", &state, "--to", &folder]).exits(0);
        folder.into()
    }
}

fn devices() -> Vec<(u8, Device)> {
    let source = |unit: u8| Device::new(Model::Cm4000, 40_000_000 + u32::from(unit));
    let target = |unit: u8| Device::new(Model::Pm800, 11_000_000 + u32::from(unit));
    let mut devices: Vec<(u8, Device)> = [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
        .map(|unit| (unit, source(unit).with_energies(counted(unit.into()))))
        .into();
    devices.extend([101, 102, 103, 105, 106, 107, 109, 110].map(|unit| (unit, target(unit))));
    devices.push((104, target(104).with_energies(BEFORE)));
    devices.push((108, target(108).with_energies(counted(50))));
    devices
}

fn pair(id: &str, source: u8, target: u8, further: &str) -> String {
    let at = |model: &str, unit: u8, serial: u32| {
        format!("{{ model: {model}, host: 192.0.2.1, unit: {unit}, serial_number: {serial} }}")
    };
    format!(
        "  - id: {id}\n    source: {}\n    target: {}\n    {further}\n",
        at("CM4000", source, 40_000_000 + u32::from(source)),
        at("PM800", target, 11_000_000 + u32::from(target)),
    )
}

fn job_text() -> String {
    let mut text = format!("{}transfers:\n", job::OPTIONS);
    for (id, source, target) in DONE {
        let labels = format!("labels: {{ building: B{}, note: {HOSTILE:?} }}", source % 2);
        text.push_str(&pair(
            id,
            source,
            target,
            &format!("{labels}\n    checked: {{ ct_pt: {HOSTILE:?}, seal: 7 }}"),
        ));
    }
    text.push_str(&pair("added", 4, 104, "labels: { building: B2 }\n    target_energy: add"));
    text.push_str(
        "  - id: typed
    source:
      model: CM3000
      serial_number: 30000005
      taken: 2026-07-14T09:30:00+02:00
      readings: { real_energy_in: 1234.567 MWh }
      others: zero
    target: { model: PM800, host: 192.0.2.1, unit: 105, serial_number: 11000105 }
",
    );
    for (id, source, target) in
        [("lost", 6, 106), ("wrong", 7, 107), ("swapped", 8, 108), ("dead", 9, 109), ("stubborn", 10, 110)]
    {
        text.push_str(&pair(id, source, target, "labels: { building: B2 }"));
    }
    // Old and new take turns at one address, and the old one is still there.
    text.push_str(&pair("exchange", 11, 11, ""));
    text
}
