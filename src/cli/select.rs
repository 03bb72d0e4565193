//! `--only KEY=GLOB[,GLOB]`.

use wildmatch::WildMatch;

use super::{Exit, failure::Failure};
use crate::{
    campaign::{Endpoint, Transfer},
    transfer::Outcome,
};

/// All conditions of a command; each must hold.
#[derive(Debug, Default)]
pub(super) struct Selection(Vec<Condition>);

#[derive(Debug)]
struct Condition {
    key: String,
    globs: Vec<WildMatch>,
}

impl Selection {
    pub(super) fn parse(only: &[String]) -> Result<Self, Failure> {
        only.iter().map(|text| Condition::parse(text)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a transfer is selected. `outcome` is asked only where a condition needs it.
    pub(super) fn takes(&self, transfer: &Transfer, outcome: impl Fn() -> Outcome) -> bool {
        self.0.iter().all(|condition| condition.holds(transfer, &outcome))
    }
}

impl Condition {
    fn parse(text: &str) -> Result<Self, Failure> {
        match text.split_once('=') {
            Some((key, globs)) if !key.is_empty() && !globs.is_empty() => {
                let globs = globs.split(',').map(WildMatch::new).collect();
                Ok(Self { key: key.to_owned(), globs })
            }
            _ => Err(Failure::new(Exit::Usage, format!("--only {text:?} is not KEY=GLOB[,GLOB]"))
                .hint("as in --only id='feeder-*' or --only building=B7,B8")),
        }
    }

    fn holds(&self, transfer: &Transfer, outcome: impl Fn() -> Outcome) -> bool {
        match self.key.as_str() {
            "id" => self.matches(&transfer.key.id),
            "model" => [transfer.source.model(), transfer.target.model]
                .iter()
                .any(|model| self.matches(model.name())),
            "gateway" => transfer.endpoints().any(|endpoint| self.matches_gateway(endpoint)),
            // What is done now was done earlier, by the time anybody asks.
            "outcome" => {
                let outcome = outcome();
                self.matches(outcome.word()) || outcome.is_done() && self.matches(Outcome::Done.word())
            }
            label => transfer.labels.get(label).is_some_and(|value| self.matches(value)),
        }
    }

    fn matches_gateway(&self, endpoint: &Endpoint) -> bool {
        let gateway = &endpoint.gateway;
        gateway.name.as_deref().is_some_and(|name| self.matches(name))
            || self.matches(&gateway.address.to_string())
    }

    fn matches(&self, text: &str) -> bool {
        self.globs.iter().any(|glob| glob.matches(text))
    }
}
