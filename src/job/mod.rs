//! YAML job files → schema → resolved campaigns, with all diagnostics at once.
//!
//! [`load`] takes path arguments and gives campaigns, or everything that is wrong in any of the files, each with
//! its place, what was expected there and what to do next. Nothing here touches a meter, a ledger or a terminal;
//! what a transfer does is none of this room's business.
//!
//! A file's way: text (`paths`) → located tree (`yaml`, `tree`) → with the rows of its spreadsheets (`sheet`) → checked against the schema (`raw`, `schema`,
//! `validate`, `explain`) → resolved (`layer`, `gateways`, `include`, `resolve`) → merged with the other files
//! (`merge`). What a transfer takes from a snapshot is read where it is resolved (`kept`).

mod across;
mod diagnostic;
mod diagnostics;
mod energies;
mod explain;
mod gateways;
mod include;
mod kept;
mod layer;
mod live;
mod load;
mod merge;
mod paths;
mod raw;
mod render;
mod resolve;
mod schema;
mod sheet;
mod source;
mod suggest;
mod tree;
mod typed;
mod units;
mod validate;
mod way;
mod window;
mod yaml;

pub use diagnostic::{Code, Diagnostic, Related, Severity, Spot};
pub use diagnostics::Diagnostics;
pub use load::{Loaded, SheetUsed, load, load_text};
pub use paths::JobPath;
pub use schema::schema;
pub use units::energy;
