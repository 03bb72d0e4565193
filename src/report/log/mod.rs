//! Logs to stderr: [`LogReporter`] turns events into tracing events with stable fields, and the two formats write
//! them for people or for programs.

mod human;
mod init;
mod reporter;

pub use init::{LogError, LogFormat, LogSettings, init_logging, log_subscriber};
pub use reporter::LogReporter;

#[cfg(test)]
mod tests;
