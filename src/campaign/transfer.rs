//! One transfer, and the campaign it belongs to.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Endpoint, Meaning, Options, Role};

/// What names a transfer for ever: the campaign and the id within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferKey {
    /// The campaign's name.
    pub campaign: Arc<str>,
    /// The transfer's id.
    pub id: Arc<str>,
}

impl fmt::Display for TransferKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.campaign, self.id)
    }
}

/// One source → one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Campaign and id.
    pub key: TransferKey,
    /// Free words to select and group by.
    pub labels: BTreeMap<String, String>,
    /// The meter whose readings are carried.
    pub source: Endpoint,
    /// The meter that goes on counting.
    pub target: Endpoint,
    /// How it is to be done.
    pub options: Options,
}

impl Transfer {
    /// One of its two endpoints.
    pub fn endpoint(&self, role: Role) -> &Endpoint {
        match role {
            Role::Source => &self.source,
            Role::Target => &self.target,
        }
    }

    /// What it means, apart from how and by which way it is done.
    pub fn meaning(&self) -> Meaning {
        Meaning::of(self)
    }
}

/// A named set of transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    /// Its name.
    pub name: Arc<str>,
    /// In the order of the job files.
    pub transfers: Vec<Arc<Transfer>>,
}
