//! A fleet of simulated gateways in memory, runs of transfers between its meters, and what came of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
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
    campaign::{self, Address, Endpoint, GatewaySettings, SerialNumber, Transfer, TransferKey, Unit},
    ledger::{Kind, Ledger, MemoryLedger},
    meter::{Addressing, Model},
    modbus::{Connect, Connecting, Stream},
    run::{Clock, Event, Limits, RunReport, RunSettings, Stopper, run, usual_parallel},
    simulator::{self, Device, Energies, Gateway, MemoryStream},
    transfer::{Author, Outcome},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// How long a request occupies a gateway's bus, unless said otherwise.
pub const BUS: Duration = Duration::from_millis(5);
/// Requests to a source and to a target, if nothing has to be repeated.
pub const OF_A_SOURCE: u32 = 3;
pub const OF_A_TARGET: u32 = 8;
/// Of a transfer in all.
pub const OF_A_TRANSFER: u32 = OF_A_SOURCE + OF_A_TARGET;
/// As gateways are by default.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// Where a meter is: its gateway's number, and its unit.
pub type At = (usize, u8);

/// Simulated gateways by number, and the transfers between their meters.
#[derive(Clone, Default)]
pub struct Fleet {
    gateways: Arc<Mutex<BTreeMap<usize, Gateway>>>,
    pub transfers: Vec<Transfer>,
    open: Arc<Open>,
}

/// How a gateway that does not grant connections behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody answers: the connect timeout passes.
    Hangs,
    /// Connections are granted, and closed at once.
    ClosesAtOnce,
}

#[derive(Default)]
struct Open {
    now: AtomicUsize,
    most: AtomicUsize,
    tries: Mutex<BTreeMap<String, Vec<Instant>>>,
    refusals: Mutex<BTreeMap<usize, Refusal>>,
}

impl Fleet {
    /// Transfers from meters to meters, each gateway with a bus of [`BUS`].
    pub fn new(pairs: &[(At, At)]) -> Self {
        Self::with(pairs, |_| simulator::GatewaySettings { bus_time: BUS, ..Default::default() })
    }

    /// The same behind gateways of choice.
    pub fn with(pairs: &[(At, At)], settings: impl Fn(usize) -> simulator::GatewaySettings) -> Self {
        let mut fleet = Self::default();
        for (number, (source, target)) in pairs.iter().enumerate() {
            for (place, _) in [source, target] {
                let mut gateways = fleet.gateways.lock().unwrap();
                gateways.entry(*place).or_insert_with(|| Gateway::new(settings(*place)));
            }
            let (old, new) = (1_000_000 + number as u32, 2_000_000 + number as u32);
            let device = Device::new(simulator::Model::Cm4000, old).with_energies(energies(number));
            fleet.gateway(source.0).add(source.1, device);
            fleet.gateway(target.0).add(target.1, Device::new(simulator::Model::Pm800, new));
            let mut transfer = Transfer::new(
                TransferKey { campaign: "fleet".into(), id: format!("t{number}").into() },
                endpoint(Model::Cm4000, *source, old),
                endpoint(Model::Pm800, *target, new),
            );
            transfer.options.verify.max_load = Some(250_000);
            fleet.transfers.push(transfer);
        }
        fleet
    }

    pub fn gateway(&self, place: usize) -> Gateway {
        self.gateways.lock().unwrap()[&place].clone()
    }

    /// Takes a gateway away or brings it back, if any meter is behind it.
    pub fn gateway_if_any(&self, place: usize, offline: bool) {
        if let Some(gateway) = self.gateways.lock().unwrap().get(&place) {
            gateway.set_offline(offline);
        }
    }

    /// From now on a gateway refuses connections so, or grants them again.
    pub fn refuse(&self, place: usize, how: Option<Refusal>) {
        let mut refusals = self.open.refusals.lock().unwrap();
        match how {
            Some(how) => drop(refusals.insert(place, how)),
            None => drop(refusals.remove(&place)),
        }
    }

    /// Changes the options of every transfer.
    pub fn set(&mut self, change: impl Fn(&mut campaign::Options)) {
        self.transfers.iter_mut().for_each(|transfer| change(&mut transfer.options));
    }

    /// As many at a time as the program does by itself.
    pub async fn run(&self) -> Ran {
        let gateways = self.gateways.lock().unwrap().len();
        self.run_with(usual_parallel(gateways), 10_000).await
    }

    pub async fn run_with(&self, parallel: usize, connections: usize) -> Ran {
        self.run_on(&MemoryLedger::new(Kind::Simulated), parallel, connections).await
    }

    pub async fn run_on(&self, ledger: &MemoryLedger, parallel: usize, connections: usize) -> Ran {
        let (_stopper, stop) = Stopper::new();
        let settings = RunSettings {
            run: "run".into(),
            author: Author::default(),
            parallel,
            connections,
            seed: 7,
            clock: Clock::following_the_runtime("2026-06-01T08:00:00Z".parse::<Timestamp>().unwrap()),
            connector: Arc::new(self.clone()),
            trace: None,
            stop,
            until_check: false,
            limits: Limits::default(),
            pulse: None,
        };
        let transfers = self.transfers.iter().cloned().map(Arc::new).collect();
        let ledger: Arc<dyn Ledger> = Arc::new(ledger.clone());
        let began = Instant::now();
        let mut ended = BTreeMap::new();
        let mut events = Vec::new();
        let report = run(transfers, ledger, settings, &mut |event| {
            if let Event::Ended(result) = &event {
                let before = ended.insert(result.transfer.key.id.to_string(), began.elapsed());
                assert_eq!(before, None, "a transfer has one outcome");
            }
            events.push(event);
        })
        .await;
        assert_eq!((&report.defect, &report.ledger_broken), (&None, &None));
        assert_eq!(ended.len(), self.transfers.len());
        Ran { report, ended, events, took: began.elapsed() }
    }

    /// The least that gateways with a bus of [`BUS`] allow: what the busiest one has to serve.
    pub fn ideal(&self) -> Duration {
        let mut requests: BTreeMap<String, u32> = BTreeMap::new();
        for transfer in &self.transfers {
            let source = transfer.source.endpoint().unwrap();
            *requests.entry(source.gateway.address.to_string()).or_default() += OF_A_SOURCE;
            *requests.entry(transfer.target.gateway.address.to_string()).or_default() += OF_A_TARGET;
        }
        BUS * requests.values().copied().max().unwrap()
    }

    /// The target of a transfer holds what its source counted, and was preset exactly once; sources were not written
    /// to, and nothing forbidden was asked of anybody.
    pub fn assert_preset_once(&self, transfers: impl IntoIterator<Item = usize>) {
        for number in transfers {
            let (source, target) = self.meters(number);
            let (held, audit) = (target.0.energies(target.1), target.0.audit(target.1));
            assert_eq!((held, audit.effective_commits()), (energies(number), 1), "t{number}");
            assert!(source.0.audit(source.1).writes().is_empty(), "the source of t{number} was written to");
        }
        for (place, gateway) in &*self.gateways.lock().unwrap() {
            assert!(gateway.violations().is_empty(), "{place}: {:?}", gateway.violations());
        }
    }

    /// The target of a transfer shows what it showed before.
    pub fn assert_not_preset(&self, number: usize) {
        let (_, target) = self.meters(number);
        assert_eq!(target.0.energies(target.1), [0; 7], "t{number}");
    }

    pub fn meters(&self, number: usize) -> ((Gateway, u8), (Gateway, u8)) {
        let transfer = &self.transfers[number];
        let meter = |endpoint: &Endpoint| {
            (self.gateway(number_of(&endpoint.gateway.address)), endpoint.unit.number())
        };
        (meter(transfer.source.endpoint().unwrap()), meter(&transfer.target))
    }

    /// Most connections that were open at a time.
    pub fn most_open(&self) -> usize {
        self.open.most.load(Ordering::SeqCst)
    }

    /// When connections to a gateway were tried.
    pub fn tries(&self, place: usize) -> Vec<Instant> {
        let tries = self.open.tries.lock().unwrap();
        tries.get(&host(place)).cloned().unwrap_or_default()
    }
}

/// How a run went.
pub struct Ran {
    pub report: RunReport,
    /// When each transfer ended.
    pub ended: BTreeMap<String, Duration>,
    pub events: Vec<Event>,
    pub took: Duration,
}

impl Ran {
    pub fn outcome(&self, number: usize) -> Outcome {
        self.report.results[number].outcome
    }

    #[track_caller]
    pub fn assert_all_done(&self) {
        self.assert_done_but(&BTreeSet::new());
    }

    /// Every transfer but these is done; these are unreachable.
    #[track_caller]
    pub fn assert_done_but(&self, unreachable: &BTreeSet<usize>) {
        for (number, result) in self.report.results.iter().enumerate() {
            let expected = if unreachable.contains(&number) { Outcome::Unreachable } else { Outcome::Done };
            assert_eq!(result.outcome, expected, "t{number}: {}", result.reason);
        }
    }

    /// When the last of these ended.
    pub fn last_of(&self, transfers: impl IntoIterator<Item = usize>) -> Duration {
        transfers.into_iter().map(|number| self.ended[&format!("t{number}")]).max().unwrap()
    }
}

/// What a source has counted: different for each.
pub fn energies(number: usize) -> Energies {
    let n = 5_000_000_000 + 1_000_003 * number as i64;
    [n, n / 3, 0, 0, n, n / 3, n + n / 10]
}

fn host(place: usize) -> String {
    format!("gw{place}")
}

fn number_of(address: &Address) -> usize {
    address.to_string().trim_start_matches("gw").split(':').next().unwrap().parse().unwrap()
}

fn endpoint(model: Model, (place, unit): At, serial: u32) -> Endpoint {
    let address = Address::Tcp { host: host(place), port: 502 };
    let gateway =
        campaign::Gateway { settings: GatewaySettings::default(), ..campaign::Gateway::new(address) };
    Endpoint {
        model,
        gateway: Arc::new(gateway),
        unit: Unit::new(unit).unwrap(),
        serial_number: SerialNumber::Pinned(serial),
        addressing: Addressing::Modbus,
    }
}

impl Connect for Fleet {
    fn connect<'a>(&'a self, gateway: &'a campaign::Gateway) -> Connecting<'a> {
        Box::pin(async move {
            let place = number_of(&gateway.address);
            self.open.tries.lock().unwrap().entry(host(place)).or_default().push(Instant::now());
            let refusal = self.open.refusals.lock().unwrap().get(&place).copied();
            match refusal {
                Some(Refusal::Hangs) => return std::future::pending().await,
                Some(Refusal::ClosesAtOnce) => {
                    return Ok(Box::new(tokio::io::duplex(64).0) as Box<dyn Stream>);
                }
                None => {}
            }
            let stream = self.gateway(place).connect()?;
            let now = self.open.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.open.most.fetch_max(now, Ordering::SeqCst);
            Ok(Box::new(Counted { stream, open: Arc::clone(&self.open) }) as Box<dyn Stream>)
        })
    }
}

/// A connection that is counted as long as it is open.
struct Counted {
    stream: MemoryStream,
    open: Arc<Open>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
