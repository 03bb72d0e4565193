//! One transfer, and the campaign it belongs to.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Endpoint, Expect, Meaning, Options, Role, Source, WrittenAt};

/// The key of `checked` that says the CT and PT ratios of both meters were compared.
pub const CT_PT: &str = "ct_pt";

/// What names a transfer for ever: the campaign and the id within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransferKey {
    /// The campaign's name.
    pub campaign: Arc<str>,
    /// The transfer's id.
    pub id: Arc<str>,
}

/// Between the id of a transfer and the number of an undo of it. No id of a job can hold it.
const UNDO: &str = "~undo";

impl TransferKey {
    /// The key under which this generation of the transfer is undone.
    pub fn undo(&self, generation: u32) -> Self {
        Self { campaign: Arc::clone(&self.campaign), id: format!("{}{UNDO}{generation}", self.id).into() }
    }

    /// The transfer that this one undoes, if it is an undo.
    pub fn undoes(&self) -> Option<Self> {
        let (id, _) = self.id.rsplit_once(UNDO)?;
        Some(Self { campaign: Arc::clone(&self.campaign), id: id.into() })
    }
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
    /// What a person checked by hand, by what it is: `ct_pt` → `800:5 both, 2026-07-14`. Said in reports; decides
    /// nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checked: BTreeMap<String, String>,
    /// Where the readings come from.
    pub source: Source,
    /// The meter that goes on counting.
    pub target: Endpoint,
    /// Ranges the target's energies must be in before anything is written.
    #[serde(default, skip_serializing_if = "Expect::is_empty")]
    pub expect_target: Expect,
    /// Ranges the source's energies must be in.
    #[serde(default, skip_serializing_if = "Expect::is_empty")]
    pub expect_source: Expect,
    /// Other transfers to the same target that this one follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<TransferKey>,
    /// Which time this id is used, from 1: a higher one asks for it again.
    #[serde(default = "first_generation")]
    pub generation: u32,
    /// How it is to be done.
    pub options: Options,
    /// Where the job says all this; nothing where it comes from no job file.
    #[serde(skip)]
    pub written_at: Option<WrittenAt>,
}

const fn first_generation() -> u32 {
    1
}

impl Transfer {
    /// A transfer with every default.
    pub fn new(key: TransferKey, source: impl Into<Source>, target: Endpoint) -> Self {
        Self {
            key,
            labels: BTreeMap::new(),
            checked: BTreeMap::new(),
            source: source.into(),
            target,
            expect_target: Expect::default(),
            expect_source: Expect::default(),
            after: Vec::new(),
            generation: first_generation(),
            options: Options::default(),
            written_at: None,
        }
    }

    /// What the job says of the current and potential transformer ratios, which no preset carries (DOMAIN.md §2).
    pub fn ct_pt_checked(&self) -> Option<&str> {
        self.checked.get(CT_PT).map(String::as_str)
    }

    /// Whether a meter gets its own earlier readings back.
    pub fn restores_itself(&self) -> bool {
        let pinned = self.target.serial_number.pinned();
        self.source.endpoint().is_none() && pinned.is_some() && self.source.pinned() == pinned
    }

    /// One of its meters; a source that is no meter on the wire has none.
    pub fn endpoint(&self, role: Role) -> Option<&Endpoint> {
        match role {
            Role::Source => self.source.endpoint(),
            Role::Target => Some(&self.target),
        }
    }

    /// Its meters, the source first.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.source.endpoint().into_iter().chain([&self.target])
    }

    /// Whether old and new meter take turns at one address: the serial number on the wire says which half is
    /// due.
    pub fn is_swap(&self) -> bool {
        self.source.endpoint().is_some_and(|source| {
            (&source.gateway.address, source.unit) == (&self.target.gateway.address, self.target.unit)
        })
    }

    /// Whether the job says that this one follows the transfer `key`: by name, or since that is an undo of it or of
    /// one that it names.
    pub fn follows(&self, key: &TransferKey) -> bool {
        let undoes = key.undoes();
        let names = |key: &TransferKey| self.after.contains(key);
        names(key) || undoes.is_some_and(|undone| undone == self.key || names(&undone))
    }

    /// Whether a command of an earlier use of the target may still be on its way to it: then it is fenced behind
    /// this one.
    pub fn may_meet_a_late_command(&self) -> bool {
        !self.after.is_empty() || self.generation > 1
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
