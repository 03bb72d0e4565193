//! Why a text is no snapshot that readings may be taken from.

use crate::meter::Quantity;

/// What is wrong with the text of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// It is longer than any snapshot.
    #[error("it is longer than {limit} bytes, and no snapshot is")]
    TooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// It is no JSON, or not that of a snapshot.
    #[error("it is not written as a snapshot is: {0}")]
    Shape(String),
    /// Another version of the format.
    #[error("its format_version is {found}, and this program reads {known}")]
    Version {
        /// What stands in it.
        found: String,
        /// What can be read.
        known: u32,
    },
    /// It was changed after it was written.
    #[error(
        "its digest is {written}, and what it holds has the digest {computed}: it was changed or damaged"
    )]
    Digest {
        /// What stands in it.
        written: String,
        /// What its content has.
        computed: String,
    },
    /// Its registers are no readings.
    #[error("its registers are no readings: {0}")]
    Registers(String),
    /// An energy is not what its registers say.
    #[error("its {quantity} is written as {written:?}, and its registers say {registers}")]
    Energy {
        /// Which energy.
        quantity: Quantity,
        /// What stands in it; `None` where it is missing.
        written: Option<String>,
        /// What the registers come to, in the quantity's own unit.
        registers: i64,
    },
}

impl Damage {
    /// What to do next.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Version { .. } => "use the version of meterferry that wrote it, or take a new snapshot",
            Self::TooLong { .. } | Self::Shape(_) => {
                "give a file that `meterferry snapshot` wrote; put it back as it was (`git checkout` if it is in Git), or use another one"
            }
            Self::Digest { .. } | Self::Registers(_) | Self::Energy { .. } => {
                "put the file back as it was written (`git checkout` if it is in Git), or use another one; readings that a person corrects are typed into the job"
            }
        }
    }
}
