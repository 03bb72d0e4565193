//! The executor: many transfers at once, each gateway one request at a time, every fact recorded before the
//! next step, every transfer one outcome.
//!
//! It knows no YAML, no terminal and no reporter: what happens is told in [`Event`]s. One dispatcher owns the
//! run's truth; workers drive one [`Machine`](crate::transfer::Machine) each and talk only to it.

mod adopt;
mod again;
mod claims;
mod clock;
mod control;
mod dispatcher;
mod event;
mod forecast;
mod gate;
mod limits;
mod look;
mod pulse;
mod queue;
mod reckoning;
mod requests;
mod result;
mod seen;
mod sights;
mod stop;
mod traffic;
mod undo;
mod watch;
mod worker;

pub use adopt::{AdoptError, ToAdopt, adopt};
pub use again::{FoundAgain, Left, Standing, verify_again};
pub use claims::Claims;
pub use clock::Clock;
pub use control::{Limits, MaxFail, StopReason, clock_words};
pub use dispatcher::{RunReport, RunSettings, run};
pub use event::Event;
pub use forecast::{Busiest, Forecast};
pub use gate::Gates;
pub use limits::{Capacity, connections, usual_parallel};
pub use look::{LookReport, LookSettings, Looked, ToLookAt, Would, look};
pub use pulse::{GatewayPulse, Pulse};
pub use reckoning::{More, Reckoning};
pub use requests::Requests;
pub use result::{RecordedBy, Times, TransferResult};
pub use sights::Sights;
pub use stop::{Stop, StopLevel, Stopper};
pub use traffic::{FailureKind, Traffic};
pub use undo::{ToUndo, UndoError, conclude_undo, undo};
