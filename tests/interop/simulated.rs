//! Our simulated meters, for clients from elsewhere: what they hold afterwards is the witness.

use std::net::SocketAddr;

use meterferry::simulator::{Device, Framing, Gateway, GatewaySettings, Model};
use tokio::runtime::Runtime;

pub const UNIT: u8 = 12;
/// 0x00A7D93E: low word first, 55614, 167.
pub const SERIAL: u32 = 11_000_126;
pub const SERIAL_WORDS: [u16; 2] = [0xD93E, 0x00A7];

/// What clients preset: 28 words that are all different, and no two neighbouring registers alike.
pub fn words() -> [u16; 28] {
    std::array::from_fn(|n| 9_999 - 351 * u16::try_from(n).unwrap())
}

/// One fresh PM800 behind a gateway on loopback.
pub struct Simulated {
    pub gateway: Gateway,
    pub socket: SocketAddr,
    _runtime: Runtime,
}

impl Simulated {
    pub fn new(framing: Framing) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (gateway, socket) = runtime.block_on(async {
            let gateway = Gateway::new(GatewaySettings { framing, ..GatewaySettings::default() });
            gateway.add(UNIT, Device::new(Model::Pm800, SERIAL));
            let socket = gateway.listen().await.unwrap();
            (gateway, socket)
        });
        Self { gateway, socket, _runtime: runtime }
    }

    /// That a client carried out the maker's procedure, once, and did nothing that is forbidden.
    #[track_caller]
    pub fn assert_preset_once(&self) {
        assert_eq!(self.gateway.words(UNIT).map(i16::cast_unsigned), words());
        let audit = self.gateway.audit(UNIT);
        assert_eq!((audit.commit_requests(), audit.effective_commits()), (1, 1));
        assert_eq!(self.gateway.violations(), []);
    }
}
