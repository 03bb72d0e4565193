//! The public JSON formats (DESIGN.md §5): typed, versioned, and the same words everywhere. A field is never
//! dropped: what is not known is `null`. Energies carry their exact value as a decimal string.

mod envelope;
mod meter;
mod plan;
mod transfer;

pub use envelope::{Envelope, FORMAT_VERSION, JsonLine, PlanLine, RunLine, json_line, json_text};
pub use meter::MeterJson;
pub use plan::{PlanBody, PlanJson, PlanSummary, plan_body};
pub use transfer::{RecordedByJson, RunBody, RunSummary, TimesJson, TransferJson, run_body};

#[cfg(test)]
mod tests;
