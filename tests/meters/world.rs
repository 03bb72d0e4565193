//! A small world to run transfers in: simulated meters on in-memory streams, a ledger in memory, a virtual clock.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use jiff::Timestamp;
use meterferry::{
    campaign::{Address, Endpoint, Gateway, Options, SerialNumber, Transfer, TransferKey, Unit},
    ledger::{Kind, Ledger, MemoryLedger},
    meter::{Addressing, Model},
    modbus::{Connect, Connecting, Stream},
    run::{
        Clock, Event, Limits, RunReport, RunSettings, Stop, Stopper, ToUndo, TransferResult, UndoError, run,
        undo,
    },
    simulator::{self, Audit, Device, Energies},
    transfer::{Author, Outcome},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

pub const SOURCE_SERIAL: u32 = 20_344_871;
pub const TARGET_SERIAL: u32 = 11_000_126;
pub const OLD: Energies =
    [5_123_456_789, 1_000_200_300, 40_000, 7, 5_123_416_789, 1_000_200_293, 5_400_000_000];
pub const START: &str = "2026-06-01T08:00:00Z";

/// Simulated gateways by host, and how to reach them.
#[derive(Clone, Default)]
pub struct World {
    gateways: Arc<Mutex<HashMap<String, simulator::Gateway>>>,
    pub cut: Arc<Cut>,
}

/// Cuts the program off at a chosen request, as kill −9 would.
#[derive(Default)]
pub struct Cut {
    requests: AtomicUsize,
    at: Mutex<Option<(usize, CutWhen)>>,
    pub happened: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutWhen {
    /// No byte of the request leaves.
    Before,
    /// The request leaves, and nobody waits for the answer.
    After,
}

impl Cut {
    pub fn set(&self, at: Option<(usize, CutWhen)>) {
        self.requests.store(0, Ordering::SeqCst);
        *self.at.lock().unwrap() = at;
    }
}

impl World {
    /// Puts a meter behind a gateway, which is made if it is new.
    pub fn meter(&self, host: &str, unit: u8, device: Device) {
        self.gateway_with(host, simulator::GatewaySettings::default()).add(unit, device);
    }

    pub fn gateway_with(&self, host: &str, settings: simulator::GatewaySettings) -> simulator::Gateway {
        let mut gateways = self.gateways.lock().unwrap();
        gateways.entry(host.to_owned()).or_insert_with(|| simulator::Gateway::new(settings)).clone()
    }

    pub fn gateway(&self, host: &str) -> simulator::Gateway {
        self.gateways.lock().unwrap()[host].clone()
    }

    /// One usual pair: a CM4000 that counted and a fresh PM800, on gateways of their own.
    pub fn pair() -> Self {
        Self::pair_of(Device::new(simulator::Model::Cm4000, SOURCE_SERIAL).with_energies(OLD), fresh())
    }

    pub fn pair_of(source: Device, target: Device) -> Self {
        let world = Self::default();
        world.meter("old", 1, source);
        world.meter("new", 2, target);
        world
    }

    pub fn target(&self) -> simulator::Gateway {
        self.gateway("new")
    }

    pub fn target_energies(&self) -> Energies {
        self.target().energies(2)
    }

    pub fn target_audit(&self) -> Audit {
        self.target().audit(2)
    }

    /// Nothing was written to the target, and nothing forbidden was asked of anybody.
    pub fn assert_untouched(&self) {
        assert!(self.target_audit().writes().is_empty(), "{:?}", self.target_audit().writes());
        self.assert_no_violation();
    }

    pub fn assert_no_violation(&self) {
        for gateway in self.gateways.lock().unwrap().values() {
            assert!(gateway.violations().is_empty(), "{:?}", gateway.violations());
        }
    }

    pub fn settings(&self, run: &str) -> (RunSettings, Stopper) {
        let (stopper, stop) = Stopper::new();
        (self.settings_with(run, stop), stopper)
    }

    fn settings_with(&self, run: &str, stop: Stop) -> RunSettings {
        RunSettings {
            run: run.into(),
            author: Author { operator: Some("ana@site".into()), revision: Some("c357659".into()) },
            parallel: 8,
            connections: 1_000,
            seed: 7,
            clock: Clock::following_the_runtime(START.parse::<Timestamp>().unwrap() + virtual_age()),
            connector: Arc::new(self.clone()),
            trace: None,
            stop,
            until_check: false,
            limits: Limits::default(),
            pulse: None,
        }
    }

    /// Runs `transfers` once, to the end.
    pub async fn run(&self, transfers: &[Transfer], ledger: &MemoryLedger) -> RunReport {
        let (settings, _stopper) = self.settings("run");
        let transfers = transfers.iter().cloned().map(Arc::new).collect();
        let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
        run(transfers, ledger, settings, &mut |_event: Event| ()).await
    }

    /// Undoes `transfer`.
    pub async fn undo(
        &self,
        transfer: &Transfer,
        ledger: &MemoryLedger,
        max_growth: Option<i64>,
    ) -> Result<RunReport, UndoError> {
        let (settings, _stopper) = self.settings("undo");
        let (reason, operator) = ("the wrong feeder".to_owned(), "ana@site".to_owned());
        let asked = ToUndo { transfer: Arc::new(transfer.clone()), max_growth, reason, operator };
        let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
        undo(asked, ledger, settings, &mut |_event: Event| ()).await
    }

    /// Undoes it, and gives the undo's own result.
    pub async fn undo_one(&self, transfer: &Transfer, ledger: &MemoryLedger) -> Arc<TransferResult> {
        let report = self.undo(transfer, ledger, None).await.unwrap();
        assert_eq!(report.defect, None);
        Arc::clone(&report.results[0])
    }

    /// Runs one transfer on a new ledger.
    pub async fn run_one(&self, transfer: &Transfer) -> Arc<TransferResult> {
        self.run_again(transfer, &MemoryLedger::new(Kind::Simulated)).await
    }

    /// Runs one transfer on a ledger that may know it.
    pub async fn run_again(&self, transfer: &Transfer, ledger: &MemoryLedger) -> Arc<TransferResult> {
        let report = self.run(std::slice::from_ref(transfer), ledger).await;
        assert_eq!(report.defect, None);
        Arc::clone(&report.results[0])
    }
}

/// Virtual time since the first call in this test's runtime: wall time goes on between runs.
fn virtual_age() -> Duration {
    thread_local! {
        static ORIGIN: std::cell::OnceCell<tokio::time::Instant> = const { std::cell::OnceCell::new() };
    }
    ORIGIN.with(|origin| origin.get_or_init(tokio::time::Instant::now).elapsed())
}

impl Connect for World {
    fn connect<'a>(&'a self, gateway: &'a Gateway) -> Connecting<'a> {
        Box::pin(async move {
            let (Address::Tcp { host, .. } | Address::RtuOverTcp { host, .. }) = &gateway.address else {
                panic!("{}", gateway.address)
            };
            let stream = self.gateway(host).connect()?;
            Ok(Box::new(CutStream { stream, cut: Arc::clone(&self.cut), dead: false }) as Box<dyn Stream>)
        })
    }
}

struct CutStream<S> {
    stream: S,
    cut: Arc<Cut>,
    dead: bool,
}

impl<S> std::fmt::Debug for CutStream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CutStream")
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CutStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.dead { Poll::Pending } else { Pin::new(&mut self.stream).poll_read(cx, buf) }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CutStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let number = self.cut.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let cut = self.cut.at.lock().unwrap().filter(|(at, _)| *at == number).map(|(_, when)| when);
        if cut.is_some() {
            self.dead = true;
            self.cut.happened.notify_one();
        }
        if cut == Some(CutWhen::Before) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A fresh PM800.
pub fn fresh() -> Device {
    Device::new(simulator::Model::Pm800, TARGET_SERIAL)
}

pub fn endpoint(model: Model, host: &str, unit: u8, serial: u32) -> Endpoint {
    let address = Address::Tcp { host: host.to_owned(), port: 502 };
    Endpoint {
        model,
        gateway: Arc::new(Gateway::new(address)),
        unit: Unit::new(unit).unwrap(),
        serial_number: SerialNumber::Pinned(serial),
        addressing: Addressing::Modbus,
    }
}

/// The transfer of [`World::pair`].
pub fn transfer() -> Transfer {
    transfer_between(
        "feeder-12",
        endpoint(Model::Cm4000, "old", 1, SOURCE_SERIAL),
        endpoint(Model::Pm800, "new", 2, TARGET_SERIAL),
    )
}

pub fn transfer_between(id: &str, source: Endpoint, target: Endpoint) -> Transfer {
    let mut transfer = Transfer::new(TransferKey { campaign: "north".into(), id: id.into() }, source, target);
    transfer.options.verify.max_load = Some(250_000);
    transfer
}

/// The transfer with changed options.
pub fn transfer_with(change: impl FnOnce(&mut Options)) -> Transfer {
    let mut transfer = transfer();
    change(&mut transfer.options);
    transfer
}

/// Asserts an outcome, and shows the reason where it is another.
#[track_caller]
pub fn assert_outcome(result: impl AsRef<TransferResult>, outcome: Outcome) {
    let result = result.as_ref();
    assert_eq!(result.outcome, outcome, "{}", result.reason);
}
