//! Simulated meters within the test process: they can be made to misbehave while the program works with them.

use std::net::SocketAddr;

use meterferry::simulator::{Device, Energies, Gateway, GatewaySettings, Model};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::bench::Bench;

/// What the source has counted.
pub const COUNTED: Energies = [1_234_567, 400_000, 0, 0, 1_234_567, 400_000, 1_300_000];
/// Units of the job [`crate::job::single`].
pub const SOURCE: u8 = 1;
/// See [`SOURCE`].
pub const TARGET: u8 = 2;

/// The gateway of the job [`crate::job::single`].
pub struct Meters {
    pub gateway: Gateway,
    /// Where it is on loopback.
    pub socket: SocketAddr,
    _runtime: Runtime,
}

/// The old meter.
pub fn source() -> Device {
    Device::new(Model::Cm4000, 40_000_001).with_energies(COUNTED)
}

/// The replacement.
pub fn target() -> Device {
    Device::new(Model::Pm800, 11_000_002)
}

impl Meters {
    /// As they should be.
    pub fn new(bench: &Bench) -> Self {
        Self::of(bench, source(), target())
    }

    /// These two; the map of the bench leads to them.
    pub fn of(bench: &Bench, source: Device, target: Device) -> Self {
        Self::at_units(bench, [(SOURCE, source), (TARGET, target)])
    }

    /// Any meters behind the gateway.
    pub fn at_units(bench: &Bench, devices: impl IntoIterator<Item = (u8, Device)>) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let gateway = Gateway::new(GatewaySettings::default());
        let socket = runtime.block_on(async {
            for (unit, device) in devices {
                gateway.add(unit, device);
            }
            gateway.listen().await.unwrap()
        });
        let map = json!({ "format_version": 1, "gateways": { "192.0.2.1:502": socket } });
        bench.write("map.json", &map.to_string());
        Self { gateway, socket, _runtime: runtime }
    }

    /// How often the target's energies were changed by a preset.
    pub fn presets(&self) -> usize {
        self.gateway.audit(TARGET).effective_commits()
    }

    /// That the target goes on from where the source stopped, by one preset.
    #[track_caller]
    pub fn assert_carried_once(&self) {
        self.assert_carried_once_at(TARGET);
        assert_eq!(self.gateway.audit(SOURCE).writes(), []);
    }

    /// The same of the meter at a unit.
    #[track_caller]
    pub fn assert_carried_once_at(&self, unit: u8) {
        assert_eq!(self.gateway.audit(unit).effective_commits(), 1);
        assert_eq!(self.gateway.energies(unit), COUNTED);
        assert_eq!(self.gateway.violations(), []);
    }

    /// That nothing was ever written to either.
    #[track_caller]
    pub fn assert_untouched(&self) {
        for unit in [SOURCE, TARGET] {
            assert_eq!(self.gateway.audit(unit).writes(), [], "unit {unit}");
        }
    }
}
