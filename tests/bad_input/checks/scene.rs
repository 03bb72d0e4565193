//! The one transfer that all hostile meters and ledgers are tried on, and a run of it under a virtual clock.

use std::{cell::Cell, sync::Arc, time::Duration};

use jiff::Timestamp;
use meterferry::{
    campaign::{Address, Endpoint, Gateway, SerialNumber, Transfer, TransferKey, Unit},
    ledger::{Ledger, MemoryLedger},
    meter::{Addressing, Model},
    run::{Clock, Event, LookSettings, Looked, RunSettings, Stopper, ToLookAt, TransferResult, look, run},
    simulator::{self, Device, Energies},
    transfer::{Author, History},
};
use tokio::time::{Instant, timeout};

use super::lying::Liars;

pub const SOURCE: (&str, u8, u32) = ("old", 1, 20_344_871);
pub const TARGET: (&str, u8, u32) = ("new", 2, 11_000_126);
pub const OLD: Energies =
    [5_123_456_789, 1_000_200_300, 40_000, 7, 5_123_416_789, 1_000_200_293, 5_400_000_000];
/// What the load may add, VA.
pub const MAX_LOAD: u64 = 250_000;
/// No single transfer takes longer, whatever its meters say: virtual time.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// A CM4000 that has counted, and a fresh PM800 that is to go on: neither counts meanwhile.
pub fn stage(liars: &Liars) {
    let old = Device::new(simulator::Model::Cm4000, SOURCE.2).with_energies(OLD);
    liars.meter(SOURCE.0, SOURCE.1, old);
    liars.meter(TARGET.0, TARGET.1, Device::new(simulator::Model::Pm800, TARGET.2));
}

/// The transfer between them.
pub fn transfer() -> Transfer {
    let key = TransferKey { campaign: "north".into(), id: "feeder-12".into() };
    let mut transfer = Transfer::new(key, endpoint(Model::Cm4000, SOURCE), endpoint(Model::Pm800, TARGET));
    transfer.options.verify.max_load = Some(MAX_LOAD);
    transfer
}

fn endpoint(model: Model, (host, unit, serial): (&str, u8, u32)) -> Endpoint {
    let address = Address::Tcp { host: host.to_owned(), port: 502 };
    Endpoint {
        model,
        gateway: Arc::new(Gateway::new(address)),
        unit: Unit::new(unit).unwrap(),
        serial_number: SerialNumber::Pinned(serial),
        addressing: Addressing::Modbus,
    }
}

/// Runs `act` on a paused clock.
pub fn on_a_paused_clock<T>(act: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        ORIGIN.set(Some(Instant::now()));
        act.await
    })
}

thread_local! {
    static ORIGIN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs the transfer once, to its one outcome: within bounds of time, and without a defect.
pub async fn run_once(liars: &Liars, ledger: &MemoryLedger) -> Arc<TransferResult> {
    let (_stopper, stop) = Stopper::new();
    let settings = RunSettings {
        run: "run".into(),
        author: Author::default(),
        parallel: 4,
        connections: 1_000,
        seed: 7,
        clock: Clock::following_the_runtime(now()),
        connector: Arc::new(liars.clone()),
        trace: None,
        stop,
        until_check: false,
        limits: meterferry::run::Limits::default(),
        pulse: None,
    };
    let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
    let mut ended = 0;
    let mut listen = |event| ended += usize::from(matches!(event, Event::Ended(_)));
    let report = timeout(LONGEST, run(vec![Arc::new(transfer())], ledger, settings, &mut listen)).await;
    let report = report.unwrap_or_else(|_| panic!("no outcome within {LONGEST:?}"));
    assert_eq!((report.defect, report.ledger_broken), (None, None));
    assert_eq!((report.results.len(), ended), (1, 1), "exactly one outcome");
    Arc::clone(&report.results[0])
}

/// Looks at the transfer's meters once, within bounds of time.
pub async fn look_once(liars: &Liars) -> Looked {
    let (_stopper, stop) = Stopper::new();
    let settings = LookSettings {
        parallel: 4,
        connections: 1_000,
        clock: Clock::following_the_runtime(now()),
        connector: Arc::new(liars.clone()),
        trace: None,
        stop,
    };
    let looked = timeout(LONGEST, look(vec![unknown()], settings)).await;
    let mut looked = looked.unwrap_or_else(|_| panic!("nothing seen within {LONGEST:?}")).looked;
    assert_eq!(looked.len(), 1);
    looked.remove(0)
}

/// The transfer, of which nothing is recorded.
fn unknown() -> ToLookAt {
    ToLookAt { transfer: Arc::new(transfer()), history: History::default(), claimed_by: None }
}

/// Wall time goes as virtual time does, from one run to the next.
fn now() -> Timestamp {
    let origin = ORIGIN.get().expect("a run is on a paused clock");
    "2026-06-01T09:00:00Z".parse::<Timestamp>().unwrap() + origin.elapsed()
}
