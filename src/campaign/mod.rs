//! A resolved plan in plain types: what is carried from which meter to which, and how.
//!
//! Everything here is decided: no field means "use the default", no file or line is known, nothing does I/O.

mod address;
mod checks;
mod endpoint;
mod line;
mod meaning;
mod options;
mod source;
mod transfer;
mod window;
mod written;
mod zone;

pub use address::{Address, Framing, GatewayKey};
pub use checks::{Conflict, ConflictKind, Member, Place, conflicts};
pub use endpoint::{Endpoint, Gateway, GatewaySettings, Role, SerialNumber, Unit};
pub use line::{BAUDS, Line, Parity, StopBits};
pub use meaning::{Meaning, MeterMeaning, TypedMeaning};
pub use options::{Options, Retry, TargetEnergy, TotalsPolicy, Verify};
pub use source::{
    Chosen, Expect, ExpectRange, Given, LiveSource, Others, SnapshotOrigin, SnapshotSource, Source,
    TypedSource, UndoSource,
};
pub use transfer::{CT_PT, Campaign, Transfer, TransferKey};
pub use window::{Day, Window, Windows};
pub use written::WrittenAt;
pub use zone::Zone;
